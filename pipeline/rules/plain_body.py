"""Plain bodies: those whose lines are sentences, and subheadings among them, told by one regular expression.

    KYIV: Traffic crossed it on Monday.               begins with a capital, a digit or a quote
    “It took two years,” said the mayor.              ends a sentence, perhaps with a quote behind it

    WHAT COMES NEXT                                   short, an empty line above it, a sentence on either side
    A ferry goes on.

No sentence of these is a subheading, a caption, a box or a template, and none goes on in the next line: so each line is a
paragraph, and body.py, which looks at line after line, is asked of the short ones only. It stays the measure: where this
module finds a body, body.py finds the very same. A test holds the two against each other.
"""

import re
from typing import NamedTuple

from dateline.pipeline.rules.body import MAX_SPECIAL, PICTURE_GAP, heads, is_subheading
from dateline.pipeline.rules.line_kinds import kind_of

_SENTENCE = (
    r"(?!Topics: |A post shared by |MORE FROM )"  # tags, what is left of a post, a box
    r"(?:[^a-z \n{\x80-\xff-]|\xe2\x80)[^\n]*+"
    r"(?:(?<=[.,:;!])|(?<=[.,:;!][\"'])|(?<=[.,:;!]\xe2\x80[\x99\x9d]))"
)
"""Of the first characters that are not ASCII it has the quotes and dashes only: among others are small letters."""
_SHORT = rf"(?:[A-Z\d]|\xe2\x80[\x98\x9c])[^\n]{{0,{MAX_SPECIAL - 3}}}(?<=[^ .,:;!)\]])"
_GAP = rf"\n{{2,{PICTURE_GAP}}}(?!\n)"
_PLAIN = re.compile(
    rf"(?:{_SENTENCE}(?:\n(?!\n|\Z)|\Z|(?P<gap>{_GAP}(?!\Z))(?:{_SHORT}\n{{1,{PICTURE_GAP}}}(?!\Z))?))++\Z".encode(
        "latin-1"
    )
)


class PlainBody(NamedTuple):
    text: str
    """As its row has it: an empty line between two paragraphs."""
    subheadings: list[str]


def plain_body(data: bytes) -> PlainBody | None:
    """The body that stands below a header; None where its lines need a closer look.

    Args:
        data: what stands there, in UTF-8; of controls and white space it has space and newline only.

    >>> plain_body("KYIV: Cars crossed it.\\n“At last.”".encode())
    PlainBody(text='KYIV: Cars crossed it.\\n\\n“At last.”', subheadings=[])
    >>> plain_body(b"Cars crossed it.\\nThe ferry\\nIt goes on.") is None
    True
    """
    match = _PLAIN.match(data)
    if match is None or (b"/" in data and b"pic.twitter.com/" in data):  # most have no slash
        return None
    if not match.lastindex:
        return PlainBody(data.replace(b"\n", b"\n\n").decode(), [])
    return _with_gaps(data)


def _with_gaps(data: bytes) -> PlainBody | None:
    """The same where lines have empty ones above them, and may be short."""
    parts: list[bytes] = []
    subheadings: list[str] = []
    begin, gap = 0, data.find(b"\n\n")
    while gap >= 0:
        parts.append(data[begin:gap])
        begin = gap + 2
        while data.startswith(b"\n", begin):
            begin += 1
        end = data.find(b"\n", begin)
        if 0 <= end - begin <= MAX_SPECIAL:
            text = data[begin:end].decode()
            if kind_of(text):
                return None
            if is_subheading(text) and _heads(data, gap, text, end):
                subheadings.append(text)
        gap = data.find(b"\n\n", begin)
    parts.append(data[begin:])
    return PlainBody(b"\n".join(parts).replace(b"\n", b"\n\n").decode(), subheadings)


def _heads(data: bytes, gap: int, text: str, end: int) -> bool:
    """Whether a short line heads the sentence below it.

    Args:
        data: all lines.
        gap: where the sentence above it ends.
        text: the short line, which is not the last.
        end: where it ends.
    """
    before = data[data.rfind(b"\n", 0, gap) + 1 : gap]
    after, _, rest = data[end:].lstrip(b"\n").partition(b"\n")
    return heads(text, before.decode(), after.decode(), True, not rest)
