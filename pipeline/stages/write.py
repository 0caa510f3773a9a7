"""Write: the winners' blocks are read and parsed once more, and filed by date and region; so are the ledgers.

Only rows of 87 bytes reach this stage. A winner's text is read again from where it lies in its dump, since
shuffling the bodies costs more, in memory above all, than reading the half of the blocks that won a second
time.
"""

from base64 import b64encode
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import IO, Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipeline.dataset import BATCH_ROWS, DUPLICATES, REJECTED, File, Writer, partition_folder, progress_folder
from pipeline.config import Config
from pipeline.elements import Block, Dump, Piece, Record, Reject
from pipeline.progress import Progress
from pipeline.rules.blocks import block_of
from pipeline.rules.columns import arrow_schema, to_batch
from pipeline.rules.contract import require_valid
from pipeline.rules.identity import NO_DATE, SHORT_URL_PREFIX, UPDATED_SOURCES, Rows, concat, hexes, iso
from pipeline.rules.places import regions
from pipeline.rules.text import unify_newlines
from pipeline.stages.copies import Copies
from pipeline.stages.deduplicate import parted
from pipeline.stages.parse import record_of
from pipeline.stages.read import open_dump

LEDGER_SHARDS = 64
"""Files that a ledger is parted into, by the place of a block in its dump: see ledger_share()."""
LEDGER_SEGMENT_BITS = 28
"""Blocks of one dump within 2**28 bytes share a ledger file."""
MAX_RAW_BYTES = 65_536
"""Bytes of a block that its reject keeps."""
OPEN_DUMPS = 64
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
            | "KeyByPartition" >> beam.ParDo(KeyByPartition(config.shuffle_keys, progress_folder(config.output, config.run)))
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


