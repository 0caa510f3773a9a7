"""Kill -9 of the real command line, at named steps and at random moments; readers that read all the while."""

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from dateline import open_dataset
from dateline.pipeline.dataset import version as dataset
from tests.conftest import ROOT, dateline_here, files_of
from tests.dataset.test_growth import run
from tests.engine.test_portable import wait_until
from tests.helpers.pages import Article, plain

pytestmark = pytest.mark.slow

PLACES = ("CAIRO", "SANAA", "KABUL", "PARIS", "LIMA", "TOKYO")

KILLER = """
import importlib, os, signal, sys
module, name, when, nth = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
import dateline.runners.command.cli, dateline.pipeline.run
holder = importlib.import_module(module)
real, calls = getattr(holder, name), []
def dying(*args, **options):
    calls.append(1)
    if when == "before" and len(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    found = real(*args, **options)
    if when == "after" and len(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
setattr(holder, name, dying)
sys.exit(dateline.runners.command.cli.main(sys.argv[5:]))
"""

STEPS = [
    # module, function, before or after its nth call, version afterwards
    ("dateline.pipeline.dataset.staging", "prepare", "after", 1, 1),
    ("dateline.pipeline.dataset.staging", "read_receipts", "before", 1, 1),
    ("dateline.pipeline.run", "settle", "before", 1, 1),
    ("dateline.pipeline.dataset.commit", "commit", "before", 1, 1),
    ("dateline.pipeline.dataset.commit", "write_json", "after", 1, 1),
    ("dateline.pipeline.dataset.commit", "_name", "before", 2, 1),
    ("dateline.pipeline.dataset.commit", "_keep", "before", 1, 1),
    ("dateline.pipeline.dataset.commit", "_keep", "after", 1, 1),
    ("dateline.pipeline.dataset.commit", "flush", "before", 1, 1),
    ("dateline.pipeline.dataset.commit", "_publish", "before", 1, 1),
    ("dateline.pipeline.dataset.commit", "_publish", "after", 1, 2),
    ("dateline.pipeline.dataset.commit", "_tidy", "before", 1, 2),
    ("dateline.pipeline.dataset.commit", "prune", "before", 1, 2),
    ("dateline.pipeline.dataset.commit", "finish", "after", 1, 2),
    ("dateline.pipeline.run", "write_report", "before", 1, 2),
]


def page(number: int) -> str:
    day = f"{1 + number % 28:02d} March 202{number % 5}"
    return plain(Article(headline=f"Lamp {number} is lit", stamp=day, place=PLACES[number % 6]))


@pytest.fixture(scope="module")
def dumps(tmp_path_factory) -> list[Path]:
    """A first dump, and a second one that changes some of its partitions, and adds others."""
    folder = tmp_path_factory.mktemp("dumps")
    paths = []
    for name, numbers in (("a.txt", range(150)), ("b.txt", range(120, 300))):
        paths.append(folder / name)
        paths[-1].write_text("\n\n".join(map(page, numbers)))
    return paths


@pytest.fixture(scope="module")
def expected(dumps, tmp_path_factory) -> dict[str, bytes]:
    output = tmp_path_factory.mktemp("once") / "news"
    assert run(output, *dumps) == 0
    return files_of(output)


@pytest.fixture
def begun(dumps, tmp_path) -> Path:
    """A dataset of the first dump."""
    output = tmp_path / "news"
    assert run(output, dumps[0]) == 0
    return output


def ids(version: ds.Dataset) -> list[str]:
    return sorted(version.to_table(columns=["id"])["id"].to_pylist())


