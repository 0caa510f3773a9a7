"""What is held in memory at one time, whatever the input: counted in batches, entries and bytes, not in seconds."""

import tracemalloc
import weakref

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.dataset.staging import Writer, prepare
from dateline.pipeline.dataset.tally import places_of
from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.inputs.parts import unpack_all
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.inputs.streams import Bounds
from dateline.pipeline.ledgers import merge as merge_module
from dateline.pipeline.ledgers.merge import BATCH_CHARACTERS, batches_of
from dateline.pipeline.names import run_folder
from dateline.pipeline.rules import credits, line_kinds, places, text
from dateline.pipeline.verify import balance


def test_a_writer_holds_a_batch_or_two(tmp_path):
    prepare(str(tmp_path), "run")
    made = []

    def batches():
        for number in range(9):
            batch = pa.record_batch({"n": [number]})
            made.append(weakref.ref(batch))
            assert sum(ref() is not None for ref in made) <= 3
            yield batch
            del batch

    written = Writer(run_folder(str(tmp_path), "run")).write(
        "f", None, pa.schema([("n", pa.int64())]), batches()
    )
    assert written["rows"] == len(made) == 9


@given(st.lists(st.integers(0, BATCH_CHARACTERS * 2), max_size=30), st.integers(1, 9))
def test_a_batch_of_rows_is_bounded_by_their_characters(lengths, size):
    found = list(batches_of(range(len(lengths)), size, lengths))
    assert [place for batch in found for place in batch] == list(range(len(lengths)))
    for batch in found:
        assert 1 <= len(batch) <= size
        assert len(batch) == 1 or sum(lengths[place] for place in batch) <= BATCH_CHARACTERS


def test_no_cache_keeps_a_long_line():
    caches = (
        line_kinds._known_code,
        text._known_form,
        credits._in_brackets,
        places._is_place,
        places._locations_of,
    )
    places.locate("KYIV", "A headline")  # the gazetteer is read
    before = [cache.cache_info().currsize for cache in caches]
    for number in range(9):
        long = f"{number} word " * 400
        assert line_kinds.code_of(long) == "x"
        assert text.normalise(long) == long.strip()
        assert credits.split_credit(f"({long}") == (f"({long}", None)
        assert places.opening_dateline(long) is None
    assert [cache.cache_info().currsize for cache in caches] == before


def test_the_blocks_of_a_large_dump_take_some_bytes_each(tmp_path, monkeypatch):
    monkeypatch.setattr(balance, "AT_A_TIME", 1 << 12)
    path = tmp_path / "dump.txt"
    path.write_bytes((b"a" * 59 + b"\n") * 100_000)
    count = np.arange(100_000)
    places = places_of("articles", np.zeros(len(count)), count * 60, np.full(len(count), 59))
    tracemalloc.start()
    found = balance.settle_group([Dump(str(path), "dump.txt", path.stat().st_size)], 0, places, [])
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.white_space, found.findings) == (100_000, [])
    assert held - balance.READ_BYTES < 50 * len(count)  # it was 91, and 21 for each place in another order


def test_a_gap_of_megabytes_is_looked_at_in_pieces(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_bytes(b"a" + b" " * 4_000_000 + b"b" + b"\n" * 9_000_000 + b"c")
    dump = Dump(str(path), "dump.txt", path.stat().st_size)
    ends = np.array([0, 4_000_001, 13_000_002])

    def settle(begin):
        places = places_of("articles", np.zeros(len(begin)), begin, np.ones(len(begin)))
        found = balance.settle_group([dump], 0, places, [])
        return found.white_space, found.findings

    tracemalloc.start()
    assert settle(ends) == (13_000_000, [])
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 8_000_000  # it was 24 bytes for each of the gap's
    assert settle(ends[[0, 2]]) == (
        13_000_000,
        ["dump.txt: bytes 1 to 13000002 are text, and stand in no block"],
    )


@pytest.mark.parametrize("name", ["a.jsonl", "a.warc"])
def test_a_long_record_is_passed_over(tmp_path, name):
    """16 MB, which are never held, nor kept."""
    path, long = tmp_path / name, b"word " * 3_200_000
    head = (
        b'{"text": "'
        if name == "a.jsonl"
        else b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 16000000\r\n\r\n"
    )
    path.write_bytes(head + long + (b'"}\n' if name == "a.jsonl" else b"\r\n\r\n"))
    del long
    dumps = with_spools(find_inputs([str(path)], None).dumps, str(tmp_path))
    tracemalloc.start()
    unpack_all(dumps, Columns(), Quota(str(tmp_path), Bounds(record_bytes=100_000)))
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 10_000_000  # the part of a WARC is looked through for a header, 8 MB of it
    assert sum(path.stat().st_size for path in tmp_path.glob("*.txt")) <= 1 << 18


def test_tasks_of_rows_that_are_usual_are_what_they_were():
    """Articles of 8 KB and less make batches of BATCH_ROWS: the bytes of datasets that are there stay."""
    lengths = [8000] * 10_000
    assert list(map(len, batches_of(range(10_000), merge_module.BATCH_ROWS, lengths))) == [4096, 4096, 1808]
