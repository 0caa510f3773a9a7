"""The lines of a piece of a dump as columns, so that the few that matter are found in one sweep.

Tables of bytes and of pairs are asked with take(): brackets take three to six times as long where the numbers are not of the size
of a pointer.

text     Ferry returns\\n\\nUpdated 07 September 2023\\n
starts   0              14 15
lengths  13             0  25
pairs    Fe             .. Up        the first two bytes
"""

import re
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

SPACE = rb"(?:[ \t]|\xc2\xa0)*"
"""What a line may begin or end with, and an empty one hold."""

_SPACE_LINE = re.compile(SPACE + rb"(?=\n|\Z)")
_SPACE = np.uint8(ord(" "))
_SPACES = np.zeros(256, bool)
_SPACES[list(b" \t\xc2\xa0")] = True

_SENTENCE_ENDS, _BRACKETS = np.zeros((2, 256), bool)
_SENTENCE_ENDS[list(b'.!?"\x9d')] = True  # 9d: the last byte of a closing quote
_BRACKETS[list(b")]")] = True
_BULLET_PAIRS = np.zeros(1 << 16, bool)
_BULLET_PAIRS.reshape(256, 256)[list(b" -\t")] = True
"""How a bullet begins, indented or not."""

Places = npt.NDArray[np.intp]
"""Numbers of lines, rising."""
Zones: TypeAlias = tuple[Places, Places]
"""Stretches of a text, rising, none in another: where each begins and ends, in bytes."""
NO_ZONES: Zones = (np.zeros(0, np.intp), np.zeros(0, np.intp))


MIN_SENTENCE, MIN_LONG = 60, 150
"""Bytes of a line that a full stop ends, or that anything else but a bracket does, to be a paragraph for sure."""


BLOCK = 1 << 17
"""Bytes that are looked at together: what is made of them stays in a processor's cache, and takes no new memory."""


def _signs(data: npt.NDArray[np.uint8]) -> Places:
    """Where bytes stand that are below a space, or may begin a character that is not ASCII."""
    # a space less, so that bytes below it wrap around: one comparison finds both
    if len(data) <= BLOCK:
        return (data - _SPACE >= 0xC2 - 0x20).nonzero()[0]
    return np.concatenate([_signs(data[at : at + BLOCK]) + at for at in range(0, len(data), BLOCK)])


class LineTable:
    """The lines of some bytes, without the first if that may be part of one."""

    def __init__(self, text: bytes, at_start: bool) -> None:
        """
        Args:
            text: lines parted by LF.
            at_start: whether a line begins at byte 0.
        """
        self.data: npt.NDArray[np.uint8] = np.frombuffer(text or b"\n", np.uint8)
        self.signs: Places = _signs(self.data[: len(text)])
        """Where bytes stand that are neither ASCII in print nor inside a character: newlines, other controls, first bytes."""
        self.of_signs: npt.NDArray[np.uint8] = self.data[self.signs]
        """These bytes."""
        newlines = self.signs.compress(self.of_signs == ord("\n"))
        ends = np.concatenate((newlines, [len(text)]))[0 if at_start else 1 :]
        self.starts: Places = np.concatenate(([0], newlines + 1))[0 if at_start else 1 :]
        self.lengths: Places = ends - self.starts
        first, second, last = self.at(self.starts), self.at(self.starts + 1), self.at(ends - 1)
        self.pairs: npt.NDArray[np.int32] = first.astype(np.int32) << 8 | second
        self._text = text
        self.last: npt.NDArray[np.uint8] = last
        """The last byte of each line; of an empty one, that of the newline above."""
        self.empty: npt.NDArray[np.bool_] = self.lengths == 0
        self.empty |= (self.lengths == 1) & (
            (first == ord(" ")) | (first == ord("\t"))
        )  # with CRLF, most are
        for place in (_SPACES.take(first) & _SPACES.take(last) & ~self.empty).nonzero()[0].tolist():
            self.empty[place] = _SPACE_LINE.match(text, int(self.starts[place])) is not None

    def at(self, places: Places) -> npt.NDArray[np.uint8]:
        """The bytes at some places; behind the text its last one, above it its first."""
        return self.data.take(places, mode="clip")

    def line(self, number: int) -> bytes:
        """The bytes of a line, without its end."""
        start = int(self.starts[number])
        return self._text[start : start + int(self.lengths[number])]

    def sentences(self) -> bytes:
        """For each line a byte: 1 for one that is a paragraph for sure, 2 for an empty one, 0 for any other."""
        long = (self.lengths >= MIN_SENTENCE) & _SENTENCE_ENDS.take(self.last)
        long |= (self.lengths >= MIN_LONG) & ~_BRACKETS.take(self.last)
        found = (long & ~_BULLET_PAIRS.take(self.pairs)).astype(np.uint8)
        found[self.empty] = 2
        return found.tobytes()

    def beginning(self, pairs: npt.NDArray[np.bool_]) -> Places:
        """The lines that begin with one of the pairs of bytes in a table made by pairs_of()."""
        return pairs.take(self.pairs).nonzero()[0]

    def behind_empty(self, many: int) -> Places:
        """The lines, not empty themselves, that have that many empty ones right above."""
        found = ~self.empty[many:]
        for above in range(many):
            found &= self.empty[above : len(self.empty) - many + above]
        return found.nonzero()[0] + many


def pairs_of(words: Iterable[bytes], any_space: bool) -> npt.NDArray[np.bool_]:
    """Which pairs of bytes words of two letters or more begin with.

    Args:
        words: the words.
        any_space: whether white space counts, too: the word may stand behind it.
    """
    table = np.zeros(1 << 16, bool)
    for word in words:
        table[word[0] << 8 | word[1]] = True
    if any_space:
        table.reshape(256, 256)[_SPACES] = True
    return table
