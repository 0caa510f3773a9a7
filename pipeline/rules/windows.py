"""From anchors to article starts: each group of anchors is read together with the lines around it.

    ..body of another article
    _                                      lines above the first anchor of the group
    _
    Ferry returns to the harbor            <- the start
    Short Url                              anchor
    Updated 07 September 2023              anchor
    Ferry returns to the harbor            lines below its last
    KYIV: The ferry left ..

What is found depends on no more than these lines, never on what was found before.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from dateline.pipeline.rules.anchors import BODY_LINES, NEAR
from dateline.pipeline.rules.header import Part, parts_of
from dateline.pipeline.rules.known_units import digest_of
from dateline.pipeline.rules.known_windows import Found, KnownWindows, is_plain_text
from dateline.pipeline.rules.line_forms import Line, lines_of
from dateline.pipeline.rules.line_kinds import code_of, line_of, texts_of
from dateline.pipeline.rules.line_table import LineTable, Zones
from dateline.pipeline.rules.reading import read

USUAL, OF_A_LIST, DENSE = (30, 20), (120, 20), (31, 20)
"""Lines above the first anchor of a group and below its last that are read; the same of a list, and where there is no
end of anchors, so that each is read by itself."""
ITEMS, ITEM_LINES = 3, 4
"""Items that a round-up has at least, and how many lines below the one before each starts, at most."""
MAX_GROUP_LINES = 150
"""Lines of a group; in a longer one each anchor is read by itself."""
MAX_WINDOW_BYTES = 16 * 1024
"""Bytes of a group, and of what is read above it and below it."""


def starts_in(
    text: bytes, table: LineTable, anchors: Sequence[int], zones: Zones, at_start: bool, known: KnownWindows
) -> set[int]:  # fmt: skip
    """The offsets at which the articles start that have no plain header, and the pages that are none.

    Args:
        text: lines parted by LF.
        table: its lines.
        anchors: numbers of lines, rising.
        zones: the plain headers.
        at_start: whether a dump begins where the text does.
        known: windows that need not be read.
    """
    starts: set[int] = set()
    if not anchors:
        return starts
    windows = _Windows(text, table, zones, at_start, known)
    for group in windows.groups(anchors):
        first, last = group[0], group[-1]
        if last - first > MAX_GROUP_LINES or windows.bytes_of(first, last) > MAX_WINDOW_BYTES:
            for anchor in group:
                starts.update(windows.starts(anchor, anchor, DENSE))
        else:
            starts.update(windows.starts(first, last, USUAL))
    return starts


class _Windows:
    """The stretches of a text that are read: between plain headers, never into them."""

    def __init__(
        self, text: bytes, table: LineTable, zones: Zones, at_start: bool, known: KnownWindows
    ) -> None:
        self._text, self._table, self._at_start, self._known = text, table, at_start, known
        starts = table.starts
        self._begins: list[int] = starts.searchsorted(zones[0]).tolist()
        self._ends: list[int] = starts.searchsorted(zones[1]).tolist()

    @cached_property
    def _sentences(self) -> bytes:
        return self._table.sentences()  # most pieces have no window

    def groups(self, anchors: Sequence[int]) -> Iterator[list[int]]:
        """Anchors that stand near each other, with no plain header between; none in such a header, or right below."""
        group: list[int] = []
        of_group = -1
        for anchor in anchors:
            zone = bisect_left(self._begins, anchor + 1) - 1
            if zone >= 0 and anchor <= self._ends[zone]:
                continue
            if group and (anchor - group[-1] > NEAR or zone != of_group):
                yield group
                group = []
            group.append(anchor)
            of_group = zone
        if group:
            yield group

    def bytes_of(self, first: int, last: int) -> int:
        return int(self._table.starts[last] - self._table.starts[first])

    def starts(self, first: int, last: int, reach: tuple[int, int]) -> Iterator[int]:
        """The offsets of the starts that the lines around a group of anchors show."""
        starts = self._table.starts
        zone = bisect_left(self._begins, first) - 1
        floor = self._ends[zone] if zone >= 0 else 0
        if reach is USUAL and (self._is_of_a_list(first) or (last != first and self._is_of_a_list(last))):
            reach = OF_A_LIST
        top, bottom = self._window(first, last, reach, floor, zone)
        gap = 0
        while top - 1 - gap >= 0 and gap < 3 and self._table.empty[top - 1 - gap]:
            gap += 1
        above = top - gap
        before = "body"
        if zone >= 0 and above <= floor:
            before = "bullet"  # right below a plain header
        elif self._at_start and above <= 0:
            before = "start"
        end = int(starts[bottom]) if bottom < len(starts) else len(self._text)
        near = last - top
        for begin, below, behind in found_in(self._text[int(starts[top]) : end], gap, before, self._known):
            if begin <= near and below >= first - top:
                near = max(near, below)  # what starts where a header ends is below a body that stood above it
                line = top + begin
                if behind and before == "body" and begin <= 1:
                    line = self._body_above(line, top + behind, self._begins[zone] if zone >= 0 else 0)
                yield int(starts[line])

    def _is_of_a_list(self, anchor: int) -> bool:
        line = self._table.line(anchor)
        return not line.startswith(b"Updated ") and code_of(line_of(line)) == "i"  # most are stamps

    def _window(
        self, first: int, last: int, reach: tuple[int, int], floor: int, zone: int
    ) -> tuple[int, int]:
        """The numbers of the first line that is read around a group, and of the one behind the last."""
        ceiling = self._begins[zone + 1] if zone + 1 < len(self._begins) else len(self._table.starts)
        top = max(floor, first - reach[0])
        while self.bytes_of(top, first) > MAX_WINDOW_BYTES:
            top += 1
        if reach is not OF_A_LIST:
            top = self._behind_body(first, top, -1)
        while top < first and self._table.empty[top]:
            top += 1
        bottom = min(ceiling, last + reach[1])
        while bottom - 1 > last and self.bytes_of(last, bottom - 1) > MAX_WINDOW_BYTES:
            bottom -= 1
        return top, self._behind_body(last, bottom - 1, 1) + 1

    def _behind_body(self, line: int, end: int, step: int) -> int:
        """From a line, up or down to `end`: where it is certain that only body follows."""
        paragraphs = 0
        for other in range(line + step, end, step):
            kind = self._sentences[other]
            if kind == 1:
                paragraphs += 1
                if paragraphs == BODY_LINES:
                    return other
            elif kind == 0:
                paragraphs = 0
        return end

    def _body_above(self, line: int, headline: int, floor: int) -> int:
        """Where a body starts that reaches above the window: below an empty line, be that in a plain header or above it, or
        nowhere."""
        begin = line
        while begin > floor and not self._table.empty[begin - 1]:
            begin -= 1
            if self.bytes_of(begin, headline) > MAX_WINDOW_BYTES:
                return headline
        return begin


def found_in(data: bytes, gap: int, before: str, known: KnownWindows) -> Found:
    """The headers in the bytes of a window.

    Args:
        data: the window.
        gap: empty lines above it, 3 at most.
        before: as of read().
        known: windows that need not be read, to which this one is added.
    """
    above, empty, below = data.partition(b"\n\n\n")
    is_amid_body = empty and before == "body" and not gap
    lines = lines_of(texts_of(above), 0) if is_amid_body else []
    if not is_amid_body or not is_plain_text(lines):
        return _read(data, gap, before)[2]
    rows = above.count(b"\n") + 3
    digest = digest_of(below)
    found = known.find(digest, lines)
    if found is None:
        all_lines, roles, found = _read(data, gap, before)
        if all(role == "body" for role in roles[: len(lines)]):
            known.add(digest, lines, all_lines[len(lines) :], _moved(found, -rows))
        return found
    return _moved(found, rows)


def _moved(found: Found, rows: int) -> Found:
    return tuple((start + rows, end + rows, behind and behind + rows) for start, end, behind in found)


@lru_cache(maxsize=16)
def _read(data: bytes, gap: int, before: str) -> tuple[list[Line], list[str], Found]:
    """The lines of a window, their roles, and the headers. What repeats without end is read once."""
    rows = texts_of(data)
    lines = lines_of(rows, gap)
    reading = read(lines, before, whole=False)
    items = round_up(lines, reading.roles)
    parts = (part for part in parts_of(lines, reading, len(rows)) if part.start not in items)
    found = ((part.start, part.end, _headline_behind(part)) for part in parts)
    # a body needs the headline that it stands above
    return lines, reading.roles, tuple(part for part in found if part[2] is not None)


def round_up(lines: Sequence[Line], roles: Sequence[str]) -> set[int]:
    """The rows that start items of a round-up: an article whose paragraphs have datelines of their own.

    Its first paragraph has one, and at least two more follow, each near the one before and behind an empty line at
    most. What follows these near by is an item, however many empty lines are above it.
    """
    found: set[int] = set()
    run: list[int] = []
    for i, (line, role) in enumerate(zip(lines, roles, strict=True)):
        if role == "dated":
            run = [i]
        elif not run:
            continue
        elif i - run[-1] > ITEM_LINES:
            run = []
        elif line.code in "KQP" and role in ("bare", "body"):
            if line.gap < 2 or len(run) >= ITEMS:
                run.append(i)
                if len(run) >= ITEMS:
                    found.update(lines[item].at for item in run[1:])
            else:
                run = []
        elif role not in ("body", "bare"):
            run = []
    return found


def _headline_behind(part: Part) -> int | None:
    if part.roles[0] != "before":
        return 0
    return next(
        (line.at for line, role in zip(part.lines, part.roles, strict=True) if role == "behind"), None
    )
