"""What a run may cost, in counts instead of seconds: parses, searches for headers, files opened, elements and bytes
that are shuffled. Seconds are for benchmarks/."""

import json
import pickle
from collections import Counter

import pytest

from dateline.pipeline import config
from dateline.pipeline.dataset.staging import Writer
from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.rules import header, record, windows
from dateline.pipeline.rules.blocks import Limits
from dateline.pipeline.rules.identity_rows import ROW
from dateline.pipeline.stages import read, shuffle_keys
from dateline.pipeline.stages.counters import SHUFFLES
from dateline.pipeline.stages.item_coders import ItemCoder
from dateline.pipeline.stages.record_files import RecordReader, RecordWriter
from dateline.pipeline.stages.row_batches import RowBatchCoder
from dateline.pipeline.stages.write_ledgers import KeyByShard
from tests.conftest import files_of
from tests.dataset.test_growth import run
from tests.helpers.pages import Article, plain

COPIES = 4
DAYS = 20
ELEMENT_BYTES = 16 << 20
"""No element of a shuffle may have more."""


@pytest.fixture
def calls(monkeypatch):
    """How often some functions were called; bytes that were encoded for a shuffle, too."""
    counts = Counter()

    def count(owner, name, label):
        function = getattr(owner, name)

        def counted(*args, **options):
            counts[label] += 1
            return function(*args, **options)

        monkeypatch.setattr(owner, name, counted)

    count(record, "parse_block", "parses")
    count(header, "read", "readings")
    count(windows, "read", "readings")
    count(read, "open_file", "dumps opened")
    count(RecordWriter, "write", "files that wait")
    count(RecordReader, "_batch", "files that wait opened")
    count(Writer, "write_bytes", "files written")
    encode = RowBatchCoder.encode

    def counted_encode(self, copies):
        encoded = encode(self, copies)
        counts["shuffled elements"] += 1
        counts["shuffled bytes"] += len(encoded)
        counts["most rows of an element"] = max(counts["most rows of an element"], len(copies.rows))
        counts["bytes of the largest element"] = max(counts["bytes of the largest element"], len(encoded))
        return encoded

    monkeypatch.setattr(RowBatchCoder, "encode", counted_encode)
    count(ItemCoder, "encode", "items encoded")
    count(pickle, "dumps", "pickled")
    return counts


def dump(folder, articles, copies=COPIES):
    """Articles, and all of them once more, so many times."""
    text = "".join(
        plain(
            Article(
                headline=f"The ferry sails for the {number}th time",
                stamp=f"{number % DAYS + 1:02d} September 2023",
                body=(f"It took {number} passengers. " * 60,),
            )
        )
        + "\n\n"
        for number in range(articles)
    )
    path = folder / f"dump-{articles}-{copies}.txt"
    path.write_text(text * copies)
    return path


def test_a_block_is_parsed_once_and_a_copy_not_at_all(tmp_path, calls):
    articles = 200
    path = dump(tmp_path, articles)
    assert run(tmp_path / "news", path) == 0
    waiting = read.BATCH_BYTES // 1500 + 1  # blocks that are on their way together
    assert articles <= calls["parses"] <= articles + waiting
    assert sum(file["rows"] for file in latest_manifest(str(tmp_path / "news"))["files"]) == articles * (
        COPIES + 1
    )


def test_a_plain_header_is_found_once_by_its_expression(tmp_path, calls):
    assert run(tmp_path / "news", dump(tmp_path, 1000)) == 0
    assert calls["readings"] <= 10  # of 4,000: where a dump or a buffer begins, the lines above are not there


def test_no_item_of_a_batch_is_encoded_to_learn_its_size(tmp_path, calls):
    assert run(tmp_path / "news", dump(tmp_path, 1000)) == 0
    assert calls["items encoded"] == calls["pickled"] == 0


def test_files_are_opened_as_often_as_there_is_work(tmp_path, calls):
    paths = [dump(tmp_path, 100, copies) for copies in (1, 2, 3)]
    assert run(tmp_path / "news", *paths) == 0
    files = latest_manifest(str(tmp_path / "news"))["files"]
    assert sum(file["kind"] == "articles" for file in files) == DAYS
    assert calls["dumps opened"] == len(paths)
    assert calls["files that wait"] == 1
    assert calls["files that wait opened"] <= 4  # once for each task that writes
    assert calls["files written"] == len(files)


