"""How far a run is, for people only: nothing that is written depends on it.

Each worker process keeps its counts in a small file of its own in the run's folder; whoever watches adds
them up. A count may be doubled where a runner repeats work, so no result is made of these.
"""

import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from dateline.pipeline.versions import SameVersions

AT = "at-"
"""What the name of a worker's file begins with that says at which dump it failed."""

TELL_SECONDS = 0.1
"""The shortest time between two writings of a worker's counts: nobody sees more."""

_COUNTS = struct.Struct("<8q")


class Counts(NamedTuple):
    packed_read: int = 0
    """Bytes of packed dumps that were read to unpack them, as they lie in their files."""
    unpacked: int = 0
    """Bytes that those came to, which are to be read."""
    bytes_read: int = 0
    records: int = 0
    rejects: int = 0
    winners: int = 0
    rows_written: int = 0
    files: int = 0


class Progress(SameVersions):
    """Counts of one worker process; pickles as its folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._last = 0.0

    def add(self, **counts: int) -> None:
        """Add to the counts; a folder that is gone (the run is over) counts nothing."""
        sums = _SUMS.setdefault((self._folder, os.getpid()), [0] * len(Counts._fields))
        for name, count in counts.items():
            sums[Counts._fields.index(name)] += count
        now = time.monotonic()
        if now - self._last < TELL_SECONDS:
            return
        self._last = now
        with suppress(OSError):
            # Over what was there, in one write: whoever reads meanwhile finds the counts of before or of now.
            file = os.open(f"{self._folder}/{os.getpid()}", os.O_WRONLY | os.O_CREAT, 0o644)
            try:
                os.pwrite(file, _COUNTS.pack(*sums), 0)
            finally:
                os.close(file)


@contextmanager
def at_dump(folder: str, source: str | Callable[[], str]) -> Iterator[None]:
    """Have it be known at which dump a worker fails, if it does.

    Args:
        folder: that of the progress; "" for none.
        source: that of the dump which is under way, or tells it then.
    """
    try:
        yield
    except Exception:
        if not folder:
            raise
        name = source if isinstance(source, str) else source()
        with suppress(OSError):
            Path(folder, f"{AT}{os.getpid()}").write_text(name, "utf-8", "surrogatepass")
        raise


def failed_at(folder: str) -> str | None:
    """The source of the dump at which a worker failed, where that is known.

    Args:
        folder: that of the progress; "" for none.
    """
    if not folder:
        return None
    try:
        first = min(Path(folder).glob(f"{AT}*"), key=lambda path: path.stat().st_mtime_ns, default=None)
        return first.read_text("utf-8", "surrogatepass") if first else None
    except OSError:
        return None


_SUMS: dict[tuple[str, int], list[int]] = {}
"""The counts of this process, by the run's folder."""


def read_progress(folder: str) -> Counts:
    """The counts of all workers so far."""
    total = [0] * len(Counts._fields)
    for path in Path(folder).glob("[0-9]*"):
        data = b""
        with suppress(FileNotFoundError):  # the run is over
            data = path.read_bytes()
        counts = _SUMS.get((folder, int(path.name)))  # of this process all is known
        if counts is None and len(data) == _COUNTS.size:
            counts = list(_COUNTS.unpack(data))
        total = [a + b for a, b in zip(total, counts or [0] * len(total), strict=True)]
    return Counts(*total)
