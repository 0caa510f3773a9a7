"""The rows of a write task by partition: each partition has what its own rows say."""

import numpy as np

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.tally import Tally, tally_of
from dateline.pipeline.rules.identity_rows import NO_DATE, OLDER_ARTICLE, ROW
from dateline.pipeline.rules.places import regions
from dateline.pipeline.stages import partitions
from dateline.pipeline.stages.partitions import LONG_FOLD_DAYS, long_folds, partitions_of, taken_together
from dateline.pipeline.stages.shuffle_keys import periods
from dateline.pipeline.stages.write_task import places_in

CONFIG = Config((), "out", "run")
NAMES = ("updated", "region", "dump", "offset", "length", "body", "first", "last", "copies")


def rows_of(*values: tuple[int, ...]):
    rows = np.zeros(len(values), ROW)
    for name, column in zip(NAMES, zip(*values, strict=True), strict=True):
        rows[name] = column
    return rows


ROWS = rows_of(
    (NO_DATE, 0, 1, 0, 70, 5, NO_DATE, NO_DATE, 1),
    (100, 0, 1, 70, 80, 6, 100, 100, 1),
    (100, 0, OLDER_ARTICLE, 0, 0, 7, 100, 100, 0),
    (100, 2, OLDER_ARTICLE, 0, 0, 8, 100, 101 + LONG_FOLD_DAYS, 0),  # it lost
    (101, 2, 3, 150, 90, 9, 101, 102 + LONG_FOLD_DAYS, 2),
    (101, 2, 4, 150, 91, 10, 101, 101 + LONG_FOLD_DAYS, 2),
)


def test_a_partition_has_what_its_rows_say():
    found = partitions_of(ROWS, periods(ROWS, "day"), CONFIG)
    assert [one.folder for one in found] == [
        f"date=__HIVE_DEFAULT_PARTITION__/region={regions()[0]}",
        f"date=1970-04-11/region={regions()[0]}",
        f"date=1970-04-11/region={regions()[2]}",
        f"date=1970-04-12/region={regions()[2]}",
    ]
    assert np.concatenate([one.rows for one in found]).tolist() == ROWS.tolist()
    assert [one.characters for one in found] == [5, 13, 8, 19]
    assert [one.has_long_folds for one in found] == [False, False, False, True]
    for one in found:
        assert one.tally == tally_of(places_in("articles", one.rows[one.rows["dump"] >= 0]))
        assert one.has_long_folds == bool(len(long_folds(one.rows)))
    assert found[2].tally == Tally()


def test_no_rows_are_no_partitions():
    assert partitions_of(ROWS[:0], periods(ROWS[:0], "day"), CONFIG) == []
    assert list(taken_together([])) == []


def test_records_are_taken_for_so_many_rows_and_characters_together(monkeypatch):
    found = partitions_of(ROWS, periods(ROWS, "day"), CONFIG)

    def sizes():
        return [len(some) for some in taken_together(found)]

    assert sizes() == [4]
    monkeypatch.setattr(partitions, "TAKEN_ROWS", 3)
    assert sizes() == [2, 2]
    monkeypatch.setattr(partitions, "TAKEN_CHARACTERS", 12)
    assert sizes() == [1, 1, 1, 1]
