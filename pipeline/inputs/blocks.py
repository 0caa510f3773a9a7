"""Blocks, read once more where they lie in their dumps."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import IO

from dateline.pipeline.elements import Dump
from dateline.pipeline.store.files import open_file

OPEN_DUMPS = 64
"""Dumps that a reader of blocks keeps open."""


class BlockReader:
    """Reads blocks where they lie in their dumps, and keeps the last few dumps open."""

    def __init__(self, dumps: Sequence[Dump]) -> None:
        self._dumps = dumps
        self._files: OrderedDict[int, IO[bytes]] = OrderedDict()

    def read(self, dump: int, offset: int, length: int) -> bytes:
        """The bytes of a block.

        Raises:
            RuntimeError: the dump ends before the block does: it changed since it was read.
        """
        file = self._files.get(dump)
        if file is None:
            file = self._files[dump] = open_file(self._dumps[dump].path, self._dumps[dump].pin, stop=0)
            if len(self._files) > OPEN_DUMPS:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(dump)
        file.seek(offset)
        data = file.read(length)
        if len(data) < length:
            raise RuntimeError(
                f"{self._dumps[dump].source} changed while it was read: it ends before byte {offset + length}"
            )
        return data

    def close(self) -> None:
        while self._files:
            self._files.popitem()[1].close()
