"""Byte ranges: how the work of reading is shared out."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from dateline.pipeline.elements import Dump

Ranges: TypeAlias = tuple[tuple[int, int, int], ...]
"""The byte ranges of one task, as they are shuffled: plain tuples, whose coder is a fast one."""


class ByteRange(NamedTuple):
    """A share of one dump: the articles that start in these bytes."""

    dump: int
    start: int
    stop: int


def plan_reads(dumps: Sequence[Dump], range_bytes: int) -> list[tuple[ByteRange, ...]]:
    """The tasks of reading: big dumps cut into ranges, small ones put together.

    Every byte of every dump is in exactly one range; a task has about range_bytes bytes.
    """
    tasks: list[tuple[ByteRange, ...]] = []
    task: list[ByteRange] = []
    room = range_bytes
    for number, dump in enumerate(dumps):
        whole = [(0, dump.size)] if dump.part and dump.size else ranges_of(dump.size, range_bytes)
        for start, stop in whole:
            if task and room < stop - start:
                tasks.append(tuple(task))
                task, room = [], range_bytes
            task.append(ByteRange(number, start, stop))
            room -= stop - start
    return [*tasks, tuple(task)] if task else tasks


def ranges_of(size: int, range_bytes: int) -> list[tuple[int, int]]:
    """The ranges, each (first byte, one past the last), that `size` bytes are cut into."""
    return [(start, min(start + range_bytes, size)) for start in range(0, size, range_bytes)]
