"""The winner's order: each criterion decides where those before it do not."""

import numpy as np
import pytest

from dateline.pipeline.rules.identity_rows import ROW
from dateline.pipeline.rules.winner import WINNER_ORDER, best_first, why_it_won

BETTER = (
    {"slug": b"ab2cd"}, {"dated": 0}, {"updated": 11}, {"fields": 6}, {"body": 101}, {"rank": 1}, {"offset": 0},
)  # fmt: skip
"""For each criterion what a row needs to be better by it."""


def row(**values) -> np.ndarray:
    made = np.zeros(1, ROW)
    usual = {"dated": 1, "updated": 10, "fields": 5, "body": 100, "rank": 2, "offset": 3}
    for name, value in (usual | values).items():
        made[name] = value
    return made


@pytest.mark.parametrize("number", range(len(WINNER_ORDER)))
def test_a_criterion_decides_before_all_behind_it(number):
    winner = row(**BETTER[number])
    loser = row(**{name: value for better in BETTER[number + 1 :] for name, value in better.items()})
    assert best_first(np.concatenate([loser, winner]), ()).tolist() == [1, 0]
    assert best_first(np.concatenate([winner, loser]), ()).tolist() == [0, 1]
    assert why_it_won(winner, loser) == WINNER_ORDER[number].words


def test_columns_are_sorted_by_before_the_criteria():
    rows = np.concatenate([row(head_hi=2, slug=b"a"), row(head_hi=1), row(head_hi=2)])
    assert best_first(rows, ("head_hi",)).tolist() == [1, 0, 2]


def test_the_same_record_has_nothing_before_itself():
    assert why_it_won(row(), row()) == "they are the same"
