"""Workers that take from each other: each byte is read by one of them, whoever is faster."""

import os
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.config import Config
from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs import stretches as module
from dateline.pipeline.inputs.stretches import Stretches
from dateline.pipeline.names import STRETCHES
from dateline.pipeline.stages.read import ReadRanges
from tests.helpers.pages import Article, plain

RANGES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), min_size=1, max_size=6)


@pytest.fixture(scope="module", autouse=True)
def few_bytes():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RESERVED_BYTES", 5)
        patch.setattr(module, "LEAST_BYTES", 3)
        yield


def reading(stretches, ranges, every, seen):
    """A worker, who may be interrupted at each start; one in `every` bytes is one."""
    stretch = stretches.begin(ranges) if ranges else stretches.take()
    while stretch:
        for dump, start, stop, claim in stretch:
            for at in range(
                start - start % -every, stop + 2 * every, every
            ):  # a reader looks beyond the end, too
                yield
                if not claim(at):
                    break
                seen.append((dump, at))
        stretch = stretches.take()


@given(st.lists(RANGES, min_size=1, max_size=3), st.lists(st.integers(0, 4)), st.integers(1, 9))
def test_every_start_is_read_by_one_worker(tmp_path_factory, tasks, order, every):
    stretches = Stretches(str(tmp_path_factory.mktemp("run")))
    at = 0
    expected, seen = [], []
    workers = [reading(stretches, (), every, seen) for _ in range(2)]  # who have nothing of their own
    for task in tasks:
        ranges = []
        for dump, size in task:
            ranges.append((dump, at, at + size))
            expected += [(dump, start) for start in range(at - at % -every, at + size, every)]
            at += size
        workers.insert(0, reading(stretches, tuple(ranges), every, seen))
    turns = iter([*order, *range(5)])
    while workers:
        worker = workers[next(turns, 0) % len(workers)]
        if next(worker, "done") == "done":
            workers.remove(worker)
    assert sorted(seen) == sorted(expected)


def test_half_of_what_is_left_is_taken(tmp_path):
    stretches = Stretches(str(tmp_path))
    stretches.begin(((2, 0, 9),))  # less is left of this one
    first = stretches.begin(((0, 100, 120), (1, 0, 30)))
    dump, start, stop, claim = next(iter(first))
    assert (dump, start, stop) == (0, 100, 120)
    assert claim(107)  # bytes 107 to 112 are reserved now: 12 of 50
    taken = stretches.take()
    assert [each[:3] for each in taken] == [(1, 11, 30)]
    assert [each[:3] for each in stretches.take()] == [(1, 1, 11)]
    assert [claim(at) for at in (112, 118, 119, 120)] == [True, True, True, False]


def test_a_stretch_of_which_little_is_left_is_left_alone(tmp_path):
    stretches = Stretches(str(tmp_path))
    assert stretches.take() is None
    stretches.begin(((0, 0, 2),))
    assert stretches.take() is None
    read = stretches.begin(((0, 0, 100),))
    assert len(list(read)) == 1
    assert stretches.take() is None


def test_a_full_disk_cuts_no_stretch_short(tmp_path, monkeypatch):
    monkeypatch.setattr(module.os, "write", lambda file, content: len(content) - 24)
    with pytest.raises(OSError, match="not all of its 64 bytes"):
        Stretches(str(tmp_path)).begin(((0, 0, 10), (1, 0, 10)))


def test_small_dumps_are_reserved_together(tmp_path, monkeypatch):
    reserved = []
    monkeypatch.setattr(module, "RESERVED_BYTES", 10_000)
    monkeypatch.setattr(module.os, "pwrite", lambda *args: reserved.append(args))
    assert len(list(Stretches(str(tmp_path)).begin(tuple((n, 0, 9) for n in range(1000))))) == 1000
    assert len(reserved) == 2  # as it begins and as it ends


def test_readers_that_take_from_each_other_read_what_one_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RESERVED_BYTES", 1000)
    monkeypatch.setattr(module, "LEAST_BYTES", 2000)
    monkeypatch.setattr("dateline.pipeline.stages.read.BATCH_BYTES", 1000)
    path = tmp_path / "dump.txt"
    path.write_text("".join(plain(Article(f"Headline {number}")) for number in range(300)))
    size = path.stat().st_size
    task = ((0, 0, size),)
    alone = Config((Dump(str(path), "dump.txt", size),), str(tmp_path), "run")
    shared = Config(alone.dumps, str(tmp_path), "run", workers=2)
    os.makedirs(f"{shared.scratch}/{STRETCHES}")
    readers = [ReadRanges(shared) for _ in range(2)]
    others = [readers[0].process(task), readers[1].finish_bundle()]
    found = [[], []]
    for number in cycle((0, 1)):
        batch = next(others[number], None)
        if batch is None:
            break
        found[number] += getattr(batch, "value", batch)
    found[0] += [piece for batch in others[0] for piece in batch]
    found[1] += [piece for batch in others[1] for piece in batch.value]
    assert len(found[1]) > 50
    expected = [piece for batch in ReadRanges(alone).process(task) for piece in batch]
    assert sorted(found[0] + found[1]) == sorted(expected)
    assert len(expected) == 300
