"""Spool: what is not plain text is unpacked into a file of UTF-8, which is then read like a dump.

A winner's text is read a second time when it is written, by offset; a compressed stream, a Parquet file or a WARC cannot
give it back. Records are parted by more empty lines than any header reaches across, and the index beside each spool says
where each begins, what it is called, and what its envelope tells.
"""

import codecs
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dateline.errors import RunFailed
from dateline.pipeline.elements import Dump, Part, Place, new_tuple
from dateline.pipeline.inputs.blocks import BlockReader
from dateline.pipeline.inputs.containers import entries
from dateline.pipeline.inputs.formats import Damaged, open_unpacked
from dateline.pipeline.inputs.parquet import takes_much
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.records import SEPARATOR, Account, Columns, Entry
from dateline.pipeline.inputs.spool_index import Facts, Index, IndexWriter, Row
from dateline.pipeline.inputs.streams import Bounds, Tell, tell_nobody
from dateline.pipeline.store.scratch import new_file

MAX_PROBLEM = 1000
"""Characters of what is told of a damaged dump."""


INDEXES = 256
"""Indexes that a worker keeps at hand."""


STEP = 1 << 16
"""Bytes of a transcoded text between two marks in its index."""


class Report(NamedTuple):
    """What came of a part that was unpacked."""

    size: int
    """Bytes of its spool."""
    problem: str | None
    first: int | None = None
    end: int = 0
    """As Account has them."""


def unpack(part: Part, path: str, columns: Columns, quota: Quota, tell: Tell = tell_nobody) -> Report:
    """Write a part's spool and its index.

    A part that cannot be read to its end leaves an empty spool, and an index that says why.

    Args:
        part: what is unpacked.
        path: of the spool.
        columns: what JSON Lines keys and Parquet columns are called.
        quota: what it may come to.
        tell: is told of the bytes of the part's file as they are read: about as many as the part has, in the end.

    Raises:
        RunFailed: the spool cannot be written: there is no room on the disk.
        StoreError: the part's store failed.
    """
    account = None if part.format in ("text", "utf-16") else Account()
    try:
        try:
            size = _write_spool(part, path, columns, quota, account, tell)
        except Damaged as error:
            leave_nothing(path, Facts(part.format, str(error)[:MAX_PROBLEM]))
            return Report(0, str(error), account.first if account else None)
    except OSError as error:
        message = f"{part.path} cannot be unpacked to {path}: {error.strerror or error}"
        raise RunFailed(message, part.path) from error
    return Report(size, None, account.first if account else None, account.end if account else 0)


def _write_spool(
    part: Part, path: str, columns: Columns, quota: Quota, account: Account | None, tell: Tell
) -> int:
    """Write a part's spool and its index, or neither; the bytes of the spool.

    Raises:
        Damaged: the part cannot be read to its end.
    """
    with new_file(path) as file, new_file(f"{path}.index") as index_file:  # the index gets its name first
        index, out = IndexWriter(index_file.name), _Out(file, part, quota)
        try:
            if account is None:
                _unpack_text(part, out, index, quota.bounds, tell)
            else:
                much = part.format == "parquet" and takes_much(part, columns)
                with quota.alone() if much else nullcontext():
                    _unpack_records(entries(part, columns, quota.bounds, account, tell), out, index)
        except Damaged:
            index.abandon()
            quota.give_back(out.size)
            raise
        index.close(Facts(part.format, None, account))
        return out.size


def leave_nothing(path: str, facts: Facts) -> None:
    """An empty spool in the place of one that is there or not, and an index that says why."""
    with new_file(path), new_file(f"{path}.index") as index_file:
        IndexWriter(index_file.name).close(facts)


class _Out:
    """A spool as it is written, with what it may come to."""

    def __init__(self, file: IO[bytes], part: Part, quota: Quota) -> None:
        self._file = file
        self._part = part
        self._quota = quota
        self._most = quota.of_dump(part)
        self.size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._most:
            raise Damaged(self._quota.too_much(self._part))
        self._quota.take(len(data))
        self._file.write(data)


