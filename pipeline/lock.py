"""The lock: one run at a time writes a dataset."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pipeline.dataset import LOCK


class Locked(Exception):
    """Another run is under way; the message says which."""


@contextmanager
def lock(root: str, run: str) -> Iterator[None]:
    """Hold a dataset for one run. The system lets go of it when the process ends, however it ends.

    Raises:
        Locked: another process holds it.
    """
    with open(f"{root}/{LOCK}", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise Locked(f"{root} is locked by {_holder(file.read())}") from error
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


def _holder(text: str) -> str:
    try:
        return "run {run}, process {pid} on {host}, since {since}".format(**json.loads(text))
    except (ValueError, KeyError, TypeError):
        return "another process"
