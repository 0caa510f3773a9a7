"""What real pages show beside a golden page is read as well: tests/mutations is the table, this applies it."""

from collections.abc import Iterator
from functools import cache
from itertools import product

import pytest

from tests.helpers import today
from tests.helpers.mutations import MUTATIONS, Mutation
from tests.helpers.reading import read
from tests.helpers.sketch import GOLDEN, Page, differences, sketch

PAGES = {path.stem: sketch(path) for path in GOLDEN}


@cache
def mutants(mutation: Mutation, name: str) -> tuple[Page, ...]:
    """What the mutation makes of a golden page, where it changes it."""
    page = PAGES[name]
    return tuple(mutant for mutant in mutation.apply(page) if mutant.data != page.data)


def wrong_with(page: Page) -> str:
    """What of a page is read wrong, with its text; empty where nothing is."""
    found = differences(read(page.data), page.want)
    return "\n".join([*found, "-----", page.data.decode()]) if found else ""


@cache
def wrong_pages(mutation: Mutation) -> dict[str, str]:
    """The golden pages that are read wrong once mutated, and what is wrong with the first mutant."""
    found = {name: next(filter(None, map(wrong_with, mutants(mutation, name))), "") for name in PAGES}
    return {f"{mutation.name} {name}": text for name, text in found.items() if text}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_of_every_golden_page_that_it_fits(mutation):
    assert mutation.why, "say what was seen"
    assert any(mutants(mutation, name) for name in PAGES), "fits no golden page"
    wrong = wrong_pages(mutation)
    today.check("mutated", wrong, wrong.__getitem__, of=mutation.name)


def test_there_are_enough_mutations():
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 20


def pairs() -> Iterator[tuple[str, Page]]:
    """Each two mutations, one on the other, on one page where each of them alone is read right."""
    names = list(PAGES)
    for i, (first, second) in enumerate(product(MUTATIONS, MUTATIONS)):
        if first is second:
            continue
        for name in names[i % len(names) :] + names[: i % len(names)]:
            alone = mutants(first, name)
            if not alone or not mutants(second, name):
                continue
            if any(f"{mutation.name} {name}" in wrong_pages(mutation) for mutation in (first, second)):
                continue
            both = list(second.apply(alone[i % len(alone)]))
            if both:
                yield f"{first.name} {second.name} {name}", both[i % len(both)]
                break


@cache
def wrong_together() -> dict[str, str]:
    return {name: text for name, page in pairs() if (text := wrong_with(page))}


@pytest.mark.slow
def test_two_mutations_at_once():
    wrong = wrong_together()
    today.check("mutated twice", wrong, wrong.__getitem__)


def all_wrong() -> Iterator[tuple[str, list[str]]]:
    yield "mutated", [entry for mutation in MUTATIONS for entry in wrong_pages(mutation)]
    yield "mutated twice", list(wrong_together())
