"""Tallies: blocks add up to the same in any order and batches, and to something else once one is lost, doubled or moved."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.dataset.tally import (
    KINDS,
    PLACE,
    Tally,
    added,
    pack,
    places_of,
    tallies_of,
    tally_of,
    unpack,
)

PLACES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2**31 - 1), st.integers(0, 2**62), st.integers(0, 2**31)),
    min_size=1,
    max_size=20,
    unique=True,
).map(lambda rows: np.array(rows, PLACE))


@given(PLACES, st.randoms(), st.integers(1, 5))
def test_order_and_batches_change_nothing(places, random, size):
    mixed = places[random.sample(range(len(places)), len(places))]
    batches = [mixed[at : at + size] for at in range(0, len(mixed), size)]
    assert added(map(tally_of, batches)) == tally_of(places)
    arrived = unpack(map(pack, batches))
    assert arrived.tolist() == mixed.tolist()
    assert tally_of(arrived) == tally_of(places)


@given(PLACES, st.data())
def test_a_block_that_is_lost_doubled_or_elsewhere_changes_it(places, data):
    which = data.draw(st.integers(0, len(places) - 1))
    whole = tally_of(places)
    assert tally_of(np.delete(places, which)) != whole
    assert tally_of(np.append(places, places[which])) != whole
    other = places.copy()
    name = data.draw(st.sampled_from(["dump", "offset", "kind"]))
    other[name][which] = (int(other[name][which]) + 1) % 3
    if other.tolist() != places.tolist():
        assert tally_of(other).mix != whole.mix
        assert tally_of(other)[:2] == whole[:2]


@given(PLACES, st.lists(st.integers(0, 20), max_size=4))
def test_tallies_of_many_files_are_those_of_each(places, cuts):
    edges = np.array(sorted({0, len(places)} | {min(cut, len(places)) for cut in cuts}))
    each = [tally_of(places[begin:end]) for begin, end in pairwise(edges)]
    assert tallies_of(places, edges) == each
    assert added(each) == tally_of(places)
    assert tallies_of(places, edges[[0, 0, -1]]) == [Tally(), tally_of(places)]
    assert tallies_of(places[:0], np.array([0])) == []


def test_a_tally_is_the_same_everywhere():
    """It is compared between machines, and perhaps between versions of numpy."""
    places = places_of("duplicates", np.array([7]), np.array([5_000_000_000]), np.array([2630]))
    assert tally_of(places) == (1, 2630, 1282752392594705254)
    assert added([]) == tally_of(places[:0]) == Tally() == (0, 0, 0)


def test_two_places_that_are_swapped_are_not_the_same():
    first = places_of(KINDS[0], np.array([0, 1]), np.array([5, 9]), np.array([3, 4]))
    second = places_of(KINDS[0], np.array([0, 1]), np.array([9, 5]), np.array([3, 4]))
    assert tally_of(first)[:2] == tally_of(second)[:2]
    assert tally_of(first).mix != tally_of(second).mix


@pytest.mark.parametrize("size", [0, 1, 70_000])
def test_packed_places(size):
    offsets = np.arange(size) * 2630
    places = places_of("rejected", np.full(size, 3), offsets, np.full(size, 2600))
    assert unpack([pack(places)]).tolist() == places.tolist()
