"""What every write task does: take a share of the rows, write files of them, leave a receipt."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipeline.config import Config
from pipeline.dataset import version
from pipeline.names import progress_folder
from pipeline.progress import Progress
from pipeline.rules.columns import arrow_schema
from pipeline.rules.rows import Rows
from pipeline.stages.counts import count
from pipeline.stages.read import BlockReader
from pipeline.stages.spool import Locator
from pipeline.staging import BATCH_ROWS, File, Writer
from schemas import Name


class WriteTask(beam.DoFn):
    """What the three kinds of write task share: a writer, the dumps, the version before, and the count for the
    progress line."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._writer = Writer(self._config.output, self._config.run)
        self._blocks = BlockReader(self._config.dumps)
        self._locator = Locator(self._config.dumps)
        self._progress = Progress(progress_folder(self._config.output, self._config.run))
        self._version = version(self._config.output, self._config.base)

    def teardown(self) -> None:
        self._blocks.close()

    def _before(self, schema: Name, folder: str, shard: int) -> pa.Table:
        """The rows of a ledger's shard in the version before; none where it had none."""
        entry = self._version.shard(folder, shard) if self._version else None
        return self._version.read(entry) if self._version and entry else arrow_schema(schema).empty_table()

    def _emptied(self, entry: dict[str, Any], kind: str) -> File:
        """Word of a file of the version before of which nothing stays."""
        return File(entry["path"], "", kind, 0, 0, "", **pointers(np.empty(0, _NO_POINTERS)), facts={})

    def _finish(self, task: str, files: list[File]) -> str:
        self._writer.receipt(task, files)
        rows = sum(file.rows for file in files if file.kind != "keys")  # an article's stand in its partition
        count(records_out=rows, bytes_out=sum(file.bytes for file in files))
        return task


BATCH_CHARACTERS = 32 << 20
"""Of bodies in a batch, at most: of usual articles, BATCH_ROWS come to less."""

_NO_POINTERS = np.dtype([("dump", np.int32), ("offset", np.int64), ("length", np.int64)])


def pointers(rows: Rows) -> dict[str, Any]:
    return {"dumps": rows["dump"].copy(), "offsets": rows["offset"].copy(), "lengths": rows["length"].copy()}


def batches_of(order: Sequence[int], size: int, lengths: Sequence[int] | None) -> Iterator[Sequence[int]]:
    """Places in batches of `size` rows, or of BATCH_CHARACTERS."""
    if lengths is None:
        yield from (order[at : at + size] for at in range(0, len(order), size))
        return
    begin = held = 0
    for at, place in enumerate(order):
        if at > begin and (at - begin == size or held + lengths[place] > BATCH_CHARACTERS):
            yield order[begin:at]
            begin, held = at, 0
        held += lengths[place]
    if order:
        yield order[begin:]


def merged(
    older: Sequence[Any],
    take: Callable[[list[int]], pa.Table],
    new: Sequence[Any],
    batch_of: Callable[[list[int]], pa.RecordBatch],
    size: int = BATCH_ROWS,
    lengths: Sequence[int] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Older rows and new ones in one order, as batches; only one batch of them is in memory at a time.

    A batch has the same bytes whether its rows are older or new: see the tests.

    Args:
        older: the key of each older row, by which the rows are sorted.
        take: gives older rows, by their places in `older`.
        new: the key of each new row.
        batch_of: makes new rows, by their places in `new`.
        size: rows of a batch.
        lengths: characters of each older row, then of each new one: a batch has no more than BATCH_CHARACTERS of them,
            or is one row.
    """
    keys = [*older, *new]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    for places in batches_of(order, size, lengths):
        kept = [place for place in places if place < len(older)]
        made = [place - len(older) for place in places if place >= len(older)]
        if not kept:
            yield batch_of(made)
            continue
        parts = [take(kept)]
        if made:
            parts.append(pa.Table.from_batches([batch_of(made)]))
        rank = {place: n for n, place in enumerate([*kept, *(place + len(older) for place in made)])}
        table = pa.concat_tables(parts).take([rank[place] for place in places])
        yield table.combine_chunks().to_batches()[0]
