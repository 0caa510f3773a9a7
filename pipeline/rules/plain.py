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

Most headers of most dumps look like this, and then the engine (layout.py) is spared. It stays the measure:
where this module finds a header the engine finds the very same, and where a line might make a difference to
the engine this module finds none. A test holds the two against each other.
"""

import re
from typing import AnyStr

from pipeline.rules.dates import stamp_of
from pipeline.rules.layout import Header, length_slack
from pipeline.rules.lines import LABELS, code_of, line_of
from pipeline.rules.text import normalise

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_STAMP = rf"Updated [0-9]{{1,2}} {_MONTH} [0-9]{{4}}"
_END = " *\n"
_TEXT = r"(?!•)[^\s-][^\n]"
_HEADER = (
    rf"(?P<headline>{_TEXT}{{3,295}}[^\s]){_END}{_END}"
    rf"(?P<alt>(?P=headline){_END})?"
    rf"(?:(?!Short Url|Updated )(?P<caption>{_TEXT}+)\n)?"
    rf"(?:(?P<slot>Short Url){_END}(?:(?:{_END}){{0,2}}"
    rf"(?P<url>https?://(?:www\.)?arab\.news/[0-9A-Za-z_]{{1,12}}/?){_END}(?:{_END}){{0,2}})?)?"
    rf"(?P<stamp>{_STAMP}){_END}"
    rf"(?:Follow{_END}|(?P<name>[A-Z][^\n]{{1,58}})\n)?"
    rf"{_END}(?P=headline){_END}(?:{_END}(?P=headline){_END})?"
    rf"(?:(?:{_END})?(?P<bullets>(?: {{0,4}}• (?! *(?:Home|Search form)\s)(?=[^\n]*[A-Za-z])[^\n]*\n){{1,6}}))?"
    rf"(?:(?:{_END})?{_STAMP}{_END}(?P=name)\n)?"
    rf"(?: {{0,3}}\n){{0,3}}(?=(?P<below>{_TEXT}*))"
)
_TEXT_HEADER = re.compile(_HEADER)
_BYTES_HEADER = re.compile(_HEADER.encode())


def plain_header(text: str) -> tuple[Header, int] | None:
    """The plain header that a block begins with, and the character at which the body starts; None for any other."""
    match = _TEXT_HEADER.match(text)
    if match is None or not _is_certain(match):
        return None
    name, caption, slot, url = match.group("name", "caption", "slot", "url")
    letter = "C" if name else "B" if match["alt"] else "A"
    header = Header(letter, 0, text.count("\n", 0, match.end()), match["headline"])
    header.stamp = stamp_of(match["stamp"])
    header.slot, header.url = "filled" if url else "empty" if slot else "absent", url
    header.byline = name and name.strip()
    header.captions = [caption.strip()] if caption else []
    header.bullets = [line.strip()[1:].strip() for line in (match["bullets"] or "").split("\n")[:-1]]
    return header, match.end()


def plain_zone(text: bytes, start: int, stamp: int, above: bytes) -> tuple[int, int] | None:
    """Start and end, in bytes, of the plain header with its stamp line at `stamp`; None where there is no such.

    Args:
        text: bytes of a dump.
        start: where a line starts that has two empty lines above it.
        stamp: where the stamp line starts.
        above: the line above the empty ones; empty where there are more of them.
    """
    match = _BYTES_HEADER.match(text, start)
    if match is None or match.start("stamp") != stamp:
        return None
    line = line_of(above)
    if code_of(line) not in "_htgx" or not _is_certain(match):
        return None  # other lines a header might reach across, or begin with
    if match["alt"] and match["caption"] and normalise(line) == normalise(line_of(match["caption"])):
        return None  # the caption as alt text: the header starts there
    return start, match.end()


def _is_certain(match: re.Match[AnyStr]) -> bool:
    """Whether the engine, too, can take these lines for nothing else."""
    headline, caption, name, below = map(_text, match.group("headline", "caption", "name", "below"))
    wanted = normalise(headline)
    slack = length_slack(wanted)
    for line, codes in (headline, "nhgt"), (caption, "nhgt"), (name, "n"), (below, ""):
        if (codes and line and code_of(line) not in codes) or line.startswith(LABELS):
            return False
        if line is not headline and abs(len(line) - len(wanted)) <= slack and normalise(line) == wanted:
            return False  # the headline once more, in other quotes or spaces
    if headline != headline.strip() or below[0].isspace() or below.startswith(_GOES_ON):
        return False
    # nor may the caption come twice where there is an alt text
    return not (match["alt"] and caption and normalise(caption) in (normalise(below), normalise(name)))


_GOES_ON = ("(", "[", "Updated", "Publi", "Follow", "0")
"""What a credit, a stamp or a button begins with: below those a header may go on."""


def _text(group: AnyStr | None) -> str:
    return group if isinstance(group, str) else line_of(group) if group else ""
