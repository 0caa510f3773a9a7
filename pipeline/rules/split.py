"""Where articles start in the bytes of a dump, and how a dump is cut there.

A start depends on no more than CONTEXT bytes on either side of it, never on what was read before. So
a reader that begins anywhere in a dump finds the very starts that one reading from byte 0 finds:

    dump     [ page furniture | Headline .. Updated .. body | Headline .. Updated .. body ]
    starts   ^0               ^120                          ^3180

Byte 0 always counts as a start: what stands before the first article there belongs to none.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pipeline.rules.anchors import ANCHOR_WORDS, ANCHORS, Zone, stampless_starts
from pipeline.rules.dates import STAMP_LINE
from pipeline.rules.layout import MAX_HEADER_BYTES, MAX_LINES_ABOVE, find_header, is_barred, only_furniture
from pipeline.rules.lines import line_of
from pipeline.rules.plain import Spans, plain_spans
from pipeline.rules.table import SPACE, LineTable, pairs_of
from pipeline.rules.text import unify_newlines

CONTEXT = 4 * MAX_HEADER_BYTES
"""Bytes on either side of a start that decide on it: its header above the stamp and below it, and the
same of the header before it, which may own the stamp (C prints its stamp twice)."""

MAX_FURNITURE_LINES = 15
MAX_FURNITURE_BYTES = 4 * 1024
"""Lines and bytes between a crawler's line and the header it announces, at most."""

CHUNK = 2 << 20
"""Bytes read at once: few enough to stay in a processor's cache while they are looked at."""

_ANCHOR = re.compile(
    SPACE + rb"(?:"
    rb"(?P<stamp>" + STAMP_LINE.encode() + rb")" + SPACE + rb"(?=\n|\Z)"
    rb"|(?P<crawl>date \d{4}-\d\d-\d\d)(?=[ \n]|\Z)" + ANCHORS + rb")"
)
_ANCHOR_PAIRS = pairs_of((b"Updated", b"Published", b"Publi\xc3\xa9", b"date", *ANCHOR_WORDS), any_space=True)

_NARROW = (4096, 12, 16)
_WIDE = (MAX_HEADER_BYTES, MAX_LINES_ABOVE + 1, 50)
"""How far around a stamp its header is looked for: bytes, lines above, lines below."""


class Cut(NamedTuple):
    """The bytes from one article start to the next, or to the end of the dump."""

    start: int
    """Where it starts, in bytes of the dump."""
    end: int
    """One past its last byte."""
    data: bytes | None
    """The bytes, newlines unified; None where they are more than the limit."""
    header: Spans | None = None
    """Where its header's parts stand, if it is a plain one; offsets in other bytes, from which it was cut."""


def find_starts(data: bytes, at_start: bool) -> dict[int, Spans | None]:
    """The offsets in `data` at which an article starts, rising, and the plain headers of those that have one.

    Within CONTEXT bytes of an end of `data` that is no end of the dump, starts may be missing or wrong:
    the caller passes them over.

    Args:
        data: bytes of a dump, newlines unified.
        at_start: whether data begins where a line begins (at byte 0 of the dump, say). If not, the first
            line is taken for a partial one.
    """
    lead_in = b"\n\n\n" if at_start else b""  # the first line stands behind empty ones
    text = lead_in + data
    shift = -len(lead_in)
    table = LineTable(text, at_start)
    plain = _PlainZones(text, table)
    starts: set[int] = set()
    zones: list[Zone] = []  # of every header that has a stamp
    others: list[tuple[str, int]] = []
    crawls: list[int] = []
    previous = covered = 0
    for at in table.starts[table.beginning(_ANCHOR_PAIRS)].tolist():
        match = _ANCHOR.match(text, at)
        if match is None:
            continue
        if match.lastgroup == "crawl":
            crawls.append(at)
            continue
        if match.lastgroup != "stamp":
            others.append((match.lastgroup or "", at))
            continue
        above = max(previous, at - MAX_HEADER_BYTES)
        previous = at  # a header has one stamp above its headline
        if at < covered:
            continue  # the header before prints its stamp twice
        zone = plain.of(at) or _header_zone(text, at, above)
        if zone:
            starts.add(zone[0])
            covered = zone[1]
            zones.append(zone)
    starts |= stampless_starts(text, table, others, zones, plain.zones)
    headers = sorted(starts)
    for at in crawls:
        if _inside(zones, at):
            continue
        announced = headers[bisect_right(headers, at) : bisect_left(headers, at + MAX_FURNITURE_BYTES)]
        for header in announced:
            if not _only_furniture(text, at, header):
                break
            starts.discard(header)
        starts.add(at)
    return {start + shift: plain.found.get(start) for start in sorted(starts)}


