"""What every write task does: take a share of the rows, write files of them, leave a receipt, and tell where the blocks of
the rows stand to whoever settles their dumps (settle.py).

    rows of three partitions    -> three files, and a receipt that says what the blocks in each add up to
                                -> the blocks' places, in a batch for each group of dumps
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.staging import File, Writer
from dateline.pipeline.dataset.tally import Places, Tally, pack, places_of
from dateline.pipeline.inputs.blocks import BlockReader
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.rules.identity_rows import ID_DIGITS, Rows, digits
from dateline.pipeline.stages.base_version import base_version
from dateline.pipeline.stages.counters import count, progress_in
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.verify.groups import Groups
from dateline.schemas import Name
from dateline.schemas.columns import arrow_schema, texts

ELEMENT_PLACES = 1 << 16
"""Places of an element that goes into a shuffle, at most: 1.4 MB unpacked."""

KeyedPlaces: TypeAlias = tuple[int, bytes]
"""A group of dumps, and packed places of blocks of these."""


class WriteTask(StageFn):
    """What the three kinds of write task share: a writer, the dumps and their groups, the version before, and the count
    for the progress line."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._writer = Writer(self._config.scratch, self._config.address, self._config.version)
        self._blocks = BlockReader(self._config.dumps)
        self._locator = Locator(self._config.dumps)
        self._progress = progress_in(self._config.progress)
        self._groups = Groups(self._config.dumps)
        self._version = base_version(self._config)

    def teardown(self) -> None:
        self._blocks.close()
        self._locator.close()
        self._writer.close()

    def _before(self, schema: Name, folder: str, shard: int) -> pa.Table:
        """The rows of a ledger's shard in the version before; none where it had none."""
        entry = self._version.shard(folder, shard) if self._version else None
        return self._version.read(entry) if self._version and entry else arrow_schema(schema).empty_table()

    def _emptied(self, entry: dict[str, Any], kind: str) -> File:
        """The entry of a file of the version before of which nothing stays."""
        return File(entry["path"], "", kind, 0, 0, "", Tally(), facts={})

    def _places(self, rows: Rows) -> dict[str, Any]:
        """Where the blocks of new rows stand, as three columns of the dataset's files."""
        found = self._locator.places(rows["dump"], rows["offset"], rows["length"])
        return dict(zip(("source", "source_offset", "source_length"), found, strict=True))

    def _finish(self, task: str, files: list[File], places: Places) -> Iterator[KeyedPlaces]:
        """Leave a task's receipt, and tell where the blocks stand that its files hold."""
        self._writer.receipt(task, files)
        rows = sum(file.rows for file in files if file.kind != "keys")  # an article's stand in its partition
        count(records_out=rows, bytes_out=sum(file.bytes for file in files))
        return by_group(places, self._groups)


def by_group(places: Places, groups: Groups) -> Iterator[KeyedPlaces]:
    """Places in packed batches, each under the group of their dumps."""
    if not len(places):
        return
    places = places[np.lexsort((places["offset"], places["dump"]))]
    numbers = groups.of(places["dump"])
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(places)], strict=True):
        for at in range(start, stop, ELEMENT_PLACES):
            packed = pack(places[at : min(at + ELEMENT_PLACES, stop)])
            count(shuffled_bytes=len(packed))
            yield int(numbers[start]), packed


def names_in(rows: Rows, high: str, low: str) -> pa.StringArray:
    """What identity_rows.hexes() gives, as a column."""
    return texts(digits(rows, high, low).encode(), np.full(len(rows), ID_DIGITS))


def places_in(kind: str, rows: Rows) -> Places:
    """Where the blocks of some rows stand."""
    return places_of(kind, rows["dump"], rows["offset"], rows["length"])
