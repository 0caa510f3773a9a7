"""Parquet: one page a row. Columns are chosen row by row, and a value that cannot be read makes its row a reject, not the
file an unreadable one."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dateline.pipeline.inputs import records
from dateline.pipeline.inputs.parquet_pages import DICTIONARY, Chunk, chunks, pages
from dateline.pipeline.inputs.records import KEPT_BYTES, Account, Columns, Entry
from dateline.pipeline.inputs.streams import Bounds, Damaged, Tell, tell_nobody
from dateline.pipeline.store.address import in_store
from dateline.pipeline.store.files import arrow_file, fingerprint_of, open_file

if TYPE_CHECKING:
    from dateline.pipeline.elements import Part, Pin

FOOTERS = 16
"""How often its own size may be read of a Parquet file, at most, for its footer."""
PAGE_BYTES = 128 << 20
"""Of a page unpacked, at most: the library holds all of it. Some writers make pages of 100 MB."""
ALONE_BYTES = 48 << 20
"""Of a page from which on one worker at a time has such a one in memory."""
BATCH_BYTES = 32 << 20
"""Of rows that are read at once, about."""
BATCH_ROWS = 256
BUFFER_BYTES = 1 << 20
"""Of a column's bytes that are read at once, not all of them."""


class Long(NamedTuple):
    """A text over the limit."""

    head: bytes
    size: int
    """Bytes of all of it."""


