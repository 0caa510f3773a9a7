"""Stores: what a file is, whether it lies on this machine or in an object store.

s3:// and gs:// go through Beam's FileSystems, whose clients find credentials, region and endpoint by themselves, in the
environment and the standard places: none of them is asked for, kept or told here. A local file never meets Beam, which
looks up its options anew for each.

What a store cannot give, having tried again for as long as its client does, is a StoreError, not an OSError: a stream
that breaks off must not pass for a dump that is damaged.
"""

import copy
import io
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import pyarrow as pa

from dateline.errors import StoreError, Unusable

SCHEMES = ("s3://", "gs://")
CALLS = 10
"""Calls of a store under way at one time, where many objects are asked about: connections that a client keeps."""
BUFFER_BYTES = 1 << 20
"""Bytes that are asked of an open object at one time."""

EXTRAS = {
    "s3://": "boto3: install Dateline with its extra s3",
    "gs://": "google-cloud-storage: install Dateline with its extra gs",
}
"""What a scheme needs that is not installed by itself."""
_DENIED, _MISSING = ("401", "403"), ("404",)
_STATUS = {"404": FileNotFoundError, "409": FileExistsError, "412": FileExistsError}
T = TypeVar("T")


def in_store(path: str) -> bool:
    """Whether a path names objects of a store."""
    return path.startswith(SCHEMES)


def absolute(path: str) -> str:
    """A path as it is wherever the process stands."""
    return path if in_store(path) else os.path.abspath(path)


def size_of(path: str) -> int:
    """Bytes of a file; raises what look_of() does."""
    return int(look_of(path)[0]) if in_store(path) else os.path.getsize(path)


def look_of(path: str) -> list[int | str]:
    """What tells, without reading it, whether a file is still what it was: size, time of change in nanoseconds, its inode,
    and when that changed; or of a store what it has in place of both (S3: the ETag, GCS: the CRC-32C).

    Raises:
        OSError: it is not there, or not ours to read.
        StoreError: its store failed.
    """
    if not in_store(path):
        stat = os.stat(path)
        return [stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns]
    if path.startswith("s3://"):
        from apache_beam.io.aws.clients.s3.messages import GetRequest

        request = GetRequest(*path.removeprefix("s3://").split("/", 1))
        item = _asked(path, lambda: _s3(os.getpid()).get_object_metadata(request))
        return [item.size, int(item.last_modified.timestamp() * 1e9), str(item.etag)]
    system = _system(path)
    meta = _asked(path, lambda: system.metadata(path))
    tag = _asked(path, lambda: system.checksum(path))
    return [meta.size_in_bytes, int(meta.last_updated_in_seconds * 1e9), str(tag)]


def each(function: Callable[[str], T], paths: Iterable[str]) -> dict[str, T]:
    """What a function says of each path; of many objects of a store at one time."""
    paths = list(paths)
    if not any(map(in_store, paths)):
        return {path: function(path) for path in paths}
    with ThreadPoolExecutor(CALLS) as pool:
        return dict(zip(paths, pool.map(function, paths), strict=True))


def open_file(path: str) -> io.BufferedReader:
    """A file, open for reading at any offset, as it lies there.

    Raises:
        OSError: it is not there, or not ours to read.
        StoreError: its store failed.
    """
    if not in_store(path):
        return open(path, "rb")
    return io.BufferedReader(_Object(_asked(path, lambda: _opened(path)), path), BUFFER_BYTES)


def _opened(path: str) -> Any:
    if path.startswith("s3://"):
        from apache_beam.io.aws.s3io import S3IO

        return S3IO(client=copy.copy(_s3(os.getpid()))).open(path, "rb")
    from apache_beam.io.filesystem import CompressionTypes

    return _system(path).open(path, compression_type=CompressionTypes.UNCOMPRESSED)


@lru_cache(maxsize=1)
def _s3(process: int) -> Any:
    """Beam's client of S3, which its file system makes anew for each call, in a third of a second; one for each process,
    since connections are not to be shared. A copy of it has a stream of its own."""
    from apache_beam.io.aws.clients.s3.boto3_client import Client

    return Client({})


def arrow_file(path: str) -> Any:
    """A file as pyarrow reads it; to be closed."""
    return pa.PythonFile(open_file(path), "r") if in_store(path) else pa.memory_map(path)


def expand(pattern: str) -> list[str]:
    """The objects that a pattern, or a path, of a store matches, sorted.

    Raises:
        Unusable: the store cannot be asked as things are set up, or has no such bucket.
        StoreError: it failed.
    """
    if pattern.startswith("s3://"):
        _require_s3(pattern)
    system = _system(pattern)
    found = set()
    try:
        for variant in _variants(pattern):
            (result,) = _asked(pattern, lambda variant=variant: system.match([variant]))  # type: ignore[misc]
            found |= {meta.path for meta in result.metadata_list}
    except OSError as error:  # of GCS: S3 has been asked
        raise Unusable(f"{error}: there is no such bucket, or it is not ours to read") from None
    return sorted(path for path in found if not path.endswith("/"))  # which only stands for a folder


