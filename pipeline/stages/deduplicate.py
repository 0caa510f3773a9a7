"""Deduplicate: one winner for each article; every other record is a duplicate that names it.

    records -> one small row each (rows.COPY), in batches keyed by a share of the headlines
                 |                                       |
                 |  FoldByHeadline                       |  (every row, to be told its article)
                 v                                       v
    chains, resolved -> rows with a URL -> FoldByUrl -> winners -> NameLosers -> duplicates
                 +-----> winners without a URL ----------^

What crosses a shuffle is rows of 87 bytes, never text. The folds are combines: a runner folds before it
shuffles, and a headline of 100,000 copies is a handful of rows when it arrives. A key is a share of all
headlines or URLs, so the number of elements does not grow with the number of articles.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from apache_beam.pvalue import TaggedOutput

from pipeline.elements import Parsed
from pipeline.rules.identity import HEADLINE_GROUP, URL_GROUP, fold, losers, name_urls, resolve
from pipeline.rules.rows import Rows, concat, rows_of
from pipeline.stages.copies import AccumulatorCoder, Copies

FLUSH_ROWS = 1 << 15
"""Rows that a worker collects before it sends them on, in one batch a key."""


class Deduplicated(NamedTuple):
    winners: beam.PCollection[Copies]
    """Rows with id, copies and span of dates."""
    duplicates: beam.PCollection[Copies]
    """Rows with the id of the article that they belong to."""


@dataclass
class Deduplicate(beam.PTransform):
    """Batches of valid records -> the winners' rows and the losers', as Deduplicated."""

    keys: int
    """How many shares the headlines, and the URLs, are parted into."""
    same_headline_days: int | None

    def expand(
        self, records: beam.PCollection[list[Parsed]]
    ) -> Any:  # Deduplicated; Beam reads the annotation of a single PCollection only
        copies = records | "KeyByHeadline" >> beam.ParDo(KeyByHeadline(self.keys))
        chains = (
            copies
            | "FoldByHeadline" >> beam.CombinePerKey(FoldCopies(HEADLINE_GROUP))
            | "ResolveChains"
            >> beam.ParDo(ResolveChains(self.keys, self.same_headline_days)).with_outputs(
                "articles", "answers", main="urls"
            )
        )
        urls = (
            chains.urls
            | "FoldByUrl" >> beam.CombinePerKey(FoldCopies(URL_GROUP))
            | "NameUrls" >> beam.ParDo(NameUrls())
        )
        winners = (chains.articles, urls | "DropKeys" >> beam.Values()) | "AllWinners" >> beam.Flatten()
        answers = (chains.answers, urls) | "AllAnswers" >> beam.Flatten()
        duplicates = (
            {"copies": copies | "KeyByArticle" >> beam.ParDo(KeyByArticle(self.keys)), "answers": answers}
            | "JoinAnswers" >> beam.CoGroupByKey()
            | "NameLosers" >> beam.ParDo(NameLosers(self.keys))
        )
        return Deduplicated(winners, duplicates)


Shares: TypeAlias = npt.NDArray[np.int64]
"""The key of each row."""
KeyedCopies: TypeAlias = tuple[int, Copies]
Articles: TypeAlias = TaggedOutput[Literal["articles"], Copies]
Answers: TypeAlias = TaggedOutput[Literal["answers"], KeyedCopies]


def url_share(rows: Rows, keys: int) -> Shares:
    """The key that each row's short URL belongs to: keys, ... , 2 * keys - 1."""
    letters = np.ascontiguousarray(rows["slug"]).view(np.uint8).reshape(len(rows), -1).astype(np.int64)
    weights = 31 ** np.arange(letters.shape[1], dtype=np.int64)
    shares: Shares = keys + (letters * weights).sum(axis=1) % keys
    return shares


def headline_share(rows: Rows, keys: int) -> Shares:
    """The key that each row's headline belongs to: 0, ... , keys - 1."""
    return (rows["head_hi"] % np.uint64(keys)).astype(np.int64)


def parted(rows: Rows, shares: Shares) -> Iterator[KeyedCopies]:
    """The rows of each share, under its key."""
    if not len(rows):
        return
    by_share = np.argsort(shares, kind="stable")
    shares = shares[by_share]
    edges = np.flatnonzero(np.diff(shares, prepend=-1))
    for begin, end in zip(edges, [*edges[1:], len(rows)], strict=True):
        yield int(shares[begin]), Copies(rows[by_share[begin:end]])


