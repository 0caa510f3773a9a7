"""An object of a store as a file that is open for reading.

    ObjectFile(bucket, "day-1.txt")                             all of it, 8 MB at one call
    ObjectFile(bucket, "day-1.txt", Pin(120391, '"9b2cf5..."'), stop=0)     here and there: what is read, and little more

It asks for the bytes that it needs, and no more than it says: an answer that is broken off costs a connection. What it was
given last it keeps, so that a reader may go back a little.
"""

import io
from typing import Any

from dateline.errors import StoreError
from dateline.pipeline.elements import Pin
from dateline.pipeline.store.bucket import Bucket

BUFFER_BYTES = 1 << 16
"""Bytes that are taken out of an open object at one time, by whoever reads less than that."""
AHEAD_BYTES = 8 << 20
"""Bytes that one call asks for, of what is read from begin to end; up to half as much more, if these are the last."""
NEAR_BYTES = 1 << 18
"""Who goes on within so many bytes behind an answer may go on so for long: FORWARD_BYTES cost less than the next calls."""
FORWARD_BYTES = 1 << 20


class ObjectFile(io.RawIOBase):
    """An object, open for reading; it ends no earlier than its size."""

    def __init__(self, bucket: Bucket, key: str, pin: Pin | None = None, stop: int | None = None) -> None:
        """
        Args:
            bucket: where it lies.
            key: its name there.
            pin: the state of it that is read; None for that of now.
            stop: up to this byte all is read in order, so some MB are asked for at one time; from it on here and there.
                None for the object's end.

        Raises:
            OSError: it is not there, or may not be read.
            StoreError: its store failed.
        """
        if pin is None:
            head = bucket.head(key)
            pin = Pin(head.size, head.tag)
        self._bucket, self._key = bucket, key
        self._size, self._tag = pin
        self._stop = self._size if stop is None else stop
        self._offset = 0
        self._held: list[tuple[int, memoryview]] = []
        """The last two answers, each with the offset of its first byte: one is read through, from the other a little."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        target = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._offset, io.SEEK_END: self._size}[whence]
        if target < 0:
            raise ValueError(f"there is no byte {target} of an object")
        self._offset = target
        return target

    def tell(self) -> int:
        return self._offset

    def readinto(self, buffer: Any, /) -> int:
        if not len(buffer) or self._offset >= self._size:
            return 0
        begin, held = self._around(len(buffer))
        data = held[self._offset - begin :][: len(buffer)]
        buffer[: len(data)] = data
        self._offset += len(data)
        return len(data)

    def close(self) -> None:
        self._held = []
        super().close()

    def _around(self, wanted: int) -> tuple[int, memoryview]:
        """Bytes that hold the one at the offset; they are asked for unless they are held."""
        at = self._offset
        for begin, held in self._held:
            if begin <= at < begin + len(held):
                return begin, held
        ahead = self._stop - at
        if ahead >= AHEAD_BYTES * 3 // 2:
            ahead = AHEAD_BYTES
        elif ahead <= 0 and any(0 <= at - begin - len(held) < NEAR_BYTES for begin, held in self._held):
            ahead = FORWARD_BYTES
        stop = min(self._size, at + max(wanted + BUFFER_BYTES, ahead))
        stop = min([stop, *(begin for begin, _ in self._held if begin > at)])
        data = memoryview(self._ask(at, stop))
        rest = [
            (begin, held) for begin, held in self._held if begin + len(held) != at
        ]  # which is read through
        self._held = [*rest[-1:], (at, data)]
        return at, data

    def _ask(self, start: int, stop: int) -> Any:
        try:
            data = self._bucket.get_range(self._key, start, stop, self._tag)
        except OSError as error:  # it went, or was shut, while it was read
            raise StoreError(str(error)) from None
        if not data:
            raise StoreError(f"{self._bucket.address}/{self._key} ended at byte {start} of {self._size}")
        return data
