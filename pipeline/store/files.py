"""Files: one way to read a file, whether it lies on this machine or in an object store.

    fingerprint_of("s3://bucket/dumps/day-1.txt")    [120391, 1767225600000000000, '"9b2cf5..."']
    expand("s3://bucket/dumps/**/*.txt")      ["s3://bucket/dumps/day-1.txt", ...]

An object is read as the plan saw it, or else as it was when it was opened: by its ETag or generation, so that no two
states of it are mixed. What a store cannot give, having tried for as long as its client does, is a StoreError, not an
OSError: a stream that breaks off must not pass for a damaged dump. A local file never meets a store's client.
"""

import io
import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pyarrow as pa

from dateline.errors import Unusable
from dateline.pipeline.elements import Pin
from dateline.pipeline.store.address import in_store, object_at
from dateline.pipeline.store.bucket import CALLS
from dateline.pipeline.store.object_file import BUFFER_BYTES, ObjectFile

_WILD = re.compile(
    r"(?:(?<=/)|\A)(?P<folders>\*\*/)|(?P<any>\*\*)|(?P<name>\*)|(?P<one>\?)|\[(?P<set>!?\]?[^\]]*)\]"
)
T = TypeVar("T")


def pin_of(path: str) -> Pin:
    """A file's state, as it is now; its tag is "" on this machine. Raises what fingerprint_of() does."""
    look = fingerprint_of(path)
    return Pin(int(look[0]), str(look[2]) if in_store(path) else "")


def size_of(path: str) -> int:
    """Bytes of a file; raises what fingerprint_of() does."""
    return int(fingerprint_of(path)[0]) if in_store(path) else os.path.getsize(path)


def fingerprint_of(path: str) -> list[int | str]:
    """A file's fingerprint, which another write of it changes; the file is not read.

    Returns:
        Size in bytes, time of change in nanoseconds since 1970, and of a file of this machine its inode and when that
        changed, of an object its tag (S3: the ETag, GCS: the generation).

    Raises:
        OSError: it is not there, or may not be read.
        StoreError: its store failed.
    """
    if in_store(path):
        bucket, key = object_at(path)
        return list(bucket.head(key))
    stat = os.stat(path)
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns]


def map_paths(function: Callable[[str], T], paths: Iterable[str]) -> dict[str, T]:
    """The result of a function for each path. If some are of a store, CALLS are asked for at one time."""
    paths = list(paths)
    if not any(map(in_store, paths)):
        return {path: function(path) for path in paths}
    with ThreadPoolExecutor(CALLS) as pool:
        return dict(zip(paths, pool.map(function, paths), strict=True))


def open_file(path: str, pin: Pin | None = None, stop: int | None = None) -> io.BufferedReader:
    """A file's bytes, open for reading at any offset; nothing is unpacked.

    Args:
        path: the file.
        pin: of an object the state that is read; None for that of now.
        stop: of an object the offset up to which all is read in order, so that some MB are asked for at one time; from it on
            it is read here and there. None for its end.

    Raises:
        OSError: it is not there, or may not be read.
        Changed (when read): the object is in another state by now.
        StoreError: its store failed; also while it is read.
    """
    if not in_store(path):
        return open(path, "rb")
    return io.BufferedReader(ObjectFile(*object_at(path), pin, stop), BUFFER_BYTES)


def first_bytes(path: str, count: int, pin: Pin | None = None) -> bytes:
    """How a file begins: so many bytes, or all of a shorter one. `pin` is as of open_file(), and it raises the same."""
    if not in_store(path):
        with open(path, "rb", buffering=0) as file:
            return file.read(count)
    size, tag = pin or pin_of(path)
    bucket, key = object_at(path)
    return bytes(bucket.get_range(key, 0, min(count, size), tag)) if size else b""


def arrow_file(path: str, pin: Pin | None = None) -> Any:
    """A file as pyarrow reads it; to be closed. `pin` is as of open_file()."""
    return pa.PythonFile(open_file(path, pin, stop=0), "r") if in_store(path) else pa.memory_map(path)


def expand(pattern: str) -> list[str]:
    """The objects that a pattern, or a path, of a store matches, sorted. In a pattern ** stands for any folders, or none.

    Raises:
        Unusable: the store cannot be asked as things are set up, or has no such bucket.
        StoreError: it failed.
    """
    bucket, key = object_at(pattern)
    fixed = re.split(r"[*?[]", key)[0]
    if fixed == key:
        try:
            bucket.head(key)
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise Unusable(str(error)) from None
        return [] if key.endswith("/") else [pattern]
    try:
        fits = re.compile(_regex(key), re.DOTALL).fullmatch
    except re.error:
        raise Unusable(f"{pattern} is no pattern: see what stands between [ and ]") from None
    return sorted(
        f"{bucket.address}/{name}"
        for name in bucket.names(fixed)
        if fits(name) and not name.endswith("/")  # which only stands for a folder
    )


def _regex(pattern: str) -> str:
    """A shell pattern as a regular expression."""
    found, end = [], 0
    for match in _WILD.finditer(pattern):
        found += [re.escape(pattern[end : match.start()]), _wild(match)]
        end = match.end()
    return "".join([*found, re.escape(pattern[end:])])


def _wild(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    if kind == "set":
        inverted, members = match[kind].startswith("!"), match[kind].removeprefix("!")
        escaped = re.sub(r"[\\\[\]^&~|]", r"\\\g<0>", members)
        return f"[{'^/' * inverted}{escaped}]"
    return {"folders": "(?:.*/)?", "any": ".*", "name": "[^/]*", "one": "[^/]"}[kind]
