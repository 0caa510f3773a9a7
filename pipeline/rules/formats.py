"""Input formats: told by a file's first bytes and its name, never by an option.

    plain text, UTF-8              read where it lies
    text in gzip, bzip2, xz, zstd  unpacked first; UTF-16 with a byte order mark: transcoded first
    JSON Lines, Parquet            one page a line or row: text, and URL and date where they are
    WARC, WET                      one page a conversion record; URL and date from its header
    the rejects of a dataset       one block a row, to be read again by a better parser

What is not plain text is unpacked by parts into spool files of UTF-8, which all later stages read like dumps.
A spool's index says what each of its records is, see Entry.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import IO, Any, BinaryIO, Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

Format = Literal["plain", "text", "utf-16", "jsonl", "parquet", "warc", "rejects"]

PART_BYTES = 8 << 20
"""Bytes of a JSON Lines or WARC file that are unpacked by one task."""
SEPARATOR = b"\n" * 6
"""Between two records of a spool: more empty lines than any header reaches across."""

_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_WARC = b"WARC/1."
_GZIP_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")


class Columns(NamedTuple):
    """What JSON Lines keys and Parquet columns are called: the first of each that a record has counts."""

    text: tuple[str, ...] = ("text", "content", "raw_text")
    url: tuple[str, ...] = ("url", "page_url", "source_url")
    date: tuple[str, ...] = ("date", "timestamp", "crawl_date", "date_download")


class Part(NamedTuple):
    """A share of an input that one task unpacks."""

    format: Format
    compression: str
    """A value of _MAGIC, or "" """
    path: str
    start: int
    """The first byte, or row group, that belongs to the part; `stop` is the first that does not."""
    stop: int


class Entry(NamedTuple):
    """One record of a part."""

    place: str
    """What is put behind the dump's name to name the record: "#" and its line, row, or byte."""
    text: bytes
    url: str | None = None
    crawled: date | None = None
    error: str | None = None
    """Why the record cannot be used; `text` is what stands there."""
    source: str | None = None
    """The dump that the text came from first, and its offset there: for rejects that are read again."""
    offset: int = 0


class Damaged(Exception):
    """A file cannot be read to its end: it is cut off, or its bytes are not what they should be."""


def detect(path: str) -> tuple[Format, str]:
    """A file's format and compression.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(4096)
    compression = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
    if compression:
        try:
            with open_unpacked(path, compression) as file:
                head = file.read(4096)
        except Damaged:
            return "text", compression  # told when it is unpacked
    name = os.path.basename(path).lower()
    if head.startswith(b"PAR1"):
        return "parquet", compression
    if head.startswith(b"ARROW1"):
        return "rejects", compression
    if head.startswith(_WARC):
        return "warc", compression
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", compression
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and re.search(r"\.(jsonl|ndjson|json)\b", name):
        return "jsonl", compression
    return ("text", compression) if compression else ("plain", "")


def parts_of(path: str, size: int) -> list[Part]:
    """How an input is shared out; none for plain text, which is read where it lies.

    Raises:
        OSError: it cannot be read.
        Damaged: it is not what it says it is.
    """
    form, compression = detect(path)
    if form == "plain":
        return []
    if form == "parquet":
        try:
            groups = pq.ParquetFile(path).num_row_groups
        except pa.ArrowInvalid as error:
            raise Damaged(f"no readable Parquet: {error}") from error
        return [Part(form, compression, path, group, group + 1) for group in range(groups)]
    if (form == "jsonl" and not compression) or (form == "warc" and compression in ("", "gzip")):
        return [
            Part(form, compression, path, start, min(start + PART_BYTES, size))
            for start in range(0, size, PART_BYTES)
        ]
    return [Part(form, compression, path, 0, size)]


def open_unpacked(path: str, compression: str) -> BinaryIO | io.BufferedIOBase:
    """A file, decompressed as it is read.

    Raises (when read):
        Damaged: it is cut off or damaged.
    """
    file = open(path, "rb")  # noqa: SIM115  # closed with what wraps it
    if compression == "gzip":
        return _Checked(gzip.GzipFile(fileobj=file), file)
    if compression == "bzip2":
        return _Checked(bz2.BZ2File(file), file)
    if compression == "xz":
        return _Checked(lzma.LZMAFile(file), file)
    if compression == "zstd":
        return _Checked(_Zstd(file), file)
    return file


class _Zstd:
    """Reads zstd frames one after the other. The library's own reader takes a cut-off frame for a whole one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._ready = io.BytesIO()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; b"" at the end."""
        while not (data := self._ready.read(size)):
            more = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame, self._begun = zstandard.ZstdDecompressor().decompressobj(), False
            more = more or self._file.read(1 << 17)
            if not more:
                if self._begun:
                    raise EOFError("the last frame does not end")
                break
            self._begun = True
            self._ready = io.BytesIO(self._frame.decompress(more))
        return data

    def close(self) -> None:
        self._ready.close()


