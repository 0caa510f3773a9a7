"""Small files: a record batch in many parts, each as the Arrow IPC file that pyarrow would write of it, byte for byte.

    17 rows in parts of 2, 9 and 6     -> three files

Most partitions are of a few rows, and pyarrow needs 30 us to copy 25 columns for each and 30 us more to encode them. Here each
column is laid out for some hundred files in one sweep, and what is left to do for a file is to join some fifty pieces.

    "ARROW1" and the schema   the same in each file
    message                   the same but for numbers: rows, nulls, and where in the body each buffer is
    body                      the columns' buffers, each filled up to 8 bytes
    footer                    the same but for the sizes of message and body

So all but the body comes from a file that pyarrow wrote, whose numbers are replaced. The tests hold the two against each other,
and so does each run, for one file of many: where a release of pyarrow lays out files in another way, pyarrow writes them all.
"""

from collections.abc import Iterator, Sequence
from struct import unpack_from
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

AT_A_TIME = 256
"""Files whose columns are laid out together."""
ALIGNMENT = 8
"""Bytes; each buffer of a body begins at a multiple."""
_FILL = [b"\0" * (-length % ALIGNMENT) for length in range(ALIGNMENT)]

Numbers: TypeAlias = npt.NDArray[np.int64]
"""One for each file."""


def small_files(records: pa.RecordBatch, sizes: Sequence[int]) -> Iterator[bytes]:
    """The files of some parts of a batch.

    Args:
        records: of columns of 32 or 64 bits, texts, and lists of such.
        sizes: rows of each part, one or more; together all rows.
    """
    if not sizes:
        return
    edges = np.concatenate([[0], np.cumsum(sizes)])
    files = _files(records, edges)
    parts = map(records.slice, edges[:-1].tolist(), sizes)
    first = _by_pyarrow(next(parts))
    yield first
    yield from files if next(files) == first else map(_by_pyarrow, parts)


