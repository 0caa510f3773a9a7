"""Joined is as apart: the dump of any two golden pages gives what each gives alone, in its place.

All ordered pairs are tried, with one, two and three empty lines between them. Reading each pair by itself would
take long, so they stand in a few dumps in which every page follows every page once; only where such a dump is not
read as its pages are, are the pairs looked at one by one.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import today
from tests.reading import Item, read, told_with_place
from tests.sketch import GOLDEN

PAGES = {path.stem: path.read_bytes().strip(b"\n") for path in GOLDEN}
GAPS = (1, 2, 3)
"""Empty lines between two pages."""
CHAIN = 100
"""Pages of a dump in which many pairs are looked at."""

NO_READER_CAN_TELL: dict[str, str] = {}
"""Pairs that may be read otherwise, as "first second gap", each part a page or *, and why no reader could tell."""
MOST_EXCEPTIONS = 0.005


@cache
def alone(name: str) -> tuple[Item, ...]:
    """What a golden page is read as, each item with its place `at` in the page."""
    return tuple(told_with_place(read(PAGES[name] + b"\n"), 0))


def joined(names: Sequence[str], gaps: Sequence[int]) -> tuple[bytes, list[int]]:
    """The dump of some pages with that many empty lines behind each, and where each page starts."""
    data, starts = b"", []
    for name, gap in zip(names, gaps, strict=True):
        starts.append(len(data))
        data += PAGES[name] + b"\n" * (gap + 1)
    return data, starts


def misread(names: Sequence[str], gaps: Sequence[int]) -> list[int]:
    """Which of the joined pages are not read as they are alone, by their numbers."""
    data, starts = joined(names, gaps)
    ends = [*starts[1:], len(data)]
    found: list[list[Item]] = [[] for _ in names]
    page = 0
    for item in told_with_place(read(data), 0):
        while item["at"][0] >= ends[page]:
            page += 1
        found[page].append(item | {"at": (item["at"][0] - starts[page], item["at"][1])})
    return [i for i, name in enumerate(names) if found[i] != list(alone(name))]


def every_pair() -> list[str]:
    """Pages in a row in which each, once, stands next to each, itself too."""
    names = list(PAGES)
    row = [
        name
        for i, first in enumerate(names)
        for name in (first, *(x for other in names[i + 1 :] for x in (first, other)))
    ]
    return [*row, row[0]]


@cache
def wrong_pairs() -> dict[str, str]:
    """All pairs that are not read as apart, as "first second gap", with what is spoiled: each page or both."""
    row, wrong = every_pair(), {}
    for gap in GAPS:
        for start in range(0, len(row) - 1, CHAIN):
            names = row[start : start + CHAIN + 1]
            bad = set(misread(names, [gap] * len(names)))
            for i, pair in enumerate(pairwise(names)):
                if (bad & {i, i + 1}) and (spoiled := misread(pair, [gap, gap])):
                    wrong[f"{pair[0]} {pair[1]} {gap}"] = " and ".join(pair[i] for i in spoiled)
    return wrong


def excepted(pair: str) -> bool:
    """Whether no reader could tell the pair apart."""
    parts = pair.split()
    return any(
        all(want in ("*", part) for want, part in zip(rule.split(), parts, strict=True))
        for rule in NO_READER_CAN_TELL
    )


def test_every_page_stands_next_to_every_page():
    row = every_pair()
    assert len(set(pairwise(row))) == len(row) - 1 == len(PAGES) ** 2


def test_any_two_pages_are_read_as_apart():
    wrong = wrong_pairs()
    today.check(
        "joined", (pair for pair in wrong if not excepted(pair)), lambda pair: f"{pair}: {wrong[pair]}"
    )


def test_exceptions_are_few_and_needed():
    pairs = [f"{first} {second} {gap}" for first in PAGES for second in PAGES for gap in GAPS]
    assert sum(map(excepted, pairs)) <= MOST_EXCEPTIONS * len(pairs)
    assert all(NO_READER_CAN_TELL.values()), "say why no reader could tell"
    assert all(pair in wrong_pairs() for pair in pairs if excepted(pair))


def foreign(first: str, second: str, gap: int) -> list[str]:
    """The articles of two joined pages whose body holds a paragraph of the other page."""
    data, (_, middle) = joined((first, second), (gap, gap))
    texts = [{line.strip() for line in PAGES[name].decode().split("\n")} for name in (first, second)]
    spoiled = []
    for item in told_with_place(read(data), 0):
        side = item["at"][0] >= middle
        if "body" in item and any(
            text not in texts[side] and text in texts[not side] for text in item["body"].split("\n\n")
        ):
            spoiled.append(item["headline"])
    return spoiled


@cache
def foreign_text() -> list[str]:
    """The pairs in which a good article's body holds text of the other page."""
    parts = (pair.split() for pair in wrong_pairs())
    return [f"{first} {second} {gap}" for first, second, gap in parts if foreign(first, second, int(gap))]


def test_no_body_holds_text_of_another_page():
    """Where two pages cannot be told apart, a reject is the better answer: this holds for exceptions, too."""
    today.check("foreign text", foreign_text())


DUMPS = st.lists(st.tuples(st.sampled_from(list(PAGES)), st.sampled_from(GAPS)), min_size=3, max_size=25)


@settings(max_examples=200)
@given(DUMPS)
def test_longer_dumps_in_any_order(dump):
    names, gaps = [dump[0][0]], []
    for name, gap in dump[1:]:
        if f"{names[-1]} {name} {gap}" not in wrong_pairs():
            names.append(name)
            gaps.append(gap)
    assert [names[i] for i in misread(names, [*gaps, 1])] == []


def all_wrong() -> Iterator[tuple[str, list[str]]]:
    yield "joined", [pair for pair in wrong_pairs() if not excepted(pair)]
    yield "foreign text", foreign_text()
