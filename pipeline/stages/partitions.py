"""Partitions: the rows of a write task of articles by the file that they belong to, and what is known of each partition at once.

    rows of 2023-09-07 and 2023-09-08, of two regions   -> four partitions, each with its folder and its blocks' tally

Most partitions are of a few rows, and a call of numpy costs as much for three rows as for three hundred. So nothing is
asked of one partition that can be asked of all.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.staging import BATCH_ROWS
from dateline.pipeline.dataset.tally import Tally, tallies_of
from dateline.pipeline.ledgers.merge import BATCH_CHARACTERS
from dateline.pipeline.names import partition_folder
from dateline.pipeline.rules.identity_rows import NO_DATE, Rows, iso
from dateline.pipeline.rules.places import regions
from dateline.pipeline.stages.write_task import places_in

TAKEN_ROWS = 1 << 14
"""Rows whose records are taken together: they wait in many files, and each is opened once for them."""
TAKEN_CHARACTERS = 48 << 20
"""Of their bodies, at most, but for one partition by itself."""
LONG_FOLD_DAYS = 366
"""Copies further apart than this are perhaps a column's title, not one article: the report lists them."""


class Partition(NamedTuple):
    """What a task writes to one file."""

    folder: str
    """Its name in the dataset."""
    rows: Rows
    """Winners, and articles that lost, by id."""
    characters: int
    """Of all their bodies."""
    tally: Tally
    """Of the winners' blocks that are new."""
    has_long_folds: bool
    """Whether long_folds() has any of the rows."""

    @property
    def is_small(self) -> bool:
        """Whether all rows make one batch."""
        return len(self.rows) <= BATCH_ROWS and self.characters <= BATCH_CHARACTERS


def partitions_of(rows: Rows, period: npt.NDArray[np.int64], config: Config) -> list[Partition]:
    """The partitions of some rows.

    Args:
        rows: by partition and id.
        period: the date partition of each; see shuffle_keys.periods().
        config: the run's.
    """
    begins = (np.diff(period, prepend=0) != 0) | (np.diff(rows["region"], prepend=0) != 0)
    begins[:1] = True
    starts = np.flatnonzero(begins)
    is_new = rows["dump"] >= 0
    edges = [*starts.tolist(), len(rows)]
    new_before = np.concatenate([[0], np.cumsum(is_new)])
    tallies = tallies_of(places_in("articles", rows.compress(is_new)), new_before[edges])
    characters = np.add.reduceat(rows["body"], starts, dtype=np.int64)
    far = np.logical_or.reduceat(_is_long_fold(rows), starts)
    names = regions()
    folders = [
        partition_folder(iso(day), names[region], config.granularity)
        for day, region in zip(rows["updated"][starts].tolist(), rows["region"][starts].tolist(), strict=True)
    ]
    parts = (rows[start:stop] for start, stop in pairwise(edges))
    columns = (folders, parts, characters.tolist(), tallies, far.tolist())
    return list(map(Partition._make, zip(*columns, strict=True)))


def taken_together(partitions: Iterable[Partition]) -> Iterator[list[Partition]]:
    """Partitions in lists whose records are read together: about TAKEN_ROWS of them, or TAKEN_CHARACTERS."""
    some: list[Partition] = []
    filled = characters = 0
    for partition in partitions:
        filled += len(partition.rows)
        characters += partition.characters
        if some and (filled > TAKEN_ROWS or characters > TAKEN_CHARACTERS):
            yield some
            some, filled, characters = [], len(partition.rows), partition.characters
        some.append(partition)
    if some:
        yield some


def long_folds(rows: Rows) -> Rows:
    """The articles among some rows that folded copies far apart."""
    return rows[_is_long_fold(rows)]


def _is_long_fold(rows: Rows) -> npt.NDArray[np.bool_]:
    spans = np.where(rows["first"] == NO_DATE, 0, rows["last"].astype(np.int64) - rows["first"])
    far: npt.NDArray[np.bool_] = (spans > LONG_FOLD_DAYS) & (rows["copies"] > 0)
    return far
