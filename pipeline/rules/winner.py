"""The winner: which of an article's records becomes its row, and why.

    short URL   dated    updated      fields   characters   where
    ab2cd       stamp    2023-09-07   9        1,200        a.txt, byte 0          loses: "it is the later one"
    ab2cd       stamp    2023-09-09   8        1,100        b.txt, byte 5,000      wins

The deduplication sorts by this order, and `dateline explain` tells the first criterion that two records differ in.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dateline.pipeline.rules.identity_rows import Rows


class Criterion(NamedTuple):
    """One thing that a winner has before others."""

    words: str
    """What the winner is, or has: "it is the later one"."""
    key: Callable[[Rows], npt.NDArray[Any]]
    """A number for each row, of which the smaller wins."""


WINNER_ORDER = (
    Criterion("it has a short URL", lambda rows: rows["slug"] == b""),
    Criterion("its date is absolute, or at least known", lambda rows: rows["dated"]),
    Criterion("it is the later one", lambda rows: -rows["updated"].astype(np.int64)),
    Criterion("it has more fields", lambda rows: -rows["fields"].astype(np.int16)),
    Criterion("its body is longer", lambda rows: -rows["body"]),
    Criterion("it stands first, by dump and offset", lambda rows: rows["rank"]),
    Criterion("it stands first, by dump and offset", lambda rows: rows["offset"]),
)
"""What makes a winner, most important first. Dumps are ranked in the order of their sources, so that no two records
are equal in all of it."""


def best_first(rows: Rows, by: Sequence[str]) -> npt.NDArray[np.intp]:
    """Positions that sort the rows by the given columns, and among equals the winner first."""
    keys = [criterion.key(rows) for criterion in reversed(WINNER_ORDER)]
    return np.lexsort((*keys, *(rows[name] for name in reversed(by))))


def why_it_won(winner: Rows, loser: Rows) -> str:
    """The first criterion in which a winner differs from a loser, in words.

    Args:
        winner: one row.
        loser: one row, ranked by the same dumps.
    """
    for words, key in WINNER_ORDER:
        if key(winner)[0] != key(loser)[0]:
            return words
    return "they are the same"
