"""docs/speed.md, and the README's line, out of the facts of benchmarks/speed.json.

A ratio is taken within each round, whose runs follow one another, so that a slow moment of the machine hits both sides. What
the page says is the median of the rounds, and the least and the most of them: the spread.
"""

from collections.abc import Callable
from statistics import median
from typing import Any, TypeAlias

from benchmarks.scale_page import number, table

Runs: TypeAlias = list[dict[str, float]]

README_LINE = "**How fast:**"
"""What the README's line begins with."""
NAMES = {
    "plain-1": "the plain script, one process",
    "plain-2": "the plain script, two processes",
    "polars": "Polars",
    "dateline-1": "Dateline, one worker",
    "dateline-2": "Dateline, two workers",
}
OURS = ("dateline-1", "dateline-2")
SHARES = {0.5: "half", 0.8: "four fifths"}
FIGURES = {"wall": "wall", "cpu": "CPU", "peak_mb": "memory"}

TEXT = """# Speed, compared

Dateline against a script that does the same job by hand, and against the same job in Polars. Each run is a whole process, start
included. The contenders take turns. Neither of the others keeps a ledger, a balance or versions; both read layout A only, and hold
all records in memory. `benchmarks/plain.py` and `benchmarks/polars_script.py` are these two.

```sh title="Needs minutes, and a quiet machine"
{command}
```

This makes the page, from `benchmarks/speed.json`; no figure is from another source. It was done at commit `{commit}`, with Python
{python}, Beam {beam} and Polars {polars}, on {cores} cores, for {mb} MB of dumps in 4 files, in {rounds} rounds. The load before a
run was {load}: by itself the benchmark makes one of about 2, and where it is more, others worked on the machine, and only the ratios
of CPU and memory tell much.

Figures are medians; in brackets the least and the most. A ratio is taken round by round.
{sections}
## Several layouts

What Dateline takes for dumps of the layouts A, B, C and F (`AABCF`), times what it takes for A alone:

{mixed}

[Speed](explanation/speed.md) tells where the time goes, and has large inputs and a day's growth.
[benchmarks/README.md](../benchmarks/README.md) says what the figures mean.
"""


def runs_of(facts: dict[str, Any], layouts: str, copies: float, contender: str) -> Runs:
    """The runs of a contender on a kind of dumps, round by round; none where it sat out."""
    for line in facts["lines"]:
        if (line["layouts"], line["copies"], line["contender"]) == (layouts, copies, contender):
            runs: Runs = line["runs"]
            return runs
    return []


def ratios(runs: Runs, others: Runs, figure: str) -> list[float]:
    return [one[figure] / other[figure] for one, other in zip(runs, others, strict=True)]


def spread(values: list[float], show: Callable[[float], str] = lambda value: f"{value:.2f}") -> str:
    """The median, and the least and the most."""
    return f"{show(median(values))} ({show(min(values))} to {show(max(values))})"


def _measured(facts: dict[str, Any], layouts: str, copies: float) -> str:
    def cells(contender: str, runs: Runs) -> list[str]:
        return [
            NAMES[contender],
            spread([run["wall"] for run in runs], lambda value: f"{value:.1f}") + " s",
            spread([run["cpu"] for run in runs], lambda value: f"{value:.1f}") + " s",
            f"{median(run['peak_mb'] for run in runs):,.0f} MB",
            number(facts["mb"] / median(run["wall"] for run in runs)),
        ]

    found = {contender: runs_of(facts, layouts, copies, contender) for contender in NAMES}
    return table(
        ["", "wall", "CPU", "memory", "MB/s"], [cells(name, runs) for name, runs in found.items() if runs]
    )


def _ratios(facts: dict[str, Any], layouts: str, copies: float, others: tuple[str, ...]) -> str:
    rows = []
    for ours in OURS:
        runs = runs_of(facts, layouts, copies, ours)
        for other in others:
            against = runs_of(facts, layouts, copies, other)
            rows.append(
                [NAMES[ours], NAMES[other], *(spread(ratios(runs, against, figure)) for figure in FIGURES)]
            )
    return table(["", "times", *FIGURES.values()], rows)


def _section(facts: dict[str, Any], layouts: str, copies: float) -> str:
    others = tuple(name for name in NAMES if name not in OURS and runs_of(facts, layouts, copies, name))
    command = (
        f"python -m benchmarks.compare --out DIR --mb {facts['mb']:g} --layouts {layouts} --copies {copies} "
        f"--contenders {' '.join((*others, *OURS))} --rounds {facts['rounds']} --work /dev/shm"
    )
    parts = [
        f"\n## Layouts `{layouts}`, {SHARES[copies]} of the blocks copies\n",
        _measured(facts, layouts, copies),
        *(["", _ratios(facts, layouts, copies, others)] if others else []),
        f"\nThese alone: `{command}`.\n",
    ]
    return "\n".join(parts)


def _mixed(facts: dict[str, Any]) -> str:
    rows = []
    for copies, share in SHARES.items():
        for ours in OURS:
            mixed, plain = (runs_of(facts, layouts, copies, ours) for layouts in ("AABCF", "A"))
            rows.append([NAMES[ours], share, *(spread(ratios(mixed, plain, figure)) for figure in FIGURES)])
    return table(["", "copies", *FIGURES.values()], rows)


def page(facts: dict[str, Any]) -> str:
    """The whole page."""
    kinds = dict.fromkeys((line["layouts"], line["copies"]) for line in facts["lines"])
    loads = [run["load"] for line in facts["lines"] for run in line["runs"]]
    told = {
        name: facts[name] for name in ("command", "commit", "python", "beam", "polars", "cores", "rounds")
    }
    return TEXT.format(
        **told,
        mb=number(facts["mb"]),
        load=spread(loads, lambda value: f"{value:.1f}"),
        sections="".join(_section(facts, *kind) for kind in kinds),
        mixed=_mixed(facts),
    )


def quote(facts: dict[str, Any]) -> str:
    """The README's line."""
    ours, script, polars = (runs_of(facts, "A", 0.5, name) for name in ("dateline-2", "plain-2", "polars"))
    wall, cpu, memory = (spread(ratios(ours, script, figure)) for figure in FIGURES)
    return (
        f"{README_LINE} on two cores, a first run over {number(facts['mb'])} MB takes {wall} times the wall time, {cpu} times the "
        f"CPU and {memory} times the memory of a script that does the same by hand with two processes, and "
        f"{spread(ratios(ours, polars, 'wall'))} times the wall time of Polars. `{facts['command']}` makes "
        "[all ratios](docs/speed.md)."
    )
