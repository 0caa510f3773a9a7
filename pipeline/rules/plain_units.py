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
import numpy.typing as npt

from dateline.pipeline.elements import new_tuple
from dateline.pipeline.rules.anchors import is_stamp
from dateline.pipeline.rules.common_text import is_common, odd_bytes
from dateline.pipeline.rules.compact_header import is_amid_paragraphs, kinds_of, match_compact
from dateline.pipeline.rules.known_units import FACTS, KnownUnits, Unit, digest_of, each_of_facts, pack_facts
from dateline.pipeline.rules.line_table import BLOCK, LineTable, Places, Zones
from dateline.pipeline.rules.lines_above import LinesAbove
from dateline.pipeline.rules.plain_header import (
    CAPTION,
    PARTS,
    TWIN_BYTES,
    begins_again,
    match_plain,
)
from dateline.pipeline.rules.text import WHITE_SPACE

FEW = 8
"""Units that cost less one by one than all at once: of a small dump."""

_LF, _SPACE = ord("\n"), ord(" ")


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

    @cached_property
    def zones(self) -> Zones:
        """The headers."""
        starts = np.array(list(self.found), np.intp)
        return starts, starts + np.array([unit.body for unit in self.found.values()], np.intp)

    @property
    def quiet_zones(self) -> Zones:
        """The headers, with the bodies of known units above others: in these nothing starts."""
        starts, bodies = self.zones
        units = self.found.values()
        ends = starts + np.array([unit.size for unit in units], np.intp)
        is_quiet = np.array([unit.header is None for unit in units], bool)
        is_quiet &= np.append(starts[1:], -1) == ends
        return starts, np.where(is_quiet, ends, bodies)

    def _look_at(self, stamps: Places) -> list[int]:
        others = []
        text, table, tops = self._text, self._table, self._tops
        starts, ats = table.starts[tops], table.starts[stamps]
        places = starts.searchsorted(ats) - 1
        self._edges = np.append(starts, len(text))
        self._bounds: list[int] = self._edges.tolist()
        edges = self._bounds
        # below a plain headline stands an empty line
        are_apart = table.empty[np.minimum(tops + 1, len(table.empty) - 1)]
        is_apart: list[bool] = are_apart.tolist()
        is_below = (places >= 0) & (tops[places] == stamps - 1) if len(tops) else np.zeros(0, bool)
        self._is_compact = np.zeros(len(tops), bool)
        self._is_compact[places[is_below]] = True
        self._data = self._data_of(edges, are_apart | self._is_compact)
        self._digests = [digest_of(data) if data else b"" for data in self._data]
        self._above = LinesAbove(text, table, tops, len(tops) >= FEW)
        self._is_common = self._are_common(edges)
        known = self._known_units() if len(tops) >= FEW else {}
        numbers = tops.tolist()
        asked = end = -1
        for stamp, at, place in zip(stamps.tolist(), ats.tolist(), places.tolist(), strict=True):
            if at < end:
                continue  # of the last header, or its second
            # only the first stamp of a unit can be that of its header, and it stands below an empty line, or is compact
            unit = None
            if place >= 0 and place != asked:
                is_compact = numbers[place] == stamp - 1
                if is_apart[place] or (
                    is_compact and self._is_common[place] and self._is_amid_paragraphs(stamp)
                ):
                    unit = known.get(at) or self._unit(place, at, is_compact)
            if unit:
                self.found[edges[place]] = unit
                end = edges[place] + unit.body
                asked = place
            elif is_stamp(text, at):  # asked late: that of a plain header is one for sure
                others.append(stamp)
                asked = place
        return others

    @cached_property
    def _kinds(self) -> bytes:
        return kinds_of(self._table)  # many pieces have no compact header

    def _is_amid_paragraphs(self, stamp: int) -> bool:
        return is_amid_paragraphs(self._text, self._table, self._kinds, stamp)

    def _data_of(self, edges: Sequence[int], may_be_plain: npt.NDArray[np.bool_]) -> list[bytes]:
        """The bytes of each unit without the white space at its end; none of those that begin with no plain header."""
        text, at, ends = self._text, self._table.at, self._edges[1:]
        is_usual = (
            (at(ends - 1) == _LF) & (at(ends - 2) == _LF) & (at(ends - 3) == _LF) & (at(ends - 4) > _SPACE)
        )
        stops: list[int] = np.where(may_be_plain, np.where(is_usual, ends - 3, ends), 0).tolist()
        found = [text[start:stop] for start, stop in zip(edges, stops, strict=False)]
        for place in (may_be_plain & ~is_usual).nonzero()[0].tolist():
            found[place] = found[place].rstrip(WHITE_SPACE)
        return found

    def _known_units(self) -> dict[int, Unit]:
        """The units that are known to begin with a plain header, by where their stamps start."""
        text = self._text
        known = self._known.facts(self._digests)
        places = np.array([place for place, facts in enumerate(known) if facts], np.intp)
        packed = b"".join(filter(None, known))
        facts = np.frombuffer(packed, FACTS)
        starts, ends = self._edges[places], self._edges[places + 1]
        captions = np.where(facts["caption"] > 0, starts + facts["caption"], -1)
        is_sure = self._is_compact[places] | self._above.all_may_start(places, captions)
        is_short = starts + facts["body"] + TWIN_BYTES > ends
        rows = zip(
            places.tolist(), starts.tolist(), ends.tolist(), each_of_facts(packed),
            is_sure.tolist(), is_short.tolist(), strict=True,
        )  # fmt: skip
        found = {}
        for place, start, end, (stamp, headline_end, body, caption, below_caption), sure, short in rows:
            if short:  # no line of its own has the headline once more
                headline, below = text[start : start + headline_end], start + body
                again = text.find(headline, end, below + TWIN_BYTES)
                if again >= 0 and begins_again(text, headline, below):
                    continue
            if not sure:
                headline, picture = (
                    text[start : start + headline_end],
                    text[start + caption : start + below_caption],
                )
                if not self._above.may_start(place, headline, picture):
                    continue
            digest, is_common = self._digests[place], self._is_common[place]
            found[start + stamp] = new_tuple(
                Unit, (end - start, self._data[place], body, digest, None, is_common, None)
            )
        return found

    def _unit(self, place: int, stamp: int, is_compact: bool) -> Unit | None:
        """A unit, if it begins with a plain header.

        Args:
            place: its number.
            stamp: where its first line starts that may be a stamp.
            is_compact: whether only a compact header can begin it, which stands amid paragraphs.
        """
        text, data, (start, end) = self._text, self._data[place], self._bounds[place : place + 2]
        is_common = self._is_common[place]
        match = match_compact(text, start) if is_compact else match_plain(text, start, stamp, is_common)
        if match and match.end() >= end:
            match = match_plain(text, start, stamp)  # its body begins in the next unit
        if match is None:
            return None
        header = match.group(*PARTS)
        headline, caption, below = header[1], header[3], match.end()
        again = text.find(headline, below, max(below + TWIN_BYTES, end))
        if (again >= 0 and begins_again(text, headline, below)) or not (
            is_compact or self._above.may_start(place, headline, caption)
        ):
            return None
        facts = None
        if not 0 <= again < end:
            first, last = match.span(CAPTION) if caption else (start, start)
            facts = pack_facts(stamp - start, len(headline), below - start, first - start, last - start)
        return new_tuple(
            Unit,
            (end - start, data, below - start, self._digests[place], header, self._is_common[place], facts),
        )

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
