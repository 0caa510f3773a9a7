"""Write: the winners' blocks are read and parsed once more, and filed by date and region; so are the ledgers.

Only rows of 87 bytes reach this stage. A winner's text is read again from where it lies in its dump, since
shuffling the bodies costs more, in memory above all, than reading the half of the blocks that won a second
time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import apache_beam as beam
import numpy as np

from pipeline.config import Config
from pipeline.dataset import File, partition_folder, progress_folder
from pipeline.elements import Block, Piece, Record, Reject
from pipeline.progress import Progress
from pipeline.rules.blocks import block_of
from pipeline.rules.columns import arrow_schema, to_batch
from pipeline.rules.contract import require_valid
from pipeline.rules.places import regions
from pipeline.rules.rows import NO_DATE, Rows, concat, hexes, iso, stands_for
from pipeline.rules.text import unify_newlines
from pipeline.stages.copies import Copies
from pipeline.stages.deduplicate import Shares, parted
from pipeline.stages.ledgers import KeyDuplicates, KeyRejects, WriteDuplicates, WriteRejects
from pipeline.stages.parse import record_of
from pipeline.stages.tasks import WriteTask, pointers, some_at_a_time

LONG_FOLD_DAYS = 366
"""Copies further apart than this are perhaps a column's title, not one article: the report lists them."""


@dataclass
class WriteDataset(beam.PTransform):
    """Winners, duplicates and rejects -> files under temporary names, and a receipt for each task."""

    config: Config

    def expand(self, inputs: Any) -> beam.PCollection[str]:
        """inputs: the PCollections `winners` and `duplicates` (Copies) and `rejects` (batches), in a dict."""
        config = self.config
        articles = (
            inputs["winners"]
            | "KeyByPartition"
            >> beam.ParDo(KeyByPartition(config.shuffle_keys, progress_folder(config.output, config.run)))
            | "GroupPartitions" >> beam.GroupByKey()
            | "WriteArticles" >> beam.ParDo(WriteArticles(config))
        )
        duplicates = (
            inputs["duplicates"]
            | "KeyDuplicates" >> beam.ParDo(KeyDuplicates(config.dumps))
            | "GroupDuplicates" >> beam.GroupByKey()
            | "WriteDuplicates" >> beam.ParDo(WriteDuplicates(config))
        )
        rejects = (
            inputs["rejects"]
            | "KeyRejects" >> beam.ParDo(KeyRejects(config.dumps))
            | "GroupRejects" >> beam.GroupByKey()
            | "WriteRejects" >> beam.ParDo(WriteRejects(config))
        )
        return (articles, duplicates, rejects) | "AllReceipts" >> beam.Flatten()


def partition_share(rows: Rows, keys: int) -> Shares:
    """The task that writes each row: all rows of a partition go to one."""
    shares: Shares = (rows["updated"].astype(np.int64) * 31 + rows["region"]) % keys
    return shares


class KeyByPartition(beam.DoFn):
    def __init__(self, keys: int, progress: str) -> None:
        self._keys = keys
        self._progress = Progress(progress)

    def process(self, winners: Copies) -> Iterator[tuple[int, Copies]]:
        self._progress.add(winners=len(winners.rows))
        return parted(winners.rows, partition_share(winners.rows, self._keys))


class WriteArticles(WriteTask):
    def process(self, group: tuple[int, Iterable[Copies]]) -> Iterable[str]:
        task, batches = group
        rows = concat(copies.rows for copies in batches)
        rows = rows[np.lexsort((rows["offset"], rows["dump"], rows["region"], rows["updated"]))]
        edges = np.flatnonzero(np.diff(rows["updated"], prepend=-1) | np.diff(rows["region"], prepend=0))
        edges = np.unique([0, *edges, len(rows)])
        files = []
        for begin, end in pairwise(edges):
            files.append(self._partition(rows[begin:end]))
            self._progress.add(rows_written=int(end - begin), files=1)
        yield self._finish(f"articles-{task}", files)

    def _partition(self, rows: Rows) -> File:
        folder = partition_folder(iso(rows["updated"][0]), regions()[rows["region"][0]])
        batches = (
            to_batch([self._record(row, name) for row, name in part], "article")
            for part in some_at_a_time(zip(rows, hexes(rows, "id_hi", "id_lo"), strict=True))
        )
        written = self._writer.write(folder, "part-", arrow_schema("article"), batches)
        spans = np.where(rows["first"] == NO_DATE, 0, rows["last"].astype(np.int64) - rows["first"])
        folded = [
            {"id": name, "copies": int(row["copies"]), "first": iso(row["first"]), "last": iso(row["last"])}
            for row, name in zip(
                rows[spans > LONG_FOLD_DAYS],
                hexes(rows[spans > LONG_FOLD_DAYS], "id_hi", "id_lo"),
                strict=True,
            )
        ]
        return File(**written, kind="articles", **pointers(rows), facts={"folded": folded})

    def _record(self, row: Any, name: str) -> Record:
        """The winner's record, read again from its dump, as it is written.

        Raises:
            RuntimeError: the dump does not hold what it held when it was read first.
        """
        dump, offset, length = int(row["dump"]), int(row["offset"]), int(row["length"])
        place = self._locator.place(dump, offset, length)
        data = unify_newlines(self._blocks.read(dump, offset, length))
        block = block_of(Piece(dump, offset, offset + length, data), self._config.limits)
        found = record_of(block, place, self._config.crawl_date) if isinstance(block, Block) else block
        if found is None or isinstance(found, Reject) or not stands_for(row, found.record):
            raise RuntimeError(
                f"{place.source} changed while it was read: the {length} bytes at {place.offset} are not what they were"
            )
        record = found.record | {"id": name, "copies": int(row["copies"])}
        require_valid(record, "article")
        return record
