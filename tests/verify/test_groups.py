"""Groups of dumps: every dump is in one, sources are whole, small ones are together, and there are never very many."""

import json
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.errors import DamagedFile
from dateline.pipeline.dataset.tally import PLACE, Tally
from dateline.pipeline.elements import Dump, Part
from dateline.pipeline.verify import balance
from dateline.pipeline.verify.groups import GROUP_BYTES, MAX_GROUPS, Groups
from dateline.pipeline.verify.settled import Settled, checksums_of, leave, own_files, read_settled

MB = 1 << 20


def dumps_of(*sizes: int, parts: int = 1) -> list[Dump]:
    return [
        Dump(f"/{n}.txt", f"{n}.txt", size * MB // parts)
        for n, size in enumerate(sizes)
        for _ in range(parts)
    ]


@pytest.mark.parametrize(
    ("sizes", "spans"),
    [
        ([], []),
        ([0], [(0, 1)]),
        ([1, 3, 900, 2], [(0, 2), (2, 3), (3, 4)]),
        ([8, 8, 4, 4, 1], [(0, 1), (1, 2), (2, 4), (4, 5)]),
    ],
)
def test_small_dumps_are_together_and_a_large_one_is_alone(sizes, spans):
    groups = Groups(dumps_of(*sizes))
    assert [groups.span(group) for group in range(len(groups))] == spans
    assert [groups.size(group) for group in range(len(groups))] == [end - first for first, end in spans]


@given(st.lists(st.integers(0, 30), max_size=30), st.integers(1, 3))
def test_every_dump_is_in_one_group_with_all_of_its_source(sizes, parts):
    dumps = dumps_of(*sizes, parts=parts)
    groups = Groups(dumps)
    spans = [groups.span(group) for group in range(len(groups))]
    assert [number for first, end in spans for number in range(first, end)] == list(range(len(dumps)))
    found = groups.of(np.arange(len(dumps), dtype=np.int32)).tolist()
    assert found == [group for group, (first, end) in enumerate(spans) for _ in range(first, end)]
    of_source = {(dump.source, group) for dump, group in zip(dumps, found, strict=True)}
    assert len(of_source) == len(sizes)


def test_a_large_input_has_no_more_groups_than_some_thousand():
    dumps = [Dump("", f"{n}.txt", GROUP_BYTES) for n in range(10 * MAX_GROUPS)]
    assert MAX_GROUPS / 2 < len(Groups(dumps)) <= MAX_GROUPS + 1


def test_a_file_that_is_of_two_groups_is_summed_by_one(monkeypatch):
    """Rejects of several dumps are in one file."""
    part = Part("rejects", "", "/rejects.arrow", 0, 9)
    dumps = [Dump(f"/spool/{n}", f"{n}.txt", GROUP_BYTES, part) for n in range(3)]
    dumps.append(Dump("/3.txt", "3.txt", GROUP_BYTES))
    groups = Groups(dumps)
    assert own_files(dumps, groups) == [["/rejects.arrow"], [], [], ["/3.txt"]]
    settled = [Settled(0, 0, [], [], sums, []) for sums in (["a"], [], [], ["b"])]
    assert checksums_of(dumps, groups, settled) == {"/rejects.arrow": "a", "/3.txt": "b"}
    assert checksums_of(dumps, groups, [None, *settled[1:]]) == {"/3.txt": "b"}


def test_each_dump_is_read_once_for_its_gaps_and_its_checksum(tmp_path, monkeypatch):
    """Also across the ends of what is read together: dumps of 700,000 bytes, of which a megabyte is."""
    opened = []
    real = balance.open_file
    monkeypatch.setattr(balance, "open_file", lambda path, pin: (opened.append(path), real(path, pin))[1])
    monkeypatch.setattr(balance, "sha256_of", lambda path, pin: pytest.fail(f"{path} is read again"))
    data = [bytes([97 + n]) * 700_000 for n in range(5)]
    dumps = []
    for n, text in enumerate(data):
        path = tmp_path / f"{n}.txt"
        path.write_bytes(text)
        dumps.append(Dump(str(path), path.name, len(text)))
    paths = [dump.path for dump in dumps]
    found = balance.settle_group(dumps, 0, np.empty(0, PLACE), paths)
    assert opened == paths
    assert found.checksums == [sha256(text).hexdigest() for text in data]
    assert found.findings == [f"{n}.txt: bytes 0 to 700000 are text, and stand in no block" for n in range(5)]


def test_what_is_left_is_read_back(tmp_path):
    (tmp_path / "receipts").mkdir()
    dumps = dumps_of(9, 9)
    groups = Groups(dumps)
    settled = Settled(9, 1, [Tally(1, 8, 2**63 - 1), Tally(), Tally()], [[1], [0], [0]], ["0" * 64], ["a"])
    settled.parts.problems = [("/a.gz", "torn")]
    leave(str(tmp_path), 1, settled)
    assert read_settled(str(tmp_path), dumps, groups)[0] is None
    assert json.loads(json.dumps(vars(read_settled(str(tmp_path), dumps, groups)[1].parts))) == json.loads(
        json.dumps(vars(settled.parts))
    )
    with pytest.raises(DamagedFile, match="other dumps"):
        read_settled(str(tmp_path), dumps_of(9, 1, 1), Groups(dumps_of(9, 1, 1)))
