"""What becomes of a run on Flink when a process of it is killed, with -9, while it reads and while it writes.

Either the cluster does the lost work again, and the dataset is the same; or the run fails with one line, the version
before stays as it is, and the next run ends in the same bytes.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from dateline.pipeline.progress import Counts, read_progress
from dateline.runners.engine.parent_death import end_with_parent
from tests.engines.flink.cluster import Cluster
from tests.engines.harness import ROOT, Engine, Failed, command_of, run, same

RUN_SECONDS = 900
"""How long a run may take that something happened to."""
VICTIMS = ("task manager", "worker", "job server", "driver")
SAID = {"task manager": "", "worker": "", "job server": "Beam's job server ended amid the run, with -9"}
"""What a run says that fails; of the first two whatever Flink says of it."""
MOMENTS: dict[str, Callable[[Counts, int], bool]] = {
    "reads": lambda counts, size: counts.bytes_read * 4 > size,
    "writes": lambda counts, size: counts.rows_written > 0,
}


class Place(NamedTuple):
    """Where the runs are done, and the processes of it that do not change."""

    engine: Engine
    cluster: Cluster
    pool: int


def faults(place: Place, folder: Path, dumps: Sequence[str]) -> str:
    """Kill each victim at each moment of a run of its own; what came of it.

    Raises:
        Failed: neither of the two that may.
    """
    size = sum(os.path.getsize(path) for path in dumps)
    wanted = folder / "wanted"
    for some in ((), dumps):
        run(some, wanted, "--runner", "direct")
    said = []
    for victim in VICTIMS:
        for moment in MOMENTS:
            became = _became(place, folder, dumps, size, victim, moment)
            print(f"a {victim} is killed while the run {moment}: {became}", flush=True)
            said.append(became)
    return f"{len(said)} kills on Flink, and each dataset is the same in the end: {same(wanted, folder / 'news')}"


def _became(place: Place, folder: Path, dumps: Sequence[str], size: int, victim: str, moment: str) -> str:
    """One kill in a run that adds to a dataset, and what came of it; the dataset is checked in the end."""
    news, before = folder / "news", folder / "before"
    for path in (news, before):
        shutil.rmtree(path, ignore_errors=True)
    run((), news, "--runner", "direct")
    subprocess.run(["cp", "-a", str(news), str(before)], check=True)  # keeps links as links
    begin = time.monotonic()
    with subprocess.Popen(
        command_of(dumps, news, *place.engine.options), cwd=ROOT, stderr=subprocess.PIPE, text=True,
        preexec_fn=end_with_parent,
    ) as running:  # fmt: skip
        _await(running, news, lambda counts: MOMENTS[moment](counts, size))
        os.kill(_pid(place, running.pid, victim), signal.SIGKILL)
        killed = time.monotonic() - begin
        try:
            _, told = running.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            raise Failed(f"a {victim} was killed while the run {moment}, and the run did not end") from None
    took = f"killed after {killed:.0f} s, ended after {time.monotonic() - begin:.0f} s"
    if victim == "task manager":
        place.cluster.replace(next(iter(place.cluster.task_managers)))
    if running.returncode == 0:
        became = f"the run is done ({took})"
    elif victim == "driver":
        same(before, news)
        run(dumps, news, *place.engine.options)
        became = f"the version before is as it was, the next run is done ({took})"
    else:
        line = told.strip().splitlines()[-1] if told.strip() else ""
        if running.returncode != 1 or f"nothing was committed: {SAID[victim]}" not in line:
            raise Failed(f"the run ended with {running.returncode}, and said {told}")
        same(before, news)
        run(dumps, news, *place.engine.options)
        became = (
            f"the run fails ({took}) with '{line}', the version before is as it was, the next run is done"
        )
    same(folder / "wanted", news)
    left = [path for path in news.glob("_runs/*/*") if path.stem != "report"]
    if left:
        raise Failed(f"{became}, but {left[0]} was left")
    return became


def _await(running: "subprocess.Popen[str]", news: Path, condition: Callable[[Counts], bool]) -> None:
    """Return once a run has come so far, by what its workers tell."""
    while running.poll() is None:
        for folder in news.glob("_runs/*/progress"):
            if condition(read_progress(str(folder))):
                return
        time.sleep(0.02)
    raise Failed(f"the run ended with {running.returncode} before anything was killed")


def _pid(place: Place, run: int, victim: str) -> int:
    """The process to be killed."""
    if victim == "task manager":
        return next(iter(place.cluster.task_managers.values())).pid
    if victim == "driver":
        return run
    parent = place.pool if victim == "worker" else run
    found = [
        int(pid)
        for path in Path(f"/proc/{parent}/task").glob("*/children")
        for pid in path.read_text().split()
    ]
    if not found:
        raise Failed(f"there is no {victim} to be killed")
    return found[-1]
