"""Joined is as apart: the dump of any two pages gives what each gives alone, in its place.

All ordered pairs of golden pages are tried, with one, two and three empty lines between them. Reading each pair by
itself would take long, so they stand in a few dumps in which every page follows every page once; only where such a
dump is not read as its pages are, are the pairs looked at one by one. Cases and mutated pages are tried with some.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import today
from tests.helpers.mutations import MUTATIONS
from tests.helpers.reading import Item, read, told_with_place
from tests.helpers.sketch import GOLDEN
from tests.rules.test_cases import CASES, wrong_in
from tests.rules.test_mutations import mutants, wrong_with

PAGES = {path.stem: path.read_bytes().strip(b"\n") for path in GOLDEN}
GAPS = (1, 2, 3)
"""Empty lines between two pages."""
CHAIN = 100
"""Pages of a dump in which many pairs are looked at."""
STEPS = 12
"""How many neighbours each page of the mixture has."""

_PARAGRAPHS = (
    "one empty line, as between the paragraphs of the first page, and no stamp or slot on the second"
)
_HEADER_DROPPED = "one empty line, and a header of which only furniture is left: what follows may be its rest"
_SAME_PAGE = "the same page again: a headline that comes again belongs to one header, too"
NO_READER_CAN_TELL: dict[str, str] = {
    **dict.fromkeys(("D_sentence G_dateline 1", "D_sentence I_dateline 1"), _HEADER_DROPPED),
    "I_dateline G_url 1": "one empty line, as below a body that stands above its header: it may be that header's",
    **dict.fromkeys(
        (
            "G_middle G_url 1",
            "J_caption A_quotes 1",
            "J_twice G_dateline 1",
            "J_twice I_dateline 1",
        ),
        _PARAGRAPHS,
    ),
    "E_cut C_cut 1": "one empty line, and a stamp below a header that has none: it may be that header's",
    **dict.fromkeys(("J_caption J_caption 1", "J_twice J_twice 1", "J_twice J_twice 2"), _SAME_PAGE),
}
"""Pairs that may be read otherwise, as "first second gap", each part a page or *, and why no reader could tell."""
MOST_EXCEPTIONS = 0.005


@cache
def alone(page: bytes) -> tuple[Item, ...]:
    """What a page is read as, each item with its place `at` in the page."""
    return tuple(told_with_place(read(page + b"\n"), 0))


def joined(pages: Sequence[bytes], gaps: Sequence[int]) -> tuple[bytes, list[int]]:
    """The dump of some pages with that many empty lines behind each, and where each page starts."""
    data, starts = b"", []
    for page, gap in zip(pages, gaps, strict=True):
        starts.append(len(data))
        data += page + b"\n" * (gap + 1)
    return data, starts


def misread(pages: Sequence[bytes], gaps: Sequence[int]) -> list[int]:
    """Which of the joined pages are not read as they are alone, by their numbers."""
    data, starts = joined(pages, gaps)
    ends = [*starts[1:], len(data)]
    found: list[list[Item]] = [[] for _ in pages]
    number = 0
    for item in told_with_place(read(data), 0):
        while item["at"][0] >= ends[number]:
            number += 1
        found[number].append(item | {"at": (item["at"][0] - starts[number], item["at"][1])})
    return [i for i, page in enumerate(pages) if found[i] != list(alone(page))]


def every_pair() -> list[str]:
    """Golden pages in a row in which each, once, stands next to each, itself too."""
    names, row = list(PAGES), []
    for i, first in enumerate(names):
        row.append(first)
        for other in names[i + 1 :]:
            row += [first, other]
    return [*row, row[0]]


def wrong_in_a_row(row: Sequence[str], gap: int, pages: Mapping[str, bytes]) -> dict[str, str]:
    """The pairs of a row that are not read as apart, as "first second gap", with what is spoiled: a page or both."""
    wrong = {}
    for start in range(0, len(row) - 1, CHAIN):
        names = row[start : start + CHAIN + 1]
        bad = set(misread([pages[name] for name in names], [gap] * len(names)))
        for i, pair in enumerate(pairwise(names)):
            if bad & {i, i + 1} and (spoiled := misread([pages[name] for name in pair], [gap, gap])):
                wrong[" ".join((*pair, str(gap)))] = " and ".join(pair[i] for i in spoiled)
    return wrong


@cache
def wrong_pairs() -> dict[str, str]:
    """All pairs of golden pages that are not read as apart."""
    row = every_pair()
    return {pair: spoiled for gap in GAPS for pair, spoiled in wrong_in_a_row(row, gap, PAGES).items()}


def excepted(pair: str) -> bool:
    """Whether no reader could tell the pair apart."""
    parts = pair.split()
    rules = map(str.split, NO_READER_CAN_TELL)
    return any(all(want in ("*", part) for want, part in zip(rule, parts, strict=True)) for rule in rules)


def test_every_page_stands_next_to_every_page():
    row = every_pair()
    assert len(set(pairwise(row))) == len(row) - 1 == len(PAGES) ** 2


@pytest.mark.slow
def test_any_two_pages_are_read_as_apart():
    wrong = wrong_pairs()
    today.check(
        "joined", (pair for pair in wrong if not excepted(pair)), lambda pair: f"{pair}: {wrong[pair]}"
    )


def test_exceptions_are_few_and_needed():
    pairs = [f"{first} {second} {gap}" for first in PAGES for second in PAGES for gap in GAPS]
    assert sum(map(excepted, pairs)) <= MOST_EXCEPTIONS * len(pairs)
    assert all(NO_READER_CAN_TELL.values()), "say why no reader could tell"
    for first, second, gap in map(str.split, filter(excepted, pairs)):
        assert misread((PAGES[first], PAGES[second]), (int(gap), int(gap))), (first, second, gap)


def foreign(first: bytes, second: bytes, gap: int) -> list[str]:
    """The articles of two joined pages whose body holds a paragraph of the other page."""
    data, (_, middle) = joined((first, second), (gap, gap))
    texts = [{line.strip() for line in page.decode().split("\n")} for page in (first, second)]
    spoiled = []
    for item in told_with_place(read(data), 0):
        side = item["at"][0] >= middle
        other = texts[not side] - texts[side]
        if "body" in item and other.intersection(item["body"].split("\n\n")):
            spoiled.append(item["headline"])
    return spoiled


@cache
def foreign_text() -> list[str]:
    """The pairs in which a good article's body holds text of the other page."""
    pairs = map(str.split, wrong_pairs())
    return [" ".join(pair) for pair in pairs if foreign(PAGES[pair[0]], PAGES[pair[1]], int(pair[2]))]


