"""Plain headers: layouts A, B and C in their usual form, read by one regular expression.

    Ferry returns to the old harbor           the headline; nothing above it belongs to the header
    _
    The ferry at its berth. (AFP/File)        the headline once more, a caption, both or neither
    Short Url                                 the slot, filled or empty, or none
    Updated 07 September 2023
    Follow                                    or an agency, or nothing
    _
    Ferry returns to the old harbor           letter by letter the same
    _
      • It took two years                     bullets, or none

Most headers of most dumps look like this, and then the engine (reading.py) is spared; so it is for many of layout F: see
compact_header.py. It stays the measure: where this module finds a header the engine finds the very same, and where a line
might make a difference to the engine this module finds none. A test holds the two against each other.

It is found once, where the dump is cut; its parts travel with the block, and its fields are read from them.
"""

import re

from dateline.pipeline.elements import HeaderParts
from dateline.pipeline.rules.compact_header import COMPACT, LINES
from dateline.pipeline.rules.header import Header
from dateline.pipeline.rules.line_forms import form_of
from dateline.pipeline.rules.line_kinds import MAX_LINE, MAX_NAME, code_of, is_author, kind_of, line_of
from dateline.pipeline.rules.places import dateline
from dateline.pipeline.rules.site import BEGINNINGS, SHORT_URL, USUAL_STAMP
from dateline.pipeline.rules.text import normalise

_END = " *\n"
_NO_TEXT = r"quotes |Special |•|\{|[^A-Za-z.!?\n]{1,80}(?:\n|\Z)"
"""How a line begins that may be no text, though of no kind that line_kinds.py knows: a label, a glyph, no letter at all."""
_TEXT = rf"(?!{_NO_TEXT})[^\s-][^\n]"


def _header(headline: str, caption: str, name: str, below: str) -> re.Pattern[bytes]:
    """A plain header, with patterns of the lines that may be any text."""
    return re.compile(
        (
            rf"(?=(?P<first>[^\n]{{2}}))(?P<headline>{headline}){_END}{_END}"
            rf"(?P<alt>(?P=headline){_END})?"
            rf"(?:(?!Short Url|Updated )(?=(?P<second>[^\n]{{1,2}}))(?P<caption>{caption})\n)?"
            rf"(?:(?P<slot>Short Url){_END}(?:(?:{_END}){{0,2}}"
            rf"(?P<url>{SHORT_URL}){_END}(?:{_END}){{0,2}})?)?"
            rf"(?P<stamp>{USUAL_STAMP}){_END}"
            rf"(?:Follow{_END}|(?P<name>{name}){_END})?"
            rf"{_END}(?P=headline){_END}(?:{_END}(?P=headline){_END})?"
            rf"(?:(?:{_END})?(?P<bullets>(?: {{0,4}}• (?! *(?:Home|Search form)\s)(?=[^\n]*[A-Za-z])[^\n]*\n){{1,6}}))?"
            rf"(?:(?:{_END})?{USUAL_STAMP}{_END}(?P=name){_END})?"
            rf"(?: {{0,3}}\n){{0,3}}(?=(?P<below>{below}))"
        ).encode()
    )


_PLAIN = _header(
    rf"{_TEXT}{{3,295}}[^\s]",
    rf"{_TEXT}+",
    rf'(?!{_NO_TEXT})[A-Z][^\n|]{{0,57}}[^\s|.,:;!?)"\x80-\xff]',
    rf"(?![(\[0]|Follow){_TEXT}*",
)

