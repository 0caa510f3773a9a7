"""An object of S3 as a stream, which goes on where it was after a broken connection."""

from typing import Any

from dateline.errors import StoreError, Unusable
from dateline.pipeline.store.s3_client import s3_errors

TRIES = 5
"""How often an object is asked for when answers break off. The client itself repeats a call that got no answer."""


class S3Stream:
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
