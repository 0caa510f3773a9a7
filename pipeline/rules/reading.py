"""The cheapest reading of some lines: which role each has, by the tables of roles.py.

This is Viterbi's algorithm. From line to line it keeps, for each role (and the headline that the way to it has
met), the cheapest way that ends there; the cheapest way at the last line is the reading. It looks at each line
once and keeps WAYS ways at most, so the work grows with the lines and with nothing else.
"""

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from dateline.pipeline.rules.line_forms import Line, is_copy, twins
from dateline.pipeline.rules.role_evidence import (
    LONG_HEADLINE,
    TWIN_MIN,
    TWIN_NEAR,
    as_headline,
    is_below_a_headline,
    is_edited,
    twin_cost,
)
from dateline.pipeline.rules.roles import GAPS, NEVER, ROLES, STEPS
from dateline.pipeline.rules.site import AGENCIES, LABELS

WAYS = 48
"""Ways that are kept at a line, at most."""
MARGIN = 14.0
"""What a way may cost more than the cheapest one at its line: more no line below can make up for."""
PICTURE_GAP = 4
"""Empty lines that a picture amid a body leaves, at least."""
MAX_POINT = 160
"""Characters of a line of a summary that has no glyph."""

TWIN_BELOW = 4.0
"""What a body pays for a line that stands once more right below."""
HEADLESS = 6.0
"""What it costs that a stamp has no headline, neither above it nor below."""
AMID = 6.0
"""What it costs that the lines begin amid a body that stands above its header."""
BELOW_HEADER = 5.0
"""What it costs a body that a caption, or a header whose body stands above it, stands right above a dateline."""
UNLIMITED = 1e9
UNFINISHED = 8.0
"""What it costs to end amid a header where more lines follow."""

_NAMES = ["start", *(role.name for role in ROLES), "end"]
_INDEX = {name: i for i, name in enumerate(_NAMES)}
_TAKES = {role.name: role.takes for role in ROLES}
START, BODY, FOUND, CAPTION2, BARE, LIST, ALT, BEFORE, LONE = (
    _INDEX[name] for name in ("start", "body", "found", "caption2", "bare", "list", "alt", "before", "lone")
)
BODIES = frozenset(_INDEX[name] for name in ("body", "opening", "dated", "dated2", "late", "bare"))
UNDER = frozenset(_INDEX[name] for name in ("stamp", "button", "name"))
OPENED = frozenset(_INDEX[name] for name in ("top", "crumb", "kicker", "page_url", "lone"))

ENDED = frozenset(
    i for i, name in enumerate(_NAMES) if name in {"stamp", "button", "name"} or name.startswith("behind")
)
"""Roles behind which a stamp is that of another article."""

_UNDER_WAY = {(BODY, ""), (BEFORE, "")}
"""Ways that one more paragraph, right below the last and with no twin, leaves as they are: it costs them nothing, and any other
role more than MARGIN."""

_PLAIN, _SAME, _SETS, _EDITED, _ECHO, _ALT, _TEXT, _LABEL, _DROPS, _PICTURE, _SHORT, _NAME, _STAMP, _CUT = (
    range(14)
)
_CONDITIONS = {
    **dict.fromkeys(("alt_headline", "again", "behind_again"), _SAME),
    **dict.fromkeys(("headline", "top_headline", "crawl_headline", "found", "behind"), _SETS),
    **dict.fromkeys(("body", "first", "opening", "dated", "dated2", "late", "bare", "list", "before"), _TEXT),
    **dict.fromkeys(("listed", "sign", "top", "crumb", "kicker", "page_url", "behind_text", "lone", "feed"), _DROPS),
    "point": _SHORT, "name2": _NAME, "stamp": _STAMP, "cut_caption": _CUT, "edited": _EDITED, "echo": _ECHO, "alt": _ALT, "label": _LABEL, "label2": _LABEL,
    **dict.fromkeys(("caption", "caption2", "picture"), _PICTURE),
}  # fmt: skip
"""What a role asks of its line besides the code."""

