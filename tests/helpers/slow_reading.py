"""The cheapest reading of some lines, by the tables as they stand: no step is remembered, no headline is a number."""

from collections.abc import Sequence

from dateline.pipeline.rules import role_moves
from dateline.pipeline.rules.line_forms import MAX_LABEL_WORDS, Line, is_copy, twins
from dateline.pipeline.rules.reading import AMID, MAX_POINT, PICTURE_GAP, Reading
from dateline.pipeline.rules.role_evidence import (
    LONG_HEADLINE,
    TWIN_MIN,
    TWIN_NEAR,
    against_headline,
    is_below_a_headline,
    is_edited,
    twin_cost,
)
from dateline.pipeline.rules.role_moves import INDEX, NAMES, all_moves, moves
from dateline.pipeline.rules.site import AGENCIES, LABELS
from dateline.pipeline.rules.ways import (
    ALT,
    BARE,
    BEFORE,
    BELOW_HEADER,
    BODIES,
    BODY,
    CAPTION2,
    ENDED,
    FOUND,
    HEADLESS,
    LIST,
    LONE,
    LOST_CREDIT,
    MARGIN,
    OPENED,
    TWIN_BELOW,
    UNDER,
    UNFINISHED,
    UNLIMITED,
    UNNAMED,
    UNNAMED_DATELINE,
    WAYS,
)

Way = tuple[int, str]
"""A role, and the headline that the way to it has met; empty for none."""


def _as_headline(line: Line, copy: Line | None) -> float:
    cost = against_headline(line.text)
    if copy is None:
        return cost + (UNNAMED if line.code in "nt" else UNNAMED_DATELINE if line.code in "KQP" else 0.0)
    return cost + LOST_CREDIT if copy.code == "g" else cost


def slow_read(lines: Sequence[Line], before: str, whole: bool, first: bool = False) -> Reading:
    """What read() tells."""
    above, below = twins(lines)
    codes = {line.code for line in lines}
    table = moves(not codes.isdisjoint("iI"), not codes.isdisjoint("Lu"))
    top, above_header = (INDEX[before], ""), (INDEX["before"], "")
    ways: dict[Way, tuple[float, Way]] = {top: (0.0, top)}
    if before == "body" and lines and lines[0].gap == 0:
        ways[above_header] = (AMID, above_header)
    steps: list[dict[Way, tuple[float, Way]]] = []
    for i, line in enumerate(lines):
        code, gap, key = line.code, line.gap, line.key
        third = above[i] == 1 and above[i - 1] == 1  # it says no more
        twin = twin_cost(code, len(line.text) >= TWIN_MIN, above[i]) if above[i] and not third else 0.0
        headlined: float | None = None  # what speaks against the line for a headline, once it is asked for
        found: dict[Way, tuple[float, Way]] = {}
        at = code, gap
        most = UNLIMITED
        for way, (paid, _) in ways.items():
            role, headline = way
            for after, cost, condition in table[role].get(at, ()):
                total = paid + cost
                if total > most:
                    continue
                keep = headline
                if condition:
                    if condition == role_moves.TEXT:
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
                    elif condition == role_moves.SAME:
                        if not headline or not key or (key != headline and not is_copy(key, headline)):
                            continue
                    elif condition == role_moves.DROPS:
                        keep = ""
                        if after == LONE and code == "h" and lines[i - 1].code == "w":
                            total += 1.0  # a mirror drops no headline
                    elif condition == role_moves.SETS:
                        if not key or (after == FOUND and headline) or line.text in AGENCIES:
                            continue
                        if headlined is None:
                            headlined = _as_headline(line, lines[i + below[i]] if below[i] else None)
                        total += headlined
                        if gap == 0 and role in BODIES and is_below_a_headline(lines, i):
                            total += 2.0  # rather is the line above it the headline
                        keep = key
                    elif condition == role_moves.PICTURE:
                        if headline and (key == headline or is_copy(key, headline)):
                            total += 4
                        elif after == CAPTION2 and 0 < above[i] <= 3:
                            total = paid + 0.2
                    elif condition == role_moves.ECHO:
                        if headline and (key == headline or is_copy(key, headline)):
                            continue
                        if not above[i]:
                            if code == "t":
                                continue
                            total += 0.5 if code in "gr" else 3
                    elif condition == role_moves.SHORT:
                        if len(line.text) > MAX_POINT:
                            continue
                    elif condition == role_moves.CUT:
                        if i and line.at - lines[i - 1].at > PICTURE_GAP:
                            continue  # a picture amid a body
                    elif condition == role_moves.STAMP:
                        if role in ENDED:
                            keep = ""
                    elif condition == role_moves.NAME:
                        if headline and key and is_copy(key, headline):
                            continue
                        if code == "N" and not above[i] and line.text not in AGENCIES:
                            total += 0.5
                    elif condition == role_moves.ALT_TEXT:
                        if not 0 < below[i] <= TWIN_NEAR and role != ALT:
                            continue
                        keep = ""
                    elif condition == role_moves.LABEL:
                        if line.text not in LABELS:
                            if len(line.text.split()) > MAX_LABEL_WORDS:
                                continue
                            total += 1
                    elif condition == role_moves.EDITED and not (headline and is_edited(headline, key)):
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
        roles.append(NAMES[best[0]])
        _, best = step[best]
    return Reading(roles[::-1], cost)


def _last(ways: dict[Way, tuple[float, Way]], whole: bool) -> tuple[Way, float]:
    costs = {}
    for way, (paid, _) in ways.items():
        ends = all_moves()[way[0]].get(("", 0))
        costs[way] = paid + (ends[0][1] if ends else 30.0 if whole else UNFINISHED)
    best = min(costs, key=lambda way: (costs[way], way))
    return best, costs[best]
