"""Atomic writing: a file is there whole or not at all, and on the disk before the next step is taken.

with whole_file("news.json") as file:   # news.json.<random>.tmp
    file.write(b"{}")                   # if this fails, news.json is as it was
                                        # else it is replaced at once
"""

import ctypes
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any


def flush(root: str, paths: Iterable[str]) -> None:
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
    places = {f"{root}/{path}" for path in paths}
    while places:  # the files, then the folders that they are in, and so on up to the root
        for place in places:
            sync(place)
        places = {os.path.dirname(place) for place in places if place != root}


def sync(path: str) -> None:
    """fsync(2) of a file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def whole_file(
    target: str,
    *,
    is_new: bool = False,
    flushed: bool = False,
    mode: int | None = None,
    temporary: str | None = None,
) -> Iterator[IO[bytes]]:
    """A file to write to, which gets its name once the body is done; if that fails nothing is there but what was before.

    Args:
        target: the name. A link of that name is replaced, not followed.
        is_new: whether a file of that name is left as it is.
        flushed: whether the bytes have to be on the disk first; the name is there once its folder was flushed, too.
        mode: the file's permissions; by default those of any new file. Until it has its name it is its owner's alone.
        temporary: its name until then, in the same folder; what is there of a dead process is removed. By default one that
            no other process has.

    Raises:
        FileExistsError: is_new, and there is one.
        OSError: it cannot be written.
    """
    name = temporary or f"{target}.{uuid.uuid4().hex}.tmp"
    try:
        with _created(name, mode) as file:
            yield file
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            if flushed:
                os.fsync(file.fileno())
        if is_new:
            os.link(name, target)  # refuses to replace
        else:
            os.replace(name, target)
    finally:
        with suppress(OSError):  # it is gone, or the next run removes it: the target may be there
            os.unlink(name)


def _created(name: str, mode: int | None) -> IO[bytes]:
    """A new file, in place of one that a dead process left; never what a link of that name leads to."""

    def private(path: str, flags: int) -> int:
        return os.open(path, flags, 0o600)

    opener = None if mode is None else private
    try:
        return open(name, "xb", opener=opener)
    except FileExistsError:
        os.unlink(name)
        return open(name, "xb", opener=opener)


def write_json(target: str, content: dict[str, Any]) -> None:
    """Write a small JSON file, which is on the disk, under its name, when this returns."""
    with whole_file(target, flushed=True, temporary=f"{target}.tmp") as file:
        file.write(json_bytes(content))
    sync(os.path.dirname(target))


def json_bytes(content: dict[str, Any]) -> bytes:
    """JSON as the small files of a dataset have it: a line for each field, and for each item of a list.

    >>> print(json_bytes({"version": 2, "files": [{"rows": 1, "bytes": 9}, {"rows": 3, "bytes": 7}]}).decode(), end="")
    {
     "version": 2,
     "files": [
      {"rows": 1, "bytes": 9},
      {"rows": 3, "bytes": 7}
     ]
    }
    """
    fields = ",\n ".join(f"{_JSON.encode(name)}: {_json(value)}" for name, value in content.items())
    return (f"{{\n {fields}\n}}\n" if fields else "{}\n").encode()


def _json(value: Any) -> str:
    """What indent=1 would do takes an encoder in Python, and a manifest may list 100,000 files."""
    if not isinstance(value, list) or not value:
        return _JSON.encode(value)
    text = _JSON.encode(value)[1:-1]
    if (
        all(isinstance(item, dict) for item in value) and text.count("}, {") == len(value) - 1
    ):  # none is in a text
        lines = text.replace("}, {", "},\n  {")
    else:
        lines = ",\n  ".join(map(_JSON.encode, value))
    return f"[\n  {lines}\n ]"


_JSON = json.JSONEncoder(ensure_ascii=False)
