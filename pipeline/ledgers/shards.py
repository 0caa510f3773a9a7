"""Shards: which of a ledger's files a record or reject stands in, and its position, which decides that.

    source "a.txt", byte 5,000,000        position 5,000,000                    shard 17
    the same file's second part, byte 9   position (1 << PART_BITS) + 9         shard 18

The shard follows from the dump and the place in it. So the rows of a new dump change few files.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dateline.pipeline.elements import Dump

SHARDS = 64
"""Files of a ledger, at most."""
SEGMENT_BITS = 28
"""Blocks of one dump within 2**28 bytes share a shard."""
PART_BITS = 48
"""A position is a part's number, and in these bits the offset in what the part was unpacked into."""

Numbers = TypeVar("Numbers", int, npt.NDArray[np.int64])


def shard_of(source: str, position: int) -> int:
    """The shard of a record or reject, from its dump's source and its position."""
    return _shard(first_shard(source), position)


def first_shard(source: str) -> int:
    """The shard of a dump's first byte."""
    return int.from_bytes(blake2b(source.encode("utf-8"), digest_size=4).digest(), "little") % SHARDS


def _shard(first: Numbers, position: Numbers) -> Numbers:
    part: Numbers = position >> PART_BITS
    segment: Numbers = (position & (1 << PART_BITS) - 1) >> SEGMENT_BITS
    shard: Numbers = (first + part + segment) % SHARDS
    return shard


class DumpShards:
    """The positions and shards of what stands in a run's dumps."""

    def __init__(self, dumps: Sequence[Dump]) -> None:
        self._first = np.array([first_shard(dump.source) for dump in dumps], np.int64)
        self._base = np.array(_part_bases(dumps), np.int64)

    def positions(self, dumps: npt.NDArray[Any], offsets: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """The positions of blocks, by their dumps' numbers and their offsets."""
        found: npt.NDArray[np.int64] = self._base[dumps] + offsets
        return found

    def shards(self, dumps: npt.NDArray[Any], offsets: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """The shards of blocks, by their dumps' numbers and their offsets."""
        return _shard(self._first[dumps], self.positions(dumps, offsets))


def _part_bases(dumps: Sequence[Dump]) -> list[int]:
    """What is added to an offset in each dump to make a position: 0, but for the further parts of one file."""
    bases: list[int] = []
    for number, dump in enumerate(dumps):
        again = number and dumps[number - 1].source == dump.source
        bases.append(bases[-1] + (1 << PART_BITS) if again else 0)
    return bases
