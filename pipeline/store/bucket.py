"""A bucket's objects below one prefix: what reading and committing a dataset there is made of.

An object is there whole or not at all. Nothing here renames, and nothing but names() lists. What is uploaded is looked at
again: its length, and the checksum that the store says it has. How a store is asked is in s3.py and gs.py.
"""

import os
import re
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import file_digest
from typing import IO, Any, NamedTuple, Protocol, TypeVar

from dateline.errors import StoreError, Unusable

CALLS = 10
"""Calls of a store under way at one time, where many objects are asked about: connections that a client keeps."""
_BUSY = (408, 429)
T = TypeVar("T")


class Head(NamedTuple):
    """What a store says of an object without giving its bytes."""

    size: int
    """Bytes."""
    changed_ns: int
    """When it was written, in nanoseconds since 1970."""
    tag: str
    """What another write of it changes: S3's ETag, GCS's generation."""


class Stream(Protocol):
    """An object's bytes, from an offset on."""

    def read(self, size: int, /) -> bytes | memoryview:
        """The next bytes, at most so many; none at the object's end."""

    def close(self) -> None: ...


class Bucket(ABC):
    """The objects of an address such as s3://bucket/news, by their names below it.

    Any call raises Unusable where the store refuses it or cannot be asked, and StoreError where it fails for longer than
    its client is patient.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._bucket, _, folder = address.partition("://")[2].partition("/")
        self._prefix = f"{folder}/" if folder else ""

    def place(self, name: str) -> str:
        """Bucket and key of an object, as pyarrow has them."""
        return f"{self._bucket}/{self._prefix}{name}"

    @abstractmethod
    def filesystem(self) -> Any:
        """The store as pyarrow reads it; credentials it finds by itself, where the store's own client does."""

    @abstractmethod
    def get(self, name: str) -> tuple[bytes, str] | None:
        """A small object, and a tag that another write of it changes; None where there is none."""

    @abstractmethod
    def head(self, name: str) -> Head:
        """What the store says of an object.

        Raises:
            FileNotFoundError, PermissionError: it is not there, or not ours to read.
        """

    @abstractmethod
    def stream(self, name: str, start: int, tag: str) -> Stream:
        """An object's bytes, as of a tag; a connection that breaks is taken up again where it broke. To be closed.

        Args:
            name: of the object.
            start: the byte to begin with; it has to be one of the object's.
            tag: of the object: reading one that was written anew raises StoreError.
        """

    @abstractmethod
    def put(self, name: str, data: bytes, new: bool = False, tag: str = "") -> None:
        """Write a small object.

        Args:
            new: only where there is none.
            tag: only where its tag is this one.

        Raises:
            FileExistsError: the condition does not hold; or it did, and the answer was lost.
        """

    @abstractmethod
    def upload(self, path: str, name: str, digest: str) -> None:
        """Write a file's bytes, and see that they are there.

        Args:
            path: the file.
            name: of the object.
            digest: its SHA-256, in hexadecimal.

        Raises:
            OSError: the file is not what it was.
            StoreError: the store failed, or has something else.
        """

    def download(self, name: str, path: str, digest: str) -> None:
        """An object into a file, whole or not at all.

        Args:
            name: of the object.
            path: the file; its folder is made.
            digest: its SHA-256, in hexadecimal.

        Raises:
            FileNotFoundError: there is no such object.
            OSError: it has other bytes.
        """
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.{uuid.uuid4().hex}"
        try:
            with open(temporary, "wb") as file:
                self._fetch(name, file)
            with open(temporary, "rb") as file:
                found = file_digest(file, "sha256").hexdigest()
            if found != digest:
                raise OSError(f"{self.address}/{name}: its bytes are not those of the manifest's checksum")
            os.replace(temporary, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)

    @abstractmethod
    def _fetch(self, name: str, file: IO[bytes]) -> None:
        """Write an object's bytes into an empty file; raises what download() does."""

    @abstractmethod
    def copy(self, source: str, target: str, size: int, digest: str) -> None:
        """One object's bytes under another name, without fetching them.

        Args:
            source, target: names.
            size: of the object; the copy has to be as long.
            digest: its SHA-256, in hexadecimal; held against what the store says of the copy, if it says so.
        """

    def names(self, folder: str = "", most: int = 0) -> Iterator[str]:
        """The names of sizes()."""
        return (name for name, _ in self.sizes(folder, most))

    @abstractmethod
    def sizes(self, folder: str = "", most: int = 0) -> Iterator[tuple[str, int]]:
        """What the store lists below a folder, with its bytes, which may be less than what is there; `most` of it, 0 for
        all."""

    def look(self, name: str) -> tuple[int, str] | None:
        """Bytes and SHA-256 of an object, by reading it; None where there is none."""
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
        """Remove objects; one that is not there is none to remove."""

    @abstractmethod
    def abandon_uploads(self, fitting: Callable[[str], bool]) -> None:
        """Remove what uploads left that did not end, of the objects whose names fit."""


def at_once(call: Callable[[T], None], items: Iterable[T]) -> None:
    """Have calls of a store made, some at one time; once one fails, no other is begun."""
    pool = ThreadPoolExecutor(CALLS)
    try:
        for _ in pool.map(call, items):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


def failure(
    what: str, code: int, text: str, missing: type[Exception] = FileNotFoundError, reading: bool = False
) -> Exception:
    """The error that an answer of a store stands for.

    Args:
        what: what was tried; the message begins with it.
        code: the answer's HTTP status.
        text: what the store said.
        missing: the error where there is no such object, or bucket.
        reading: whether an object is read, of which there are others: that it is refused is then the object's affair.

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
