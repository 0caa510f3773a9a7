"""Shards: which file of a ledger a record or reject stands in."""

from collections.abc import Sequence
from hashlib import blake2b

from dateline.pipeline.elements import Dump

SHARDS = 64
"""Files that a ledger is parted into."""


SEGMENT_BITS = 28
"""Blocks of one dump within 2**28 bytes share a shard."""


PART_BITS = 48
"""A position is a part's number, and in these bits the offset in what the part was unpacked into."""


def shard_of(source: str, position: int) -> int:
    """The shard of a record or reject, from its dump's source and its position."""
    digest = blake2b(source.encode("utf-8"), digest_size=4).digest()
    part, offset = position >> PART_BITS, position & (1 << PART_BITS) - 1
    return (int.from_bytes(digest, "little") + part + (offset >> SEGMENT_BITS)) % SHARDS


def part_bases(dumps: Sequence[Dump]) -> list[int]:
    """What is added to an offset in each dump to make a position: 0, but for the further parts of one file."""
    bases: list[int] = []
    for number, dump in enumerate(dumps):
        again = number and dumps[number - 1].source == dump.source
        bases.append(bases[-1] + (1 << PART_BITS) if again else 0)
    return bases
