"""Least squares: what each figure takes for each byte, record or file, and how far the fit is off each run."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

ONCE = "once"
"""The term of what a run takes whatever its size."""

Facts = Mapping[str, float]


class Fit(NamedTuple):
    figure: str
    terms: dict[str, float]
    """What the figure takes for each of a fact; for ONCE, what it takes at all."""
    off: list[float]
    """Of each run: the fit against what was measured, as a share of that."""
    told: float
    """The largest run's figure as a fit of all other runs tells it, as a share that it is off."""

    def at(self, facts: Facts) -> float:
        return predict(self.terms, facts)


def predict(terms: Mapping[str, float], facts: Facts) -> float:
    return sum(each * (1 if name == ONCE else facts[name]) for name, each in terms.items())


def fit(figure: str, names: Sequence[str], runs: Sequence[Facts]) -> Fit:
    """Fit a figure of some runs to facts about them.

    Args:
        figure: its name in the runs.
        names: of the facts, or ONCE; there are more runs than these.
        runs: the last is the largest.
    """
    terms = _solve(figure, names, runs)
    less = _solve(figure, names, runs[:-1])
    off = [predict(terms, run) / run[figure] - 1 for run in runs]
    return Fit(figure, terms, off, predict(less, runs[-1]) / runs[-1][figure] - 1)


def _solve(figure: str, names: Sequence[str], runs: Sequence[Facts]) -> dict[str, float]:
    columns = np.array([[1 if name == ONCE else run[name] for name in names] for run in runs], float)
    values = np.array([run[figure] for run in runs], float)
    # Each run counts by its share: without that the largest would decide alone.
    columns, values = columns / values[:, None], np.ones(len(values))
    size = np.abs(columns).max(axis=0)
    found = np.linalg.lstsq(columns / size, values, rcond=None)[0] / size
    return dict(zip(names, found.tolist(), strict=True))
