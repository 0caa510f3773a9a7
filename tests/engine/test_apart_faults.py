"""Whatever fails in a run whose workers share nothing but a store, old or new version is whole, and the next run is as if nothing had been.

The workers are threads of this process, so that each call of the store can be made to fail; who they share a folder with is
tested in test_apart.py.
"""

import contextlib
import gzip
import re
from collections.abc import Iterator
from copy import copy
from hashlib import sha256
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from dateline.pipeline.dataset import commit_store
from dateline.pipeline.dataset.store_manifests import manifest_at, newest_manifest
from dateline.pipeline.stages import (
    fetch_records,
    record_files,
    unpack_parts,
    write_articles,
    write_ledgers,
    write_rejects,
)
from dateline.pipeline.store import s3
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.s3 import s3_client
from dateline.runners.engine import local, portable
from tests.conftest import dateline_here, files_of
from tests.helpers.pages import Article, plain
from tests.helpers.stores import BUCKET, as_local, command_here, serving

pytestmark = pytest.mark.slow

ADDRESS = "s3://dumps/some/news"
WRITES = ("put_object", "copy_object", "delete_objects")
READS = ("get_object", "head_object")
OPTIONS = (
    "--runner",
    "portable",
    "--job-endpoint",
    "localhost:1",
    "--worker-pool",
    "localhost:2",
    "--run-folder",
    ADDRESS,
)


class Died(BaseException):
    """The process was killed: from here on it can do nothing at all."""


class Client:
    """boto3's client, which remembers its calls; the first of one kind goes wrong, before or after it takes effect."""

    def __init__(
        self, fail_at: tuple[str, str] | None = None, error: BaseException | None = None, late: bool = False
    ) -> None:
        self.calls: list[tuple[str, str]] = []
        self._inner, self._fail_at, self._error, self._late = s3_client(), fail_at, error, late
        self._dead = False

    def __getattr__(self, name):
        real = getattr(self._inner, name)
        if name not in WRITES + READS:
            return real

        def call(**arguments):
            if self._dead:
                raise self._error
            key = arguments.get("Key", "")  # of many that are removed at one call none stands for all
            self.calls.append((name, re.sub(r"[0-9a-f]{8,}|\d+", "N", key)))
            hit = self.calls[-1] == self._fail_at and self.calls.count(self._fail_at) == 1
            if hit and not self._late:
                self._dead = isinstance(self._error, Died)
                raise self._error
            answer = real(**arguments)
            if hit:
                self._dead = isinstance(self._error, Died)
                raise self._error
            return answer

        return call


