"""The same winners for any order, batches and number of keys; a hot headline costs no memory."""

import os
import random
import shutil
from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.pvalue import TaggedOutput
from apache_beam.testing.util import assert_that

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.staging import prepare
from dateline.pipeline.elements import ParsedRecord, Repeats
from dateline.pipeline.names import SHUFFLED, run_folder
from dateline.pipeline.rules.identity import HEADLINE_GROUP
from dateline.pipeline.rules.identity_rows import ROW, concat, hexes
from dateline.pipeline.stages import deduplicate, older_records
from dateline.pipeline.stages import row_batches as module
from dateline.pipeline.stages.deduplicate import Deduplicate, FoldByHeadline, KeyRows, fold_all
from dateline.pipeline.stages.row_batches import SPILLED_BYTES, RowBatch, RowBatchCoder, spill_to
from dateline.pipeline.stages.shuffle_keys import article_keys, keyed_batches
from tests.helpers.flows import pipeline
from tests.helpers.records import RECORD
from tests.helpers.reference import Copy, articles


def parsed(copy: Copy) -> ParsedRecord:
    record = RECORD | {
        "headline": f"Headline {copy.headline}",
        "short_url": f"https://arab.news/{copy.slug}" if copy.slug else None,
        "updated": None if copy.day is None else f"2023-01-{copy.day:02d}",
        "updated_source": ("stamp", "crawl", "none")[copy.dated],
        "body": "x" * copy.body,
    }
    return ParsedRecord(copy.dump, copy.offset, 1, record, record["body"].encode())


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
        batches = [
            ([parsed(copy) for copy in copies[i : i + batch]], Repeats())
            for i in range(0, len(copies), batch)
        ]
        unique = p | beam.Create(batches) | Deduplicate(config)
        assert_that(unique, check)


@pytest.mark.parametrize(
    ("batch", "keys", "limit"), [(1, 1, None), (7, 3, None), (1000, 64, None), (13, 5, 3)]
)
def test_shuffled_and_bundled_anew(tmp_path, batch, keys, limit):
    copies = some_copies(batch)
    random.Random(keys).shuffle(copies)
    winners_and_losers(tmp_path, copies, batch, keys, limit)


def test_a_block_that_comes_again_has_the_row_of_the_first_at_its_own_place(tmp_path):
    prepare(str(tmp_path), "run")
    step = KeyRows(Config((), str(tmp_path), "run", keys=1))
    step.setup()
    step.start_bundle()
    records = [parsed(Copy(number, "", 1, 0, 0, 5, 0, 10 * number))._replace(digest=bytes([number]) * 16)
               for number in (1, 2)]  # fmt: skip
    list(step.process((records, Repeats())))
    list(
        step.process(
            ([], Repeats(waiting=[(3, 70, 7), (4, 80, 8)], digests=[records[1].digest, records[0].digest]))
        )
    )
    step._write()
    known = step._memo.get(records[1].digest)
    list(step.process(([], Repeats([(5, 90, 9)], [known]))))
    ((_, batch),) = [found.value for found in step.finish_bundle() if not isinstance(found, TaggedOutput)]
    rows = batch.rows
    assert rows["offset"].tolist() == [10, 20, 70, 80, 90]
    assert rows["dump"].tolist() == [0, 0, 3, 4, 5]
    assert rows["rank"].tolist() == [(dump + 1) << 32 for dump in (0, 0, 3, 4, 5)]
    assert rows["length"].tolist() == [1, 1, 7, 8, 9]
    assert rows["at"].tolist() == [0, 1, 1, 0, 1]
    assert rows["head_lo"].tolist() == [rows["head_lo"][place] for place in (0, 1, 1, 0, 1)]


def test_one_hot_headline_is_folded_before_it_is_shuffled():
    """100,000 copies: what a worker sends on, and keeps of what it gets, is a row for each day."""
    batches = []
    for batch in range(100):
        rows = np.zeros(1000, ROW)
        rows["head_lo"] = 1
        rows["copies"] = 1
        rows["updated"] = rows["first"] = rows["last"] = np.arange(1000) % 30
        rows["offset"] = np.arange(1000) + 1000 * batch
        ((key, folded),) = FoldByHeadline().process((7, RowBatch(rows)))
        assert (key, len(folded.rows)) == (7, 30)
        assert len(RowBatchCoder().encode(folded)) < 1000
        batches.append(folded)
    merged = fold_all(batches, HEADLINE_GROUP)
    assert merged["copies"].sum() == 100_000
    assert merged["offset"].tolist() == list(range(30))


def test_folding_depends_on_no_order(monkeypatch):
    parts = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rows = np.zeros(50, ROW)
        rows["head_lo"], rows["updated"], rows["body"] = rng.integers(0, 5, (3, 50))
        rows["offset"], rows["copies"] = np.arange(50) + 50 * seed, 1
        parts.append(RowBatch(rows))
    expected = fold_all(parts, HEADLINE_GROUP)
    for seed in range(10):
        monkeypatch.setattr(deduplicate, "FLUSH_ROWS", 30 + 20 * seed)  # how many are folded together
        shuffled = random.Random(seed).sample(parts, len(parts))
        assert (fold_all(shuffled, HEADLINE_GROUP) == expected).all()


