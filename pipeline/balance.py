"""The balance: every byte of every dump is in one row, one duplicate, one reject, or white space between.

It is added up from what was written, not from what was counted on the way: a runner that loses or doubles
an element is found out here.
"""

import os
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.dataset import Version
from pipeline.elements import Dump
from pipeline.rules.text import WHITE_SPACE
from pipeline.staging import File

MAX_FINDINGS = 10
GAP_BYTES = 1 << 16
"""Bytes of gaps looked at in one sweep; as they are a few bytes each, far apart, it touches a thousand times as many."""

_IS_SPACE = np.zeros(256, bool)
_IS_SPACE[list(WHITE_SPACE)] = True


class Balance(NamedTuple):
    """Bytes. The last four add up to the first if there are no findings."""

    read: int
    articles: int
    duplicates: int
    rejected: int
    white_space: int
    findings: list[str]
    """Where it does not come out: dump, offset, and what is wrong there."""


def settle(dumps: Sequence[Dump], files: Sequence[File], before: Version | None = None) -> Balance:
    """Hold the blocks of all that was written against the bytes of the dumps, and the rows against those before.

    Args:
        dumps: those that the run read.
        files: what it wrote.
        before: the version that it builds on.
    """
    sums = {"articles": 0, "duplicates": 0, "rejected": 0, "keys": 0}
    findings = _settle_rows(files, before)
    for file in files:
        sums[file.kind] += int(file.lengths.sum())
    del sums["keys"]
    number = np.concatenate([np.empty(0, np.int32), *(file.dumps for file in files)])
    begin = np.concatenate([np.empty(0, np.int64), *(file.offsets for file in files)])
    length = np.concatenate([np.empty(0, np.int64), *(file.lengths for file in files)])
    by_place = np.lexsort((length, begin, number))
    number, begin, length = number[by_place], begin[by_place], length[by_place]
    edges = np.searchsorted(number, np.arange(len(dumps) + 1))
    white_space = 0
    for dump, lo, hi in zip(dumps, edges, edges[1:], strict=False):
        white_space += _settle_dump(dump, begin[lo:hi], begin[lo:hi] + length[lo:hi], findings)
    return Balance(
        sum(os.path.getsize(dump.path) for dump in dumps), **sums, white_space=white_space, findings=findings
    )


def _settle_rows(files: Sequence[File], before: Version | None) -> list[str]:
    """Each record is one row more: an article's or a copy's; each article has one row of keys."""
    rows = Counter(
        {kind: before.rows(kind) if before else 0 for kind in ("articles", "duplicates", "rejected", "keys")}
    )
    expected = rows.copy()
    for file in files:
        older = before.same_slot(file.path) if before else None
        rows[file.kind] += file.rows - (older["rows"] if older else 0)
        expected["rejected" if file.kind == "rejected" else "records"] += len(file.offsets)
    expected["records"] += expected["articles"] + expected["duplicates"]
    return [
        f"{what}: {found:,} rows, {wanted:,} expected"
        for what, found, wanted in (
            ("rejects", rows["rejected"], expected["rejected"]),
            ("articles and duplicates", rows["articles"] + rows["duplicates"], expected["records"]),
            ("keys of the articles", rows["keys"], rows["articles"]),
        )
        if found != wanted
    ]


def _settle_dump(
    dump: Dump, begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64], findings: list[str]
) -> int:
    """Check one dump's blocks, sorted by offset; the bytes of white space between them."""
    size = os.path.getsize(dump.path)
    if size != dump.size and not dump.part:
        findings.append(f"{dump.source}: changed while it was read: {dump.size} bytes then, {size} now")
        return 0
    if not size:
        return 0
    dump = dump._replace(size=size)  # of its spool, where it was unpacked
    starts = np.concatenate([[0], end])
    stops = np.concatenate([begin, [dump.size]])
    for i in np.flatnonzero(stops < starts)[:MAX_FINDINGS]:
        findings.append(f"{dump.source}: bytes {stops[i]} to {starts[i]} stand in two blocks")
    open_gaps = stops > starts
    starts, stops = starts[open_gaps], stops[open_gaps]
    space = 0
    for lo, hi in _sweeps(starts, stops):
        data = np.memmap(dump.path, np.uint8, "r")  # anew: what was touched counts as this process's memory
        sizes = stops[lo:hi] - starts[lo:hi]
        places = np.repeat(starts[lo:hi] - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes) + np.arange(
            sizes.sum()
        )
        white = _IS_SPACE[data[places]]
        space += int(white.sum())
        if not white.all():
            owner = np.repeat(np.arange(lo, hi), sizes)
            for i in np.unique(owner[~white])[:MAX_FINDINGS]:
                findings.append(
                    f"{dump.source}: bytes {starts[i]} to {stops[i]} are text, and stand in no block"
                )
    return space


def _sweeps(starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of gaps that hold about GAP_BYTES together."""
    total = np.cumsum(stops - starts)
    if not len(total):
        return []
    cuts = np.searchsorted(total, np.arange(GAP_BYTES, int(total[-1]), GAP_BYTES))
    edges = np.unique(np.concatenate([[0], cuts, [len(total)]])).tolist()
    return list(pairwise(edges))
