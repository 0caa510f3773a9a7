"""What a dump is read as, from its bytes: what the tests of reading look through, whatever stands behind it."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from dateline.pipeline.elements import Block, Dump, Place, Reject
from dateline.pipeline.rules.blocks import Limits, block_of
from dateline.pipeline.rules.record import completed, record_of
from dateline.pipeline.rules.split import cut_range

Item = dict[str, Any]
"""The record of an article, or the `reason`, `detail`, `offset` and `length` of a reject."""

PLACE = frozenset(("id", "source", "source_offset", "source_length", "offset", "length", "detail"))
"""What of an item tells where it stands, or follows from that; and how a reject words its reason."""


def read(data: bytes, source: str = "dump.txt") -> list[Item]:
    """Everything that comes out of a dump, in order, without what only other dumps could add."""
    dump = Dump(source, source, len(data))
    found = []
    pieces = cut_range(lambda offset, n: data[offset : offset + n], 0, lambda start: True, 1 << 20)
    for piece in chain.from_iterable(pieces):
        block = block_of(piece, Limits())
        item = block
        if isinstance(block, Block):
            item = completed(record_of(block, Place(dump.source, *block[1:3]), None))
        if isinstance(item, Reject):
            found.append({name: getattr(item, name) for name in ("reason", "detail", "offset", "length")})
        elif item is not None:
            found.append(item.record)
    return found


def told(items: Sequence[Item]) -> list[Item]:
    """The items without their places: the same wherever they stand."""
    return [{name: value for name, value in item.items() if name not in PLACE} for item in items]


def told_with_place(items: Sequence[Item], start: int) -> list[Item]:
    """The items, each with the place of its block as `at`: first byte, counted from `start`, and length."""
    places = [
        (item.get("offset", item.get("source_offset")), item.get("length", item.get("source_length")))
        for item in items
    ]
    return [
        item | {"at": (offset - start, length)}
        for item, (offset, length) in zip(told(items), places, strict=True)
    ]
