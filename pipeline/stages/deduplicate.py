"""Deduplicate: one winner for each article; every other record is a duplicate that names it.

    records -> one small row each (identity_rows.ROW), in batches keyed by a share of the headlines
                 |                                       |
                 |  FoldByHeadline                       |  (every row, to learn its article)
                 v                                       v
    chains, resolved -> rows with a URL -> NameUrls -> winners -> NameLosers -> winners and duplicates
                 +-----> winners without a URL ----------^

What crosses a shuffle is rows of 115 bytes, never text. They are folded before they are shuffled, some ten thousand
at a time: a headline of 100,000 copies is a handful of rows when it arrives. Where the run builds on a version, the
older records that the new ones touch join in (older_records.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from dateline.pipeline.config import FILE_BYTES, Config
from dateline.pipeline.elements import Records, Repeats
from dateline.pipeline.names import SHUFFLED
from dateline.pipeline.rules.identity import HEADLINE_GROUP, URL_GROUP, fold, losers, name_urls, resolve
from dateline.pipeline.rules.identity_rows import (
    OLDER_ARTICLE,
    OLDER_DUPLICATE,
    Rows,
    concat,
    from_bytes,
    set_places,
)
from dateline.pipeline.stages.block_memo import memo_of
from dateline.pipeline.stages.counters import Shuffle, count, count_key
from dateline.pipeline.stages.older_records import ReadOlderRecords
from dateline.pipeline.stages.record_files import RecordWriter
from dateline.pipeline.stages.row_batches import RowBatch, spill_to
from dateline.pipeline.stages.shuffle_keys import (
    KeyedBatch,
    article_keys,
    batches_under,
    headline_keys,
    in_batches,
    keyed_batches,
    url_keys,
)
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.stage_outputs import count_in

FLUSH_ROWS = 1 << 15
"""Rows that a worker collects before it sends them on, in one batch a key."""


@dataclass
class Deduplicate(beam.PTransform):
    """Batches of valid records -> rows of all: winners with id, copies and span of dates; losers with the id of the
    article that they belong to, and no copies.

    Older rows are among them where new records touch their articles: as winners, and as losers if they were
    articles or belonged to another.
    """

    config: Config

    def expand(self, records: beam.PCollection[Records]) -> beam.PCollection[RowBatch]:
        keys = self.config.shuffle_keys
        keyed = records | "KeyRows" >> beam.ParDo(KeyRows(self.config)).with_outputs(
            "articles", main="headlines"
        )
        copies, of_article = keyed.headlines, keyed.articles
        older = copies | "ReadOlderRecords" >> ReadOlderRecords(self.config) if self.config.base else None
        if older:
            copies = (copies, older.copies) | "NewAndOlder" >> beam.Flatten()
        chains = (
            copies
            | "FoldByHeadline" >> beam.ParDo(FoldByHeadline())
            | "GroupByHeadline" >> beam.GroupByKey()
            | "ResolveChains"
            >> beam.ParDo(ResolveChains(keys, self.config.same_headline_days)).with_outputs(
                "articles", "answers", main="urls"
            )
        )
        of_url = chains.urls
        if older:
            of_url = (of_url, older.urls) | "AllOfUrls" >> beam.Flatten()
            won_before = older.urls | "WonBefore" >> beam.ParDo(WonBefore())
            of_older = older.copies | "KeyByArticle" >> beam.ParDo(KeyByArticle(keys))
            of_article = (of_article, of_older, won_before) | "AllArticles" >> beam.Flatten()
        urls = of_url | "GroupByUrl" >> beam.GroupByKey() | "NameUrls" >> beam.ParDo(NameUrls())
        found: beam.PCollection[RowBatch] = (
            {"copies": of_article, "answers": chains.answers, "articles": chains.articles, "urls": urls}
            | "JoinAnswers" >> beam.CoGroupByKey()
            | "NameLosers" >> beam.ParDo(NameLosers(keys))
        )
        return found


Articles: TypeAlias = TaggedOutput[Literal["articles"], KeyedBatch]
Answers: TypeAlias = TaggedOutput[Literal["answers"], KeyedBatch]


class KeyRows(StageFn):
    """Records -> files of them, and rows, keyed by a share of the headlines, and once more by what names their article;
    collected, so that none of these is tiny."""

    def __init__(self, config: Config) -> None:
        self._keys = config.shuffle_keys
        self._config = config

    def setup(self) -> None:
        self._memo = memo_of(self._config.output, self._config.run)
        spill_to(f"{self._config.scratch}/{SHUFFLED}" if self._config.has_common_folder else "")

    def start_bundle(self) -> None:
        self._records = RecordWriter(self._config.scratch, self._config.granularity, self._keys)
        self._digests: list[bytes] = []  # of their blocks
        self._repeats = Repeats()  # of these blocks, and of blocks before
        self._waiting: list[Rows] = []
        self._rows = 0  # all that wait, and those of the repeats

    def process(self, batch: Records) -> Iterable[KeyedBatch | Articles]:
        records, repeats = batch
        count_in(records, repeats)
        if records:
            self._records.add(records)
            digests = [record.digest for record in records]
            self._digests += digests
            self._memo.waiting.update(filter(None, digests))
        self._repeats += repeats
        self._rows += len(records) + len(repeats)
        if self._records.size >= FILE_BYTES:
            self._write()
        if self._rows >= FLUSH_ROWS:
            yield from self._flush()

    def _write(self) -> None:
        """Put the records aside, and remember their blocks."""
        repeats = self._repeats
        if repeats.places:
            known = from_bytes(repeats.rows)
            set_places(known, repeats.places)
            self._waiting.append(known)
        if self._digests:
            rows = self._records.write()
            self._memo.add(self._digests, rows)
            self._waiting.append(rows)
            if repeats.waiting:
                numbers = {digest: number for number, digest in enumerate(self._digests)}
                of_copies = rows.take([numbers[digest] for digest in repeats.digests])
                set_places(of_copies, repeats.waiting)
                self._waiting.append(of_copies)
        self._digests, self._repeats = [], Repeats()

    def finish_bundle(self) -> Iterator[Any]:
        in_window = beam.transforms.window.GlobalWindows.windowed_value
        for found in self._flush():
            if isinstance(found, TaggedOutput):
                yield TaggedOutput(found.tag, in_window(found.value))
            else:
                yield in_window(found)

    def _flush(self) -> Iterator[KeyedBatch | Articles]:
        self._write()
        rows = concat(self._waiting)
        self._waiting, self._rows = [], 0
        yield from keyed_batches(rows, headline_keys(rows, self._keys))
        for keyed in keyed_batches(rows, article_keys(rows, self._keys)):
            yield TaggedOutput("articles", keyed)


class KeyByArticle(StageFn):
    """Rows keyed by what names their article."""

    def __init__(self, keys: int) -> None:
        self._keys = keys

    def process(self, keyed: KeyedBatch) -> Iterable[KeyedBatch]:
        rows = keyed[1].rows
        return keyed_batches(rows, article_keys(rows, self._keys))


class FoldByHeadline(StageFn):
    """Rows -> those among them that the rules of identity have to tell apart."""

    def process(self, keyed: KeyedBatch) -> Iterable[KeyedBatch]:
        key, copies = keyed
        yield key, RowBatch(fold(copies.rows, HEADLINE_GROUP))


def fold_all(batches: Iterable[RowBatch], by: tuple[str, ...]) -> Rows:
    """One row for each group of equal columns in all batches, which need never stand in memory together."""
    folded = concat([])
    waiting: list[Rows] = []
    rows = 0
    for copies in batches:
        waiting.append(copies.rows)
        rows += len(copies.rows)
        if rows > max(FLUSH_ROWS, len(folded)):  # so folding stays linear
            folded, waiting, rows = fold(concat([folded, *waiting]), by), [], 0
    return fold(concat([folded, *waiting]), by)


def counted(batches: Iterable[RowBatch], shuffle: Shuffle) -> Iterator[RowBatch]:
    """All batches of a key of a shuffle; the key is counted once they are taken."""
    size = 0
    for copies in batches:
        size += copies.rows.nbytes
        yield copies
    count_key(shuffle, size)


class ResolveChains(StageFn):
    """All rows of a share of the headlines -> what the rules of identity make of them."""

    def __init__(self, keys: int, same_headline_days: int | None) -> None:
        self._keys = keys
        self._same_headline_days = same_headline_days

    def process(self, group: tuple[int, Iterable[RowBatch]]) -> Iterable[KeyedBatch | Articles | Answers]:
        key, batches = group
        found = resolve(fold_all(counted(batches, "headlines"), HEADLINE_GROUP), self._same_headline_days)
        if len(found.urls):
            yield from keyed_batches(found.urls, url_keys(found.urls, self._keys))
        if len(found.articles):
            require_text(found.articles)
            count(records_out=len(found.articles))
            for keyed in batches_under(key, found.articles):
                yield TaggedOutput("articles", keyed)
        for keyed in batches_under(key, found.answers):
            yield TaggedOutput("answers", keyed)


class NameUrls(StageFn):
    """The winners of a share of the short URLs, with their ids."""

    def process(self, group: tuple[int, Iterable[RowBatch]]) -> Iterable[KeyedBatch]:
        key, batches = group
        urls = fold_all(counted(batches, "urls"), URL_GROUP)
        require_text(urls)
        count(records_out=len(urls))
        yield from batches_under(key, name_urls(urls))


def require_text(winners: Rows) -> None:
    """Check that no winner is a duplicate of the version before: its text is not in the dataset.

    Raises:
        RuntimeError: the rules of identity let one win. No input can cause this, only a mistake of ours.
    """
    if (winners["dump"] == OLDER_DUPLICATE).any():
        raise RuntimeError("a duplicate of the version before would win, and its text is not in the dataset")


class WonBefore(StageFn):
    """Of older rows of short URLs those that were articles: they may be duplicates now."""

    def process(self, keyed: KeyedBatch) -> Iterable[KeyedBatch]:
        key, copies = keyed
        rows = copies.rows.compress(copies.rows["dump"] == OLDER_ARTICLE)
        if len(rows):
            yield key, RowBatch(rows)


class NameLosers(StageFn):
    """The rows of a share, their winners and the answers to them -> the winners, and the rows that did not win, with
    their article's id."""

    def __init__(self, keys: int) -> None:
        self._keys = keys

    def process(self, joined: tuple[int, dict[str, Iterable[RowBatch]]]) -> Iterable[RowBatch]:
        key, group = joined
        by = HEADLINE_GROUP if key < self._keys else URL_GROUP
        count_key("articles", sum(copies.rows.nbytes for batches in group.values() for copies in batches))
        yield from (*group["articles"], *group["urls"])
        answers = concat(copies.rows for copies in (*group["answers"], *group["urls"]))
        for rows in _concatenated(group["copies"], max(FLUSH_ROWS, len(answers))):
            lost = losers(rows, answers, by)
            lost = lost.compress((lost["dump"] != OLDER_DUPLICATE) | (lost["id_hi"] != lost["was"]))
            if len(lost):
                count(records_out=len(lost))
                yield from in_batches(lost)


def _concatenated(batches: Iterable[RowBatch], size: int) -> Iterator[Rows]:
    """The rows of all batches, about `size` at a time: those of a hot headline are never in memory together."""
    parts: list[Rows] = []
    count = 0
    for batch in batches:
        parts.append(batch.rows)
        count += len(batch.rows)
        if count >= size:
            yield concat(parts)
            parts, count = [], 0
    if parts:
        yield concat(parts)
