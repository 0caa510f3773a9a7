"""Write: the winners' blocks are read and parsed once more, and filed by date and region; so are the ledgers.

Only rows of 103 bytes reach this stage. A winner's text is read again from where it lies in its dump, since
shuffling the bodies costs more, in memory above all, than reading the half of the blocks that won a second
time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.config import Config
from pipeline.dataset import Granularity, partition_folder, progress_folder
from pipeline.elements import Block, Piece, Record, Reject
from pipeline.progress import Progress
from pipeline.rules.blocks import block_of
from pipeline.rules.columns import arrow_schema, to_batch
from pipeline.rules.contract import require_valid
from pipeline.rules.places import regions
from pipeline.rules.rows import KEPT, NO_DATE, Rows, concat, hexes, iso, stands_for
from pipeline.rules.text import unify_newlines
from pipeline.stages.copies import Copies
from pipeline.stages.kept import hashes
from pipeline.stages.ledgers import KeyByShard, WriteLedgers
from pipeline.stages.parse import record_of
from pipeline.stages.rejects import KeyRejects, WriteRejects
from pipeline.stages.shares import parted
from pipeline.stages.tasks import WriteTask, merged, pointers
from pipeline.staging import File

LONG_FOLD_DAYS = 366
"""Copies further apart than this are perhaps a column's title, not one article: the report lists them."""


@dataclass
class WriteDataset(beam.PTransform):
    """Winners, duplicates and rejects -> files under temporary names, and a receipt for each task."""

    config: Config

    def expand(self, inputs: Any) -> beam.PCollection[str]:
        """inputs: the PCollections `winners` and `duplicates` (Copies) and `rejects` (batches), in a dict."""
        config = self.config
        records = (inputs["winners"], inputs["duplicates"]) | "AllRecords" >> beam.Flatten()
        articles = (
            records
            | "KeyByPartition" >> beam.ParDo(KeyByPartition(config))
            | "GroupPartitions" >> beam.GroupByKey()
            | "WriteArticles" >> beam.ParDo(WriteArticles(config))
        )
        ledgers = (
            records
            | "KeyByShard" >> beam.ParDo(KeyByShard(config))
            | "GroupShards" >> beam.GroupByKey()
            | "WriteLedgers" >> beam.ParDo(WriteLedgers(config))
        )
        rejects = (
            inputs["rejects"]
            | "KeyRejects" >> beam.ParDo(KeyRejects(config))
            | "GroupRejects" >> beam.GroupByKey()
            | "WriteRejects" >> beam.ParDo(WriteRejects(config))
        )
        return (articles, ledgers, rejects) | "AllReceipts" >> beam.Flatten()


def periods(rows: Rows, granularity: Granularity) -> npt.NDArray[np.int64]:
    """A number for the date partition of each row: days, months or years since 1970; NO_DATE for none."""
    days = rows["updated"].astype(np.int64)
    unit = granularity[0].upper()
    found: npt.NDArray[np.int64] = days.astype("M8[D]").astype(f"M8[{unit}]").astype(np.int64)
    return np.where(days == NO_DATE, NO_DATE, found)


class KeyByPartition(beam.DoFn):
    """Winners, and articles that lost -> keyed by the task that writes their partition."""

    def __init__(self, config: Config) -> None:
        self._keys = config.shuffle_keys
        self._granularity = config.granularity
        self._progress = Progress(progress_folder(config.output, config.run))

    def process(self, copies: Copies) -> Iterator[tuple[int, Copies]]:
        rows = copies.rows
        rows = rows[(rows["copies"] > 0) | (rows["dump"] == KEPT)]
        self._progress.add(winners=len(rows))
        shares = (periods(rows, self._granularity) * 31 + rows["region"]) % self._keys
        return parted(rows, shares)


class WriteArticles(WriteTask):
    """All winners of some partitions that are new or changed -> a file a partition, with what stays of it."""

    def process(self, group: tuple[int, Iterable[Copies]]) -> Iterable[str]:
        task, batches = group
        rows = concat(copies.rows for copies in batches)
        period = periods(rows, self._config.granularity)
        by_partition = np.lexsort((rows["region"], period))
        rows, period = rows[by_partition], period[by_partition]
        edges = np.flatnonzero(np.diff(period, prepend=-1) | np.diff(rows["region"], prepend=0))
        edges = np.unique([0, *edges, len(rows)])
        files = []
        for begin, end in pairwise(edges):
            files.append(self._partition(rows[begin:end]))
            self._progress.add(rows_written=int(end - begin), files=1)
        yield self._finish(f"articles-{task}", [file for file in files if file])

    def _partition(self, rows: Rows) -> File | None:
        folder = partition_folder(
            iso(rows["updated"][0]), regions()[rows["region"][0]], self._config.granularity
        )
        entry = self._version.partition(folder) if self._version else None
        before = (
            self._version.read(entry) if self._version and entry else arrow_schema("article").empty_table()
        )
        new = rows[rows["dump"] >= 0]
        names = hexes(new, "id_hi", "id_lo")
        stay = Staying(before, rows[rows["dump"] == KEPT])
        if not stay.ids and not names:
            return self._emptied(entry, "articles") if entry else None

        def made(which: list[int]) -> pa.RecordBatch:
            return to_batch([self._record(new[i], names[i]) for i in which], "article")

        batches = merged(stay.ids, stay.take, names, made)
        written = self._writer.write(folder, "part-", arrow_schema("article"), batches)
        return File(**written, kind="articles", **pointers(new), facts={"folded": _long_folds(rows)})

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


class Staying:
    """What stays of a partition's file, with the ids and copies that it has now."""

    def __init__(self, before: pa.Table, changes: Rows) -> None:
        """changes: the articles of the file that lost, or may have another id or number of copies."""
        self._before = before
        ids = before["id"].to_pylist()
        copies = before["copies"].to_pylist()
        now = dict(zip(changes["was"].tolist(), changes, strict=True))
        names = dict(zip(changes["was"].tolist(), hexes(changes, "id_hi", "id_lo"), strict=True))
        was = hashes(before["id"])[:, 0].tolist()
        if not now.keys() <= set(was) or len(now) != len(changes):
            raise RuntimeError("articles of the version before do not stand in their partition's file")
        staying = sorted(
            (names.get(key, name), count if key not in now else int(now[key]["copies"]), place)
            for place, (key, name, count) in enumerate(zip(was, ids, copies, strict=True))
            if key not in now or now[key]["copies"] > 0
        )
        self.ids = [name for name, _, _ in staying]
        self._copies = [count for _, count, _ in staying]
        self._places = [place for _, _, place in staying]

    def take(self, which: list[int]) -> pa.Table:
        """Rows, by their places in ids."""
        rows = self._before.take([self._places[i] for i in which])
        for name, values in (("id", self.ids), ("copies", self._copies)):
            at = rows.schema.get_field_index(name)
            field = rows.schema.field(at)
            rows = rows.set_column(at, field, pa.array([values[i] for i in which], field.type))
        return rows


def _long_folds(rows: Rows) -> list[dict[str, Any]]:
    """The articles that folded copies far apart, as the report has them."""
    spans = np.where(rows["first"] == NO_DATE, 0, rows["last"].astype(np.int64) - rows["first"])
    far = rows[(spans > LONG_FOLD_DAYS) & (rows["copies"] > 0)]
    return [
        {"id": name, "copies": int(row["copies"]), "first": iso(row["first"]), "last": iso(row["last"])}
        for row, name in zip(far, hexes(far, "id_hi", "id_lo"), strict=True)
    ]
