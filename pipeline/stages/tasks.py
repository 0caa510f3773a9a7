"""What every write task does: take a share of the rows, write files of them, leave a receipt."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import apache_beam as beam

from pipeline.config import Config
from pipeline.dataset import BATCH_ROWS, File, Writer, progress_folder
from pipeline.progress import Progress
from pipeline.rules.rows import Rows
from pipeline.stages.read import BlockReader
from pipeline.stages.spool import Locator


class WriteTask(beam.DoFn):
    """What the three kinds of write task share: a writer, the dumps, and the count for the progress line."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._writer = Writer(self._config.output, self._config.run)
        self._blocks = BlockReader(self._config.dumps)
        self._locator = Locator(self._config.dumps)
        self._progress = Progress(progress_folder(self._config.output, self._config.run))

    def teardown(self) -> None:
        self._blocks.close()

    def _finish(self, task: str, files: list[File]) -> str:
        self._writer.receipt(task, files)
        return task


def some_at_a_time(items: Iterator[Any], size: int = BATCH_ROWS) -> Iterator[Iterator[Any]]:
    """The items, some at a time."""
    while part := list(islice(items, size)):
        yield iter(part)


def pointers(rows: Rows) -> dict[str, Any]:
    return {"dumps": rows["dump"].copy(), "offsets": rows["offset"].copy(), "lengths": rows["length"].copy()}
