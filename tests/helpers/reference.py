"""The rules of identity once more, in the plainest Python, to hold the fast ones against."""

from collections import defaultdict
from itertools import groupby
from typing import NamedTuple


class Copy(NamedTuple):
    """What the rules look at in one record."""

    headline: int
    slug: str
    day: int | None
    dated: int
    fields: int
    body: int
    dump: int
    offset: int


def rank(copy: Copy) -> tuple:
    day = copy.day if copy.day is not None else -(2**31)
    return (not copy.slug, copy.dated, -day, -copy.fields, -copy.body, copy.dump, copy.offset)


def articles(copies: list[Copy], same_headline_days: int | None) -> dict[Copy, list[Copy]]:
    """Winner -> all copies of its article, the winner among them."""
    members = defaultdict(list)
    for _, group in groupby(sorted(copies, key=lambda copy: copy.headline), lambda copy: copy.headline):
        for number, chain in enumerate(chains(list(group), same_headline_days)):
            filled = [copy for copy in chain if copy.slug]
            for copy in chain:
                if copy.slug:
                    members["url", copy.slug].append(copy)
                elif filled:
                    members["url", nearest(copy, filled)].append(copy)
                else:
                    members["headline", copy.headline, number].append(copy)
    return {min(group, key=rank): group for group in members.values()}


def nearest(copy: Copy, filled: list[Copy]) -> str:
    dated = [other for other in filled if other.day is not None]
    if copy.day is None or not dated:
        return min(other.slug for other in filled)
    return min((abs(other.day - copy.day), other.slug) for other in dated)[1]


def chains(copies: list[Copy], limit: int | None) -> list[list[Copy]]:
    if limit is None:
        return [copies]
    undated = [copy for copy in copies if copy.day is None]
    found = [undated] if undated else []
    last = None
    for copy in sorted((c for c in copies if c.day is not None), key=lambda c: c.day):
        if last is None or copy.day - last > limit:
            found.append([])
        found[-1].append(copy)
        last = copy.day
    return found
