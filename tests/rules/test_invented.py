"""Pages that nobody wrote down: headers put together by chance are read as they were meant, apart and joined."""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest

from tests.helpers import today
from tests.helpers.invent import Invented, invent
from tests.helpers.reading import read
from tests.helpers.sketch import differences
from tests.rules.test_joined import GAPS, misread

SEEDS = range(400)
CLOSE = ("body only", "tag page")
"""Pages that look like a body's own paragraphs, and its subheadings, where no more than one empty line parts them."""


@cache
def page(seed: int) -> Invented:
    return invent(seed)


@cache
def wrong_apart() -> dict[str, str]:
    """The numbers of the pages that are read wrong, each with what is wrong, and its text."""
    wrong = {}
    for seed in SEEDS:
        found = differences(read(f"{page(seed).text}\n".encode()), page(seed).want)
        if found:
            wrong[str(seed)] = "\n".join([*found, "-----", page(seed).text])
    return wrong


@cache
def wrong_joined() -> list[str]:
    """The neighbours, as "first second gap", that are not read as apart; each page has other neighbours per gap."""
    wrong = []
    for gap in GAPS:
        row = sorted(SEEDS, key=lambda seed, gap=gap: seed * (gap + 6) % (len(SEEDS) + 1))
        row = [seed for seed in row if gap > 1 or page(seed).kind not in CLOSE]
        pages = [page(seed).text.encode() for seed in row]
        for start in range(0, len(row) - 1, 50):
            bad = set(misread(pages[start : start + 51], [gap] * len(pages[start : start + 51])))
            for i, (first, second) in enumerate(pairwise(row[start : start + 51])):
                if bad & {i, i + 1} and misread([pages[start + i], pages[start + i + 1]], [gap, gap]):
                    wrong.append(f"{first} {second} {gap}")
    return wrong


def test_invented_pages():
    wrong = wrong_apart()
    today.check("invented", wrong, wrong.__getitem__)


@pytest.mark.slow
def test_invented_pages_joined():
    def explain(entry: str) -> str:
        first, second, gap = entry.split()
        return f"{entry}\n{page(int(first)).text[-300:]}{'<>' + chr(10) * (int(gap) + 1)}{page(int(second)).text[:600]}"

    today.check("invented, joined", wrong_joined(), explain)


def all_wrong() -> Iterator[tuple[str, list[str]]]:
    yield "invented", list(wrong_apart())
    yield "invented, joined", wrong_joined()
