"""The lines above plain headers: whether they leave their headers to the units below.

    It is expected to run daily, they said.     a paragraph that begins unlike the unit: told for all units at once
    _
    _
    Ferry returns to the old harbor             <- a unit

    The ferry at its berth. (AFP)               no paragraph: held against the headline and the caption of the unit
    _
    _
    Ferry returns to the old harbor

In doubt they do not: then the engine looks at the lines around the unit.
"""

import numpy as np
import numpy.typing as npt

from dateline.pipeline.rules.line_kinds import code_of, line_of
from dateline.pipeline.rules.line_table import LineTable, Places
from dateline.pipeline.rules.plain_header import (
    QUOTE_BYTES,
    SMALL_LETTERS,
    begin_differently,
    may_stand_above,
)
from dateline.pipeline.rules.site import BEGINNINGS

MAX_EMPTY = 25
"""Empty lines across which the top of a page is looked for, above a plain header."""

BEGINNING_BYTES = 8
"""Bytes of a line that begin_differently() looks at, at most."""

MIN_PARAGRAPH = 5
"""Bytes of a line that is a paragraph at first sight: its last ones are looked at."""

_ASCII_LETTERS = [*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1)]
_LETTER = np.zeros(256, bool)
_LETTER[_ASCII_LETTERS] = True
_NEXT = np.zeros((256, 256), bool)
_NEXT[_ASCII_LETTERS, ord(" ") : ord("~") + 1] = True
_NEXT[ord(" "), _ASCII_LETTERS] = True
"""What may follow the first letter of a line that begin_differently() tells by its first two characters."""
_SMALL_LETTERS = np.frombuffer(SMALL_LETTERS, np.uint8)
_QUOTES, _BRACKETS = np.zeros((2, 256), bool)
_QUOTES[[0x98, 0x99, 0x9C, 0x9D]] = True
"""The third bytes of quotes."""
_BRACKETS[[*b")]"]] = True
_OF_THE_SITE = np.unique(
    [int.from_bytes(word.encode()[:3]) for word in BEGINNINGS if word[0].isalpha() and word != "By "]
).astype(np.int32)
"""The first three bytes of lines of the site that begin with a letter, and may end in a full stop: a list's "By" does not."""


class LinesAbove:
    """The lines above the units of a piece of a dump."""

    def __init__(self, text: bytes, table: LineTable, tops: Places, at_once: bool) -> None:
        """
        Args:
            text: a piece of a dump, newlines unified.
            table: its lines.
            tops: the first lines of its units.
            at_once: whether to ask all units at once what can be asked so; where they are few it costs more.
        """
        self._text, self._table, self._tops = text, table, tops
        self._paragraphs = self._last_paragraphs() if at_once else np.full(len(tops), -1)
        """For each unit where the line above starts, if at first sight it is the last paragraph of a body, no copy of the
        line above it, and begins unlike the unit; else -1."""
        self._begins: list[int] = self._paragraphs.tolist()

    def all_may_start(self, places: Places, captions: Places) -> npt.NDArray[np.bool_]:
        """For each of some units whether the lines above leave it its header for sure.

        Args:
            places: the numbers of the units.
            captions: where their captions start; -1 without one.
        """
        above = self._paragraphs[places]
        is_unlike = all_begin_differently(Beginnings(self._table, above), Beginnings(self._table, captions))
        found: npt.NDArray[np.bool_] = (above >= 0) & ((captions < 0) | is_unlike)
        return found

    def may_start(self, place: int, headline: bytes, caption: bytes | None) -> bool:
        """Whether the lines above a unit leave it its header.

        Args:
            place: the number of the unit.
            headline: of its header.
            caption: of it, too, if it has one.
        """
        above = self._begins[place]
        if above >= 0 and (
            not caption or begin_differently(self._text[above : above + BEGINNING_BYTES], caption)
        ):
            return True
        line = self._line_above(int(self._tops[place]))
        return line is not None and may_stand_above(line, headline, caption)

    def _last_paragraphs(self) -> Places:
        table = self._table
        at, starts, pairs = table.at, table.starts, table.pairs
        filled = (~table.empty).nonzero()[0]
        above = filled[np.maximum(filled.searchsorted(self._tops) - 1, 0)]
        begin, size, before = starts[above], table.lengths[above], np.maximum(above - 1, 0)
        end = begin + size - (table.last[above] == ord(" "))  # as CRLF leaves it
        letters, two_above = pairs[above], pairs[before]
        beginnings = Beginnings(table, begin)
        closing = (at(end - 3) == 0xE2) & (at(end - 2) == 0x80) & (at(end - 1) == 0x9D)
        last = np.where(closing, at(end - 4), at(end - 1))
        second_last = np.where(closing, at(end - 5), at(end - 2))
        is_text = beginnings.are_sure & ~_is_of_the_site(letters << 8 | beginnings.third)
        is_paragraph = (size >= MIN_PARAGRAPH) & is_text & (last == ord(".")) & ~_BRACKETS.take(second_last)
        is_near = (above > 0) & (above > self._tops - MAX_EMPTY)
        is_unlike = (two_above != letters) | (table.lengths[before] != size) & (table.last[before] > ord(" "))
        is_no_copy = is_unlike & (two_above > 0x20FF) | table.empty[before]
        begins_otherwise = all_begin_differently(beginnings, Beginnings(table, starts[self._tops]))
        found: Places = np.where(is_paragraph & is_near & is_no_copy & begins_otherwise, begin, -1)
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


class Beginnings:
    """What lines begin with."""

    def __init__(self, table: LineTable, starts: Places) -> None:
        """starts: where the lines start."""
        first, second, self.third = table.at(starts), table.at(starts + 1), table.at(starts + 2)
        fourth = table.at(starts + QUOTE_BYTES)
        self.are_quotes: npt.NDArray[np.bool_] = (first == 0xE2) & (second == 0x80) & _QUOTES.take(self.third)
        self.letters: npt.NDArray[np.uint8] = _SMALL_LETTERS.take(np.where(self.are_quotes, fourth, first))
        """The first letters, as small ones, or those behind quotes; 0 where there is none."""
        self.next_letters: npt.NDArray[np.uint8] = _SMALL_LETTERS.take(second)
        """The second characters, where they are letters; else 0."""
        self.are_sure: npt.NDArray[np.bool_] = np.where(
            self.are_quotes,
            (fourth >= ord(" ")) & (fourth <= ord("~")),
            _LETTER.take(first) & _NEXT[second, self.third],
        )
        """Whether they begin as begin_differently() wants it."""


def all_begin_differently(ones: Beginnings, others: Beginnings) -> npt.NDArray[np.bool_]:
    """begin_differently() of many pairs of lines; False where only more of their letters would tell."""
    are_letters = (ones.letters > 0) & (others.letters > 0)
    of_letters = are_letters & (ones.letters != others.letters)
    are_sure = ones.are_sure & others.are_sure
    of_second = are_sure & ~ones.are_quotes & (ones.next_letters != others.next_letters)
    found: npt.NDArray[np.bool_] = np.where(
        ones.are_quotes == others.are_quotes, of_letters | of_second, are_sure
    )
    return found


def _is_of_the_site(beginnings: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Whether lines with these first three bytes may be lines of the site."""
    places = np.minimum(_OF_THE_SITE.searchsorted(beginnings), len(_OF_THE_SITE) - 1)
    return np.equal(_OF_THE_SITE[places], beginnings)