@pytest.mark.parametrize(
    ("module", "name", "when", "nth", "version"), STEPS, ids=[f"{step[2]} {step[1]}" for step in STEPS]
)
def test_killed_at_a_named_step(begun, dumps, expected, module, name, when, nth, version):
    first = ids(open_dataset(begun))
    killed = subprocess.run(
        [sys.executable, "-c", KILLER, module, name, when, str(nth), "run", "--quiet", "--input",
         str(dumps[1]), "--output", str(begun)], cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    manifest = dataset.latest_manifest(str(begun))
    assert manifest["version"] == version
    assert ids(open_dataset(begun, 1)) == first
    assert len(ids(open_dataset(begun))) == (300 if version == 2 else 150)
    done = dateline_here("run", "--input", *dumps, "--output", begun)
    assert done.returncode == 0, done.stderr
    assert "which did not end" in done.stderr
    assert files_of(begun) == expected
    assert list(begun.glob("_runs/*/[!r]*")) == []
    assert dataset.latest_manifest(str(begun))["version"] == 2


def killed_amid(output: Path, dump: Path, seconds: float) -> bool:
    """Start a run with worker processes, and kill it so long after its work began; whether it had not ended by then."""
    known = set(output.glob("_runs/*"))
    process = subprocess.Popen(
        [sys.executable, "-m", "dateline", "run", "--quiet", "--workers", "2", "--input",
         str(dump), "--output", str(output)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: process.poll() is not None or set(output.glob("_runs/*")) - known)
    time.sleep(seconds)
    process.kill()
    return process.wait() == -signal.SIGKILL


def test_killed_at_random_moments(begun, dumps, expected):
    """Seven runs, each killed a little later in its work than the last; then one that may end."""
    seconds = random.Random(7)
    first = ids(open_dataset(begun))
    killed = 0
    for attempt in range(7):
        killed += killed_amid(begun, dumps[1], 0.25 * attempt + seconds.random() * 0.1)
        assert ids(open_dataset(begun, 1)) == first
        assert len(ids(open_dataset(begun))) in (150, 300)
    assert killed > 3
    done = dateline_here("run", "--input", *dumps, "--output", begun)
    assert done.returncode == 0, done.stderr
    assert files_of(begun) == expected
    assert list(begun.glob("_runs/*/[!r]*")) == []


def test_a_worker_that_raises(begun, dumps, expected, monkeypatch):
    """The version before stays, and the next run ends as if nothing had happened."""
    from dateline.pipeline.stages import write_articles

    first = files_of(begun)
    with monkeypatch.context() as patch:
        patch.setattr(write_articles.Staying, "take", lambda *args: 1 / 0)  # half-way through the writing
        assert run(begun, dumps[1]) == 1
    assert files_of(begun) == first
    assert list(begun.glob("_runs/*/[!r]*")) == []
    assert run(begun, dumps[1]) == 0
    assert files_of(begun) == expected


def test_the_second_of_two_runs_is_refused_at_once(begun, dumps):
    holder = (
        "import sys, time, dateline.runners.engine.local as local, dateline.runners.command.cli as cli\n"
        "local.run_flow = lambda *args: time.sleep(60)\n"
        "sys.exit(cli.main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", holder, "run", "--input", str(dumps[1]), "--output", str(begun)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: list(begun.glob("_runs/*/staged")))
        refused = dateline_here("run", "--input", dumps[1], "--output", begun)
        assert refused.returncode == 4
        assert "locked by run 20" in refused.stderr
        assert f"process {process.pid} on " in refused.stderr
    finally:
        process.kill()
        process.wait()
    done = dateline_here("run", "--input", dumps[1], "--output", begun)
    assert done.returncode == 0, done.stderr


def test_a_reader_in_a_loop_while_runs_commit(tmp_path):
    """Through the manifest: never a row missing, doubled or torn; an opened version goes on while it is kept."""
    output = tmp_path / "news"
    paths = []
    for number in range(6):
        paths.append(tmp_path / f"dump-{number}.txt")
        paths[-1].write_text("\n\n".join(map(page, range(20 * number, 20 * number + 60))))
    assert run(output, paths[0], options=("--keep-versions", "99")) == 0
    done = threading.Event()
    failed: list[BaseException] = []
    seen: dict[int, set[tuple[str, ...]]] = {}
    opened: list[tuple[int, ds.Dataset]] = []

    def read() -> None:
        try:
            while not done.is_set():
                number = dataset.latest_manifest(str(output))["version"]
                version = open_dataset(output, number)
                opened.append((number, version))
                for known, held in (opened[0], opened[len(opened) // 2], opened[-1]):
                    table = held.to_table()
                    table.validate(full=True)
                    found = tuple(sorted(table["id"].to_pylist()))
                    assert len(set(found)) == len(found)
                    seen.setdefault(known, set()).add(found)
        except BaseException as error:
            failed.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for path in paths[1:]:
        assert run(output, path, options=("--keep-versions", "99")) == 0
    done.set()
    reader.join()
    assert failed == []
    assert len(seen) > 3
    for number, found in seen.items():
        assert found == {tuple(ids(open_dataset(output, number)))}
        assert len(next(iter(found))) == 60 + 20 * (number - 1)


def test_versions_that_are_not_kept_go(tmp_path):
    output = tmp_path / "news"
    for number in range(4):
        path = tmp_path / f"{number}.txt"
        path.write_text("\n\n".join(map(page, range(number, number + 9))))
        assert run(output, path, options=("--keep-versions", "2")) == 0
    assert dataset.version_numbers(str(output)) == [3, 4]
    assert len(ids(open_dataset(output, 3))) == 11
    with pytest.raises(FileNotFoundError, match="has no version 2; it has 3, 4"):
        open_dataset(output, 2)
    with pytest.raises(FileNotFoundError, match="holds no dataset"):
        open_dataset(tmp_path / "nothing")
