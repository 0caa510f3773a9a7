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
from dateline.pipeline.rules.line_kinds import code_of, is_text

_SENTENCE = (
    r"(?!Topics: |A post shared by |MORE FROM )"  # tags, what is left of a post, a box
    r"(?:[^a-z \n{\x80-\xff-]|\xe2\x80)[^\n]*+"
    r"(?:(?<=[.,:;!])|(?<=[.,:;!][\"'])|(?<=[.,:;!]\xe2\x80[\x99\x9d]))"
)
"""Of the first characters that are not ASCII it has the quotes and dashes only: among others are small letters."""
_LINES = rf"(?:{_SENTENCE}(?:\n(?!\n|\Z)|(?=\n\n)|\Z))++"
_SHORT = rf"(?:[A-Z\d]|\xe2\x80[\x98\x9c])[^\n]{{0,{MAX_SPECIAL - 3}}}(?<=[^ .,:;!)\]])"
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


def plain_body(data: bytes) -> PlainBody | None:
    """The body that stands below a header; None where its lines need a closer look.

    Args:
        data: what stands there, in UTF-8; of controls and white space it has space and newline only.

    >>> plain_body(b"KYIV: Cars crossed it.\\nAt last.\\n\\nThe ferry\\nIt goes on.")
    PlainBody(text=b'KYIV: Cars crossed it.\\n\\nAt last.\\n\\nThe ferry\\n\\nIt goes on.', subheadings=['The ferry'])
    >>> plain_body(b"Cars crossed it.\\nThe ferry\\nIt goes on.") is None
    True
    """
    match = _lines.match(data)
    if match is None or (b"/" in data and b"pic.twitter.com/" in data):  # most have no slash
        return None
    begin, end = match.span()
    if end == len(data):
        return PlainBody(data.replace(b"\n", b"\n\n"), [])
    parts: list[bytes] = []
    subheadings: list[str] = []
    while end < len(data):
        parts.append(data[begin:end])
        match = _part.match(data, end)
        if match is None:
            return None
        begin, end = match.span("below")
        if match["short"]:
            text = match["short"].decode()
            if not is_text(code_of(text)):
                return None
            if is_subheading(text) and _heads(text, parts[-1], match["below"], end == len(data)):
                subheadings.append(text)
            parts.append(match["short"])
    parts.append(data[begin:])
    return PlainBody(b"\n".join(parts).replace(b"\n", b"\n\n"), subheadings)


def _heads(text: str, above: bytes, below: bytes, is_end: bool) -> bool:
    """Whether a short line heads the sentence below it.

    Args:
        text: the line.
        above: the lines down to the empty one above it.
        below: the lines behind it.
        is_end: whether there are no more.
    """
    after, _, rest = below.partition(b"\n")
    return heads(text, above.rpartition(b"\n")[2].decode(), after.decode(), True, is_end and not rest)
