"""Tallies: what blocks add up to, so that none goes or comes unseen on its way from the files to the check of their dumps.

    a task writes 3 blocks              -> its receipt says 3 blocks, 5,210 bytes, and their mix
    their places, packed, in batches    -> whoever settles the dumps comes to 3 blocks, 5,210 bytes, and the same mix

All three are sums, so neither order nor batches change them. A block more or less, or in another place, changes the mix.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

KINDS = ("articles", "duplicates", "rejected")
"""What a block may come to be; a place has a kind's number here."""

PLACE = np.dtype([("kind", "u1"), ("dump", "<i4"), ("offset", "<i8"), ("length", "<i8")])
"""Where a block stands: the number of its dump, the offset there and its length, both in bytes; and its kind."""
Places = npt.NDArray[Any]
"""A one-dimensional array of dtype PLACE."""

_BITS = (1 << 63) - 1
"""Of a mix: so it is a positive number in whatever it is kept."""


class Tally(NamedTuple):
    """What some blocks add up to."""

    blocks: int = 0
    bytes: int = 0
    mix: int = 0
    """The sum of a hash of each block's kind and place, below 2**63."""


def places_of(
    kind: str, dumps: npt.NDArray[Any], offsets: npt.NDArray[Any], lengths: npt.NDArray[Any]
) -> Places:
    """The places of blocks of one kind.

    Args:
        kind: one of KINDS.
        dumps: the number of each block's dump.
        offsets: where it begins there, in bytes.
        lengths: in bytes.
    """
    places = np.empty(len(dumps), PLACE)
    places["kind"] = KINDS.index(kind)
    places["dump"], places["offset"], places["length"] = dumps, offsets, lengths
    return places


def tally_of(places: Places) -> Tally:
    """What blocks add up to."""
    return tallies_of(places, np.array([0, len(places)]))[0]


def tallies_of(places: Places, edges: npt.NDArray[np.int64]) -> list[Tally]:
    """What the blocks from each edge to the next add up to; a file may have one block, and there are thousands of files."""
    mixed = _mixed(places["dump"].astype(np.uint64) << np.uint64(8) | places["kind"])
    for name in ("offset", "length"):
        mixed = _mixed(mixed ^ places[name].astype(np.uint64))
    sizes, mixes = (np.diff(_running(column)[edges]).tolist() for column in (places["length"], mixed))
    blocks = np.diff(edges).tolist()
    return [Tally(count, size, mix & _BITS) for count, size, mix in zip(blocks, sizes, mixes, strict=True)]


def _running(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The sum of all before each place, and of all; it may wrap, and so may a difference."""
    sums = np.zeros(len(column) + 1, column.dtype)
    np.cumsum(column, out=sums[1:])
    return sums


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Each number's bits spread over all 64, as splitmix64 ends."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ numbers >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ numbers >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return numbers ^ numbers >> np.uint64(31)


def added(tallies: Iterable[Sequence[int]]) -> Tally:
    """What tallies add up to."""
    blocks, size, mix = map(sum, zip(Tally(), *tallies, strict=True))
    return Tally(blocks, size, mix & _BITS)


def pack(places: Places) -> bytes:
    """Places as they travel: column after column, the offsets as steps from one to the next, zstd."""
    steps = np.diff(places["offset"], prepend=0)
    columns = (places["kind"], places["dump"], steps, places["length"])
    packed = pa.compress(b"".join(column.tobytes() for column in columns), "zstd", asbytes=True)
    return len(places).to_bytes(4, "little") + bytes(packed)


def unpack(packed: Iterable[bytes]) -> Places:
    """The places in some batches of pack()."""
    return np.concatenate([np.empty(0, PLACE), *map(_unpacked, packed)])


def in_order(places: Places) -> Places:
    """The places by dump, offset, length and kind."""
    by = (places["kind"], places["length"], places["offset"], places["dump"])
    ordered: Places = places.take(np.lexsort(by))
    return ordered


def _unpacked(packed: bytes) -> Places:
    places = np.empty(int.from_bytes(packed[:4], "little"), PLACE)
    columns = pa.decompress(packed[4:], len(places) * PLACE.itemsize, "zstd", asbytes=True)
    at = 0
    for name in PLACE.names or ():
        places[name] = np.frombuffer(columns, PLACE[name], len(places), at)
        at += len(places) * PLACE[name].itemsize
    places["offset"] = np.cumsum(places["offset"])
    return places
