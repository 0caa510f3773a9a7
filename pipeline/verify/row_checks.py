"""Checks of the rows of each file, one by one; what cross_checks.py needs of them is gathered, without text.

a row whose region is not that of its folder     partition
a row that is not valid by its JSON Schema       field
"""

from base64 import b64decode
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dateline.pipeline.dataset.version import SCHEMAS, Version
from dateline.pipeline.elements import Record
from dateline.pipeline.inputs.records import base_source
from dateline.pipeline.ledgers.rows import LEDGER_COLUMNS, MAX_RAW_BYTES, OlderRanks, rows_of_ledger
from dateline.pipeline.ledgers.shards import shard_of
from dateline.pipeline.names import Granularity, partition_folder, shard_in
from dateline.pipeline.rules.identity_rows import (
    OLDER_ARTICLE,
    OLDER_DUPLICATE,
    REGION_NUMBERS,
    Rows,
    fields_of,
    headline_key,
    provisional_id,
)
from dateline.pipeline.verify.finding import Finding, differs, shortened
from dateline.pipeline.verify.text_checks import Texts
from dateline.schemas.columns import from_batch
from dateline.schemas.contract import contract

BATCH_ROWS = 1024
"""Rows that are Python objects at one time."""

KEYS_SHARED = ("id", "source", "source_offset", "source_length", "headline_key", "short_url", "updated",
               "updated_source", "fields", "body_length", "region")  # fmt: skip
"""The columns of _keys that an article's row decides."""

BLOCK = np.dtype(
    [
        ("file", "<i4"),
        ("row", "<i8"),
        ("source", "<i4"),
        ("offset", "<i8"),
        ("length", "<i8"),
        ("shifted", "?"),
    ]
)
"""Where a record or reject stands; `shifted` where it was read from elsewhere than from that offset."""
ARTICLE = np.dtype([("file", "<i4"), ("row", "<i8"), ("id", "S16"), ("digest", "S8"), ("copies", "<i4")])
"""An article as its row has it, or its keys: `digest` is of the columns that both have."""


class Rules(NamedTuple):
    """What the rows of a version are held against."""

    granularity: Granularity
    same_headline_days: int | None
    sources: frozenset[str]
    ranks: OlderRanks
    texts: Texts | None
    """The dumps, where they are at hand."""

    @classmethod
    def of(cls, version: Version, texts: Texts | None) -> "Rules":
        settings = version.manifest["settings"]
        return cls(
            settings["date_granularity"], settings["same_headline_days"], frozenset(version.sources),
            OlderRanks(version.sources, []), texts,
        )  # fmt: skip


