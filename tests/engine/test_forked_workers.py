"""Worker processes that fail or are killed, and a run that is killed above them: no run hangs, no process stays."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, left
from tests.helpers.pages import Article, plain

pytestmark = pytest.mark.slow

RUN = """
import logging, os, signal, sys, time
logging.basicConfig(level=logging.CRITICAL)
import dateline.pipeline.stages.parse as parse, dateline.runners.engine.forked_workers as forked, dateline.runners.command.run as job, dateline.runners.engine.local as local
import dateline.runners.command.cli as cli
folder = os.path.dirname(sys.argv[sys.argv.index("--input") + 1])
driver = os.getpid()

def first():
    try:
        os.close(os.open(folder + "/first", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True

def here(name):
    open(f"{folder}/{name}-{os.getpid()}", "w").close()

real = parse.record_of
{change}
sys.exit(cli.main(sys.argv[1:]))
"""

SECONDS = 100
"""Until a run that should have ended is taken for one that hangs."""


@pytest.fixture
def dumps(tmp_path) -> list[Path]:
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.txt")
        pages = (plain(Article(headline=f"Lamp {number} {n} is lit")) for n in range(20))
        paths[-1].write_text("\n\n".join(pages))
    return paths


@pytest.fixture
def start(dumps) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts a run that something is changed in, by lines of Python; what is left of it ends with the test."""
    started: list[subprocess.Popen] = []

    def begin(change: str, workers: int = 2) -> subprocess.Popen:
        started.append(begun(change, dumps, workers))
        return started[-1]

    yield begin
    for process in started:
        with process:
            process.kill()


def begun(change: str, dumps: list[Path], workers: int) -> subprocess.Popen:
    output = dumps[0].parent / "news"
    command = [sys.executable, "-c", RUN.replace("{change}", change), "run", "--quiet", "--workers", str(workers),
               "--input", *map(str, dumps), "--output", str(output)]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen) -> str:
    """What the run said, once it and all its workers have ended: they hold its pipes, too."""
    out, err = process.communicate(timeout=SECONDS)
    assert out == ""
    return err


def wait_for(folder: Path, pattern: str) -> None:
    until = time.monotonic() + SECONDS
    while not list(folder.glob(pattern)):
        assert time.monotonic() < until, f"no {pattern}"
        time.sleep(0.02)


def of_workers(folder: Path, name: str) -> set[int]:
    return {int(path.name.rpartition("-")[2]) for path in folder.glob(f"{name}-*")}


def test_a_stage_that_raises_in_a_worker(dumps, start):
    change = """
def broken(*args):
    here("raised")
    raise ValueError("the parser is broken")
parse.record_of = broken
"""
    process = start(change)
    err = end(process)
    assert process.returncode == 1
    assert "nothing was committed: ValueError: the parser is broken" in err
    workers = of_workers(dumps[0].parent, "raised")
    assert workers
    assert process.pid not in workers
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_a_worker_reads_what_stands_together_and_knows_what_comes_again(dumps):
    """Two dumps, each of one article and its copies: a worker that read of both would parse both."""
    for number, path in enumerate(dumps):
        path.write_text("\n\n".join([plain(Article(headline=f"Lamp {number // 2} is lit"))] * 20))
    small = "import dateline.pipeline.config as config, dateline.pipeline.stages.read as read; config.MIN_RANGE_BYTES = read.BATCH_BYTES = 1"
    process = begun(small, dumps, workers=2)
    assert (end(process), process.returncode) == ("", 0)
    (report,) = dumps[0].parent.glob("news/_runs/*/report.json")
    split = json.loads(report.read_text())["stages"]["split"]
    assert (split["records_in"], split["repeats"]) == (80, 78)


KILLED = {
    "at work": """
def dying(*args):
    os.kill(os.getpid(), signal.SIGKILL)
parse.record_of = dying
""",
    "while another works": """
def dying(*args):
    if first():
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    return real(*args)
parse.record_of = dying
""",
    "before it has work": """
start = forked.ForkedWorkerHandler.start_worker
def dead(self):
    os.kill(forked._waiting[-1][0], signal.SIGKILL)
    start(self)
forked.ForkedWorkerHandler.start_worker = dead
""",
    "as it gets work": """
start = forked.ForkedWorkerHandler.start_worker
def dead(self):
    start(self)
    os.kill(self._process, signal.SIGKILL)
forked.ForkedWorkerHandler.start_worker = dead
""",
    "between two pieces of work": """
from apache_beam.runners.portability.fn_api_runner import worker_handlers
push = worker_handlers.ControlConnection.push
killed = []
def dead(self, request):
    if getattr(request, "process_bundle", None) and request.HasField("process_bundle"):
        killed.append(request)
        if len(killed) == 5:
            for line in open(f"/proc/{driver}/task/{driver}/children").read().split():
                os.kill(int(line), signal.SIGKILL)
            time.sleep(3)
    return push(self, request)
worker_handlers.ControlConnection.push = dead
""",
}


@pytest.mark.parametrize("change", KILLED.values(), ids=KILLED)
def test_a_worker_that_is_killed_fails_the_run(dumps, start, change):
    process = start(change)
    err = end(process)
    assert process.returncode == 1, err
    assert "nothing was committed: a worker process was ended by SIGKILL" in err
    assert "Traceback" not in err
    assert left(dumps[0].parent / "news") == []


WORKERS = {
    "at work": """
def slow(*args):
    here("worker")
    time.sleep(600)
parse.record_of = slow
""",
    "without work": """
fork = forked._fork
def forked_one(*args):
    found = fork(*args)
    open(f"{folder}/worker-{found[0]}", "w").close()
    return found
forked._fork = forked_one
local.run_flow = lambda *args: time.sleep(600)
""",
}


@pytest.mark.parametrize("change", WORKERS.values(), ids=WORKERS)
def test_workers_end_with_a_run_that_is_killed(dumps, start, change):
    process = start(change)
    folder = dumps[0].parent
    wait_for(folder, "worker-*")
    workers = of_workers(folder, "worker")
    assert process.pid not in workers
    os.kill(process.pid, signal.SIGKILL)
    assert end(process) == ""
    assert process.returncode == -signal.SIGKILL


def test_one_worker_is_the_run_itself(dumps, start):
    change = """
os.fork = None
def told(*args):
    here("worker")
    return real(*args)
parse.record_of = told
"""
    process = start(change, workers=1)
    assert end(process) == ""
    assert process.returncode == 0
    assert of_workers(dumps[0].parent, "worker") == {process.pid}
