"""How far a packed file is unpacked moves as it is read, never falls back, and ends at all of its bytes."""

import bz2
import gzip
import json
import lzma
import random
from datetime import date
from itertools import accumulate

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from dateline.pipeline.config import Config
from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs import formats
from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.inputs.streams import READ_BYTES, Bounds
from dateline.pipeline.stages.unpack_parts import UnpackParts

PAGES = [random.Random(number).randbytes(2_000).hex() for number in range(400)]
"""Text that packs to a half."""
TEXT = "\n\n".join(PAGES).encode()
LINES = "".join(json.dumps({"text": page}) + "\n" for page in PAGES).encode()
RECORDS = [
    b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(page), page.encode())
    for page in PAGES
]
FILES = {
    "a.txt.gz": gzip.compress(TEXT, 1),
    "a.txt.bz2": bz2.compress(TEXT),
    "a.txt.xz": lzma.compress(TEXT, preset=0),
    "a.txt.zst": zstandard.compress(TEXT),
    "utf-16.txt": TEXT.decode().encode("utf-16"),
    "a.jsonl": LINES,
    "a.jsonl.gz": gzip.compress(LINES, 1),
    "a.warc": b"".join(RECORDS),
    "a.warc.gz": b"".join(gzip.compress(record, 1) for record in RECORDS),
    "cut.txt.gz": gzip.compress(TEXT, 1)[:-9],
}


class Counted:
    """Progress that keeps what it is told."""

    def __init__(self):
        self.read, self.unpacked = [], 0

    def add(self, packed_read, unpacked=0):
        self.read.append(packed_read)
        self.unpacked += unpacked


def told(path, folder) -> tuple[Counted, list[Dump]]:
    """What is counted as a file is unpacked by the step of a run."""
    dumps = with_spools(find_inputs([str(path)], None).dumps, str(folder))
    config = Config(
        dumps=dumps, output=str(folder), run="r", columns=Columns(), bounds=Bounds(latest=date.today()),
    )  # fmt: skip
    step = UnpackParts(config)
    step._progress = counted = Counted()
    (folder / "_runs" / "r" / "spool").mkdir(parents=True, exist_ok=True)
    step.setup()
    for number, dump in enumerate(dumps):
        before = sum(counted.read)
        list(step.process(((number, 0, dump.size),)))
        assert sum(counted.read) - before == dump.size
    return counted, list(dumps)


def require_moving(counted: Counted, size: int) -> None:
    assert min(counted.read) >= 0
    assert list(accumulate(counted.read))[-1] == size
    steps = [count for count in counted.read if count]
    assert len(steps) >= min(3, size // READ_BYTES)
    assert max(steps) <= max(READ_BYTES, size // 3)


@pytest.mark.parametrize("name", FILES)
def test_a_file(name, tmp_path):
    (tmp_path / name).write_bytes(FILES[name])
    counted, dumps = told(tmp_path / name, tmp_path)
    assert len(dumps) == 1
    require_moving(counted, len(FILES[name]))
    assert (counted.unpacked == 0) is (name == "cut.txt.gz")


@pytest.mark.parametrize("groups", [1, 3])
def test_parquet(groups, tmp_path):
    path = tmp_path / "a.parquet"
    texts = PAGES * 2
    pq.write_table(
        pa.table({"text": texts, "n": range(len(texts))}), path, row_group_size=len(texts) // groups + 1
    )
    counted, dumps = told(path, tmp_path)
    assert len(dumps) == groups
    require_moving(counted, path.stat().st_size)


@pytest.mark.parametrize("name", ["a.jsonl", "a.warc", "a.warc.gz"])
def test_a_file_in_parts(name, tmp_path, monkeypatch):
    """A part is read to the end of its last record, which may be beyond its bytes; so much of the next one is none of it."""
    monkeypatch.setattr(formats, "PART_BYTES", 200_000)
    (tmp_path / name).write_bytes(FILES[name])
    counted, dumps = told(tmp_path / name, tmp_path)
    assert len(dumps) > 1
    require_moving(counted, len(FILES[name]))
