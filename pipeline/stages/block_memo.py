"""The block memo: a block that comes again, byte for byte, is recognised before it is parsed.

A worker keeps the identity row of each block that it has parsed, by the digest of the block's bytes. Most of a dump is
copies, so most blocks cost a digest and a look-up.

    parsed, not written yet     its digest waits: a copy is told by it, and gets its row with it
    written                     its row is known: a copy gets it at once
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from dateline.pipeline.rules.identity_rows import ROW, Rows

REMEMBERED = 1 << 16
"""Blocks that a worker remembers."""


class BlockMemo:
    """The rows of blocks that this process has parsed, by their bytes; one for a run."""

    def __init__(self) -> None:
        self._rows: OrderedDict[bytes, bytes] = OrderedDict()
        self.get: Callable[[bytes], bytes | None] = self._rows.get
        """The row, as bytes of identity_rows.ROW, of a block whose record is written."""
        self._of_thread = _Waiting()

    @property
    def waiting(self) -> set[bytes]:
        """The digests of blocks whose records wait to be written: by the bundle that is at work in this thread. Were it
        to fail they would never be written, so no other bundle may count on them."""
        return self._of_thread.digests

    def add(self, digests: Sequence[bytes], rows: Rows) -> None:
        """Remember blocks, once their records are written; the oldest are forgotten."""
        for digest, row in zip(digests, rows.view(f"V{ROW.itemsize}").tolist(), strict=True):
            if digest:
                self._rows[digest] = row
        while len(self._rows) > REMEMBERED:
            self._rows.popitem(last=False)
        self.waiting.clear()


class _Waiting(threading.local):
    def __init__(self) -> None:
        self.digests: set[bytes] = set()


_memos: dict[str, BlockMemo] = {}


def memo_of(root: str, run: str) -> BlockMemo:
    """This process's memo of a run: that of another run is forgotten."""
    key = f"{root}\0{run}\0{os.getpid()}"
    if key not in _memos:
        _memos.clear()
        _memos[key] = BlockMemo()
    return _memos[key]
