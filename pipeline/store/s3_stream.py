"""An object of S3 as a stream, which goes on where it was after a broken connection."""

from typing import Any

from dateline.errors import Changed, StoreError, Unusable
from dateline.pipeline.store.s3_client import s3_errors

TRIES = 5
"""How often an object is asked for when answers break off. The client itself repeats a call that got no answer."""


class S3Stream:
    """Bytes of an object, in order; the caller closes it."""

    def __init__(
        self,
        client: Any,
        place: dict[str, str],
        path: str,
        start: int = 0,
        stop: int | None = None,
        tag: str = "",
    ) -> None:
        """
        Args:
            client: boto3's.
            place: bucket and key, as its calls have them.
            path: the object's address, for messages.
            start: offset of the first byte.
            stop: offset behind the last byte; None for the object's end.
            tag: the object's, if it is known: then it is a dump that is read. Else it is that of the first answer.
        """
        self._client, self._place, self._path, self._reading = client, place, path, bool(tag)
        self._offset, self._stop, self._tag = start, stop, tag
        self._body: Any = None

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most so many; none at the end.

        Raises:
            Changed: the object has another tag by now.
            Exception: see s3_errors().
        """
        if self._offset == self._stop:
            return b""
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
                raise Changed(f"{self._path} changed while it was read; run again when it is whole") from None
            except StoreError as error:
                self.close()
                tries -= 1
                if not tries or isinstance(error, Unusable):
                    raise

    def _request(self) -> Any:
        """Ask for the rest; the answer's body."""
        end = "" if self._stop is None else self._stop - 1
        rest = {"Range": f"bytes={self._offset}-{end}"} if self._offset or end != "" else {}
        same = {"IfMatch": self._tag} if self._tag else {}
        answer = self._client.get_object(**self._place, **rest, **same)
        self._tag = answer["ETag"]
        return answer["Body"]

    def close(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