def row_groups(part: "Part") -> tuple[int, int]:
    """How many row groups a file has, and how many tasks read them: each one, unless that takes reading its footer, which
    every task does, too often.

    Raises:
        Damaged: it is no Parquet that can be read.
    """
    with open_file(part.path, part.pin, stop=0) as raw:
        counted = sum(1 for _ in chunks(raw, part.size, ()))  # before the library is let at it
    with _opened(part) as file, _reading():
        groups = int(file.num_row_groups)
        if groups != counted:
            raise Damaged("no readable Parquet: its row groups cannot be told")
        return groups, max(1, min(groups, FOOTERS * part.size // int(file.metadata.serialized_size)))


def parquet(
    part: "Part", columns: Columns, bounds: Bounds, account: Account, tell: Tell = tell_nobody
) -> Iterator[Entry]:
    """The rows of a part's row groups.

    Raises:
        Damaged: the file cannot be read there, or has no column of text.
    """
    with _opened(part) as file:
        with _reading():
            names: list[str] = file.schema_arrow.names
            rows = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        if rows and not any(name in names for name in columns.text):
            raise Damaged(f"no column {' or '.join(columns.text)} among {', '.join(names)}"[:1000])
        wanted = _wanted(file, columns)
        found = _chunks(part, columns)
        if len(found) != len(rows):
            raise Damaged("no readable Parquet: its row groups cannot be told")
        row, all_rows = sum(rows[: part.start]), sum(rows)
        for group in range(part.start, part.stop):
            account.held += rows[group]
            behind = row + rows[group]
            for batch in _batches(file, group, wanted, _batch_rows(part, found[group])):
                for values in _rows(batch, bounds.record_bytes):
                    yield _entry(row, values, columns, bounds, account)
                    row += 1
                values = {}
                tell(part.size * batch.num_rows // all_rows)
                del batch  # before the next one is made
            if row != behind:
                raise Damaged("no readable Parquet: it has other rows than its footer says")
            pa.default_memory_pool().release_unused()
    account.size = account.held


def takes_much(part: "Part", columns: Columns) -> bool:
    """Whether a page of the part's rows is so large that one worker alone should have it in memory.

    Raises:
        Damaged: see parquet().
    """
    found = _chunks(part, columns)[part.start : part.stop]
    with open_file(part.path, part.pin, stop=0) as file:
        return any(
            page.size > ALONE_BYTES for group in found for chunk in group for page in pages(file, chunk)
        )


def _chunks(part: "Part", columns: Columns) -> list[list[Chunk]]:
    """Where the pages of each row group are: read once by a worker, whatever the parts."""
    return _chunks_of(part.path, part.pin, columns, () if part.pin else tuple(fingerprint_of(part.path)))


@lru_cache(maxsize=1)
def _chunks_of(
    path: str, pin: "Pin | None", columns: Columns, look: tuple[int | str, ...]
) -> list[list[Chunk]]:
    names = {name for group in columns for name in group}
    with open_file(path, pin, stop=0) as file:
        return list(chunks(file, file.seek(0, io.SEEK_END), names))


def _wanted(file: pq.ParquetFile, columns: Columns) -> list[str]:
    """The columns that are read, of those that there are."""
    names = set(file.schema_arrow.names)
    return [name for group in columns for name in group if name in names]


def _batches(file: pq.ParquetFile, group: int, wanted: list[str], size: int) -> Iterator[pa.RecordBatch]:
    with _reading():
        found = iter(file.iter_batches(size, row_groups=[group], columns=wanted, use_threads=False))
    while True:
        with _reading():
            batch = next(found, None)
            if batch is None:
                return
            batch.validate()
        yield batch
        del batch


def _batch_rows(part: "Part", group: Sequence[Chunk]) -> int:
    """How many rows are read at once, so that they come to about BATCH_BYTES.

    Raises:
        Damaged: a page unpacks to more than PAGE_BYTES.
    """
    widest = 1
    with open_file(part.path, part.pin, stop=0) as file:
        for chunk in group:
            for page in pages(file, chunk):
                if page.size > PAGE_BYTES:
                    raise Damaged(
                        f"a page of its column {chunk.column} unpacks to {page.size:,} bytes, and may to "
                        f"{PAGE_BYTES:,}: write it again with fewer rows in a page"
                    )
                # Each row may name the longest text of a dictionary: that is all of it, for all that is known.
                values = 1 if page.kind == DICTIONARY else max(1, page.values)
                widest = max(widest, page.size // values)
    return max(1, min(BATCH_ROWS, BATCH_BYTES // widest))


def _entry(row: int, values: dict[str, Any], columns: Columns, bounds: Bounds, account: Account) -> Entry:
    records.look_for(values, columns, account)
    place = f"#{row}"
    text = records.first_of(
        values, columns.text, lambda value: value if isinstance(value, Long) else records.text_of(value)
    )
    if isinstance(text, Long):
        return records.too_large(place, 1, text.head, text.size, bounds.record_bytes)
    if text is None:
        return records.unusable(place, 1, f"row {row}".encode(), f"no text under {' or '.join(columns.text)}")
    said = {name: _decoded(values.get(name)) for name in columns.date}
    return Entry(
        place,
        1,
        text,
        records.first_of(values, columns.url, _url),
        records.crawl_day(said, columns, bounds, account),
    )


def _url(value: Any) -> str | None:
    return records.url_of(_decoded(value))


def _decoded(value: Any) -> Any:
    """Bytes as text, where they are."""
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return None


def _rows(batch: pa.RecordBatch, limit: int) -> Iterator[dict[str, Any]]:
    """The rows of a batch; of columns of one name the first that has a value counts."""
    names = batch.schema.names
    for row in zip(*(_values(column, limit) for column in batch.columns), strict=True):
        values: dict[str, Any] = {}
        for name, value in zip(names, row, strict=True):
            if values.get(name) is None:
                values[name] = value
        yield values


def _values(column: pa.Array, limit: int) -> list[Any]:
    """A column's values, text as bytes: it need not be UTF-8, and says so later, row by row."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        values = _values(column.dictionary, limit)
        return [None if place is None else values[place] for place in column.indices.to_pylist()]
    if pa.types.is_string_view(column.type) or pa.types.is_binary_view(column.type):
        column = column.cast(pa.large_binary())
    elif pa.types.is_string(column.type):
        column = column.view(pa.binary())
    elif pa.types.is_large_string(column.type):
        column = column.view(pa.large_binary())
    if not (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)):
        return [_python(value) for value in column]
    if (pc.max(pc.binary_length(column)).as_py() or 0) <= limit:
        return list(column.to_pylist())
    return [_text(column, place, limit) for place in range(len(column))]


def _text(column: pa.Array, place: int, limit: int) -> bytes | Long | None:
    """A text of a column that has some over the limit."""
    one = column.slice(place, 1)
    size = pc.binary_length(one)[0].as_py()
    if size is None or size <= limit:
        return one.to_pylist()[0]  # type: ignore[no-any-return]
    return Long(pc.binary_slice(one, 0, KEPT_BYTES)[0].as_py(), size)


def _python(value: pa.Scalar) -> Any:
    """A value, or something that is none where it has no like in Python: a nanosecond, a zone that nobody knows."""
    try:
        return value.as_py()
    except (pa.ArrowException, ValueError, OverflowError, KeyError):
        return _NONE


class _Unreadable:
    """What stands for a value that has no like in Python."""

    def __repr__(self) -> str:
        return "a value that cannot be read"


_NONE = _Unreadable()


@contextmanager
def _opened(part: "Part") -> Iterator[pq.ParquetFile]:
    """A file, open; pyarrow closes only what it opened itself."""
    with _reading():
        source = arrow_file(part.path, part.pin) if in_store(part.path) else part.path
        file = pq.ParquetFile(source, buffer_size=BUFFER_BYTES, pre_buffer=False)
    try:
        yield file
    finally:
        file.close(force=True)


@contextmanager
def _reading() -> Iterator[None]:
    """What the library raises on a file that is not as it must be."""
    try:
        yield
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        KeyError,
        IndexError,
        OverflowError,
        MemoryError,
    ) as error:
        raise Damaged(f"no readable Parquet: {error}") from error
