"""The ledgers of records: the articles' keys, and the copies that were folded into them.

Both have the same columns: what the rules of identity look at, and where the record stands. They are parted by
the record's place in its dump, so that a new dump changes few files. One task writes both files of a shard,
since a record that loses moves from one to the other.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dateline.errors import DamagedFile
from dateline.pipeline.config import Config
from dateline.pipeline.dataset.staging import BATCH_ROWS, File
from dateline.pipeline.dataset.tally import Places, tally_of
from dateline.pipeline.ledgers.rows import OlderRanks, hashes
from dateline.pipeline.ledgers.shards import DumpShards, shard_of
from dateline.pipeline.ledgers.tasks import ledgers_task
from dateline.pipeline.names import DUPLICATES, KEYS
from dateline.pipeline.rules.identity_rows import NO_DATE, OLDER_ARTICLE, UPDATED_SOURCES, Rows, concat, hexes
from dateline.pipeline.rules.places import regions
from dateline.pipeline.rules.site import SHORT_URL_PREFIX
from dateline.pipeline.stages.base_version import base_version
from dateline.pipeline.stages.counters import count_key
from dateline.pipeline.stages.older_records import places_among
from dateline.pipeline.stages.row_batches import RowBatch
from dateline.pipeline.stages.shuffle_keys import KeyedBatch, keyed_batches
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.write_task import KeyedPlaces, WriteTask, names_in, places_in
from dateline.schemas.columns import arrow_schema


class KeyByShard(StageFn):
    """Winners and losers -> those that change a ledger, keyed by shard."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._new = DumpShards(self._config.dumps)
        self._older = shards_of_older(self._config)

    def process(self, batch: RowBatch) -> Iterator[KeyedBatch]:
        rows = batch.rows
        rows = rows.compress(
            (rows["dump"] != OLDER_ARTICLE) | (rows["copies"] == 0) | (rows["id_hi"] != rows["was"])
        )
        new = rows["dump"] >= 0
        shards = np.empty(len(rows), np.int64)
        shards[new] = self._new.shards(rows["dump"][new], rows["offset"][new])
        shards[~new] = [self._older(row) for row in rows.compress(~new)]
        return keyed_batches(rows, shards)


def shards_of_older(config: Config) -> Any:
    """A function from an older row to its shard."""
    found = base_version(config)
    if found is None:
        return None
    ranks = OlderRanks(found.sources, [dump.source for dump in config.dumps])
    by_rank = {ranks.rank(source): source for source in found.sources}
    return lambda row: shard_of(by_rank[int(row["rank"])], int(row["offset"]))


class WriteLedgers(WriteTask):
    """The rows of a shard that are new or changed -> both its files, with what stays of the older ones."""

    def setup(self) -> None:
        super().setup()
        self._shards = DumpShards(self._config.dumps)

    def process(self, group: tuple[int, Iterable[RowBatch]]) -> Iterable[KeyedPlaces]:
        shard, batches = group
        rows = concat(batch.rows for batch in batches)
        count_key("ledgers", rows.nbytes)
        is_new = rows["dump"] >= 0
        new, older = rows.compress(is_new), rows.compress(~is_new)
        before = {folder: self._before("duplicate", folder, shard) for folder in (KEYS, DUPLICATES)}
        changed = self._changed(older, before)
        wins = new["copies"] > 0
        copies = places_in("duplicates", new.compress(~wins))  # an article's block is in its partition
        files = []
        for folder, kind, won in ((KEYS, "keys", True), (DUPLICATES, "duplicates", False)):
            mine = self._table(new.compress(wins == won))
            table = pa.concat_tables([before[folder], *changed[folder], mine])
            files.append(self._file(folder, shard, kind, table, copies[:0] if won else copies))
        self._progress.add(files=2)
        return self._finish(ledgers_task(shard), [file for file in files if file], copies)

    def _changed(self, older: Rows, before: dict[str, pa.Table]) -> dict[str, list[pa.Table]]:
        """Take the changed rows out of the tables before; what becomes of them, by ledger."""
        changed: dict[str, list[pa.Table]] = {KEYS: [], DUPLICATES: []}
        if not len(older):
            return changed
        new_id = {
            (int(row["rank"]), int(row["offset"])): (name, row["copies"] > 0)
            for row, name in zip(older, hexes(older, "id_hi", "id_lo"), strict=True)
        }
        assert self._version is not None
        ranks = OlderRanks(self._version.sources, [dump.source for dump in self._config.dumps])
        was = np.unique(older["was"])
        for folder, table in list(before.items()):
            places = places_among(hashes(table["id"])[:, 0], was)  # of few rows, which alone are looked at
            some = table.take(places)
            of_row = zip(some["source"].to_pylist(), some["position"].to_pylist(), strict=True)
            found = [new_id.pop((ranks.rank(source), position), None) for source, position in of_row]
            stays = np.ones(len(table), bool)
            stays[places] = [entry is None for entry in found]
            before[folder] = table.filter(pa.array(stays))
            for target, won in ((KEYS, True), (DUPLICATES, False)):
                which = [i for i, entry in enumerate(found) if entry is not None and entry[1] == won]
                if which:
                    names = pa.array([found[i][0] for i in which])  # type: ignore[index]
                    moved = some.take(which)
                    changed[target].append(moved.set_column(0, moved.schema.field("id"), names))
        if new_id:
            raise DamagedFile(
                f"{len(new_id)} records of the version before stand in no ledger: `dateline verify` tells which"
            )
        return changed

    def _file(self, folder: str, shard: int, kind: str, table: pa.Table, places: Places) -> File | None:
        """The file of a ledger's shard; a mark that it went where nothing stays; None where it never was."""
        if not len(table):
            entry = self._version.shard(folder, shard) if self._version else None
            return self._emptied(entry, kind) if entry else None
        table = table.sort_by([("source", "ascending"), ("source_offset", "ascending")])
        parts = (
            table.slice(at, BATCH_ROWS).combine_chunks().to_batches()[0]
            for at in range(0, len(table), BATCH_ROWS)
        )
        written = self._writer.write(folder, shard, table.schema, parts)
        return File(**written, kind=kind, tally=tally_of(places), facts={})

    def _table(self, rows: Rows) -> pa.Table:
        """New rows as the ledger has them."""
        days = pa.array(rows["updated"], pa.int32(), mask=rows["updated"] == NO_DATE).cast(pa.date32())
        slugs = pa.array(rows["slug"]).cast(pa.string())
        columns = self._places(rows) | {
            "id": names_in(rows, "id_hi", "id_lo"),
            "headline_key": names_in(rows, "head_hi", "head_lo"),
            "short_url": pc.if_else(
                pc.equal(slugs, ""), None, pc.binary_join_element_wise(SHORT_URL_PREFIX, slugs, "")
            ),
            "updated": days,
            "updated_source": pa.array(UPDATED_SOURCES).take(pa.array(rows["dated"])),
            "fields": rows["fields"].astype(np.int32),
            "body_length": rows["body"],
            "region": pa.array(regions()).take(pa.array(rows["region"])),
            "position": self._shards.positions(rows["dump"], rows["offset"]),
        }
        schema = arrow_schema("duplicate")
        return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)
