"""Shares: the keys of the shuffles. A key is a share of all headlines, URLs or partitions, so that the number
of elements does not grow with the number of articles."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dateline.pipeline.rules.identity_rows import Rows
from dateline.pipeline.stages.row_batches import RowBatch

ELEMENT_ROWS = 1 << 16
"""Rows of an element that goes into a shuffle: 7.5 MB unpacked. Engines refuse elements of some tens of MB."""

Shares: TypeAlias = npt.NDArray[np.int64]
"""The key of each row."""
KeyedBatch: TypeAlias = tuple[int, RowBatch]


def url_keys(rows: Rows, keys: int) -> Shares:
    """The key that each row's short URL belongs to: keys, ... , 2 * keys - 1."""
    letters = (
        np.ascontiguousarray(rows["slug"]).view(np.uint8).reshape(len(rows), rows.dtype["slug"].itemsize)
    )
    weights = 31 ** np.arange(letters.shape[1], dtype=np.int64)
    shares: Shares = keys + (letters.astype(np.int64) * weights).sum(axis=1) % keys
    return shares


def headline_keys(rows: Rows, keys: int) -> Shares:
    """The key that each row's headline belongs to: 0, ... , keys - 1."""
    return (rows["head_hi"] % np.uint64(keys)).astype(np.int64)


def article_keys(rows: Rows, keys: int) -> Shares:
    """The key of what names each row's article: its short URL where it has one, else its headline."""
    return np.where(rows["slug"] != b"", url_keys(rows, keys), headline_keys(rows, keys))


def parted(rows: Rows, shares: Shares) -> Iterator[KeyedBatch]:
    """The rows of each share, under its key."""
    if not len(rows):
        return
    by_share = np.argsort(shares, kind="stable")
    shares = shares[by_share]
    edges = np.flatnonzero(np.diff(shares, prepend=-1))
    for begin, end in zip(edges, [*edges[1:], len(rows)], strict=True):
        yield from under(int(shares[begin]), rows[by_share[begin:end]])


def under(key: int, rows: Rows) -> Iterator[KeyedBatch]:
    """Rows under one key, in elements that no engine finds too large."""
    return ((key, copies) for copies in cut(rows))


def cut(rows: Rows) -> Iterator[RowBatch]:
    """Rows in elements of ELEMENT_ROWS."""
    return (RowBatch(rows[at : at + ELEMENT_ROWS]) for at in range(0, len(rows), ELEMENT_ROWS))
