"""The shard of a row: one rule for what writes it, looks for it and checks it."""

import numpy as np

from dateline.pipeline.elements import Dump
from dateline.pipeline.ledgers.shards import PART_BITS, SEGMENT_BITS, SHARDS, DumpShards, shard_of

DUMPS = [
    Dump("/a.txt", "a.txt", 9),
    Dump("/s/1", "b.warc", 9),
    Dump("/s/2", "b.warc", 9),
    Dump("/c", "c.txt", 9),
]


def test_many_at_once_have_the_shards_that_each_has_alone():
    shards = DumpShards(DUMPS)
    numbers = np.repeat(np.arange(len(DUMPS)), 5)
    offsets = np.tile([0, 1, (1 << SEGMENT_BITS) - 1, 1 << SEGMENT_BITS, 100 << SEGMENT_BITS], len(DUMPS))
    positions = shards.positions(numbers, offsets)
    expected = [shard_of(DUMPS[n].source, int(at)) for n, at in zip(numbers, positions, strict=True)]
    assert shards.shards(numbers, offsets).tolist() == expected
    assert set(expected) <= set(range(SHARDS))


def test_a_further_part_of_a_file_has_positions_of_its_own():
    positions = DumpShards(DUMPS).positions(np.array([0, 1, 2, 3]), np.array([7, 7, 7, 7]))
    assert positions.tolist() == [7, 7, (1 << PART_BITS) + 7, 7]


def test_a_shard_holds_a_segment():
    first = shard_of("a.txt", 0)
    assert shard_of("a.txt", (1 << SEGMENT_BITS) - 1) == first
    assert shard_of("a.txt", 1 << SEGMENT_BITS) == (first + 1) % SHARDS
    assert shard_of("a.txt", 1 << PART_BITS) == (first + 1) % SHARDS


def test_the_shards_of_datasets_that_are_there_stay():
    """Rows of older versions are looked for by this rule: another one would lose them."""
    assert [shard_of(name, at) for name, at in (("a.txt", 0), ("é.txt", 5 << 30), ("b", 3 << 48))] == [
        25,
        42,
        0,
    ]