_ODD = rf"Special |{'|'.join(map(re.escape, BEGINNINGS))}"
"""How a line begins that is looked at more closely."""
_NO_COPY = "(?i:(?P=first)|(?P=second))"
"""How a line begins that may be a copy of the headline or of the caption."""
_USUAL = _header(
    rf"(?!{_ODD}|[A-Z]{{2}}[^\n]{{0,118}}:)[A-Z](?:[A-Za-z]| (?=[A-Za-z]))[ -{{}}~]{{2,293}}[a-z0-9]",
    rf"(?!{_ODD}|(?i:(?P=first)))(?:[A-Z](?:[a-z](?=[ -~])| (?=[a-z]))|“(?=[A-Za-z]))[^\n|]{{,1980}}[.)\]] *",
    rf"(?!{_ODD}|{_NO_COPY})[A-Z][ -{{}}~]{{0,56}}[A-Za-z]",
    rf'(?!{_ODD}|{_NO_COPY})[A-Z][A-Za-z][ -~](?=[^\n:]{{0,100}}:)[^\n]*(?:[.!?"]|”) *(?=\n|\Z)',
)
"""The same where nothing is to be asked of _is_certain(): headline, caption, name and body begin unlike each other, and like no
line of the site; only the headline ends in a letter; the caption has small letters, the body a colon."""

_NAMES = ("headline", "alt", "caption", "slot", "url", "stamp", "name", "bullets")
PARTS = (0, *map(_PLAIN.groupindex.__getitem__, _NAMES))  # the same in _USUAL
"""The groups of HeaderParts: the whole header, and what its fields are read from. (Their spans would be three times as
many objects.)"""
CAPTION, STAMP = (_PLAIN.groupindex[name] for name in ("caption", "stamp"))

_bullet = re.compile("• *+(.*[^ \\n])")
"""A bullet, without the spaces around its text."""

UNCOUNTED = -1
"""In place of the number of a line: the body is found by its byte."""
TWIN_BYTES = 2500
"""Bytes below a header in which its headline is looked for."""


def match_plain(text: bytes, start: int, stamp: int, is_common: bool = False) -> re.Match[bytes] | None:
    """The match of the plain header that starts at `start` and has its stamp line at `stamp`; None where there is no such.

    What stands above it and below is left to ask of may_stand_above() and begins_again().

    Args:
        text: bytes of a dump.
        start: where a line starts that has two empty lines above it.
        stamp: where the stamp line starts.
        is_common: whether the text is known to be common around there: see rules/common_text.py.
    """
    match = _USUAL.match(text, start) if is_common else None
    is_usual = match is not None
    match = match or _PLAIN.match(text, start)
    if match is None or match.start(STAMP) != stamp:
        return None
    return match if is_usual or _is_certain(match) else None


def known_parts(block: bytes) -> HeaderParts | None:
    """The plain header that a block is known to begin with; None where it does not hold it any more."""
    match = _PLAIN.match(block) or COMPACT.match(block)
    return match.group(*PARTS) if match else None


def may_stand_above(above: bytes, headline: bytes, caption: bytes | None) -> bool:
    """Whether a plain header cannot begin with the line above it, nor reach across it."""
    line = line_of(above)
    if code_of(line) not in "_htgx":
        return False
    stripped = line.strip()
    if not stripped:
        return True
    copied = [text for text in (headline, caption) if text and not begin_differently(above, text)]
    # a copy would be the caption as alt text, or the headline once more: the header starts there
    return (
        not copied
        or not (stem := form_of(stripped).stem)
        or all(form_of(line_of(text).strip()).stem != stem for text in copied)
    )


SMALL_LETTERS = bytes(
    byte | 0x20 if chr(byte).isascii() and chr(byte).isalpha() else 0 for byte in range(256)
)
"""Of each byte that is a letter the small one; 0 for all others."""
_BEGINNING = re.compile(
    rb"(?:([A-Za-z](?:[A-Za-z](?=[ -~])| (?=[A-Za-z])))|\xe2\x80[\x98\x99\x9c\x9d](?=[ -~]))"
)

QUOTE_BYTES = 3


