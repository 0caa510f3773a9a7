"""Uploads: a worker of a run sends the files of the new version to the dataset's store itself.

    _versions/00000007/9e107d9d....arrow     the version that the run is about to make, and the hash of the file's bytes

So a task that is done twice, or a worker that was given up and goes on, writes the same bytes under the same name. What no
manifest names goes with the next tidying (commit_store.py).
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from dateline.pipeline.names import object_name
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.bucket import CALLS


class Uploads:
    """The uploads of one process, CALLS at one time."""

    def __init__(self, address: str, version: int) -> None:
        """
        Args:
            address: the dataset's.
            version: the number of the version that the run is about to make.
        """
        self._version = version
        self._bucket = open_bucket(address)
        self._pool = ThreadPoolExecutor(CALLS)
        self._under_way: deque[Future[None]] = deque()

    def send(self, data: Any, path: str, digest: str) -> str:
        """Begin to upload a file's bytes; raises what wait() does.

        Args:
            data: the bytes.
            path: of the file in the dataset.
            digest: the SHA-256 of the bytes, in hexadecimal.

        Returns:
            The name of the object.
        """
        name = object_name(self._version, path)
        self._begin(self._bucket.upload_bytes, data, name, digest)
        return name

    def send_file(self, place: str, path: str, digest: str) -> str:
        """The same with a file of this machine, which is removed once it is uploaded."""
        name = object_name(self._version, path)
        self._begin(self._move, place, name, digest)
        return name

    def wait(self) -> None:
        """Return when all that was begun is there.

        Raises:
            StoreError: the store failed, or an object is not what was sent.
        """
        while self._under_way:
            self._under_way.popleft().result()

    def close(self) -> None:
        """Begin no more of them."""
        self._pool.shutdown(cancel_futures=True)

    def _begin(self, call: Callable[..., None], *arguments: Any) -> None:
        """Begin a call; wait for the oldest where so many wait that their bytes would fill the memory."""
        self._under_way.append(self._pool.submit(call, *arguments))
        while len(self._under_way) > 2 * CALLS:
            self._under_way.popleft().result()

    def _move(self, place: str, name: str, digest: str) -> None:
        try:
            self._bucket.upload(place, name, digest)
        finally:
            os.unlink(place)