@pytest.fixture
def spilled(tmp_path, monkeypatch):
    """A folder that large batches are put into."""
    monkeypatch.setattr(module, "_spill", None)
    prepare(str(tmp_path), "run")
    folder = run_folder(str(tmp_path), "run", SHUFFLED)
    spill_to(folder)
    return Path(folder)


def test_large_batches_lie_in_a_file_until_they_are_read(spilled):
    rng = np.random.default_rng(1)
    coder = RowBatchCoder()
    batches = [np.frombuffer(rng.bytes(ROW.itemsize * count), ROW) for count in (5, 1000, 1, 3000)]
    encoded = [coder.encode(RowBatch(rows)) for rows in batches]
    assert all(len(element) < SPILLED_BYTES for element in encoded)
    (file,) = spilled.iterdir()
    assert file.stat().st_size > 4000 * ROW.itemsize * 0.9
    for element, rows in reversed(list(zip(encoded, batches, strict=True))):
        assert coder.decode(element).rows.tobytes() == rows.tobytes()
    os.truncate(file, 1000)
    with pytest.raises(OSError, match="bytes instead of"):
        _ = coder.decode(encoded[-1]).rows


def test_a_batch_that_is_only_passed_on_is_not_packed_again(spilled):
    rows = np.frombuffer(np.random.default_rng(1).bytes(ROW.itemsize * 1000), ROW)
    coder = RowBatchCoder()
    encoded = coder.encode(RowBatch(rows))
    (file,) = spilled.iterdir()
    size = file.stat().st_size
    assert coder.encode(coder.decode(encoded)) == encoded
    assert file.stat().st_size == size
    changed = coder.decode(encoded)
    changed.rows["copies"] = 7  # who has the rows may change them
    assert (coder.decode(coder.encode(changed)).rows["copies"] == 7).all()
    assert file.stat().st_size > size


def test_a_batch_behind_one_that_a_full_disk_cut_short(spilled):
    rows = np.frombuffer(np.random.default_rng(1).bytes(ROW.itemsize * 1000), ROW)
    coder = RowBatchCoder()
    first = coder.encode(RowBatch(rows))
    (file,) = spilled.iterdir()
    with open(file, "ab") as torn:
        torn.write(b"half a batch")
    second = coder.encode(RowBatch(rows[::-1]))
    assert coder.decode(first).rows.tobytes() == rows.tobytes()
    assert coder.decode(second).rows.tobytes() == rows[::-1].tobytes()


def test_a_batch_stays_in_its_element_where_the_run_is_over(spilled):
    rows = np.frombuffer(np.random.default_rng(1).bytes(ROW.itemsize * 1000), ROW)
    shutil.rmtree(spilled)
    assert RowBatchCoder().decode(RowBatchCoder().encode(RowBatch(rows))).rows.tobytes() == rows.tobytes()


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_rows_survive_the_shuffle_and_may_be_changed(count):
    rng = np.random.default_rng(1)
    rows = np.frombuffer(rng.bytes(ROW.itemsize * 100), ROW)
    for some in (rows[:count], rows[::-1][:count]):
        found = RowBatchCoder().decode(RowBatchCoder().encode(RowBatch(some))).rows
        assert found.tobytes() == some.tobytes()
        found["copies"] = 7


def test_no_rows_have_no_shares():
    """A bundle may have rejects only."""
    rows = np.empty(0, ROW)
    assert list(keyed_batches(rows, article_keys(rows, 7))) == []


def test_an_article_is_keyed_by_its_url_else_by_its_headline():
    rows = np.zeros(3, ROW)
    rows["slug"] = [b"", b"ab", b"ab"]
    rows["head_hi"] = [9, 9, 10]
    shares = article_keys(rows, 7).tolist()
    assert shares[0] == 2
    assert shares[1] == shares[2] == 7 + (97 + 98 * 31) % 7


def test_an_id_names_one_article():
    rows = np.zeros(2, ROW)
    rows["id_hi"], rows["id_lo"] = [1, 2], [3, 4]
    assert hexes(rows, "id_hi", "id_lo") == [
        "01" + "0" * 14 + "03" + "0" * 14,
        "02" + "0" * 14 + "04" + "0" * 14,
    ]


def test_values_of_many_batches_are_not_sorted_with_each(monkeypatch):
    """What a run asks the version before for: headlines, some in each of thousands of batches."""
    sorted_values = []
    unite = np.union1d
    monkeypatch.setattr(
        older_records.np, "union1d", lambda a, b: sorted_values.append(len(a) + len(b)) or unite(a, b)
    )
    combine = older_records.Unite("<u8")
    found = combine.create_accumulator()
    for batch in range(1024):
        found = combine.add_input(found, np.arange(batch * 4, batch * 4 + 8, dtype="<u8"))
    merged = combine.merge_accumulators([found, combine.create_accumulator()])
    assert combine.extract_output(merged).tolist() == list(range(4100))
    assert sum(sorted_values) < 4096 * 2 * 12  # each value once for every doubling