class Days:
    """A dataset in the store that grows by a dump a day, and the same one in a folder."""

    def __init__(self, store, root: Path) -> None:
        self.store, self.root, self.local = store, root, root / "local"
        self.environ = store.environ | {"XDG_CACHE_HOME": str(root / "caches"), "AWS_MAX_ATTEMPTS": "1"}
        self.number = 0
        (root / "in").mkdir()

    def dump(self) -> str:
        """Tomorrow's dump: an article of its own, one that all days have, and one that is no article."""
        self.number += 1
        text = "\n\n".join(
            [
                plain(Article(headline=f"The first of day {self.number}", slot="")),
                plain(Article(headline="The one that all days have", stamp="08 September 2023")),
            ]
        )
        path = self.root / "in" / f"day-{self.number:03}.txt.gz"
        path.write_bytes(gzip.compress(text.encode() + b"\n\nHEADLINE \x00\n", mtime=0))
        self.store.put(f"in/{path.name}", path.read_bytes())
        return path.name

    def run(self, name: str, **environ: str):
        args = [
            "run",
            "--input",
            f"s3://dumps/in/{name}",
            "--output",
            ADDRESS,
            "--keep-versions",
            "2",
            *OPTIONS,
        ]
        return command_here(args, self.environ | environ)

    def run_locally(self, name: str) -> None:
        assert (
            dateline_here("run", "--input", self.root / "in" / name, "--output", self.local).returncode == 0
        )

    def objects(self) -> dict[str, bytes]:
        pages = self.store.client.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix="some/news/"
        )
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        get = self.store.client.get_object
        return {key.removeprefix("some/news/"): get(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def whole(self) -> int:
        """Every version that is kept is whole; the number of the newest."""
        bucket = open_bucket(ADDRESS)
        newest = newest_manifest(bucket)["version"]
        for number in range(max(newest - 1, 1), newest + 1):
            for file in manifest_at(bucket, number)["files"]:
                assert sha256(bucket.get(file["stored"])[0]).hexdigest() == file["sha256"]
        return newest

    def tidy(self) -> None:
        """It is what the same dumps make in a folder, and nothing is left that no kept version needs."""
        found = self.objects()
        assert as_local(found) == files_of(self.local)
        newest = self.whole()
        needed = {
            file["stored"]
            for number in (newest - 1, newest)
            if number
            for file in manifest_at(open_bucket(ADDRESS), number)["files"]
        }
        assert {name for name in found if name.startswith("_versions/")} == needed
        assert [name for name in found if name.startswith("_runs/0")] == []


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as store:
        yield store


@pytest.fixture
def days(served, tmp_path, monkeypatch):
    served.reset()
    monkeypatch.setattr(portable, "run_flow", lambda config, *_: local.run_flow(config, 1))
    for name, value in served.environ.items():
        monkeypatch.setenv(name, value)
    days = Days(served, tmp_path)
    name = days.dump()
    assert days.run(name).returncode == 0
    days.run_locally(name)
    days.tidy()
    return days


def using(patch, client: Client) -> Client:
    patch.setattr(s3, "s3_client", lambda: client)
    return client


def kinds(days, monkeypatch) -> list[tuple[str, str]]:
    """The calls of a run, each kind once: the method, and the key without what differs from run to run."""
    name = days.dump()
    with monkeypatch.context() as patch:
        client = using(patch, Client())
        assert days.run(name).returncode == 0
    days.run_locally(name)
    days.tidy()
    return list(dict.fromkeys(client.calls))


@pytest.mark.parametrize("late", [False, True])
def test_a_call_that_fails_once(days, monkeypatch, late):
    calls = kinds(days, monkeypatch)
    chosen = [call for call in calls if call[0] in WRITES or (not late and "_runs/" in call[1])]
    assert len(chosen) > 8
    lost = EndpointConnectionError(endpoint_url="http://lost")
    for call in chosen:  # each run reads what those before have not
        days.dump()
        before = days.whole()
        with monkeypatch.context() as patch:
            client = using(patch, Client(call, lost, late))
            done = days.run("*")
        assert call in client.calls
        assert days.whole() - before == (done.returncode == 0), (call, done.stderr)
        assert done.returncode in (0, 1)
        assert "Traceback" not in done.stderr
    days.dump()
    assert days.run("*").returncode == 0
    days.run_locally("*")
    days.tidy()


@pytest.mark.parametrize("late", [False, True])
def test_a_driver_that_dies_as_it_commits(days, monkeypatch, late):
    name, before = days.dump(), days.whole()
    with monkeypatch.context() as patch:
        using(patch, Client(("put_object", "some/news/_manifests/N.json"), Died(), late))
        with pytest.raises(Died):
            days.run(name)
    assert days.whole() == before + late
    assert [path for path in days.objects() if path.startswith("_runs/0")]
    another = days.dump()  # its number is the dead run's, if that made no version
    for each in (name, another):
        assert days.run(each).returncode == 0
        days.run_locally(each)
    days.tidy()


TASKS = {
    unpack_parts: "UnpackParts",
    record_files: "RecordWriter",
    fetch_records: "TakeRecords",
    write_articles: "WriteArticles",
    write_ledgers: "WriteLedgers",
    write_rejects: "WriteRejects",
}


def twice(real, given: list):
    def call(self, *element):
        given.append((copy(self), element, real))
        first = real(copy(self), *element)
        if isinstance(first, Iterator):
            list(first)
        return real(self, *element)

    return call


@pytest.fixture
def tasks(monkeypatch):
    """What tasks that write to the store were given; each does its work twice, as two workers of one bundle would."""
    given = []
    for holder, name in TASKS.items():
        owner = getattr(holder, name)
        method = "write" if name == "RecordWriter" else "process"

        monkeypatch.setattr(owner, method, twice(getattr(owner, method), given))
    return given


def test_a_bundle_that_is_done_twice_and_a_worker_that_goes_on_after_the_commit(days, tasks):
    name = days.dump()
    assert days.run(name).returncode == 0
    days.run_locally(name)
    days.tidy()
    late = list(tasks)
    assert len({type(task).__name__ for task, *_ in late}) == len(TASKS)
    for _ in range(2):  # after the commit; and when the version is no longer kept
        before = days.objects()
        for task, element, real in late:
            with contextlib.suppress(Exception):  # what it would read is gone
                list(real(copy(task), *element))
        now = days.objects()
        assert {path: now[path] for path in before} == before
        assert now.keys() > before.keys()
        for _ in range(3):
            name = days.dump()
            assert days.run(name).returncode == 0
            days.run_locally(name)
            days.tidy()


def test_a_tidying_meanwhile_takes_nothing_from_a_run_and_prune_takes_what_is_late(days, tasks, monkeypatch):
    real = fetch_records.TakeRecords.setup
    tidied = []

    def tidy(task):
        bucket = open_bucket(ADDRESS)
        tidied.append(any(name.startswith("_runs/00000002/") for name in bucket.names("_runs/")))
        commit_store.tidy(bucket, newest_manifest(bucket), 2)
        real(task)

    monkeypatch.setattr(fetch_records.TakeRecords, "setup", tidy)
    name = days.dump()
    assert days.run(name).returncode == 0
    days.run_locally(name)
    days.tidy()
    assert all(tidied)
    assert tidied
    for task, element, call in list(tasks):  # workers that were given up, and go on
        with contextlib.suppress(Exception):  # what they would read is gone
            list(call(copy(task), *element))
    assert any(path.startswith("_runs/00000002/") for path in days.objects())
    assert command_here(["prune", ADDRESS, "--keep-versions", "2"], days.environ).returncode == 0
    days.tidy()


def test_of_two_drivers_one_is_told(days, monkeypatch):
    mine, others = days.dump(), days.dump()
    real = commit_store._publish

    def overtaken(bucket, root, manifest):
        monkeypatch.setattr(commit_store, "_publish", real)
        assert days.run(others, XDG_CACHE_HOME=str(days.root / "other")).returncode == 0
        real(bucket, root, manifest)

    monkeypatch.setattr(commit_store, "_publish", overtaken)
    done = days.run(mine)
    assert done.returncode == 4
    days.run_locally(others)
    assert days.whole() == 2
    assert days.run(mine).returncode == 0
    days.run_locally(mine)
    days.tidy()


def test_a_run_whose_scratch_is_removed_under_it_is_told(days, monkeypatch):
    mine, others = days.dump(), days.dump()
    real = fetch_records.TakeRecords.setup

    def overtaken(task):
        monkeypatch.setattr(fetch_records.TakeRecords, "setup", real)
        assert days.run(others, XDG_CACHE_HOME=str(days.root / "other")).returncode == 0
        real(task)

    monkeypatch.setattr(fetch_records.TakeRecords, "setup", overtaken)
    done = days.run(mine)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    for name in (others, mine):
        days.run_locally(name)
    assert days.run(mine).returncode == 0
    days.tidy()
