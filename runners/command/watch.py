"""The progress line: on a terminal one line that is drawn anew, elsewhere a plain line at intervals."""

import sys
import threading
import time
from types import TracebackType
from typing import TextIO

from dateline.pipeline.progress import Counts, read_progress

DRAW_SECONDS = 0.2
PLAIN_SECONDS = 10.0
"""A line in a log file is for whoever looks later: one now and then is enough."""


class Watch:
    """Shows a run's progress on stderr while the body of the `with` runs."""

    def __init__(self, folder: str, total_bytes: int, quiet: bool, out: TextIO | None = None) -> None:
        self._folder = folder
        self._total = total_bytes
        self._out = out or sys.stderr
        self._terminal = self._out.isatty()
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
            if self._terminal:
                self._out.write("\r\x1b[K")
                self._out.flush()

    def _show(self) -> None:
        writing_since = None
        while not self._done.wait(DRAW_SECONDS if self._terminal else PLAIN_SECONDS):
            counts, now = read_progress(self._folder), time.monotonic()
            if writing_since is None and counts.rows_written:
                writing_since = now
            line = progress_line(counts, self._total, now - self._begin, now - (writing_since or now))
            self._out.write(f"\r{line}\x1b[K" if self._terminal else f"{line}\n")
            self._out.flush()


def progress_line(counts: Counts, total_bytes: int, seconds: float, writing: float) -> str:
    """One line about a run under way.

    Args:
        counts: what the workers did so far.
        total_bytes: bytes of all dumps.
        seconds: since the run began.
        writing: seconds since the first row was written.
    """
    parts = [
        f"{counts.records:,} articles and copies",
        f"{counts.rejects:,} rejects",
    ]
    if counts.bytes_read < total_bytes:
        share = counts.bytes_read / total_bytes
        rate = counts.bytes_read / seconds if seconds else 0.0
        head = f"reading {share:4.0%}  {megabytes(counts.bytes_read)} of {megabytes(total_bytes)}"
        parts.append(f"{rate / 1e6:,.1f} MB/s")
        if rate:
            parts.append(f"{clock((total_bytes - counts.bytes_read) / rate)} left to read")
    else:
        total = max(
            counts.winners, counts.rows_written
        )  # an engine may write before it is through with counting
        share = counts.rows_written / total if total else 0.0
        head = f"writing {share:4.0%}  {counts.rows_written:,} of {total:,} rows"
        parts.append(f"{counts.files:,} files")
        if share and writing:
            parts.append(f"{clock(writing / share - writing)} left")
    return "  ".join([head, *parts])


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
