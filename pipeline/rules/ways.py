"""The ways through the tables of roles.py that are kept at a line, and the step from one line to the next.

A step depends on few facts about a line, hardly ever on its very text; so it is made once for many lines of many pages:

    ways at the line above     facts about the line                                    ways at the line
    body 0.0 | before 6.0      a short line (h), three empty lines above it         -> headline 5.0 | body 1.0 | ..

Headlines are numbers here. They are compared when the facts are made; of two that a line was compared with, the smaller number
is that of the one that comes first in the alphabet, for that decides between ways that cost the same.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from dateline.pipeline.rules import role_moves
from dateline.pipeline.rules.role_evidence import TWIN_NEAR, twin_cost
from dateline.pipeline.rules.role_moves import INDEX, all_moves, edits, moves

WAYS = 48
"""Ways that are kept at a line, at most."""
MARGIN = 14.0
"""What a way may cost more than the cheapest one at its line: more no line below can make up for."""
KNOWN_STEPS = 1 << 12
"""Steps that are known at one time."""

TWIN_BELOW = 4.0
"""What a body pays for a line that stands once more right below."""
HEADLESS = 6.0
"""What it costs that a stamp has no headline, neither above it nor below."""
UNNAMED, UNNAMED_DATELINE, LOST_CREDIT = 4.0, 6.0, 3.0
"""What speaks against a name or a sentence for a headline, and against a line with a dateline, where the same stands nowhere below;
and against one that stands below with a credit."""
BELOW_HEADER = 5.0
"""What it costs a body that a caption, or a header whose body stands above it, stands right above a dateline."""
UNLIMITED = 1e9
UNFINISHED = 8.0
"""What it costs to end amid a header where more lines follow."""

BODY, FOUND, CAPTION2, BARE, LIST, ALT, BEFORE, LONE = (
    INDEX[name] for name in ("body", "found", "caption2", "bare", "list", "alt", "before", "lone")
)
BODIES = frozenset(INDEX[name] for name in ("body", "opening", "dated", "dated2", "late", "bare"))
UNDER = frozenset(INDEX[name] for name in ("stamp", "button", "name"))
OPENED = frozenset(INDEX[name] for name in ("top", "crumb", "kicker", "page_url", "lone"))
ENDED = frozenset(
    i for name, i in INDEX.items() if name in {"stamp", "button", "name"} or name.startswith("behind")
)
"""Roles behind which a stamp is that of another article."""

_UNDER_WAY = frozenset([(BODY, 0), (BEFORE, 0)])
"""Ways that one more paragraph, right below the last and with no twin, leaves as they are: it costs them nothing, and any other
role more than MARGIN."""

Way = tuple[int, int, float]
"""A role, the number of the headline that the way to it has met, 0 for none, and what it costs."""


class Ways:
    """The ways that are kept at a line; the same ones are one object."""

    __slots__ = ("all", "edits", "is_body", "is_under_way", "with_list", "with_video")

    def __init__(self, ways: tuple[Way, ...], with_list: bool, with_video: bool) -> None:
        self.all = ways
        self.with_list, self.with_video = with_list, with_video
        """Whether the lines have the sign of a list, and a video's words."""
        heads = {way[:2] for way in ways}
        self.is_under_way = heads <= _UNDER_WAY
        """Whether nothing but a body is under way."""
        self.is_body = heads == {(BODY, 0)}
        """Whether that is certain, and it stands below its header."""
        self.edits = frozenset[tuple[str, int]]().union(*(edits(role) for role, number, _ in ways if number))
        """The lines, by code and gap, that can be the headline of a way in other words."""


@lru_cache(maxsize=KNOWN_STEPS)
def ways_of(ways: tuple[Way, ...], with_list: bool, with_video: bool) -> Ways:
    return Ways(ways, with_list, with_video)


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What a line's text says besides its code. The same traits are one object."""

    against: float
    """What speaks against it for a headline."""
    is_long: bool
    """Whether it hardly comes twice by chance."""
    is_point: bool
    """Whether it can be a line of a summary."""
    is_agency: bool
    is_label: bool
    is_few_words: bool
    """Whether it has no more words than a label."""


class Twins(NamedTuple):
    """Where the same line stands; see twins()."""

    above: int
    below: int
    is_third: bool
    """Whether it stands twice right above: then it says no more."""
    is_caption_below: bool
    """Whether the one below has a credit: the line is a caption, its credit lost in this copy."""


class Relation(NamedTuple):
    """How a line's key stands to the headlines that were met."""

    place: int
    """As a number among the headlines' doubled ones: that of the same, else the odd one where it belongs; 0 for a line without a
    key."""
    copies: int
    """A bit for each headline: whether the line is a copy of it."""
    edited: int
    """A bit for each headline: whether the line is that one, edited; asked of some codes only."""


class Step(NamedTuple):
    ways: Ways
    origins: tuple[int, ...]
    """For each way, the place of the way that it goes on among those of the line above."""
    headlines: tuple[int, ...]
    """The headlines of the ways, by their doubled numbers at the line above; an odd one is the line's own key."""