def test_elements_grow_with_the_keys_and_not_with_the_articles(tmp_path, calls):
    found = []
    for articles in (100, 1000):
        calls.clear()
        assert run(tmp_path / f"news-{articles}", dump(tmp_path, articles)) == 0
        found.append(calls["shuffled elements"])
    assert abs(found[0] - found[1]) <= 2
    assert max(found) < 250
    assert config.PARTITION_BYTES >= 1 << 24  # a key of less makes elements of a few rows


def test_bytes_that_are_shuffled(tmp_path, calls):
    path = dump(tmp_path, 1000)
    assert run(tmp_path / "news", path) == 0
    assert (
        calls["shuffled bytes"] / path.stat().st_size < 0.2
    )  # of articles of 1,600 bytes: bodies stay where they are


HOT, COLD = 3000, 1000
"""Records of one headline, and articles that there are once."""


def hot_dump(folder, urls):
    """A dump in which most records are of one headline, on many days: those of them that `urls` has under its remainder
    by 3 have a short URL of their own."""
    cold = dump(folder, COLD, 1).read_text()
    copies = (
        plain(
            Article(
                headline="The weather today",
                slot=f"https://arab.news/w{number:05d}" if number % 3 in urls else "",
                stamp=f"{number % DAYS + 1:02d} September 2023",
                body=(f"Fair. {number} degrees.",),
            )
        )
        for number in range(HOT)
    )
    path = folder / "hot.txt"
    path.write_text(cold + "\n\n".join(copies))
    return path


def shuffles(news):
    (report,) = news.glob("_runs/*/report.json")
    stages = json.loads(report.read_text("utf-8"))["stages"]
    return {
        name.removeprefix("shuffle_"): told for name, told in stages.items() if "largest_key_bytes" in told
    }


def test_no_element_is_large_however_hot_a_headline(tmp_path, calls, monkeypatch):
    hot = hot_dump(tmp_path, urls=(1, 2))
    assert run(tmp_path / "news", hot) == 0
    assert calls["bytes of the largest element"] < ROW.itemsize * (HOT + COLD)
    assert shuffle_keys.ELEMENT_ROWS * ROW.itemsize < ELEMENT_BYTES / 2  # even where nothing can be packed
    assert read.BATCH_BYTES + 2 * Limits().block_bytes < ELEMENT_BYTES
    assert calls["most rows of an element"] > 300
    calls.clear()
    key = KeyByShard.process

    def counted(self, copies):
        calls["most rows of an element"] = max(calls["most rows of an element"], len(copies.rows))
        return key(self, copies)

    monkeypatch.setattr(
        KeyByShard, "process", counted
    )  # what it takes is shuffled by engines that fuse no steps
    monkeypatch.setattr(shuffle_keys, "ELEMENT_ROWS", 100)  # as if there were 600 times as much
    assert run(tmp_path / "small", hot) == 0
    assert calls["most rows of an element"] == 100
    assert files_of(tmp_path / "small") == files_of(tmp_path / "news")


def test_the_largest_key_of_each_shuffle_is_told(tmp_path):
    path = tmp_path / "no-article.txt"
    path.write_text("Nothing that is an article")
    hot = hot_dump(tmp_path, urls=())
    assert run(tmp_path / "news", hot, path) == 0
    told = shuffles(tmp_path / "news")
    row, records = ROW.itemsize, HOT + COLD
    assert set(told) == {*SHUFFLES} - {"urls"}
    assert (
        told["headlines"]["bytes_in"] == (COLD + DAYS) * row
    )  # copies are folded before, but for those of other days
    assert told["headlines"]["largest_key_bytes"] < COLD / 3 * row
    assert told["articles"]["bytes_in"] > records * row  # and each row, to be told its article
    assert HOT * row < told["articles"]["largest_key_bytes"] < (HOT + COLD) * row
    assert told["ledgers"] == {"keys": 1, "bytes_in": records * row, "largest_key_bytes": records * row}
    assert told["rejects"]["largest_key_bytes"] == told["rejects"]["bytes_in"] > 24
    assert told["partitions"]["bytes_in"] == (COLD + 1) * row
    (page,) = tmp_path.glob("news/_runs/*/report.html")
    assert "largest key bytes" in page.read_text("utf-8")


def test_a_headline_of_many_short_urls_is_one_large_key(tmp_path):
    assert run(tmp_path / "news", hot_dump(tmp_path, urls=(1, 2))) == 0
    told = shuffles(tmp_path / "news")
    share = {name: keys["largest_key_bytes"] / keys["bytes_in"] for name, keys in told.items()}
    assert 0.7 < share["headlines"] < 0.8
    assert max(share["urls"], share["articles"], share["partitions"]) < 0.35
