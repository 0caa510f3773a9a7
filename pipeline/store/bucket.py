"""A bucket's objects below one prefix: what reading and committing a dataset there is made of.

An object is there whole or not at all. Nothing here renames, and nothing but names() lists. What is uploaded is looked at
again: its length, and the checksum that the store says it has. How a store is asked is in s3.py and gs.py.
"""

import os
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import file_digest
from typing import IO, Any, TypeVar

from dateline.pipeline.store.checksum import sha256_of
from dateline.pipeline.store.files import CALLS

T = TypeVar("T")


class Bucket(ABC):
    """The objects of an address such as s3://bucket/news, by their names below it.

    Any call raises Unusable where the store refuses it or cannot be asked, and StoreError where it fails for longer than
    its client is patient.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._bucket, _, folder = address.partition("://")[2].partition("/")
        self._prefix = f"{folder}/"

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
            if sha256_of(temporary) != digest:
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
