"""The ledger of rejects: what could not be used, with its bytes, in a fixed number of files."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.tally import places_of, tally_of
from dateline.pipeline.elements import Place, Reject
from dateline.pipeline.ledgers.merge import merged
from dateline.pipeline.ledgers.rows import MAX_RAW_BYTES
from dateline.pipeline.ledgers.shards import DumpShards
from dateline.pipeline.ledgers.tasks import rejects_task
from dateline.pipeline.names import REJECTED
from dateline.pipeline.samples import first_line, first_rejects
from dateline.pipeline.stages.counters import count, count_key
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.write_task import KeyedPlaces, WriteTask
from dateline.schemas.columns import arrow_schema, to_batch
from dateline.schemas.contract import require_valid

REJECTS_AT_A_TIME = 256
"""Rows of a record batch: with their bytes they are long."""
SHOWN_BYTES = 400
"""Of a reject, in whose first line they end at the latest that a report shows."""


class KeyRejects(StageFn):
    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._shards = DumpShards(self._config.dumps)

    def process(self, rejects: list[Reject]) -> Iterable[tuple[int, list[Reject]]]:
        count(records_in=len(rejects))
        dumps = np.array([reject.dump for reject in rejects], np.int32)
        offsets = np.array([reject.offset for reject in rejects], np.int64)
        by_shard: dict[int, list[Reject]] = {}
        for reject, shard in zip(rejects, self._shards.shards(dumps, offsets).tolist(), strict=True):
            by_shard.setdefault(shard, []).append(reject)
        return by_shard.items()


class WriteRejects(WriteTask):
    def process(self, group: tuple[int, Iterable[list[Reject]]]) -> Iterable[KeyedPlaces]:
        shard, batches = group
        rejects = [Reject(*reject) for batch in batches for reject in batch]
        count_key("rejects", sum(map(size_of, rejects)))
        places = [self._locator.place(reject.dump, reject.offset, reject.length) for reject in rejects]
        before = self._before("reject", REJECTED, shard)
        names = [(place.source, place.offset) for place in places]
        older = list(zip(before["source"].to_pylist(), before["source_offset"].to_pylist(), strict=True))
        parts = merged(
            older,
            before.take,
            names,
            lambda which: self._batch([rejects[i] for i in which]),
            REJECTS_AT_A_TIME,
        )
        written = self._writer.write(REJECTED, shard, arrow_schema("reject"), parts)
        dumps, offsets, lengths = (
            np.array([getattr(reject, name) for reject in rejects], np.int64)
            for name in ("dump", "offset", "length")
        )
        blocks = places_of("rejected", dumps, offsets, lengths)
        reasons = Counter(reject.reason for reject in rejects)
        facts = {"reasons": reasons, "shown": self._shown(rejects, places)}
        self._progress.add(files=1)
        file = File(**written, kind="rejected", tally=tally_of(blocks), facts=facts)
        return self._finish(rejects_task(shard), [file], blocks)

    def _shown(self, rejects: list[Reject], places: list[Place]) -> list[dict[str, Any]]:
        """The first few of each reason, by where they are, and how they begin."""
        found = (
            {"reason": reject.reason, "source": place.source, "offset": place.offset, "at": at}
            for at, (reject, place) in enumerate(zip(rejects, places, strict=True))
        )
        shown = first_rejects(found)
        for each in shown:
            reject = rejects[each.pop("at")]
            raw = self._blocks.read(reject.dump, reject.offset, min(reject.length, SHOWN_BYTES))
            each["line"] = first_line(raw)
        return shown

    def _batch(self, rejects: list[Reject]) -> pa.RecordBatch:
        return to_batch([self._row(reject) for reject in rejects], arrow_schema("reject"))

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


def size_of(reject: Reject) -> int:
    """Bytes of a reject as it is shuffled, about: three numbers, and texts; its bytes stay in the dump."""
    numbers, texts = reject[:3], reject[3:]
    return 8 * len(numbers) + sum(len(text) for text in texts if text)
