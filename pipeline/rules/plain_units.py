"""The units of a piece of a dump that begin with a plain header, found by their stamps.

    The last line of another body.
    _
    _
    Ferry returns to the old harbor      <- a unit starts: the first line behind two empty ones
    _
    Updated 07 September 2023            <- its stamp: the first one below
    ..
    The last line of its body.
    _
    _
    Another headline                     <- the next unit

Or its stamp stands right below the headline, as in a compact header.

What stands above a unit, and whether its text is common, is asked of all units at once, in columns. So a usual header
costs one regular expression, and a copy of a known unit its digest.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from dateline.pipeline.elements import new_tuple
from dateline.pipeline.rules.anchors import is_stamp
from dateline.pipeline.rules.common_text import is_common, odd_bytes
from dateline.pipeline.rules.compact_header import is_amid_paragraphs, kinds_of, match_compact
from dateline.pipeline.rules.known_units import KnownUnits, Unit, digest_of, pack_facts
from dateline.pipeline.rules.line_table import BLOCK, LineTable, Places
from dateline.pipeline.rules.lines_above import LinesAbove
from dateline.pipeline.rules.plain_header import (
    CAPTION,
    PARTS,
    TWIN_BYTES,
    begins_again,
    match_plain,
)
from dateline.pipeline.rules.text import WHITE_SPACE
from dateline.pipeline.rules.windows import Zone

FEW = 8
"""Units that cost less one by one than all at once: of a small dump."""

_SPACE = ord(" ")


class PlainUnits:
    """The units of a piece of a dump that begin with a plain header."""

    def __init__(self, text: bytes, table: LineTable, stamps: Places, known: KnownUnits) -> None:
        """
        Args:
            text: a piece of a dump, newlines unified.
            table: its lines.
            stamps: the numbers of those that may be stamps, rising.
            known: units that need not be looked at.
        """
        self._text, self._table, self._known = text, table, known
        tops = table.behind_empty(2)
        self._tops = tops[tops > 2]
        self.found: dict[int, Unit] = {}
        """By their starts, rising; no header reaches into another."""
        self.other_stamps = self._look_at(stamps)
        """The stamps that are in none of the headers."""

    @property
    def zones(self) -> list[Zone]:
        """The headers."""
        return [(start, start + unit.body) for start, unit in self.found.items()]

    @property
    def quiet_zones(self) -> list[Zone]:
        """The headers, with the bodies of known units: in these nothing starts."""
        return [
            (start, start + (unit.body if unit.header or start + unit.size not in self.found else unit.size))
            for start, unit in self.found.items()
        ]

    def _look_at(self, stamps: Places) -> list[int]:
        others = []
        starts = self._table.starts[self._tops]
        ats = self._table.starts[stamps]
        places = (starts.searchsorted(ats) - 1).tolist()
        self._starts: list[int] = starts.tolist()
        ends = [*self._starts[1:], len(self._text)]
        self._above = LinesAbove(self._text, self._table, self._tops, len(self._tops) >= FEW)
        is_common = self._are_common([*self._starts, len(self._text)])
        is_apart: list[bool] = self._table.empty[
            np.minimum(self._tops + 1, len(self._table.empty) - 1)
        ].tolist()
        tops = self._tops.tolist()
        asked = end = -1
        for stamp, at, place in zip(stamps.tolist(), ats.tolist(), places, strict=True):
            if at < end:
                continue  # of the last header, or its second
            # only the first stamp of a unit can be that of its header, and it stands below an empty line, or is compact
            unit = None
            if place >= 0 and place != asked:
                is_compact = tops[place] == stamp - 1
                if is_apart[place] or (is_compact and is_common[place] and self._is_amid_paragraphs(stamp)):
                    unit = self._unit(place, ends[place], at, is_common[place], is_compact)
            if unit:
                start = self._starts[place]
                self.found[start] = unit
                end = start + unit.body
                asked = place
            elif is_stamp(self._text, at):  # asked late: that of a plain header is one for sure
                others.append(stamp)
                asked = place
        return others

    @cached_property
    def _kinds(self) -> bytes:
        return kinds_of(self._table)  # many pieces have no compact header

    def _is_amid_paragraphs(self, stamp: int) -> bool:
        return is_amid_paragraphs(self._text, self._table, self._kinds, stamp)

    def _unit(self, place: int, end: int, stamp: int, is_common: bool, is_compact: bool) -> Unit | None:
        """A unit, if it begins with a plain header.

        Args:
            place: its number.
            end: one past its last byte.
            stamp: where its first line starts that may be a stamp.
            is_common: whether its text is common.
            is_compact: whether only a compact header can begin it, which stands amid paragraphs.
        """
        text, start = self._text, self._starts[place]
        if text.startswith(b"\n\n\n", end - 3) and text[end - 4] > _SPACE:  # of most
            data = text[start : end - 3]
        else:
            data = text[start:end].rstrip(WHITE_SPACE)
        digest = digest_of(data)
        white = end - start - len(data)
        known = self._known.find(digest, stamp - start, white)
        match = header = facts = None
        if known:
            headline_end, body, first, last = known
            headline, caption = text[start : start + headline_end], text[start + first : start + last]
            below = start + body
            searched = end  # no line of its own below has the headline
        else:
            match = match_compact(text, start) if is_compact else match_plain(text, start, stamp, is_common)
            if match and match.end() >= end:
                match = match_plain(text, start, stamp)  # its body begins in the next unit
            if match is None:
                return None
            header = match.group(*PARTS)
            headline, caption = header[1], header[3]
            below = searched = match.end()
        again = text.find(headline, searched, max(below + TWIN_BYTES, end))
        if (again >= 0 and begins_again(text, headline, below)) or not (
            is_compact or self._above.may_start(place, headline, caption)
        ):
            return None
        if match and not 0 <= again < end:
            first, last = match.span(CAPTION) if caption else (start, start)
            facts = pack_facts(
                stamp - start, len(headline), below - start, first - start, last - start, white
            )
        return new_tuple(Unit, (end - start, data, below - start, digest, header, is_common, facts))

    def _are_common(self, edges: Sequence[int]) -> list[bool]:
        """Whether the text between each two edges is common."""
        many = len(edges) - 1
        if many < FEW and len(self._text) <= BLOCK and _is_common(self._text):
            return [True] * many
        places = odd_bytes(self._text, self._table)
        if places is None:
            return [False] * many
        above = places.searchsorted(edges)
        same: list[bool] = (above[1:] == above[:-1]).tolist()
        return same


def _is_common(text: bytes) -> bool:
    """Whether the whole of a text is UTF-8, and common."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return is_common(text)
