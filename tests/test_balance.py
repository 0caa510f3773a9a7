"""The balance finds every byte that is lost, doubled or not accounted for, and says where."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.balance import settle
from pipeline.dataset import File
from pipeline.elements import Dump

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


def test_it_comes_out(tmp_path):
    files = [
        file_of("articles", BLOCKS[:1]),
        file_of("duplicates", BLOCKS[1:2]),
        file_of("rejected", BLOCKS[2:]),
    ]
    balance = settle([dump_of(tmp_path)], files)
    assert balance == (len(TEXT), 4, 4, 4, len(TEXT) - 12, [])


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
        "p: 2 rows, 3 blocks"
    ]


def test_a_dump_that_changed_while_it_was_read(tmp_path):
    dump = dump_of(tmp_path)._replace(size=99)
    (finding,) = settle([dump], [file_of("articles", BLOCKS)]).findings
    assert "changed while it was read: 99 bytes then, 21 now" in finding


def test_empty_dumps_and_dumps_of_white_space(tmp_path):
    assert settle([dump_of(tmp_path, b"")], []).findings == []
    balance = settle([dump_of(tmp_path, b" \n" * 1_500_000)], [])
    assert (balance.white_space, balance.findings) == (3_000_000, [])


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
