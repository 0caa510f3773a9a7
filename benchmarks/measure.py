"""Time the command line on a synthetic dump, as a whole process: wall, CPU, peak memory, MB/s.

    python -m benchmarks.measure --mb 100 [--rounds 3] [--workers 1 2] [--work DIR]

Each run is a process of its own into a fresh folder. CPU is that of the process and all it started; peak
memory is the sum of the process tree's proportional set sizes (PSS), looked at ten times a second. Figures
are medians. The folder (by default in the system's temporary one) is removed at the end.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.dumps import make


class Run(NamedTuple):
    wall: float
    cpu: float
    peak_mb: float
    seconds: dict[str, float]
    """Of each part, from the run's report."""


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def pss_mb(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def run_once(dumps: Path, output: Path, workers: int) -> Run:
    command = [sys.executable, "-m", "runners.cli", "run", "--quiet", "--workers", str(workers)]
    command += ["--output", str(output), "--input", f"{dumps}/*.txt"]
    os.sync()
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(command)
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            peak = max(peak, sum(map(pss_mb, tree(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    wall = time.perf_counter() - begin
    done.set()
    watcher.join()
    if status:
        raise SystemExit(f"the run ended with status {status}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (report,) = output.glob("_runs/*/report.json")
    return Run(wall, cpu, peak, json.loads(report.read_text())["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mb", type=float, nargs="+", default=[100])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--copies", type=float, default=0.5)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()))
    args = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="dateline-", dir=args.work))
    print(
        f"{'MB':>6} {'workers':>7} {'wall s':>7} {'MB/s':>6} {'CPU s':>6} {'peak MB':>7}  seconds of each part"
    )
    try:
        for megabytes in args.mb:
            size = make(work / f"dumps-{megabytes:g}", megabytes, copies=args.copies)
            runs: dict[int, list[Run]] = {workers: [] for workers in args.workers}
            for number in range(args.rounds):
                for workers in args.workers:  # in turn, so that a slow moment of the machine hits all
                    output = work / f"out-{number}-{workers}"
                    runs[workers].append(run_once(work / f"dumps-{megabytes:g}", output, workers))
                    shutil.rmtree(output)
            for workers, done in runs.items():
                wall, cpu, peak = (statistics.median(run[i] for run in done) for i in range(3))
                parts = " ".join(
                    f"{name} {statistics.median(run.seconds[name] for run in done):.1f}"
                    for name in done[0].seconds
                )
                print(
                    f"{size / 1e6:6.0f} {workers:7} {wall:7.1f} {size / 1e6 / wall:6.1f} {cpu:6.1f} {peak:7.0f}  {parts}"
                )
            shutil.rmtree(work / f"dumps-{megabytes:g}")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
