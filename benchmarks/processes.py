"""A command as a whole process, measured with all that it starts: wall, CPU, peak memory.

CPU is user and system time of the process and its descendants, orphans included. Peak memory is the sum of the
tree's proportional set sizes (PSS: what several share is counted once), looked at ten times a second.
"""

import ctypes
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PR_SET_CHILD_SUBREAPER = 36


class Usage(NamedTuple):
    wall: float
    """Seconds, until the command itself ends."""
    cpu: float
    """Seconds."""
    peak_mb: float


def dateline(dumps: Path, output: Path, workers: int) -> list[str]:
    """The command that reads a folder of dumps, packed or not."""
    command = [
        sys.executable,
        "-m",
        "dateline",
        "run",
        "--quiet",
        "--workers",
        str(workers),
        "--max-rejects",
        "100%",
    ]
    return [*command, "--output", str(output), "--input", f"{dumps}/*.txt*"]


def measure(command: Sequence[str]) -> Usage:
    """Run a command to its end, without its output; what earlier ones left to be written to disk is written before.

    Raises:
        SystemExit: it failed.
    """
    usage, status = measure_any(command)
    if status:
        raise SystemExit(f"status {status} of {' '.join(command)}")
    return usage


def measure_any(command: Sequence[str]) -> tuple[Usage, int]:
    """The same, whatever its exit status, which is told."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans come to us, and are counted
    os.sync()
    before, begin = _cpu(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            peak = max(peak, sum(map(_pss_mb, _tree(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    wall = time.perf_counter() - begin
    done.set()
    watcher.join()
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass
    return Usage(wall, _cpu() - before, peak), status


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _tree(root: int) -> list[int]:
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


def _pss_mb(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6
