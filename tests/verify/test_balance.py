"""The balance finds every byte that is lost, doubled or not accounted for, and says where."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.tally import KINDS, Places, in_order, places_of, tally_of
from dateline.pipeline.dataset.version import Version
from dateline.pipeline.elements import Dump
from dateline.pipeline.verify import balance
from dateline.pipeline.verify.groups import Groups

TEXT = b"aaaa\n\n\nbbbb \r\n\t cccc\n"
BLOCKS = [(0, 4), (7, 4), (16, 4)]


def dump_of(tmp_path, data=TEXT) -> Dump:
    path = tmp_path / "dump.txt"
    path.write_bytes(data)
    return Dump(str(path), "dump.txt", len(data))


class Written(NamedTuple):
    """A file that a task wrote, and the places of its blocks."""

    file: File
    places: Places

    def of_dump(self, number: int) -> "Written":
        """The same blocks in another dump."""
        return written(
            self.file.kind, self.places[["offset", "length"]].tolist(), self.file.rows, dump=number
        )

    def with_rows(self, rows: int) -> "Written":
        return self._replace(file=self.file._replace(rows=rows))


def written(kind, blocks, rows=None, path="p", dump=0) -> Written:
    offsets, lengths = np.array(blocks, np.int64).reshape(-1, 2).T
    places = places_of(kind, np.full(len(blocks), dump), offsets, lengths) if kind in KINDS else NO_PLACES
    rows = len(blocks) if rows is None else rows
    return Written(File(path, "t", kind, rows, 1, "", tally_of(places), {}), places)


NO_PLACES = places_of("articles", *[np.empty(0, np.int64)] * 3)


def settle_all(dumps, files, before=None, arrived=None):
    """As a run does it: group by group, and then what was left of them."""
    groups = Groups(dumps)
    places = np.concatenate([NO_PLACES, *(file.places for file in files)]) if arrived is None else arrived
    settled = []
    for group in range(len(groups)):
        first, end = groups.span(group)
        mine = places[groups.of(places["dump"]) == group]
        settled.append(balance.settle_group(dumps[first:end], first, in_order(mine), []))
    return balance.settle(dumps, groups, [file.file for file in files], settled, before)


def settle(dumps, files, before=None):
    """With the keys of all articles, as a run writes them."""
    articles = sum(file.file.rows for file in files if file.file.kind == "articles")
    return settle_all(dumps, [*files, written("keys", [], articles, "_keys/part-00-a.arrow")], before)


def test_it_comes_out(tmp_path):
    files = [
        written("articles", BLOCKS[:1]),
        written("duplicates", BLOCKS[1:2]),
        written("rejected", BLOCKS[2:]),
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
    assert finding in settle([dump_of(tmp_path)], [written("articles", blocks)]).findings


def test_a_file_whose_rows_are_not_its_blocks(tmp_path):
    assert settle([dump_of(tmp_path)], [written("articles", BLOCKS, rows=2)]).findings == [
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


def test_rows_of_the_version_before_are_counted_too(tmp_path):
    """One article more, and one that became a duplicate: 5 + 3 + 3 new blocks = 4 + 7 rows."""
    files = [
        written("articles", BLOCKS[:1], 4, "d/r/b"),
        written("duplicates", BLOCKS[1:], 7, "_duplicates/part-00-c"),
        written("keys", [], 4, "_keys/part-00-c"),
    ]
    old = before(articles=5, duplicates=3, keys=5)
    assert settle_all([dump_of(tmp_path)], files, old).findings == []
    lost = [files[0].with_rows(3), *files[1:]]
    assert settle_all([dump_of(tmp_path)], lost, old).findings == [
        "articles and duplicates: 10 rows, 11 expected",
        "keys of the articles: 4 rows, 3 expected",
    ]


def test_rejects_of_the_version_before_are_counted_too(tmp_path):
    files = [written("rejected", BLOCKS, 4, "_rejected/part-00-d")]
    assert settle_all([dump_of(tmp_path)], files, before(rejected=1)).findings == []
    assert settle_all([dump_of(tmp_path)], files, before(rejected=2)).findings == [
        "rejects: 4 rows, 5 expected"
    ]


def test_a_dump_that_changed_while_it_was_read(tmp_path):
    dump = dump_of(tmp_path)._replace(size=99)
    (finding,) = settle([dump], [written("articles", BLOCKS)]).findings
    assert "changed while it was read: 99 bytes then, 21 now" in finding


def test_all_dumps_that_changed_are_named(tmp_path):
    dumps = [
        dump_of(tmp_path)._replace(source=f"{name}.txt", size=size)
        for name, size in (("a", 1), ("b", 21), ("c", 2))
    ]
    found = settle(dumps, [written("articles", BLOCKS, 3)]).findings
    assert [finding.partition(":")[0] for finding in found if "changed" in finding] == ["a.txt", "c.txt"]


def test_blocks_of_several_small_dumps(tmp_path):
    """They are looked at together; each is told by its own name and bytes."""
    dumps = [dump_of(tmp_path)._replace(source=f"{name}.txt") for name in "abc"]
    whole, lost = written("articles", BLOCKS), written("articles", BLOCKS[:2])
    over = written("articles", [*BLOCKS[:2], (16, 9)])
    files = [file.of_dump(number) for number, file in enumerate((whole, lost, over))]
    assert settle(dumps, files).findings == [
        "c.txt: bytes 21 to 25 stand in two blocks",
        "b.txt: bytes 11 to 21 are text, and stand in no block",
    ]
    files = [whole.of_dump(number) for number in range(3)]
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
    assert settle([dump], [written("articles", blocks)]).findings == []
    blocks.pop(data.draw(st.integers(0, len(blocks) - 1)))
    assert settle([dump], [written("articles", blocks)]).findings