@lru_cache(maxsize=KNOWN_STEPS)
def next_ways(
    ways: Ways, code: str, gap: int, traits: Traits, twins: Twins, relation: Relation, previous: str, previous_is_short: bool,
    is_below_a_headline: bool, is_far: bool, is_first: bool,
) -> Step:  # fmt: skip
    """The cheapest ways that end at the next line.

    Args:
        ways: those at the line above.
        code: of the line, like its gap, its traits and so on.
        previous: the code of the line above.
        previous_is_short: whether that is no longer than a headline.
        is_below_a_headline: whether the line above looks like one, with no empty line between.
        is_far: whether as many empty lines stand above it as below a picture amid a body.
        is_first: whether it is the first line that is read.
    """
    key, copies, edited = relation
    above, below, is_third, is_caption_below = twins
    twin = 0.0 if is_third else twin_cost(code, traits.is_long, above)
    against = traits.against
    if not below:
        against += UNNAMED if code in "nt" else UNNAMED_DATELINE if code in "KQP" else 0.0
    elif is_caption_below:
        against += LOST_CREDIT
    table = moves(ways.with_list, ways.with_video)
    found: dict[tuple[int, int], tuple[float, int]] = {}
    at = code, gap
    most = UNLIMITED
    for origin, (role, number, paid) in enumerate(ways.all):
        headline = 2 * number
        is_copy = number and copies >> number & 1
        for after, cost, condition in table[role].get(at, ()):
            total = paid + cost
            if total > most:
                continue
            keep = headline
            if condition:
                if condition == role_moves.TEXT:
                    total += twin if after in (BODY, LIST, BEFORE) or code in "hnkr" else min(twin, 1.0)
                    if after == BARE and not is_first and role not in OPENED:
                        if gap < 2 and previous in "bhngr" and previous_is_short:
                            total += 4
                        elif previous in "gr":
                            total += 2
                    elif after == BODY and gap > 1 and below == 1 and code in "hk" and traits.is_long:
                        total += TWIN_BELOW
                    elif (
                        after == BODY
                        and code in "KQ"
                        and (role in ENDED or (code == "Q" and previous in "gr"))
                    ):
                        total += BELOW_HEADER
                    elif not headline and role in UNDER:
                        total += HEADLESS
                    keep = 0
                elif condition == role_moves.SAME:
                    if not is_copy:
                        continue
                elif condition == role_moves.DROPS:
                    keep = 0
                    if after == LONE and code == "h" and previous == "w":
                        total += 1.0  # a mirror drops no headline
                elif condition == role_moves.SETS:
                    if not key or (after == FOUND and headline) or traits.is_agency:
                        continue
                    total += against
                    if gap == 0 and role in BODIES and is_below_a_headline:
                        total += 2.0  # rather is the line above it the headline
                    keep = key
                elif condition == role_moves.PICTURE:
                    if is_copy:
                        total += 4
                    elif after == CAPTION2 and 0 < above <= 3:
                        total = paid + 0.2
                elif condition == role_moves.ECHO:
                    if is_copy:
                        continue
                    if not above:
                        if code == "t":
                            continue
                        total += 0.5 if code in "gr" else 3
                elif condition == role_moves.SHORT:
                    if not traits.is_point:
                        continue
                elif condition == role_moves.CUT:
                    if is_far:
                        continue  # a picture amid a body
                elif condition == role_moves.STAMP:
                    if role in ENDED:
                        keep = 0
                elif condition == role_moves.NAME:
                    if is_copy:
                        continue
                    if code == "N" and not above and not traits.is_agency:
                        total += 0.5
                elif condition == role_moves.ALT_TEXT:
                    if not 0 < below <= TWIN_NEAR and role != ALT:
                        continue
                    keep = 0
                elif condition == role_moves.LABEL:
                    if not traits.is_label:
                        if not traits.is_few_words:
                            continue
                        total += 1
                elif condition == role_moves.EDITED and not (number and edited >> number & 1):
                    continue
                if total > most:
                    continue
            now = (after, keep)
            old = found.get(now)
            if old is None or total < old[0]:
                found[now] = (total, origin)
                if total + MARGIN < most:
                    most = total + MARGIN
    if not found:  # no role takes the line: it is body, whatever stands above
        origin = min(range(len(ways.all)), key=lambda i: (ways.all[i][2], ways.all[i][:2]))
        found[BODY, 0] = (ways.all[origin][2] + 20, origin)
        most = UNLIMITED
    kept = [item for item in found.items() if item[1][0] <= most]
    if len(kept) > WAYS:
        kept = sorted(kept, key=lambda item: (item[1][0], item[0]))[:WAYS]
    headlines = sorted({keep for (_, keep), _ in kept if keep})
    numbers = {0: 0, **{headline: i for i, headline in enumerate(headlines, 1)}}
    now_kept = tuple((role, numbers[keep], total) for (role, keep), (total, _) in kept)
    origins = tuple(origin for _, (_, origin) in kept)
    return Step(ways_of(now_kept, ways.with_list, ways.with_video), origins, tuple(headlines))


@lru_cache(maxsize=KNOWN_STEPS)
def last_way(ways: Ways, whole: bool) -> tuple[int, float]:
    """The place of the cheapest way, and what it costs, to end there included.

    Args:
        ways: those at the last line.
        whole: whether nothing follows it.
    """
    costs = []
    for place, (role, number, paid) in enumerate(ways.all):
        ends = all_moves()[role].get(("", 0))
        cost = paid + (ends[0][1] if ends else 30.0 if whole else UNFINISHED)
        costs.append((cost, role, number, place))
    cost, _, _, place = min(costs)
    return place, cost
