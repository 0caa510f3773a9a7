"""JSON Lines: one page a line. A line over the limit is passed over, not held."""

import io
import json
from collections.abc import Iterator
from typing import IO

from dateline.pipeline.elements import Part
from dateline.pipeline.inputs.formats import open_unpacked
from dateline.pipeline.inputs.records import (
    KEPT_BYTES,
    Account,
    Columns,
    Entry,
    crawl_day,
    first_of,
    look_for,
    text_of,
    too_large,
    unusable,
    url_of,
)
from dateline.pipeline.inputs.streams import Bounds, Tell, Unpacked, tell_nobody
from dateline.pipeline.store.files import open_file

SKIP_BYTES = 1 << 18
"""Bytes of a long line that are passed over at once."""
MAX_VALUES = 1 << 20
"""Values of a line, about: three bytes of JSON are 72 of an empty list."""


def json_lines(
    part: Part, columns: Columns, bounds: Bounds, account: Account, tell: Tell = tell_nobody
) -> Iterator[Entry]:
    """The lines that start in a part; those of white space only are none."""
    if part.compression:
        at, counted = 0, Counted(open_unpacked(part, bounds, tell))
    else:
        with open_file(part.path, part.pin, stop=0) as edges:
            span = _lines_between(edges, part)
        if span is None:
            return
        at, end = account.first, account.end = span
        file = open_file(part.path, part.pin, stop=end)
        file.seek(at)
        counted = Counted(Unpacked(file, "", tell=tell), end - at)
    with io.BufferedReader(counted, 1 << 20) as reader:
        while line := reader.readline(bounds.record_bytes + 1):
            size, blank = len(line), not line.strip()
            long = size > bounds.record_bytes and not line.endswith(b"\n")
            if long:
                line = line[:KEPT_BYTES]
                while more := reader.readline(SKIP_BYTES):
                    size += len(more)
                    if blank and more.strip():
                        line, blank = more, False
                    if more.endswith(b"\n"):
                        break
            if blank:
                account.blank += size
            elif long:
                yield too_large(f"#{at}", size, line, size, bounds.record_bytes)
            else:
                yield _entry(f"#{at}", line, columns, bounds, account)
            at += size
    account.held, account.size = counted.lines, counted.size


def _entry(place: str, line: bytes, columns: Columns, bounds: Bounds, account: Account) -> Entry:
    size = len(line)
    if size > MAX_VALUES and sum(map(line.count, (b",", b"[", b"{"))) > MAX_VALUES:
        return unusable(place, size, line, f"more than {MAX_VALUES:,} values", "record_too_large")
    try:
        row = json.loads(line)
        if isinstance(row, dict):
            look_for(row, columns, account)
        text = first_of(row, columns.text, text_of) if isinstance(row, dict) else None
    except (ValueError, RecursionError) as error:
        return unusable(place, size, line, f"no JSON of UTF-8: {error}")
    if text is None:
        return unusable(place, size, line, f"expected an object with text under {' or '.join(columns.text)}")
    day = crawl_day(row, columns, bounds, account)
    return Entry(place, size, text, first_of(row, columns.url, url_of), day)


def _lines_between(file: IO[bytes], part: Part) -> tuple[int, int] | None:
    """The first byte of the first line that starts in a part, and the one behind its last line; None where none does.

    A line is looked for within the part only, so that one over many parts is not gone through for each of them.
    """
    first = _line_start(file, part.start, part.stop)
    return None if first is None else (first, _line_start(file, part.stop, part.size) or part.size)


def _line_start(file: IO[bytes], at: int, stop: int) -> int | None:
    """The first line that starts at a byte or behind it, before another; None where none does."""
    if not at:
        return 0
    at -= 1  # where the newline before it may stand
    file.seek(at)
    while at < stop - 1 and (data := file.read(min(SKIP_BYTES, stop - 1 - at))):
        found = data.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(data)
    return None


class Counted(io.RawIOBase):
    """Bytes that are counted as they come by, and the lines among them that hold something."""

    def __init__(self, inner: Unpacked, size: int | None = None) -> None:
        """
        Args:
            inner: where they come from.
            size: how many there are; None for all.
        """
        self._inner = inner
        self._left = size
        self._open = False
        self.lines = 0
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        out = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if self._left is not None:
            out = out[: self._left]
        size = self._inner.readinto(out)
        if self._left is not None:
            self._left -= size
        self.size += size
        first, *others = (len(line) > 0 and not line.isspace() for line in bytes(out[:size]).split(b"\n"))
        # A line may have begun in the bytes before; it is counted once.
        self.lines += (first and not self._open) + sum(others)
        self._open = others[-1] if others else first or self._open
        return size

    def close(self) -> None:
        self._inner.close()
        super().close()
