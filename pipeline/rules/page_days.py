"""The day at the top of a page, from which the relative stamps of its trailing articles count.

     date 2022-04-20 You are here         a lead: what stands below it was crawled on that day, too
    ...
    Updated 2 hours ago                   of a trailing article: the 20th
    ...
    https://arab.news/x1y2z               the lead of another page, which tells no day
    ...
    Updated 3 min ago                     of a trailing article: of a day that no page tells

A day holds for PAGE bytes behind its lead, so that a reader that begins amid a page finds it as well.
"""

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from dateline.pipeline.rules.site import FOOTER, LEAD_LINES, RELATIVE

PAGE = 256 * 1024
"""Bytes from a lead in which its day is looked for."""
HEAD = 2048
"""Bytes of a block among which its header is looked for."""

_LEAD = re.compile(rf"^[ \t]*(?:date (?P<day>\d{{4}}-\d\d-\d\d)(?= |$)|{LEAD_LINES})".encode(), re.MULTILINE)
_RELATIVE = re.compile(rf"^[^\n]{{0,40}} {RELATIVE}[ \t]*$".encode(), re.MULTILINE)
_FOOTER = FOOTER.encode()


class PageDays:
    """The days of the pages of a dump, asked for block by block, in order."""

    def __init__(
        self, above: Callable[[int, int], Iterable[tuple[int, bytes | None]]], records: Sequence[int]
    ) -> None:
        """
        Args:
            above: above(start, end) gives the start and the bytes of each block that starts in these bytes of the dump.
            records: where records begin, rising: a page never reaches over these.
        """
        self._above = above
        self._records = records
        self._waiting: deque[tuple[int, bytes | None]] = deque()
        """Blocks that nobody has looked into yet: most dumps have no relative stamp, and then nobody needs to."""
        self._first: int | None = None
        """Where the first block started, until what stands above it was looked into."""
        self._page: tuple[int, date | None] = (0, None)
        """The last page that was seen: where it starts, and its day."""

    def of(self, start: int, data: bytes | None, is_plain: bool = False) -> date | None:
        """The day from which a trailing article's relative stamp counts; None for all others, and where nothing tells it.

        Args:
            start: where the block starts, in bytes of the dump.
            data: its bytes; None where they are too many.
            is_plain: whether it has a plain header, whose stamp is none of these.
        """
        waiting = self._waiting
        if self._first is None:
            self._first = start
        while waiting and waiting[0][0] < start - PAGE:
            waiting.popleft()
            self._first = 0  # what stands above the first block is too far off by now
        if not is_plain and data and b" ago" in data[:HEAD] and _RELATIVE.search(data[:HEAD]):
            self._look_into_the_waiting()
            if not self._enter(start, data):
                at, day = self._page
                self._leave(start, data)
                return day if start - at <= PAGE else None
            self._leave(start, data)
        else:
            waiting.append((start, data))
        return None

    def _look_into_the_waiting(self) -> None:
        if self._first:
            for start, data in self._above(max(0, self._first - PAGE), self._first):
                self._enter(start, data)
                self._leave(start, data)
        self._first = 0
        for start, data in self._waiting:
            self._enter(start, data)
            self._leave(start, data)
        self._waiting.clear()

    def _enter(self, start: int, data: bytes | None) -> bool:
        """Whether a block is a page's first."""
        if self._records and self._starts_a_record(start):
            self._page = (start, None)
        lead = _LEAD.search(data[:HEAD]) if data else None
        if lead:
            self._page = (start, _day(lead["day"]))
        return lead is not None

    def _leave(self, start: int, data: bytes | None) -> None:
        """A block may be a page's last."""
        if data and _FOOTER in data[-HEAD:]:
            self._page = (start, None)

    def _starts_a_record(self, start: int) -> bool:
        place = bisect_left(self._records, start)
        return place < len(self._records) and self._records[place] == start


def _day(text: bytes | None) -> date | None:
    try:
        return date.fromisoformat(text.decode()) if text else None
    except ValueError:
        return None
