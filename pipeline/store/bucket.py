"""Bucket: what the rest of the program asks of an object store, whichever it is; s3.py and gs.py ask it.

    bucket = open_bucket("s3://bucket/news")
    bucket.put("_manifests/00000001.json", data, new=True)     one PUT that must not replace
    bucket.names("_versions/")                                 ["_versions/00000001/5f0c....arrow", ...]

An object is there whole or not at all. Nothing is renamed, and only names() and sizes() list. Each upload is checked by
the store's own answer: the checksum that it tells of the object is right.
"""

import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest
from typing import IO, Any, NamedTuple, TypeVar

from dateline.errors import StoreError, Unusable
from dateline.pipeline.atomic import whole_file

CALLS = 10
"""Calls of a store that are made at one time, where there are many: a client keeps as many connections."""
_BUSY = (408, 429)
T = TypeVar("T")
Bytes = bytes | bytearray | memoryview
"""What upload_bytes() takes; a buffer of pyarrow's will do, too."""


class Head(NamedTuple):
    """What a store says of an object without giving its bytes."""

    size: int
    """Bytes."""
    changed_ns: int
    """When it was written, in nanoseconds since 1970."""
    tag: str
    """What another write of it changes: S3's ETag, GCS's generation."""


class Bucket(ABC):
    """The objects below an address such as s3://bucket/news. An object's name is its key without the address's prefix.

    Any call raises Unusable where the store refuses it or cannot be asked, and StoreError where it fails and its client
    has tried often enough.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._bucket, _, folder = address.partition("://")[2].partition("/")
        self._prefix = f"{folder}/" if folder else ""

    def arrow_path(self, name: str) -> str:
        """An object's path in filesystem(): bucket and key."""
        return f"{self._bucket}/{self._prefix}{name}"

    @abstractmethod
    def filesystem(self) -> Any:
        """The store as a file system of pyarrow's, which finds credentials where the store's own client does."""

    @abstractmethod
    def get(self, name: str) -> tuple[bytes, str] | None:
        """A small object's bytes and its tag, which any write changes; None if there is no such object."""

    @abstractmethod
    def head(self, name: str) -> Head:
        """Size, time and tag of an object.

        Raises:
            FileNotFoundError, PermissionError: there is no such object, or it may not be read.
        """

    @abstractmethod
    def get_range(self, name: str, start: int, stop: int, tag: str) -> Bytes:
        """Bytes of an object, by one call; where the connection breaks, by another for the rest.

        Args:
            name: of the object.
            start: offset of the first byte, below the object's size.
            stop: offset behind the last byte, at most the object's size.
            tag: the object's, as of head().

        Raises:
            FileNotFoundError, PermissionError: there is no such object, or it may not be read.
            Changed: the object has another tag by now.
        """

    @abstractmethod
    def put(self, name: str, data: bytes, new: bool = False, tag: str = "") -> None:
        """Write a small object.

        Args:
            new: on condition that there is no such object.
            tag: on condition that the object has this tag.

        Raises:
            FileExistsError: the condition does not hold; or the object was written, and the answer was lost.
        """

    @abstractmethod
    def upload(self, path: str, name: str, digest: str) -> None:
        """Write a file as an object, and check the object.

        Args:
            path: the file.
            name: of the object.
            digest: the file's SHA-256, in hexadecimal.

        Raises:
            OSError: the file has another SHA-256; there is no object of it.
            StoreError: the store failed, or the object has other bytes.
        """

    @abstractmethod
    def upload_bytes(self, data: Bytes, name: str, digest: str) -> None:
        """Write bytes as an object, as upload() does those of a file.

        Args:
            data: the bytes.
            name: of the object.
            digest: the bytes' SHA-256, in hexadecimal.

        Raises:
            OSError: the bytes have another SHA-256; there is no object of them.
            StoreError: the store failed, or the object has other bytes.
        """

    def download(self, name: str, path: str, digest: str) -> None:
        """Write an object as a file, whole or not at all.

        Args:
            name: of the object.
            path: the file; its folder is made.
            digest: its SHA-256, in hexadecimal.

        Raises:
            FileNotFoundError: there is no such object.
            OSError: it has other bytes.
        """
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with whole_file(path) as file:
            self._fetch(name, file)
            file.flush()
            with open(file.name, "rb") as written:
                found = file_digest(written, "sha256").hexdigest()
            if found != digest:
                raise OSError(f"{self.address}/{name}: its bytes are not those of the manifest's checksum")

    @abstractmethod
    def _fetch(self, name: str, file: IO[bytes]) -> None:
        """Write an object's bytes into an empty file; raises what download() does."""

    @abstractmethod
    def copy(self, source: str, target: str, size: int, digest: str) -> None:
        """One object's bytes under another name, without fetching them.

        Args:
            source, target: names.
            size: of the object in bytes, and of the copy.
            digest: its SHA-256, in hexadecimal; the copy's, if the store keeps it, has to be the same.

        Raises:
            FileNotFoundError: there is no object of the name source.
            StoreError: the store failed, or the copy is another.
        """

    def names(self, folder: str = "", most: int = 0) -> Iterator[str]:
        """The names of sizes()."""
        return (name for name, _ in self.sizes(folder, most))

    @abstractmethod
    def sizes(self, folder: str = "", most: int = 0) -> Iterator[tuple[str, int]]:
        """Names and sizes, in bytes, of the objects that the store lists; it may not list all yet.

        Args:
            folder: what their names begin with.
            most: how many are wanted; 0 for all.
        """

    def measure(self, name: str) -> tuple[int, str] | None:
        """Size in bytes and SHA-256 of an object, which is read; None if there is no such object."""
        with tempfile.TemporaryFile() as file:
            try:
                self._fetch(name, file)
            except FileNotFoundError:
                return None
            size = file.tell()
            file.seek(0)
            return size, file_digest(file, "sha256").hexdigest()

    @abstractmethod
    def delete(self, names: Sequence[str]) -> None:
        """Remove objects; those that are not there are passed over."""

    @abstractmethod
    def abort_uploads(self, fits: Callable[[str], bool]) -> None:
        """Remove the parts of unfinished uploads, of objects whose names fit."""


def in_parallel(call: Callable[[T], None], items: Iterable[T]) -> None:
    """Make a call for each item, CALLS at one time. Once one fails, no other is begun, and its error is raised."""
    pool = ThreadPoolExecutor(CALLS)
    try:
        for _ in pool.map(call, items):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


def failure(
    what: str, code: int, text: str, missing: type[Exception] = FileNotFoundError, reading: bool = False
) -> Exception:
    """The exception for an answer of a store that is an error.

    Args:
        what: what was tried; the message begins with it.
        code: the answer's HTTP status.
        text: what the store said.
        missing: the error where there is no such object, or bucket.
        reading: whether it is a dump that is read: others may still be readable, so a refusal is a PermissionError.

    Returns:
        FileExistsError where a condition does not hold; PermissionError or Unusable where the store refused; StoreError
        where it failed.
    """
    kinds: dict[int, type[Exception]] = {404: missing, 409: FileExistsError, 412: FileExistsError}
    if reading:
        kinds |= {401: PermissionError, 403: PermissionError}
    refused = 400 <= code < 500 and code not in _BUSY
    return kinds.get(code, Unusable if refused else StoreError)(f"{what}: {text}")


def one_line(error: object) -> str:
    """What an error says, in one line; an endpoint's URL may hold a password."""
    text = " ".join(str(getattr(error, "message", None) or error).split()) or type(error).__name__
    return re.sub(r"://\S*@", "://", text)
