"""Merging older rows of a file and new ones, in batches that are bounded."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from dateline.pipeline.dataset.staging import BATCH_ROWS

BATCH_CHARACTERS = 32 << 20
"""Of bodies in a batch, at most: of usual articles, BATCH_ROWS come to less."""


def batches_of(order: Sequence[int], size: int, lengths: Sequence[int] | None) -> Iterator[Sequence[int]]:
    """Places in batches of `size` rows, or of BATCH_CHARACTERS."""
    if lengths is None:
        yield from (order[at : at + size] for at in range(0, len(order), size))
        return
    begin = held = 0
    for at, place in enumerate(order):
        if at > begin and (at - begin == size or held + lengths[place] > BATCH_CHARACTERS):
            yield order[begin:at]
            begin, held = at, 0
        held += lengths[place]
    if order:
        yield order[begin:]


def merged(
    older: Sequence[Any],
    take: Callable[[list[int]], pa.Table],
    new: Sequence[Any],
    batch_of: Callable[[list[int]], pa.RecordBatch],
    size: int = BATCH_ROWS,
    lengths: Sequence[int] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Older rows and new ones in one order, as batches; only one batch of them is in memory at a time.

    A batch has the same bytes whether its rows are older or new: see the tests.

    Args:
        older: the key of each older row, by which the rows are sorted.
        take: gives older rows, by their places in `older`.
        new: the key of each new row.
        batch_of: makes new rows, by their places in `new`.
        size: rows of a batch.
        lengths: characters of each older row, then of each new one: a batch has no more than BATCH_CHARACTERS of them,
            or is one row.
    """
    keys = [*older, *new]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    for places in batches_of(order, size, lengths):
        old = [place for place in places if place < len(older)]
        made = [place - len(older) for place in places if place >= len(older)]
        if not old:
            yield batch_of(made)
            continue
        parts = [take(old)]
        if made:
            parts.append(pa.Table.from_batches([batch_of(made)]))
        rank = {place: n for n, place in enumerate([*old, *(place + len(older) for place in made)])}
        table = pa.concat_tables(parts).take([rank[place] for place in places])
        yield table.combine_chunks().to_batches()[0]
