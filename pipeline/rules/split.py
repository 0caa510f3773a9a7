"""Where articles start in the bytes of a dump, and how a dump is cut there.

A start depends on no more than CONTEXT bytes on either side of it, never on what was read before. So
a reader that begins anywhere in a dump finds the very starts that one reading from byte 0 finds. Nothing is read across a
plain header, so the next bytes are looked at from the last one that is sure.

    dump     [ page furniture | Headline .. Updated .. body | Headline .. Updated .. body ]
    starts   ^0               ^120                          ^3180

Byte 0 always counts as a start: what stands before the first article there belongs to none.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, takewhile

from dateline.pipeline.elements import Piece, new_tuple
from dateline.pipeline.rules.anchors import anchors, may_be_stamps
from dateline.pipeline.rules.known_units import KnownUnits, Unit
from dateline.pipeline.rules.line_table import LineTable
from dateline.pipeline.rules.page_days import PageDays
from dateline.pipeline.rules.plain_header import known_parts
from dateline.pipeline.rules.plain_units import PlainUnits
from dateline.pipeline.rules.text import WHITE_SPACE, unify_newlines
from dateline.pipeline.rules.windows import MAX_WINDOW_BYTES, starts_in

CONTEXT = 4 * MAX_WINDOW_BYTES
"""Bytes on either side of a start that decide on it: the lines of its group of anchors, and those around it."""

TOP = b"\n\n\n"
"""What stands above a line that nothing above matters to: empty lines."""

CHUNK = 2 << 20
"""Bytes read at once: few enough to stay in a processor's cache while they are looked at."""


def find_starts(
    text: bytes, at_start: bool, known: KnownUnits | None = None, offset: int = 0
) -> dict[int, Unit | None]:
    """The offsets at which an article starts, rising, and the units of those that have a plain header.

    Within CONTEXT bytes of an end of the text that is no end of the dump, starts may be missing or wrong:
    the caller passes them over. But down to a start that last_sure() gives all are right.

    Args:
        text: bytes of a dump, newlines unified.
        at_start: whether it begins with TOP, and nothing above matters: at byte 0 of the dump, or at a plain header. If
            not, the first line is taken for a partial one.
        known: units that need not be looked at, to which those that are found are added; by default all are looked at.
        offset: where the text begins in the dump.
    """
    known = known or KnownUnits()
    table = LineTable(text, at_start)
    plain = PlainUnits(text, table, may_be_stamps(table), known)
    lines = sorted({*plain.other_stamps, *anchors(text, table, plain.quiet_zones)})
    others = starts_in(text, table, lines, plain.zones, at_start, known.windows)
    starts = sorted({*plain.found, *others}) if others else list(plain.found)
    units = list(map(plain.found.get, starts))
    for start, end, unit in zip(starts, [*starts[1:], -1], units, strict=False):
        if not unit or not unit.header or end != start + unit.size:
            continue
        if end in plain.found or _is_quiet(table, lines, start + unit.body, end):
            known.add(unit)
    return dict(zip([start + offset for start in starts], units, strict=True))


def last_sure(starts: dict[int, Unit | None], end: int) -> int | None:
    """The last start that stays one whatever the bytes below are, and parts what stands above from what stands below; None if
    there is none.

    It has a plain header. Only some lines above decide on it, and some below, which are at hand. Nothing is read across
    it: neither do starts above it depend on bytes below these lines, nor those below it on bytes above it.

    Args:
        starts: those in some bytes of a dump, as of find_starts().
        end: where these bytes end.
    """
    for start, unit in reversed(starts.items()):
        if unit and start + max(unit.body + MAX_WINDOW_BYTES, unit.size + 1) <= end:
            return start
    return None


def _is_quiet(table: LineTable, anchors: Sequence[int], body: int, end: int) -> bool:
    """Whether no anchor is in a body: then nothing starts there above any plain header."""
    first, behind = table.starts.searchsorted([body, end]).tolist()
    return bisect_left(anchors, first) == bisect_left(anchors, behind)


