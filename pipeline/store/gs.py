"""Google Cloud Storage: the objects of a bucket there.

It keeps no SHA-256, but an MD5, which an upload is checked against. docs/stores.md says why the client is Google's.
"""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import md5, sha256
from typing import IO, Any

import pyarrow as pa
from google.api_core import exceptions as raised
from google.auth import exceptions as auth
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption
from google.cloud.storage.retry import DEFAULT_RETRY
from requests import RequestException

from dateline.errors import Changed, StoreError, Unusable
from dateline.pipeline.store.bucket import Bucket, Bytes, Head, failure, in_parallel, one_line

RETRY = DEFAULT_RETRY
"""Which calls are repeated, for up to two minutes. Each write may be done twice: it is conditional, or writes the same."""
READ_BYTES = 1 << 20


class GSBucket(Bucket):
    """See Bucket; an object's tag is its generation."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        with _gs_errors("GCS cannot be asked"):
            self._client = _client(os.getpid())
        self._objects = self._client.bucket(self._bucket)

    def filesystem(self) -> Any:
        from pyarrow.fs import GcsFileSystem

        own = os.environ.get("STORAGE_EMULATOR_HOST", "")
        scheme, _, host = own.rpartition("://")
        return (
            GcsFileSystem(anonymous=True, scheme=scheme or "http", endpoint_override=host)
            if own
            else GcsFileSystem()
        )

    def get(self, name: str) -> tuple[bytes, str] | None:
        blob = self._blob(name)
        try:
            with _gs_errors(f"{self.address}/{name} cannot be read", FileNotFoundError):
                return blob.download_as_bytes(raw_download=True, retry=RETRY), str(blob.generation)
        except FileNotFoundError:
            return None

    def head(self, name: str) -> Head:
        blob = self._blob(name)
        with _gs_errors(f"{self.address}/{name} cannot be read", FileNotFoundError, reading=True):
            blob.reload(retry=RETRY)
        return Head(blob.size, int(blob.updated.timestamp() * 1e9), str(blob.generation))

    def get_range(self, name: str, start: int, stop: int, tag: str) -> bytes:
        blob, path = self._objects.blob(self._prefix + name, generation=int(tag)), f"{self.address}/{name}"
        try:
            with _gs_errors(f"{path} cannot be read", FileNotFoundError, reading=True):
                return blob.download_as_bytes(  # type: ignore[no-any-return]
                    start=start, end=stop - 1, raw_download=True, checksum=None, retry=RETRY
                )
        except FileNotFoundError:
            raise Changed(f"{path} changed while it was read; run again when it is whole") from None

    def put(self, name: str, data: bytes, new: bool = False, tag: str = "") -> None:
        condition = {"if_generation_match": int(tag or 0)} if new or tag else {}
        with _gs_errors(f"{self.address}/{name} cannot be written"):
            self._blob(name).upload_from_string(data, checksum="md5", retry=RETRY, **condition)

    def upload(self, path: str, name: str, digest: str) -> None:
        with open(path, "rb") as file:
            self._upload(file, os.path.getsize(path), name, digest, path)

    def upload_bytes(self, data: Bytes, name: str, digest: str) -> None:
        with pa.BufferReader(data) as file:  # of the same bytes, not a copy
            self._upload(file, file.size(), name, digest, f"{self.address}/{name}")

    def _upload(self, file: Any, size: int, name: str, digest: str, what: str) -> None:
        """Write an object of a file's bytes; `what` is what a message calls them."""
        blob, found, sent = self._blob(name), sha256(), md5(usedforsecurity=False)
        while data := file.read(READ_BYTES):
            found.update(data)
            sent.update(data)
        if found.hexdigest() != digest:
            raise OSError(f"{what} is not what was written to it")
        file.seek(0)
        with _gs_errors(f"{self.address}/{name} cannot be written"):
            blob.upload_from_file(file, size=size, checksum="md5", retry=RETRY)
        if blob.size != size or blob.md5_hash != b64encode(sent.digest()).decode():
            raise StoreError(f"{self.address}/{name} is not what was written to it")

    def _fetch(self, name: str, file: IO[bytes]) -> None:
        with _gs_errors(f"{self.address}/{name} cannot be read", FileNotFoundError):
            self._blob(name).download_to_file(file, raw_download=True, retry=RETRY)

    def copy(self, source: str, target: str, size: int, digest: str) -> None:
        """See Bucket; the store checks the copy by its own checksums, and keeps none to compare with this digest."""
        blob, token = self._blob(target), None
        with _gs_errors(f"{self.address}/{target} cannot be written", FileNotFoundError):
            while True:  # it does what it can at one call
                token, _, copied = blob.rewrite(self._blob(source), token=token, retry=RETRY)
                if token is None:
                    break
        if copied != size:
            raise StoreError(f"{self.address}/{target} is not what was copied to it")

    def sizes(self, folder: str = "", most: int = 0) -> Iterator[tuple[str, int]]:
        with _gs_errors(f"{self.address}/{folder} cannot be listed"):
            for blob in self._client.list_blobs(
                self._bucket,
                prefix=self._prefix + folder,
                max_results=most or None,
                fields="items(name,size),nextPageToken",
                retry=RETRY,
            ):
                yield blob.name[len(self._prefix) :], blob.size

    def delete(self, names: Sequence[str]) -> None:
        def gone(name: str) -> None:
            try:
                with _gs_errors(f"{self.address}/{name} cannot be removed", FileNotFoundError):
                    self._blob(name).delete(retry=RETRY)
            except FileNotFoundError:
                pass

        in_parallel(gone, names)

    def abort_uploads(self, fits: Callable[[str], bool]) -> None:
        """Do nothing: they cannot be listed, and the store drops them after a week."""

    def _blob(self, name: str) -> Any:
        return self._objects.blob(self._prefix + name)


@lru_cache(maxsize=1)
def _client(process: int) -> Any:
    """Google's client, one for each process; its threads share it. No call here needs a project."""
    return storage.Client(project="none")


@contextmanager
def _gs_errors(what: str, missing: type[Exception] = Unusable, reading: bool = False) -> Iterator[None]:
    """Raise what Google's client raises as our own errors.

    Args:
        what, missing, reading: see failure().

    Raises:
        FileExistsError: a condition of a write does not hold.
        Unusable: the store refused, or was not asked: no credentials.
        StoreError: it failed, or did not answer.
    """
    try:
        yield
    except raised.GoogleAPICallError as error:
        code = error.code or 0
        raise failure(what, code, f"{code} {_answer(error)}", missing, reading) from None
    except auth.TransportError as error:
        raise StoreError(f"{what}: {one_line(error)}") from None
    except auth.GoogleAuthError as error:
        raise Unusable(f"{what}: {one_line(error)}") from None
    except raised.RetryError as error:
        raise StoreError(f"{what}: {one_line(error)}, at last: {one_line(error.cause)}") from None
    except (raised.GoogleAPIError, RequestException, DataCorruption) as error:
        raise StoreError(f"{what}: {one_line(error)}") from None
    except ValueError as error:  # an endpoint that is no URL, credentials that cannot be read
        raise Unusable(f"{what}: {one_line(error)}") from None


def _answer(error: raised.GoogleAPICallError) -> str:
    """What the store said, without what the client says around it."""
    for said in error.errors:
        return one_line(said.get("message", said))
    text = error.response.text if error.response is not None else ""
    return one_line(text[:200] or error.message)
