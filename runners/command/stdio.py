"""Standard streams: stdout and stderr may be closed, full, a pipe whose reader has gone, or of any encoding.

A failure on stderr never ends a command. A failure on stdout ends a command that only prints; a command that also writes
goes on, and at its end a warning says that its output was lost. Text is written as UTF-8 where that is the encoding of the
stream, else as ASCII with \\u escapes as JSON has them. So a line of JSON stays one, and reads the same everywhere.
"""

import codecs
import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from dateline.pipeline.stop import held

ESCAPED = "dateline_escaped"
"""The name of the error handler below."""


class OutputLost(Exception):
    """Output cannot be written: the reader has gone, or the system refused. This is no OSError, since commands take those
    for failures of their own files."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror or str(error))
        self.is_enough = isinstance(error, BrokenPipeError)
        """Whether the reader closed the pipe: it has all it wants."""


class Stream(io.RawIOBase):
    """Writes to a file descriptor. What cannot be written is dropped, and the first failure is kept."""

    def __init__(self, handle: int, is_closed: bool = False) -> None:
        """
        Args:
            handle: the file descriptor.
            is_closed: whether it was closed when the command began.
        """
        self._handle = handle
        self._is_closed = is_closed
        self.lost: OutputLost | None = None
        """The first failure."""
        self.ends_command = False
        """Whether a failure is raised."""

    def write(self, data: Any) -> int:
        """Write all, or keep the failure.

        Raises:
            OutputLost: see ends_command.
        """
        rest = memoryview(data)
        while rest and self.lost is None:
            try:
                if self._is_closed:
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))
                rest = rest[os.write(self._handle, rest) :]
            except (
                BlockingIOError
            ):  # whoever made it wants no waiting, but what is said has to wait for its reader
                select.select([], [self._handle], [])
            except OSError as error:
                self.lost = OutputLost(error)
        if self.lost is not None and self.ends_command:
            self.ends_command = False  # once is enough: a buffer is flushed again when it goes
            raise self.lost
        return len(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._handle

    def isatty(self) -> bool:
        return os.isatty(self._handle)


class Lines(io.TextIOWrapper):
    """Stdout. A signal waits until a text is written, so that a line of JSON is whole or not there."""

    is_mid_line = False

    def write(self, text: str, /) -> int:
        with held():
            if text:
                self.is_mid_line = not text.endswith("\n")
            return super().write(text)


def end_line() -> None:
    """Have what is printed next begin a line."""
    if getattr(sys.stdout, "is_mid_line", False):
        print()


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), error.end


codecs.register_error(ESCAPED, _escaped)


@contextmanager
def own_streams() -> Iterator[Stream | None]:
    """Have sys.stdout and sys.stderr be of this module during the body of the `with`; the Stream of stdout.

    Streams that somebody put in their place stay, and then there is none. What was closed is opened on nothing, so that
    no file that is opened later gets its number, and with it what was meant for a person.
    """
    closed = _open_closed()
    before: dict[str, TextIO | None] = {}
    out: Stream | None = None
    for name, handle in (("stdout", 1), ("stderr", 2)):
        there: TextIO | None = getattr(sys, name)
        if there is not getattr(sys, f"__{name}__"):
            continue
        if there is not None:
            with suppress(OSError, ValueError):
                there.flush()
        raw = Stream(handle, handle in closed)
        is_utf8 = codecs.lookup(getattr(there, "encoding", None) or "utf-8").name == "utf-8"
        lines = handle == 2 or raw.isatty()
        made = (Lines if handle == 1 else io.TextIOWrapper)(
            io.BufferedWriter(raw),
            encoding="utf-8" if is_utf8 else "ascii",
            errors=ESCAPED,
            line_buffering=lines,
        )
        before[name] = there
        setattr(sys, name, made)
        out = raw if handle == 1 else out
    try:
        yield out
    finally:
        if out is not None:
            out.ends_command = False
        for name, there in before.items():
            getattr(sys, name).flush()
            setattr(sys, name, there)


def _open_closed() -> list[int]:
    """Open what is closed of stdin, stdout and stderr on nothing; which were."""
    closed = []
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            closed.append(handle)
            os.open(os.devnull, os.O_RDWR)  # gets the least number that is free
    return closed
