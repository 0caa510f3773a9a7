"""The balance: every byte of every dump is in one row, one duplicate, one reject, or white space between.

    a.txt of 100 bytes: a row of bytes 0 to 60, a duplicate of bytes 62 to 100    98 bytes in blocks, 2 of white space
    a.txt of 100 bytes: a row of bytes 0 to 60                                    "bytes 60 to 100 are text, and stand in no block"

It is added up from what was written, not from what was counted on the way. The stage that settles holds the blocks of each
group of dumps against their bytes, which it reads once, also for the checksums (settle_group). The run's end adds up what was
left of all groups, and holds it against what the receipts say of the files (settle). So a runner that loses or doubles an
element is found out here, wherever it does: a block that is missing leaves text in no block, one that came twice stands in two,
and a receipt that is missing or of other blocks does not fit what was settled.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.tally import KINDS, Places, Tally, added, tally_of
from dateline.pipeline.dataset.version import Version
from dateline.pipeline.elements import Dump
from dateline.pipeline.rules.text import WHITE_SPACE
from dateline.pipeline.stop import look
from dateline.pipeline.store.checksum import sha256_of
from dateline.pipeline.store.files import open_file, size_of
from dateline.pipeline.verify.groups import Groups
from dateline.pipeline.verify.settled import Settled

MAX_FINDINGS = 10
READ_BYTES = 1 << 20
"""Bytes of dumps that are read and looked at together, of one dump or of many small ones."""
GAP_BYTES = 1 << 16
"""Bytes of gaps looked at in one sweep."""
AT_A_TIME = 1 << 18
"""Blocks that are added up in one sweep."""

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


def settle(
    dumps: Sequence[Dump],
    groups: Groups,
    files: Sequence[File],
    settled: Sequence[Settled | None],
    before: Version | None = None,
) -> Balance:
    """Add up what was settled, and hold it against the receipts, and the rows against those before.

    Args:
        dumps: those that the run read.
        groups: theirs.
        files: what it wrote, by its receipts.
        settled: what came of each group; None where nobody told.
        before: the version that it builds on.
    """
    found = [one for one in settled if one]
    findings = [finding for one in found for finding in one.findings]
    for group, one in enumerate(settled):
        if one is None:
            first, more = groups.span(group)[0], groups.size(group) - 1
            behind = f", nor of the {more:,} behind it" if more else ""
            findings.append(f"{dumps[first].source}: no worker told what became of it{behind}")
    sums = [added(one.tallies[number] for one in found) for number in range(len(KINDS))]
    findings += _settle_rows(files, before) + _settle_receipts(files, sums)
    articles, duplicates, rejected = (tally.bytes for tally in sums)
    white_space = sum(one.white_space for one in found)
    return Balance(sum(one.read for one in found), articles, duplicates, rejected, white_space, findings)


def _settle_rows(files: Sequence[File], before: Version | None) -> list[str]:
    """Each record is one row more: an article's or a copy's; each article has one row of keys."""
    rows = Counter(
        {kind: before.rows(kind) if before else 0 for kind in ("articles", "duplicates", "rejected", "keys")}
    )
    expected = rows.copy()
    for file in files:
        older = before.same_place(file.path) if before else None
        rows[file.kind] += file.rows - (older["rows"] if older else 0)
        expected["rejected" if file.kind == "rejected" else "records"] += file.tally.blocks
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


def _settle_receipts(files: Sequence[File], sums: Sequence[Tally]) -> list[str]:
    """The blocks of the files are those that were settled, each once."""
    findings = []
    for kind, settled in zip(KINDS, sums, strict=True):
        written = added(file.tally for file in files if file.kind == kind)
        if written != settled:
            other = ", other ones" if written[:2] == settled[:2] else ""
            findings.append(
                f"{kind}: the receipts are of {written.blocks:,} blocks of {written.bytes:,} bytes, "
                f"and {settled.blocks:,} of {settled.bytes:,} were held against the dumps{other}"
            )
    return findings


def settle_group(
    dumps: Sequence[Dump],
    first: int,
    places: Places,
    own_files: Sequence[str],
    at: Callable[[str], object] = str,
) -> Settled:
    """Hold the blocks of a group of dumps against their bytes, and take the checksums.

    Args:
        dumps: those of the group.
        first: the number of the first of them.
        places: of their blocks, in order: a dump of 10 GB has 70 MB of them, so no copy is made.
        own_files: the files of which the group takes the checksums.
        at: is told the source of each dump before it is read.

    Raises:
        OSError: a dump cannot be read any more.
        StoreError: its store failed.
    """
    numbers = places["dump"] - first
    known = (numbers >= 0) & (numbers < len(dumps))
    findings = []
    if not known.all():
        findings.append(f"{dumps[0].source}: {(~known).sum():,} blocks came to it that are of other dumps")
        places, numbers = places[known], numbers[known]
    parts = [places[at : at + AT_A_TIME] for at in range(0, len(places), AT_A_TIME)]
    tallies, blocks = [], []
    for number in range(len(KINDS)):
        tallies.append(added(tally_of(part.compress(part["kind"] == number)) for part in parts))
        blocks.append(np.bincount(numbers[places["kind"] == number], minlength=len(dumps)).tolist())
    reading = _Reading(dumps, numbers, places["offset"], places["length"])
    checksums = reading.read(at)
    pins = {dump.origin: dump.part.pin for dump in dumps if dump.part}
    wanted = {path: checksums.get(path) or sha256_of(path, pins[path]) for path in own_files}
    return Settled(
        read=reading.size,
        white_space=reading.white_space,
        tallies=tallies,
        blocks=blocks,
        checksums=list(wanted.values()),
        findings=findings + reading.findings,
    )


class _Reading:
    """One reading of the dumps of a group, as if they stood one behind the other."""

    def __init__(
        self,
        dumps: Sequence[Dump],
        numbers: npt.NDArray[np.int32],
        offsets: npt.NDArray[np.int64],
        lengths: npt.NDArray[np.int64],
    ) -> None:
        """
        Args:
            dumps: those of the group.
            numbers: of each block, its dump's place among these; rising.
            offsets: where each block starts in its dump; rising within the dump.
            lengths: of each, in bytes.
        """
        self._dumps = dumps
        # The size of a spool is known only now.
        self._sizes = [size_of(dump.path) if dump.part else dump.size for dump in dumps]
        self._bases = np.concatenate([[0], np.cumsum(self._sizes, dtype=np.int64)])
        edges = np.searchsorted(numbers, np.arange(len(dumps) + 1))
        # First where each block starts, then where it ends: of millions of blocks each copy counts.
        at = self._bases[numbers]
        at += offsets
        stops = np.insert(at, edges[1:], self._bases[1:])
        at += lengths
        starts = np.insert(at, edges[:-1], self._bases[:-1])
        del at
        gaps = np.diff(edges) + 1  # of each dump
        owner = np.repeat(np.arange(len(dumps), dtype=np.int32), gaps)  # of each gap
        twice = np.flatnonzero(stops < starts)[:MAX_FINDINGS]
        spans = zip(owner[twice], stops[twice], starts[twice], strict=True)
        self._twice = [self._finding(*span, "stand in two blocks") for span in spans]
        # A block may be said to stand behind its dump's end.
        np.minimum(stops, np.repeat(self._bases[1:], gaps), out=stops)
        some = stops > starts
        starts, stops = starts[some], stops[some]
        self._owner, self._starts, self._stops = owner[some], starts, stops
        self._with_text: dict[int, None] = {}
        self._changed: list[str] = []
        self.size = int(self._bases[-1])
        self.white_space = 0

    @property
    def findings(self) -> list[str]:
        """Where it does not come out."""
        with_text = [
            self._finding(
                self._owner[gap], self._starts[gap], self._stops[gap], "are text, and stand in no block"
            )
            for gap in list(self._with_text)[:MAX_FINDINGS]
        ]
        return self._changed or self._twice + with_text

    def _finding(self, owner: int, start: int, stop: int, what: str) -> str:
        base = self._bases[owner]
        return f"{self._dumps[owner].source}: bytes {start - base} to {stop - base} {what}"

    def read(self, at: Callable[[str], object]) -> dict[str, str]:
        """Read all dumps, and look at what stands between the blocks; the SHA-256 of those that are no spools, by path."""
        checksums = {}
        buffer = memoryview(bytearray(READ_BYTES))
        start = filled = 0
        for dump, expected in zip(self._dumps, self._sizes, strict=True):
            at(dump.source)
            digest, size = sha256(), 0
            with open_file(dump.path, dump.pin) if expected or dump.part else BytesIO() as file:
                while more := file.readinto(buffer[filled:]):
                    look()
                    if not dump.part:
                        digest.update(buffer[filled : filled + more])
                    size += more
                    filled += more
                    if filled == READ_BYTES:
                        self._look(start, buffer)
                        start, filled = start + filled, 0
            if size != expected:
                self._changed.append(
                    f"{dump.source}: changed while it was read: {expected} bytes then, {size} now"
                )
            if not dump.part:
                checksums[dump.path] = digest.hexdigest()
        self._look(start, buffer[:filled])
        return checksums

    def _look(self, start: int, data: memoryview) -> None:
        """Look at the gaps, or their parts, that are in some bytes.

        Args:
            start: where the bytes begin, as if all dumps stood one behind the other.
            data: the bytes.
        """
        stop = start + len(data)
        first, end = np.searchsorted(self._stops, start, "right"), np.searchsorted(self._starts, stop)
        begins = np.maximum(self._starts[first:end], start) - start
        lengths = np.minimum(self._stops[first:end], stop) - start - begins
        total = int(lengths.sum())
        if total > GAP_BYTES < len(data):
            half = len(data) // 2
            self._look(start, data[:half])
            self._look(start + half, data[half:])
            return
        places = np.arange(total) + np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
        white = _IS_SPACE[np.frombuffer(data, np.uint8)[places]]
        self.white_space += int(white.sum())
        if not white.all():
            which = np.unique(np.repeat(np.arange(first, end), lengths)[~white])
            self._with_text.update(dict.fromkeys(which[: MAX_FINDINGS + 1].tolist()))
