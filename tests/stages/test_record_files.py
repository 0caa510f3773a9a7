"""Records that wait in files: whoever asks for some gets them as they were parsed, in the order asked for."""

import os
import random

import numpy as np
import pytest

from dateline.pipeline.elements import ParsedRecord
from dateline.pipeline.names import PARSED
from dateline.pipeline.rules.identity_rows import concat
from dateline.pipeline.stages import record_files
from dateline.pipeline.stages.record_files import RecordReader, RecordWriter
from dateline.pipeline.stages.shuffle_keys import partition_keys
from tests.helpers.records import RECORD

DAYS = ["2023-09-01", "2023-09-02", "2023-09-04"]
BODIES = ["", "KYIV: Short.", "\U0001f642 é\n\n" * 40, "The ferry sails. " * 900]


def waiting(folder, files=3, records=7):
    """Rows of some files of records, shuffled, and the headline and body of each."""
    (folder / PARSED).mkdir()
    writer, parts, expected = RecordWriter(str(folder), "day", 4), [], []
    for file in range(files):
        of_file = [
            RECORD
            | {
                "headline": f"{file} {number}",
                "updated": DAYS[number % len(DAYS)],
                "body": BODIES[(file + number) % len(BODIES)],
            }
            for number in range(records)
        ]
        writer.add(
            [
                ParsedRecord(0, number, 1, record | {"body": "Its first paragraph."}, record["body"].encode())
                for number, record in enumerate(of_file)
            ]
        )
        parts.append(writer.write())
        expected += [(record["headline"], record["body"]) for record in of_file]
    order = random.Random(7).sample(range(len(expected)), len(expected) - 2)
    return concat(parts)[order], [expected[place] for place in order]


def told(found):
    found.validate(full=True)
    return list(zip(found["headline"].to_pylist(), found["body"].to_pylist(), strict=True))


def test_records_come_in_the_order_of_their_rows(tmp_path):
    rows, expected = waiting(tmp_path)
    reader = RecordReader(str(tmp_path))
    assert told(reader.take(rows)) == expected
    assert rows["body"].tolist() == [len(body) for _, body in expected]
    assert told(reader.take(rows[3:4])) == expected[3:4]
    assert told(reader.take(np.repeat(rows[:1], 2))) == expected[:1] * 2


def test_the_records_of_a_task_stand_together(tmp_path):
    rows, _ = waiting(tmp_path)
    for name in set(rows["file"].tolist()):
        of_file = rows[rows["file"] == name]
        keys = partition_keys(of_file[np.argsort(of_file["at"])], "day", 4)
        assert len(set(keys.tolist())) == len(DAYS)
        assert np.count_nonzero(np.diff(keys)) == len(DAYS) - 1


@pytest.mark.parametrize(
    ("gap", "rooms", "files"),
    [(0, 1000, 8), (40, 1000, 1), (16 << 10, 1, 2), (16 << 10, 2, 3), (16 << 10, 3, 2), (1 << 20, 1000, 8)],
)
def test_records_are_read_together_or_not(tmp_path, monkeypatch, gap, rooms, files):
    monkeypatch.setattr(record_files, "GAP_BYTES", gap)
    monkeypatch.setattr(record_files, "ROOMS", rooms)
    monkeypatch.setattr(record_files, "MAPPED_FILES", files)
    rows, expected = waiting(tmp_path, records=40)
    reader = RecordReader(str(tmp_path))
    for step in (1, 2, 3, 7, 50):
        assert told(reader.take(rows[::step])) == expected[::step]


def test_bodies_near_each_other_take_one_call(tmp_path, monkeypatch):
    rows, _ = waiting(tmp_path, files=2, records=40)
    calls, read = [], os.preadv
    monkeypatch.setattr(
        "os.preadv", lambda file, buffers, offset: calls.append(offset) or read(file, buffers, offset)
    )
    RecordReader(str(tmp_path)).take(rows)
    assert len(calls) == 2


def test_the_other_columns_are_as_they_were(tmp_path):
    rows, _ = waiting(tmp_path, 2, 3)
    (found,) = {
        tuple(
            (name, str(value)) for name, value in row.items() if name not in ("headline", "body", "updated")
        )
        for row in RecordReader(str(tmp_path)).take(rows).to_pylist()
    }
    assert dict(found) == {name: str(RECORD[name]) for name, _ in found}


def test_a_body_that_is_not_all_there(tmp_path, monkeypatch):
    rows, _ = waiting(tmp_path)
    monkeypatch.setattr("os.preadv", lambda file, buffers, offset: min(5, len(buffers[0])))
    with pytest.raises(OSError, match=r"parsed/[0-9a-f]{16}: not all of \d+ bytes at \d+"):
        RecordReader(str(tmp_path)).take(rows)
