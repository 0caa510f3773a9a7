"""Dateline and the plain script on the same dumps, in alternating rounds of whole processes.

    python -m benchmarks.compare --out DIR [--mb 100 1000] [--copies 0.2 0.8] [--compress none gz zst] ...

Every option of the dumps (see dumps.py) takes several values: each combination is made and measured. The contenders
are `dateline` and `plain` with a number of processes, `polars` (see polars_script.py), and `prism` (Dateline with its
flow on Prism, which is started and stopped in that time). `plain` and `polars` read layout A only, not packed, and sit out
where the dumps are others. Each result is held against the truth about the dumps, and against the other results: the
same (date, region, headline) must come out. A wrong result ends it all.

Figures are medians. DIR gets table.md, chart.svg and results.json, which has every run and the seconds of
Dateline's parts. --disk adds the time from the first partition file to the last, and that of a bare loop that makes
the same tree; then nothing is deleted before the end, because ext4 creates files slowly after many were deleted:
choose a --work on the disk, and wait a minute between two such runs.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import product
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.chart import Panel, svg
from benchmarks.dumps import Recipe, make
from benchmarks.processes import Usage, dateline, measure
from benchmarks.results import Creation, check, creation, files, report_of

CONTENDERS = ["dateline-1", "dateline-2", "plain-1", "plain-2"]


class Run(NamedTuple):
    usage: Usage
    rows: int
    files: int
    seconds: dict[str, float]
    """Of each part, from Dateline's report."""
    creation: Creation | None
    load: float
    """Of the machine, over the minute before."""


class Line(NamedTuple):
    """What a contender did with some dumps."""

    dump: str
    contender: str
    mb: float
    """Of the dumps, unpacked."""
    runs: list[Run]

    def median(self, value: Callable[[Run], float]) -> float:
        return statistics.median(map(value, self.runs))


def can_read(contender: str, recipe: Recipe) -> bool:
    return not contender.startswith(("plain", "polars")) or (
        set(recipe.layouts) == {"A"} and recipe.compress == "none"
    )


def command(contender: str, dumps: Path, output: Path) -> list[str]:
    name, _, workers = contender.partition("-")
    if name == "dateline":
        return dateline(dumps, output, int(workers))
    if name == "prism":
        return [sys.executable, "tests/engines/prism/check", "--output", str(output), f"{dumps}/*.txt*"]
    if name == "polars":
        return [sys.executable, "-m", "benchmarks.polars_script", str(dumps), str(output)]
    return [sys.executable, "-m", "benchmarks.plain", str(dumps), str(output), "--workers", workers]


def compare(
    work: Path, recipe: Recipe, dump: str, contenders: Sequence[str], rounds: int, disk: bool
) -> list[Line]:
    """All contenders on the dumps of one recipe, made in a new folder below `work`."""
    work.mkdir()
    truth = make(work / "dumps", recipe)
    lines = {
        name: Line(dump, name, truth["bytes"] / 1e6, []) for name in contenders if can_read(name, recipe)
    }
    digests: set[str] = set()
    for number in range(rounds):
        for name in list(lines)[:: -1 if number % 2 else 1]:  # so that a slow moment of the machine hits all
            output = work / f"{name}-{number}"
            load = os.getloadavg()[0]
            usage = measure(command(name, work / "dumps", output))
            rows = check(output, truth, digests)
            created = creation(output, work / f"{name}-{number}-bare") if disk else None
            seconds = report_of(output).get("seconds", {})
            lines[name].runs.append(Run(usage, rows, files(output), seconds, created, load))
            print(f"{dump or 'dumps'}, round {number + 1}, {name}: {usage.cpu:.1f} s of CPU", file=sys.stderr)
            if not disk:
                shutil.rmtree(output)
    shutil.rmtree(work / "dumps")
    return list(lines.values())


