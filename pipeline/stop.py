"""Stop: what a signal that ends this process does, and when.

The first raises Stopped in the main thread, wherever that is, so that all is put away on the way out. Where something is
made, or put away, it waits until that is done:

    with held():
        made = make()
        try:
            with let():
                use(made)  # may be stopped
        finally:
            remove(made)

The second ends the process at once, as kill -9 does: the next run puts in order what is left.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

NUMBERS = (signal.SIGINT, signal.SIGTERM)

ONE_SECONDS = 0.3
"""Signals within this time are one: timeout(1), and what starts programs in a terminal, send it to a process and its group."""

AGAIN_SECONDS = 0.01
"""After which Stopped is raised anew, where Python could only ignore it: in a destructor, or what C calls back."""

LAST = "dateline: error: ended at once by {}; the dataset is at its last version, and the next run puts in order what is left\n"

asked: list[int] = []
"""The signal that is to end this process, once one has come; a runner may turn Stopped into an error of its own."""

at_once: list[Callable[[], object]] = []
"""What is done all the same before this process ends at once."""

_held = False
_raised = False
_since = 0.0


class Stopped(BaseException):
    """The process was told to end."""


def take_signals() -> None:
    """Have SIGINT and SIGTERM end this process as told above, from here on."""
    global _held, _raised
    asked.clear()
    _held = _raised = False
    for number in NUMBERS:
        signal.signal(number, _signalled)


def leave_signals() -> None:
    """Have the signals pass this process by, which is a worker: the run that forked it says when it ends."""
    for number in NUMBERS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, NUMBERS)


def hold() -> None:
    """Have nothing be stopped any more: what this process came to is told whole. A second signal ends it all the same."""
    global _held
    _held = True


def leave(status: int) -> None:
    """End this process with an exit status, if it was told to end: threads that were broken off may keep Python from it."""
    if asked:
        os._exit(status)


@contextmanager
def held() -> Iterator[None]:
    """Have a signal that comes meanwhile stop this process only afterwards.

    Raises:
        Stopped: one came, and the body raised nothing.
    """
    global _held
    before, _held = _held, True
    try:
        yield
    finally:
        _held = before
    if asked and not _held and not _raised:
        _stop()


@contextmanager
def let() -> Iterator[None]:
    """Within held(), have a signal stop this process where it is.

    Raises:
        Stopped: one has come.
    """
    global _held
    before, _held = _held, False
    try:
        look()
        yield
    finally:
        _held = before


def look() -> None:
    """See that nobody asked this process to end: before a step that cannot be taken back.

    Raises:
        Stopped: somebody did.
    """
    if asked:
        _stop()


@contextmanager
def blocked() -> Iterator[None]:
    """Have no signal reach this process meanwhile: the child of a fork would act on it as if it were the run."""
    with held():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _signalled(number: int, frame: object) -> None:
    global _since
    now = time.monotonic()
    if asked and now - _since > ONE_SECONDS:
        _end(number)
    if not asked:
        asked.append(number)
        _since = now
        if not _held:
            _stop()


def _stop() -> NoReturn:
    global _raised
    if threading.current_thread() is threading.main_thread():
        _raised = True
        if sys.unraisablehook is not _ignored:
            _ignored.before = sys.unraisablehook
            sys.unraisablehook = _ignored
        threading.excepthook = lambda raised: None  # threads may break over what is taken from under them
    raise Stopped


class _Ignored:
    """Python's hook for an error that it can raise nowhere: of Stopped it says nothing, and has it raised again."""

    before: Callable[[Any], object] = sys.__unraisablehook__

    def __call__(self, found: Any) -> None:
        global _raised
        if not isinstance(found.exc_value, Stopped):
            self.before(found)
            return
        _raised = False
        if not _held:
            signal.signal(signal.SIGALRM, _again)
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)


_ignored = _Ignored()


def _again(number: int, frame: object) -> None:
    if not _held and not _raised:
        _stop()


def _end(number: int) -> NoReturn:
    """End this process as it is."""
    for each in at_once:
        with suppress(Exception):
            each()
    with suppress(OSError):
        os.write(2, LAST.format(signal.Signals(number).name).encode())
    os._exit(128 + number)
