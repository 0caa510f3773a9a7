"""The ledgers: what was folded, and what could not be used, each in a fixed number of files."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import apache_beam as beam
import numpy as np

from pipeline.dataset import DUPLICATES, REJECTED, File
from pipeline.elements import Dump, Reject
from pipeline.rules.columns import arrow_schema, to_batch
from pipeline.rules.contract import require_valid
from pipeline.rules.rows import SHORT_URL_PREFIX, UPDATED_SOURCES, Rows, concat, hexes, iso
from pipeline.stages.copies import Copies
from pipeline.stages.deduplicate import parted
from pipeline.stages.tasks import WriteTask, pointers, some_at_a_time

LEDGER_SHARDS = 64
"""Files that a ledger is parted into, by the place of a block in its dump: see ledger_base()."""
LEDGER_SEGMENT_BITS = 28
"""Blocks of one dump within 2**28 bytes share a ledger file."""
MAX_RAW_BYTES = 65_536
"""Bytes of a block that its reject keeps."""


def ledger_base(source: str) -> int:
    """The ledger file of a dump's first segment; its further segments take the next ones."""
    digest = blake2b(source.encode("utf-8"), digest_size=4).digest()
    return int.from_bytes(digest, "little") % LEDGER_SHARDS


class KeyDuplicates(beam.DoFn):
    def __init__(self, dumps: Sequence[Dump]) -> None:
        self._dumps = dumps

    def setup(self) -> None:
        self._base = np.array([ledger_base(dump.source) for dump in self._dumps], np.int64)

    def process(self, losers: Copies) -> Iterator[tuple[int, Copies]]:
        rows = losers.rows
        return parted(
            rows, (self._base[rows["dump"]] + (rows["offset"] >> LEDGER_SEGMENT_BITS)) % LEDGER_SHARDS
        )


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


class WriteDuplicates(WriteTask):
    def process(self, group: tuple[int, Iterable[Copies]]) -> Iterable[str]:
        shard, batches = group
        rows = concat(copies.rows for copies in batches)
        rows = rows[np.lexsort((rows["offset"], rows["dump"]))]
        parts = (to_batch(list(part), "duplicate") for part in some_at_a_time(self._rows(rows)))
        written = self._writer.write(DUPLICATES, f"part-{shard:02d}-", arrow_schema("duplicate"), parts)
        self._progress.add(files=1)
        yield self._finish(
            f"duplicates-{shard}", [File(**written, kind="duplicates", **pointers(rows), facts={})]
        )

    def _rows(self, rows: Rows) -> Iterator[dict[str, Any]]:
        names, keys = hexes(rows, "id_hi", "id_lo"), hexes(rows, "head_hi", "head_lo")
        for row, name, key in zip(rows, names, keys, strict=True):
            slug = row["slug"].decode("ascii")
            place = self._locator.place(int(row["dump"]), int(row["offset"]), int(row["length"]))
            duplicate = {
                "id": name,
                "source": place.source,
                "source_offset": place.offset,
                "source_length": place.length,
                "headline_key": key,
                "short_url": SHORT_URL_PREFIX + slug if slug else None,
                "updated": iso(row["updated"]),
                "updated_source": UPDATED_SOURCES[row["dated"]],
                "fields": int(row["fields"]),
                "body_length": int(row["body"]),
            }
            require_valid(duplicate, "duplicate")
            yield duplicate


class WriteRejects(WriteTask):
    def process(self, group: tuple[int, Iterable[list[Reject]]]) -> Iterable[str]:
        shard, batches = group
        rejects = sorted(
            (Reject(*reject) for batch in batches for reject in batch), key=lambda r: (r.dump, r.offset)
        )
        parts = (
            to_batch([self._row(reject) for reject in part], "reject")
            for part in some_at_a_time(iter(rejects), 256)
        )
        written = self._writer.write(REJECTED, f"part-{shard:02d}-", arrow_schema("reject"), parts)
        blocks: dict[str, Any] = {
            "dumps": np.array([reject.dump for reject in rejects], np.int32),
            "offsets": np.array([reject.offset for reject in rejects], np.int64),
            "lengths": np.array([reject.length for reject in rejects], np.int64),
        }
        reasons = Counter(reject.reason for reject in rejects)
        self._progress.add(files=1)
        yield self._finish(
            f"rejected-{shard}", [File(**written, kind="rejected", **blocks, facts={"reasons": reasons})]
        )

    def _row(self, reject: Reject) -> dict[str, Any]:
        raw = self._blocks.read(reject.dump, reject.offset, min(reject.length, MAX_RAW_BYTES))
        place = self._locator.place(reject.dump, reject.offset, reject.length)
        row = {
            "reason": reject.reason,
            "stage": reject.stage,
            "pointer": reject.pointer,
            "detail": reject.detail,
            "source": place.source,
            "source_offset": place.offset,
            "source_length": place.length,
            "raw": b64encode(raw).decode("ascii"),
            "raw_truncated": reject.length > MAX_RAW_BYTES,
        }
        require_valid(row, "reject")
        return row
