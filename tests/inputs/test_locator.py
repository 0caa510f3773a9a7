"""The places of many blocks at once are those that each has by itself, whatever its dump is packed in."""

import gzip
from contextlib import closing

import numpy as np
import pytest

from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.inputs.parts import unpack_all
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.inputs.streams import Bounds
from tests.inputs.test_inputs import TEXT
from tests.inputs.test_inputs import json_lines as lines_of

FILES = {
    "a.txt": TEXT.encode(),
    "b.txt.gz": gzip.compress(TEXT.encode()),
    "c.txt": TEXT.encode("utf-16"),
    "d.jsonl": lines_of().encode(),
}


@pytest.mark.parametrize(
    "names", [["a.txt"], ["a.txt", "b.txt.gz"], ["c.txt"], ["d.jsonl"], [*FILES]], ids=" ".join
)
def test_places_of_many_blocks(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(FILES[name])
    (tmp_path / "spool").mkdir()
    dumps = with_spools(
        find_inputs([str(tmp_path / name) for name in names], None).dumps, str(tmp_path / "spool")
    )
    unpack_all(dumps, Columns(), Quota(str(tmp_path / "spool"), Bounds()))
    blocks = [(number, offset, 20) for offset in (0, 33, 500) for number in range(len(dumps))]
    with closing(Locator(dumps)) as locator:
        found = locator.places(*(np.array(column) for column in zip(*blocks, strict=True)))
        expected = [locator.place(*block)[:3] for block in blocks]
    assert list(zip(*(column.to_pylist() for column in found), strict=True)) == expected
    assert len({source for source, *_ in expected}) >= len(names)
