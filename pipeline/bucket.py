"""A bucket's objects below one prefix: what reading and committing a dataset there is made of.

An object is there whole or not at all. Nothing here renames, and nothing but names() lists. What is uploaded is looked at
again: its length, and the SHA-256 that the store says it has; where it says none, the object is read back.
"""

import os
import re
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from typing import Any, TypeVar

from pipeline.rules.text import printable
from pipeline.stores import CALLS, StoreError, Unusable, in_store, s3_client, s3_errors

PART_BYTES = 16 << 20
"""Bytes of a part of a larger upload, of which a call under way holds one."""
COPY_BYTES = 5 << 30
"""The most that a store copies at one call."""
DELETED_AT_ONCE = 1000
"""The most objects that a store removes at one call."""
TRIES = 5
"""How often an object is asked for whose answer broke off; a call without an answer the client itself repeats."""

T = TypeVar("T")


def address_of(path: str) -> str:
    """A dataset's address as it is told and compared; "" for a path of this machine.

    Raises:
        Unusable: it is none; what stands there is not told, since it may be a password.
    """
    if not in_store(path):
        return ""
    match = re.fullmatch(r"s3://([A-Za-z0-9._-]+)/(.+?)/*", path)
    if not match or {"", ".", ".."}.intersection(match[2].split("/")) or match[2] != printable(match[2]):
        raise Unusable("a dataset's address has to be s3://BUCKET/FOLDER, and no more than that")
    return f"s3://{match[1]}/{match[2]}"