def _variants(pattern: str) -> list[str]:
    """Beam reads ** as any characters; that it may stand for no folder at all is what the shell adds."""
    first, *rest = re.split(r"(?<=/)\*\*/", pattern)
    choices = itertools.product(("", "**/"), repeat=len(rest))
    return [first + "".join(itertools.chain(*zip(choice, rest, strict=True))) for choice in choices]


def _system(path: str) -> Any:
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions

    scheme = path[: path.index("://") + 3]
    FileSystems.set_options(PipelineOptions([]))  # none: what a client needs it finds by itself
    try:
        return FileSystems.get_filesystem(path)
    except ValueError:
        raise Unusable(f"{scheme} needs {EXTRAS[scheme]}") from None


def _require_s3(pattern: str) -> None:
    """Ask S3 once by its own client: Beam's takes a missing bucket for an empty one, and tries for ten minutes where
    nobody gave it credentials.

    Raises:
        Unusable, StoreError: why the pattern cannot be expanded.
    """
    bucket, _, key = pattern.removeprefix("s3://").partition("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", bucket):
        raise Unusable("what stands behind s3:// has to be the name of a bucket, and no more than that")
    if not key:
        raise Unusable(f"{pattern} names a bucket; give a pattern such as s3://{bucket}/*.txt")
    client = s3_client()
    prefix = re.split(r"[*?[]", key)[0]
    try:
        with s3_errors(f"{pattern} cannot be read"):
            if prefix == key:
                client.head_object(Bucket=bucket, Key=key)
            else:
                client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    except FileNotFoundError as error:
        if prefix != key:
            raise Unusable(
                f"there is no bucket {bucket}: {error}"
            ) from None  # else no such key: see find_inputs()


def s3_client() -> Any:
    """boto3's client, one for each process; its threads may share it.

    Raises:
        StoreError: see s3_errors().
    """
    try:
        import boto3  # noqa: F401  # Beam's own flag for it is always set
    except ImportError:
        raise Unusable(f"s3:// needs {EXTRAS['s3://']}") from None
    with s3_errors("S3 cannot be asked"):
        return _s3(os.getpid()).client


@contextmanager
def s3_errors(what: str) -> Iterator[None]:
    """Have what boto3's client raises told as ours, behind what was tried.

    Raises:
        FileNotFoundError, FileExistsError: there is no such key; a condition of a write does not hold.
        Unusable: the store refused, or was not asked: no credentials, no such profile or bucket, an endpoint that is
            no URL.
        StoreError: it failed, or did not answer.
    """
    from botocore import exceptions as raised

    try:
        yield
    except raised.ClientError as error:
        status = str(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
        kind: type[Exception] = Unusable if status.startswith("4") else StoreError
        if error.response.get("Error", {}).get("Code") != "NoSuchBucket":
            kind = _STATUS.get(status, kind)
        raise kind(f"{what}: {one_line(error)}") from None
    except (
        raised.ConnectionError, raised.HTTPClientError, raised.IncompleteReadError, raised.FlexibleChecksumError,
    ) as error:  # fmt: skip
        raise StoreError(f"{what}: {one_line(error)}") from None
    except (raised.BotoCoreError, ValueError) as error:
        raise Unusable(f"{what}: {one_line(error)}") from None


class _Object(io.RawIOBase):
    """An object that Beam's client has open: its errors are told as ours, and its end is no earlier than its size."""

    def __init__(self, file: Any, path: str) -> None:
        try:
            self._file = file.detach()  # its buffer is 16 MiB
        except io.UnsupportedOperation:
            self._file = file
        self._path = path
        self._size = self._file.seek(0, io.SEEK_END)
        self._file.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any, /) -> int:
        try:
            read: int = _asked(self._path, lambda: self._file.readinto(buffer))
        except OSError as error:  # it went, or was shut, while it was read
            raise StoreError(str(error)) from None
        if not read and len(buffer) and self.tell() < self._size:
            raise StoreError(f"{self._path} ended at byte {self.tell()} of {self._size}")
        return read

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _asked(path: str, call: Callable[[], T]) -> T:
    """What a call of a store's client gives; what it raises is told as ours."""
    try:
        return call()
    except Exception as error:  # each client has errors of its own, and Beam wraps some of them
        cause: Any = error
        while details := getattr(cause, "exception_details", None):
            cause = next(iter(details.values()))
        code = str(getattr(cause, "code", ""))
        if code in _MISSING or isinstance(cause, FileNotFoundError):
            raise FileNotFoundError(f"{path} is not there") from None
        if code in _DENIED:
            raise PermissionError(f"{path} is not ours to read: {one_line(cause)}") from None
        raise StoreError(f"{path} cannot be read: {one_line(cause)}") from None


def one_line(error: object) -> str:
    """What an error says, in one line; an endpoint's URL may hold a password."""
    text = " ".join(str(getattr(error, "message", None) or error).split()) or type(error).__name__
    return re.sub(r"://\S*@", "://", text)
