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
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dateline.pipeline.elements import BlockPlace, ParsedRecord
from dateline.pipeline.names import PARSED, Granularity
from dateline.pipeline.rules.identity_rows import Rows, concat, rows_of
from dateline.pipeline.stages.row_batches import RowBatch
from dateline.pipeline.stages.shuffle_keys import partition_keys
from dateline.pipeline.store.address import in_store
from dateline.pipeline.store.scratch import new_file, read
from dateline.schemas.columns import arrow_schema, batch_of, texts

KNOWN_LATER = ("id", "source", "source_offset", "source_length", "copies")
"""Columns that the rows say: which article it is, and for a block that came again where it stands."""
WAITING = pa.schema([field for field in arrow_schema("article") if field.name not in KNOWN_LATER])
MAPPED_FILES = 8
"""Files that are mapped at once: of each column the system maps 64 KB around what is looked at."""
GAP_BYTES = 16 << 10
"""Between two bodies that are wanted: copying so many takes about as long as a call of the system."""
ROOMS = 1000
"""For bodies, and what stands between them, that are read at once: the system takes 1,024."""
_WITHOUT_BODY = pa.schema([field for field in WAITING if field.name != "body"])
_OTHERS = _WITHOUT_BODY.names
_values = itemgetter(*_OTHERS)


class RecordWriter:
    """Takes a worker's records, and writes files of them."""

    def __init__(self, scratch: str, granularity: Granularity, keys: int) -> None:
        """
        Args:
            scratch: that of the run; see store/scratch.py.
            granularity, keys: of the partitions' tasks; see shuffle_keys.partition_keys().
        """
        self._folder = f"{scratch}/{PARSED}"
        self._granularity = granularity
        self._keys = keys
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
        """Write the records to a file; a row for each, as they were added, which names its place there.

        In the file the records of one write task stand together, so that the task reads one stretch of it.
        """
        name = uuid.uuid4().int >> 64  # of this file only: a task that is done again writes another
        columns: dict[str, Any] = dict(zip(_OTHERS, zip(*self._values, strict=True), strict=True))
        rows = rows_of(self._places, np.zeros(len(self._places), np.int32), columns)
        by_task = np.argsort(partition_keys(rows, self._granularity, self._keys), kind="stable")
        bodies = [self._bodies[at] for at in by_task.tolist()]
        others = batch_of(columns, _WITHOUT_BODY).take(pa.array(by_task))
        body = texts(b"".join(bodies), list(map(len, bodies)))
        write_batch(f"{self._folder}/{name:016x}", _with_body(others, body))
        rows["body"][by_task] = pc.utf8_length(body).to_numpy()
        rows["file"] = name
        rows["at"][by_task] = np.arange(len(rows))
        self._clear()
        return rows