_Move = tuple[int, float, int]
"""A role, what it costs to have it next, and what it asks of its line besides the code."""
_Moves = list[dict[tuple[str, int], tuple[_Move, ...]]]
"""For each role: the roles that the next line can have, by its code and the empty lines above it."""


@cache
def _all_moves() -> _Moves:
    """Those of roles.py. They are some ten thousand, and many runs need none: they are made when a reading asks for them."""
    found: list[dict[tuple[str, int], list[_Move]]] = [{} for _ in _NAMES]
    seen: set[tuple[str, str]] = set()
    for step in STEPS:
        for before, after in product(step.before.split(), step.after.split()):
            if (before, after) in seen:
                raise ValueError(f"roles.py has two steps from {before} to {after}")
            seen.add((before, after))
            takes = _TAKES[after] if after != "end" else {"": 0.0}
            for (code, cost), gap in product(takes.items(), range(GAPS)):
                total = step.cost + cost + step.gaps[gap]
                if total < NEVER:
                    move = (_INDEX[after], total, _CONDITIONS.get(after, _PLAIN))
                    found[_INDEX[before]].setdefault((code, gap), []).append(move)
    return [{key: tuple(moves) for key, moves in by_line.items()} for by_line in found]


_OF_LISTS, _OF_VIDEOS = (
    frozenset(_INDEX[name] for name in names.split()) for names in ("listed sign list", "title player next")
)


@cache
def _moves(with_list: bool, with_video: bool) -> _Moves:
    """The moves by whether the lines have the sign of a list, and a video's words: most have neither."""
    without = (frozenset() if with_list else _OF_LISTS) | (frozenset() if with_video else _OF_VIDEOS)
    return [
        {key: tuple(move for move in moves if move[0] not in without) for key, moves in by_line.items()}
        for by_line in _all_moves()
    ]


