"""The balance: every byte of every dump is in one row, one duplicate, one reject, or white space between.

    a.txt of 100 bytes: a row of bytes 0 to 60, a duplicate of bytes 62 to 100    98 bytes in blocks, 2 of white space
    a.txt of 100 bytes: a row of bytes 0 to 60                                    "bytes 60 to 100 are text, and stand in no block"

It is added up from what was written, not from what was counted on the way: a runner that loses or doubles
an element is found out here.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.version import Version
from dateline.pipeline.elements import Dump
from dateline.pipeline.rules.text import WHITE_SPACE
from dateline.pipeline.store.address import in_store
from dateline.pipeline.store.files import open_file, size_of

MAX_FINDINGS = 10
GAP_BYTES = 1 << 16
"""Bytes of gaps looked at in one sweep; as they are a few bytes each, far apart, it touches a thousand times as many."""

BATCH_BYTES = 8 << 20
"""Bytes of small dumps that are read and looked at together."""

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
    sizes = [dump.size if dump.pin else size_of(dump.path) for dump in dumps]
    white_space = 0
    for lo, hi in _batches(sizes):
        blocks = slice(edges[lo], edges[hi])
        white_space += _settle_dumps(
            dumps[lo:hi],
            sizes[lo:hi],
            number[blocks] - lo,
            begin[blocks],
            begin[blocks] + length[blocks],
            findings,
        )
    return Balance(sum(sizes), **sums, white_space=white_space, findings=findings)


def _settle_rows(files: Sequence[File], before: Version | None) -> list[str]:
    """Each record is one row more: an article's or a copy's; each article has one row of keys."""
    rows = Counter(
        {kind: before.rows(kind) if before else 0 for kind in ("articles", "duplicates", "rejected", "keys")}
    )
    expected = rows.copy()
    for file in files:
        older = before.same_place(file.path) if before else None
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


def _batches(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Dumps of BATCH_BYTES together as (first, one past the last); each of more by itself.

    A hundred thousand small dumps are looked at in a few sweeps.
    """
    first = filled = 0
    for number, size in enumerate(sizes):
        if number > first and filled + size > BATCH_BYTES:
            yield first, number
            first, filled = number, 0
        filled += size
    if len(sizes) > first:
        yield first, len(sizes)


def _settle_dumps(
    dumps: Sequence[Dump],
    sizes: Sequence[int],
    number: npt.NDArray[np.int32],
    begin: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    findings: list[str],
) -> int:
    """Check the blocks of some dumps.

    Args:
        dumps: those of a batch.
        sizes: bytes of each, as it lies there now.
        number: of each block, its dump's place among these; rising.
        begin: where each block starts in its dump; rising within the dump.
        end: where it ends.
        findings: to be added to.

    Returns:
        The bytes of white space between the blocks.
    """
    changed = [
        f"{dump.source}: changed while it was read: {dump.size} bytes then, {size} now"
        for dump, size in zip(dumps, sizes, strict=True)
        if size != dump.size and not dump.part  # the size of a spool is known only now
    ]
    if changed:
        findings += changed
        return 0
    bases = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])  # as if they stood one behind the other
    edges = np.searchsorted(number, np.arange(len(dumps) + 1))
    starts = np.insert(end + bases[number], edges[:-1], bases[:-1])
    stops = np.insert(begin + bases[number], edges[1:], bases[1:])
    owner = np.repeat(np.arange(len(dumps)), np.diff(edges) + 1)  # of each gap

    def report(which: npt.NDArray[np.int64], what: str) -> None:
        for i in which[:MAX_FINDINGS]:
            span = sorted((int(starts[i] - bases[owner[i]]), int(stops[i] - bases[owner[i]])))
            findings.append(f"{dumps[owner[i]].source}: bytes {span[0]} to {span[1]} {what}")

    report(np.flatnonzero(stops < starts), "stand in two blocks")
    gaps = np.flatnonzero(stops > starts)
    space = 0
    data = b"".join(map(_read, dumps)) if len(dumps) > 1 or in_store(dumps[0].path) else None
    which_gap, begins, ends = _short(gaps, starts[gaps], stops[gaps])
    for lo, hi in _sweeps(begins, ends):
        text = np.frombuffer(data, np.uint8) if data else _mapped(dumps[0])
        which = which_gap[lo:hi]
        lengths = ends[lo:hi] - begins[lo:hi]
        before = np.cumsum(lengths) - lengths
        places = np.repeat(begins[lo:hi] - before, lengths) + np.arange(lengths.sum())
        white = _IS_SPACE[text[places]]
        space += int(white.sum())
        if not white.all():
            report(np.unique(np.repeat(which, lengths)[~white]), "are text, and stand in no block")
    return space


def _read(dump: Dump) -> bytes:
    with open_file(dump.path, dump.pin) as file:
        return file.read()


def _mapped(dump: Dump) -> npt.NDArray[np.uint8]:
    """The bytes of a dump; mapped anew for each sweep, since what was touched counts as this process's memory."""
    return np.memmap(dump.path, np.uint8, "r")


def _short(
    which: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Gaps in pieces of GAP_BYTES at most, each with its gap's number: one may be megabytes long."""
    pieces = -(-(stops - starts) // GAP_BYTES)
    if not len(pieces) or pieces.max() == 1:
        return which, starts, stops
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begins = np.repeat(starts, pieces) + number * GAP_BYTES
    return np.repeat(which, pieces), begins, np.minimum(begins + GAP_BYTES, np.repeat(stops, pieces))


def _sweeps(starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of gaps that hold about GAP_BYTES together."""
    total = np.cumsum(stops - starts)
    if not len(total):
        return []
    cuts = np.searchsorted(total, np.arange(GAP_BYTES, int(total[-1]), GAP_BYTES))
    edges = np.unique(np.concatenate([[0], cuts, [len(total)]])).tolist()
    return list(pairwise(edges))
