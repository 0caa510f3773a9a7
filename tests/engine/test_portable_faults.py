"""An engine's processes that are killed amid a run: it fails cleanly, and the next run has the bytes all the same."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.dumps import Recipe, make
from dateline.pipeline.dataset.version import latest_manifest
from tests.conftest import ROOT, dateline, files_of
from tests.engine.test_portable import Services, job_service, started_pool, wait_until, workers_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dumps(tmp_path_factory) -> list[str]:
    """Enough that a run is under way for some seconds: the first for the version before, the rest to be folded in."""
    folder = tmp_path_factory.mktemp("dumps")
    make(folder, Recipe(mb=40, files=4))
    return sorted(map(str, folder.glob("*.txt")))


@pytest.fixture(scope="module")
def first(dumps, tmp_path_factory) -> Path:
    """The version before."""
    output = tmp_path_factory.mktemp("first") / "news"
    assert dateline("run", "--input", dumps[0], "--output", output).returncode == 0
    return output


@pytest.fixture(scope="module")
def wanted(dumps, first, tmp_path_factory) -> dict[str, bytes]:
    """The version after, of runs that nothing befell."""
    output = shutil.copytree(first, tmp_path_factory.mktemp("wanted") / "news")
    assert dateline("run", "--input", *dumps, "--output", output).returncode == 0
    return files_of(output)


@pytest.mark.parametrize("victim", ["worker", "job service", "pool"])
def test_a_killed_process_fails_the_run_and_not_the_next(victim, dumps, first, wanted, tmp_path):
    news = shutil.copytree(first, tmp_path / "news")
    before = files_of(news)
    pool, where = started_pool()
    with pool, job_service(tmp_path) as (endpoint, service):
        try:
            with run_of(dumps, news, *Services(endpoint, where).options) as run:
                wait_until(lambda: list(news.glob("_runs/*/progress/*")))
                time.sleep(0.5)  # amid the work, not before it
                known = {"job service": service, "pool": pool.pid}
                os.kill(known.get(victim) or workers_of(pool.pid)[0], signal.SIGKILL)
                _, told = run.communicate(timeout=120)
            assert run.returncode == 1, told
            assert "dateline: error: failed, nothing was committed: " in told
        finally:
            pool.kill()
    manifest = latest_manifest(str(news))
    assert manifest is not None
    assert manifest["version"] == 1
    assert files_of(news) == before

    assert dateline("run", "--input", *dumps, "--output", news).returncode == 0
    assert files_of(news) == wanted


def run_of(dumps: list[str], output: Path, *options: str) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "dateline",
        "run",
        "--quiet",
        "--input",
        *dumps,
        "--output",
        str(output),
    ]
    return subprocess.Popen([*command, *options], cwd=ROOT, stderr=subprocess.PIPE, text=True)
