"""Small files: a record batch in many parts, each as the Arrow IPC file that pyarrow would write of it, byte for byte.

    17 rows in parts of 2, 9 and 6     -> three files

Most partitions are of a few rows, and pyarrow needs 30 us to copy 25 columns for each and 30 us more to encode them. Here each
column is laid out for a thousand files in one sweep, and then Arrow joins the pieces of each file.

    "ARROW1" and the schema   the same in each file
    message                   the same but for numbers: rows, nulls, and where in the body each buffer is
    body                      the columns' buffers, each filled up to 8 bytes
    footer                    the same but for the sizes of message and body

So all but the body comes from a file that pyarrow wrote, whose numbers are replaced. The tests hold the two against each other,
and so does each run, for one file of many: where a release of pyarrow lays out files in another way, pyarrow writes them all.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from struct import unpack_from
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

AT_A_TIME = 1024
"""Files whose columns are laid out together."""
ALIGNMENT = 8
"""Bytes; each buffer of a body begins at a multiple."""
JOINED_BYTES = 1 << 20
"""Bytes of files that are joined at once, about."""

Numbers: TypeAlias = npt.NDArray[np.int64]
"""One for each file."""


def small_files(records: pa.RecordBatch, sizes: Sequence[int]) -> Iterator[bytes | memoryview]:
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


def _files(records: pa.RecordBatch, edges: Numbers) -> Iterator[memoryview]:
    """The files of the parts between each two edges, laid out here."""
    template = _template(records.schema)
    for at in range(0, len(edges) - 1, AT_A_TIME):
        some = edges[at : at + AT_A_TIME + 1]
        body, rows = _Body(), _Runs(some[:-1] - some[0], np.diff(some))
        for column in records.slice(some[0], some[-1] - some[0]).columns:
            body.add(column, rows)
        yield from body.files(template, rows.sizes)


class _Body:
    """The bodies of some files, column after column, as pyarrow orders them: of a list, the list itself, then its values."""

    def __init__(self) -> None:
        self._nodes: list[Numbers] = []  # values and nulls of each column, by turns
        self._lengths: list[Numbers] = []  # of each buffer, in bytes
        self._pieces: list[pa.BinaryArray] = []  # of each buffer that any file has, and of what fills it up

    def add(self, column: pa.Array, runs: "_Runs") -> None:
        """A column, and which of its values each file has."""
        kind = column.type
        self._add_nulls(column, runs)
        if not (pa.types.is_string(kind) or pa.types.is_list(kind)):
            width = kind.bit_width // 8
            values = _values(column, f"<i{width}", len(column))
            self._add_numbers(values, runs.layout(ALIGNMENT // width), runs.sizes)
            return
        offsets = _values(column, "<i4", len(column) + 1)
        begins, ends = offsets[runs.starts], offsets[runs.starts + runs.sizes]
        one_more = runs.sizes + 1
        self._add_numbers(offsets, runs.layout(ALIGNMENT // 4, 1), one_more, np.repeat(begins, one_more))
        lengths = (ends - begins).astype(np.int64)
        if pa.types.is_list(kind):
            self.add(column.values, _Runs(begins.astype(np.int64), lengths))
            return
        self._lengths.append(lengths)
        self._pieces.append(_pieces(column.buffers()[2] or b"", ends, begins[0]))
        fill = np.cumsum(-lengths % ALIGNMENT)
        self._pieces.append(_pieces(bytes(fill[-1]), fill))

    def _add_nulls(self, column: pa.Array, runs: "_Runs") -> None:
        """Which values there are, a bit for each; a file without nulls has no such buffer."""
        starts, sizes = runs.starts, runs.sizes
        nulls = np.zeros(len(sizes), np.int64)
        if column.null_count:
            begin, end = column.offset, column.offset + len(column)
            some = np.frombuffer(column.buffers()[0], np.uint8)[begin // 8 : -(-end // 8)]
            bits = np.unpackbits(some, bitorder="little")[begin % 8 :][: len(column)]
            before = np.concatenate([[0], np.cumsum(bits, dtype=np.int64)])
            nulls = sizes - (before[starts + sizes] - before[starts])
            layout = _Layout(starts, np.where(nulls, sizes, 0), ALIGNMENT * 8)
            spread = np.packbits(layout.spread(bits), bitorder="little")
            self._pieces.append(_pieces(spread, layout.ends // 8))
        self._nodes += [sizes, nulls]
        self._lengths.append(np.where(nulls, -(-sizes // 8), 0))

    def _add_numbers(
        self, values: npt.NDArray[Any], layout: "_Layout", sizes: Numbers, less: npt.NDArray[Any] | int = 0
    ) -> None:
        """Numbers, from each of which so much is taken off."""
        self._pieces.append(_pieces(layout.spread(values, less), layout.ends * values.itemsize))
        self._lengths.append(sizes * values.itemsize)

    def files(self, template: "_Template", rows: Numbers) -> Iterator[memoryview]:
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
        pieces = (messages, *self._pieces, footers)
        shares = np.flatnonzero(np.diff(np.cumsum(sizes) // JOINED_BYTES, prepend=-1))
        for start, end in pairwise([*shares.tolist(), len(rows)]):
            joined = pc.binary_join_element_wise(*(piece[start:end] for piece in pieces), b"")
            _, offsets, data = joined.buffers()
            whole = memoryview(data).cast("B")
            spans = pairwise(np.frombuffer(offsets, np.int32, len(joined) + 1).tolist())
            yield from (whole[begin:stop] for begin, stop in spans)


class _Runs:
    """Which values each file has: so many from its start on."""

    def __init__(self, starts: Numbers, sizes: Numbers) -> None:
        self.starts = starts
        self.sizes = sizes
        self._layouts: dict[tuple[int, int], _Layout] = {}  # of all columns there are but a few

    def layout(self, unit: int, more: int = 0) -> "_Layout":
        """The layout of these values, or of some more of each file."""
        if (unit, more) not in self._layouts:
            self._layouts[unit, more] = _Layout(self.starts, self.sizes + more, unit)
        return self._layouts[unit, more]


class _Layout:
    """Where values go if those of each file begin at a multiple of so many."""

    def __init__(self, starts: Numbers, sizes: Numbers, unit: int) -> None:
        rooms = -(-sizes // unit) * unit
        self.ends = np.cumsum(rooms)
        before = np.cumsum(sizes) - sizes
        places = np.arange(before[-1] + sizes[-1])
        self._from = places + np.repeat(starts - before, sizes)
        self._to = places + np.repeat(self.ends - rooms - before, sizes)

    def spread(self, values: npt.NDArray[Any], less: npt.NDArray[Any] | int = 0) -> npt.NDArray[Any]:
        """The values at their places, each by so much less, with zeros between those of two files."""
        found = np.zeros(self.ends[-1], values.dtype)
        found[self._to] = values[self._from] - less
        return found


class _Template(NamedTuple):
    """What all files of a schema share, and at which bytes of it the numbers are that differ."""

    message: bytes
    """With all that stands before it in a file."""
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
        message=data[: begin + length],
        rows=_field(data, batch, 0),
        nodes=_pointed(data, _field(data, batch, 1)) + 4,
        buffers=_pointed(data, _field(data, batch, 2)) + 4,
        size=_field(data, message, 3),
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


def _with(template: bytes, numbers: dict[int, npt.NDArray[np.int64]]) -> pa.BinaryArray:
    """Copies of a template, each with its own row of numbers at each of some bytes."""
    (count,) = {len(each) for each in numbers.values()}
    copies = np.tile(np.frombuffer(template, np.uint8), (count, 1))
    for at, each in numbers.items():
        each = np.ascontiguousarray(each, "<i8")
        copies[:, at : at + 8 * each.shape[1]] = each.view(np.uint8)
    return _pieces(copies, np.arange(1, count + 1) * len(template))


def _pieces(data: Any, ends: npt.NDArray[Any], begin: int = 0) -> pa.BinaryArray:
    """The bytes of data up to each end, from the one before; the first from its begin."""
    offsets = np.empty(len(ends) + 1, np.int32)
    offsets[0], offsets[1:] = begin, ends
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )


def _values(column: pa.Array, kind: str, count: int) -> npt.NDArray[Any]:
    """The numbers of a column, or its offsets."""
    return np.frombuffer(column.buffers()[1], kind)[column.offset : column.offset + count]
