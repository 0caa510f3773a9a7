"""Fetch records: where workers see no common folder, the records of the winners travel to who writes them.

    rows of winners -> by the file that their records wait in -> the file, read once -> rows with their records, by partition

Without it each write task would ask the store for nearly each file: a winner of any may belong to any partition. Only now are
the copies gone, so what is shuffled is about the size of the articles that are written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from dateline.pipeline.config import Config
from dateline.pipeline.rules.identity_rows import concat
from dateline.pipeline.stages.record_files import RecordReader
from dateline.pipeline.stages.row_batches import RowBatch
from dateline.pipeline.stages.shuffle_keys import KeyedBatch, keyed_batches, partition_keys
from dateline.pipeline.stages.stage_fn import StageFn

OLDER: Literal["older"] = "older"
Older: TypeAlias = TaggedOutput[Literal["older"], KeyedBatch]


@dataclass
class FetchRecords(beam.PTransform):
    """Rows by the task that writes their partition -> the same, those of new winners with their records."""

    config: Config

    def expand(self, keyed: beam.PCollection[KeyedBatch]) -> beam.PCollection[KeyedBatch]:
        parted = keyed | "KeyByFile" >> beam.ParDo(KeyByFile()).with_outputs(OLDER, main="new")
        new = (
            parted.new
            | "GroupFiles" >> beam.GroupByKey()
            | "TakeRecords" >> beam.ParDo(TakeRecords(self.config))
        )
        found: beam.PCollection[KeyedBatch] = (new, parted[OLDER]) | "NewAndOlder" >> beam.Flatten()
        return found


class KeyByFile(StageFn):
    """Rows of new winners keyed by the file that their records wait in; those of the version before as they came."""

    def process(self, keyed: KeyedBatch) -> Iterable[KeyedBatch | Older]:
        key, batch = keyed
        is_new = batch.rows["dump"] >= 0
        new, older = batch.rows.compress(is_new), batch.rows.compress(~is_new)
        yield from keyed_batches(new, (new["file"] >> np.uint64(1)).astype(np.int64))  # keys are not negative
        if len(older):
            yield TaggedOutput(OLDER, (key, RowBatch(older)))


class TakeRecords(StageFn):
    """The winners of a file of records -> those of each partition's task, with their records."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._reader = RecordReader(self._config.scratch)

    def process(self, group: tuple[int, Iterable[RowBatch]]) -> Iterator[KeyedBatch]:
        rows = concat(batch.rows for batch in group[1])
        records = self._reader.take(rows)
        rows = rows.copy()
        places = rows["at"].copy()
        rows["at"] = np.arange(len(rows))
        for key, batch in keyed_batches(
            rows, partition_keys(rows, self._config.granularity, self._config.shuffle_keys)
        ):
            which = batch.rows["at"].copy()
            batch.rows["at"] = places[which]
            yield key, RowBatch(batch.rows, records.take(pa.array(which)))