def _with_body(others: pa.RecordBatch, body: pa.StringArray) -> pa.RecordBatch:
    """The columns WAITING."""
    return pa.record_batch(
        [body if name == "body" else others[name] for name in WAITING.names], schema=WAITING
    )


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
        if in_store(self._folder):  # fetched whole, and mostly one file: see fetch_records.py
            parts = [self._batch(name)[0].take(pa.array(rows["at"][which])) for name, which in files]
            in_order = np.argsort(np.concatenate([which for _, which in files]))
            return pa.concat_batches(parts).take(pa.array(in_order))
        where = np.empty(len(rows), _WHERE)
        parts, count = [], 0
        for at in range(0, len(files), MAPPED_FILES):
            parts.append(self._others(files[at : at + MAPPED_FILES], rows, where, count))
            count += len(parts[-1])
        others = pa.concat_batches(parts).take(pa.array(where["place"]))
        del parts  # of which the last may be mapped
        lengths = where["length"]
        return _with_body(others, texts(self._bodies(files, where["start"], lengths), lengths))

    def _others(
        self, files: "_Files", rows: Rows, where: npt.NDArray[np.void], before: int
    ) -> pa.RecordBatch:
        """The columns _OTHERS of the rows of some files, perhaps with others between them.

        Args:
            files: of the rows.
            rows: all.
            where: of each row; set here.
            before: records of the files before these.
        """
        parts = []
        for name, which in files:
            batch, begin = self._batch(name)
            at = rows["at"][which].astype(np.int64)
            _, ends, bodies = batch["body"].buffers()
            ends = np.frombuffer(ends, np.int32)
            part, place = _stretch(batch.select(_OTHERS), at)
            where["start"][which] = ends[at] + (bodies.address - begin)
            where["length"][which] = ends[at + 1] - ends[at]
            where["place"][which] = place + before
            before += len(part)
            parts.append(part)
        return pa.concat_batches(
            parts
        )  # a copy, so that no file is mapped any more; of one file none is made

    def _bodies(
        self, files: "_Files", starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
    ) -> pa.Buffer:
        """The bodies of some rows, one behind the other. They are read, each straight to its place: in a mapped file each
        would cost a page fault, which takes longer. Those near each other are read at once.

        Args:
            files: the files of the rows.
            starts, lengths: of each row's body in its file, in bytes.
        """
        ends = np.cumsum(lengths)
        found = pa.allocate_buffer(int(ends[-1]))
        view = memoryview(found)
        spans = list(zip(starts.tolist(), (ends - lengths).tolist(), ends.tolist(), strict=True))
        unwanted = memoryview(bytearray(GAP_BYTES))  # for what stands between two bodies
        for name, which in files:
            with open(f"{self._folder}/{name:016x}", "rb", buffering=0) as file:
                rooms: list[memoryview] = []
                first = here = 0
                for start, begin, end in map(spans.__getitem__, which.tolist()):
                    gap = start - here
                    if not 0 <= gap <= GAP_BYTES or len(rooms) >= ROOMS:
                        _fill(file, first, here, rooms)
                        rooms, first = [], start
                    elif gap:
                        rooms.append(unwanted[:gap])
                    rooms.append(view[begin:end])
                    here = start + end - begin
                _fill(file, first, here, rooms)
        return found

    def _batch(self, name: int) -> tuple[pa.RecordBatch, int]:
        """A file's records, and where it begins in memory. It is mapped anew each time: a mapping that stays keeps in memory
        what was looked at."""
        with read(f"{self._folder}/{name:016x}") as source:
            whole = source.read_buffer()
        return pa.ipc.open_file(whole).get_batch(0), whole.address


def _stretch(
    batch: pa.RecordBatch, at: npt.NDArray[np.int64]
) -> tuple[pa.RecordBatch, npt.NDArray[np.int64]]:
    """Rows of a batch, and where each of them is among these: all from the first to the last, which costs nothing, unless
    most of those are not wanted.

    Args:
        batch: of a file.
        at: the rows' places in it, in order.
    """
    first, count = int(at[0]), int(at[-1] - at[0]) + 1
    if count <= 2 * len(at):
        return batch.slice(first, count), at - first
    return batch.take(pa.array(at)), np.arange(len(at))


def _fill(file: IO[bytes], start: int, stop: int, rooms: list[memoryview]) -> None:
    """Read a stretch of a file into some rooms, which together are as large."""
    if rooms and os.preadv(file.fileno(), rooms, start) != stop - start:
        raise OSError(f"{file.name}: not all of {stop - start} bytes at {start}")


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


_WHERE = np.dtype([("start", np.int64), ("length", np.int64), ("place", np.int64)])
"""Of a row: its body in its file, in bytes, and its record among those that were looked at."""
_Files: TypeAlias = list[tuple[int, npt.NDArray[np.intp]]]
"""Names of files, and which of some rows each has."""


def _by_file(rows: Rows) -> _Files:
    """The files of some rows, and which of the rows each has, in the order of the file."""
    by_file = np.lexsort((rows["at"], rows["file"]))
    names = rows["file"][by_file]
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    return list(zip(names[starts].tolist(), np.split(by_file, starts[1:]), strict=True))
