"""What a day's dump costs, folded into datasets of different sizes.

    python -m benchmarks.growth --articles 10000 100000 1000000 [--rounds 3] [--workers 2] [--work DIR]

A site of 390 articles a day is crawled from some day on; the dataset is made by the command itself. Then a dump
of 10 MB comes: half of its blocks are new articles, half copies of the site's newest 5,000. Each round folds it
into a fresh copy of the dataset (hard links). Prints a line a size: medians of wall, CPU and peak memory of the
whole process tree, the files written, and the wall against that of the smallest dataset.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
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
    """What the daily run came to: medians of the rounds."""

    usage: Usage
    files: float
    """Files that it wrote."""
    bytes: int
    """Of these files, as the manifest has them."""
    ledger_bytes: int
    """Of those among them that are the ledgers', without rejects."""


def daily_run(folder: Path, articles: int, rounds: int, workers: int) -> Day:
    """Make a dataset of so many articles, and fold a day's dump into copies of it."""
    maker = Site(seed=1, copies=0.2, layouts="AABCF")
    (folder / "base").mkdir()
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
    before = {path.name for path in folder.glob("news/_runs/*")}
    older = {file["path"] for file in (latest_manifest(str(folder / "news")) or {})["files"]}
    runs, files = [], []
    for number in range(rounds):
        output = folder / f"news-{number}"
        subprocess.run(["cp", "-al", folder / "news", output], check=True)
        for shared in before:
            shutil.rmtree(output / "_runs" / shared)
        runs.append(measure(dateline(folder / "day", output, workers)))
        (report,) = output.glob("_runs/*/report.json")
        files.append(json.loads(report.read_text())["counts"]["files"])
        manifest = latest_manifest(str(output)) or {}
        written = [file for file in manifest["files"] if file["path"] not in older]
        shutil.rmtree(output)
    usage = Usage._make(statistics.median(run[i] for run in runs) for i in range(3))
    ledgers = sum(file["bytes"] for file in written if file["kind"] in ("keys", "duplicates"))
    return Day(usage, statistics.median(files), sum(file["bytes"] for file in written), ledgers)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", default=None, help="a folder to work in")
    args = parser.parse_args()
    print("| articles before | wall | CPU | peak memory | files written | wall, times the first |")
    print("| --- | --- | --- | --- | --- | --- |")
    first = None
    for count in args.articles:
        with tempfile.TemporaryDirectory(dir=args.work) as folder:
            day = daily_run(Path(folder), count, args.rounds, args.workers)
        wall, cpu, peak = day.usage
        first = first or wall
        line = f"{wall:.1f} s | {cpu:.1f} s | {peak:.0f} MB | {day.files:,.0f}"
        print(f"| {count:,} | {line} | {wall / first:.2f} |", flush=True)


if __name__ == "__main__":
    main()
