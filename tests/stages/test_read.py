"""The reader is a splittable source: however Beam splits a dump, the articles are the same."""

from pathlib import Path

import pytest
from apache_beam.io.source_test_utils import (
    assert_reentrant_reads_succeed,
    assert_sources_equal_reference_source,
    assert_split_at_fraction_exhaustive,
    read_from_source,
)
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline import config as config_module
from dateline.pipeline.config import Config
from dateline.pipeline.elements import Dump, Part
from dateline.pipeline.inputs.ranges import plan_parts, plan_reads, shares_of
from dateline.pipeline.stages.read import BATCH_BYTES, DumpSource, ReadRanges
from tests.helpers.pages import LAYOUTS, Article, full, plain

GOLDEN = sorted(Path(__file__).parent.parent.joinpath("golden").glob("*.txt"))


def source_of(tmp_path, data: bytes) -> DumpSource:
    path = tmp_path / "dump.txt"
    path.write_bytes(data)
    return DumpSource(str(path))


@pytest.mark.parametrize("size", [64, 1000, 10**9])
def test_bundles_read_what_one_reading_reads(tmp_path, size):
    data = "\n\n".join(layout(Article(slot="")) for layout in LAYOUTS.values()).encode()
    source = source_of(tmp_path, data)
    bundles = [(bundle.source, bundle.start_position, bundle.stop_position) for bundle in source.split(size)]
    assert len(bundles) == max(1, -(-len(data) // size)) or size == 64
    assert_sources_equal_reference_source((source, None, None), bundles)
    assert len(read_from_source(source, None, None)) == 4


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_goldens_in_bundles_of_97_bytes(path):
    source = DumpSource(str(path))
    bundles = [(bundle.source, bundle.start_position, bundle.stop_position) for bundle in source.split(97)]
    assert_sources_equal_reference_source((source, None, None), bundles)


def small_dump() -> bytes:
    """Three short articles, a third of whose bytes are parts of characters."""
    lead = Article("Höhen über Öl", "Ünder ‘é’", "", bullets=("“ß”",), place=None, body=("“Äh,” ‘öh’.",))
    tail = Article("Ämter «é»", None, bullets=(), place=None, body=("“ü” – ‘ö’ — é.",))
    return (plain(lead) + "\n\n" + plain(tail) + "\n" + full(tail)).encode()


def test_dynamic_splits_at_every_fraction(tmp_path):
    """Beam's own proof: each split of each reading, at each fraction, parts the articles and loses none."""
    source = source_of(tmp_path, small_dump())
    assert len(read_from_source(source, None, None)) == 3
    for bundle in source.split(float("inf")):
        assert_split_at_fraction_exhaustive(bundle.source, perform_multi_threaded_test=False)


def test_a_range_that_begins_inside_a_character(tmp_path):
    data = small_dump()
    source = source_of(tmp_path, data)
    inside = [i for i in range(len(data)) if data[i] & 0xC0 == 0x80]
    assert len(inside) > 50
    whole = read_from_source(source, None, None)
    (bundle,) = source.split(float("inf"))
    for middle in inside:
        assert (
            read_from_source(bundle.source, 0, middle) + read_from_source(bundle.source, middle, len(data))
            == whole
        )


def test_reading_again_in_the_midst_of_reading(tmp_path):
    source = source_of(tmp_path, small_dump())
    (bundle,) = source.split(float("inf"))
    assert_reentrant_reads_succeed((bundle.source, None, None))


def test_an_empty_dump_has_no_articles(tmp_path):
    assert read_from_source(source_of(tmp_path, b""), None, None) == []


SIZES = st.lists(st.integers(0, 50), max_size=20)


@given(SIZES, st.integers(1, 30))
def test_every_byte_is_in_one_range_and_a_task_reads_what_stands_together(sizes, range_bytes):
    dumps = [Dump(f"/{n}", f"{n}", size) for n, size in enumerate(sizes)]
    tasks = plan_reads(dumps, range_bytes)
    seen = [(piece.dump, byte) for task in tasks for piece in task for byte in range(piece.start, piece.stop)]
    assert seen == [(n, byte) for n, size in enumerate(sizes) for byte in range(size)]
    told = [sum(piece.stop - piece.start for piece in task) for task in tasks]
    assert all(size == range_bytes for size in told[:-1])
    assert all(told)


def test_small_dumps_are_read_together():
    assert len(plan_reads([Dump(f"/{n}", f"{n}", 10) for n in range(1000)], 1000)) == 10


def packed(number: int, size: int) -> Dump:
    return Dump("", f"{number}", size, Part("text", "gzip", f"/{number}.gz", 0, size))


@given(SIZES, st.integers(1, 30))
def test_every_dump_that_is_packed_is_unpacked_by_one_task(sizes, task_bytes):
    dumps = [packed(n, size) if n % 3 else Dump(f"/{n}", f"{n}", size) for n, size in enumerate(sizes)]
    tasks = plan_parts(dumps, task_bytes)
    assert all(tasks)
    whole = [(n, 0, size) for n, size in enumerate(sizes) if n % 3 and size]
    assert [tuple(piece) for task in tasks for piece in task] == whole
    for task in tasks:
        assert len(task) == 1 or sum(piece.stop for piece in task) <= task_bytes
    assert all(dumps[piece.dump].part is None for task in plan_reads(dumps, task_bytes) for piece in task)


@given(SIZES, st.integers(1, 30), st.integers(0, 200))
def test_what_was_unpacked_goes_to_the_tasks_that_its_packed_bytes_would(sizes, range_bytes, unpacked):
    before = 0
    for size in filter(None, sizes):
        shares = list(shares_of(before, size, unpacked, range_bytes))
        assert [byte for _, start, stop in shares for byte in range(start, stop)] == list(range(unpacked))
        assert {before // range_bytes, (before + size - 1) // range_bytes}.issuperset(
            {shares[0][0], shares[-1][0]} if unpacked >= size else ()
        )
        before += size


@pytest.mark.parametrize(
    ("workers", "size", "tasks"), [(1, 99, 1), (2, 99, 2), (3, 99, 3), (4, 17, 3), (0, 999, 16)]
)
def test_known_workers_have_a_task_each(workers, size, tasks, monkeypatch):
    monkeypatch.setattr(config_module, "MIN_RANGE_BYTES", 8)
    dumps = (Dump("/a", "a", size // 3), Dump("/b", "b", size - size // 3))
    config = Config(dumps, "", "run", workers=workers)
    assert len(plan_reads(dumps, config.range_bytes)) == pytest.approx(tasks, abs=not workers)


@pytest.mark.parametrize(
    ("workers", "size", "keys"), [(0, 5, 5), (1, 5, 5), (2, 5, 6), (2, 4, 4), (3, 1, 6), (8, 9, 16)]
)
def test_known_workers_have_as_many_keys(workers, size, keys):
    dumps = (Dump("/a", "a", size * config_module.PARTITION_BYTES),)
    assert Config(dumps, "", "run", workers=workers).shuffle_keys == keys
    assert Config(dumps, "", "run", workers=workers, keys=7).shuffle_keys == 7


def test_pieces_travel_in_batches(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_text(plain(Article()) * 4000)
    size = path.stat().st_size
    config = Config((Dump(str(path), "dump.txt", size),) * 6, "", "run")
    batches = list(ReadRanges(config).process(((5, 0, size),)))
    pieces = [piece for batch in batches for piece in batch]
    assert len(pieces) == 4000
    assert size / BATCH_BYTES <= len(batches) + 1 <= size / BATCH_BYTES * 1.1 + 2
    assert {piece.dump for piece in pieces} == {5}
    assert b"\n".join(piece.data for piece in pieces) == path.read_bytes().rstrip()
