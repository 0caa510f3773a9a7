"""The write task of articles: the winners' records go from where they wait to a file for each date and region.

rows of winners -> by partition -> their records, merged with what stays of the partition's file -> a new file
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dateline.errors import DamagedFile
from dateline.pipeline.config import Config
from dateline.pipeline.dataset.safe_files import believed
from dateline.pipeline.dataset.small_files import small_files
from dateline.pipeline.dataset.staging import File
from dateline.pipeline.ledgers.merge import merged
from dateline.pipeline.ledgers.rows import hashes
from dateline.pipeline.ledgers.tasks import articles_task
from dateline.pipeline.rules.identity_rows import OLDER_ARTICLE, Rows, concat, hexes, iso
from dateline.pipeline.rules.places import regions
from dateline.pipeline.samples import MAX_TEXT
from dateline.pipeline.stages.added import Added
from dateline.pipeline.stages.counters import count, count_key, progress_in
from dateline.pipeline.stages.partitions import Partition, long_folds, partitions_of, taken_together
from dateline.pipeline.stages.record_files import RecordReader, put_aside
from dateline.pipeline.stages.row_batches import RowBatch
from dateline.pipeline.stages.shuffle_keys import keyed_batches, partition_keys, periods
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.write_task import KeyedPlaces, WriteTask, names_in, places_in
from dateline.schemas.columns import arrow_schema


class KeyByPartition(StageFn):
    """Winners, and articles that lost -> keyed by the task that writes their partition."""

    def __init__(self, config: Config) -> None:
        self._keys = config.shuffle_keys
        self._granularity = config.granularity
        self._progress = progress_in(config.progress)

    def process(self, batch: RowBatch) -> Iterator[tuple[int, RowBatch]]:
        rows = batch.rows
        count(records_in=len(rows))
        rows = rows.compress((rows["copies"] > 0) | (rows["dump"] == OLDER_ARTICLE))
        self._progress.add(winners=len(rows))
        return keyed_batches(rows, partition_keys(rows, self._granularity, self._keys))


class WriteArticles(WriteTask):
    """All winners of some partitions that are new or changed -> a file a partition, with what stays of it."""

    def setup(self) -> None:
        super().setup()
        self._parsed = RecordReader(self._config.scratch)

    def process(self, group: tuple[int, Iterable[RowBatch]]) -> Iterable[KeyedPlaces]:
        task, batches = group
        self._added = Added()
        if self._config.has_common_folder:
            yield from self._task(task, concat(batch.rows for batch in batches))
            return
        with put_aside(batches) as (rows, self._parsed):
            yield from self._task(task, rows)

    def _task(self, task: int, rows: Rows) -> Iterator[KeyedPlaces]:
        """Write the files of a task, and its receipt; then where the blocks in them stand."""
        count_key("partitions", rows.nbytes)
        period = periods(rows, self._config.granularity)
        # Ids in the order of their hexadecimal digits: the bytes as they stand.
        by_id = (rows["id_lo"].byteswap(), rows["id_hi"].byteswap())
        by_partition = np.lexsort((*by_id, rows["region"], period))
        rows, period = rows.take(by_partition), period[by_partition]
        require_own_ids(rows, period)
        partitions = partitions_of(rows, period, self._config)
        files = [file for some in taken_together(partitions) for file in self._partitions(some)]
        written = [file for file in files if file]
        if written:  # the task's sums go with one of its files
            written[0] = written[0]._replace(facts=written[0].facts | self._added.facts())
        return self._finish(
            articles_task(task), written, places_in("articles", rows.compress(rows["dump"] >= 0))
        )

    def _partitions(self, partitions: list[Partition]) -> Iterator[File | None]:
        """The files of some partitions, whose new records are taken together."""
        entries = [self._version.partition(one.folder) if self._version else None for one in partitions]
        is_simple = [
            entry is None and one.is_small and not one.has_long_folds
            for one, entry in zip(partitions, entries, strict=True)
        ]
        simple = [one.rows for one in compress(partitions, is_simple)]
        files = small_files(self._records(concat(simple)), list(map(len, simple))) if simple else iter(())
        for one, entry, simply in zip(partitions, entries, is_simple, strict=True):
            if simply:
                written = self._writer.write_bytes(one.folder, None, len(one.rows), next(files))
                yield File(**written, kind="articles", tally=one.tally, facts={})
            else:
                yield self._merge(one, entry)
        self._progress.add(rows_written=sum(len(one.rows) for one in partitions), files=len(partitions))

    def _merge(self, partition: Partition, entry: dict[str, Any] | None) -> File | None:
        """A partition that has a file already, or many rows, or articles that folded copies far apart, a batch at a time."""
        rows = partition.rows
        before = (
            self._version.read(entry) if self._version and entry else arrow_schema("article").empty_table()
        )
        new = rows.compress(rows["dump"] >= 0)
        with believed(partition.folder):
            stay = Staying(before, rows.compress(rows["dump"] == OLDER_ARTICLE))
        if not stay.ids and not len(new):
            return self._emptied(entry, "articles") if entry else None
        names = hexes(new, "id_hi", "id_lo")
        if len({*stay.ids, *names}) < len(stay.ids) + len(names):
            (twice, _), *_ = Counter([*stay.ids, *names]).most_common(1)
            raise DamagedFile(_twice(partition.folder, twice))
        lengths = [*stay.lengths, *new["body"].tolist()]
        batches = merged(stay.ids, stay.take, names, lambda which: self._records(new[which]), lengths=lengths)
        return self._write(partition, batches)

    def _write(self, partition: Partition, batches: Iterator[pa.RecordBatch]) -> File:
        folds = _folded(partition.rows) if partition.has_long_folds else []
        if folds:
            batches = with_headlines(folds, batches)
        written = self._writer.write(partition.folder, None, arrow_schema("article"), batches)
        return File(
            **written, kind="articles", tally=partition.tally, facts={"folded": folds} if folds else {}
        )

    def _records(self, rows: Rows) -> pa.RecordBatch:
        """The winners' records as they are written: each at its own place, with the id and copies of its article."""
        waiting = self._parsed.take(rows)
        own = self._places(rows) | {
            "id": names_in(rows, "id_hi", "id_lo"),
            "copies": pa.array(rows["copies"]),
        }
        schema = arrow_schema("article")
        records = pa.record_batch(
            [own[name] if name in own else waiting[name] for name in schema.names], schema=schema
        )
        self._added.count(records)
        return records


