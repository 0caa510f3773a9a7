"""Kept: of the version that a run builds on, the records that the new ones can change anything for.

    new records -> their headlines -> all older records of these headlines
                -> the short URLs of both -> all other older records of these URLs' articles

Nothing else can change: a new record moves records of its own headline only, and of a short URL's article
only the winner and the number of copies. What is read is the ledgers' columns of keys, never a body.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import apache_beam as beam
import numpy as np
import numpy.typing as npt

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.open import open_version
from dateline.pipeline.dataset.safe_files import believed
from dateline.pipeline.dataset.version import Version
from dateline.pipeline.inputs.records import base_source
from dateline.pipeline.ledgers.rows import LEDGER_COLUMNS, OlderRanks, hashes, rows_of_ledger
from dateline.pipeline.names import DUPLICATES, KEYS
from dateline.pipeline.rules.identity_rows import (
    OLDER_ARTICLE,
    OLDER_DUPLICATE,
    ONLY_COUNTED,
    ROW,
    Rows,
    url_id,
)  # fmt: skip
from dateline.pipeline.stages.base_version import base_version
from dateline.pipeline.stages.shuffle_keys import KeyedBatch, headline_keys, keyed_batches, url_keys
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.versions import SameVersions

LOWEST_BITS = 20
LOWEST = np.uint64((1 << LOWEST_BITS) - 1)

Hashes: TypeAlias = npt.NDArray[np.uint64]
Places: TypeAlias = npt.NDArray[np.intp]
"""The numbers of rows in a file."""


class Kept(NamedTuple):
    copies: beam.PCollection[KeyedBatch]
    """All older records of the new ones' headlines, keyed by a share of the headlines."""
    urls: beam.PCollection[KeyedBatch]
    """Other older records of the articles of those records' short URLs, keyed by a share of the URLs."""


@dataclass
class ReadOlderRecords(beam.PTransform):
    """Batches of new rows -> the older rows that they touch, as Kept."""

    config: Config

    def expand(
        self, copies: beam.PCollection[KeyedBatch]
    ) -> Any:  # Kept; Beam reads the annotation of a single PCollection only
        config = self.config
        found = open_version(config.output, config.base)
        assert found is not None
        shards = sorted(
            {
                int(file["path"].split("-")[1])
                for file in found.files()
                if file["kind"] in ("keys", "duplicates")
            }
        )
        shards = copies.pipeline | "Shards" >> beam.Create(shards) | "SpreadShards" >> beam.Reshuffle()
        headlines = _distinct(copies, "head_hi")
        by_headline = shards | "ByHeadline" >> beam.ParDo(
            ByHeadline(config), beam.pvalue.AsSingleton(headlines)
        )
        slugs = _distinct((copies, by_headline) | "NewAndOlder" >> beam.Flatten(), "slug")
        by_url = shards | "ByUrl" >> beam.ParDo(
            ByUrl(config), beam.pvalue.AsSingleton(headlines), beam.pvalue.AsSingleton(slugs)
        )
        return Kept(by_headline, by_url)


def _distinct(copies: beam.PCollection[KeyedBatch], column: str) -> beam.PCollection[Any]:
    """The values of a column, each once, sorted, as one array."""
    return (
        copies
        | f"Take_{column}" >> beam.Map(lambda keyed, name: np.unique(keyed[1].rows[name]), column)
        | f"Unite_{column}" >> beam.CombineGlobally(Unite(ROW[column].str))
    )


