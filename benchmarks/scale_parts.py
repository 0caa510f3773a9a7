"""Parts of a run whose cost grows with something that no dump of some GB has enough of, each alone, in a process of
its own.

    ledger   one shard's task of WriteLedgers: a shard holds a 64th of all rows, but dumps below 17 GB fill few shards
    driver   what the driver holds at the end: the receipts, and what was settled, of so many dumps and files
    settle   one dump's task of SettleGroups: its blocks are held against its bytes, which are read and summed
    hot      one headline that many records have: what the worker does that its key falls to
    chains   the rows of one key of the headlines, all of different headlines: resolved, and told their articles
    keys     a worker's rows parted into so many keys: the more keys, the smaller the batches that are shuffled

    python -m benchmarks.scale_parts ledger 100000 DIR  prints {"part": "ledger", "count": 100000, "cpu": ..., "peak_mb": ...}

The count is of rows, of keys, or of dumps and files. Peak memory is what the process grew by, from just before the part begins.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.staging import File, Writer, prepare, read_receipts
from dateline.pipeline.dataset.tally import Tally
from dateline.pipeline.elements import Dump
from dateline.pipeline.names import STAGED
from dateline.pipeline.rules.identity_rows import ROW, Rows, new_rank
from dateline.pipeline.stages.deduplicate import FLUSH_ROWS, FoldByHeadline, NameLosers, ResolveChains
from dateline.pipeline.stages.row_batches import RowBatch, RowBatchCoder
from dateline.pipeline.stages.settle import SettleGroups
from dateline.pipeline.stages.shuffle_keys import headline_keys, keyed_batches
from dateline.pipeline.stages.write_ledgers import WriteLedgers
from dateline.pipeline.stages.write_task import by_group, places_in
from dateline.pipeline.verify.balance import settle as add_up
from dateline.pipeline.verify.groups import Groups
from dateline.pipeline.verify.settled import Settled, blocks_by_dump, checksums_of, leave, read_settled

BLOCK_BYTES = 3000
"""Of each block of the made-up dump; nothing reads it."""
RECEIPTS = 64
COPIES_OF_AN_ARTICLE = 15
RECORDS_OF_A_FILE = 1500
"""That wait in one file."""
FLUSHES = 4
"""Times that a worker sends on its rows, where keys are measured."""
DAYS = 336
"""Days that the records of the hot headline are of, as in benchmarks.dumps."""
HOT_ROWS = FLUSH_ROWS // 100
"""Of the hot headline in a batch of rows: a hundredth."""


def made_up(count: int) -> Rows:
    """Rows of different headlines, one behind the other in one dump; every fifteenth is an article's."""
    rows = np.zeros(count, ROW)
    random = np.random.default_rng(1)
    for name in ("head_hi", "head_lo", "id_hi", "id_lo"):
        rows[name] = random.integers(0, 2**63, count, np.uint64)
    rows["updated"] = rows["first"] = rows["last"] = random.integers(15_000, 20_000, count)
    rows["rank"] = new_rank(0)
    rows["offset"] = np.arange(count) * BLOCK_BYTES
    rows["length"] = BLOCK_BYTES
    rows["copies"] = np.arange(count) % COPIES_OF_AN_ARTICLE == 0
    rows["body"] = random.integers(500, 4000, count)
    rows["fields"] = random.integers(3, 8, count)
    rows["region"] = random.integers(0, 13, count)
    rows["file"] = random.integers(0, 2**63, count, np.uint64)[np.arange(count) // RECORDS_OF_A_FILE]
    rows["at"] = np.arange(count) % RECORDS_OF_A_FILE
    return rows


def arriving(rows: Rows, size: int) -> Iterator[RowBatch]:
    """The rows as they arrive from other workers: packed, so many at a time."""
    coder = RowBatchCoder()
    for at in range(0, len(rows), size):
        yield coder.decode(coder.encode(RowBatch(rows[at : at + size])))


def ledger(config: Config, rows: Rows) -> Callable[[], object]:
    task = WriteLedgers(config)
    task.setup()
    return lambda: list(task.process((0, arriving(rows, FLUSH_ROWS))))


def settle(config: Config, rows: Rows) -> Callable[[], object]:
    groups = Groups(config.dumps)
    parts = (places_in("duplicates", part) for part in np.array_split(rows, RECEIPTS))
    packed = [batch for places in parts for _, batch in by_group(places, groups)]
    task = SettleGroups(config)
    task.setup()

    def work() -> None:
        list(task.process((0, packed)))
        (found,) = read_settled(config.scratch, config.dumps, groups)
        if found is None or found.findings or found.tallies[1].bytes != found.read:
            raise SystemExit(f"the balance of {len(rows)} blocks does not hold: {found}")

    return work


def driver(config: Config, rows: Rows) -> Callable[[], object]:
    """Of as many dumps, of one block each, and as many files with one row."""
    count = len(rows)
    names = [f"{number:08d}.txt" for number in range(count)]
    dumps = tuple(Dump(name, name, BLOCK_BYTES) for name in names)
    groups = Groups(dumps)
    writer = Writer(config.scratch)
    tally = Tally(1, BLOCK_BYTES, 1)
    for number, some in enumerate(np.array_split(np.arange(count), RECEIPTS)):
        digests = [sha256(f"{each}".encode()).hexdigest() for each in some]
        paths = [f"date=2023-09-07/region=unknown/part-{digest[:32]}.arrow" for digest in digests]
        files = [
            File(path, f"{config.scratch}/{STAGED}/{digest}", "articles", 1, 0, digest, tally, {})
            for path, digest in zip(paths, digests, strict=True)
        ]
        writer.receipt(f"articles-{number}", files)
    for group in range(len(groups)):
        size = groups.size(group)
        tallies = [Tally(size, size * BLOCK_BYTES, size), Tally(), Tally()]
        blocks, sums = [[1] * size, [0] * size, [0] * size], ["0" * 64] * size
        leave(config.scratch, group, Settled(size * BLOCK_BYTES, 0, tallies, blocks, sums, []))

    def work() -> None:
        settled = read_settled(config.scratch, dumps, groups)
        files = read_receipts(config.scratch, ())
        balance = add_up(dumps, groups, files, settled)
        held = checksums_of(dumps, groups, settled), blocks_by_dump(settled)
        if balance.articles != balance.read or len(held[1]["articles"]) != count:
            raise SystemExit(f"the balance of {count} dumps does not hold: {balance}")

    return work


def hot(config: Config, rows: Rows) -> Callable[[], object]:
    rows["head_hi"] = rows["head_lo"] = 1
    rows["id_hi"] = rows["id_lo"] = 0
    rows["updated"] = rows["first"] = rows["last"] = 19_000 + np.arange(len(rows)) % DAYS
    return chains(config, rows)


def chains(config: Config, rows: Rows) -> Callable[[], object]:
    rows["copies"] = 1
    copies_of = list(arriving(rows, HOT_ROWS))
    folded = [copies for batch in copies_of for _, copies in FoldByHeadline().process((0, batch))]
    count = len(rows)

    def work() -> None:
        found = list(ResolveChains(1, None).process((0, folded)))
        group: dict[str, Any] = {"urls": [], "copies": copies_of}
        for tag in ("articles", "answers"):
            group[tag] = [tagged.value[1] for tagged in found if tagged.tag == tag]
        named = sum(len(copies.rows) for copies in NameLosers(1).process((0, group)))
        if named != count:  # the winners once, and every other
            raise SystemExit(f"{named} of {count} rows have a name")

    return work


PARTS = {"ledger": ledger, "driver": driver, "settle": settle, "hot": hot, "chains": chains}


def by_keys(keys: int) -> dict[str, Any]:
    """CPU seconds, packed bytes and batches of some flushes of a worker's rows, folded, packed and unpacked once."""
    coder = RowBatchCoder()
    rows = made_up(FLUSHES * FLUSH_ROWS)
    packed = batches = 0
    begin = time.process_time()
    for at in range(0, len(rows), FLUSH_ROWS):
        part = rows[at : at + FLUSH_ROWS]
        for keyed in keyed_batches(part, headline_keys(part, keys)):
            for _, copies in FoldByHeadline().process(keyed):
                encoded = coder.encode(copies)
                packed += len(encoded)
                batches += 1
                coder.decode(encoded)
    cpu = time.process_time() - begin
    return {
        "part": "keys",
        "count": keys,
        "cpu": cpu,
        "rows": len(rows),
        "packed": packed,
        "batches": batches,
    }


def measured(part: str, count: int, work: str) -> dict[str, Any]:
    """CPU seconds and peak memory of one part for so many rows."""
    if part == "keys":
        return by_keys(count)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        rows = made_up(count)
        dump = Path(folder, "dump-000000.txt")
        dump.touch()
        os.truncate(dump, count * BLOCK_BYTES)  # a file of holes
        config = Config((Dump(str(dump), dump.name, count * BLOCK_BYTES),), f"{folder}/news", "run")
        prepare(config.output, config.run)
        todo = PARTS[part](config, rows)
        del rows
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before, begin = _status("VmRSS"), time.process_time()
        todo()
        cpu = time.process_time() - begin
        return {"part": part, "count": count, "cpu": cpu, "peak_mb": (_status("VmHWM") - before) / 1e6}


def _status(name: str) -> int:
    """A figure of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
