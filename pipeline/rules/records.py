"""Records: the pages in JSON Lines, Parquet, WARC, and the blocks in a dataset's rejects."""

import io
import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import IO, Any, NamedTuple

import pyarrow as pa

from pipeline.rules.formats import WARC_START, Damaged, Part, open_parquet, open_unpacked
from pipeline.stores import StoreError, arrow_file, open_file

SEPARATOR = b"\n" * 6
"""Between two records of a spool: more empty lines than any header reaches across."""
MEMBER_HEAD_BYTES = 1024
"""Bytes of a gzip member that are enough to tell whether it begins like a WARC record."""
_COMPACT_DAY = re.compile(r"\d{8}")
_GZIP_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")


class Columns(NamedTuple):
    """What JSON Lines keys and Parquet columns are called: the first of each that a record has counts."""

    text: tuple[str, ...] = ("text", "content", "raw_text")
    url: tuple[str, ...] = ("url", "page_url", "source_url")
    date: tuple[str, ...] = ("date", "timestamp", "crawl_date", "date_download")


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
        at = _line_start(file, part) if part.start else 0
        reader = io.BufferedReader(file, 1 << 20) if part.compression else file  # type: ignore[type-var]
        while (part.compression or at < part.stop) and (line := reader.readline()):
            if line.strip():
                yield _json_entry(f"#{at}", line, columns)
            at += len(line)


def _line_start(file: Any, part: Part) -> int:
    """Where the first line starts that does in a part, or some byte behind the part: a line may go on through many."""
    at = part.start - 1
    file.seek(at)
    while at < part.stop and (piece := file.readline(1 << 16)):
        at += len(piece)
        if piece.endswith(b"\n"):
            break
    return at


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
        file = open_parquet(part.path)
        names = file.schema_arrow.names
        wanted = [next((name for name in group if name in names), None) for group in columns]
        if wanted[0] is None:
            raise Damaged(f"no column {' or '.join(columns.text)} among {', '.join(names)}")
        row = sum(file.metadata.row_group(group).num_rows for group in range(part.start))
        picked = [name for name in wanted if name]
        groups = list(range(part.start, part.stop))
        for batch in file.iter_batches(256, row_groups=groups, columns=picked):
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

    with open_file(part.path) as file:
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
        except StoreError:
            raise
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
    data = file.read(part.stop - part.start + MEMBER_HEAD_BYTES)
    if not part.compression:
        found = data.find(b"\r\n" + WARC_START)
        return part.start + found + 2 if 0 <= found < part.stop - part.start - 2 else None
    for match in _GZIP_MEMBER.finditer(data):
        if match.start() >= part.stop - part.start:
            return None
        head = data[match.start() : match.start() + MEMBER_HEAD_BYTES]
        try:
            if zlib.decompressobj(31).decompress(head, 16).startswith(WARC_START):
                return part.start + match.start()
        except zlib.error:
            continue  # two bytes that happen to look like a member's first
    return None


def _rejects(part: Part) -> Iterator[Entry]:
    with arrow_file(part.path) as source:
        try:
            table = pa.ipc.open_file(source).read_all().slice(part.start, part.stop - part.start)
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


def base_source(source: str) -> str:
    """The dump of a row's source: what stands before the # of a record."""
    return source.partition("#")[0]


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
            return date.fromisoformat(text[:8] if _COMPACT_DAY.match(text) else text[:10])
    except (ValueError, OverflowError, OSError):
        return None
    return None
