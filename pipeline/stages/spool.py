"""Spool: what is not plain text is unpacked into files of UTF-8, which are then read like dumps.

A winner's text is read a second time when it is written, by offset; a compressed stream, a Parquet file or a
WARC cannot give it back. Records are parted by more empty lines than any header reaches across, and the index
beside each spool says where each begins, what it is called, and what its envelope tells.
"""

import os
import uuid
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa

from pipeline.elements import Dump
from pipeline.rules.formats import Damaged, Part, open_unpacked
from pipeline.rules.records import SEPARATOR, Columns, Entry, entries
from pipeline.stages.ranges import ByteRange, Ranges, ranges_of

INDEXES = 256
"""Indexes that a worker keeps at hand."""
STEP = 1 << 16
"""Bytes of a transcoded text between two marks in its index."""


class Spool(beam.DoFn):
    """Unpacks the parts of a task; gives the byte ranges of what it wrote, and passes on those of plain dumps."""

    def __init__(self, dumps: Sequence[Dump], columns: Columns, range_bytes: int) -> None:
        self._dumps = dumps
        self._columns = columns
        self._range_bytes = range_bytes

    def process(self, task: Ranges) -> Iterable[Ranges]:
        pieces = [ByteRange(*piece) for piece in task]
        plain = tuple((n, start, stop) for n, start, stop in pieces if self._dumps[n].part is None)
        if plain:
            yield plain
        for piece in pieces:
            dump = self._dumps[piece.dump]
            if dump.part is not None:
                size = unpack(dump.part, dump.path, self._columns)
                for start, stop in ranges_of(size, self._range_bytes):
                    yield ((piece.dump, start, stop),)


def unpack(part: Part, path: str, columns: Columns) -> int:
    """Write a part's spool and its index; the spool's size in bytes.

    A part that cannot be read to its end leaves an empty spool, and an index that says why.
    """
    temporary = f"{path}.{uuid.uuid4().hex}"
    rows: dict[str, list[Any]] = {
        name: [] for name in ("start", "place", "url", "crawled", "error", "source", "base")
    }
    problem = None
    with open(temporary, "wb") as out:
        try:
            if part.format in ("text", "utf-16"):
                _unpack_text(part, out, rows)
            else:
                problem = _unpack_records(entries(part, columns), out, rows)
        except Damaged as error:
            problem = str(error)
            out.seek(0)
            out.truncate()
            rows = {name: [] for name in rows}
        size = out.tell()
    types = [pa.int64(), pa.string(), pa.string(), pa.date32(), pa.string(), pa.string(), pa.int64()]
    table = pa.table(
        [pa.array(rows[name], kind) for name, kind in zip(rows, types, strict=True)], names=list(rows)
    )
    metadata = {b"format": part.format.encode()} | ({b"problem": problem.encode()} if problem else {})
    with (
        pa.OSFile(f"{temporary}.index", "wb") as sink,
        pa.ipc.new_file(sink, table.schema.with_metadata(metadata)) as file,
    ):
        file.write_table(table)
    os.replace(f"{temporary}.index", f"{path}.index")
    os.replace(temporary, path)
    return size


def _unpack_text(part: Part, out: Any, rows: dict[str, list[Any]]) -> None:
    """Decompress; transcode UTF-16, with a mark now and then of where it stands in the dump."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-16")("replace") if part.format == "utf-16" else None
    with open_unpacked(part.path, part.compression) as file:
        read = 0
        while chunk := file.read(STEP):
            if decoder:
                pending = len(decoder.getstate()[0])
                rows["start"].append(out.tell())
                rows["base"].append(max(read - pending, 2))
                for name in ("place", "url", "crawled", "error", "source"):
                    rows[name].append(None)
                read += len(chunk)
                chunk = decoder.decode(chunk).encode("utf-8", "replace")
            out.write(chunk)


def _unpack_records(records: Iterator[Entry], out: Any, rows: dict[str, list[Any]]) -> str | None:
    problem = None
    for entry in records:
        if entry.error and not entry.text:
            problem = entry.error  # of the part, not of a record
            continue
        rows["start"].append(out.tell())
        for name, value in (("place", entry.place), ("url", entry.url), ("crawled", entry.crawled),
                            ("error", entry.error), ("source", entry.source), ("base", entry.offset)):  # fmt: skip
            rows[name].append(value)
        out.write(entry.text)
        out.write(SEPARATOR)
    return problem


class Index(NamedTuple):
    """What a spool's index says."""

    format: str
    starts: list[int]
    rows: dict[str, list[Any]]
    problem: str | None

    @classmethod
    def read(cls, path: str) -> "Index":
        with pa.memory_map(f"{path}.index") as source:
            table = pa.ipc.open_file(source).read_all()
        metadata = table.schema.metadata
        problem = metadata.get(b"problem")
        columns = {name: table[name].to_pylist() for name in table.column_names}
        return cls(
            metadata[b"format"].decode(), columns["start"], columns, problem.decode() if problem else None
        )

    @property
    def records(self) -> list[int]:
        """Where records begin; none where the spool is one text."""
        return [] if self.format in ("text", "utf-16") else self.starts


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
        if index.format == "utf-16":
            start, stop = (self._in_utf16(entry.path, index, at) for at in (offset, offset + length))
            return Place(entry.source, start, stop - start, repairs=("utf-16",))
        record = bisect_right(index.starts, offset) - 1
        row = {name: values[record] for name, values in index.rows.items()}
        source = row["source"] or f"{entry.source}{row['place']}"
        inside = offset - row["start"]
        return Place(
            source, row["base"] + inside, length, row["url"], row["crawled"], inside == 0, row["error"]
        )

    def records(self, dump: int) -> list[int]:
        """Where the records of a dump begin; none for a dump that is one text."""
        return self.index(dump).records if self._dumps[dump].part else []

    def index(self, dump: int) -> Index:
        if dump not in self._indexes:
            self._indexes[dump] = Index.read(self._dumps[dump].path)
            if len(self._indexes) > INDEXES:
                self._indexes.popitem(last=False)
        self._indexes.move_to_end(dump)
        return self._indexes[dump]

    def _in_utf16(self, path: str, index: Index, offset: int) -> int:
        mark = bisect_right(index.starts, offset) - 1
        with open(path, "rb") as file:
            file.seek(index.starts[mark])
            between = file.read(offset - index.starts[mark])
        base: int = index.rows["base"][mark]
        return base + len(between.decode("utf-8", "replace").encode("utf-16-le"))
