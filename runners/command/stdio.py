"""Saying: stdout and stderr as a command finds them: closed, full, a pipe whose reader has gone, of any encoding.

What a command says on stderr must never end it, so a failure there is passed over. On stdout a failure ends a command
whose output is all that it is for; one that does something besides goes on, and is told at its end what was lost.
UTF-8 is written where that is the stream's encoding, else ASCII, and what that has not as JSON would escape it: so a line
of JSON stays one, and is the same to whoever reads it.
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

ESCAPED = "dateline_escaped"
"""The name of the error handler below."""


class OutputLost(Exception):
    """What a command prints reaches nobody: the reader has gone, or the system refused to write it. No OSError, since
    commands take those for troubles with their files."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror or str(error))
        self.is_enough = isinstance(error, BrokenPipeError)
        """Whether it was the reader, who has seen enough."""


class Stream(io.RawIOBase):
    """Writes to a file of the system; what cannot be written is lost."""

    def __init__(self, handle: int, is_closed: bool = False) -> None:
        """
        Args:
            handle: the file.
            is_closed: it was when the command began.
        """
        self._handle = handle
        self._is_closed = is_closed
        self.lost: OutputLost | None = None
        """What went wrong first."""
        self.ends_command = False
        """Whether that is raised."""

    def write(self, data: Any) -> int:
        """Write all, or take note of why not.

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


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), error.end


codecs.register_error(ESCAPED, _escaped)


@contextmanager
def said() -> Iterator[Stream | None]:
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
        made = io.TextIOWrapper(
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
