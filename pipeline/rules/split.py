"""Where articles start in the bytes of a dump, and how a dump is cut there.

A start depends on no more than CONTEXT bytes on either side of it, never on what was read before. So
a reader that begins anywhere in a dump finds the very starts that one reading from byte 0 finds:

    dump     [ page furniture | Headline .. Updated .. body | Headline .. Updated .. body ]
    starts   ^0               ^120                          ^3180

Byte 0 always counts as a start: what stands before the first article there belongs to none.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from dateline.pipeline.elements import Spans
from dateline.pipeline.rules.anchors import anchors, stamps
from dateline.pipeline.rules.known_units import KnownUnits, Unit, digest_of
from dateline.pipeline.rules.line_kinds import code_of, line_of
from dateline.pipeline.rules.line_table import LineTable
from dateline.pipeline.rules.page_days import PageDays
from dateline.pipeline.rules.plain_header import plain_spans, spans_of
from dateline.pipeline.rules.text import WHITE_SPACE, unify_newlines
from dateline.pipeline.rules.windows import MAX_WINDOW_BYTES, Zone, starts_in

CONTEXT = 4 * MAX_WINDOW_BYTES
"""Bytes on either side of a start that decide on it: the lines of its group of anchors, and those around it."""

MAX_EMPTY = 25
"""Empty lines across which the top of a page is looked for, above a plain header."""

CHUNK = 2 << 20
"""Bytes read at once: few enough to stay in a processor's cache while they are looked at."""


class Cut(NamedTuple):
    """The bytes from one article start to the next, or to the end of the dump."""

    start: int
    """Where it starts, in bytes of the dump."""
    end: int
    """One past its last byte."""
    data: bytes | None
    """The bytes, newlines unified; None where they are more than the limit."""
    header: Spans | None = None
    """Where its header's parts stand, if it is a plain one; offsets in other bytes, from which it was cut. None also where
    these bytes were read before."""
    digest: bytes = b""
    """Of its bytes without the white space around them, where it begins with a plain header and was taken already."""
    page_day: date | None = None
    """The day of the crawl that the top of its page tells, if the cut itself has a relative stamp and no day."""


def find_starts(data: bytes, at_start: bool, known: KnownUnits | None = None) -> dict[int, Unit | None]:
    """The offsets in `data` at which an article starts, rising, and the units of those that have a plain header.

    Within CONTEXT bytes of an end of `data` that is no end of the dump, starts may be missing or wrong:
    the caller passes them over.

    Args:
        data: bytes of a dump, newlines unified.
        at_start: whether data begins where a line begins (at byte 0 of the dump, say). If not, the first
            line is taken for a partial one.
        known: units that need not be looked at, to which those that are found are added; by default all are looked at.
    """
    known = known or KnownUnits()
    lead_in = b"\n\n\n" if at_start else b""  # the first line stands behind empty ones
    text = lead_in + data
    shift = -len(lead_in)
    table = LineTable(text, at_start)
    plain = _PlainZones(text, table, known)
    others = [line for line in stamps(text, table) if not plain.has(int(table.starts[line]))]
    lines = sorted({*others, *anchors(text, table, plain.quiet_zones)})
    found = starts_in(text, table, lines, plain.zones, at_start)
    starts = sorted({*plain.found, *found})
    for start, end in pairwise(starts):
        unit = plain.found.get(start)
        if unit and unit.spans and end == start + unit.size and end in plain.found:
            known.add(text, start, unit)
    return {start + shift: plain.found.get(start) for start in starts}


class _PlainZones:
    """The plain headers of a piece of a dump, asked for by their stamps."""

    def __init__(self, text: bytes, table: LineTable, known: KnownUnits) -> None:
        self._text = text
        self._known = known
        tops = table.behind_empty(2)
        tops = tops[tops > 2]
        self._starts: list[int] = table.starts[tops].tolist()
        self._lines: list[int] = tops.tolist()
        self._table = table
        self._asked = self._end = -1
        self.found: dict[int, Unit] = {}
        """Those that were asked for, by their starts, rising; none reaches into another."""

    @property
    def zones(self) -> list[Zone]:
        return [(start, start + unit.body) for start, unit in self.found.items()]

    @property
    def quiet_zones(self) -> list[Zone]:
        """The same with the bodies of known units: in these nothing starts."""
        return [
            (start, start + (unit.body if unit.spans or start + unit.size not in self.found else unit.size))
            for start, unit in self.found.items()
        ]

    def _above(self, line: int) -> bytes | None:
        """The line above the empty ones above a line; empty where there are too many of them, None where it stands
        twice: then it may be a caption that the header begins with."""
        for other in range(line - 3, max(-1, line - MAX_EMPTY), -1):
            found = self._table.line(other)
            if line_of(found).strip():
                twice = other and found.strip() == self._table.line(other - 1).strip()
                return None if twice or self._is_below_a_top(other, found) else found
        return b""

    def _is_below_a_top(self, line: int, text: bytes) -> bool:
        """Whether a short line may be the rest of a page's top, which belongs to the header below."""
        if code_of(line_of(text)) not in "hg":
            return False
        return any(
            code_of(line_of(self._table.line(other))) in "dvyom" for other in range(max(0, line - 4), line)
        )

    def has(self, stamp: int) -> bool:
        """Whether a plain header behind two empty lines has its stamp line at this byte, or again its second."""
        if stamp < self._end:
            return True
        place = bisect_left(self._starts, stamp) - 1
        if place < 0 or place == self._asked:
            return False  # only the first stamp below the empty lines can be that of a header there
        self._asked = place
        above = self._above(self._lines[place])
        if above is None:
            return False
        unit = self._unit(place, stamp, above)
        if unit is None:
            return False
        start = self._starts[place]
        self.found[start] = unit
        self._end = start + unit.body
        return True

    def _unit(self, place: int, stamp: int, above: bytes) -> Unit | None:
        """The unit behind two empty lines, if it begins with a plain header that has its stamp line at `stamp`."""
        text, start = self._text, self._starts[place]
        end = self._starts[place + 1] if place + 1 < len(self._starts) else len(text)
        data = text[start:end].rstrip(WHITE_SPACE)
        digest = digest_of(data)
        if unit := self._known.find(text, start, end, stamp, data, digest, above):
            return unit
        spans = plain_spans(text, start, stamp, above)
        return Unit(end - start, spans[0][1] - start, digest, spans) if spans else None