def table(lines: Sequence[Line], disk: bool) -> str:
    """The medians, in Markdown."""
    names = ["dumps", "contender", "MB", "wall", "MB/s", "CPU", "CPU for 100 MB", "CPU, times plain-1"]
    names += ["peak memory", "files", "rows"]
    names += ["first to last partition file", "bare loop", "times the bare loop"] if disk else []
    plain = {
        line.dump: line.median(lambda run: run.usage.cpu) for line in lines if line.contender == "plain-1"
    }
    text = [names, ["---"] * len(names)]
    for line in lines:
        wall, cpu, peak = (line.median(attrgetter(f"usage.{name}")) for name in Usage._fields)
        cells = [
            line.dump or "all",
            line.contender,
            f"{line.mb:,.1f}",
            f"{wall:.2f} s",
            f"{line.mb / wall:.1f}",
        ]
        cells += [f"{cpu:.2f} s", f"{cpu / line.mb * 100:.2f} s"]
        cells += [f"{cpu / plain[line.dump]:.2f}" if line.dump in plain else "", f"{peak:,.0f} MB"]
        cells += [f"{line.median(lambda run: run.files):,.0f}", f"{line.median(lambda run: run.rows):,.0f}"]
        if disk:
            span, bare = (line.median(attrgetter(f"creation.{name}")) for name in ("span", "bare"))
            ratio = statistics.median(
                run.creation.span / run.creation.bare for run in line.runs if run.creation
            )
            cells += [f"{span:.2f} s", f"{bare:.2f} s", f"{ratio:.2f}"]
        text.append(cells)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in text)


def chart(lines: Sequence[Line]) -> str:
    figures: dict[str, Callable[[Line], float]] = {
        "Wall, seconds for 100 MB": lambda line: line.median(lambda run: run.usage.wall) / line.mb * 100,
        "CPU, seconds for 100 MB": lambda line: line.median(lambda run: run.usage.cpu) / line.mb * 100,
        "Peak memory, MB": lambda line: line.median(lambda run: run.usage.peak_mb),
    }
    panels = [
        Panel(name, [(line.dump, line.contender, of(line)) for line in lines]) for name, of in figures.items()
    ]
    return svg("Dateline and a plain script: less is better", panels)


def as_json(line: Line) -> dict[str, Any]:
    def of(run: Run) -> dict[str, Any]:
        created = run.creation._asdict() if run.creation else None
        return run._asdict() | {"usage": run.usage._asdict(), "creation": created}

    return line._asdict() | {"runs": [of(run) for run in line.runs]}


def recipes(options: dict[str, list[Any]]) -> dict[str, Recipe]:
    """Each combination of values, by the ones that tell it from the others."""
    found = {}
    for values in product(*options.values()):
        chosen = dict(zip(options, values, strict=True))
        varied = {name: value for name, value in chosen.items() if len(options[name]) > 1}
        found[", ".join(f"{name} {str(value).removesuffix('.0')}" for name, value in varied.items())] = (
            Recipe(**chosen)
        )
    return found


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--out", type=Path, required=True, help="where table, chart and results go")
    options.add_argument("--contenders", nargs="+", default=CONTENDERS, metavar="NAME-WORKERS")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--work", help="a folder to work in (default: the system's temporary one)")
    options.add_argument("--disk", action="store_true", help="measure the creation of files, too")
    defaults = Recipe(layouts="A")
    for field in fields(Recipe):
        default = getattr(defaults, field.name)
        options.add_argument(f"--{field.name}", nargs="+", type=type(default), default=[default])
    return options


def main() -> None:
    args = parser().parse_args()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="dateline-", dir=args.work) as work:
        options = {field.name: getattr(args, field.name) for field in fields(Recipe)}
        for number, (dump, recipe) in enumerate(recipes(options).items()):
            lines += compare(Path(work, str(number)), recipe, dump, args.contenders, args.rounds, args.disk)
    args.out.mkdir(parents=True, exist_ok=True)
    args.out.joinpath("table.md").write_text(table(lines, args.disk))
    args.out.joinpath("chart.svg").write_text(chart(lines))
    args.out.joinpath("results.json").write_text(
        json.dumps([as_json(line) for line in lines], indent=1) + "\n"
    )
    print(table(lines, args.disk), end="")


if __name__ == "__main__":
    main()