class _PlainZones:
    """The plain headers of a piece of a dump, asked for by their stamps."""

    def __init__(self, text: bytes, table: LineTable) -> None:
        self._text = text
        tops = table.behind_empty(2)
        tops = tops[tops > 2]  # the line above the empty ones is here, too
        self._starts: list[int] = table.starts[tops].tolist()
        self._above: list[int] = table.starts[tops - 3].tolist()
        self._asked = -1
        self.found: dict[int, Spans] = {}
        """Those that were asked for, by their starts, rising; none reaches into another."""

    @property
    def zones(self) -> list[Zone]:
        return [spans[0] for spans in self.found.values()]

    def of(self, stamp: int) -> Zone | None:
        """The plain header with its stamp line at this byte, if there is one behind two empty lines."""
        place = bisect_left(self._starts, stamp) - 1
        if place < 0 or place == self._asked:
            return None  # only the first stamp below the empty lines can be that of a header there
        self._asked = place
        begin = self._above[place]
        above = self._text[begin : self._text.find(b"\n", begin)]
        spans = plain_spans(self._text, self._starts[place], stamp, above)
        if spans is None:
            return None
        self.found[self._starts[place]] = spans
        return spans[0]


def _inside(zones: Sequence[Zone], at: int) -> bool:
    """Whether a header that has a stamp reaches over a line."""
    near = zones[bisect_left(zones, (at - MAX_HEADER_BYTES,)) : bisect_left(zones, (at + MAX_HEADER_BYTES,))]
    return any(start <= at < end for start, end in near)


def _header_zone(text: bytes, stamp: int, above: int) -> tuple[int, int] | None:
    """Start and end, in bytes, of the header whose stamp line starts at `stamp`.

    Nearly every header is decided by a few lines, so only these are decoded at first; the wide look is for
    those that reach the edge of the narrow one.
    """
    for reach, lines_above, lines_below in _NARROW, _WIDE:
        begin = max(above, stamp - reach)
        head = text[begin:stamp]
        if begin and text[begin - 1 : begin] != b"\n":
            head = head[head.find(b"\n") + 1 :] if b"\n" in head else b""
        rows = head.split(b"\n")[-lines_above - 1 : -1]
        at = len(rows)
        rows += text[stamp : stamp + reach].split(b"\n", lines_below)
        lines = [line_of(row) for row in rows]
        header = find_header(lines, at)
        if reach < MAX_HEADER_BYTES:
            whole = begin == above and at < lines_above
            first, last = (header.start, header.end) if header else (at, at)
            if last > len(lines) - 5 or not (whole or is_barred(lines[:first])):
                continue
        if header is None:
            return None
        start = stamp - sum(len(row) + 1 for row in rows[header.start : at])
        return start, stamp + sum(len(row) + 1 for row in rows[at : header.end])
    return None


def _only_furniture(text: bytes, crawl: int, header: int) -> bool:
    """Whether nothing but furniture stands between a crawler's line and a header below it."""
    rows = text[crawl:header].split(b"\n")[:-1]
    return len(rows) <= MAX_FURNITURE_LINES and only_furniture([line_of(row) for row in rows])


def cut_range(
    read: Callable[[int, int], bytes],
    begin: int,
    claim: Callable[[int], bool],
    max_block_bytes: int,
    chunk: int = CHUNK,
    records: Sequence[int] = (),
) -> Iterator[Cut]:
    """The articles that start in one byte range of a dump, in order.

    Args:
        read: read(offset, n) returns up to n bytes of the dump there; b"" at its end.
        begin: where the range begins. If it is 0, byte 0 is a start.
        claim: asked with each start, rising; False says that it lies behind the range, and ends it.
        max_block_bytes: longer articles are yielded without their bytes.
        chunk: bytes read at once.
        records: where records begin, rising: an article never reaches over these.
    """
    base = max(0, begin - CONTEXT - 1)  # offset of buffer[0]
    buffer = b""
    decided = begin  # all starts before this one are known
    opened: int | None = None  # start of the article under way
    header: Spans | None = None  # its plain header
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
            found = find_starts(buffer[scan:] if scan else buffer, base + scan == 0)
            starts = {base + scan + start: spans for start, spans in found.items()}
            if decided == 0:
                starts = {0: None, **starts}  # whether or not a header stands there
            if records:
                ends = records[bisect_left(records, decided) : bisect_left(records, limit)]
                starts = {start: starts.get(start) for start in sorted({*starts, *ends})}
            for start, spans in starts.items():
                if not decided <= start < limit:
                    continue
                if opened is not None:
                    yield _cut(buffer, base, opened, start, kept, max_block_bytes, header)
                    opened = None
                if not claim(start):
                    return
                opened, kept, header = start, True, spans
            decided = limit
        if last:
            if opened is not None:
                yield _cut(buffer, base, opened, base + len(buffer), kept, max_block_bytes, header)
            return
        if opened is not None and limit - opened > max_block_bytes:
            kept = False
        keep = max(base, decided - CONTEXT - 1)
        if opened is not None and kept:
            keep = min(keep, opened)
        buffer = buffer[keep - base :]
        base = keep


def _cut(buffer: bytes, base: int, start: int, end: int, kept: bool, limit: int, header: Spans | None) -> Cut:
    data = buffer[start - base : end - base] if kept and end - start <= limit else None
    return Cut(start, end, data, header)
