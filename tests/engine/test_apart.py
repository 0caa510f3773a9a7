"""Workers that share nothing with the driver but an object store make the same dataset, byte by byte."""

import gzip
import json
import os
import signal
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard

from benchmarks.dumps import Recipe, make
from dateline.runners.engine import portable
from tests.conftest import EXAMPLES, ROOT, dateline_here, files_of
from tests.engine.test_portable import Services, job_service, wait_until, workers_of
from tests.helpers.apart import pools_apart
from tests.helpers.stores import BUCKET, Store, as_local, command_here, serving

pytestmark = pytest.mark.slow

ADDRESS = "s3://dumps/some/news"


class Apart(NamedTuple):
    """What a run needs to know of workers that share nothing with it but a store."""

    store: Store
    hidden: Path
    """The folder that the workers do not see; the driver works in it."""
    pools: list[int]
    """The processes of the pools."""
    options: tuple[str, ...]

    @property
    def environ(self) -> dict[str, str]:
        return self.store.environ | {
            "XDG_CACHE_HOME": str(self.hidden / "caches"),
            "TMPDIR": str(self.hidden),
        }

    def command(self, *dumps_and_options: str) -> list[str]:
        folders = ("--output", ADDRESS, "--run-folder", ADDRESS)
        return ["run", "--input", *dumps_and_options, *folders, *self.options]

    def run(self, *dumps_and_options: str) -> subprocess.CompletedProcess:
        return command_here(self.command(*dumps_and_options), self.environ)


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """A store, and what a run needs to know of workers that cannot see `hidden`, where driver and dumps are."""
    hidden = tmp_path_factory.mktemp("hidden")
    with serving(tmp_path_factory.mktemp("server")) as store:
        environ = store.environ | {"XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"]}
        with (
            pools_apart(hidden, tmp_path_factory.mktemp("pools"), environ) as (door, pools),
            job_service(tmp_path_factory.mktemp("service")) as (endpoint, _),
        ):
            yield Apart(store, hidden, pools, Services(endpoint, door).options)


@pytest.fixture
def two_workers(monkeypatch):
    """Beam's job service has one worker, if it is not told."""
    real = portable.options_for
    monkeypatch.setattr(
        portable, "options_for", lambda engine: real(engine._replace(flags=("--direct_num_workers=2",)))
    )


def names(store) -> list[str]:
    """The objects of the dataset, by their names in it."""
    pages = store.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="some/news/")
    return [found["Key"].removeprefix("some/news/") for page in pages for found in page.get("Contents", ())]


def objects(store) -> dict[str, bytes]:
    get = store.client.get_object
    return {name: get(Bucket=BUCKET, Key=f"some/news/{name}")["Body"].read() for name in names(store)}


def lines_of(text: str) -> bytes:
    """The text as JSON Lines: a page, and what cannot be used."""
    rows = [{"text": text, "url": "https://arab.news/ab2cd"}, {"text": 7}, {"other": "x"}]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def dumps() -> list[dict[str, bytes]]:
    """Of each run, its dumps by their names."""
    texts = {Path(name).name: Path(name).read_bytes() for name in EXAMPLES}
    first, second, *more = sorted(texts)
    one = {
        first: texts[first] + b"\n\nno article at all\n",
        f"{second}.gz": gzip.compress(texts[second]),
        "lines.jsonl.zst": zstandard.compress(lines_of(texts[more[0]].decode())),
        "wide.txt": texts[more[1]].decode().encode("utf-16"),
    }
    return [one, {name: texts[name] for name in more}]


def test_they_make_the_same_dataset(apart, two_workers, tmp_path):
    store = apart.store
    store.reset()
    local = tmp_path / "local"
    for day, names in enumerate(dumps()):
        for name, data in names.items():
            store.put(f"in/{day}/{name}", data)
            (tmp_path / str(day)).mkdir(exist_ok=True)
            (tmp_path / str(day) / name).write_bytes(data)
        done = apart.run(f"s3://dumps/in/{day}/*")
        assert done.returncode == 0, done.stderr
        assert dateline_here("run", "--input", f"{tmp_path}/{day}/*", "--output", local).returncode == 0
    assert as_local(objects(store)) == files_of(local)
    assert not [name for name in objects(store) if name.startswith("_runs/0")]


def test_rejects_are_fed_back(apart, two_workers, tmp_path):
    """The rejects of one dataset are read once more, into another."""
    store = apart.store
    store.reset()
    local, again = tmp_path / "local", tmp_path / "again"
    (tmp_path / "a.txt").write_bytes(b"no article \x00 at all\n")
    assert dateline_here("run", "--input", *EXAMPLES, tmp_path / "a.txt", "--output", local).returncode == 0
    rejects = sorted(local.glob("_rejected/*.arrow"))
    assert rejects
    for path in rejects:
        store.put(f"in/{path.name}", path.read_bytes())
    done = apart.run("s3://dumps/in/*", "--max-rejects", "100%")
    assert done.returncode == 0, done.stderr
    more = ("--output", again, "--max-rejects", "100%")
    assert dateline_here("run", "--input", *rejects, *more).returncode == 0
    assert as_local(objects(store)) == files_of(again)


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """Dumps that keep a run busy for some seconds."""
    folder = tmp_path_factory.mktemp("many")
    make(folder, Recipe(mb=6, files=4))
    return folder


def test_a_worker_that_is_killed_once_it_wrote_fails_the_run_and_not_the_next(apart, many, tmp_path):
    """It is the only one: Beam's own engine gives its work to nobody else."""
    apart.store.reset()
    for path in many.glob("*.txt"):
        apart.store.put(f"in/{path.name}", path.read_bytes())
    command = [sys.executable, "-m", "dateline", *apart.command("s3://dumps/in/*")]
    with subprocess.Popen(command, cwd=ROOT, env=apart.environ, stderr=subprocess.PIPE, text=True) as run:
        wait_until(lambda: any(fnmatch(name, "_runs/00000001/*/parsed/*") for name in names(apart.store)))
        os.kill(next(worker for pool in apart.pools for worker in workers_of(pool)), signal.SIGKILL)
        try:
            _, told = run.communicate(timeout=60)
        except subprocess.TimeoutExpired:  # it died between two bundles, and Beam's engine waits for ever
            run.terminate()
            _, told = run.communicate(timeout=60)
    assert run.returncode in (1, 143), told
    assert "nothing was committed" in told
    assert "_manifests/00000001.json" not in objects(apart.store)
    assert apart.run("s3://dumps/in/*").returncode == 0
    assert (
        dateline_here("run", "--input", *many.glob("*.txt"), "--output", tmp_path / "local").returncode == 0
    )
    found = objects(apart.store)
    assert as_local(found) == files_of(tmp_path / "local")
    stored = {file["stored"] for file in json.loads(found["_manifests/00000001.json"])["files"]}
    assert {name for name in found if name.startswith("_versions/")} == stored
    assert not [name for name in found if name.startswith("_runs/0")]
