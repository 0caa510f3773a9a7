"""The lock: one run at a time writes a dataset.

    _lock   {"run": "20261129T000000-0123abcd", "pid": 4711, "host": "here", "since": "2026-11-29T00:00:00+00:00"}

The lock is flock(2) on this file; what it says is for the message of whoever finds it locked.
"""

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Any

from dateline.errors import DamagedFile, Locked, UsageError
from dateline.pipeline.dataset.safe_files import parse_json, require_own_file, require_shape
from dateline.pipeline.names import LOCK

MOST_TEXT = 4096
"""Characters of the file that are looked at: what a run writes there is shorter."""


NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
"""What file systems say that have none, as some network mounts."""


@contextmanager
def lock(root: str, run: str) -> Iterator[None]:
    """Hold a dataset for one run. The system lets go of it when the process ends, however it ends.

    Raises:
        Locked: another process holds it.
        UsageError: the file system has no locks.
        DamagedFile: there is something else in its place.
    """
    with _opened(root) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise Locked(f"{root} is locked by {_holder(file.read(MOST_TEXT))}") from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            raise UsageError(
                f"{root} is on a file system without locks ({error.strerror}), which keep two runs from writing it at a time; "
                "give a folder of another disk, or an address such as s3://bucket/news"
            ) from None
        file.truncate(0)
        file.write(
            json.dumps(
                {
                    "run": run,
                    "pid": os.getpid(),
                    "host": socket.gethostname(),
                    "since": datetime.now(UTC).isoformat(timespec="seconds"),
                }
            )
        )
        file.flush()
        yield
        file.truncate(0)


def _opened(root: str) -> IO[str]:
    """The lock's file, which may have to be made. Whoever holds the lock empties it: it has to be the dataset's own."""
    require_own_file(root, LOCK)
    handle = os.open(f"{root}/{LOCK}", os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    file = os.fdopen(handle, "a+", encoding="utf-8", errors="replace")
    if os.fstat(file.fileno()).st_nlink > 1:  # as in a copy of a dataset that is made of hard links
        file.seek(0)
        text = file.read(MOST_TEXT)
        if text and _held_by(text) is None:
            file.close()
            raise DamagedFile(f"{root}/{LOCK} is another name of a file that is no lock: remove it")
    return file


def _held_by(text: str) -> dict[str, Any] | None:
    try:
        found = parse_json(LOCK, text)
        require_shape(LOCK, found, "lock")
    except DamagedFile:
        return None
    return dict(found)


def _holder(text: str) -> str:
    held = _held_by(text)
    return "run {run}, process {pid} on {host}, since {since}".format(**held) if held else "another process"
