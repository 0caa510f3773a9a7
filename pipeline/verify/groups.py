"""Groups of dumps: what one task settles. All dumps of one source are in one group, and so are small dumps that follow
each other.

    a.txt of 1 MB, b.txt of 3 MB, c.txt of 900 MB, d.txt of 2 MB    -> a and b, c, d

A hundred thousand small dumps are a few hundred groups, and those of a large input are larger, so that there are never more
than some thousand.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dateline.pipeline.elements import Dump

GROUP_BYTES = 8 << 20
"""Bytes of the dumps of a group, unless one has more or the input is large."""
MAX_GROUPS = 4096
"""Groups that there are at most, about: each write task sends a batch to nearly each of them."""


class Groups:
    """The groups of a run's dumps, by their numbers from 0; there are len() of them."""

    def __init__(self, dumps: Sequence[Dump]) -> None:
        sizes = [dump.size for dump in dumps]
        most = max(GROUP_BYTES, sum(sizes) // MAX_GROUPS)
        firsts: list[int] = []
        filled = 0
        source = None
        for number, dump in enumerate(dumps):
            if not firsts or (dump.source != source and filled + sizes[number] > most):
                firsts.append(number)
                filled = 0
            filled += sizes[number]
            source = dump.source
        self._edges = np.array([*firsts, len(dumps)], np.int64)

    def __len__(self) -> int:
        return len(self._edges) - 1

    def span(self, group: int) -> tuple[int, int]:
        """The numbers of a group's dumps: the first, and one past the last."""
        return int(self._edges[group]), int(self._edges[group + 1])

    def size(self, group: int) -> int:
        """How many dumps a group has."""
        first, end = self.span(group)
        return end - first

    def of(self, dumps: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """The group of each dump, by the dumps' numbers."""
        found: npt.NDArray[np.int64] = np.searchsorted(self._edges, dumps, "right") - 1
        return found
