"""The cheapest reading of some lines: which role each has, by the tables of roles.py.

This is Viterbi's algorithm. From line to line it keeps, for each role (and the headline that the way to it has
met), the cheapest way that ends there; the cheapest way at the last line is the reading. It looks at each line
once and keeps so many ways at most (see ways.py), so the work grows with the lines and with nothing else.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from dateline.pipeline.rules.line_forms import MAX_LABEL_WORDS, Line, is_copy, twins
from dateline.pipeline.rules.role_evidence import (
    LONG_HEADLINE,
    TWIN_MIN,
    as_headline,
    is_below_a_headline,
    is_edited,
    twin_cost,
)
from dateline.pipeline.rules.role_moves import HEADLINE_CODES, INDEX, LABEL_CODES, NAMES
from dateline.pipeline.rules.site import AGENCIES, LABELS
from dateline.pipeline.rules.ways import Facts, Name, Relation, Ways, last_way, next_ways, ways_of

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
        code, gap, key = line.code, line.gap, line.key
        if ways.is_under_way and gap == 0 and code in "tx" and not above[i] and not below[i]:
            steps.append((ways, _SAME))
            continue
        relation = _relation(key, headlines, (code, gap) in ways.edits) if key else _NO_RELATION
        ways, origins, kept = next_ways(ways, _facts(lines, i, above, below), relation)
        steps.append((ways, origins))
        headlines = [headlines[number // 2 - 1] if number % 2 == 0 else key for number in kept]
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
_NO_NAME = Name(False, False, False, False, False)
_SAME = range(2)
"""The origins of ways that go on as they are."""


def _ways_above(lines: Sequence[Line], before: str) -> Ways:
    codes = {line.code for line in lines}
    ways = [(INDEX[before], 0, 0.0)]
    if before == "body" and lines and lines[0].gap == 0:
        ways.append((INDEX["before"], 0, AMID))
    return ways_of(tuple(ways), not codes.isdisjoint("iI"), not codes.isdisjoint("Lu"))


def _facts(lines: Sequence[Line], i: int, above: Sequence[int], below: Sequence[int]) -> Facts:
    """What a step asks of a line."""
    line, previous = lines[i], lines[i - 1]
    text, code = line.text, line.code
    third = above[i] == 1 and above[i - 1] == 1  # it says no more
    return Facts(
        code,
        line.gap,
        above[i],
        below[i],
        twin_cost(line, above[i]) if above[i] and not third else 0.0,
        as_headline(line, lines, i, below[i]) if code in HEADLINE_CODES else 0.0,
        line.gap == 0 and is_below_a_headline(lines, i),
        i == 0,
        previous.code,
        len(previous.text) <= LONG_HEADLINE,
        i > 0 and line.at - previous.at > PICTURE_GAP,
        _NO_NAME
        if code in "tx"
        else Name(
            len(text) <= MAX_POINT,
            len(text) >= TWIN_MIN,
            text in AGENCIES,
            text in LABELS,
            code in LABEL_CODES and len(text.split()) <= MAX_LABEL_WORDS,
        ),
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
