"""What a line of a page can be: the table LINE_KINDS says what, since when, and why.

Each kind has a code of one letter, so that a page can be looked at as a string, a letter a line, and a layout
written down as a regular expression over it (see grammar.py):

    H_tsSf_H_b_tttt    headline, empty, caption, slot, stamp, button, empty, headline, ..

What the table does not name is text, and its form says what it may be: a name or theme (n), a headline (h),
a caption with its credit (g), a sentence or paragraph (t), or what is too long for any header (x).
"""

import re
from functools import lru_cache
from typing import NamedTuple

from pipeline.rules.dates import DAY_LINE, RELATIVE, STAMP_LINE


class LineKind(NamedTuple):
    code: str
    name: str
    pattern: str
    since: str
    why: str


LINE_KINDS = (
    LineKind("S", "stamp", rf"{STAMP_LINE}$", "2012", "the one line that every full header has"),
    LineKind("s", "slot", r"Short Url$", "2019-12", "the label stands even where no URL follows"),
    LineKind("U", "short", r"https?://(?:www\.)?arab\.news/\w{1,12}/?$", "2022", "the slot's URL, an empty line below its label, or without one"),
    LineKind("u", "url", r"https?://\S+$", "2022", "another URL, which is the slot's only below its label"),
    LineKind("f", "follow", r"Follow$|0$", "2017", "the button under the stamp; in 2017 its count, 0"),
    LineKind("c", "counter", r"\d{1,3} ?/ ?\d{1,3}$", "2017", "the place in a gallery, above its caption"),
    LineKind("d", "crawl", r"date \d{4}-\d\d-\d\d(?: |$)", "2017", "the crawler's own line: a page starts here"),
    LineKind("v", "form", rf"(?:• +)?Search form$|Last updated: {RELATIVE}$", "2016", "the top of a page of 2016 to 2018"),
    LineKind("j", "day", rf"{DAY_LINE}$", "2021", "the day an opinion first appeared, alone under its headline"),
    LineKind("y", "here", r"You are here$", "2017", "the label of the breadcrumb"),
    LineKind("o", "home", r"• +Home$", "2018", "the head of the breadcrumb"),
    LineKind("m", "timeline", r"Click on the number for more info$|1 2 3(?: \d+)+$", "2019", "a timeline's numbers"),
    LineKind("p", "topics", r"Topics: ", "2020", "tags at the end of a body, one empty line before the next"),
    LineKind("z", "footer", r"© \d{4} SAUDI RESEARCH\b", "2024", "the copyright line at the foot of a page"),
    LineKind("e", "end", r"MOST POPULAR$|Latest updates$|MORE FROM [^.:]{3,40}$", "2017", "a box behind the last paragraph"),
    LineKind("q", "box", r"Enter$|keywords$", "2019", "the foot of a box in the midst of a body, which goes on below it"),
    LineKind("i", "listing", r"Latest published$|By [^·]{2,80} ·$", "2020", "an author's or an index page: teasers, and no article"),
    LineKind("V", "template", r"-$|(?:- )?\{\{[#/]?\w+\}\}", "2017", "an amp template that nobody filled in"),
    LineKind("a", "author", r"[A-Z][\w .&’'-]{1,60} \|(?: ARAB NEWS)?$", "2017", "the author's line of 2017"),
    LineKind("w", "token", r"(?=.*[^\x00-\x7f])[^A-Za-z.!?]{1,20}$", "2024", "mojibake on a line of its own: the top of a mirror's page"),
    LineKind("b", "bullet", r"[•-][ \u00a0]", "2014", "a line of the summary; in a breadcrumb, a crumb"),
)  # fmt: skip
"""In this order; the first whose pattern matches a stripped line names it."""

