"""The progress line: on a terminal one line that is drawn anew, elsewhere a plain line at intervals.

A run goes through stages, whose ends cannot be foretold from the start: how many articles there are to write is known only
once all is read. So the line says which stage of how many it is, how much of that is done, and how long the rest of it takes:

    2/6 reading  45%  ~0:12 to read  45.0 of 100.0 MB  20,000 articles and copies  12 rejects  4.5 MB/s

Neither the stage nor its share ever goes back, and on a terminal as many of the parts are shown as fit its width.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NamedTuple, TextIO

from dateline.pipeline.elements import Dump
from dateline.pipeline.progress import Counts

DRAW_SECONDS = 0.2
PLAIN_SECONDS = 10.0
"""A line in a log file is for whoever looks later: one now and then is enough."""
SURE_SECONDS = 2.5
"""No time left is told before a stage has gone on for so long: it would be a guess."""
COLUMNS = 80
"""The width of a terminal that does not tell it."""

UNPACK, READ, FOLD, WRITE, CHECK, COMMIT = range(6)
NAMES = ("unpacking", "reading", "folding copies", "writing", "checking the balance", "committing")
TIMED = {UNPACK: "unpack", READ: "read", WRITE: "write"}
"""The stages whose end is known, by what there is to do in them."""
OF_RUN = {"balance": CHECK, "commit": COMMIT}
"""The stages that the run tells of (pipeline/run.py, Course); the others are told from the counts."""


class Sizes(NamedTuple):
    """Bytes of all dumps, as they lie in their files."""

    plain: int
    packed: int

    @classmethod
    def of(cls, dumps: Sequence[Dump]) -> "Sizes":
        """Of the dumps of a run."""
        packed = sum(dump.size for dump in dumps if dump.part)
        return cls(sum(dump.size for dump in dumps) - packed, packed)


class Course:
    """How far a run has come, by the highest counts that were seen of it."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._counts = Counts()
        self._first = 0 if sizes.packed else 1
        self._stage = -1
        self._share = 0.0
        self._since = (0.0, 0)

    def line(self, counts: Counts, stage: str, seconds: float, width: int | None = None) -> str:
        """One line about the run.

        Args:
            counts: what the workers did so far.
            stage: of the run, as Course of pipeline/run.py has it.
            seconds: since the run began.
            width: the most characters, at least 39; None for no limit.
        """
        counts = self._counts = Counts(*map(max, self._counts, counts))
        done, total = self._advance(counts, stage, seconds)
        head = f"{self._stage - self._first + 1}/{len(NAMES) - self._first} {NAMES[self._stage]}"
        parts = []
        if self._stage in TIMED:
            self._share = max(self._share, min(done / total, 1.0) if total else 0.0)
            head += f" {self._share:4.0%}"
            since, before = self._since
            if seconds - since >= SURE_SECONDS and done > before:
                left = max(total - done, 0) * (seconds - since) / (done - before)
                parts.append(f"~{clock(left)} to {TIMED[self._stage]}")
        parts += self._amounts(counts, done, total, seconds)
        return fitting([head, *parts], width)

    def _advance(self, counts: Counts, stage: str, seconds: float) -> tuple[int, int]:
        """Go on to the stage that the run is in; what is done of it, and what there is to do."""
        to_read = self._sizes.plain + counts.unpacked
        ends = {
            UNPACK: (counts.packed_read, self._sizes.packed),
            READ: (counts.bytes_read, to_read),
            # An engine may write before it is through with counting.
            WRITE: (counts.rows_written, max(counts.winners, counts.rows_written)),
        }
        if stage in OF_RUN:
            now = OF_RUN[stage]
        elif counts.rows_written:
            now = WRITE
        elif counts.winners or (
            counts.bytes_read >= to_read > 0 and counts.packed_read >= self._sizes.packed
        ):
            now = FOLD
        else:
            now = UNPACK if counts.packed_read < self._sizes.packed else READ
        done, total = ends.get(max(now, self._stage), (0, 0))
        if now > self._stage:
            self._stage, self._share, self._since = now, 0.0, (seconds, done)
        elif not self._since[1] and done:  # workers need a while to start
            self._since = (seconds, done)
        return done, total

    def _amounts(self, counts: Counts, done: int, total: int, seconds: float) -> list[str]:
        records = f"{counts.records:,} articles and copies"
        rejects = f"{counts.rejects:,} rejects"
        if self._stage in (UNPACK, READ):
            since, before = self._since
            rate = (done - before) / (seconds - since) / 1e6 if seconds - since >= SURE_SECONDS else 0.0
            amount = f"{done / 1e6:,.1f} of {total / 1e6:,.1f} MB"
            return [
                amount,
                *([records, rejects] if counts.records else []),
                *([f"{rate:,.1f} MB/s"] if rate else []),
            ]
        if self._stage == WRITE:
            return [f"{done:,} of {total:,} rows", f"{counts.files:,} files", records, rejects]
        if self._stage == FOLD:
            return [records, rejects]
        return [f"{counts.rows_written:,} rows", f"{counts.files:,} files"]


def fitting(parts: Sequence[str], width: int | None) -> str:
    """The first of some parts that fit, separated by two spaces.

    >>> fitting(["reading  45%", "~0:12 to read", "12 rejects"], 30)
    'reading  45%  ~0:12 to read'
    """
    line = parts[0]
    for part in parts[1:]:
        if width is not None and len(line) + 2 + len(part) > width:
            break
        line += f"  {part}"
    return line[:width]


class Watch:
    """Shows a run's progress on stderr while the body of the `with` runs."""

    def __init__(
        self,
        counts: Callable[[], Counts],
        sizes: Sizes,
        quiet: bool,
        stage: Callable[[], str] = lambda: "flow",
        out: TextIO | None = None,
    ) -> None:
        """
        Args:
            counts: tells what the workers did so far.
            sizes: of the dumps.
            quiet: show nothing.
            stage: tells the stage of the run, as Course of pipeline/run.py has it.
            out: where to show it (default: stderr).
        """
        self._counts = counts
        self._course = Course(sizes)
        self._stage = stage
        self._out = out or sys.stderr
        self._redraws = self._out.isatty() and os.environ.get("TERM") != "dumb"
        self._quiet = quiet
        self._done = threading.Event()
        self._begin = time.monotonic()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> "Watch":
        self._begin = time.monotonic()
        if not self._quiet:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if not self._quiet:
            self._thread.join()
            if self._redraws:
                self._out.write("\r\x1b[K")
                self._out.flush()

    def _show(self) -> None:
        while not self._done.wait(DRAW_SECONDS if self._redraws else PLAIN_SECONDS):
            counts, seconds = self._counts(), time.monotonic() - self._begin
            width = columns(self._out) - 1 if self._redraws else None  # a full line would wrap
            line = self._course.line(counts, self._stage(), seconds, width)
            self._out.write(f"\r{line}\x1b[K" if self._redraws else f"{line}\n")
            self._out.flush()


def columns(out: TextIO) -> int:
    """How wide a terminal is, in characters."""
    try:
        return os.get_terminal_size(out.fileno()).columns or COLUMNS
    except (OSError, ValueError):
        return COLUMNS


def megabytes(count: int) -> str:
    """Bytes as a person reads them.

    >>> megabytes(6182), megabytes(100_013_214)
    ('6.2 KB', '100.0 MB')
    """
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.1f} KB"


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss.

    >>> clock(75), clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
