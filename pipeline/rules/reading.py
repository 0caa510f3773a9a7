"""The cheapest reading of some lines: which role each has, by the tables of roles.py.

This is Viterbi's algorithm. From line to line it keeps, for each role (and the headline that the way to it has
met), the cheapest way that ends there; the cheapest way at the last line is the reading. It looks at each line
once and keeps so many ways at most (see ways.py), so the work grows with the lines and with nothing else.
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from dateline.pipeline.rules.line_forms import MAX_KEYED, MAX_LABEL_WORDS, Line, is_copy, twins
from dateline.pipeline.rules.role_evidence import (
    LONG_HEADLINE,
    TWIN_MIN,
    against_headline,
    is_below_a_headline,
    is_edited,
)
from dateline.pipeline.rules.role_moves import INDEX, NAMES
from dateline.pipeline.rules.site import AGENCIES, LABELS
from dateline.pipeline.rules.ways import Relation, Traits, Twins, Ways, last_way, next_ways, ways_of

PICTURE_GAP = 4
"""Empty lines that a picture amid a body leaves, at least."""
MAX_POINT = 160
"""Characters of a line of a summary that has no glyph."""
AMID = 6.0
"""What it costs that the lines begin amid a body that stands above its header."""


class Reading(NamedTuple):
    roles: list[str]
    """Of each line."""
    cost: float


def read(lines: Sequence[Line], before: str, whole: bool, first: bool = False) -> Reading:
    """The cheapest reading of lines.

    Args:
        lines: those that are not empty.
        before: the role of what stands above the first: "start" where a dump or a block starts, else "body",
            or "first" where a header ends right above.
        whole: whether nothing follows the last line.
        first: whether only the first header matters: then the reading ends where nothing but body can follow it,
            and its roles are fewer than the lines.
    """
    above, below = twins(lines)
    ways = _ways_above(lines, before)
    headlines: list[str] = []
    steps: list[tuple[Ways, Sequence[int]]] = []
    for i, line in enumerate(lines):
        at, text, code, gap, key, _ = line
        has_twin = above[i] or below[i]
        if gap == 0 and ways.is_under_way and code in "tx" and not has_twin:
            steps.append((ways, _SAME))
            continue
        previous = lines[i - 1]
        ways, origins, kept = next_ways(
            ways,
            code,
            gap,
            traits_of(text) if len(text) <= MAX_KEYED else _traits(text),
            _twins(lines, i, above, below) if has_twin else _NO_TWINS,
            _relation(key, headlines, (code, gap) in ways.edits) if key else _NO_RELATION,
            previous.code,
            len(previous.text) <= LONG_HEADLINE,
            gap == 0 and is_below_a_headline(lines, i),
            i > 0 and at - previous.at > PICTURE_GAP,
            i == 0,
        )
        steps.append((ways, origins))
        headlines = [key if number % 2 else headlines[number // 2 - 1] for number in kept] if kept else []
        if first and ways.is_body:
            whole = False
            break
    place, cost = last_way(ways, whole)
    roles = []
    for at_line, before_it in reversed(steps):
        roles.append(NAMES[at_line.all[place][0]])
        place = before_it[place]
    return Reading(roles[::-1], cost)


_NO_RELATION = Relation(0, 0, 0)
_NO_TWINS = Twins(0, 0, False, False)
_SAME = range(2)
"""The origins of ways that go on as they are."""


def _ways_above(lines: Sequence[Line], before: str) -> Ways:
    codes = {line.code for line in lines}
    ways = [(INDEX[before], 0, 0.0)]
    if before == "body" and lines and lines[0].gap == 0:
        ways.append((INDEX["before"], 0, AMID))
    return ways_of(tuple(ways), not codes.isdisjoint("iI"), not codes.isdisjoint("Lu"))


def _traits(text: str) -> Traits:
    is_few_words = len(text.split(None, MAX_LABEL_WORDS)) <= MAX_LABEL_WORDS
    return _same_traits(
        against_headline(text), len(text) >= TWIN_MIN, len(text) <= MAX_POINT, text in AGENCIES, text in LABELS, is_few_words
    )  # fmt: skip


_same_traits = lru_cache(Traits)
traits_of = lru_cache(maxsize=1 << 12)(_traits)
"""For lines that may come again. Long ones are kept by no cache."""


def _twins(lines: Sequence[Line], i: int, above: Sequence[int], below: Sequence[int]) -> Twins:
    return Twins(
        above[i],
        below[i],
        above[i] == 1 and above[i - 1] == 1,
        below[i] > 0 and lines[i + below[i]].code == "g",
    )


def _relation(key: str, headlines: Sequence[str], may_be_edited: bool) -> Relation:
    """How a line's key stands to the headlines that were met.

    Args:
        key: not empty.
        headlines: rising.
        may_be_edited: whether the line can be one of them in other words.
    """
    if not headlines:
        return _ALONE
    place = bisect_left(headlines, key)
    is_same = place < len(headlines) and headlines[place] == key
    copies = edited = 0
    for number, headline in enumerate(headlines, 1):
        copies |= is_copy(key, headline) << number
        if may_be_edited:
            edited |= is_edited(headline, key) << number
    return Relation(2 * place + (2 if is_same else 1), copies, edited)


_ALONE = Relation(1, 0, 0)
"""Of the first headline."""