class Bucket:
    """The objects of an address such as s3://bucket/news, by their names below it."""

    def __init__(self, address: str) -> None:
        """
        Raises:
            Unusable: it is no such address, or there is no client, or what it needs.
        """
        self.address = address_of(address)
        self._bucket, _, folder = self.address.removeprefix("s3://").partition("/")
        self._prefix = f"{folder}/"
        self._client = s3_client()

    def place(self, name: str) -> str:
        """Bucket and key of an object, as pyarrow has them."""
        return f"{self._bucket}/{self._prefix}{name}"

    def filesystem(self) -> Any:
        """The store as pyarrow reads it; credentials it finds by itself, where boto3 does."""
        from pyarrow.fs import S3FileSystem

        meta = self._client.meta
        scheme, _, host = meta.endpoint_url.partition("://")
        own = {} if host.endswith(".amazonaws.com") else {"scheme": scheme, "endpoint_override": host}
        return S3FileSystem(region=meta.region_name, **own)

    def get(self, name: str) -> tuple[bytes, str] | None:
        """A small object and its ETag; None where there is none."""
        for left in reversed(range(TRIES)):
            try:
                with s3_errors(f"{self.address}/{name} cannot be read"):
                    answer = self._client.get_object(**self._at(name))
                    return answer["Body"].read(), answer["ETag"]
            except FileNotFoundError:
                return None
            except Unusable:
                raise
            except StoreError:
                if not left:
                    raise
        return None

    def put(self, name: str, data: bytes, new: bool = False, tag: str = "") -> None:
        """Write a small object.

        Args:
            new: only where there is none.
            tag: only where its ETag is this one.

        Raises:
            FileExistsError: the condition does not hold; or it did, and the answer was lost.
        """
        condition = {"IfNoneMatch": "*"} if new else {"IfMatch": tag} if tag else {}
        with s3_errors(f"{self.address}/{name} cannot be written"):
            self._client.put_object(**self._at(name), **_body(data), **condition)

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
        size = os.path.getsize(path)
        with open(path, "rb") as file, s3_errors(f"{self.address}/{name} cannot be written"):
            if size <= PART_BYTES:
                data = file.read()
                found = sha256(data)
                self._client.put_object(**self._at(name), **_body(data))
                wanted = _base64(data)
            else:
                found = sha256()
                parts = iter(lambda: file.read(PART_BYTES), b"")
                wanted = self._upload_parts(name, _updating(found, parts))
        if found.hexdigest() != digest:
            raise OSError(f"{path} is not what was written to it")
        self._require(name, size, wanted, digest)

    def _upload_parts(self, name: str, parts: Iterable[bytes]) -> str:
        """Write an object in parts; the checksum that the store has to tell of it, which is of the parts' checksums."""
        place = self._at(name)
        upload = self._client.create_multipart_upload(**place, ChecksumAlgorithm="SHA256")["UploadId"]
        done: list[dict[str, Any]] = []
        digests = b""
        try:
            for number, data in enumerate(parts, 1):
                answer = self._client.upload_part(**place, **_body(data), UploadId=upload, PartNumber=number)
                digests += sha256(data).digest()
                done.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": _base64(data)})
            self._client.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": done})
        except BaseException:
            with suppress(Exception):  # abandon_uploads() does it later
                self._client.abort_multipart_upload(**place, UploadId=upload)
            raise
        return _base64(digests)

    def _require(self, name: str, size: int, checksum: str, digest: str) -> None:
        """See that an object has these bytes."""
        with s3_errors(f"{self.address}/{name} cannot be looked at"):
            head = self._client.head_object(**self._at(name), ChecksumMode="ENABLED")
        told = head.get("ChecksumSHA256", "").partition("-")[0]  # behind it stands how many parts there are
        if not told and head["ContentLength"] == size:
            back = sha256()
            for data in self._read(name):
                back.update(data)
            told, checksum = back.hexdigest(), digest
        if head["ContentLength"] != size or told != checksum:
            raise StoreError(f"{self.address}/{name} is not what was written to it")

    def _read(self, name: str) -> Iterator[bytes]:
        with s3_errors(f"{self.address}/{name} cannot be read"):
            yield from self._client.get_object(**self._at(name))["Body"].iter_chunks(1 << 20)

    def download(self, name: str, path: str, digest: str) -> None:
        """An object into a file, whole or not at all.

        Args:
            name: of the object.
            path: the file; its folder is made.
            digest: its SHA-256, in hexadecimal.

        Raises:
            FileNotFoundError: there is no such object.
            OSError: it has other bytes.
            StoreError: the store failed.
        """
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.{uuid.uuid4().hex}"
        try:
            for left in reversed(range(TRIES)):
                found = sha256()
                try:
                    with open(temporary, "wb") as file:
                        for data in _updating(found, self._read(name)):
                            file.write(data)
                    break
                except StoreError as error:
                    if not left or isinstance(error, Unusable):
                        raise
            if found.hexdigest() != digest:
                raise OSError(f"{self.address}/{name}: its bytes are not those of the manifest's checksum")
            os.replace(temporary, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)

    def copy(self, source: str, target: str, size: int, digest: str) -> None:
        """One object's bytes under another name, without fetching them.

        Args:
            source, target: names.
            size: of the object.
            digest: its SHA-256, in hexadecimal; held against what the store says of the copy, if it says so.
        """
        with s3_errors(f"{self.address}/{target} cannot be written"):
            if size > COPY_BYTES:
                self._client.copy(self._at(source), self._bucket, self._prefix + target)
                return
            answer = self._client.copy_object(
                **self._at(target), CopySource=self._at(source), ChecksumAlgorithm="SHA256"
            )
        told = answer["CopyObjectResult"].get("ChecksumSHA256")
        if told and told != b64encode(bytes.fromhex(digest)).decode():
            raise StoreError(f"{self.address}/{target} is not what was copied to it")

    def names(self, folder: str = "", most: int = 0) -> Iterator[str]:
        """What the store lists below a folder, which may be less than what is there; `most` of it, 0 for all."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + folder, PaginationConfig={"MaxItems": most or None}
        )
        with s3_errors(f"{self.address}/{folder} cannot be listed"):
            for page in pages:
                for found in page.get("Contents", ()):
                    yield found["Key"][len(self._prefix) :]

    def delete(self, names: Sequence[str]) -> None:
        """Remove objects; one that is not there is none to remove."""
        for first in range(0, len(names), DELETED_AT_ONCE):
            keys = [{"Key": self._prefix + name} for name in names[first : first + DELETED_AT_ONCE]]
            with s3_errors(f"{self.address}: what is not needed cannot be removed"):
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True}
                )
            for error in answer.get("Errors", ()):
                raise StoreError(
                    f"s3://{self._bucket}/{error['Key']} cannot be removed: {error.get('Message')}"
                )

    def abandon_uploads(self, fitting: Callable[[str], bool]) -> None:
        """Remove what uploads in parts left that did not end."""
        with s3_errors(f"{self.address}: uploads that did not end cannot be removed"):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            )
            for page in pages:
                for found in page.get("Uploads", ()):
                    if fitting(found["Key"][len(self._prefix) :]):
                        self._client.abort_multipart_upload(
                            Bucket=self._bucket, Key=found["Key"], UploadId=found["UploadId"]
                        )

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}


def at_once(call: Callable[[T], None], items: Iterable[T]) -> None:
    """Have calls of a store made, some at one time; once one fails, no other is begun."""
    pool = ThreadPoolExecutor(CALLS)
    try:
        for _ in pool.map(call, items):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


def _updating(digest: Any, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def _body(data: bytes) -> dict[str, Any]:
    """What is written, with what the store has to hold it against."""
    return {"Body": data, "ChecksumAlgorithm": "SHA256", "ChecksumSHA256": _base64(data)}


def _base64(data: bytes) -> str:
    """The SHA-256 of some bytes, as a store tells it."""
    return b64encode(sha256(data).digest()).decode()