class KeyByHeadline(beam.DoFn):
    """Records -> rows, keyed by a share of the headlines; collected, so that batches are not tiny."""

    def __init__(self, keys: int) -> None:
        self._keys = keys

    def start_bundle(self) -> None:
        self._waiting: list[Rows] = []

    def process(self, records: list[Parsed]) -> Iterable[KeyedCopies]:
        self._waiting.append(rows_of(records))
        if sum(map(len, self._waiting)) >= FLUSH_ROWS:
            yield from self._flush()

    def finish_bundle(self) -> Iterator[beam.transforms.window.WindowedValue]:
        for keyed in self._flush():
            yield beam.transforms.window.GlobalWindows.windowed_value(keyed)

    def _flush(self) -> Iterator[KeyedCopies]:
        rows = concat(self._waiting)
        self._waiting = []
        return parted(rows, headline_share(rows, self._keys))


class KeyByArticle(beam.DoFn):
    """Rows keyed by what names their article: a short URL's share where they have one, else the headline's."""

    def __init__(self, keys: int) -> None:
        self._keys = keys

    def process(self, keyed: KeyedCopies) -> Iterable[KeyedCopies]:
        key, copies = keyed
        filled = copies.rows["slug"] != b""
        if not filled.all():
            yield key, Copies(copies.rows[~filled])
        if filled.any():
            rows = copies.rows[filled]
            yield from parted(rows, url_share(rows, self._keys))


class FoldCopies(beam.CombineFn):
    """Rows of one key -> one row for each group of equal columns.

    The accumulator is a list of arrays: the first is folded, the rest wait until they outgrow it. So its
    size is bounded by the number of groups, not of copies, and folding stays linear.
    """

    def __init__(self, by: tuple[str, ...]) -> None:
        self._by = by

    def create_accumulator(self) -> list[Rows]:
        return []

    def add_input(self, accumulator: list[Rows], copies: Copies) -> list[Rows]:
        accumulator.append(copies.rows)
        waiting = sum(map(len, accumulator[1:]))
        if waiting > max(1024, len(accumulator[0])):
            return self.compact(accumulator)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[Rows]]) -> list[Rows]:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            for rows in accumulator:
                merged = self.add_input(merged, Copies(rows))
        return merged

    def compact(self, accumulator: list[Rows]) -> list[Rows]:
        return [fold(concat(accumulator), self._by)]

    def extract_output(self, accumulator: list[Rows]) -> Copies:
        return Copies(self.compact(accumulator)[0])

    def get_accumulator_coder(self) -> beam.coders.Coder:
        return AccumulatorCoder()


class ResolveChains(beam.DoFn):
    """All rows of a share of the headlines -> what the rules of identity make of them."""

    def __init__(self, keys: int, same_headline_days: int | None) -> None:
        self._keys = keys
        self._same_headline_days = same_headline_days

    def process(self, keyed: KeyedCopies) -> Iterable[KeyedCopies | Articles | Answers]:
        key, groups = keyed
        found = resolve(groups.rows, self._same_headline_days)
        if len(found.urls):
            yield from parted(found.urls, url_share(found.urls, self._keys))
        if len(found.articles):
            yield TaggedOutput("articles", Copies(found.articles))
        if len(found.answers):
            yield TaggedOutput("answers", (key, Copies(found.answers)))


class NameUrls(beam.DoFn):
    """The winners of a share of the short URLs, with their ids."""

    def process(self, keyed: KeyedCopies) -> Iterable[KeyedCopies]:
        key, urls = keyed
        yield key, Copies(name_urls(urls.rows))


class NameLosers(beam.DoFn):
    """The rows of a share and the answers to them -> the rows that did not win, with their article's id."""

    def __init__(self, keys: int) -> None:
        self._keys = keys

    def process(self, joined: tuple[int, dict[str, Iterable[Copies]]]) -> Iterable[Copies]:
        key, group = joined
        by = HEADLINE_GROUP if key < self._keys else URL_GROUP
        answers = concat(copies.rows for copies in group["answers"])
        for rows in _heaps(group["copies"], max(FLUSH_ROWS, len(answers))):
            lost = losers(rows, answers, by)
            if len(lost):
                yield Copies(lost)


def _heaps(batches: Iterable[Copies], size: int) -> Iterator[Rows]:
    """The rows of all batches, about `size` at a time: a hot headline's never stand in memory together."""
    heap: list[Rows] = []
    for copies in batches:
        heap.append(copies.rows)
        if sum(map(len, heap)) >= size:
            yield concat(heap)
            heap = []
    if heap:
        yield concat(heap)
