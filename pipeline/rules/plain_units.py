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

What stands above a unit, and whether its text is common, is asked of all units at once, in columns. So a usual header
costs one regular expression, and a copy of a known unit its digest.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dateline.pipeline.elements import new_tuple
from dateline.pipeline.rules.anchors import is_stamp
from dateline.pipeline.rules.common_text import is_common, odd_bytes
from dateline.pipeline.rules.known_units import KnownUnits, Unit, digest_of, pack_facts
from dateline.pipeline.rules.line_kinds import code_of, line_of
from dateline.pipeline.rules.line_table import BLOCK, LineTable, Places
from dateline.pipeline.rules.plain_header import (
    CAPTION,
    PARTS,
    TWIN_BYTES,
    begin_differently,
    begins_again,
    match_plain,
    may_stand_above,
)
from dateline.pipeline.rules.site import BEGINNINGS
from dateline.pipeline.rules.text import WHITE_SPACE
from dateline.pipeline.rules.windows import Zone

MAX_EMPTY = 25
"""Empty lines across which the top of a page is looked for, above a plain header."""

FEW = 8
"""Units that cost less one by one than all at once: of a small dump."""

MIN_PARAGRAPH = 5
"""Bytes of a line that is a paragraph at first sight: its last ones are looked at."""

_SPACE = ord(" ")
_ASCII_LETTERS = [*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1)]
_LETTER = np.zeros(256, bool)
_LETTER[_ASCII_LETTERS] = True
_NEXT = np.zeros((256, 256), bool)
_NEXT[_ASCII_LETTERS, ord(" ") : ord("~") + 1] = True
_NEXT[ord(" "), _ASCII_LETTERS] = True
"""What may follow the first letter of a line that begin_differently() tells by its first two characters."""
_SMALL = 0x2020
"""Makes both letters of a pair small ones."""
_QUOTES, _BRACKETS = np.zeros((2, 256), bool)
_QUOTES[[0x98, 0x99, 0x9C, 0x9D]] = True
"""The third bytes of quotes."""
_BRACKETS[[*b")]"]] = True
_OF_THE_SITE = np.unique(
    [int.from_bytes(word.encode()[:3]) for word in BEGINNINGS if word[0].isalpha()]
).astype(np.int32)
"""The first three bytes of lines of the site that begin with a letter."""


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
        self._paragraphs = self._paragraphs_above()
        is_common = self._are_common([*self._starts, len(self._text)])
        is_apart: list[bool] = self._table.empty[
            np.minimum(self._tops + 1, len(self._table.empty) - 1)
        ].tolist()
        asked = end = -1
        for stamp, at, place in zip(stamps.tolist(), ats.tolist(), places, strict=True):
            if at < end:
                continue  # of the last header, or its second
            # only the first stamp of a unit can be that of its header, and below a plain headline stands an empty line
            is_first = place >= 0 and place != asked and is_apart[place]
            unit = self._unit(place, ends[place], at, is_common[place]) if is_first else None
            if unit:
                start = self._starts[place]
                self.found[start] = unit
                end = start + unit.body
                asked = place
            elif is_stamp(self._text, at):  # asked late: that of a plain header is one for sure
                others.append(stamp)
                asked = place
        return others

    def _unit(self, place: int, end: int, stamp: int, is_common: bool) -> Unit | None:
        """A unit, if it begins with a plain header.

        Args:
            place: its number.
            end: one past its last byte.
            stamp: where its first line starts that may be a stamp.
            is_common: whether its text is common.
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
            match = match_plain(text, start, stamp, is_common)
            if match and match.end() >= end:
                match = match_plain(text, start, stamp)  # its body begins in the next unit
            if match is None:
                return None
            header = match.group(*PARTS)
            headline, caption = header[1], header[3]
            below = searched = match.end()
        again = text.find(headline, searched, max(below + TWIN_BYTES, end))
        if (again >= 0 and begins_again(text, headline, below)) or not self._may_start(
            place, headline, caption
        ):
            return None
        if match and not 0 <= again < end:
            first, last = match.span(CAPTION) if caption else (start, start)
            facts = pack_facts(
                stamp - start, len(headline), below - start, first - start, last - start, white
            )
        return new_tuple(Unit, (end - start, data, below - start, digest, header, is_common, facts))

    def _may_start(self, place: int, headline: bytes, caption: bytes | None) -> bool:
        """Whether the lines above a unit leave it its header."""
        above = self._paragraphs[place]
        if above >= 0 and not (caption and not begin_differently(self._text[above : above + 4], caption)):
            return True
        line = self._line_above(int(self._tops[place]))
        return line is not None and may_stand_above(line, headline, caption)

    def _paragraphs_above(self) -> list[int]:
        """For each unit where the line above starts, if at first sight it is the last paragraph of a body, no copy of the
        line above it, and begins unlike the unit; else -1."""
        table = self._table
        if len(self._tops) < FEW:
            return [-1] * len(self._tops)
        at, starts, pairs = table.at, table.starts, table.pairs
        filled = (~table.empty).nonzero()[0]
        above = filled[np.maximum(filled.searchsorted(self._tops) - 1, 0)]
        begin, size, before = starts[above], table.lengths[above], np.maximum(above - 1, 0)
        end = begin + size - (table.last[above] == ord(" "))  # as CRLF leaves it
        letters, others, two_above = pairs[above], pairs[self._tops], pairs[before]
        third, fourth, below = at(begin + 2), at(begin + 3), at(starts[self._tops] + 2)
        opening = (letters == 0xE280) & _QUOTES[third] & (fourth >= ord(" ")) & (fourth <= ord("~"))
        closing = (at(end - 3) == 0xE2) & (at(end - 2) == 0x80) & (at(end - 1) == 0x9D)
        last = np.where(closing, at(end - 4), at(end - 1))
        second_last = np.where(closing, at(end - 5), at(end - 2))
        is_text = opening | _told_by_two(letters, third) & ~_is_of_the_site(letters << 8 | third)
        is_paragraph = (size >= MIN_PARAGRAPH) & is_text & (last == ord(".")) & ~_BRACKETS[second_last]
        is_near = (above > 0) & (above > self._tops - MAX_EMPTY)
        is_unlike = (two_above != letters) | (table.lengths[before] != size) & (table.last[before] > ord(" "))
        is_no_copy = is_unlike & (two_above > 0x20FF) | table.empty[before]
        begins_otherwise = _told_by_two(others, below) & (opening | (letters | _SMALL != others | _SMALL))
        found: list[int] = np.where(
            is_paragraph & is_near & is_no_copy & begins_otherwise, begin, -1
        ).tolist()
        return found

    def _line_above(self, line: int) -> bytes | None:
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


def _told_by_two(pairs: npt.NDArray[np.int32], third: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Whether lines begin as begin_differently() wants it, quotes aside."""
    found: npt.NDArray[np.bool_] = _LETTER[pairs >> 8] & _NEXT[pairs & 0xFF, third]
    return found


def _is_of_the_site(beginnings: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Whether lines with these first three bytes may be lines of the site."""
    places = np.minimum(_OF_THE_SITE.searchsorted(beginnings), len(_OF_THE_SITE) - 1)
    return np.equal(_OF_THE_SITE[places], beginnings)