_Way = tuple[int, str]
"""A role, and the headline that the way to it has met; empty for none."""


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
    codes = {line.code for line in lines}
    moves = _moves(not codes.isdisjoint("iI"), not codes.isdisjoint("Lu"))
    ways: dict[_Way, tuple[float, _Way | None]] = {(_INDEX[before], ""): (0.0, None)}
    if before == "body" and lines and lines[0].gap == 0:
        ways[_INDEX["before"], ""] = (AMID, None)
    steps: list[dict[_Way, tuple[float, _Way | None]]] = []
    for i, line in enumerate(lines):
        code, gap, key = line.code, line.gap, line.key
        if gap == 0 and code in "tx" and not above[i] and not below[i] and ways.keys() <= _UNDER_WAY:
            ways = {way: (paid, way) for way, (paid, _) in ways.items()}
            steps.append(ways)
            continue
        third = above[i] == 1 and above[i - 1] == 1  # it says no more
        twin = twin_cost(line, above[i]) if above[i] and not third else 0.0
        headlined: float | None = None  # what speaks against the line for a headline, once it is asked for
        found: dict[_Way, tuple[float, _Way | None]] = {}
        at = code, gap
        most = UNLIMITED
        for way, (paid, _) in ways.items():
            role, headline = way
            for after, cost, condition in moves[role].get(at, ()):
                total = paid + cost
                if total > most:
                    continue
                keep = headline
                if condition:
                    if condition == _TEXT:
                        total += twin if after in (BODY, LIST, BEFORE) or code in "hnkr" else min(twin, 1.0)
                        if after == BARE and i and role not in OPENED:
                            if (
                                gap < 2
                                and lines[i - 1].code in "bhngr"
                                and len(lines[i - 1].text) <= LONG_HEADLINE
                            ):
                                total += 4
                            elif lines[i - 1].code in "gr":
                                total += 2
                        elif (
                            after == BODY
                            and gap > 1
                            and below[i] == 1
                            and code in "hk"
                            and len(line.text) >= TWIN_MIN
                        ):
                            total += TWIN_BELOW
                        elif (
                            after == BODY
                            and code in "KQ"
                            and (role in ENDED or (code == "Q" and lines[i - 1].code in "gr"))
                        ):
                            total += BELOW_HEADER
                        elif not headline and role in UNDER:
                            total += HEADLESS
                        keep = ""
                    elif condition == _SAME:
                        if not headline or not key or (key != headline and not is_copy(key, headline)):
                            continue
                    elif condition == _DROPS:
                        keep = ""
                        if after == LONE and code == "h" and lines[i - 1].code == "w":
                            total += 1.0  # a mirror drops no headline
                    elif condition == _SETS:
                        if not key or (after == FOUND and headline) or line.text in AGENCIES:
                            continue
                        if headlined is None:
                            headlined = as_headline(line, lines, i, below[i])
                        total += headlined
                        if gap == 0 and role in BODIES and is_below_a_headline(lines, i):
                            total += 2.0  # rather is the line above it the headline
                        keep = key
                    elif condition == _PICTURE:
                        if headline and (key == headline or is_copy(key, headline)):
                            total += 4
                        elif after == CAPTION2 and 0 < above[i] <= 3:
                            total = paid + 0.2
                    elif condition == _ECHO:
                        if headline and (key == headline or is_copy(key, headline)):
                            continue
                        if not above[i]:
                            if code == "t":
                                continue
                            total += 0.5 if code in "gr" else 3
                    elif condition == _SHORT:
                        if len(line.text) > MAX_POINT:
                            continue
                    elif condition == _CUT:
                        if i and line.at - lines[i - 1].at > PICTURE_GAP:
                            continue  # a picture amid a body
                    elif condition == _STAMP:
                        if role in ENDED:
                            keep = ""
                    elif condition == _NAME:
                        if headline and key and is_copy(key, headline):
                            continue
                        if code == "N" and not above[i] and line.text not in AGENCIES:
                            total += 0.5
                    elif condition == _ALT:
                        if not 0 < below[i] <= TWIN_NEAR and role != ALT:
                            continue
                        keep = ""
                    elif condition == _LABEL:
                        if line.text not in LABELS:
                            if len(line.text.split()) > 3:
                                continue
                            total += 1
                    elif condition == _EDITED and not (headline and is_edited(headline, key)):
                        continue
                    if total > most:
                        continue
                now = (after, keep)
                old = found.get(now)
                if old is None or total < old[0]:
                    found[now] = (total, way)
                    if total + MARGIN < most:
                        most = total + MARGIN
        if not found:  # no role takes the line: it is body, whatever stands above
            cheapest = min(ways, key=lambda way: (ways[way][0], way))
            found[BODY, ""] = (ways[cheapest][0] + 20, cheapest)
            most = UNLIMITED
        if len(found) > 1:
            found = {way: step for way, step in found.items() if step[0] <= most}
        if len(found) > WAYS:
            found = dict(sorted(found.items(), key=lambda item: (item[1][0], item[0]))[:WAYS])
        steps.append(found)
        ways = found
        if first and len(ways) == 1 and (BODY, "") in ways:
            whole = False
            break
    best, cost = _last(ways, whole)
    roles = []
    for step in reversed(steps):
        roles.append(_NAMES[best[0]])
        best = step[best][1]  # type: ignore[assignment]
    return Reading(roles[::-1], cost)


def _last(ways: dict[_Way, tuple[float, _Way | None]], whole: bool) -> tuple[_Way, float]:
    """The cheapest way, what it costs to end there included."""
    costs = {}
    for way, (paid, _) in ways.items():
        ends = _all_moves()[way[0]].get(("", 0))
        costs[way] = paid + (ends[0][1] if ends else 30.0 if whole else UNFINISHED)
    best = min(costs, key=lambda way: (costs[way], way))
    return best, costs[best]
