"""What a day's dump costs, folded into datasets of different sizes.

    python -m benchmarks.growth --articles 10000 100000 1000000 [--rounds 3] [--workers 2] [--work DIR]

A site of 390 articles a day is crawled from some day on; the dataset is made by the command itself. Then a dump
of 10 MB comes: half of its blocks are new articles, half copies of the site's newest 5,000. It is folded into a
fresh copy of each dataset (hard links) in turn, round after round, as a machine is not always of one speed. Prints a
line a size: medians of wall, CPU and peak memory of the whole process tree, the files written, and the wall against
that of the first size, round by round: the median, and the least and the most.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.dumps import Maker
from benchmarks.processes import Usage, dateline, measure
from dateline.pipeline.dataset.version import latest_manifest

DAY_BYTES = 10_000_000
ARTICLES_A_DAY = 390


class Site(Maker):
    """A maker whose articles appear in the order of their days."""

    def day(self) -> int:
        return self.number // ARTICLES_A_DAY


def write(maker: Maker, path: Path, enough: Callable[[int], bool]) -> None:
    """Pages into a file until there are enough of them, by the file's size."""
    size = 0
    with path.open("wb") as file:
        while not enough(size):
            size += file.write(maker.page())


class Day(NamedTuple):
    """What a daily run came to, or the medians of several."""

    usage: Usage
    files: float
    """Files that it wrote."""
    bytes: int
    """Of these files, as the manifest has them."""
    ledger_bytes: int
    """Of those among them that are the ledgers', without rejects."""


class Grown(NamedTuple):
    """A dataset in a folder of its own, and a day's dump for it."""

    folder: Path
    runs: set[str]
    """Of the dataset."""
    older: set[str]
    """Paths of its files."""


def grown(folder: Path, articles: int) -> Grown:
    """Make a dataset of so many articles, and the dump of the day that comes."""
    maker = Site(seed=1, copies=0.2, layouts="AABCF")
    (folder / "base").mkdir(parents=True)
    (folder / "day").mkdir()
    for number in range(4):
        write(
            maker,
            folder / "base" / f"base-{number}.txt",
            lambda _, n=number: maker.number >= articles * (n + 1) / 4,
        )
    maker.copies = 0.5
    write(maker, folder / "day" / "day.txt", lambda size: size >= DAY_BYTES)
    command = [sys.executable, "-m", "dateline", "run", "--quiet", "--output", str(folder / "news")]
    subprocess.run([*command, "--input", f"{folder}/base/*.txt"], check=True)
    shutil.rmtree(folder / "base")
    older = {file["path"] for file in (latest_manifest(str(folder / "news")) or {})["files"]}
    return Grown(folder, {path.name for path in folder.glob("news/_runs/*")}, older)


def day_of(dataset: Grown, workers: int) -> Day:
    """Fold the day's dump into a copy of a dataset, which is removed then."""
    output = dataset.folder / "copy"
    subprocess.run(["cp", "-al", dataset.folder / "news", output], check=True)
    for shared in dataset.runs:
        shutil.rmtree(output / "_runs" / shared)
    usage = measure(dateline(dataset.folder / "day", output, workers))
    (report,) = output.glob("_runs/*/report.json")
    files = json.loads(report.read_text())["counts"]["files"]
    manifest = latest_manifest(str(output)) or {}
    written = [file for file in manifest["files"] if file["path"] not in dataset.older]
    shutil.rmtree(output)
    ledgers = sum(file["bytes"] for file in written if file["kind"] in ("keys", "duplicates"))
    return Day(usage, files, sum(file["bytes"] for file in written), ledgers)


def median_of(days: Sequence[Day]) -> Day:
    """Of all rounds. (What they write differs by nothing but the report.)"""
    usage = Usage._make(statistics.median(day.usage[i] for day in days) for i in range(3))
    return days[-1]._replace(usage=usage, files=statistics.median(day.files for day in days))


def daily_run(folder: Path, articles: int, rounds: int, workers: int) -> Day:
    """What a day comes to that is folded into a dataset of so many articles."""
    dataset = grown(folder, articles)
    return median_of([day_of(dataset, workers) for _ in range(rounds)])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", default=None, help="a folder to work in")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        datasets = {count: grown(Path(folder, str(count)), count) for count in args.articles}
        days: dict[int, list[Day]] = {count: [] for count in datasets}
        for number in range(args.rounds):
            for count in list(datasets)[:: -1 if number % 2 else 1]:
                days[count].append(day_of(datasets[count], args.workers))
    print("| articles before | wall | CPU | peak memory | files written | wall, times the first |")
    print("| --- | --- | --- | --- | --- | --- |")
    first = days[args.articles[0]]
    for count, found in days.items():
        day = median_of(found)
        wall, cpu, peak = day.usage
        times = [one.usage.wall / other.usage.wall for one, other in zip(found, first, strict=True)]
        ratio = f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
        print(f"| {count:,} | {wall:.1f} s | {cpu:.1f} s | {peak:.0f} MB | {day.files:,.0f} | {ratio} |")


if __name__ == "__main__":
    main()
