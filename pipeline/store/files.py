"""Files: one way to read a file, whether it lies on this machine or in an object store.

    fingerprint_of("s3://bucket/dumps/day-1.txt")    [120391, 1767225600000000000, '"9b2cf5..."']
    expand("s3://bucket/dumps/**/*.txt")      ["s3://bucket/dumps/day-1.txt", ...]

An object is read as it was when it was opened: by its ETag or generation, so that no two states of it are mixed. What a
store cannot give, having tried for as long as its client does, is a StoreError, not an OSError: a stream that breaks off
must not pass for a damaged dump. A local file never meets a store's client.
"""

import io
import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pyarrow as pa

from dateline.errors import StoreError, Unusable
from dateline.pipeline.store.address import in_store, object_at
from dateline.pipeline.store.bucket import CALLS, Bucket, Stream

BUFFER_BYTES = 1 << 20
"""Bytes that are read from an open object at one time."""
_WILD = re.compile(
    r"(?:(?<=/)|\A)(?P<folders>\*\*/)|(?P<any>\*\*)|(?P<name>\*)|(?P<one>\?)|\[(?P<set>!?\]?[^\]]*)\]"
)
T = TypeVar("T")


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


def open_file(path: str) -> io.BufferedReader:
    """A file's bytes, open for reading at any offset; nothing is unpacked.

    Raises:
        OSError: it is not there, or may not be read.
        StoreError: its store failed; also while it is read.
    """
    if not in_store(path):
        return open(path, "rb")
    return io.BufferedReader(_Object(*object_at(path)), BUFFER_BYTES)


def arrow_file(path: str) -> Any:
    """A file as pyarrow reads it; to be closed."""
    return pa.PythonFile(open_file(path), "r") if in_store(path) else pa.memory_map(path)


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


class _Object(io.RawIOBase):
    """An object, open for reading; it ends no earlier than its size."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._key = bucket, key
        self._size, _, self._tag = bucket.head(key)
        self._offset = 0
        self._stream: Stream | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        target = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._offset, io.SEEK_END: self._size}[whence]
        if target < 0:
            raise ValueError(f"there is no byte {target} of an object")
        if target != self._offset:
            self._leave()
            self._offset = target
        return target

    def tell(self) -> int:
        return self._offset

    def readinto(self, buffer: Any, /) -> int:
        if not len(buffer) or self._offset >= self._size:
            return 0
        try:
            if self._stream is None:
                self._stream = self._bucket.stream(self._key, self._offset, self._tag)
            data = self._stream.read(len(buffer))
        except OSError as error:  # it went, or was shut, while it was read
            raise StoreError(str(error)) from None
        if not data:
            raise StoreError(
                f"{self._bucket.address}/{self._key} ended at byte {self._offset} of {self._size}"
            )
        buffer[: len(data)] = data
        self._offset += len(data)
        return len(data)

    def close(self) -> None:
        self._leave()
        super().close()

    def _leave(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