class Unite(SameVersions, beam.CombineFn):
    """Sorted arrays of one type -> one with each value once."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def create_accumulator(self) -> list[npt.NDArray[Any]]:
        return [np.empty(0, self._kind)]

    def add_input(
        self, accumulator: list[npt.NDArray[Any]], values: npt.NDArray[Any]
    ) -> list[npt.NDArray[Any]]:
        return _united([*accumulator, values])

    def merge_accumulators(self, accumulators: Iterable[list[npt.NDArray[Any]]]) -> list[npt.NDArray[Any]]:
        return [self.extract_output([part for parts in accumulators for part in parts])]

    def extract_output(self, accumulator: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return np.unique(np.concatenate([np.empty(0, self._kind), *accumulator]))


def _united(parts: list[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """Arrays of which each is larger than all behind it: a value is sorted anew only when its array doubles."""
    while len(parts) > 1 and len(parts[-2]) <= len(parts[-1]):
        parts[-2:] = [np.union1d(parts[-2], parts[-1])]
    return parts


class _ReadShard(StageFn):
    """What reading both ledgers' files of a shard has in common."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        found = base_version(self._config)
        assert found is not None
        self._version: Version = found
        self._ranks = OlderRanks(self._version.sources, [dump.source for dump in self._config.dumps])

    def _ledgers(self, shard: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Of both ledgers: OLDER_ARTICLE or OLDER_DUPLICATE, and the file's entry."""
        for folder, kind in ((KEYS, OLDER_ARTICLE), (DUPLICATES, OLDER_DUPLICATE)):
            entry = self._version.shard(folder, shard)
            if entry is not None:
                yield kind, entry

    def _hashes(self, entry: dict[str, Any], column: str, places: Places | None = None) -> Hashes:
        """The first halves of the hashes in a column, or of those at some places."""
        found = self._version.read(entry, [column])[column]
        with believed(entry["path"]):
            return hashes(found if places is None else found.take(places))[:, 0]

    def _rows(self, entry: dict[str, Any], places: Places, kind: int) -> Rows:
        table = self._version.read(entry, LEDGER_COLUMNS).take(places)
        with believed(entry["path"]):
            strangers = set(map(base_source, table["source"].to_pylist())).difference(self._version.sources)
            if strangers:
                raise ValueError(f"{min(strangers)!r} is no dump of the version")
            return rows_of_ledger(table, kind, self._ranks)


class ByHeadline(_ReadShard):
    """A shard -> its records of the headlines asked for."""

    def process(self, shard: int, headlines: Hashes) -> Iterable[KeyedBatch]:
        for kind, entry in self._ledgers(shard):
            places = places_among(self._hashes(entry, "headline_key"), headlines)
            if len(places):
                rows = self._rows(entry, places, kind)
                yield from keyed_batches(rows, headline_keys(rows, self._config.shuffle_keys))


class ByUrl(_ReadShard):
    """A shard -> its records of the articles of the short URLs asked for, but those of the headlines."""

    def process(self, shard: int, headlines: Hashes, slugs: npt.NDArray[np.bytes_]) -> Iterable[KeyedBatch]:
        slugs = slugs[slugs != b""]
        ids = np.frombuffer(b"".join(map(url_id, slugs.tolist())), "<u8").reshape(-1, 2)[:, 0]
        by_id = np.argsort(ids)
        ids, slugs = ids[by_id], slugs[by_id]
        for kind, entry in self._ledgers(shard):
            if self._config.workers:  # of this machine, one of which had this shard in ByHeadline
                self._version.believe(entry)
            places = places_among(self._hashes(entry, "id"), ids)
            if len(places):
                heads = self._hashes(entry, "headline_key", places)
                places = np.delete(places, places_among(heads, headlines))
            if len(places):
                rows = self._rows(entry, places, kind)
                rows["dated"][rows["slug"] == b""] = ONLY_COUNTED
                rows["slug"] = slugs[np.searchsorted(ids, rows["id_hi"])]
                yield from keyed_batches(rows, url_keys(rows, self._config.shuffle_keys))


def places_among(values: Hashes, wanted: Hashes) -> Places:
    """The places of the values that are among the wanted ones, which are sorted. Nearly all others are told by their lowest
    bits alone."""
    is_of_one = np.zeros(1 << LOWEST_BITS, bool)
    is_of_one[wanted & LOWEST] = True
    places = np.flatnonzero(is_of_one[values & LOWEST])
    values = values[places]
    at = np.searchsorted(wanted, values)
    found: Places = places[wanted[np.minimum(at, len(wanted) - 1)] == values]
    return found