def cut_range(
    read: Callable[[int, int], bytes],
    begin: int,
    claim: Callable[[int], bool],
    max_block_bytes: int,
    chunk: int = CHUNK,
    records: Sequence[int] = (),
    known: KnownUnits | None = None,
    dump: int = 0,
) -> Iterator[list[Piece]]:
    """The articles that start in one byte range of a dump, in order, those that end in one chunk together: each the bytes from
    one start to the next, or to the end of the dump.

    Args:
        read: read(offset, n) returns up to n bytes of the dump there; b"" at its end.
        begin: where the range begins. If it is 0, byte 0 is a start.
        claim: whether a start lies in the range; if it does, all before it do. Asked with the last start of each chunk, and
            with others only where that one lies behind the range.
        max_block_bytes: longer articles are yielded without their bytes.
        chunk: bytes read at once.
        records: where records begin, rising: an article never reaches over these.
        known: what the reader found before, and adds to; by default every header is read, and given.
        dump: the number of the dump.
    """
    pieces_from = partial(_pieces, read, max_block_bytes, chunk, records, known, dump)

    def above(start: int, end: int) -> Iterator[Piece]:
        return chain.from_iterable(pieces_from(start, lambda at: at < end))

    return map(PageDays(above, records).dated, pieces_from(begin, claim))


def _pieces(
    read: Callable[[int, int], bytes], max_block_bytes: int, chunk: int, records: Sequence[int],
    known: KnownUnits | None, dump: int, begin: int, claim: Callable[[int], bool],
) -> Iterator[list[Piece]]:  # fmt: skip
    """What cut_range() yields, but for the days of the pages."""
    base = begin - CONTEXT - 1  # offset of buffer[0]
    buffer = b""
    is_top = base <= 0  # whether the buffer begins with TOP, in place of what stands there
    if is_top:
        base, buffer = -len(TOP), TOP
    decided = begin  # all starts before this one are known
    opened: dict[int, Unit | None] = {}  # the article under way: where it starts, and its plain header
    while True:
        at = base + len(buffer)
        new = read(at, chunk)
        if new.endswith(b"\r"):  # never part a CR from its LF
            new += read(at + len(new), 1)
        last = not new
        buffer = b"".join((buffer, unify_newlines(new)))
        end = base + len(buffer)
        limit = end if last else end - CONTEXT
        sure = None
        if limit > decided:
            scan = decided - CONTEXT - 1  # an open article may begin long before
            if scan <= base + (len(TOP) if is_top else 0):
                scan = base
            starts = find_starts(buffer[scan - base :], is_top and scan == base, known, scan)
            sure = None if last else last_sure(starts, end)
            if sure is not None:
                limit = max(limit, sure + 1)
            if decided == 0:
                starts = {0: None, **starts}  # whether or not a header stands there
            if records:
                ends = records[bisect_left(records, decided) : bisect_left(records, limit)]
                starts = {start: starts.get(start) for start in sorted({*starts, *ends})}
            found = [start for start in starts if decided <= start < limit]
            claimed = found if not found or claim(found[-1]) else list(takewhile(claim, found))
            units = {**opened, **{start: starts[start] for start in claimed}}
            bounds = [*opened, *found[: len(claimed) + 1]]
            if len(bounds) > 1:
                yield _pieces_between(dump, buffer, base, bounds, units, max_block_bytes)
            if len(claimed) < len(found):
                return
            opened = dict([units.popitem()]) if units else {}
            decided = limit
        if last:
            if opened:
                yield _pieces_between(dump, buffer, base, [*opened, end], opened, max_block_bytes)
            return
        start = next(iter(opened), limit)
        if sure is not None and sure == start:
            base, buffer, is_top = sure - len(TOP), TOP + buffer[sure - base :], True
            continue
        keep = decided - CONTEXT - 1
        if limit - start <= max_block_bytes:
            keep = min(keep, start)
        if keep > base + (len(TOP) if is_top else 0):
            base, buffer, is_top = keep, buffer[keep - base :], False


def _pieces_between(
    dump: int, buffer: bytes, base: int, bounds: list[int], units: dict[int, Unit | None], limit: int
) -> list[Piece]:
    """The pieces between each two starts.

    Args:
        dump: its number.
        buffer: bytes of it, all of each piece of at most `limit` bytes.
        base: where they stand in it.
        bounds: the starts, rising, and the end of the last piece.
        units: the plain unit at each start, if there is one.
        limit: longer pieces are without their bytes.
    """
    return [
        new_tuple(Piece, (dump, start, end, unit.data, unit.header, unit.digest, None, unit.is_common))
        if unit and unit.size == end - start <= limit
        else _piece(dump, buffer, base, start, end, limit, unit)
        for (start, unit), end in zip(units.items(), bounds[1:], strict=False)
    ]


def _piece(dump: int, buffer: bytes, base: int, start: int, end: int, limit: int, unit: Unit | None) -> Piece:
    """A piece that is not just a plain unit."""
    if end - start > limit:
        return Piece(dump, start, end, None)
    data = buffer[start - base : end - base].rstrip(WHITE_SPACE)
    return Piece(dump, start, end, data, unit and (unit.header or known_parts(data)))