class Gathered:
    """What all rows come to."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.sources: dict[str, int] = {}
        self.incomplete: set[str] = set()
        """Kinds of which a file or row cannot be used: what needs all of them cannot be checked."""
        self.blocks: dict[str, list[npt.NDArray[Any]]] = {kind: [] for kind in SCHEMAS}
        self.articles: dict[str, list[npt.NDArray[Any]]] = {"articles": [], "keys": []}
        self.records: list[Rows] = []
        """Of both ledgers; in `dump` OLDER_ARTICLE or OLDER_DUPLICATE, in `was` the place in files << 40, and the row."""

    def source(self, name: str) -> int:
        return self.sources.setdefault(name, len(self.sources))


def check_rows(entry: dict[str, Any], table: pa.Table, rules: Rules, gathered: Gathered) -> Iterator[Finding]:
    """Each row of a file by itself, and their order."""
    path, kind = entry["path"], entry["kind"]
    number = len(gathered.files)
    gathered.files.append(path)
    order = _by_id if kind == "articles" else _by_place
    blocks, articles, good = [], [], []
    previous: Any = None
    for at, row in _each(table):
        wrong = _violation(row, kind)
        if wrong or isinstance(row, str):
            yield Finding("field", path, at, *(wrong or ("no value that can be read", str(row))))
            gathered.incomplete.add(kind)
            continue
        here = order(row)
        if previous is not None and here < previous:
            yield differs("order", path, at, "out of order", here, f"one not before {previous}")
        previous = here
        if base_source(row["source"]) not in rules.sources:
            yield differs("source", path, at, "its source", row["source"], "a dump of the manifest")
            gathered.incomplete.add(kind)
            continue
        for finding in _CHECKS[kind](row, path, rules):
            yield finding._replace(file=path, row=at)
        shifted = row.get("position", row["source_offset"]) != row["source_offset"]
        blocks.append(
            (number, at, gathered.source(row["source"]), row["source_offset"], row["source_length"], shifted)
        )
        if kind in gathered.articles:
            shared = keys_of(row) if kind == "articles" else tuple(row[name] for name in KEYS_SHARED)
            digest = blake2b(repr(shared).encode(), digest_size=8).digest()
            articles.append((number, at, bytes.fromhex(row["id"]), digest, row.get("copies", 0)))
        good.append(at)
    gathered.blocks[kind].append(np.array(blocks, BLOCK))
    if kind in gathered.articles:
        gathered.articles[kind].append(np.array(articles, ARTICLE))
    if SCHEMAS[kind] == "duplicate":
        ledger = table.select(LEDGER_COLUMNS).take(pa.array(good, pa.int64()))
        rows = rows_of_ledger(ledger, OLDER_ARTICLE if kind == "keys" else OLDER_DUPLICATE, rules.ranks)
        rows["was"] = (number << 40) + np.array(good, np.uint64)
        gathered.records.append(rows)


def _each(table: pa.Table) -> Iterator[tuple[int, Record | str]]:
    """Each row with its number, in JSON terms; the reason instead where Python has no such value."""
    at = 0
    for batch in table.to_batches(max_chunksize=BATCH_ROWS):
        try:
            rows: list[Record | str] = list(from_batch(batch))
        except (ValueError, OverflowError):
            rows = [_one(batch.slice(i, 1)) for i in range(batch.num_rows)]
        yield from enumerate(rows, at)
        at += batch.num_rows


def _one(batch: pa.RecordBatch) -> Record | str:
    try:
        return from_batch(batch)[0]
    except (ValueError, OverflowError) as error:
        return str(error)


def _violation(row: Record | str, kind: str) -> tuple[str, ...] | None:
    """What the JSON Schema says against a row, if anything: what is wrong, what was found, what was expected."""
    if isinstance(row, str):
        return None
    schema = contract(SCHEMAS[kind])
    if not schema.is_valid(row):
        pointer, message = schema.violation(row)
        return f"not valid at {pointer or '/'}", message
    if "region" in row and row["region"] not in REGION_NUMBERS:
        return "not valid at /region", shortened(row["region"]), "a region of the gazetteer"
    return None


def _by_id(row: Record) -> Any:
    return row["id"]


def _by_place(row: Record) -> Any:
    return row["source"], row["source_offset"]


def keys_of(row: Record) -> tuple[Any, ...]:
    """What an article's row says its keys are: the values of KEYS_SHARED."""
    more = {
        "headline_key": headline_key(row["headline"]).hex(),
        "fields": fields_of(row),
        "body_length": len(row["body"]),
    }
    return tuple(more[name] if name in more else row[name] for name in KEYS_SHARED)


def _article(row: Record, path: str, rules: Rules) -> Iterator[Finding]:
    folder = partition_folder(row["updated"], row["region"], rules.granularity)
    if path.rpartition("/")[0] != folder:
        yield differs("partition", "", None, "its partition", path.rpartition("/")[0], folder)
    words = len(row["body"].split())
    if row["word_count"] != words:
        yield differs("word_count", "", None, "word_count", row["word_count"], words)
    if (row["short_url"] or rules.same_headline_days is None) and row["id"] != provisional_id(row):
        yield differs("id", "", None, "its id", row["id"], provisional_id(row))
    if rules.texts:
        yield from rules.texts.check_article(row)


def _ledger(row: Record, path: str, rules: Rules) -> Iterator[Finding]:
    shard = shard_in(path)
    expected = shard_of(base_source(row["source"]), row["position"])
    if shard != expected:
        yield differs("shard", "", None, "its shard", f"{shard:02d}", f"{expected:02d}")


def _duplicate(row: Record, path: str, rules: Rules) -> Iterator[Finding]:
    yield from _ledger(row, path, rules)
    if rules.texts:
        yield from rules.texts.check_duplicate(row)


def _reject(row: Record, path: str, rules: Rules) -> Iterator[Finding]:
    raw, length = b64decode(row["raw"]), row["source_length"]
    if row["raw_truncated"]:
        if len(raw) != MAX_RAW_BYTES or length <= len(raw) * 2 // 3:  # UTF-16 may be that much shorter
            yield differs(
                "raw",
                "",
                None,
                "raw of a cut reject",
                f"{len(raw)} of {length} bytes",
                f"{MAX_RAW_BYTES} of more",
            )
    elif length not in (len(raw), len(raw.decode("utf-8", "replace").encode("utf-16-le"))):
        yield differs("raw", "", None, "bytes of raw", len(raw), length)
    if rules.texts:
        yield from rules.texts.check_reject(row, raw)


_CHECKS: dict[str, Callable[[Record, str, Rules], Iterator[Finding]]] = {
    "articles": _article, "keys": _ledger, "duplicates": _duplicate, "rejected": _reject,
}  # fmt: skip
