"""Versions: what a driver sends is refused by a worker of others, in one clear line."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from dateline.errors import VersionError
from dateline.pipeline import versions
from dateline.pipeline.config import Config
from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs.dump_list import write_list
from dateline.pipeline.progress import Progress
from dateline.pipeline.stages.row_batches import RowBatchCoder
from tests.conftest import ROOT, dateline
from tests.engine.test_portable import EXAMPLES, Services, asked_for, job_service, started_pool, workers_of

pytestmark = pytest.mark.slow

MINE = versions.here()


def other(folder: Path, **packages: str) -> dict[str, str]:
    """Surroundings in which packages seem to have other versions than they have."""
    for name, version in packages.items():
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    # Else the folder that a process starts in comes first, and an installation may have left our version there.
    names = {"PYTHONPATH": f"{folder}:{ROOT}", "PYTHONSAFEPATH": "1", "PATH": "/usr/bin:/bin"}
    return names | {"XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"]}


def carriers(tmp_path: Path) -> dict[str, object]:
    """What stages hold of ours; the test of the graph tells that each stage holds one."""
    return {
        "config": Config((), "/news", "run", base=3),
        "progress": Progress("/news/_runs/run"),
        "coder": RowBatchCoder(),
        "list": write_list([Dump("/a.txt", "a.txt", 7)], str(tmp_path / "list")),
    }


@pytest.mark.parametrize("name", ["config", "progress", "coder", "list"])
def test_what_travels_is_read_by_the_same_versions_only(name, tmp_path):
    carrier = carriers(tmp_path)[name]
    again = pickle.loads(pickle.dumps(carrier))
    assert type(again) is type(carrier)
    if name != "progress":
        assert again == carrier
    code = "import pickle, sys; pickle.load(sys.stdin.buffer)"
    read = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(carrier),
        capture_output=True,
        cwd=tmp_path,
        env=other(tmp_path / "other", pyarrow="1.2.3", dateline="9.9"),
    )
    last = read.stderr.decode().splitlines()[-1]
    mine = dict(MINE)
    assert last == (
        "dateline.errors.VersionError: this worker has dateline 9.9, pyarrow 1.2.3; the run was started with "
        f"dateline {mine['dateline']}, pyarrow {mine['pyarrow']}. "
        "Install the same versions on workers and driver, start the workers anew, and run again"
    )


def test_a_worker_looks_once(monkeypatch):
    looked = []
    monkeypatch.setattr(versions, "here", lambda: looked.append("here") or MINE)
    versions.require_same.cache_clear()
    for _ in range(5):
        Progress("/progress").__setstate__((MINE, None))
    assert looked == ["here"]


def test_an_unknown_package_is_named(monkeypatch):
    monkeypatch.setattr(versions, "here", lambda: (("python", "3.11"),))
    with pytest.raises(VersionError, match=r"has python 3\.11, extra unknown; .* python 3\.12, extra 1"):
        versions.require_same((("python", "3.12"), ("extra", "1")))


def test_a_pool_of_another_version_starts_no_worker(tmp_path):
    import grpc
    from apache_beam.portability.api import beam_fn_api_pb2_grpc

    pool, where = started_pool(other(tmp_path / "other", dateline="9.9"))
    with pool, grpc.insecure_channel(where) as channel:
        try:
            request = asked_for("one", **dict(MINE))
            answer = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel).StartWorker(request)
            assert answer.error.startswith("this worker has dateline 9.9; the run was started with ")
            assert not workers_of(pool.pid)
        finally:
            pool.kill()


def refused(output: Path, endpoint: str, where: str) -> None:
    """A run with a pool that has another Dateline fails with one line, and commits nothing."""
    done = dateline(
        "run", "--quiet", "--input", *EXAMPLES, "--output", output, *Services(endpoint, where).options
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"dateline: error: failed, nothing was committed: this worker has dateline 9.9; the run was started with dateline {dict(MINE)['dateline']}. "
        "Install the same versions on workers and driver, start the workers anew, and run again"
    )
    assert not list(output.glob("_manifests/*.json"))


def test_a_pool_of_another_version_says_so_before_there_is_a_job(tmp_path):
    """There is no job service at all: the pool stands in for it, and would not take the job."""
    pool, where = started_pool(other(tmp_path / "other", dateline="9.9"))
    with pool:
        try:
            refused(tmp_path / "news", where, where)
        finally:
            pool.kill()


def test_where_a_pool_cannot_be_asked_its_workers_refuse(tmp_path):
    with job_service(tmp_path) as (endpoint, _):
        pool, where = started_pool(other(tmp_path / "other", dateline="9.9"), mute=True)
        with pool:
            try:
                refused(tmp_path / "news", endpoint, where)
            finally:
                pool.kill()
