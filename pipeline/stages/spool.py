"""Spool: what is not plain text is unpacked into files of UTF-8, which are then read like dumps.

A winner's text is read a second time when it is written, by offset; a compressed stream, a Parquet file or a
WARC cannot give it back. Records are parted by more empty lines than any header reaches across, and the index
beside each spool says where each begins, what it is called, and what its envelope tells.

A dump is unpacked by parts, and is read once all of them are whole: of a damaged one nothing is (see whole.py).
"""

import codecs
import os
import uuid
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import date
from typing import IO, Literal, NamedTuple, TypeAlias

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipeline.config import Config
from pipeline.elements import Dump
from pipeline.names import progress_folder, spool_folder
from pipeline.progress import at_dump
from pipeline.rules.containers import entries
from pipeline.rules.formats import Damaged, Part, open_unpacked
from pipeline.rules.parquet import takes_much
from pipeline.rules.records import SEPARATOR, Account, Columns, Entry
from pipeline.rules.streams import Bounds
from pipeline.stages.index import Facts, Index, IndexWriter, Row
from pipeline.stages.ranges import ByteRange, Ranges
from pipeline.stages.room import Room
from pipeline.stores import StoreError

PLAIN: Literal["plain"] = "plain"
Plain: TypeAlias = TaggedOutput[Literal["plain"], Ranges]
Told: TypeAlias = tuple[int, int, str | None, int | None, int]
"""A part's number, and the fields of its Report: plain values, whose coder is a fast one."""
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


class Spool(beam.DoFn):
    """Unpacks the parts of a task, and tells of each under the first part of its dump; passes on the byte ranges of
    plain dumps, tagged as PLAIN."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._progress = progress_folder(config.output, config.run)

    def setup(self) -> None:
        self._room = room_of(self._config)

    def process(self, task: Ranges) -> Iterable[tuple[int, Told] | Plain]:
        dumps = self._config.dumps
        pieces = [ByteRange(*piece) for piece in task]
        plain = tuple((n, start, stop) for n, start, stop in pieces if dumps[n].part is None)
        if plain:
            yield TaggedOutput(PLAIN, plain)
        for piece in pieces:
            dump = dumps[piece.dump]
            if dump.part is not None:
                with at_dump(self._progress, dump.source):
                    report = unpack(dump.part, dump.path, self._config.columns, self._room)
                first = bisect_left(dumps, dump.source, key=lambda dump: dump.source)
                yield first, (piece.dump, *report)


def room_of(config: Config) -> Room:
    """The room that a run's workers share."""
    return Room(spool_folder(config.output, config.run), config.bounds)


def unpack(part: Part, path: str, columns: Columns, room: Room) -> Report:
    """Write a part's spool and its index.

    A part that cannot be read to its end leaves an empty spool, and an index that says why.

    Raises:
        StoreError: the part's store failed, or there is no room on the disk.
    """
    temporary = f"{path}.{uuid.uuid4().hex}"
    account = None if part.format in ("text", "utf-16") else Account()
    try:
        index = IndexWriter(f"{temporary}.index")
        with open(temporary, "wb") as file:
            out = _Out(file, part, room)
            try:
                if account is None:
                    _unpack_text(part, out, index, room.bounds)
                else:
                    much = part.format == "parquet" and takes_much(part, columns)
                    with room.alone() if much else nullcontext():
                        _unpack_records(entries(part, columns, room.bounds, account), out, index)
            except Damaged as error:
                index.abandon()
                leave_nothing(path, Facts(part.format, str(error)[:MAX_PROBLEM]))
                room.give_back(out.size)
                return Report(0, str(error), account.first if account else None)
        index.close(Facts(part.format, None, account))
        os.replace(f"{temporary}.index", f"{path}.index")
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(f"{part.path} cannot be unpacked to {path}: {error.strerror or error}") from error
    return Report(out.size, None, account.first if account else None, account.end if account else 0)


def leave_nothing(path: str, facts: Facts) -> None:
    """An empty spool in the place of one that is there or not, and an index that says why."""
    temporary = f"{path}.{uuid.uuid4().hex}"
    with open(temporary, "wb"):
        pass
    IndexWriter(f"{temporary}.index").close(facts)
    os.replace(f"{temporary}.index", f"{path}.index")
    os.replace(temporary, path)


class _Out:
    """A spool as it is written, with what it may come to."""

    def __init__(self, file: IO[bytes], part: Part, room: Room) -> None:
        self._file = file
        self._part = part
        self._room = room
        self._most = room.of_dump(part)
        self.size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._most:
            raise Damaged(self._room.too_much(self._part))
        self._room.take(len(data))
        self._file.write(data)


def _unpack_text(part: Part, out: _Out, index: IndexWriter, bounds: Bounds) -> None:
    """Decompress; transcode UTF-16, with a mark now and then of where it stands in the dump."""
    with open_unpacked(part.path, part.compression, bounds) as file:
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


class Place(NamedTuple):
    """Where a block stands, as its row tells it, and what its record's envelope says."""

    source: str
    offset: int
    length: int
    page_url: str | None = None
    crawled: date | None = None
    lead: bool = False
    """Whether it is the first block of its page; only known where a record is a page."""
    error: str | None = None
    """Why the record cannot be used, and the reason of that kind."""
    reason: str | None = None
    repairs: tuple[str, ...] = ()


class Locator:
    """From a block's place in what was read to its place as the dataset tells it."""

    def __init__(self, dumps: Sequence[Dump]) -> None:
        self._dumps = dumps
        self._indexes: OrderedDict[int, Index] = OrderedDict()

    def place(self, dump: int, offset: int, length: int) -> Place:
        """The place of the bytes [offset, offset + length) of a dump or its spool."""
        entry = self._dumps[dump]
        if entry.part is None or entry.part.format == "text":
            # The text of a compressed dump counts as the dump: its offsets are those of its unpacked bytes.
            return Place(entry.source, offset, length)
        index = self.index(dump)
        if entry.part.format == "utf-16":
            start, stop = (self._in_utf16(entry.path, index, at) for at in (offset, offset + length))
            return Place(entry.source, start, stop - start, repairs=("utf-16",))
        row = index.at(offset)
        inside = offset - row.start
        return Place(
            row.source or f"{entry.source}{row.place}", row.base + inside, length, row.url, row.crawled,
            inside == 0, row.error, row.reason,
        )  # fmt: skip

    def error(self, dump: int, offset: int) -> tuple[str, str] | None:
        """Why the record that a byte is in cannot be used: the reason, and what was found; None where it can."""
        index = self.index(dump)
        if not index.has_errors:
            return None
        row = index.at(offset)
        return (row.reason, row.error) if row.reason and row.error else None

    def records(self, dump: int) -> Sequence[int]:
        """Where the records of a dump begin; none for a dump that is one text."""
        part = self._dumps[dump].part
        return self.index(dump).starts if part and part.format not in ("text", "utf-16") else []

    def index(self, dump: int) -> Index:
        if dump not in self._indexes:
            self._indexes[dump] = Index(f"{self._dumps[dump].path}.index")
            if len(self._indexes) > INDEXES:
                self._indexes.popitem(last=False)
        self._indexes.move_to_end(dump)
        return self._indexes[dump]

    def _in_utf16(self, path: str, index: Index, offset: int) -> int:
        mark = index.at(offset)
        with open(path, "rb") as file:
            file.seek(mark.start)
            between = file.read(offset - mark.start)
        return mark.base + len(between.decode("utf-8", "replace").encode("utf-16-le"))