def partition_share(rows: Rows, keys: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The task that writes each row: all rows of a partition go to one."""
    return (rows["updated"].astype(np.int64) * 31 + rows["region"]) % keys


class KeyByPartition(beam.DoFn):
    def __init__(self, keys: int, progress: str) -> None:
        self._keys = keys
        self._progress = Progress(progress)

    def process(self, winners: Copies) -> Iterator[tuple[int, Copies]]:
        self._progress.add(winners=len(winners.rows))
        return parted(winners.rows, partition_share(winners.rows, self._keys))


def ledger_base(source: str) -> int:
    """The ledger file of a dump's first segment; its further segments take the next ones."""
    return int.from_bytes(blake2b(source.encode("utf-8", "surrogateescape"), digest_size=4).digest(), "little") % LEDGER_SHARDS


class KeyDuplicates(beam.DoFn):
    def __init__(self, dumps: Sequence[Dump]) -> None:
        self._dumps = dumps

    def setup(self) -> None:
        self._base = np.array([ledger_base(dump.source) for dump in self._dumps], np.int64)

    def process(self, losers: Copies) -> Iterator[tuple[int, Copies]]:
        rows = losers.rows
        return parted(rows, (self._base[rows["dump"]] + (rows["offset"] >> LEDGER_SEGMENT_BITS)) % LEDGER_SHARDS)


class KeyRejects(beam.DoFn):
    def __init__(self, dumps: Sequence[Dump]) -> None:
        self._dumps = dumps

    def process(self, rejects: list[Reject]) -> Iterable[tuple[int, list[Reject]]]:
        shares: dict[int, list[Reject]] = {}
        for reject in rejects:
            segment = reject.offset >> LEDGER_SEGMENT_BITS
            share = (ledger_base(self._dumps[reject.dump].source) + segment) % LEDGER_SHARDS
            shares.setdefault(share, []).append(reject)
        return shares.items()


class _Write(beam.DoFn):
    """What the three kinds of write task share: a writer, the dumps, and the count for the progress line."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._writer = Writer(self._config.output, self._config.run)
        self._blocks = BlockReader(self._config.dumps)
        self._progress = Progress(progress_folder(self._config.output, self._config.run))

    def teardown(self) -> None:
        self._blocks.close()

    def _finish(self, task: str, files: list[File]) -> str:
        self._writer.receipt(task, files)
        return task


class WriteArticles(_Write):
    def process(self, group: tuple[int, Iterable[Copies]]) -> Iterable[str]:
        task, batches = group
        rows = concat(copies.rows for copies in batches)
        rows = rows[np.lexsort((rows["offset"], rows["dump"], rows["region"], rows["updated"]))]
        edges = np.flatnonzero(np.diff(rows["updated"], prepend=-1) | np.diff(rows["region"], prepend=0))
        edges = np.unique([0, *edges, len(rows)])
        files = []
        for begin, end in zip(edges, edges[1:], strict=False):
            files.append(self._partition(rows[begin:end]))
            self._progress.add(rows_written=int(end - begin), files=1)
        yield self._finish(f"articles-{task}", files)

    def _partition(self, rows: Rows) -> File:
        folder = partition_folder(iso(rows["updated"][0]), regions()[rows["region"][0]])
        batches = (
            to_batch([self._record(row, name) for row, name in part], "article")
            for part in _parts(zip(rows, hexes(rows, "id_hi", "id_lo"), strict=True))
        )
        written = self._writer.write(folder, "part-", arrow_schema("article"), batches)
        spans = np.where(rows["first"] == NO_DATE, 0, rows["last"].astype(np.int64) - rows["first"])
        folded = [
            {"id": name, "copies": int(row["copies"]), "first": iso(row["first"]), "last": iso(row["last"])}
            for row, name in zip(rows[spans > LONG_FOLD_DAYS], hexes(rows[spans > LONG_FOLD_DAYS], "id_hi", "id_lo"), strict=True)
        ]
        return File(**written, kind="articles", **_pointers(rows), facts={"folded": folded})

    def _record(self, row: Any, name: str) -> Record:
        """The winner's record, read again from its dump, as it is written.

        Raises:
            RuntimeError: the dump does not hold what it held when it was read first.
        """
        dump, offset, length = int(row["dump"]), int(row["offset"]), int(row["length"])
        source = self._config.dumps[dump].source
        data = unify_newlines(self._blocks.read(dump, offset, length))
        block = block_of(Piece(dump, offset, offset + length, data), self._config.limits)
        found = record_of(block, source, self._config.crawl_date) if isinstance(block, Block) else block
        if found is None or isinstance(found, Reject) or len(found.record["body"]) != row["body"]:
            raise RuntimeError(f"{source} changed while it was read: bytes {offset} to {offset + length} are not what they were")
        record = found.record | {"id": name, "copies": int(row["copies"])}
        require_valid(record, "article")
        return record


class WriteDuplicates(_Write):
    def process(self, group: tuple[int, Iterable[Copies]]) -> Iterable[str]:
        shard, batches = group
        rows = concat(copies.rows for copies in batches)
        rows = rows[np.lexsort((rows["offset"], rows["dump"]))]
        parts = (to_batch(list(part), "duplicate") for part in _parts(self._rows(rows)))
        written = self._writer.write(DUPLICATES, f"part-{shard:02d}-", arrow_schema("duplicate"), parts)
        self._progress.add(files=1)
        yield self._finish(f"duplicates-{shard}", [File(**written, kind="duplicates", **_pointers(rows), facts={})])

    def _rows(self, rows: Rows) -> Iterator[dict[str, Any]]:
        names, keys = hexes(rows, "id_hi", "id_lo"), hexes(rows, "head_hi", "head_lo")
        for row, name, key in zip(rows, names, keys, strict=True):
            slug = row["slug"].decode("ascii")
            duplicate = {
                "id": name,
                "source": self._config.dumps[row["dump"]].source,
                "source_offset": int(row["offset"]),
                "source_length": int(row["length"]),
                "headline_key": key,
                "short_url": SHORT_URL_PREFIX + slug if slug else None,
                "updated": iso(row["updated"]),
                "updated_source": UPDATED_SOURCES[row["dated"]],
                "fields": int(row["fields"]),
                "body_length": int(row["body"]),
            }
            require_valid(duplicate, "duplicate")
            yield duplicate


class WriteRejects(_Write):
    def process(self, group: tuple[int, Iterable[list[Reject]]]) -> Iterable[str]:
        shard, batches = group
        rejects = sorted((Reject(*reject) for batch in batches for reject in batch), key=lambda r: (r.dump, r.offset))
        parts = (to_batch([self._row(reject) for reject in part], "reject") for part in _parts(iter(rejects), 256))
        written = self._writer.write(REJECTED, f"part-{shard:02d}-", arrow_schema("reject"), parts)
        pointers = {
            "dumps": np.array([reject.dump for reject in rejects], np.int32),
            "offsets": np.array([reject.offset for reject in rejects], np.int64),
            "lengths": np.array([reject.length for reject in rejects], np.int64),
        }
        reasons = Counter(reject.reason for reject in rejects)
        self._progress.add(files=1)
        yield self._finish(f"rejected-{shard}", [File(**written, kind="rejected", **pointers, facts={"reasons": reasons})])

    def _row(self, reject: Reject) -> dict[str, Any]:
        raw = self._blocks.read(reject.dump, reject.offset, min(reject.length, MAX_RAW_BYTES))
        row = {
            "reason": reject.reason,
            "stage": reject.stage,
            "pointer": reject.pointer,
            "detail": reject.detail,
            "source": self._config.dumps[reject.dump].source,
            "source_offset": reject.offset,
            "source_length": reject.length,
            "raw": b64encode(raw).decode("ascii"),
            "raw_truncated": reject.length > MAX_RAW_BYTES,
        }
        require_valid(row, "reject")
        return row


class BlockReader:
    """Reads blocks where they lie in their dumps, and keeps the last few dumps open."""

    def __init__(self, dumps: Sequence[Dump]) -> None:
        self._dumps = dumps
        self._files: OrderedDict[int, IO[bytes]] = OrderedDict()

    def read(self, dump: int, offset: int, length: int) -> bytes:
        """The bytes of a block.

        Raises:
            RuntimeError: the dump ends before the block does: it changed since it was read.
        """
        file = self._files.get(dump)
        if file is None:
            file = self._files[dump] = open_dump(self._dumps[dump].path)
            if len(self._files) > OPEN_DUMPS:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(dump)
        file.seek(offset)
        data = file.read(length)
        if len(data) < length:
            raise RuntimeError(f"{self._dumps[dump].source} changed while it was read: it ends before byte {offset + length}")
        return data

    def close(self) -> None:
        while self._files:
            self._files.popitem()[1].close()


def _parts(items: Iterator[Any], size: int = BATCH_ROWS) -> Iterator[Iterator[Any]]:
    """The items, some at a time."""
    while part := list(islice(items, size)):
        yield iter(part)


def _pointers(rows: Rows) -> dict[str, Any]:
    return {"dumps": rows["dump"].copy(), "offsets": rows["offset"].copy(), "lengths": rows["length"].copy()}
