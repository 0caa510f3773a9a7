"""Record files: where parsed records wait, in the run's scratch, until it is known which of them win.

    a worker parses     -> RecordWriter -> <scratch>/parsed/<name>      some thousand records a file
    the rows' columns file and at name a record's place there
    the winners' rows   -> RecordReader -> their records

The bodies are not shuffled, which would take memory, and no winner's block is parsed again, which would take time.
"""

import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dateline.pipeline.elements import BlockPlace, ParsedRecord
from dateline.pipeline.names import PARSED
from dateline.pipeline.rules.identity_rows import Rows, concat, rows_of
from dateline.pipeline.stages.row_batches import RowBatch
from dateline.pipeline.store.address import in_store
from dateline.pipeline.store.scratch import new_file, read
from dateline.schemas.columns import arrow_schema, batch_of, texts

KNOWN_LATER = ("id", "source", "source_offset", "source_length", "copies")
"""Columns that the rows say: which article it is, and for a block that came again where it stands."""
WAITING = pa.schema([field for field in arrow_schema("article") if field.name not in KNOWN_LATER])
_OTHERS = [name for name in WAITING.names if name != "body"]
_values = itemgetter(*_OTHERS)


class RecordWriter:
    """Takes a worker's records, and writes files of them."""

    def __init__(self, scratch: str) -> None:
        """scratch: that of the run; see store/scratch.py."""
        self._folder = f"{scratch}/{PARSED}"
        self._clear()

    def _clear(self) -> None:
        self._places: list[BlockPlace] = []
        self._values: list[tuple[Any, ...]] = []  # of _OTHERS
        self._bodies: list[bytes] = []
        self.size = 0
        """Bytes of all bodies that wait to be written."""

    def add(self, records: Sequence[ParsedRecord]) -> None:
        """Take records that were just parsed."""
        bodies = [parsed.body for parsed in records]
        self._places += [parsed[:3] for parsed in records]
        self._values += [_values(parsed.record) for parsed in records]
        self._bodies += bodies
        self.size += sum(map(len, bodies))

    def write(self) -> Rows:
        """Write the records to a file; a row for each, which names its place there."""
        name = uuid.uuid4().int >> 64  # of this file only: a task that is done again writes another
        columns: dict[str, Any] = dict(zip(_OTHERS, zip(*self._values, strict=True), strict=True))
        columns["body"] = texts(b"".join(self._bodies), list(map(len, self._bodies)))
        rows = rows_of(self._places, pc.utf8_length(columns["body"]).to_numpy(), columns)
        write_batch(f"{self._folder}/{name:016x}", batch_of(columns, WAITING))
        rows["file"] = name
        rows["at"] = np.arange(len(rows))
        self._clear()
        return rows


def write_batch(path: str, batch: pa.RecordBatch) -> None:
    """Write an Arrow IPC file of one batch. It is of no name that anybody knows yet, so on this machine it need not be whole."""
    if in_store(path):
        with new_file(path) as file, pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)
        return
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


class RecordReader:
    """Takes records out of the files that all workers wrote."""

    def __init__(self, scratch: str) -> None:
        """scratch: that of the run."""
        self._folder = f"{scratch}/{PARSED}"

    def take(self, rows: Rows) -> pa.RecordBatch:
        """The records of some rows, as they were parsed: the columns WAITING.

        Raises:
            OSError: a file cannot be read, or ends too soon.
        """
        files = _by_file(rows)
        in_order = pa.array(np.argsort(np.concatenate([which for _, which in files])))
        if in_store(self._folder):  # fetched whole, and mostly one file: see fetch_records.py
            parts = [self._batch(name)[0].take(pa.array(rows["at"][which])) for name, which in files]
            return pa.concat_batches(parts).take(in_order)
        starts, lengths = np.empty((2, len(rows)), np.int64)
        parts = []
        for name, which in files:
            batch, begin = self._batch(name)
            at = rows["at"][which]
            _, ends, bodies = batch["body"].buffers()
            ends = np.frombuffer(ends, np.int32)
            starts[which] = ends[at] + (bodies.address - begin)
            lengths[which] = ends[at + 1] - ends[at]
            parts.append(batch.select(_OTHERS).take(pa.array(at)))
        del batch, bodies, ends  # so the last file is mapped no more
        others = pa.concat_batches(parts).take(in_order)
        del parts
        body = texts(self._bodies(files, starts, lengths), lengths)
        return pa.record_batch(
            [body if name == "body" else others[name] for name in WAITING.names], schema=WAITING
        )

    def _bodies(
        self, files: "_Files", starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
    ) -> pa.Buffer:
        """The bodies of some rows, one behind the other. They are read, each straight to its place: in a mapped file each
        would cost a page fault, which takes longer.

        Args:
            files: the files of the rows.
            starts, lengths: of each row's body in its file, in bytes.
        """
        ends = np.cumsum(lengths)
        found = pa.allocate_buffer(int(ends[-1]))
        view = memoryview(found)
        spans = list(zip(starts.tolist(), (ends - lengths).tolist(), ends.tolist(), strict=True))
        for name, which in files:
            path = f"{self._folder}/{name:016x}"
            with open(path, "rb", buffering=0) as file:
                number = file.fileno()
                for start, begin, end in map(spans.__getitem__, which.tolist()):
                    if os.preadv(number, [view[begin:end]], start) != end - begin:
                        raise OSError(f"{path}: not all of {end - begin} bytes at {start}")
        return found

    def _batch(self, name: int) -> tuple[pa.RecordBatch, int]:
        """A file's records, and where it begins in memory. It is mapped anew each time: a mapping that stays keeps in memory
        what was looked at."""
        with read(f"{self._folder}/{name:016x}") as source:
            whole = source.read_buffer()
        return pa.ipc.open_file(whole).get_batch(0), whole.address


@contextmanager
def put_aside(batches: Iterable[RowBatch]) -> Iterator[tuple[Rows, RecordReader]]:
    """Have the records that come with their rows wait in files of this machine.

    Returns:
        All rows, and a reader of the records of those that have one.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="dateline-") as folder:
        os.mkdir(f"{folder}/{PARSED}")
        for name, batch in enumerate(batches):
            if batch.records is not None:
                write_batch(f"{folder}/{PARSED}/{name:016x}", batch.records)
                batch = RowBatch(batch.rows.copy())
                batch.rows["file"], batch.rows["at"] = name, np.arange(len(batch.rows))
            rows.append(batch.rows)
        yield concat(rows), RecordReader(folder)


_Files: TypeAlias = list[tuple[int, npt.NDArray[np.intp]]]
"""Names of files, and which of some rows each has."""


def _by_file(rows: Rows) -> _Files:
    """The files of some rows, and which of the rows each has."""
    by_file = np.argsort(rows["file"], kind="stable")
    names = rows["file"][by_file]
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    return list(zip(names[starts].tolist(), np.split(by_file, starts[1:]), strict=True))
