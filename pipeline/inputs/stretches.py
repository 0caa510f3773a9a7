"""Stretches: how the workers of one machine share what is left to read, once one of them is done.

    first worker     a.txt of 90 MB, of which it has reserved 40
    second worker    is done with its own, and takes the second half of what is left: bytes 65 MB to 90 MB of a.txt

A worker begins with one long stretch: copies stand near each other, and a worker knows those that it has met. How long that
takes depends on what it meets. So each stretch has a file in the run's folder, where its worker reserves a few MB before it
reads them, and others take from what is not reserved. Each article starts in a byte that one worker reserves.
"""

import fcntl
import os
import uuid
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from struct import Struct

from dateline.pipeline.inputs.ranges import Ranges

RESERVED_BYTES = 2 << 20
"""Bytes that a worker reserves at once."""
LEAST_BYTES = 4 << 20
"""Of a stretch that has less left nothing is taken: reading anew in the midst of a dump takes time, too."""

_STATE = Struct("<2q")
"""What stands first in a stretch's file: how many bytes are reserved, and how many the stretch has. Its ranges follow."""


class Stretch:
    """Byte ranges that a worker reads one behind the other, of which others may take the end."""

    def __init__(self, path: str, ranges: Ranges) -> None:
        """
        Args:
            path: the file of the stretch, which is made.
            ranges: the dump, the first byte and one past the last of each range.

        Raises:
            OSError: the file cannot be written.
        """
        self._path = path
        self._ranges = ranges
        self._reserved = 0
        size = sum(stop - start for _, start, stop in ranges)
        content = _STATE.pack(0, size) + array("q", [at for each in ranges for at in each]).tobytes()
        with _locked(path, os.O_CREAT | os.O_EXCL) as file:
            if os.write(file, content) != len(content):
                raise OSError(f"{path}: not all of its {len(content)} bytes could be written")

    def __iter__(self) -> Iterator[tuple[int, int, int, Callable[[int], bool]]]:
        """The dump, first byte and one past the last of each range to be read, and what is asked with each start in it, as
        by split.cut_range()."""
        before = 0
        for dump, start, stop in self._ranges:
            if before >= self._reserved and not self._reserve(before):
                return
            yield dump, start, stop, partial(self._claim, before - start, stop)
            before += stop - start
        self._reserve(before)  # nothing is left to be taken

    def _claim(self, shift: int, stop: int, start: int) -> bool:
        return start < stop and (start + shift < self._reserved or self._reserve(start + shift))

    def _reserve(self, at: int) -> bool:
        """Reserve the bytes from one on, counted through all ranges; False if it is not in the stretch any more."""
        with _locked(self._path) as file:
            _, size = _state(file)
            self._reserved = min(at + RESERVED_BYTES, size)
            os.pwrite(file, _STATE.pack(self._reserved, size), 0)
        return at < size


class Stretches:
    """The stretches of a run: begins new ones, and takes from those of others."""

    def __init__(self, folder: str) -> None:
        """folder: the run's for them, the same for all workers."""
        self._folder = folder

    def begin(self, ranges: Ranges) -> Stretch:
        """A stretch of these ranges."""
        return Stretch(f"{self._folder}/{uuid.uuid4().hex}", ranges)

    def take(self) -> Stretch | None:
        """The second half of what is left of the stretch that has most left; None if none has LEAST_BYTES."""
        paths = [entry.path for entry in os.scandir(self._folder)]
        for path in sorted(paths, key=_left, reverse=True):
            with _locked(path) as file:
                reserved, size = _state(file)
                if size - reserved >= LEAST_BYTES:
                    middle = (reserved + size) // 2
                    os.pwrite(file, _STATE.pack(reserved, middle), 0)
                    return self.begin(_part(_ranges(file), middle, size))
        return None


def _part(ranges: Ranges, begin: int, end: int) -> Ranges:
    """What of some ranges lies between two bytes, counted through all of them."""
    found = []
    before = 0
    for dump, start, stop in ranges:
        first, last = (max(start, min(stop, at - before + start)) for at in (begin, end))
        if first < last:
            found.append((dump, first, last))
        before += stop - start
    return tuple(found)


def _left(path: str) -> int:
    with _locked(path) as file:
        reserved, size = _state(file)
    return size - reserved


def _state(file: int) -> tuple[int, int]:
    data = os.pread(file, _STATE.size, 0)
    reserved, size = _STATE.unpack(data) if data else (0, 0)  # its worker is about to write it
    return reserved, size


def _ranges(file: int) -> Ranges:
    numbers = array("q", os.pread(file, os.fstat(file).st_size, _STATE.size))
    return tuple(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True))


@contextmanager
def _locked(path: str, flags: int = 0) -> Iterator[int]:
    """Open a file that no other worker has in hand meanwhile."""
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)
