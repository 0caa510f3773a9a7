"""The index beside a spool: where each record begins, what it is called, and what its envelope tells.

It is written and read in batches of rows, so that a container of very many small records is no more to hold than one of
few. The last batch has no rows; its metadata holds the facts of the whole part.
"""

import json
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dateline.pipeline.inputs.records import Account
from dateline.pipeline.store.scratch import read

BATCH_ROWS = 1 << 14

SCHEMA = pa.schema(
    [
        ("start", pa.int64()), ("size", pa.int64()), ("place", pa.string()), ("url", pa.string()),
        ("crawled", pa.date32()), ("error", pa.string()), ("reason", pa.string()), ("source", pa.string()),
        ("base", pa.int64()),
    ]
)  # fmt: skip


class Row(NamedTuple):
    """A record of a spool, or, where that is one text in UTF-16, a mark in it."""

    start: int
    """Its first byte in the spool."""
    size: int = 0
    """What it takes of its container."""
    place: str | None = None
    url: str | None = None
    crawled: date | None = None
    error: str | None = None
    reason: str | None = None
    source: str | None = None
    base: int = 0
    """What its rows call its first byte."""


class Facts(NamedTuple):
    """What is known of a part as a whole."""

    format: str
    problem: str | None = None
    """Why the dump gives nothing."""
    account: Account | None = None
    """None for one text, and where nothing was read."""


class IndexWriter:
    """Writes the index of a spool, row by row."""

    def __init__(self, path: str) -> None:
        self._sink = pa.OSFile(path, "wb")
        self._file = pa.ipc.new_file(self._sink, SCHEMA)
        self._columns: list[list[Any]] = [[] for _ in SCHEMA]

    def add(self, row: Row) -> None:
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)
        if len(self._columns[0]) == BATCH_ROWS:
            self._flush()

    def close(self, facts: Facts) -> None:
        self._flush()
        values = facts._asdict() | {"account": facts.account and vars(facts.account)}
        empty = SCHEMA.empty_table().to_batches() or [pa.RecordBatch.from_pylist([], SCHEMA)]
        self._file.write_batch(empty[0], custom_metadata={"facts": json.dumps(values)})
        self._file.close()
        self._sink.close()

    def abandon(self) -> None:
        """Close it as it is: it counts for nothing."""
        self._sink.close()

    def _flush(self) -> None:
        if self._columns[0]:
            arrays = [
                pa.array(column, field.type) for column, field in zip(self._columns, SCHEMA, strict=True)
            ]
            self._file.write_batch(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))
            self._columns = [[] for _ in SCHEMA]


class Index:
    """What a spool's index says."""

    def __init__(self, path: str) -> None:
        with read(path) as source:
            file = pa.ipc.open_file(source)
            last = file.num_record_batches - 1
            self._batches = [file.get_batch(number) for number in range(last)]
            values = json.loads(file.get_batch_with_custom_metadata(last).custom_metadata[b"facts"])
        account = values["account"] and Account(
            **values["account"] | {"others": Counter(values["account"]["others"])}
        )
        self.facts = Facts(values["format"], values["problem"], account)
        self._starts = [array("q", _numbers(batch, "start").tobytes()) for batch in self._batches]
        self._firsts = [starts[0] for starts in self._starts]
        self._filled = [
            name
            for name in SCHEMA.names
            if any(batch[name].null_count < len(batch) for batch in self._batches)
        ]
        places = [(place, name) for place, name in enumerate(SCHEMA.names) if name in self._filled]
        self._columns = [[(place, batch[name]) for place, name in places] for batch in self._batches]
        self._last: tuple[int, int, Row] | None = None

    @property
    def has_errors(self) -> bool:
        """Whether any record cannot be used."""
        return "error" in self._filled

    @property
    def starts(self) -> "array[int]":
        """Where the records begin, rising; those of a text are marks in it."""
        return array("q", b"".join(starts.tobytes() for starts in self._starts))

    def sizes(self) -> npt.NDArray[np.int64]:
        """What each record takes of its container."""
        return np.concatenate([np.empty(0, np.int64), *(_numbers(batch, "size") for batch in self._batches)])

    def reasons(self) -> Iterator[str | None]:
        """Why each record cannot be used; None for one that can."""
        return (reason for batch in self._batches for reason in batch["reason"].to_pylist())

    def rows(self) -> Iterator[Row]:
        """All rows."""
        for batch in self._batches:
            yield from map(Row._make, zip(*(column.to_pylist() for column in batch.columns), strict=True))

    def at(self, offset: int) -> Row:
        """The row of the record that a byte of the spool is in."""
        if self._last and self._last[0] <= offset < self._last[1]:
            return self._last[2]
        number = bisect_right(self._firsts, offset) - 1
        starts = self._starts[number]
        record = bisect_right(starts, offset) - 1
        values: list[Any] = [None] * len(SCHEMA)
        for place, column in self._columns[number]:
            values[place] = column[record].as_py()
        row = Row._make(values)
        if record + 1 < len(starts):
            self._last = (row.start, starts[record + 1], row)
        return row


def _numbers(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = batch[name].to_numpy()
    return found
