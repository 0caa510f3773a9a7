"""What is read to find the records of a part grows with the file, not with the file times the parts."""

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dateline.pipeline.elements import Part
from dateline.pipeline.inputs import formats, json_lines, warc
from dateline.pipeline.inputs.containers import entries
from dateline.pipeline.inputs.formats import parts_of
from dateline.pipeline.inputs.parquet import FOOTERS
from dateline.pipeline.inputs.records import Account, Columns
from dateline.pipeline.inputs.streams import Bounds
from dateline.pipeline.store.files import pin_of


class Counted(io.FileIO):
    """A file that counts the bytes that are read of it."""

    bytes_read = 0

    def readinto(self, buffer, /):
        size = super().readinto(buffer)
        Counted.bytes_read += size
        return size


@pytest.fixture(autouse=True)
def files(monkeypatch):
    """Have all files counted."""
    Counted.bytes_read = 0
    for module in formats, json_lines, warc:
        monkeypatch.setattr(module, "open_file", lambda path, *_, **__: io.BufferedReader(Counted(path)))


def read(parts):
    return [entry for part in parts for entry in entries(part, Columns(), Bounds(), Account())]


def test_a_line_that_goes_on_through_many_parts(tmp_path, monkeypatch):
    path = tmp_path / "pages.jsonl"
    path.write_text('{"text": "' + "x" * 4_000_000 + '"}\n{"text": "y"}\n')
    monkeypatch.setattr(formats, "PART_BYTES", 100_000)
    size = path.stat().st_size
    parts = parts_of(str(path), pin_of(str(path)))
    assert [len(entry.text) for entry in read(parts)] == [4_000_000, 1]
    assert len(parts) == 41
    assert Counted.bytes_read < 4 * size


def test_row_groups_of_a_row_each(tmp_path):
    path = tmp_path / "pages.parquet"
    texts = [f"Page {number}" for number in range(1000)]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=1)
    size = path.stat().st_size
    parts = parts_of(str(path), pin_of(str(path)))
    assert (
        1 < len(parts) <= FOOTERS * size / pq.read_metadata(path).serialized_size
    )  # each task reads the footer
    found = read(parts)
    assert [entry.text.decode() for entry in found] == texts
    assert found[-1].place == "#999"


def test_bytes_that_look_like_members(tmp_path):
    """A part in the midst of a WARC in gzip looks for its first record, and fetches nothing for what is none."""
    record = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 4\r\n\r\nText\r\n\r\n"
    path = tmp_path / "pages.warc.gz"
    path.write_bytes(gzip.compress(record) + b"\x1f\x8b\x08\x00" * 50_000 + gzip.compress(record))
    size = path.stat().st_size
    part = Part("warc", "gzip", str(path), 1000, size, size)
    assert [entry.text for entry in read([part])] == [b"Text"]
    assert Counted.bytes_read < 2 * size
