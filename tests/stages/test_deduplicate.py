"""The same winners for any order, batches and number of keys; a hot headline costs no memory."""

import random

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.util import assert_that

from pipeline.config import Config
from pipeline.elements import Parsed
from pipeline.rules.identity import HEADLINE_GROUP
from pipeline.rules.rows import COPY, concat, hexes
from pipeline.stages.copies import AccumulatorCoder, Copies, CopiesCoder
from pipeline.stages.deduplicate import Deduplicate, FoldCopies
from pipeline.staging import prepare
from tests.flows import pipeline
from tests.records import RECORD
from tests.reference import Copy, articles


def parsed(copy: Copy) -> Parsed:
    record = RECORD | {
        "headline": f"Headline {copy.headline}",
        "short_url": f"https://arab.news/{copy.slug}" if copy.slug else None,
        "updated": None if copy.day is None else f"2023-01-{copy.day:02d}",
        "updated_source": ("stamp", "crawl", "none")[copy.dated],
        "body": "x" * copy.body,
    }
    return Parsed(copy.dump, copy.offset, 1, record)


def some_copies(seed: int) -> list[Copy]:
    rng = random.Random(seed)
    copies = []
    for n in range(300):
        day = rng.choice([None, *range(1, 20)])
        slug = rng.choice(["", "", "aa", "ab", "zz"])
        copies.append(
            Copy(
                rng.randint(1, 30),
                slug,
                day,
                2 if day is None else rng.randint(0, 1),
                0,
                rng.randint(1, 9),
                0,
                n,
            )
        )
    return copies


def winners_and_losers(tmp_path, copies, batch, keys, limit):
    prepare(str(tmp_path), "run")
    config = Config((), str(tmp_path), "run", keys=keys, same_headline_days=limit)
    expected = articles(copies, limit)
    lost = {copy.offset: min(group, key=lambda c: list(expected).index(c) if c in expected else 999).offset
            for group in expected.values() for copy in group if copy not in expected}  # fmt: skip

    def check(found):
        rows = concat(copies.rows for copies in found)
        check_winners(rows[rows["copies"] > 0])
        check_losers(rows[rows["copies"] == 0])

    def check_winners(rows):
        assert sorted(rows["offset"].tolist()) == sorted(copy.offset for copy in expected)
        assert rows["copies"].sum() == len(copies)

    def check_losers(rows):
        assert sorted(rows["offset"].tolist()) == sorted(lost)

    with pipeline() as p:
        batches = [[parsed(copy) for copy in copies[i : i + batch]] for i in range(0, len(copies), batch)]
        unique = p | beam.Create(batches) | Deduplicate(config)
        assert_that(unique, check)


@pytest.mark.parametrize(
    ("batch", "keys", "limit"), [(1, 1, None), (7, 3, None), (1000, 64, None), (13, 5, 3)]
)
def test_shuffled_and_bundled_anew(tmp_path, batch, keys, limit):
    copies = some_copies(batch)
    random.Random(keys).shuffle(copies)
    winners_and_losers(tmp_path, copies, batch, keys, limit)


def test_one_hot_headline_is_folded_before_it_is_shuffled():
    """100,000 copies: what a worker keeps of them, and sends on, is a row for each day."""
    hot = FoldCopies(HEADLINE_GROUP)
    accumulators = []
    for worker in range(4):
        accumulator = hot.create_accumulator()
        for batch in range(25):
            rows = np.zeros(1000, COPY)
            rows["head_lo"] = 1
            rows["copies"] = 1
            rows["updated"] = rows["first"] = rows["last"] = np.arange(1000) % 30
            rows["offset"] = np.arange(1000) + 1000 * (batch + 25 * worker)
            accumulator = hot.add_input(accumulator, Copies(rows))
            assert sum(map(len, accumulator)) <= 4096
        accumulators.append(hot.compact(accumulator))
        assert sum(map(len, accumulators[-1])) == 30
        assert len(AccumulatorCoder().encode(accumulators[-1])) < 1000
    (merged,) = hot.compact(hot.merge_accumulators(accumulators))
    assert merged["copies"].sum() == 100_000
    assert merged["offset"].tolist() == list(range(30))


def test_merging_depends_on_no_order():
    fold = FoldCopies(HEADLINE_GROUP)
    parts = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rows = np.zeros(50, COPY)
        rows["head_lo"], rows["updated"], rows["body"] = rng.integers(0, 5, (3, 50))
        rows["offset"], rows["copies"] = np.arange(50) + 50 * seed, 1
        parts.append([rows])
    expected = fold.extract_output(fold.merge_accumulators([list(part) for part in parts])).rows
    for seed in range(10):
        shuffled = random.Random(seed).sample(parts, len(parts))
        halves = [fold.merge_accumulators([list(p) for p in half]) for half in (shuffled[:2], shuffled[2:])]
        assert (fold.extract_output(fold.merge_accumulators(halves)).rows == expected).all()


def test_rows_survive_the_shuffle():
    rng = np.random.default_rng(1)
    rows = np.frombuffer(rng.bytes(COPY.itemsize * 100), COPY)
    assert CopiesCoder().decode(CopiesCoder().encode(Copies(rows))).rows.tobytes() == rows.tobytes()
    assert len(CopiesCoder().decode(CopiesCoder().encode(Copies(rows[:0]))).rows) == 0


def test_an_id_names_one_article():
    rows = np.zeros(2, COPY)
    rows["id_hi"], rows["id_lo"] = [1, 2], [3, 4]
    assert hexes(rows, "id_hi", "id_lo") == [
        "01" + "0" * 14 + "03" + "0" * 14,
        "02" + "0" * 14 + "04" + "0" * 14,
    ]