@pytest.mark.slow
def test_no_body_holds_text_of_another_page():
    """Where two pages cannot be told apart, a reject is the better answer: this holds for exceptions, too."""
    today.check("foreign text", foreign_text())


@cache
def mixture() -> dict[str, bytes]:
    """Golden pages, cases, and one mutant of each mutation: those of them that are read right alone."""
    pages = dict(PAGES)
    for path in CASES:
        if not wrong_in(path):
            pages[path.stem] = path.read_bytes().strip(b"\n")
    for i, mutation in enumerate(MUTATIONS):
        fitting = [(name, mutant) for name in PAGES for mutant in mutants(mutation, name)]
        name, mutant = fitting[i * 7 % len(fitting)]
        if not wrong_with(mutant):
            pages[f"{mutation.name}@{name}"] = mutant.data.strip(b"\r\n")
    return pages


@cache
def wrong_in_the_mixture() -> dict[str, str]:
    """The pairs of the mixture that are not read as apart, of those that are tried: each page with STEPS others."""
    pages, wrong = mixture(), {}
    names = list(pages)
    for step in range(1, STEPS + 1):
        row = [name for i, first in enumerate(names) for name in (first, names[(i + step) % len(names)])]
        wrong |= wrong_in_a_row(row, GAPS[step % len(GAPS)], pages)
    return {pair: spoiled for pair, spoiled in wrong.items() if not set(pair.split()[:2]) <= PAGES.keys()}


@pytest.mark.slow
def test_cases_and_mutants_are_read_as_apart():
    wrong = wrong_in_the_mixture()
    today.check("joined mixture", wrong, lambda pair: f"{pair}: {wrong[pair]}")


@cache
def headlines(name: str) -> frozenset[str]:
    """The headlines of a page: where one comes again within a few lines, that speaks for one header."""
    return frozenset(item["headline"] for item in alone(PAGES[name]) if "headline" in item)


@cache
def steady() -> list[str]:
    """The pages that are read right beside every other page: what stands
    farther off can mislead a reading where what stands next to it nearly does."""
    wrong = [pair.split()[:2] for pair in wrong_pairs()]
    return sorted(PAGES.keys() - {name for pair in wrong for name in pair})


DUMPS = st.lists(st.tuples(st.integers(0, len(PAGES) - 1), st.sampled_from(GAPS)), min_size=3, max_size=25)


@pytest.mark.slow
@settings(max_examples=200)
@given(DUMPS)
def test_longer_dumps_in_any_order(dump):
    names: list[str] = []
    for number, _ in dump:
        name = steady()[number % len(steady())]
        if all(headlines(name).isdisjoint(headlines(other)) for other in names[-3:]):
            names.append(name)
    gaps = [gap for _, gap in dump][: len(names)]
    assert [names[i] for i in misread([PAGES[name] for name in names], gaps)] == []


@pytest.mark.slow
def test_most_pages_are_steady():
    assert len(steady()) > len(PAGES) / 3


def all_wrong() -> Iterator[tuple[str, list[str]]]:
    yield "joined", [pair for pair in wrong_pairs() if not excepted(pair)]
    yield "foreign text", foreign_text()
    yield "joined mixture", list(wrong_in_the_mixture())
