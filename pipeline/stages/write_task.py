"""What every write task does: take a share of the rows, write files of them, leave a receipt."""

from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.staging import File, Writer
from dateline.pipeline.inputs.blocks import BlockReader
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.rules.identity_rows import Rows
from dateline.pipeline.stages.base_version import base_version
from dateline.pipeline.stages.counters import count, progress_in
from dateline.schemas import Name
from dateline.schemas.columns import arrow_schema


class WriteTask(beam.DoFn):
    """What the three kinds of write task share: a writer, the dumps, the version before, and the count for the
    progress line."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._writer = Writer(self._config.scratch, self._config.address, self._config.version)
        self._blocks = BlockReader(self._config.dumps)
        self._locator = Locator(self._config.dumps)
        self._progress = progress_in(self._config.progress)
        self._version = base_version(self._config)

    def teardown(self) -> None:
        self._blocks.close()
        self._writer.close()

    def _before(self, schema: Name, folder: str, shard: int) -> pa.Table:
        """The rows of a ledger's shard in the version before; none where it had none."""
        entry = self._version.shard(folder, shard) if self._version else None
        return self._version.read(entry) if self._version and entry else arrow_schema(schema).empty_table()

    def _emptied(self, entry: dict[str, Any], kind: str) -> File:
        """The entry of a file of the version before of which nothing stays."""
        return File(entry["path"], "", kind, 0, 0, "", **pointers(np.empty(0, _NO_POINTERS)), facts={})

    def _finish(self, task: str, files: list[File]) -> str:
        self._writer.receipt(task, files)
        rows = sum(file.rows for file in files if file.kind != "keys")  # an article's stand in its partition
        count(records_out=rows, bytes_out=sum(file.bytes for file in files))
        return task


_NO_POINTERS = np.dtype([("dump", np.int32), ("offset", np.int64), ("length", np.int64)])


def pointers(rows: Rows) -> dict[str, Any]:
    return {"dumps": rows["dump"].copy(), "offsets": rows["offset"].copy(), "lengths": rows["length"].copy()}
