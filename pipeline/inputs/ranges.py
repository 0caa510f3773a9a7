"""Byte ranges: how the work of reading is shared out.

    a.txt of 70 MB, b.txt of 90 MB, tasks of 80 MB   -> a.txt and the first 10 MB of b.txt; the other 80 MB of b.txt

A task reads what stands together: copies stand near each other, and a worker knows those that it has met.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from dateline.pipeline.elements import Dump

Ranges: TypeAlias = tuple[tuple[int, int, int], ...]
"""The byte ranges of one task, as they are shuffled: plain tuples, whose coder is a fast one."""

KeyedRanges: TypeAlias = tuple[int, Ranges]
"""Byte ranges under the number of the task that reads them."""


class ByteRange(NamedTuple):
    """A share of one dump: the articles that start in these bytes."""

    dump: int
    start: int
    stop: int


def plan_reads(dumps: Sequence[Dump], range_bytes: int) -> list[tuple[ByteRange, ...]]:
    """The tasks of reading, by their numbers, with the ranges of the plain dumps: range_bytes of all dumps go to each.

    Every byte of every plain dump is in exactly one range. What is unpacked first has its share in the tasks, but no range.
    """
    size = sum(dump.size for dump in dumps)
    tasks: list[list[ByteRange]] = [[] for _ in range(0, size, range_bytes)]
    before = 0
    for number, dump in enumerate(dumps):
        if dump.part is None:
            for task, start, stop in shares_of(before, dump.size, dump.size, range_bytes):
                tasks[task].append(ByteRange(number, start, stop))
        before += dump.size
    return list(map(tuple, tasks))


def shares_of(before: int, size: int, unpacked: int, range_bytes: int) -> Iterator[tuple[int, int, int]]:
    """The ranges that a dump is cut into, each with the number of its task.

    Args:
        before: bytes of the dumps before it.
        size: its own.
        unpacked: bytes that it came to; the same for a plain one.
        range_bytes: of a task.

    Returns:
        The task's number, the first byte and one past the last, of the bytes that the dump came to.
    """
    after = before + size
    for task in range(before // range_bytes, -(-after // range_bytes)) if size else ():
        start, stop = max(before, task * range_bytes), min(after, (task + 1) * range_bytes)
        first, end = ((at - before) * unpacked // size for at in (start, stop))
        if first < end:
            yield task, first, end


def plan_parts(dumps: Sequence[Dump], task_bytes: int) -> list[tuple[ByteRange, ...]]:
    """The tasks of unpacking: all dumps that are unpacked before they are read, small ones put together to task_bytes."""
    tasks: list[tuple[ByteRange, ...]] = []
    task: list[ByteRange] = []
    room = task_bytes
    for number, dump in enumerate(dumps):
        if dump.part and dump.size:
            if task and room < dump.size:
                tasks.append(tuple(task))
                task, room = [], task_bytes
            task.append(ByteRange(number, 0, dump.size))
            room -= dump.size
    return [*tasks, tuple(task)] if task else tasks
