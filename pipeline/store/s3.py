"""S3: the objects of a bucket there, or of a server that speaks S3's protocol.

S3 keeps the SHA-256 that each PUT and copy sends along, and tells it in its answer: an upload is checked against that.
docs/stores.md says why the client is boto3.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from io import BufferedReader
from typing import IO, Any

from dateline.errors import StoreError, Unusable
from dateline.pipeline.store.bucket import Bucket, Bytes, Head
from dateline.pipeline.store.s3_client import s3_client, s3_errors
from dateline.pipeline.store.s3_stream import TRIES, S3Stream

PART_BYTES = 16 << 20
"""Bytes of a part of a larger upload, of which a call under way holds one."""
COPY_BYTES = 5 << 30
"""The most that a store copies at one call."""
DELETED_AT_ONCE = 1000
"""The most objects that a store removes at one call."""
PIECE_BYTES = 1 << 20
"""Bytes of an object that are held at one time."""


class S3Bucket(Bucket):
    """See Bucket; an object's tag is its ETag."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._client = s3_client()

    def filesystem(self) -> Any:
        from pyarrow.fs import S3FileSystem

        meta = self._client.meta
        scheme, _, host = meta.endpoint_url.partition("://")
        own = {} if host.endswith(".amazonaws.com") else {"scheme": scheme, "endpoint_override": host}
        return S3FileSystem(region=meta.region_name, **own)

    def get(self, name: str) -> tuple[bytes, str] | None:
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
        condition = {"IfNoneMatch": "*"} if new else {"IfMatch": tag} if tag else {}
        with s3_errors(f"{self.address}/{name} cannot be written"):
            self._client.put_object(**self._at(name), **_body(bytearray(data)), **condition)

    def upload(self, path: str, name: str, digest: str) -> None:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            self._upload(_parts_of(file, size), size, name, digest, path)

    def upload_bytes(self, data: Bytes, name: str, digest: str) -> None:
        view = memoryview(data).cast("B")
        parts = (bytearray(view[at : at + PART_BYTES]) for at in range(0, len(view), PART_BYTES))
        self._upload(parts, len(view), name, digest, f"{self.address}/{name}")

    def _upload(self, parts: Iterator[bytearray], size: int, name: str, digest: str, what: str) -> None:
        """Write an object, at one call if it is of one part; `what` is what a message calls the bytes."""
        with s3_errors(f"{self.address}/{name} cannot be written"):
            if size > PART_BYTES:
                kept, wanted = self._upload_parts(name, parts, digest, what)
            else:
                body = _body(next(parts, bytearray()))
                wanted = body["ChecksumSHA256"]
                _require_same(b64decode(wanted), digest, what)
                kept = self._client.put_object(**self._at(name), **body).get("ChecksumSHA256")
        if kept is None:
            self._require(name, size, wanted, digest)
        elif kept.partition("-")[0] != wanted:  # the number of parts follows
            raise StoreError(f"{self.address}/{name} is not what was written to it")

    def _upload_parts(
        self, name: str, parts: Iterator[bytearray], digest: str, what: str
    ) -> tuple[str | None, str]:
        """Write an object in parts.

        Returns:
            In base64 the SHA-256 of its parts' SHA-256: as the store's answer has it, if it does, and as it has to be.
        """
        place = self._at(name)
        upload = self._client.create_multipart_upload(**place, ChecksumAlgorithm="SHA256")["UploadId"]
        done: list[dict[str, Any]] = []
        whole = sha256()
        try:
            for number, data in enumerate(parts, 1):
                body = _body(data)
                answer = self._client.upload_part(**place, **body, UploadId=upload, PartNumber=number)
                whole.update(data)
                part = {
                    "PartNumber": number,
                    "ETag": answer["ETag"],
                    "ChecksumSHA256": body["ChecksumSHA256"],
                }
                done.append(part)
            _require_same(whole.digest(), digest, what)
            try:
                answer = self._client.complete_multipart_upload(
                    **place, UploadId=upload, MultipartUpload={"Parts": done}
                )
            except self._client.exceptions.NoSuchUpload:
                answer = {}  # a try whose answer was lost did it: the object tells
        except BaseException:
            with suppress(Exception):  # abort_uploads() does it later
                self._client.abort_multipart_upload(**place, UploadId=upload)
            raise
        digests = b"".join(b64decode(part["ChecksumSHA256"]) for part in done)
        return answer.get("ChecksumSHA256"), _base64(digests)

    def _require(self, name: str, size: int, checksum: str, digest: str) -> None:
        """Require that an object has these bytes; where the store keeps no SHA-256, by reading it back."""
        with s3_errors(f"{self.address}/{name} cannot be looked at"):
            head = self._client.head_object(**self._at(name), ChecksumMode="ENABLED")
        kept = head.get("ChecksumSHA256", "").partition("-")[0]  # the number of parts follows
        if not kept and head["ContentLength"] == size:
            back = sha256()
            for data in self._read(name):
                back.update(data)
            kept, checksum = back.hexdigest(), digest
        if head["ContentLength"] != size or kept != checksum:
            raise StoreError(f"{self.address}/{name} is not what was written to it")

    def head(self, name: str) -> Head:
        with s3_errors(f"{self.address}/{name} cannot be read", reading=True):
            answer = self._client.head_object(**self._at(name))
        return Head(answer["ContentLength"], int(answer["LastModified"].timestamp() * 1e9), answer["ETag"])

    def get_range(self, name: str, start: int, stop: int, tag: str) -> bytearray:
        data = bytearray()
        stream = S3Stream(self._client, self._at(name), f"{self.address}/{name}", start, stop, tag)
        try:
            while piece := stream.read(PIECE_BYTES):
                data += piece
        finally:
            stream.close()
        return data

    def _read(self, name: str) -> Iterator[bytes]:
        stream = S3Stream(self._client, self._at(name), f"{self.address}/{name}")
        try:
            yield from iter(lambda: stream.read(PIECE_BYTES), b"")
        finally:
            stream.close()

    def _fetch(self, name: str, file: IO[bytes]) -> None:
        file.writelines(self._read(name))

    def copy(self, source: str, target: str, size: int, digest: str) -> None:
        with s3_errors(f"{self.address}/{target} cannot be written"):
            if size > COPY_BYTES:
                self._client.copy(self._at(source), self._bucket, self._prefix + target)
                right = self._client.head_object(**self._at(target))["ContentLength"] == size
            else:
                answer = self._client.copy_object(
                    **self._at(target), CopySource=self._at(source), ChecksumAlgorithm="SHA256"
                )
                kept = answer["CopyObjectResult"].get("ChecksumSHA256")
                right = not kept or kept == b64encode(bytes.fromhex(digest)).decode()
        if not right:
            raise StoreError(f"{self.address}/{target} is not what was copied to it")

    def sizes(self, folder: str = "", most: int = 0) -> Iterator[tuple[str, int]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + folder, PaginationConfig={"MaxItems": most or None}
        )
        with s3_errors(f"{self.address}/{folder} cannot be listed"):
            for page in pages:
                for found in page.get("Contents", ()):
                    yield found["Key"][len(self._prefix) :], found["Size"]

    def delete(self, names: Sequence[str]) -> None:
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

    def abort_uploads(self, fits: Callable[[str], bool]) -> None:
        with s3_errors(f"{self.address}: uploads that did not end cannot be removed"):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            )
            for page in pages:
                for found in page.get("Uploads", ()):
                    if fits(found["Key"][len(self._prefix) :]):
                        self._client.abort_multipart_upload(
                            Bucket=self._bucket, Key=found["Key"], UploadId=found["UploadId"]
                        )

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}


def _parts_of(file: BufferedReader, size: int) -> Iterator[bytearray]:
    """A file of so many bytes, a part at a time."""
    for at in range(0, size, PART_BYTES):
        data = bytearray(min(PART_BYTES, size - at))
        del data[file.readinto(data) :]
        yield data


def _require_same(found: bytes, digest: str, what: str) -> None:
    if found.hex() != digest:
        raise OSError(f"{what} is not what was written to it")


def _body(data: bytearray) -> dict[str, Any]:
    """A PUT's body, with the SHA-256 that the store checks, keeps and gives back.

    It is a bytearray, not bytes: of these boto3 makes a file, and of a file it sends the head alone, and waits for the
    store's "100 Continue" before the rest.
    """
    return {"Body": data, "ChecksumAlgorithm": "SHA256", "ChecksumSHA256": _base64(data)}


def _base64(data: bytes | bytearray) -> str:
    """The SHA-256 of some bytes in base64, as S3 has it."""
    return b64encode(sha256(data).digest()).decode()