def _by_pyarrow(part: pa.RecordBatch) -> bytes:
    """The file of a slice, which gets memory of its own first: else the file would have its neighbours' bytes, too."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, part.schema) as writer:
        none = part.slice(0, 0)  # of two, even if one is empty, concat_batches makes a copy
        writer.write_batch(pa.concat_batches([none, part]))
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _files(records: pa.RecordBatch, edges: Numbers) -> Iterator[bytes]:
    """The files of the parts between each two edges, laid out here."""
    template = _template(records.schema)
    for at in range(0, len(edges) - 1, AT_A_TIME):
        some = edges[at : at + AT_A_TIME + 1]
        body = _Body()
        for column in records.columns:
            body.add(column, some[:-1], np.diff(some))
        yield from body.files(template, np.diff(some))


class _Body:
    """The bodies of some files, column after column, as pyarrow orders them: of a list, the list itself, then its values."""

    def __init__(self) -> None:
        self._nodes: list[Numbers] = []  # values and nulls of each column, by turns
        self._lengths: list[Numbers] = []  # of each buffer, in bytes
        self._pieces: list[Sequence[Any]] = []  # of each buffer that any file has, and of what fills it up

    def add(self, column: pa.Array, starts: Numbers, sizes: Numbers) -> None:
        """A column, of which each file has so many values from its start on."""
        kind = column.type
        self._add_nulls(column, starts, sizes)
        if not (pa.types.is_string(kind) or pa.types.is_list(kind)):
            values = _values(column, f"<i{kind.bit_width // 8}", len(column))
            self._add_values(values, starts, sizes)
            return
        offsets = _values(column, "<i4", len(column) + 1)
        begins, ends = offsets[starts], offsets[starts + sizes]
        self._add_values(offsets, starts, sizes + 1, begins)
        if pa.types.is_list(kind):
            self.add(column.values, begins.astype(np.int64), (ends - begins).astype(np.int64))
            return
        data, lengths = memoryview(column.buffers()[2] or b""), ends - begins
        self._lengths.append(lengths.astype(np.int64))
        spans = zip(begins.tolist(), ends.tolist(), strict=True)
        self._pieces.append([data[begin:end] for begin, end in spans])
        self._pieces.append([_FILL[rest] for rest in (lengths % ALIGNMENT).tolist()])

    def _add_nulls(self, column: pa.Array, starts: Numbers, sizes: Numbers) -> None:
        """Which values there are, a bit for each; a file without nulls has no such buffer."""
        nulls = np.zeros(len(sizes), np.int64)
        if column.null_count:
            bits = np.unpackbits(np.frombuffer(column.buffers()[0], np.uint8), bitorder="little")
            bits = bits[column.offset : column.offset + len(column)]
            before = np.concatenate([[0], np.cumsum(bits, dtype=np.int64)])
            nulls = sizes - (before[starts + sizes] - before[starts])
            layout = _Layout(starts, sizes, ALIGNMENT * 8)
            spread = np.packbits(layout.spread(bits), bitorder="little").tobytes()
            spans = zip(
                (layout.begins // 8).tolist(), (layout.ends // 8).tolist(), nulls.tolist(), strict=True
            )
            self._pieces.append([spread[begin:end] if some else b"" for begin, end, some in spans])
        self._nodes += [sizes, nulls]
        self._lengths.append(np.where(nulls, -(-sizes // 8), 0))

    def _add_values(
        self, values: npt.NDArray[Any], starts: Numbers, sizes: Numbers, less: npt.NDArray[Any] | None = None
    ) -> None:
        """Numbers, from which one is taken off in each file."""
        width = values.itemsize
        layout = _Layout(starts, sizes, ALIGNMENT // width)
        spread = layout.spread(values, less).tobytes()
        spans = zip((layout.begins * width).tolist(), (layout.ends * width).tolist(), strict=True)
        self._pieces.append([spread[begin:end] for begin, end in spans])
        self._lengths.append(sizes * width)

    def files(self, template: "_Template", rows: Numbers) -> Iterator[bytes]:
        """The files, each of so many rows."""
        lengths = np.stack(self._lengths, axis=1)
        ends = np.cumsum(-(-lengths // ALIGNMENT) * ALIGNMENT, axis=1)
        buffers = np.zeros(
            (len(rows), 2 * lengths.shape[1]), np.int64
        )  # where each begins, and its length, by turns
        buffers[:, 2::2], buffers[:, 1::2] = ends[:, :-1], lengths
        nodes = np.stack(self._nodes, axis=1)
        sizes = ends[:, -1:]
        messages = _with(template.message, {template.rows: rows[:, None], template.nodes: nodes,
                         template.buffers: buffers, template.size: sizes})  # fmt: skip
        footers = _with(template.footer, {template.footer_size: sizes})
        begin = template.begin
        for message, footer, *pieces in zip(messages, footers, *self._pieces, strict=True):
            yield b"".join((begin, message, *pieces, footer))


class _Layout:
    """Where values go if those of each file begin at a multiple of so many."""

    def __init__(self, starts: Numbers, sizes: Numbers, unit: int) -> None:
        rooms = -(-sizes // unit) * unit
        self.ends = np.cumsum(rooms)
        self.begins = self.ends - rooms
        before = np.cumsum(sizes) - sizes
        places = np.arange(before[-1] + sizes[-1])
        self._sizes = sizes
        self._from = places + np.repeat(starts - before, sizes)
        self._to = places + np.repeat(self.begins - before, sizes)

    def spread(self, values: npt.NDArray[Any], less: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """The values at their places, with zeros between those of two files; `less` is taken off each value of a file."""
        found = np.zeros(self.ends[-1], values.dtype)
        taken = values[self._from]
        found[self._to] = taken if less is None else taken - np.repeat(less, self._sizes)
        return found


class _Template(NamedTuple):
    """What all files of a schema share, and at which bytes of it the numbers are that differ."""

    begin: bytes
    message: bytes
    rows: int
    nodes: int
    buffers: int
    size: int
    """Of the body."""
    footer: bytes
    footer_size: int
    """The same number, in the footer."""


def _template(schema: pa.Schema) -> _Template:
    """Read off a file of one row. Its message and footer are FlatBuffers, of the tables Message and Footer of Arrow's format."""
    row = pa.record_batch([pa.nulls(1, field.type) for field in schema], schema=schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(row)
    data = sink.getvalue().to_pybytes()
    (footer_length,) = unpack_from("<i", data, len(data) - 10)  # then comes "ARROW1"
    footer = _pointed(data, len(data) - 10 - footer_length)
    block = _pointed(data, _field(data, footer, 3)) + 4  # the first of recordBatches, behind their number
    begin, length, size = unpack_from("<qi4xq", data, block)
    message = _pointed(data, begin + 8)
    batch = _pointed(data, _field(data, message, 2))
    end = begin + length + size
    return _Template(
        begin=data[:begin],
        message=data[begin : begin + length],
        rows=_field(data, batch, 0) - begin,
        nodes=_pointed(data, _field(data, batch, 1)) + 4 - begin,
        buffers=_pointed(data, _field(data, batch, 2)) + 4 - begin,
        size=_field(data, message, 3) - begin,
        footer=data[end:],
        footer_size=block + 16 - end,
    )


def _field(data: bytes, table: int, number: int) -> int:
    """Where a table of a FlatBuffer has its field of that number."""
    (to_fields,) = unpack_from("<i", data, table)
    (at,) = unpack_from("<H", data, table - to_fields + 4 + 2 * number)
    return int(table + at)


def _pointed(data: bytes, at: int) -> int:
    """Where what stands at a place of a FlatBuffer points to."""
    return int(at + unpack_from("<I", data, at)[0])


def _with(template: bytes, numbers: dict[int, npt.NDArray[np.int64]]) -> list[bytes]:
    """Copies of a template, each with its own row of numbers at each of some bytes."""
    (count,) = {len(each) for each in numbers.values()}
    copies = np.tile(np.frombuffer(template, np.uint8), (count, 1))
    for at, each in numbers.items():
        each = np.ascontiguousarray(each, "<i8")
        copies[:, at : at + 8 * each.shape[1]] = each.view(np.uint8)
    data, size = copies.tobytes(), len(template)
    return [data[at : at + size] for at in range(0, len(data), size)]


def _values(column: pa.Array, kind: str, count: int) -> npt.NDArray[Any]:
    """The numbers of a column, or its offsets."""
    return np.frombuffer(column.buffers()[1], kind)[column.offset : column.offset + count]
