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
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import itemgetter

from dateline.pipeline.elements import Piece
from dateline.pipeline.rules.site import FOOTER, LEAD_LINES, RELATIVE

PAGE = 256 * 1024
"""Bytes from a lead in which its day is looked for."""
HEAD = 2048
"""Bytes of a block among which its header is looked for."""

_LEAD = re.compile(rf"^[ \t]*(?:date (?P<day>\d{{4}}-\d\d-\d\d)(?= |$)|{LEAD_LINES})".encode(), re.MULTILINE)
_RELATIVE = re.compile(rf"^[^\n]{{0,40}} {RELATIVE}[ \t]*$".encode(), re.MULTILINE)
_FOOTER = FOOTER.encode()


class PageDays:
    """The days of the pages of a dump, told in order."""

    def __init__(self, above: Callable[[int, int], Iterable[Piece]], records: Sequence[int]) -> None:
        """
        Args:
            above: above(start, end) gives the pieces that start in these bytes of the dump.
            records: where records begin, rising: a page never reaches over these.
        """
        self._above = above
        self._records = records
        self._waiting: list[Piece] = []
        """Pieces that nobody has looked into yet: most dumps have no relative stamp, and then nobody needs to."""
        self._first: int | None = None
        """Where the first piece started, until what stands above it was looked into."""
        self._page: tuple[int, date | None] = (0, None)
        """The last page that was seen: where it starts, and its day."""

    def dated(self, pieces: list[Piece]) -> list[Piece]:
        """The pieces, those that begin with a relative stamp of a trailing article with the day from which it counts, if
        anything tells it.

        Args:
            pieces: the next ones, by their starts; at least one.
        """
        if self._first is None:
            self._first = pieces[0].start
        # a plain header's stamp is none of these
        others = [place for place, piece in enumerate(pieces) if not (piece.digest or piece.header)]
        done = 0
        for place in others:
            piece = pieces[place]
            if not (piece.data and b" ago" in piece.data[:HEAD] and _RELATIVE.search(piece.data[:HEAD])):
                continue
            self._wait(pieces[done:place], piece.start)
            self._look_into_the_waiting()
            if not self._enter(piece):
                at, day = self._page
                if day and piece.start - at <= PAGE:
                    pieces[place] = piece._replace(page_day=day)
            self._leave(piece)
            done = place + 1
        self._wait(pieces[done:], pieces[-1].start)
        return pieces

    def _wait(self, pieces: list[Piece], start: int) -> None:
        """Keep pieces, but for those that are too far above a start."""
        self._waiting += pieces
        if far := bisect_left(self._waiting, start - PAGE, key=itemgetter(1)):
            del self._waiting[:far]
            self._first = 0  # what stands above the first piece is so, too

    def _look_into_the_waiting(self) -> None:
        if self._first:
            for piece in self._above(max(0, self._first - PAGE), self._first):
                self._enter(piece)
                self._leave(piece)
        self._first = 0
        for piece in self._waiting:
            self._enter(piece)
            self._leave(piece)
        self._waiting.clear()

    def _enter(self, piece: Piece) -> bool:
        """Whether a piece is a page's first."""
        if self._records and self._starts_a_record(piece.start):
            self._page = (piece.start, None)
        lead = _LEAD.search(piece.data[:HEAD]) if piece.data else None
        if lead:
            self._page = (piece.start, _day(lead["day"]))
        return lead is not None

    def _leave(self, piece: Piece) -> None:
        """A piece may be a page's last."""
        if piece.data and _FOOTER in piece.data[-HEAD:]:
            self._page = (piece.start, None)

    def _starts_a_record(self, start: int) -> bool:
        place = bisect_left(self._records, start)
        return place < len(self._records) and self._records[place] == start


def _day(text: bytes | None) -> date | None:
    try:
        return date.fromisoformat(text.decode()) if text else None
    except ValueError:
        return None
