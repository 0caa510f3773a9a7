"""Windows that were read before: most of a dump is copies, of pages without a plain header, too.

    It is expected to run daily, they said.      plain text of the article above: another one each time
    Passengers were pleased.
    _
    _
    Ferry returns to the old harbor              <- from the empty lines on: the same bytes in each copy
    Updated 07 September 2023
    Jane Doe
    KYIV: The ferry left ..

Text that is body and nothing else leaves a reading as it was, however long it is (see reading.py). So what is read below
depends on the bytes there alone, if none of the lines above comes again in them.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from dateline.pipeline.rules.line_forms import Line

REMEMBERED = 1 << 12
"""Windows that are known at one time."""

Found = tuple[tuple[int, int, int | None], ...]
"""The rows where headers start, where their bodies do, and, of a body that stands above its header, where the headline does; else
0."""


class _Window(NamedTuple):
    found: Found
    stems: frozenset[int]
    """The hashes of its lines' stems: of strings that are the same they are so, and that others may be, too, costs a reading."""


class KnownWindows:
    """What a worker found below plain text, by the digest of the bytes there."""

    def __init__(self) -> None:
        self._windows: OrderedDict[bytes, _Window] = OrderedDict()

    def find(self, digest: bytes, above: Sequence[Line]) -> Found | None:
        """What was found below lines of plain text, in rows from there; None where it is not known.

        Args:
            digest: of the bytes below.
            above: the lines: is_plain_text() holds for them.
        """
        known = self._windows.get(digest)
        if known is None or not known.stems.isdisjoint(hash(line.stem) for line in above):
            return None
        return known.found

    def add(self, digest: bytes, above: Sequence[Line], below: Sequence[Line], found: Found) -> None:
        """Remember what was found, if no line comes again.

        Args:
            digest: of the bytes below.
            above: as of find(); they were read as body.
            below: the lines below.
            found: in rows from the first below.
        """
        stems = frozenset(hash(line.stem) for line in below if line.stem)
        if not stems.isdisjoint(hash(line.stem) for line in above):
            return
        self._windows[digest] = _Window(found, stems)
        if len(self._windows) > REMEMBERED:
            self._windows.popitem(last=False)


def is_plain_text(lines: Sequence[Line]) -> bool:
    """Whether lines are text that leaves the reading of a body under way as it was: paragraphs, with no empty line above any, none
    twice."""
    stems = [line.stem for line in lines if line.stem]
    return all(line.code in "tx" and not line.gap for line in lines) and len({*stems}) == len(stems)