def require_own_ids(rows: Rows, period: npt.NDArray[np.int64]) -> None:
    """See that no two articles of a partition have one id. Two records of one are folded, unless a ledger of the version
    before is not what it was.

    Args:
        rows: winners, and articles that lost, by partition and id.
        period: the date partition of each.

    Raises:
        DamagedFile: two have.
    """
    wins = rows["copies"] > 0
    rows, period = rows.compress(wins), period[wins]
    same = period[1:] == period[:-1]
    for name in ("region", "id_hi", "id_lo"):
        same &= rows[name][1:] == rows[name][:-1]
    if same.any():
        first = rows[1:][same][:1]
        raise DamagedFile(
            _twice(f"region {regions()[first['region'][0]]}", hexes(first, "id_hi", "id_lo")[0])
        )


def _twice(where: str, name: str) -> str:
    return f"two articles of {where} have the id {name}: a ledger is damaged; `dateline verify` tells where"


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
            raise DamagedFile(
                "_keys has articles of a partition that its file has not: `dateline verify` tells which"
            )
        staying = sorted(
            (names.get(key, name), count if key not in now else int(now[key]["copies"]), place)
            for place, (key, name, count) in enumerate(zip(was, ids, copies, strict=True))
            if key not in now or now[key]["copies"] > 0
        )
        self.ids = [name for name, _, _ in staying]
        self._copies = [count for _, count, _ in staying]
        lengths = pc.utf8_length(before["body"]).to_pylist()
        self.lengths = [lengths[place] for _, _, place in staying]
        self._places = [place for _, _, place in staying]

    def take(self, which: list[int]) -> pa.Table:
        """Rows, by their places in ids."""
        rows = self._before.take([self._places[i] for i in which])
        for name, values in (("id", self.ids), ("copies", self._copies)):
            at = rows.schema.get_field_index(name)
            field = rows.schema.field(at)
            rows = rows.set_column(at, field, pa.array([values[i] for i in which], field.type))
        return rows


def _folded(rows: Rows) -> list[dict[str, Any]]:
    """The articles that folded copies far apart, as the report has them."""
    far = long_folds(rows)
    return [
        {"id": name, "copies": int(row["copies"]), "first": iso(row["first"]), "last": iso(row["last"])}
        for row, name in zip(far, hexes(far, "id_hi", "id_lo"), strict=True)
    ]


def with_headlines(
    folds: list[dict[str, Any]], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The batches as they are; on their way each fold gets its article's headline."""
    wanted = {fold["id"]: fold for fold in folds}
    for batch in batches:
        for name, headline in zip(batch["id"].to_pylist(), batch["headline"].to_pylist(), strict=True):
            if name in wanted:
                wanted[name]["headline"] = headline[:MAX_TEXT]
        yield batch