def begin_differently(one: bytes, other: bytes) -> bool:
    """Whether the two characters that lines begin with tell them apart, whatever is done to unify them. No line is empty.

    The two are a letter, and another one or a space. The other line begins with two others, or with a quote. Of two
    lines that begin with a quote those behind it tell.
    """
    letter, other_letter = SMALL_LETTERS[one[0]], SMALL_LETTERS[other[0]]
    if letter and other_letter and letter != other_letter:
        return True
    first, second = _BEGINNING.match(one), _BEGINNING.match(other)
    if not first or not second:
        return False
    letters, others = first[1], second[1]
    if letters and others:
        return letters.lower() != others.lower()
    return letters is not others or begin_differently(one[QUOTE_BYTES:], other[QUOTE_BYTES:])


def begins_again(text: bytes, headline: bytes, end: int) -> bool:
    """Whether the same article comes once more below, with no empty line above: its first line may be of either."""
    at = text.find(headline, end, end + TWIN_BYTES)
    if at < 0 or text[max(0, at - 20) : at].replace(b" ", b"").endswith(b"\n\n"):
        return False
    below = text[at : at + 3 * len(headline) + 200].partition(b"\n\n\n")[0]
    return b"\nUpdated " in below or b"\nShort Url" in below


def read_plain(block: bytes, parts: HeaderParts) -> tuple[Header, int] | None:
    """The plain header that a block begins with, its lines uncounted, and the byte at which its body starts.

    Args:
        block: UTF-8; it starts where the header does.
        parts: the header, of match_plain().

    Returns:
        None if the block ends before its body: it was cut short by the end of its record.
    """
    whole, headline, alt, caption, slot, url, stamp, name, bullets = parts
    if len(whole) >= len(block):
        return None

    header = Header(
        ("F" if whole.count(b"\n") == LINES else "C") if name else "B" if alt else "A",
        0,
        UNCOUNTED,
        headline.decode(),
        stamp.decode()[len("Updated ") :],
        "filled" if url else "empty" if slot else "absent",
        url.decode() if url else None,
        name.decode().strip() if name else None,
        [caption.decode().strip()] if caption else [],
        _bullet.findall(bullets.decode()) if bullets else [],
    )
    return header, len(whole)


def _is_certain(match: re.Match[bytes]) -> bool:
    """Whether the engine, too, can take these lines for nothing else."""
    headline, caption, name, below = map(_text, match.group("headline", "caption", "name", "below"))
    if "|" in headline or "|" in caption or len(caption) > MAX_LINE or headline != headline.strip():
        return False  # an author's line; no line of a header
    if headline[-1] in ")]" or (headline[1:2].isupper() and dateline(headline)):
        return False  # a caption's credit, a paragraph's dateline: no headline
    if any(line and kind_of(line.strip()) for line in (headline, caption, name, below)):
        return False  # no text, but a line of the site
    if caption and len(caption) <= MAX_NAME and is_author(caption):
        return False  # an author above the stamp
    if caption and caption[:TOLD_BY] in (below[:TOLD_BY], headline[:TOLD_BY]):
        return False  # the caption once more, or the headline but for its end
    if headline[-TOLD_BY:] in (caption.rstrip()[-TOLD_BY:], below.rstrip()[-TOLD_BY:]):
        return False  # the headline, perhaps below a label
    if len(below) <= MAX_NAME and code_of(below) in ("n", "a"):
        return False  # an author below the headline
    is_simple = headline.isascii() and headline.isprintable() and "  " not in headline
    length = len(headline) if is_simple else len(normalise(headline))
    slack = length_slack(length)
    for line in caption, name, below:
        if abs(len(line) - length) <= slack and normalise(line) == normalise(headline):
            return False  # the headline once more, in other quotes or spaces
    if ":" not in below[:120] and form_of(below.strip()).code in "gr":
        return False  # a caption below the headline
    if below[0].isspace():
        return False  # an empty line
    # nor may the caption come twice where there is an alt text
    return not (match["alt"] and caption and normalise(caption) in (normalise(below), normalise(name)))


TOLD_BY = 12
"""Characters by which two lines are told apart."""


def length_slack(length: int) -> int:
    """By how many characters a copy of a headline of that length may differ: other lines are not worth normalising."""
    return 12 + length // 8


def _text(group: bytes | None) -> str:
    return line_of(group) if group else ""