def _unpack_text(part: Part, out: _Out, index: IndexWriter, bounds: Bounds, tell: Tell) -> None:
    """Decompress; transcode UTF-16, with a mark now and then of where it stands in the dump."""
    with open_unpacked(part, bounds, tell) as file:
        if part.format == "text":
            for piece in file.pieces():
                out.write(piece)
            if out.size != file.unpacked:
                raise RuntimeError(f"{part.path}: {file.unpacked} bytes unpacked, and {out.size} kept")
            return
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        read = 0
        while chunk := file.read(STEP):
            pending = len(decoder.getstate()[0])
            index.add(Row(out.size, base=max(read - pending, 2)))
            read += len(chunk)
            out.write(decoder.decode(chunk).encode("utf-8", "replace"))


def _unpack_records(records: Iterator[Entry], out: _Out, index: IndexWriter) -> None:
    for entry in records:
        index.add(
            Row(out.size, entry.size, entry.place, entry.url, entry.crawled, entry.error, entry.reason, entry.source,
                entry.offset)
        )  # fmt: skip
        out.write(entry.text)
        out.write(SEPARATOR)


class Locator:
    """From a block's place in what was read to its place as the dataset tells it; to be closed."""

    def __init__(self, dumps: Sequence[Dump]) -> None:
        self._dumps = dumps
        self._indexes: OrderedDict[int, Index] = OrderedDict()
        self._blocks = BlockReader(dumps)

    def place(self, dump: int, offset: int, length: int) -> Place:
        """The place of the bytes [offset, offset + length) of a dump or its spool."""
        entry = self._dumps[dump]
        if _is_read_as_it_stands(entry):
            return new_tuple(Place, (entry.source, offset, length, None, None, False, ()))
        index = self.index(dump)
        if entry.part and entry.part.format == "utf-16":
            start, stop = (self._in_utf16(dump, index, at) for at in (offset, offset + length))
            return Place(entry.source, start, stop - start, repairs=("utf-16",))
        row = index.at(offset)
        inside = offset - row.start
        return Place(
            row.source or f"{entry.source}{row.place}", row.base + inside, length, row.url, row.crawled,
            inside == 0,
        )  # fmt: skip

    def places(
        self, dumps: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
    ) -> tuple[pa.Array, pa.Array, pa.Array]:
        """The places of many blocks, as columns: their sources, offsets and lengths."""
        numbers, which = np.unique(dumps, return_inverse=True)
        entries = [self._dumps[number] for number in numbers.tolist()]
        if all(map(_is_read_as_it_stands, entries)):
            sources = pa.array([entry.source for entry in entries], pa.string())
            return sources.take(pa.array(which)), pa.array(offsets), pa.array(lengths)
        places = list(map(self.place, dumps.tolist(), offsets.tolist(), lengths.tolist()))
        return (
            pa.array([place.source for place in places], pa.string()),
            pa.array([place.offset for place in places], pa.int64()),
            pa.array([place.length for place in places], pa.int64()),
        )

    def close(self) -> None:
        self._blocks.close()

    def error(self, dump: int, offset: int) -> tuple[str, str] | None:
        """Why the record that a byte is in cannot be used: the reason, and what was found; None where it can."""
        if not self._dumps[dump].has_records or not (index := self.index(dump)).has_errors:
            return None
        row = index.at(offset)
        return (row.reason, row.error) if row.reason and row.error else None

    def records(self, dump: int) -> Sequence[int]:
        """Where the records of a dump begin; none for a dump that is one text."""
        return self.index(dump).starts if self._dumps[dump].has_records else []

    def index(self, dump: int) -> Index:
        if dump not in self._indexes:
            self._indexes[dump] = Index(f"{self._dumps[dump].path}.index")
            if len(self._indexes) > INDEXES:
                self._indexes.popitem(last=False)
        self._indexes.move_to_end(dump)
        return self._indexes[dump]

    def _in_utf16(self, dump: int, index: Index, offset: int) -> int:
        mark = index.at(offset)
        between = self._blocks.read(dump, mark.start, offset - mark.start)
        return mark.base + len(between.decode("utf-8", "replace").encode("utf-16-le"))


def _is_read_as_it_stands(dump: Dump) -> bool:
    """Whether the offsets of what is read are the dump's own; the text of a compressed dump counts as the dump."""
    return dump.part is None or dump.part.format == "text"
