"""What a line of a page can be: the table LINE_KINDS says what, since when, and why.

Each kind has a code of one letter, by which roles.py says what the line can be in a header. A page looked at as a
string, a letter a line:

    H_tsSf_H_b_tttt    headline, empty, caption, slot, stamp, button, empty, headline, ..

What the table does not name is text, and its form says what it may be: a name or theme (n), a headline (h),
a caption with its credit (g), a sentence or paragraph (t), or what is too long for any header (x).
"""

import re
from functools import lru_cache

from dateline.pipeline.rules.site import AGENCIES, BEGINNINGS_BY_FIRST, LINE_KINDS
from dateline.pipeline.rules.text_repairs import mend_encoding

_KIND = re.compile("|".join(f"(?P<{kind.name}>{kind.pattern})" for kind in LINE_KINDS))
_CODES = {kind.name: kind.code for kind in LINE_KINDS}

MAX_LINE = 2_000
"""Characters of a headline, caption or bullet; a longer line is body text."""
MAX_HEADLINE = 300
MAX_KNOWN = 150
"""Characters of a line that may come again."""
MAX_NAME = 60
"""Characters of an author or agency line ("Arab News", "Reuters")."""

_CREDIT = re.compile(r"[(\[][^()\[\]]{2,100}[)\]]\.?$")


def code_of(line: str) -> str:
    """The code of the line's kind, or of its form where it is text; "_" for an empty line."""
    return _known_code(line) if len(line) <= MAX_KNOWN else _code(line)


def kind_of(stripped: str) -> str:
    """The code of the kind of a stripped line that is not empty; "" for text.

    >>> kind_of("Short Url"), kind_of("Shortly after noon")
    ('s', '')
    """
    if (
        stripped.startswith(BEGINNINGS_BY_FIRST.get(stripped[0], ()))
        or stripped.endswith(("|", "ARAB NEWS"))  # an author's line
        or (stripped[0] > "\x7f" and len(stripped) <= 20)  # a token
    ):
        match = _KIND.match(stripped)
        return _CODES[match.lastgroup or ""] if match else ""
    return ""


def _code(line: str) -> str:
    stripped = line.strip()
    if not stripped:
        return "_"
    if kind := kind_of(stripped):
        return kind
    if len(stripped) > MAX_LINE:
        return "x"
    last = stripped[-1]
    if (last in ")]" or (last == "." and stripped[-2:-1] in (")", "]"))) and _CREDIT.search(stripped):
        return "g"
    if len(stripped) <= MAX_NAME and is_name(stripped):
        return "n"
    return "h" if is_headline(stripped) else "t"


_known_code = lru_cache(maxsize=1 << 12)(_code)
"""For lines that may come again. Long ones are kept by no cache: to find one there takes as long as its code."""


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


def crawl_line(line: str) -> tuple[str, str]:
    """The day in a line of the kind "crawl", as it stands (YYYY-MM-DD), and what follows it."""
    rest = line.strip()[len("date ") :]
    return rest[:10], rest[10:].strip()


def texts_of(rows: bytes) -> list[str]:
    """What line_of() tells of each of some lines, parted by LF."""
    try:
        text = rows.decode("utf-8")
    except UnicodeDecodeError:
        return [line_of(row) for row in rows.split(b"\n")]
    # a byte is found sooner than a character: what is garbled has one of these
    if (b"\xc3" in rows or b"\xe8" in rows or b"\xe9" in rows) and _may_be_garbled(text):
        return [line_of(row) for row in rows.split(b"\n")]
    return text.split("\n")


def line_of(row: bytes) -> str:
    """A line's text, as far as finding a header needs it: UTF-8, else Windows-1252; mended where it is garbled."""
    try:
        text = row.decode("utf-8")
    except UnicodeDecodeError:
        text = row.decode("cp1252", "replace")
    return mend_encoding(text) if _may_be_garbled(text) else text


def _may_be_garbled(text: str) -> bool:
    return not text.isascii() and ("â€" in text or "鈥" in text or "聽" in text or "Â" in text)
