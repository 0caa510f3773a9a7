"""S3: the objects of a bucket there, or of a server that speaks S3's protocol.

S3 keeps the SHA-256 that each PUT and copy sends along; it is what an upload is checked against. docs/stores.md says why
the client is boto3.
"""

import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import sha256
from typing import IO, Any

import boto3
from botocore import exceptions as raised
from botocore.config import Config
from botocore.session import get_session

from dateline.errors import StoreError, Unusable
from dateline.pipeline.store.bucket import Bucket, Head, failure, one_line

PART_BYTES = 16 << 20
"""Bytes of a part of a larger upload, of which a call under way holds one."""
COPY_BYTES = 5 << 30
"""The most that a store copies at one call."""
DELETED_AT_ONCE = 1000
"""The most objects that a store removes at one call."""
TRIES = 5
"""How often an object is asked for when answers break off. The client itself repeats a call that got no answer."""
ATTEMPTS = 10
"""How often the client makes a call that fails, or for which the store is too busy: within two minutes, if it answers at
once. AWS_MAX_ATTEMPTS and AWS_RETRY_MODE, or the same in a profile, replace this."""
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
            self._client.put_object(**self._at(name), **_body(data), **condition)

    def upload(self, path: str, name: str, digest: str) -> None:
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
        """Write an object in parts; in base64 the SHA-256 of its parts' SHA-256, which the store keeps of it."""
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
            with suppress(Exception):  # abort_uploads() does it later
                self._client.abort_multipart_upload(**place, UploadId=upload)
            raise
        return _base64(digests)

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

    def stream(self, name: str, start: int, tag: str) -> "_Stream":
        return _Stream(self._client, self._at(name), f"{self.address}/{name}", start, tag, reading=True)

    def _read(self, name: str) -> Iterator[bytes]:
        stream = _Stream(self._client, self._at(name), f"{self.address}/{name}")
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


class _Stream:
    """See Stream; `tag` is that of the first answer if it is not given, and `reading` as of failure()."""

    def __init__(
        self,
        client: Any,
        place: dict[str, str],
        path: str,
        start: int = 0,
        tag: str = "",
        reading: bool = False,
    ) -> None:
        self._client, self._place, self._path, self._reading = client, place, path, reading
        self._offset, self._tag = start, tag
        self._body: Any = None

    def read(self, size: int, /) -> bytes:
        tries = TRIES
        while True:
            try:
                with s3_errors(f"{self._path} cannot be read", reading=self._reading):
                    if self._body is None:
                        self._body = self._request()
                    data: bytes = self._body.read(size)
                self._offset += len(data)
                return data
            except FileExistsError:
                raise StoreError(f"{self._path} changed while it was read") from None
            except StoreError as error:
                self.close()
                tries -= 1
                if not tries or isinstance(error, Unusable):
                    raise

    def _request(self) -> Any:
        """Ask for the rest of the object; the answer's body."""
        rest = {"Range": f"bytes={self._offset}-"} if self._offset else {}
        same = {"IfMatch": self._tag} if self._tag else {}
        answer = self._client.get_object(**self._place, **rest, **same)
        self._tag = answer["ETag"]
        return answer["Body"]

    def close(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


def s3_client() -> Any:
    """boto3's client, one for each process; its threads may share it.

    Raises:
        StoreError: see s3_errors().
    """
    with s3_errors("S3 cannot be asked"):
        return _client(os.getpid())


@lru_cache(maxsize=1)
def _client(process: int) -> Any:
    session = get_session()
    profile = session.get_scoped_config()
    is_set = any(
        os.environ.get(f"AWS_{name.upper()}") or name in profile for name in ("max_attempts", "retry_mode")
    )
    patience = None if is_set else Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
    return boto3.session.Session(botocore_session=session).client("s3", config=patience)


@contextmanager
def s3_errors(what: str, reading: bool = False) -> Iterator[None]:
    """Raise what boto3's client raises as our own errors.

    Args:
        what: what is tried; the messages begin with it.
        reading: see failure().

    Raises:
        FileNotFoundError, FileExistsError: there is no such key; a condition does not hold.
        Unusable: the store refused, or was not asked: no credentials, no such profile or bucket, an endpoint that is
            no URL.
        StoreError: it failed, or did not answer.
    """
    try:
        yield
    except raised.ClientError as error:
        code = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        lost = error.response.get("Error", {}).get("Code") == "NoSuchBucket"
        missing = Unusable if lost else FileNotFoundError
        raise failure(what, code, one_line(error), missing, reading) from None
    except (
        raised.ConnectionError, raised.HTTPClientError, raised.IncompleteReadError, raised.FlexibleChecksumError,
    ) as error:  # fmt: skip
        raise StoreError(f"{what}: {one_line(error)}") from None
    except (raised.BotoCoreError, ValueError) as error:
        raise Unusable(f"{what}: {one_line(error)}") from None


def _updating(digest: Any, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def _body(data: bytes) -> dict[str, Any]:
    """A PUT's body, with the SHA-256 that the store checks and keeps."""
    return {"Body": data, "ChecksumAlgorithm": "SHA256", "ChecksumSHA256": _base64(data)}


def _base64(data: bytes) -> str:
    """The SHA-256 of some bytes in base64, as S3 has it."""
    return b64encode(sha256(data).digest()).decode()
