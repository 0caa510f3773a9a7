"""The tables of roles.py by number: from each role, what the next line can be, and what that costs."""

from functools import cache
from itertools import product

from dateline.pipeline.rules.roles import GAPS, NEVER, ROLES, STEPS

NAMES = ["start", *(role.name for role in ROLES), "end"]
"""The roles by their numbers."""
INDEX = {name: i for i, name in enumerate(NAMES)}
_TAKES = {role.name: role.takes for role in ROLES}

PLAIN, SAME, SETS, EDITED, ECHO, ALT_TEXT, TEXT, LABEL, DROPS, PICTURE, SHORT, NAME, STAMP, CUT = range(14)
_CONDITIONS = {
    **dict.fromkeys(("alt_headline", "again", "behind_again"), SAME),
    **dict.fromkeys(("headline", "top_headline", "crawl_headline", "found", "behind"), SETS),
    **dict.fromkeys(("body", "first", "opening", "dated", "dated2", "late", "bare", "list", "before"), TEXT),
    **dict.fromkeys(("listed", "sign", "top", "crumb", "kicker", "page_url", "behind_text", "lone", "feed"), DROPS),
    "point": SHORT, "name2": NAME, "stamp": STAMP, "cut_caption": CUT, "edited": EDITED, "echo": ECHO, "alt": ALT_TEXT, "label": LABEL, "label2": LABEL,
    **dict.fromkeys(("caption", "caption2", "picture"), PICTURE),
}  # fmt: skip
"""What a role asks of its line besides the code."""

Move = tuple[int, float, int]
"""A role, what it costs to have it next, and what it asks of its line besides the code."""
Moves = list[dict[tuple[str, int], tuple[Move, ...]]]
"""For each role: the roles that the next line can have, by its code and the empty lines above it."""


@cache
def all_moves() -> Moves:
    """Those of roles.py. They are some ten thousand, and many runs need none: they are made when a reading asks for them."""
    found: list[dict[tuple[str, int], list[Move]]] = [{} for _ in NAMES]
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
                    move = (INDEX[after], total, _CONDITIONS.get(after, PLAIN))
                    found[INDEX[before]].setdefault((code, gap), []).append(move)
    return [{key: tuple(moves) for key, moves in by_line.items()} for by_line in found]


_OF_LISTS, _OF_VIDEOS = (
    frozenset(INDEX[name] for name in names.split()) for names in ("listed sign list", "title player next")
)


@cache
def moves(with_list: bool, with_video: bool) -> Moves:
    """The moves by whether the lines have the sign of a list, and a video's words: most have neither."""
    without = (frozenset() if with_list else _OF_LISTS) | (frozenset() if with_video else _OF_VIDEOS)
    return [
        {key: tuple(move for move in moves if move[0] not in without) for key, moves in by_line.items()}
        for by_line in all_moves()
    ]


@cache
def edits(role: int) -> frozenset[tuple[str, int]]:
    """The lines, by code and gap, that can be the headline in other words below one that has a role."""
    return frozenset(
        line for line, found in all_moves()[role].items() if any(asked == EDITED for _, _, asked in found)
    )
