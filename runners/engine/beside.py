"""Beside: what another process finds out while this one does something else.

    with beside(look) as told:      # look() yields True, "a", "b", in a process forked for it
        import apache_beam
        told.first()                # True, as soon as it is there
        told.so_far()               # ["a"], if that is all up to now

The process ends with the body. What it did not say, its errors too, is for this process to find out.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from signal import SIGKILL
from typing import IO, Any, NoReturn

from dateline.pipeline.stop import at_once, blocked, held, leave_signals, let
from dateline.runners.engine.parent_death import end_with_parent

MAX_OPEN = 1 << 12
"""Files that are looked for to be closed in a process that was forked; so early no more are open."""


class Told:
    """What the other process says."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def first(self) -> Any:
        """The first thing that it says, which is waited for; None where it ended without a word."""
        line = self._file.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def so_far(self) -> list[Any]:
        """All that it said since; nothing is waited for."""
        os.set_blocking(self._file.fileno(), False)
        lines = (self._file.read() or b"").split(b"\n")
        return [json.loads(line) for line in lines[:-1]]


@contextmanager
def beside(tell: Callable[[], Iterator[Any]]) -> Iterator[Told]:
    """Have what a function yields, in a process of its own; call it while this process has a single thread.

    Args:
        tell: yields what JSON can say.
    """
    with held():
        process, file = _fork(tell)

        def end() -> None:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(process, SIGKILL)
                os.waitpid(process, 0)

        at_once.append(end)
        try:
            with file, let():
                yield Told(file)
        finally:
            end()
            at_once.remove(end)


def _fork(tell: Callable[[], Iterator[Any]]) -> tuple[int, IO[bytes]]:
    ours, theirs = os.pipe()
    parent = os.getpid()
    with blocked():
        process = os.fork()
        if not process:
            _tell(tell, theirs, parent)
    os.close(theirs)
    return process, os.fdopen(ours, "rb")


def _tell(tell: Callable[[], Iterator[Any]], word: int, parent: int) -> NoReturn:
    try:
        leave_signals()
        end_with_parent()
        if os.getppid() == parent:
            leave_open(word)
            for each in tell():
                os.write(word, json.dumps(each).encode() + b"\n")
    finally:
        os._exit(0)  # what the parent would do as it ends, or say of an error, is not for this process


def leave_open(file: int) -> None:
    """Close all files of a process that was forked but one, and the three that each has: the dataset's lock is among them,
    which only the run itself may hold."""
    os.closerange(3, file)
    os.closerange(file + 1, min(os.sysconf("SC_OPEN_MAX"), MAX_OPEN))
