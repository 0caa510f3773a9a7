"""Files of many parts at once have the bytes that pyarrow gives each."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dateline.pipeline.dataset import small_files as module
from dateline.pipeline.dataset.small_files import small_files
from dateline.schemas.columns import arrow_schema, from_batch
from tests.helpers.records import RECORD

SCHEMA = arrow_schema("article")
TEXT = st.one_of(st.just(""), st.text(max_size=9), st.just("\U0001f642 é" * 30))
VALUES = {
    pa.string(): TEXT,
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.date32(): st.dates(date(1, 1, 1)),
    pa.list_(pa.field("item", pa.string(), False)): st.lists(TEXT, max_size=3),
}


def rows():
    """Rows of the dataset, of which each column has all values, some, or none."""
    columns = {
        field.name: st.one_of(st.none(), VALUES[field.type]) if field.nullable else VALUES[field.type]
        for field in SCHEMA
    }
    usual = st.just(RECORD | {"updated": date(2023, 9, 7)})
    return st.lists(st.one_of(usual, st.fixed_dictionaries(columns)), min_size=1, max_size=40)


def by_pyarrow(rows):
    """The file of some rows, which have a memory of their own."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, SCHEMA) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist(rows, SCHEMA))
    return sink.getvalue().to_pybytes()


@given(
    rows(),
    st.lists(st.integers(1, 9), min_size=40, max_size=40),
    st.integers(0, 9),
    st.integers(1, 5),
    st.sampled_from([1, 20_000, 1 << 20]),
)
@example([RECORD | {"updated": None}] * 40, [1] * 40, 0, 3, 1)
@example([RECORD | {"updated": None}] * 40, [9, 8, 7] + [1] * 40, 3, 1, 1 << 20)
def test_each_file_is_the_one_that_pyarrow_writes(rows, sizes, skipped, at_a_time, joined):
    parts = []
    while sum(map(len, parts)) < len(rows):
        at = sum(map(len, parts))
        parts.append(rows[at : at + sizes[len(parts)]])
    records = pa.RecordBatch.from_pylist([*rows[:skipped], *rows], SCHEMA).slice(min(skipped, len(rows)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "AT_A_TIME", at_a_time)
        patch.setattr(module, "JOINED_BYTES", joined)
        found = list(small_files(records, list(map(len, parts))))
        laid_out = list(module._files(records, np.cumsum([0, *map(len, parts)])))
    assert found == laid_out == list(map(by_pyarrow, parts))


def test_a_pyarrow_that_lays_out_files_in_another_way_writes_them(monkeypatch):
    rows = [RECORD | {"updated": None, "headline": "Ferry" * n} for n in range(9)]
    monkeypatch.setattr(module, "_files", lambda *_: iter([b"another file"] * 3))
    found = small_files(pa.RecordBatch.from_pylist(rows, SCHEMA), [2, 3, 4])
    assert list(found) == list(map(by_pyarrow, (rows[:2], rows[2:5], rows[5:])))


def test_a_file_can_be_read():
    records = pa.RecordBatch.from_pylist(
        [RECORD | {"updated": None, "headline": str(n)} for n in range(5)], SCHEMA
    )
    first, second = (pa.ipc.open_file(file).read_all() for file in small_files(records, [2, 3]))
    assert first.schema.equals(SCHEMA, check_metadata=True)
    first.validate(full=True)
    assert [row["headline"] for row in from_batch(first) + from_batch(second)] == list("01234")


def test_no_parts_are_no_files():
    assert list(small_files(pa.RecordBatch.from_pylist([], SCHEMA), [])) == []
