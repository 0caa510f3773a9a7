"""The rejects of a dataset as input. Anyone may have made the file: its schema and all its bytes are checked before a
value is touched, since offsets that lead out of it end in a crash of the process."""

from collections.abc import Iterator
from contextlib import contextmanager
from struct import error as struct_error
from struct import unpack_from
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dateline.pipeline.inputs.records import Account, Entry
from dateline.pipeline.inputs.streams import Damaged
from dateline.pipeline.store.files import arrow_file
from dateline.schemas.columns import arrow_schema

if TYPE_CHECKING:
    from dateline.pipeline.elements import Part, Pin

MAX_BYTES = 65_536
"""Of a reject's bytes and of its source, at most."""
MAX_OFFSET = 1 << 62
ROWS = 256
"""Rows that are made values at once."""
PREFIX_BYTES = 8
"""What stands before the first message of a file."""
HEADER, COMPRESSION = 2, 3
"""Fields of a message and of a record batch, by their numbers in Arrow's format."""
OF_A_DATASET = "is an Arrow file of a dataset's articles or copies, and no dump: pyarrow reads it; give dumps, or _rejected"
NO_COLUMN = "no file of rejects: it has no column {name} of {kind}"
CUT = "{count:,} rejects keep only the first of their bytes: read their dumps again"


def reject_sources(path: str, pin: "Pin | None") -> list[str]:
    """The sources in a file of rejects, row by row; `pin` is its state in a store.

    Raises:
        Damaged: it is none.
    """
    return [source for batch in _batches(path, pin) for source in batch["source"].to_pylist()]


def rejects(part: "Part", account: Account) -> Iterator[Entry]:
    """The rows of a part, each with the bytes of its block; those that are not whole are counted, and told.

    Raises:
        Damaged: the file is none of rejects.
    """
    account.held = account.size = part.stop - part.start
    at = 0
    for batch in _batches(part.path, part.pin):
        first, stop = max(part.start - at, 0), min(part.stop - at, batch.num_rows)
        at += batch.num_rows
        for begin in range(first, stop, ROWS):
            for row in batch.slice(begin, min(ROWS, stop - begin)).to_pylist():
                if row["raw_truncated"]:
                    account.others["cut"] += 1
                    account.others_size += 1
                elif not (row["source"] and 0 <= row["source_offset"] < MAX_OFFSET and row["raw"].strip()):
                    raise Damaged(
                        "no file of rejects: a row has no source, no bytes, or no offset that can be"
                    )
                else:
                    yield Entry("", 1, row["raw"], source=row["source"], offset=row["source_offset"])


def _batches(path: str, pin: "Pin | None") -> Iterator[pa.RecordBatch]:
    """The record batches of a file, whole and of the columns that are needed.

    Raises:
        Damaged: it is no file of rejects.
    """
    wanted = arrow_schema("reject")
    names = ["source", "source_offset", "raw", "raw_truncated"]
    with _reading(), arrow_file(path, pin) as source:
        count = pa.ipc.open_file(source).num_record_batches
        source.seek(PREFIX_BYTES)
        reader = pa.ipc.MessageReader.open_stream(source)
        schema = pa.ipc.read_schema(reader.read_next_message())
        for name in names:
            places = schema.get_all_field_indices(name)
            if len(places) != 1 or schema.field(places[0]).type != wanted.field(name).type:
                own = "headline" in schema.names or "headline_key" in schema.names
                raise Damaged(
                    OF_A_DATASET if own else NO_COLUMN.format(name=name, kind=wanted.field(name).type)
                )
        for _ in range(count):
            message = reader.read_next_message()
            if message.type != "record batch" or _is_packed(message.metadata.to_pybytes()):
                raise Damaged("no file of rejects: its rows are packed, or in a dictionary")
            batch = pa.ipc.read_record_batch(message, schema)
            batch.validate(full=True)
            batch = batch.select(names)
            if any(column.null_count for column in batch.columns):
                raise Damaged("no file of rejects: a value is missing")
            if (
                max((pc.max(pc.binary_length(batch[name])).as_py() or 0) for name in ("source", "raw"))
                > MAX_BYTES
            ):
                raise Damaged(f"no file of rejects: a value has more than {MAX_BYTES:,} bytes")
            yield batch


def _is_packed(message: bytes) -> bool:
    """Whether the body of a record batch is packed: a few bytes may unpack to very many. The library does not tell; it
    stands in the message, a table of Flatbuffers."""

    def field(table: int, number: int) -> int:
        """Where a table has a field; 0 where it has none."""
        (back,) = unpack_from("<i", message, table)
        (size,) = unpack_from("<H", message, table - back)
        place = 4 + 2 * number
        return int(unpack_from("<H", message, table - back + place)[0]) if place + 2 <= size else 0

    (root,) = unpack_from("<I", message, 0)
    header = root + field(root, HEADER)
    (offset,) = unpack_from("<I", message, header)
    return field(header + offset, COMPRESSION) != 0


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, StopIteration, struct_error) as error:
        raise Damaged(f"no file of rejects: {error}") from error
