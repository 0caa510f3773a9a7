"""Units that were looked at before: most of a dump is copies, and where a copy ends can be known at its start.

A unit reaches from a line behind two empty ones to the next such line:

    Ferry returns to the old harbor      <- a unit
    _
    Updated 07 September 2023
    ..
    The last line of its body.
    _
    _
    Another headline                     <- the next

It is known if it begins with a plain header, a plain header stood right below it, and no article started between. That
depends on its bytes, and on nothing else but the line above it, and what is right below. So where the same bytes come
again only these are looked at.
"""

from collections import OrderedDict
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

from dateline.pipeline.elements import Spans
from dateline.pipeline.rules.plain_header import TWIN_BYTES, begins_again, may_stand_above
from dateline.pipeline.rules.text import WHITE_SPACE

REMEMBERED = 1 << 16
"""Units that are known at one time."""


def digest_of(block: bytes) -> bytes:
    """What a block is recognised by."""
    return blake2b(block, digest_size=16).digest()


class Unit(NamedTuple):
    """A unit with a plain header."""

    size: int
    """In bytes."""
    body: int
    """Where its header ends, from its start."""
    digest: bytes
    """Of its bytes without the white space at its end."""
    spans: Spans | None
    """Of its header; None where the unit is a known one."""


class KnownUnits:
    """The units that a worker knows, by their digests."""

    _FACTS = Struct("<6I")
    """Relative to a unit's start: the end of its headline, its stamp line, the end of its header, start and end of its
    caption, and how much white space it ends with."""

    def __init__(self) -> None:
        self._units: OrderedDict[bytes, bytes] = OrderedDict()

    def find(
        self, text: bytes, start: int, end: int, stamp: int, data: bytes, digest: bytes, above: bytes
    ) -> Unit | None:
        """The unit text[start:end]; None where it is not known, or may be no article of its own here.

        Args:
            text: a piece of a dump.
            start: where the unit starts there.
            end: where it ends.
            stamp: where the first stamp line in it starts that is not another header's.
            data: its bytes without the white space at its end.
            digest: of these.
            above: the line above it that is not empty.
        """
        facts = self._units.get(digest)
        if facts is None:
            return None
        headline, at, body, first, last, space = self._FACTS.unpack(facts)
        if stamp != start + at or space != end - start - len(data):
            return None
        if not may_stand_above(above, data[:headline], data[first:last]):
            return None
        below = start + body + TWIN_BYTES
        comes_again = below > end and text.find(data[:headline], end - headline, below) >= 0
        if comes_again and begins_again(text, data[:headline], start + body):
            return None
        return Unit(end - start, body, digest, None)

    def add(self, text: bytes, base: int, unit: Unit) -> None:
        """Remember a unit that was found to be an article, whole and with no other."""
        if unit.spans is None:
            return
        end = base + unit.size
        _, headline, _, caption, _, _, stamp, *_ = unit.spans
        if text.find(text[slice(*headline)], base + unit.body, end) >= 0:
            return  # what is below is looked at the longer
        first, last = (max(at - base, 0) for at in caption)
        space = unit.size - len(text[base:end].rstrip(WHITE_SPACE))
        self._units[unit.digest] = self._FACTS.pack(
            headline[1] - base, stamp[0] - base, unit.body, first, last, space
        )
        if len(self._units) > REMEMBERED:
            self._units.popitem(last=False)
