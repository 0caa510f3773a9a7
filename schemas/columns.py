"""Arrow: the schema that follows from a JSON Schema, and rows in JSON terms as a record batch."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dateline import schemas

SCHEMA_VERSION_KEY = b"dateline.schema_version"
"""Where a file's metadata has the version of the schema that it was written with."""

_BY_JSON_TYPE = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "array": pa.list_(pa.field("item", pa.string(), False)),
}
_BY_NAME = {"int32": pa.int32(), "int64": pa.int64(), "date32": pa.date32(), "binary": pa.binary()}


@cache
def arrow_schema(name: schemas.Name, version: int = schemas.VERSION) -> pa.Schema:
    """The Arrow schema of a kind of row, field by field from its JSON Schema.

    The keyword `arrow` decides the type where it stands, the JSON type where not; a field is nullable if
    its JSON type admits null.

    Args:
        name: the kind of row.
        version: of the schema; the keyword `since` tells from which one on there is a field.
    """
    fields = []
    for field, spec in schemas.load(name)["properties"].items():
        if spec.get("since", 1) > version:
            continue
        types = spec["type"] if isinstance(spec["type"], list) else [spec["type"]]
        (json_type,) = (kind for kind in types if kind != "null")
        arrow = _BY_NAME[spec["arrow"]] if "arrow" in spec else _BY_JSON_TYPE[json_type]
        fields.append(pa.field(field, arrow, nullable="null" in types))
    return pa.schema(fields, metadata={SCHEMA_VERSION_KEY: str(version).encode()})


def to_batch(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Rows that are valid by the JSON Schema, as one record batch; the columns are those of the Arrow schema."""
    values = map(itemgetter(*schema.names), rows)
    columns = zip(*values, strict=True) if rows else [()] * len(schema)
    return batch_of(dict(zip(schema.names, columns, strict=True)), schema)


def batch_of(columns: Mapping[str, Sequence[Any] | pa.Array], schema: pa.Schema) -> pa.RecordBatch:
    """The same from the columns, by name: each the values in JSON terms, or an Arrow array."""
    return pa.record_batch([_column(columns[field.name], field.type) for field in schema], schema=schema)


def texts(data: bytes | pa.Buffer, lengths: Sequence[int] | npt.NDArray[np.int64]) -> pa.StringArray:
    """An array of texts that stand one behind the other, in UTF-8, whose bytes it takes as they are.

    Args:
        data: the texts, less than 2 GB.
        lengths: of each, in bytes.
    """
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.StringArray.from_buffers(len(lengths), pa.py_buffer(offsets), pa.py_buffer(data))


def upgraded(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A table as a later schema has it: columns that were added since are null, and the order is its own.

    Raises:
        ValueError: an added column may not be null, or one of the table's is of another type: that takes more
            than adding a column.
    """
    if table.schema.equals(schema, check_metadata=True):
        return table
    columns = []
    for field in schema:
        if field.name in table.schema.names:
            columns.append(table[field.name].cast(field.type))
        elif field.nullable:
            columns.append(pa.nulls(len(table), field.type))
        else:
            raise ValueError(f"the column {field.name} is not in the file, and may not be null")
    return pa.table(columns, schema=schema)


def read_table(source: pa.NativeFile, schema: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    """The rows of an Arrow IPC file, or some columns of them, as a schema has them. Each value may then be looked at:
    Arrow by itself believes the offsets that a file has.

    Args:
        source: the file, open or mapped into memory.
        schema: of its rows, perhaps a later one than theirs.
        columns: which of them; None for all.

    Raises:
        ValueError, pa.ArrowException: it is no such file, or is damaged, or has other rows.
    """
    table = pa.ipc.open_file(source).read_all()
    if columns is not None:  # of what is mapped nothing is read before it is looked at
        table = table.select([table.schema.names.index(name) for name in columns])
        schema = pa.schema([schema.field(name) for name in columns])
    table.validate(full=True)
    table = upgraded(table, schema) if columns is None else table.cast(schema)
    for field in schema:
        if not field.nullable and table[field.name].null_count:
            raise ValueError(f"the column {field.name} has rows without a value")
    return table


def _column(values: Sequence[Any] | pa.Array, kind: pa.DataType) -> pa.Array:
    if kind == pa.date32():
        return pa.array(values, pa.string()).cast(kind)
    if kind == pa.binary():
        values = [b64decode(value) for value in values]
    return pa.array(values, kind)


def from_batch(batch: pa.RecordBatch | pa.Table) -> list[dict[str, Any]]:
    """The inverse of to_batch: rows in JSON terms."""
    return [{field: _json(value) for field, value in row.items()} for row in batch.to_pylist()]


def _json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    return value
