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

from dateline.pipeline.elements import new_tuple
from dateline.pipeline.rules.body import MAX_SPECIAL, PICTURE_GAP, heads, is_subheading
from dateline.pipeline.rules.line_kinds import code_of, is_text

_SENTENCE = (
    r"(?:[^AMTa-z \n{\x80-\xff-]|\xe2\x80|(?!Topics: |A post shared by |MORE FROM )[AMT])"
    r".*+(?:(?<=[.,:;!])|(?<=[.,:;!][\"'])|(?<=[.,:;!]\xe2\x80[\x99\x9d]))"
)
"""No tags, nothing that is left of a post, no box. Of the first characters that are not ASCII it has the quotes and dashes only:
among others are small letters."""
_LINES = rf"{_SENTENCE}(?:\n{_SENTENCE})*+(?=\n\n|\Z)"
_SHORT = rf"(?:[A-Z\d]|\xe2\x80[\x98\x9c]).{{0,{MAX_SPECIAL - 3}}}+(?<=[^ .,:;!)\]])"
_lines = re.compile(_LINES.encode("latin-1"))
"""Sentences, up to the end or to an empty line."""
_part = re.compile(
    rf"\n{{2,{PICTURE_GAP}}}(?:(?P<short>{_SHORT})\n{{1,{PICTURE_GAP}}})?(?P<below>{_LINES})".encode(
        "latin-1"
    )
)
"""Empty lines, perhaps a short line, and sentences below."""


class PlainBody(NamedTuple):
    text: bytes
    """As its row has it, in UTF-8: an empty line between two paragraphs."""
    subheadings: list[str]


def plain_body(data: bytes, start: int = 0) -> PlainBody | None:
    """The body that stands below a header; None where its lines need a closer look.

    Args:
        data: UTF-8; of controls and white space it has space and newline only.
        start: where in it the line starts that the body may begin with.

    >>> plain_body(b"KYIV: Cars crossed it.\\nAt last.\\n\\nThe ferry\\nIt goes on.")
    PlainBody(text=b'KYIV: Cars crossed it.\\n\\nAt last.\\n\\nThe ferry\\n\\nIt goes on.', subheadings=['The ferry'])
    >>> plain_body(b"Cars crossed it.\\nThe ferry\\nIt goes on.") is None
    True
    """
    match = _lines.match(data, start)
    if match is None or (data.find(b"/", start) >= 0 and data.find(b"pic.twitter.com/", start) >= 0):
        return None  # most have no slash
    end, size = match.end(), len(data)
    if end == size:
        return new_tuple(PlainBody, (data[start:].replace(b"\n", b"\n\n"), []))
    parts = [match[0]]
    subheadings: list[str] = []
    while end < size:
        match = _part.match(data, end)
        if match is None:
            return None
        short, below = match.group("short", "below")
        end = match.end()
        if short:
            text = short.decode()
            if not is_text(code_of(text)):
                return None
            if is_subheading(text) and _heads(text, parts[-1], below, end == size):
                subheadings.append(text)
            parts.append(short)
        parts.append(below)
    return new_tuple(PlainBody, (b"\n".join(parts).replace(b"\n", b"\n\n"), subheadings))


def _heads(text: str, above: bytes, below: bytes, is_end: bool) -> bool:
    """Whether a short line heads the sentence below it.

    Args:
        text: the line.
        above: the lines down to the empty one above it.
        below: the lines behind it.
        is_end: whether there are no more.
    """
    before = above[above.rfind(b"\n") + 1 :].decode()
    after, _, rest = below.partition(b"\n")
    return heads(text, before, after.decode(), True, is_end and not rest)
