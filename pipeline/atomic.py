"""The disk: what has to be on it before the next step is taken."""

import ctypes
import json
import os
from collections.abc import Collection
from typing import IO, Any


def flush(root: str, paths: Collection[str]) -> None:
    """Have the system write files and their names to the disk.

    One syncfs(2) where there is one: it is as good as an fsync of each file and folder, and thousands of
    files cost one wait. It tells of errors since Linux 5.8.
    """
    handle = os.open(root, os.O_RDONLY)
    try:
        call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if call is not None:
            if call(handle):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), root)
            return
    finally:
        os.close(handle)
    folders = {f"{root}/{path}" for path in paths}
    for path in paths:
        sync(f"{root}/{path}")
    while folders := {os.path.dirname(path) for path in folders if path != root}:
        for folder in folders:
            sync(folder)


def sync(path: str) -> None:
    """fsync(2) of a file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def new_file(path: str) -> IO[str]:
    """A file to write text to, in place of one that a run left which died; never what a link of that name leads to."""
    try:
        return open(path, "x", encoding="utf-8")
    except FileExistsError:
        os.unlink(path)
        return open(path, "x", encoding="utf-8")


def write_whole(target: str, content: dict[str, Any]) -> None:
    """A small JSON file, whole or not at all, and on the disk when this returns."""
    temporary = f"{target}.tmp"
    write_through(temporary, content)
    os.replace(temporary, target)
    sync(os.path.dirname(target))


def write_through(path: str, content: dict[str, Any]) -> None:
    """A small JSON file, whose content is on the disk when this returns; its name is not."""
    with new_file(path) as out:
        json.dump(content, out, indent=1, ensure_ascii=False)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())
