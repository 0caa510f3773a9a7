"""What speaks for or against a role besides a line's form: its length, its first letter, and where it comes again."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from dateline.pipeline.rules.line_forms import Line
from dateline.pipeline.rules.site import LABELS

EDITED_RATIO = 0.5
"""How much of a headline must stay for the one below the stamp to be the same, edited."""
LONG_HEADLINE = 120
"""Characters of a headline, but for a few; a longer line is rather a paragraph that was cut."""
TWIN, TWIN_NEXT, TWIN_SENTENCE, TWIN_SHORT = 6.0, 10.0, 2.0, 2.0
"""What a body pays for a line that stood above: near by, right above, a sentence, or where it is short."""
TWIN_NEAR = 5
"""Lines within which."""
TWIN_MIN = 20
"""Characters of a line that hardly comes twice by chance."""


def against_headline(text: str) -> float:
    """What speaks against a text for a headline: a small letter at its beginning, and its length."""
    cost = 2.0 if text[0].islower() and not text.startswith(LABELS) else 0.0
    return cost + 2.0 if len(text) > LONG_HEADLINE else cost


def is_below_a_headline(lines: Sequence[Line], i: int) -> bool:
    """Whether the line above, or the one above a short one, looks like a headline, with no empty line between."""
    if i and lines[i - 1].code == "n" and lines[i - 1].gap == 0:
        i -= 1
    return i > 0 and lines[i - 1].code == "h"


def twin_cost(code: str, is_long: bool, above: int) -> float:
    """What a body pays for a line because the same stands above.

    Args:
        code: of the line.
        is_long: whether it has TWIN_MIN characters.
        above: as of twins().
    """
    if not above or above > TWIN_NEAR or (code not in "hnkgr" and above > 1):
        return 0.0  # a sentence may come again, in the same article once more
    if code not in "hnkgr":
        return TWIN_SENTENCE
    if not is_long:
        return TWIN_SHORT
    return TWIN_NEXT if above == 1 and code in "hnk" else TWIN


@lru_cache(maxsize=1 << 10)
def is_edited(headline: str, other: str) -> bool:
    """Whether a key is the headline's in other words."""
    pair = headline.split(), other.split()
    shorter, longer = sorted(map(len, pair))
    if longer > 60 or 2 * shorter < EDITED_RATIO * (shorter + longer) or set(pair[0]).isdisjoint(pair[1]):
        return False
    return SequenceMatcher(None, *pair, autojunk=False).ratio() >= EDITED_RATIO
