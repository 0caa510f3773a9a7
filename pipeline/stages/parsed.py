"""Parsed: records wait in files of the run's folder, where a row of 115 bytes names them until it is known which win.

Shuffling the bodies would cost memory, and parsing the winners' blocks once more costs time. A worker writes the
records that it has read, some thousands a file; the writer takes the winners out of the mapped files.

An identical block, byte for byte, is recognised before it is parsed: Memo has the row of the one before.
"""

import os
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dateline.pipeline.elements import Parsed
from dateline.pipeline.names import parsed_folder
from dateline.pipeline.rules.rows import COPY, Rows, rows_of
from dateline.schemas.columns import arrow_schema, to_batch

KNOWN_LATER = ("id", "source", "source_offset", "source_length", "copies")
"""Columns that the rows say: which article it is, and for a block that came again where it stands."""
WAITING = pa.schema([field for field in arrow_schema("article") if field.name not in KNOWN_LATER])

REMEMBERED = 1 << 16
"""Blocks that a worker recognises when they come again."""


class ParsedWriter:
    """Writes a worker's records; pickles as the run's folder."""

    def __init__(self, root: str, run: str) -> None:
        self._folder = parsed_folder(root, run)

    def write(self, records: Sequence[Parsed]) -> Rows:
        """Write a file of records; a row for each, which names its place there."""
        name = uuid.uuid4().int >> 64  # of this file only: a task that is done again writes another
        batch = to_batch([parsed.record for parsed in records], WAITING)
        with (
            pa.OSFile(f"{self._folder}/{name:016x}", "wb") as sink,
            pa.ipc.new_file(sink, batch.schema) as file,
        ):
            file.write_batch(batch)
        rows = rows_of(records)
        rows["file"] = name
        rows["at"] = np.arange(len(rows))
        return rows


class ParsedReader:
    """Takes records out of the files that all workers wrote."""

    def __init__(self, root: str, run: str) -> None:
        self._folder = parsed_folder(root, run)

    def take(self, rows: Rows) -> pa.RecordBatch:
        """The records of some rows, as they were parsed: the columns WAITING."""
        files = _by_file(rows)
        order = np.concatenate([places for _, places in files])
        taken = pa.concat_batches(
            [self._batch(int(name)).take(pa.array(rows["at"][places])) for name, places in files]
        )
        release = pa.default_memory_pool().release_unused  # or the pool keeps what each copy was made from
        release()
        records = taken.take(pa.array(np.argsort(order)))
        del taken
        release()
        return records

    def _batch(self, name: int) -> pa.RecordBatch:
        """A file's records. It is mapped anew each time: a mapping that stays keeps in memory what was looked at."""
        with pa.memory_map(f"{self._folder}/{name:016x}") as source:
            return pa.ipc.open_file(source).get_batch(0)


def _by_file(rows: Rows) -> list[tuple[np.uint64, npt.NDArray[np.intp]]]:
    """The files of some rows, and which of the rows each has."""
    by_file = np.argsort(rows["file"], kind="stable")
    names = rows["file"][by_file]
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    return list(zip(names[starts], np.split(by_file, starts[1:]), strict=True))


class Memo:
    """The rows of blocks that this process has parsed, by their bytes; one for a run."""

    def __init__(self) -> None:
        self._rows: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, digest: bytes) -> bytes | None:
        """The row, as bytes of rows.COPY, of a block that was parsed before."""
        return self._rows.get(digest)

    def add(self, digests: Sequence[bytes], rows: Rows) -> None:
        """Remember blocks, once their records are written; the oldest are forgotten."""
        size = COPY.itemsize
        data = rows.tobytes()
        for number, digest in enumerate(digests):
            if digest:
                self._rows[digest] = data[number * size : (number + 1) * size]
        while len(self._rows) > REMEMBERED:
            self._rows.popitem(last=False)


_memos: dict[str, Memo] = {}


def memo_of(root: str, run: str) -> Memo:
    """This process's memo of a run: that of another run is forgotten."""
    key = f"{root}\0{run}\0{os.getpid()}"
    if key not in _memos:
        _memos.clear()
        _memos[key] = Memo()
    return _memos[key]


def digest_of(block: bytes) -> bytes:
    """What a block is recognised by."""
    return blake2b(block, digest_size=16).digest()
