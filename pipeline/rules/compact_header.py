"""Compact headers: layout F in its usual form, amid paragraphs, read by one regular expression.

    The last paragraphs of another body.         four of them in a row, at least
    _
    _
    Ferry returns to the old harbor              the headline, and nothing else: neither a name, nor a credit, nor a dateline
    Updated 07 September 2023
    Jane Doe                                     who wrote
    KYIV: The ferry left the harbor at dawn.     a dateline
    It came back at noon.                        seven paragraphs, at least, with subheadings or without

Like plain_header.py this spares the engine, which stays the measure. No second headline vouches for such a header, so the
lines around it do: as far as any line could be read together with its stamp (NEAR), they are paragraphs, but for
subheadings. Four in a row end a window (BODY_LINES), above and below. So the engine, too, reads the stamp with
paragraphs above it and below, and nothing else; and no other window reaches the header.
"""

import re

import numpy as np

from dateline.pipeline.rules.anchors import BODY_LINES, NEAR, stand_twice
from dateline.pipeline.rules.line_forms import form_of
from dateline.pipeline.rules.line_kinds import MAX_NAME, code_of, line_of, texts_of
from dateline.pipeline.rules.line_table import MIN_SENTENCE, LineTable, pairs_of
from dateline.pipeline.rules.places import MAX_DATELINE, dateline
from dateline.pipeline.rules.site import FEED_MARK, USUAL_STAMP

LINES = 3
"""Lines of a compact header."""
MAX_GAP = 3
"""Empty lines that count, at most: see line_forms.py."""
PARAGRAPHS = 7
"""Of the body, at least, behind the one with the dateline: with the header they are as many lines as NEAR, and one less."""
MOST_PARAGRAPHS = 10
"""That are looked at."""
MOST_ABOVE = 20
"""Lines above the headline that are looked at: so the work does not grow with the text."""

_END = " *\n"
_NONE = "(?P<{}>(?!))?".format
"""A group of plain_header.py that a compact header has not, so that the others have the numbers that they have there."""
COMPACT = re.compile(
    (
        rf"{_NONE('first')}(?P<headline>[^\s][^\n]{{8,298}}[^\s]){_END}"
        + "".join(map(_NONE, ("alt", "second", "caption", "slot", "url")))
        + rf"(?P<stamp>{USUAL_STAMP}){_END}(?P<name>[^\s][^\n]{{0,{MAX_NAME - 2}}}[^\s]){_END}{_NONE('bullets')}"
        rf"(?=(?P<below>[A-Z]{{2}}[^\n]{{0,{4 * MAX_DATELINE}}}))"
    ).encode()
)

_PAIRS = pairs_of([b"%c%c" % (a, b) for a in range(65, 91) for b in [32, *range(97, 123)]] + ["“".encode()], any_space=False)  # fmt: skip
"""How a paragraph begins, unlike a line that no body has, or a dateline; and how some bullets do."""
_QUOTE_PAIR, _BULLET_END = int.from_bytes("•".encode()[:2]), "•".encode()[2]
_OTHER = ord(".")
_KINDS = bytes.maketrans(bytes(range(4)), b".ps_")
_ABOVE = re.compile(rb"(?:[ps.]|_(?=\.|[ps][ps.]))((?:(?:_?\.)?[ps])+)_{2,5}")
"""From the line above the first that could be read together with the stamp: a paragraph between empty lines may be an anchor."""
_BELOW = re.compile(rb"(?:(?:_?\.)?[ps]){%d,%d}(?=[ps_])" % (PARAGRAPHS, MOST_PARAGRAPHS))
_RUN = b"s" * BODY_LINES
_FEED = FEED_MARK.encode()


def kinds_of(table: LineTable) -> bytes:
    """A letter for each line: p for a paragraph, s for one that is one for sure also to windows.py, _ for an empty line, a dot
    for any other. A paragraph is no anchor.

    >>> kinds_of(LineTable(b"A ferry\\n\\nIt came back.\\nOf these two lines the second is one for sure: it has sixty bytes.", True))
    b'._ps'
    """
    is_bullet = (table.pairs == _QUOTE_PAIR) & (table.at(table.starts + 2) == _BULLET_END)
    is_paragraph = _PAIRS.take(table.pairs) & (table.last == ord(".")) & ~is_bullet
    is_paragraph[stand_twice(table, lambda lines: lines[is_paragraph[lines]])] = False
    found = is_paragraph.astype(np.uint8)
    found += is_paragraph & (table.lengths >= MIN_SENTENCE)
    found[table.empty] = 3
    kinds: bytes = found.tobytes().translate(_KINDS)
    return kinds


def is_amid_paragraphs(text: bytes, table: LineTable, kinds: bytes, stamp: int) -> bool:
    """Whether what stands around a compact header leaves it to be one.

    Args:
        text: a piece of a dump.
        table: its lines.
        kinds: of these, from kinds_of().
        stamp: the number of the stamp line; the headline stands right above it.
    """
    first, body = max(0, stamp - NEAR - 1), stamp + LINES
    above, below = _ABOVE.fullmatch(kinds, first, stamp - 1), _BELOW.match(kinds, body)
    if not above or not below or _RUN not in below[0]:
        return False
    last = above.end(1)
    top = kinds.rfind(_RUN, max(0, last - MOST_ABOVE), last)
    if top <= MAX_GAP or kinds[top:last].strip(b"ps"):
        return False  # below the top of a dump much else can be meant
    starts = table.starts
    if text.find(_FEED, int(starts[first]), int(starts[below.end()])) >= 0:
        return False
    others = [*_others(kinds, above.start(1), last), *_others(kinds, body, below.end())]
    return all(_is_subheading(table.line(line)) for line in others) and all(
        form_of(line).code in "tx" for line in texts_of(text[int(starts[top]) : int(starts[last]) - 1])
    )


def match_compact(text: bytes, start: int) -> re.Match[bytes] | None:
    """The match of the compact header that starts at `start`, with the groups of plain_header.py; None where there is no such.

    What stands around it is left to ask of is_amid_paragraphs().

    Args:
        text: bytes of a dump, known to be common around there: see rules/common_text.py.
        start: where a line starts that has two empty lines above it.
    """
    match = COMPACT.match(text, start)
    return match if match and _is_certain(match) else None


def _others(kinds: bytes, begin: int, end: int) -> list[int]:
    return (
        [at for at in range(begin, end) if kinds[at] == _OTHER] if kinds.find(_OTHER, begin, end) >= 0 else []
    )


def _is_certain(match: re.Match[bytes]) -> bool:
    """Whether the engine takes headline, name and dateline for what they are."""
    headline, name = form_of(match["headline"].decode()), form_of(match["name"].decode())
    return (
        headline.code == "h"
        and name.code in "nN"
        and set(name.key.split()).isdisjoint(headline.key.split())  # else it may be the headline, edited
        and dateline(match["below"].decode("utf-8", "ignore")) is not None
    )


def _is_subheading(row: bytes) -> bool:
    """Whether a line above a paragraph is text, and no anchor."""
    return b":" not in row and code_of(line_of(row)) in "hn"
