"""The balance finds every byte that is lost, doubled or not accounted for, and says where."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.version import Version
from dateline.pipeline.elements import Dump
from dateline.pipeline.verify import balance

TEXT = b"aaaa\n\n\nbbbb \r\n\t cccc\n"
BLOCKS = [(0, 4), (7, 4), (16, 4)]


def dump_of(tmp_path, data=TEXT) -> Dump:
    path = tmp_path / "dump.txt"
    path.write_bytes(data)
    return Dump(str(path), "dump.txt", len(data))


def file_of(kind, blocks, rows=None) -> File:
    offsets, lengths = np.array(blocks, np.int64).reshape(-1, 2).T
    numbers = np.zeros(len(blocks), np.int32)
    return File("p", "t", kind, len(blocks) if rows is None else rows, 1, "", numbers, offsets, lengths, {})


def settle(dumps, files, before=None):
    """With the keys of all articles, as a run writes them."""
    articles = sum(file.rows for file in files if file.kind == "articles")
    keys = file_of("keys", [], articles)._replace(path="_keys/part-00-a.arrow")
    return balance.settle(dumps, [*files, keys], before)


def test_it_comes_out(tmp_path):
    files = [
        file_of("articles", BLOCKS[:1]),
        file_of("duplicates", BLOCKS[1:2]),
        file_of("rejected", BLOCKS[2:]),
    ]
    assert settle([dump_of(tmp_path)], files) == (len(TEXT), 4, 4, 4, len(TEXT) - 12, [])


@pytest.mark.parametrize(
    ("blocks", "finding"),
    [
        (BLOCKS[:2], "dump.txt: bytes 11 to 21 are text, and stand in no block"),
        (BLOCKS[1:], "dump.txt: bytes 0 to 7 are text, and stand in no block"),
        ([*BLOCKS, BLOCKS[1]], "dump.txt: bytes 7 to 11 stand in two blocks"),
        ([(0, 9), *BLOCKS[1:]], "dump.txt: bytes 7 to 9 stand in two blocks"),
        ([(0, 3), *BLOCKS[1:]], "dump.txt: bytes 3 to 7 are text, and stand in no block"),
        ([*BLOCKS[:2], (16, 9)], "dump.txt: bytes 21 to 25 stand in two blocks"),
        ([], "dump.txt: bytes 0 to 21 are text, and stand in no block"),
    ],
    ids=["lost", "lost first", "doubled", "overlap", "short", "past the end", "all lost"],
)
def test_it_does_not_come_out(tmp_path, blocks, finding):
    assert finding in settle([dump_of(tmp_path)], [file_of("articles", blocks)]).findings


def test_a_file_whose_rows_are_not_its_blocks(tmp_path):
    assert settle([dump_of(tmp_path)], [file_of("articles", BLOCKS, rows=2)]).findings == [
        "articles and duplicates: 2 rows, 3 expected"
    ]


def before(**rows):
    paths = {
        "articles": "d/r/a",
        "duplicates": "_duplicates/part-00-b",
        "keys": "_keys/part-00-b",
        "rejected": "_rejected/part-00-c",
    }
    return Version(
        "", {"files": [{"kind": kind, "path": paths[kind], "rows": count} for kind, count in rows.items()]}
    )


def grown(kind, path, rows, blocks=()):
    return file_of(kind, list(blocks), rows)._replace(path=path)


def test_rows_of_the_version_before_are_counted_too(tmp_path):
    """One article more, and one that became a duplicate: 5 + 3 + 3 new blocks = 4 + 7 rows."""
    files = [
        grown("articles", "d/r/b", 4, BLOCKS[:1]),
        grown("duplicates", "_duplicates/part-00-c", 7, BLOCKS[1:]),
        grown("keys", "_keys/part-00-c", 4),
    ]
    old = before(articles=5, duplicates=3, keys=5)
    assert balance.settle([dump_of(tmp_path)], files, old).findings == []
    lost = [files[0]._replace(rows=3), *files[1:]]
    assert balance.settle([dump_of(tmp_path)], lost, old).findings == [
        "articles and duplicates: 10 rows, 11 expected",
        "keys of the articles: 4 rows, 3 expected",
    ]


def test_rejects_of_the_version_before_are_counted_too(tmp_path):
    files = [grown("rejected", "_rejected/part-00-d", 4, BLOCKS)]
    assert balance.settle([dump_of(tmp_path)], files, before(rejected=1)).findings == []
    assert balance.settle([dump_of(tmp_path)], files, before(rejected=2)).findings == [
        "rejects: 4 rows, 5 expected"
    ]


def test_a_dump_that_changed_while_it_was_read(tmp_path):
    dump = dump_of(tmp_path)._replace(size=99)
    (finding,) = settle([dump], [file_of("articles", BLOCKS)]).findings
    assert "changed while it was read: 99 bytes then, 21 now" in finding


def test_all_dumps_that_changed_are_named(tmp_path):
    dumps = [
        dump_of(tmp_path)._replace(source=f"{name}.txt", size=size)
        for name, size in (("a", 1), ("b", 21), ("c", 2))
    ]
    found = settle(dumps, [file_of("articles", BLOCKS, 3)]).findings
    assert [finding.partition(":")[0] for finding in found if "changed" in finding] == ["a.txt", "c.txt"]


def test_blocks_of_several_small_dumps(tmp_path):
    """They are looked at together; each is told by its own name and bytes."""
    dumps = [dump_of(tmp_path)._replace(source=f"{name}.txt") for name in "abc"]
    whole, lost = file_of("articles", BLOCKS), file_of("articles", BLOCKS[:2])
    over = file_of("articles", [*BLOCKS[:2], (16, 9)])
    files = [file._replace(dumps=file.dumps + number) for number, file in enumerate((whole, lost, over))]
    assert settle(dumps, files).findings == [
        "c.txt: bytes 21 to 25 stand in two blocks",
        "b.txt: bytes 11 to 21 are text, and stand in no block",
    ]
    files = [whole._replace(dumps=whole.dumps + number) for number in range(3)]
    assert settle(dumps, files) == (3 * len(TEXT), 36, 0, 0, 3 * (len(TEXT) - 12), [])


def test_empty_dumps_and_dumps_of_white_space(tmp_path):
    assert settle([dump_of(tmp_path, b"")], []).findings == []
    found = settle([dump_of(tmp_path, b" \n" * 1_500_000)], [])
    assert (found.white_space, found.findings) == (3_000_000, [])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), min_size=1), st.data())
def test_taking_any_block_away_is_found(tmp_path_factory, gaps, data):
    text, blocks = b"", []
    for gap, length in gaps:
        text += b" " * gap
        blocks.append((len(text), length))
        text += b"x" * length
    dump = dump_of(tmp_path_factory.mktemp("balance"), text)
    assert settle([dump], [file_of("articles", blocks)]).findings == []
    blocks.pop(data.draw(st.integers(0, len(blocks) - 1)))
    assert settle([dump], [file_of("articles", blocks)]).findings
