"""Shuffle keys: what rows are grouped by as they go from worker to worker.

    key of a headline   0 ... keys - 1            a share of all headlines
    key of a URL        keys ... 2 * keys - 1     a share of all short URLs
    key of an article   that of its short URL where it has one, else of its headline
    key of a partition  0 ... keys - 1            a share of all partitions

A key stands for many headlines or URLs, so the number of elements does not grow with the number of articles.
"""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dateline.pipeline.names import Granularity
from dateline.pipeline.rules.identity_rows import NO_DATE, Rows
from dateline.pipeline.stages.row_batches import RowBatch

ELEMENT_ROWS = 1 << 16
"""Rows of an element that goes into a shuffle: 7.5 MB unpacked. Engines refuse elements of some tens of MB."""

Keys: TypeAlias = npt.NDArray[np.int64]
"""The key of each row."""
KeyedBatch: TypeAlias = tuple[int, RowBatch]


def url_keys(rows: Rows, keys: int) -> Keys:
    """The key that each row's short URL belongs to: keys, ... , 2 * keys - 1."""
    letters = (
        np.ascontiguousarray(rows["slug"]).view(np.uint8).reshape(len(rows), rows.dtype["slug"].itemsize)
    )
    weights = 31 ** np.arange(letters.shape[1], dtype=np.int64)
    found: Keys = keys + (letters.astype(np.int64) * weights).sum(axis=1) % keys
    return found


def headline_keys(rows: Rows, keys: int) -> Keys:
    """The key that each row's headline belongs to: 0, ... , keys - 1."""
    return (rows["head_hi"] % np.uint64(keys)).astype(np.int64)


def article_keys(rows: Rows, keys: int) -> Keys:
    """The key of what names each row's article: its short URL where it has one, else its headline."""
    return np.where(rows["slug"] != b"", url_keys(rows, keys), headline_keys(rows, keys))


def periods(rows: Rows, granularity: Granularity) -> npt.NDArray[np.int64]:
    """A number for the date partition of each row: days, months or years since 1970; NO_DATE for none."""
    days = rows["updated"].astype(np.int64)
    unit = granularity[0].upper()
    found: npt.NDArray[np.int64] = days.astype("M8[D]").astype(f"M8[{unit}]").astype(np.int64)
    return np.where(days == NO_DATE, NO_DATE, found)


def partition_keys(rows: Rows, granularity: Granularity, keys: int) -> Keys:
    """The key that each row's partition belongs to: 0, ... , keys - 1."""
    found: Keys = (periods(rows, granularity) * 31 + rows["region"]) % keys
    return found


def keyed_batches(rows: Rows, keys_of_rows: Keys) -> Iterator[KeyedBatch]:
    """The rows of each key, under it."""
    if not len(rows):
        return
    by_key = np.argsort(keys_of_rows, kind="stable")
    keys = keys_of_rows[by_key]
    edges = np.flatnonzero(np.diff(keys, prepend=-1))
    for begin, end in zip(edges, [*edges[1:], len(rows)], strict=True):
        yield from batches_under(int(keys[begin]), rows.take(by_key[begin:end]))


def batches_under(key: int, rows: Rows) -> Iterator[KeyedBatch]:
    """Rows under one key, in elements that no engine finds too large."""
    return ((key, batch) for batch in in_batches(rows))


def in_batches(rows: Rows) -> Iterator[RowBatch]:
    """Rows as batches of ELEMENT_ROWS."""
    return (RowBatch(rows[at : at + ELEMENT_ROWS]) for at in range(0, len(rows), ELEMENT_ROWS))