def cut_range(
    read: Callable[[int, int], bytes],
    begin: int,
    claim: Callable[[int], bool],
    max_block_bytes: int,
    chunk: int = CHUNK,
    records: Sequence[int] = (),
    known: KnownUnits | None = None,
) -> Iterator[Cut]:
    """The articles that start in one byte range of a dump, in order.

    Args:
        read: read(offset, n) returns up to n bytes of the dump there; b"" at its end.
        begin: where the range begins. If it is 0, byte 0 is a start.
        claim: asked with each start, rising; False says that it lies behind the range, and ends it.
        max_block_bytes: longer articles are yielded without their bytes.
        chunk: bytes read at once.
        records: where records begin, rising: an article never reaches over these.
        known: what the reader found before, and adds to; by default every header is read, and its spans are given.
    """
    cuts_from = partial(_cuts, read, max_block_bytes, chunk, records, known)

    def above(start: int, end: int) -> Iterator[tuple[int, bytes | None]]:
        for cut in cuts_from(start, lambda at: at < end):
            yield cut.start, cut.data

    days = PageDays(above, records)
    for cut in cuts_from(begin, claim):
        day = days.of(cut.start, cut.data, cut.header is not None or bool(cut.digest))
        yield cut if day is None else cut._replace(page_day=day)


def _cuts(
    read: Callable[[int, int], bytes], max_block_bytes: int, chunk: int, records: Sequence[int],
    known: KnownUnits | None, begin: int, claim: Callable[[int], bool],
) -> Iterator[Cut]:  # fmt: skip
    """What cut_range() yields, but for the days of the pages."""
    base = max(0, begin - CONTEXT - 1)  # offset of buffer[0]
    buffer = b""
    decided = begin  # all starts before this one are known
    opened: int | None = None  # start of the article under way
    unit: Unit | None = None  # its plain header
    kept = True  # whether the buffer still holds it from there
    while True:
        at = base + len(buffer)
        new = read(at, chunk)
        if new.endswith(b"\r"):  # never part a CR from its LF
            new += read(at + len(new), 1)
        last = not new
        buffer = unify_newlines(buffer + new) if new else buffer
        limit = base + len(buffer) if last else base + len(buffer) - CONTEXT
        if limit > decided:
            scan = max(0, decided - CONTEXT - 1 - base)  # an open article may begin long before
            found = find_starts(buffer[scan:] if scan else buffer, base + scan == 0, known)
            starts = {base + scan + start: unit for start, unit in found.items()}
            if decided == 0:
                starts = {0: None, **starts}  # whether or not a header stands there
            if records:
                ends = records[bisect_left(records, decided) : bisect_left(records, limit)]
                starts = {start: starts.get(start) for start in sorted({*starts, *ends})}
            for start, below in starts.items():
                if not decided <= start < limit:
                    continue
                if opened is not None:
                    yield _cut(buffer, base, opened, start, kept, max_block_bytes, unit)
                    opened = None
                if not claim(start):
                    return
                opened, kept, unit = start, True, below
            decided = limit
        if last:
            if opened is not None:
                yield _cut(buffer, base, opened, base + len(buffer), kept, max_block_bytes, unit)
            return
        if opened is not None and limit - opened > max_block_bytes:
            kept = False
        keep = max(base, decided - CONTEXT - 1)
        if opened is not None and kept:
            keep = min(keep, opened)
        buffer = buffer[keep - base :]
        base = keep


def _cut(buffer: bytes, base: int, start: int, end: int, kept: bool, limit: int, unit: Unit | None) -> Cut:
    data = buffer[start - base : end - base] if kept and end - start <= limit else None
    if unit is None:
        return Cut(start, end, data)
    if unit.size != end - start:
        return Cut(start, end, data, unit.spans or spans_of(buffer, start - base))
    return Cut(start, end, data, unit.spans, unit.digest)