class _Checked(io.BufferedIOBase):
    """Turns what decompressors raise on bad bytes into Damaged."""

    def __init__(self, inner: Any, file: IO[bytes]) -> None:
        self._inner = inner
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        try:
            data: bytes = self._inner.read(size if size is not None else -1)
        except (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
            raise Damaged(f"cut off or damaged: {error}") from error
        return data

    def close(self) -> None:
        self._inner.close()
        self._file.close()
        super().close()


def entries(part: Part, columns: Columns) -> Iterator[Entry]:
    """The records of a part whose format has any, in order.

    Raises:
        Damaged: the file cannot be read to the part's end.
    """
    if part.format == "jsonl":
        return _json_lines(part, columns)
    if part.format == "parquet":
        return _parquet(part, columns)
    if part.format == "warc":
        return _warc(part)
    return _rejects(part)


def _json_lines(part: Part, columns: Columns) -> Iterator[Entry]:
    """One entry a line; a line belongs to the part that it starts in."""
    with open_unpacked(part.path, part.compression) as file:
        at = part.start
        if at:
            file.seek(at - 1)
            at += len(file.readline()) - 1
        reader = io.BufferedReader(file, 1 << 20) if part.compression else file  # type: ignore[type-var]
        while (part.compression or at < part.stop) and (line := reader.readline()):
            if line.strip():
                yield _json_entry(f"#{at}", line, columns)
            at += len(line)


def _json_entry(place: str, line: bytes, columns: Columns) -> Entry:
    try:
        row = json.loads(line)
        text = _first(row, columns.text) if isinstance(row, dict) else None
        if not isinstance(text, str):
            return Entry(place, line, error=f"expected an object with text under {' or '.join(columns.text)}")
        return Entry(place, text.encode(), _url(_first(row, columns.url)), day_of(_first(row, columns.date)))
    except (ValueError, RecursionError) as error:
        return Entry(place, line, error=f"no JSON: {error}")


def _parquet(part: Part, columns: Columns) -> Iterator[Entry]:
    try:
        file = pq.ParquetFile(part.path)
        names = file.schema_arrow.names
        wanted = [next((name for name in group if name in names), None) for group in columns]
        if wanted[0] is None:
            raise Damaged(f"no column {' or '.join(columns.text)} among {', '.join(names)}")
        row = sum(file.metadata.row_group(group).num_rows for group in range(part.start))
        picked = [name for name in wanted if name]
        for batch in file.iter_batches(256, row_groups=[part.start], columns=picked):
            values = [batch[name].to_pylist() if name else [None] * batch.num_rows for name in wanted]
            for text, url, day in zip(*values, strict=True):
                if text is not None:
                    data = text if isinstance(text, bytes) else str(text).encode()
                    yield Entry(f"#{row}", data, _url(url), day_of(day))
                row += 1
    except pa.ArrowException as error:
        raise Damaged(f"no readable Parquet: {error}") from error


def _warc(part: Part) -> Iterator[Entry]:
    """Conversion records; of others only their number is told, under an empty place."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with open(part.path, "rb") as file:
        start = _record_start(file, part)
        if start is None:
            return
        file.seek(start)
        others = 0
        try:
            for record in ArchiveIterator(file, parse_http=False):
                at = record.stream_pos
                if part.compression in ("", "gzip") and at >= part.stop:
                    break
                if record.record_type == WarcRecordType.conversion:
                    url = record.headers.get("WARC-Target-URI")
                    yield Entry(
                        f"#{at}", record.reader.read(), _url(url), day_of(record.headers.get("WARC-Date"))
                    )
                elif record.record_type in (WarcRecordType.response, WarcRecordType.resource):
                    others += 1
        except Exception as error:  # fastwarc raises what its streams raise, of several kinds
            raise Damaged(f"no readable WARC: {error}") from error
        if others:
            yield Entry(
                "", b"", error=f"{others:,} records that are no conversion records hold no text to read"
            )


def _record_start(file: IO[bytes], part: Part) -> int | None:
    """The first record that starts in the part: byte `start` or later, before `stop`."""
    if part.start == 0 or part.compression not in ("", "gzip"):
        return part.start
    file.seek(part.start)
    data = file.read(part.stop - part.start + 64)
    if not part.compression:
        found = data.find(b"\r\n" + _WARC)
        return part.start + found + 2 if 0 <= found < part.stop - part.start - 2 else None
    for match in _GZIP_MEMBER.finditer(data):
        if match.start() >= part.stop - part.start:
            return None
        file.seek(part.start + match.start())
        try:
            if zlib.decompressobj(31).decompress(file.read(1 << 16), 16).startswith(_WARC):
                return part.start + match.start()
        except zlib.error:
            continue  # two bytes that happen to look like a member's first
    return None


def _rejects(part: Part) -> Iterator[Entry]:
    with pa.memory_map(part.path) as source:
        try:
            table = pa.ipc.open_file(source).read_all()
            rows = table.select(["source", "source_offset", "raw", "raw_truncated"]).to_pylist()
        except (pa.ArrowException, KeyError) as error:
            raise Damaged(f"no file of rejects: {error}") from error
    cut = sum(row["raw_truncated"] for row in rows)
    for row in rows:
        if not row["raw_truncated"]:
            yield Entry("", row["raw"], source=row["source"], offset=row["source_offset"])
    if cut:
        yield Entry(
            "", b"", error=f"{cut:,} rejects keep only the first of their bytes: read their dumps again"
        )


def _first(row: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _url(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def day_of(value: Any) -> date | None:
    """The day that a record's date means: ISO 8601, 14 digits, seconds since 1970, or a date; else None.

    >>> day_of("2022-04-20T10:00:00Z"), day_of("20220420100000"), day_of(1650448800), day_of("soon")
    (datetime.date(2022, 4, 20), datetime.date(2022, 4, 20), datetime.date(2022, 4, 20), None)
    """
    try:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC).date()
        if isinstance(value, str):
            text = value.strip()
            return date.fromisoformat(text[:8] if re.match(r"\d{8}", text) else text[:10])
    except (ValueError, OverflowError, OSError):
        return None
    return None
