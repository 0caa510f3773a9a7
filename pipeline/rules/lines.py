"""What a line of a page can be: the table LINE_KINDS says what, since when, and why.

Anything that the table does not name is "text": a headline, a caption, a name, a paragraph. Which of these
only its neighbors tell, see layout.py.
"""

import re
from typing import NamedTuple

from pipeline.rules.dates import STAMP


class LineKind(NamedTuple):
    name: str
    pattern: str
    since: str
    why: str


LINE_KINDS = (
    LineKind("stamp", rf"Updated:? +{STAMP}$", "2014", "the one line that every full header has"),
    LineKind("slot", r"Short Url$", "2019-12", "the label stands even where no URL follows"),
    LineKind("url", r"https?://\S+$", "2022", "the slot's URL, an empty line below its label"),
    LineKind("follow", r"Follow$|0$", "2017", "the button under the stamp; in 2017 its count, 0"),
    LineKind("counter", r"\d{1,3} ?/ ?\d{1,3}$", "2017", "the place in a gallery, above its caption"),
    LineKind("crawl", r"date \d{4}-\d\d-\d\d(?: |$)", "2017", "the crawler's own line: a page starts here"),
    LineKind("here", r"You are here$", "2017", "the label of the breadcrumb"),
    LineKind("topics", r"Topics: ", "2020", "tags at the end of a body, one empty line before the next"),
    LineKind("bullet", r"[•-][ \u00a0]", "2014", "a line of the summary; in a breadcrumb, a crumb"),
)
"""In this order; the first that matches a stripped line names it. Anything else is "text"."""

_FIRST = frozenset("UShF0123456789dYT•-")
"""The characters that a line of LINE_KINDS can begin with: most lines need no more than this look."""
_KIND = re.compile("|".join(f"(?P<{kind.name}>{kind.pattern})" for kind in LINE_KINDS))

MAX_LINE = 2_000
"""Characters of a headline, caption or bullet; a longer line is body text."""
MAX_HEADLINE = 300
MAX_NAME = 60
"""Characters of an author or agency line ("Arab News", "Reuters")."""


def kind_of(line: str) -> str:
    """The name of the line's kind: "blank", one of LINE_KINDS, or "text"."""
    stripped = line.strip()
    if not stripped:
        return "blank"
    if stripped[0] not in _FIRST:
        return "text"
    match = _KIND.match(stripped)
    return match.lastgroup or "text" if match else "text"


def is_name(line: str) -> bool:
    """Short, and no sentence: an agency, an author, a running theme."""
    name = line.strip()
    return 1 < len(name) <= MAX_NAME and name[-1] not in '.,:;!?”"' and name[0].isalpha()


def is_headline(line: str) -> bool:
    """A text line of at least two words that no full stop ends."""
    text = line.strip()
    return (
        0 < len(text) <= MAX_HEADLINE
        and text.rstrip("”’\"')")[-1:] not in (*".,;:", "")
        and " " in text
        and kind_of(line) == "text"
    )


def crawl_day(line: str) -> str:
    """The day in a line of the kind "crawl", as it stands: YYYY-MM-DD."""
    return line.strip()[len("date ") :][:10]
