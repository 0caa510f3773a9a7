"""Where articles start in the bytes of a dump, and how a dump is cut there.

A start depends on no more than CONTEXT bytes on either side of it, never on what was read before. So
a reader that begins anywhere in a dump finds the very starts that one reading from byte 0 finds:

    dump     [ page furniture | Headline .. Updated .. body | Headline .. Updated .. body ]
    starts   ^0               ^120                          ^3180

Byte 0 always counts as a start: what stands before the first article there belongs to none.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

from dateline.pipeline.elements import Piece
from dateline.pipeline.rules.anchors import anchors, may_be_stamps
from dateline.pipeline.rules.known_units import KnownUnits, Unit
from dateline.pipeline.rules.line_table import LineTable
from dateline.pipeline.rules.page_days import PageDays
from dateline.pipeline.rules.plain_header import spans_of
from dateline.pipeline.rules.plain_units import PlainUnits
from dateline.pipeline.rules.text import WHITE_SPACE, unify_newlines
from dateline.pipeline.rules.windows import MAX_WINDOW_BYTES, starts_in

CONTEXT = 4 * MAX_WINDOW_BYTES
"""Bytes on either side of a start that decide on it: the lines of its group of anchors, and those around it."""

CHUNK = 2 << 20
"""Bytes read at once: few enough to stay in a processor's cache while they are looked at."""


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
    plain = PlainUnits(text, table, may_be_stamps(table), known)
    lines = sorted({*plain.other_stamps, *anchors(text, table, plain.quiet_zones)})
    found = starts_in(text, table, lines, plain.zones, at_start, known.windows)
    starts = sorted({*plain.found, *found}) if found else list(plain.found)
    for start, end in pairwise(starts):
        unit = plain.found.get(start)
        if unit and unit.spans and end == start + unit.size and end in plain.found:
            known.add(start, unit)
    return {start + shift: plain.found.get(start) for start in starts}


def cut_range(
    read: Callable[[int, int], bytes],
    begin: int,
    claim: Callable[[int], bool],
    max_block_bytes: int,
    chunk: int = CHUNK,
    records: Sequence[int] = (),
    known: KnownUnits | None = None,
    dump: int = 0,
) -> Iterator[Piece]:
    """The articles that start in one byte range of a dump, in order: each the bytes from one start to the next, or to the end
    of the dump.

    Args:
        read: read(offset, n) returns up to n bytes of the dump there; b"" at its end.
        begin: where the range begins. If it is 0, byte 0 is a start.
        claim: asked with each start, rising; False says that it lies behind the range, and ends it.
        max_block_bytes: longer articles are yielded without their bytes.
        chunk: bytes read at once.
        records: where records begin, rising: an article never reaches over these.
        known: what the reader found before, and adds to; by default every header is read, and its spans are given.
        dump: the number of the dump.
    """
    pieces_from = partial(_pieces, read, max_block_bytes, chunk, records, known, dump)

    def above(start: int, end: int) -> Iterator[Piece]:
        return pieces_from(start, lambda at: at < end)

    return PageDays(above, records).dated(pieces_from(begin, claim))


def _pieces(
    read: Callable[[int, int], bytes], max_block_bytes: int, chunk: int, records: Sequence[int],
    known: KnownUnits | None, dump: int, begin: int, claim: Callable[[int], bool],
) -> Iterator[Piece]:  # fmt: skip
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
                    yield _piece(dump, buffer, base, opened, start, kept, max_block_bytes, unit)
                    opened = None
                if not claim(start):
                    return
                opened, kept, unit = start, True, below
            decided = limit
        if last:
            if opened is not None:
                yield _piece(dump, buffer, base, opened, base + len(buffer), kept, max_block_bytes, unit)
            return
        if opened is not None and limit - opened > max_block_bytes:
            kept = False
        keep = max(base, decided - CONTEXT - 1)
        if opened is not None and kept:
            keep = min(keep, opened)
        buffer = buffer[keep - base :]
        base = keep


def _piece(
    dump: int, buffer: bytes, base: int, start: int, end: int, kept: bool, limit: int, unit: Unit | None
) -> Piece:
    if not kept or end - start > limit:
        return Piece(dump, start, end, None)
    if unit and unit.size == end - start:
        return Piece(dump, start, end, unit.data, unit.spans, unit.digest, None, unit.is_common)
    data = buffer[start - base : end - base].rstrip(WHITE_SPACE)
    return Piece(dump, start, end, data, unit and (unit.spans or spans_of(data)))