_FIRST = frozenset("UShF0123456789dYTCMLPkEB©{•-")
"""The characters that a line of LINE_KINDS can begin with, but for the author's, which ends in a bar."""
_KIND = re.compile("|".join(f"(?P<{kind.name}>{kind.pattern})" for kind in LINE_KINDS))
_CODES = {kind.name: kind.code for kind in LINE_KINDS}

MAX_LINE = 2_000
"""Characters of a headline, caption or bullet; a longer line is body text."""
MAX_HEADLINE = 300
MAX_NAME = 60
"""Characters of an author or agency line ("Arab News", "Reuters")."""

AGENCIES = frozenset(
    ("AFP", "AN", "AP", "Arab News", "ARAB NEWS", "Argaam", "REUTERS", "Reuters", "SPA", "WAM")
)
"""Who signs where no person does."""
LABELS = ("quotes ", "Special ")
"""A word each: what an icon or a label leaves in front of a headline that elsewhere stands without it."""

_CREDIT = re.compile(r"[(\[][^()\[\]]{2,100}[)\]]\.?$")


def code_of(line: str) -> str:
    """The code of the line's kind, or of its form where it is text; "_" for an empty line."""
    return _known_code(line) if len(line) <= MAX_LINE else _code(line)


def _code(line: str) -> str:
    stripped = line.strip()
    if not stripped:
        return "_"
    if (
        stripped[0] in _FIRST
        or stripped.endswith(("|", "ARAB NEWS"))
        or (stripped[0] > "\x7f" and len(stripped) <= 20)
    ):
        match = _KIND.match(stripped)
        if match:
            return _CODES[match.lastgroup or ""]
    if len(stripped) > MAX_LINE:
        return "x"
    last = stripped[-1]
    if (last in ")]" or (last == "." and stripped[-2:-1] in (")", "]"))) and _CREDIT.search(stripped):
        return "g"
    if len(stripped) <= MAX_NAME and is_name(stripped):
        return "n"
    return "h" if is_headline(stripped) else "t"


_known_code = lru_cache(maxsize=1 << 12)(_code)
"""For lines that may come again. Long ones are kept by no cache: some thousands of them are a gigabyte."""


def is_text(code: str) -> bool:
    """Whether a code is that of text, not of a kind that the table names."""
    return code in "nhgtx"


def is_name(line: str) -> bool:
    """Short, and no sentence: an agency, an author, a running theme."""
    name = line.strip()
    return 1 < len(name) <= MAX_NAME and name[-1] not in '.,:;!?)”"' and name[0].isalpha()


def is_headline(line: str) -> bool:
    """Text of at least two words that no full stop ends."""
    text = line.strip()
    return 0 < len(text) <= MAX_HEADLINE and text.rstrip("”’\"'")[-1:] not in (*".,;:", "") and " " in text


def is_author(line: str) -> bool:
    """A line that can be nothing but who wrote: a known agency, or a person in capitals.

    >>> is_author("JANE DOE"), is_author("Reuters"), is_author("Jane Doe"), is_author("CAIRO")
    (True, True, False, False)
    """
    name = line.strip()
    return name in AGENCIES or (name == name.upper() and 2 <= len(name.split()) <= 4 and name[0].isalpha()
                                and all(c.isalpha() or c in " .’'-" for c in name))  # fmt: skip


def without_label(line: str) -> str | None:
    """What follows a label of LABELS, or None where a line begins with none of them."""
    text = line.lstrip()
    if not text.startswith(LABELS):
        return None
    return text.partition(" ")[2]


def crawl_line(line: str) -> tuple[str, str]:
    """The day in a line of the kind "crawl", as it stands (YYYY-MM-DD), and what follows it."""
    rest = line.strip()[len("date ") :]
    return rest[:10], rest[10:].strip()


def line_of(row: bytes) -> str:
    """A line's text, as far as finding a header needs it: UTF-8, else Windows-1252."""
    try:
        return row.decode("utf-8")
    except UnicodeDecodeError:
        return row.decode("cp1252", "replace")
