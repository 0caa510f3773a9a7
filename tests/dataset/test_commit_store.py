"""A version in an object store is there whole or not at all, whatever fails, whoever else writes, wherever a run dies."""

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.dataset as ds
import pytest
from botocore.exceptions import EndpointConnectionError

from dateline import open_dataset
from dateline.errors import StoreError, Uncertain, Unusable
from dateline.pipeline import stop
from dateline.pipeline.dataset import commit_store, staging
from dateline.pipeline.dataset.lock import lock
from dateline.pipeline.dataset.store_manifests import manifest_at, newest_manifest
from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.dataset.working_copy import working_copy
from dateline.pipeline.store import s3 as bucket_s3
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.s3 import PART_BYTES, s3_client
from tests.conftest import EXAMPLES, dateline, files_of
from tests.dataset.test_commit import FIRST, SECOND, THIRD
from tests.engine.test_portable import Services, job_service, started_pool
from tests.helpers.pages import Article, plain
from tests.helpers.store import KEY, SECRET
from tests.helpers.stored import Stored, die_at_each, fail_at_each, kill_at, texts, write_at_a_time
from tests.helpers.stores import BUCKET, as_local, changed, command_here, line_of
from tests.helpers.versions import KEEP

pytestmark = pytest.mark.slow

ADDRESS = "s3://dumps/some/news"
WRITES = (
    "put_object", "copy_object", "delete_objects", "create_multipart_upload", "upload_part",
    "complete_multipart_upload", "abort_multipart_upload",
)  # fmt: skip


class Died(BaseException):
    """The process was killed: from here on it can do nothing at all."""


class Client:
    """boto3's client, whose writes are counted; one of them goes wrong, before or after it is done.

    change: instead, what is done to the arguments of a call, and to its answer.
    """

    def __init__(self, fail_at=None, error=None, late=False, change=None) -> None:
        self._inner = s3_client()
        self.calls: list[tuple[str, str]] = []
        self._fail_at, self._error, self._late, self._change = fail_at, error, late, change
        self._dead = False

    def __getattr__(self, name):
        real = getattr(self._inner, name)
        if not callable(real) or name not in (*WRITES, "head_object", "get_object"):
            return real

        def call(**arguments):
            if self._dead:
                raise self._error
            if self._change:
                return self._change(name, real, arguments)
            if name not in WRITES:
                return real(**arguments)
            key = arguments.get("Key") or arguments["Delete"]["Objects"][0]["Key"]
            self.calls.append((name, key))
            hit = len(self.calls) - 1 == self._fail_at
            if hit and not self._late:
                self._dead = isinstance(self._error, Died)
                raise self._error
            try:
                return real(**arguments)
            finally:
                if hit:
                    self._dead = isinstance(self._error, Died)
                    raise self._error

        return call


class Dataset(Stored):
    """A dataset in the store."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, ADDRESS)

    def check_tidy(self, keep=KEEP) -> None:
        super().check_tidy(keep)
        assert "Uploads" not in s3_client().list_multipart_uploads(Bucket=BUCKET)


@pytest.fixture
def grown(here, tmp_path):
    """Two versions; the first needs files that the second has replaced."""
    here()
    dataset = Dataset(tmp_path / "copy")
    dataset.add(FIRST)
    dataset.add(SECOND)
    return dataset


def using(monkeypatch, client) -> Client:
    monkeypatch.setattr(bucket_s3, "s3_client", lambda: client)
    return client


def test_versions_follow_one_another(grown):
    grown.check_tidy()
    grown.add(THIRD)
    grown.check_tidy()
    assert manifest_at(open_bucket(ADDRESS), 1) is None
    assert sorted(os.listdir(grown.root)) == [
        "_manifests",
        "_store.json",
    ]  # nothing else of this machine's disk


def calls_of(grown, monkeypatch, partitions=THIRD, keep=KEEP) -> list[tuple[str, str]]:
    with monkeypatch.context() as patch:
        client = using(patch, Client())
        grown.add(partitions, keep)
    return client.calls


def test_the_manifest_comes_when_its_files_are_there_and_the_folder_after_it(grown, monkeypatch):
    calls = calls_of(grown, monkeypatch)
    steps = [key.removeprefix("some/news/") for _, key in calls]
    published = steps.index("_manifests/00000003.json")
    uploads = [i for i, step in enumerate(steps) if step.startswith("_versions/00000003/")]
    assert len(uploads) == 2
    places = [i for i, (name, _) in enumerate(calls) if name == "copy_object"]
    gone = [step for (name, _), step in zip(calls, steps, strict=True) if name == "delete_objects"]
    assert max(uploads) < published < min(places)
    assert max(places) < min(i for i, (name, _) in enumerate(calls) if name == "delete_objects")
    assert [step.split("/")[0].split("=")[0] for step in gone] == ["date", "_manifests", "_versions"]


def test_a_run_that_dies_at_any_call_shows_no_half_version_and_the_next_mends(grown, tmp_path, monkeypatch):
    grown.add(texts("first"), 1)
    count = len(calls_of(grown, monkeypatch, texts("second"), 1))
    other = grown.seen_by(Dataset(tmp_path / "other"))  # the next run is another machine's
    assert count >= 9

    @contextlib.contextmanager
    def dying(number):
        with monkeypatch.context() as patch:
            using(patch, Client(number, Died()))
            with pytest.raises(Died):
                yield

    die_at_each(count, grown, other, dying)


def test_what_a_dead_run_left_untidy_is_put_in_order_even_if_there_is_nothing_new(grown, monkeypatch):
    calls = calls_of(grown, monkeypatch, texts("old"))
    with monkeypatch.context() as patch:
        using(patch, Client([name for name, _ in calls].index("copy_object"), Died()))
        with pytest.raises(Died):
            grown.add(texts("new"))
    assert grown.visible() == grown.expected[3]
    with grown.dataset.checked_out(KEEP):
        grown.check_tidy()


@pytest.mark.parametrize("late", [False, True])
def test_a_call_that_fails_once(grown, monkeypatch, late):
    calls = calls_of(grown, monkeypatch)
    published = [key for _, key in calls].index("some/news/_manifests/00000003.json")

    @contextlib.contextmanager
    def failing(number):
        with monkeypatch.context() as patch:
            using(patch, Client(number, EndpointConnectionError(endpoint_url="http://lost"), late))
            yield

    fail_at_each(len(calls), grown, failing, published, late)


def test_a_second_writer_loses_nothing_and_is_told(grown, tmp_path):
    write_at_a_time(grown, grown.seen_by(Dataset(tmp_path / "other")))


def test_a_late_tidying_takes_nothing_from_a_later_version(grown, tmp_path):
    """Two runs tidy at a time; one of them was asleep since it published."""
    late = newest_manifest(open_bucket(ADDRESS))
    other = grown.seen_by(Dataset(tmp_path / "other"))
    other.add({"2023-01-01": "one"})  # the bytes of a file that version 2 replaced
    commit_store.tidy(open_bucket(ADDRESS), late, KEEP)
    other.check_readers()
    with other.dataset.checked_out(KEEP):
        other.check_tidy()


def test_uploads_of_a_run_that_is_under_way_stay(grown, tmp_path):
    """What it has uploaded is for a version that nobody has published; a tidying meanwhile leaves it."""
    other = grown.seen_by(Dataset(tmp_path / "other"))
    real = commit_store._publish

    def tidied(bucket, root, manifest):
        commit_store.tidy(bucket, newest_manifest(bucket), KEEP)
        real(bucket, root, manifest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commit_store, "_publish", tidied)
        other.add(THIRD)
    other.check_tidy()


def test_the_newest_is_found_though_the_pointer_lags(grown, monkeypatch):
    calls = calls_of(grown, monkeypatch, texts("old"))
    published = [key for _, key in calls].index("some/news/_manifests/00000003.json")
    with monkeypatch.context() as patch:
        using(patch, Client(published, Died(), late=True))
        with pytest.raises(Died):
            grown.add(texts("new"))
    assert json.loads(open_bucket(ADDRESS).get("_manifests/latest.json")[0]) == {"version": 3, "tidied": 3}
    assert grown.check_readers() == 4


def test_a_pointer_that_others_moved_is_not_moved_back(grown):
    commit_store._point(open_bucket(ADDRESS), 1, 1)
    assert json.loads(open_bucket(ADDRESS).get("_manifests/latest.json")[0]) == {"version": 2, "tidied": 1}


def test_a_pointer_that_is_moved_meanwhile_is_not_moved_back(grown, monkeypatch):
    moved = []

    def moving(name, real, arguments):
        if name == "put_object" and arguments["Key"].endswith("latest.json") and not moved:
            moved.append(real(**arguments | {"Body": b'{"version": 9, "tidied": 8}', "ChecksumSHA256": ""}))
        return real(**arguments)

    with monkeypatch.context() as patch:
        using(patch, Client(change=moving))
        commit_store._point(open_bucket(ADDRESS), 3, 3)
    assert json.loads(open_bucket(ADDRESS).get("_manifests/latest.json")[0]) == {"version": 9, "tidied": 3}


def test_who_is_stopped_as_the_version_is_made_knows_it(grown, monkeypatch):
    published = [key for _, key in calls_of(grown, monkeypatch, texts("old"))].index(
        "some/news/_manifests/00000003.json"
    )
    for late in (False, True):
        with monkeypatch.context() as patch:
            using(patch, Client(published, KeyboardInterrupt(), late))
            with pytest.raises(KeyboardInterrupt):
                grown.add(texts("new"))
        made = latest_manifest(grown.root)["version"]
        assert made == 3 + late
        assert grown.check_readers() == made


def test_who_is_told_to_stop_before_makes_none(grown, monkeypatch):
    upload = commit_store.in_parallel
    with monkeypatch.context() as patch:
        for holder, name in ((stop, "_raised"), (sys, "unraisablehook"), (threading, "excepthook")):
            patch.setattr(holder, name, getattr(holder, name))

        def stopped(call, items):
            upload(call, items)
            patch.setattr(stop, "asked", [signal.SIGTERM])

        patch.setattr(commit_store, "in_parallel", stopped)
        with pytest.raises(stop.Stopped):
            grown.add(texts("new"))
    assert grown.check_readers() == 2


def test_a_full_disk_here_is_no_failure_once_the_version_is_made(grown, monkeypatch):
    def full(root, manifest):
        raise OSError("No space left on device")

    with grown.dataset.checked_out(KEEP):
        run, files = grown.stage(THIRD)
        with monkeypatch.context() as patch:
            patch.setattr(commit_store, "add_manifest", full)
            grown.commit(run, files)
        staging.clean_up(grown.root, run)
    assert grown.check_readers() == 3
    with grown.dataset.checked_out(KEEP):
        grown.check_tidy()


def test_without_an_answer_to_anything_nobody_knows(grown, monkeypatch):
    def gone(name, real, arguments):
        if "00000003.json" in arguments["Key"]:
            raise EndpointConnectionError(endpoint_url="http://lost")
        return real(**arguments)

    with monkeypatch.context() as patch:
        client = using(patch, Client())
        with grown.dataset.checked_out(KEEP):
            run, files = grown.stage(THIRD)
            client._change = gone
            with pytest.raises(Uncertain, match="it is not known whether version 3 was committed"):
                grown.commit(run, files)
    grown.add(THIRD)
    grown.check_tidy()


def test_a_store_that_cannot_refuse_to_replace_is_refused(here, tmp_path, monkeypatch):
    here()

    def ignoring(name, real, arguments):
        arguments.pop("IfNoneMatch", None)
        return real(**arguments)

    using(monkeypatch, Client(change=ignoring))
    with pytest.raises(Unusable, match="does not refuse to replace an object"):
        Dataset(tmp_path / "copy").add(FIRST)


def test_a_folder_that_holds_something_else_is_refused(here, store, tmp_path):
    here()
    store.put("some/news/letter.txt", b"Dear")
    with pytest.raises(Unusable, match="holds something that is no dataset"):
        Dataset(tmp_path / "copy").add(FIRST)
    store.put("some/newspaper.txt", b"a neighbour, not in it")


# --- uploads -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> tuple[str, str, bytes]:
    """A file of three parts: its path, SHA-256 and bytes."""
    data = os.urandom(1 << 20) * 35
    path = tmp_path_factory.mktemp("large") / "file"
    path.write_bytes(data)
    return str(path), bucket_s3.sha256(data).hexdigest(), data


def test_a_large_file_goes_in_parts(here, large):
    here()
    path, digest, data = large
    bucket = open_bucket(ADDRESS)
    assert len(data) > 2 * PART_BYTES
    bucket.upload(path, "_versions/x", digest)
    assert bucket.get("_versions/x")[0] == data
    bucket.copy("_versions/x", "date=x", len(data), digest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bucket_s3, "COPY_BYTES", 1)
        bucket.copy("_versions/x", "date=y", len(data), digest)
    with pytest.raises(StoreError, match="date=x is not what was copied to it"):
        bucket.copy("_versions/x", "date=x", len(data), digest[::-1])
    assert bucket.get("date=x")[0] == bucket.get("date=y")[0] == data


@pytest.mark.parametrize("fault", ["cut", "torn", "slow", "error"])
def test_a_connection_that_breaks_amid_parts_is_taken_up_again(here, store, large, fault):
    here(AWS_RETRY_MODE="standard")
    path, digest, data = large
    store.fail(
        ["PUT", "partNumber=2", 1, 1, fault],
        ["POST", "uploadId", 1, 1, "slow"],
        ["HEAD", "_versions", 1, 1, fault],
    )
    bucket = open_bucket(ADDRESS)
    bucket.upload(path, "_versions/x", digest)
    assert bucket.get("_versions/x")[0] == data


def test_parts_that_lead_to_nothing_are_taken_back_or_removed_later(grown, store, here, large):
    here(AWS_MAX_ATTEMPTS="1")
    path, digest, _ = large
    bucket = open_bucket(ADDRESS)

    def uploads() -> int:
        return len(store.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()))

    store.fail(["PUT", "partNumber=2", 1, 0, "cut"])
    with pytest.raises(StoreError, match="s3://dumps/some/news/_versions/00000003/x cannot be written"):
        bucket.upload(path, "_versions/00000003/x", digest)
    assert uploads() == 0
    store.fail(["PUT", "partNumber=2", 1, 0, "cut"], ["DELETE", "uploadId", 1, 0, "error"])
    with pytest.raises(StoreError):
        bucket.upload(path, "_versions/00000003/x", digest)
    store.fail()
    assert uploads() == 1
    commit_store.tidy(bucket, newest_manifest(bucket), KEEP)
    assert uploads() == 1  # it may be of a run that is under way
    grown.add(THIRD)
    grown.check_tidy()


@pytest.mark.parametrize("told", ["that it is wrong", "its checksum", "nothing"])
def test_what_arrived_wrong_is_found(grown, monkeypatch, told):
    """A store refuses other bytes than were sent; or takes them, and tells their checksum, or tells of none."""

    def wrong(name, real, arguments):
        if name == "put_object" and "_versions" in arguments["Key"]:
            arguments["Body"] = changed(arguments["Body"])
            if told != "that it is wrong":
                arguments.pop("ChecksumSHA256")
                arguments["ChecksumAlgorithm"] = "SHA256" if told == "its checksum" else "CRC32"
        return real(**arguments)

    words = "BadDigest" if told == "that it is wrong" else "is not what was written to it"
    with monkeypatch.context() as patch:
        using(patch, Client(change=wrong))
        with pytest.raises(StoreError, match=words):
            grown.add(THIRD)
    assert grown.check_readers() == 2
    grown.add(THIRD)
    grown.check_tidy()


@pytest.mark.parametrize("silent_at", [("put_object",), ("put_object", "head_object")])
def test_a_store_that_tells_no_checksum_will_do(grown, monkeypatch, silent_at):
    def silent(name, real, arguments):
        answer = real(**arguments)
        if name in silent_at:
            answer.pop("ChecksumSHA256", None)
        return answer

    using(monkeypatch, Client(change=silent))
    grown.add(THIRD)
    grown.check_tidy()


def test_a_staged_file_that_changed_is_not_committed(grown):
    with grown.dataset.checked_out(KEEP):
        run, files = grown.stage(THIRD)
        Path(files[0].staged).write_bytes(changed(Path(files[0].staged).read_bytes()))
        with pytest.raises(OSError, match="is not what was written to it"):
            grown.commit(run, files)
    assert grown.check_readers() == 2


# --- the command ---------------------------------------------------------------------------------------


@pytest.fixture
def environ(store, tmp_path) -> dict[str, str]:
    return store.environ | {"XDG_CACHE_HOME": str(tmp_path / "caches"), "AWS_RETRY_MODE": "standard"}


def objects(store) -> dict[str, bytes]:
    """What is in the store, by its name in the dataset."""
    return {
        found["Key"].removeprefix("some/news/"): store.client.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
        for page in store.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        for found in page.get("Contents", ())
    }  # fmt: skip


def assert_nothing_secret(done, store, tmp_path) -> None:
    left = b"".join(objects(store).values())
    left += b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (KEY, SECRET):
        assert secret not in done.stdout + done.stderr
        assert secret.encode() not in left


def run(environ, *args, inputs=EXAMPLES, **options):
    return command_here(["run", "--input", *inputs, "--output", f"{ADDRESS}/", *args], environ, **options)


def test_the_same_bytes_as_a_local_dataset(store, environ, sample, tmp_path):
    """In two runs, of which the second builds on the first; by workers that are processes."""
    first = run(environ, inputs=EXAMPLES[:2])
    assert first.returncode == 0, first.stderr
    command = ["run", "--input", *EXAMPLES, "--output", ADDRESS, "--workers", "2"]
    done = dateline(*command, env=os.environ | environ)
    assert done.returncode == 0, done.stderr
    assert f"The dataset is in {ADDRESS}, version 2" in done.stdout
    found = objects(store)
    assert as_local(found) == files_of(sample)
    assert sum(name.startswith("_runs/") for name in found) == 4
    assert_nothing_secret(done, store, tmp_path)
    again = run(environ)
    assert f"Nothing new: {ADDRESS} stays at version 2" in again.stdout
    (copy,) = (tmp_path / "caches/dateline").iterdir()
    assert {path.name for path in copy.iterdir()} == {"_lock", "_manifests", "_seen.json", "_store.json"}


def test_readers_of_a_version_and_of_the_folder(store, environ, here, sample):
    assert run(environ, inputs=EXAMPLES[:2]).returncode == 0
    assert run(environ).returncode == 0
    here()
    local = open_dataset(sample).to_table().sort_by([("source", "ascending"), ("source_offset", "ascending")])
    news = open_dataset(ADDRESS)
    assert news.to_table().sort_by([("source", "ascending"), ("source_offset", "ascending")]).equals(local)
    assert 0 < open_dataset(ADDRESS, 1).count_rows() < local.num_rows
    with pytest.raises(FileNotFoundError, match="has no version 3"):
        open_dataset(ADDRESS, 3)
    with pytest.raises(FileNotFoundError, match="holds no dataset"):
        open_dataset("s3://dumps/other")
    bucket = open_bucket(ADDRESS)
    folder = ds.dataset(bucket.arrow_path("").rstrip("/"), filesystem=bucket.filesystem(), format="ipc")
    assert folder.count_rows() == local.num_rows
    assert duckdb.sql("select count(*) from folder").fetchall() == [(local.num_rows,)]
    options = {
        "aws_endpoint_url": store.url, "aws_region": "us-east-1", "aws_access_key_id": KEY,
        "aws_secret_access_key": SECRET, "aws_allow_http": "true",
    }  # fmt: skip
    frame = pl.scan_ipc(f"{ADDRESS}/date=*/region=*/*.arrow", hive_partitioning=True, storage_options=options)
    assert frame.select(pl.len()).collect().item() == local.num_rows


COMMITS = {
    "throttled": [["PUT", "/_versions/", 2, 3, "slow"], ["PUT", "/date=", 1, 2, "slow"]],
    "errors": [["PUT", "/_manifests/0", 1, 2, "error"], ["POST", "delete", 1, 1, "error"]],
    "cut": [["PUT", "/_versions/", 1, 2, "cut"], ["PUT", "/_manifests/0", 1, 1, "cut"]],
    "torn": [["PUT", "/_manifests/0", 1, 1, "torn"], ["GET", "/_manifests/", 1, 2, "torn"], ["GET", "/_versions/", 1, 1, "torn"]],
}  # fmt: skip


@pytest.mark.parametrize("kind", COMMITS)
def test_what_passes_changes_nothing(store, environ, dumps, of_dumps, tmp_path, kind):
    assert run(environ, inputs=dumps[:1]).returncode == 0
    store.fail(*COMMITS[kind])
    done = run(environ, inputs=dumps)
    assert done.returncode == 0, done.stderr
    store.fail()
    assert as_local(objects(store)) == of_dumps
    assert_nothing_secret(done, store, tmp_path)


LASTING = {
    "uploads": (["PUT", "/_versions/", 3, 0, "slow"], "cannot be written"),
    "the manifest": (["PUT", "/_manifests/0", 1, 0, "denied"], "cannot be written"),
    "what is read": (["GET", "/_versions/", 2, 0, "torn"], "cannot be read"),
}


@pytest.mark.parametrize("kind", LASTING)
def test_what_lasts_fails_the_run_and_the_next_is_whole(store, environ, dumps, of_dumps, tmp_path, kind):
    assert run(environ, inputs=dumps[:1]).returncode == 0
    before = as_local(objects(store))
    fault, words = LASTING[kind]
    store.fail(fault)
    done = run(environ | {"AWS_MAX_ATTEMPTS": "1"}, inputs=dumps)
    assert done.returncode == 1
    assert f"failed, nothing was committed: {ADDRESS}/" in line_of(done)
    assert words in line_of(done)
    store.fail()
    assert_nothing_secret(done, store, tmp_path)
    assert as_local(objects(store)) == before
    assert run(environ, inputs=dumps).returncode == 0
    assert as_local(objects(store)) == of_dumps


def test_a_failed_run_leaves_a_record_there(store, environ, dumps):
    """`log` shows it, also where there is no version yet."""

    def logged() -> list[dict]:
        done = command_here(["log", ADDRESS, "--json"], environ)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    nothing = command_here(["log", ADDRESS], environ)
    assert (nothing.returncode, line_of(nothing)) == (2, f"dateline: error: {ADDRESS} holds no dataset")
    strict = ("--max-line-bytes", "9", "--max-rejects", "0")
    done = run(environ, *strict, inputs=dumps[:1])
    assert done.returncode == 1, done.stderr
    (record,) = logged()
    assert (record["state"], record["version"], record["dump"]) == ("failed", None, "first.txt")
    assert {f"_runs/{record['run']}/report.{kind}" for kind in ("json", "html")} <= objects(store).keys()
    assert run(environ, inputs=dumps[:1]).returncode == 0
    assert run(environ, *strict, inputs=dumps).returncode == 1
    assert [entry["state"] for entry in logged()] == ["failed", "done", "failed"]


def test_a_folder_that_cannot_be_tidied_is_the_next_run_s(store, environ, dumps, of_dumps):
    assert run(environ, inputs=dumps[:1]).returncode == 0
    store.fail(["PUT", "/date=", 1, 0, "denied"], ["PUT", "/_runs/", 1, 0, "denied"])
    done = run(environ, inputs=dumps)
    assert done.returncode == 0, done.stderr
    assert (
        "version 2 is committed; what it replaced could not be put away, the next run does it" in done.stderr
    )
    assert "the report could not be sent" in done.stderr
    store.fail()
    assert "Nothing new" in run(environ, inputs=dumps).stdout
    assert as_local(objects(store)) == of_dumps


@pytest.mark.parametrize(
    ("module", "name", "at", "made"),
    [
        ("store.s3", "S3Bucket.upload_bytes", 3, 1),
        ("dataset.commit_store", "_publish", 1, 1),
        ("store.s3", "S3Bucket.copy", 3, 2),
    ],
)
def test_a_killed_run(store, environ, dumps, of_dumps, tmp_path, module, name, at, made):
    assert run(environ, inputs=dumps[:1]).returncode == 0
    kill_at(at, module, name, ["run", "--input", *dumps, "--output", ADDRESS], environ)
    found = objects(store)
    assert f"_manifests/{made + 1:08d}.json" not in found
    assert f"_manifests/{made:08d}.json" in found
    last = run(environ, inputs=dumps)
    assert last.returncode == 0, last.stderr
    assert as_local(objects(store)) == of_dumps
    copy = Path(working_copy_of(environ))
    assert {path.name for path in copy.iterdir()} == {"_lock", "_manifests", "_seen.json", "_store.json"}


def working_copy_of(environ) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", environ["XDG_CACHE_HOME"])
        return working_copy(ADDRESS)


def test_another_writer_ends_with_the_status_of_a_lock(store, environ, dumps, tmp_path, monkeypatch):
    """Another machine's run commits while this one works."""
    assert run(environ, inputs=dumps[:1]).returncode == 0
    real = commit_store.commit

    def second(*args):
        monkeypatch.setattr(commit_store, "commit", real)
        command = ["run", "--input", dumps[1], "--output", ADDRESS]
        other = dateline(*command, env=os.environ | environ | {"XDG_CACHE_HOME": str(tmp_path / "other")})
        assert other.returncode == 0, other.stderr
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            real(*args)

    monkeypatch.setattr(commit_store, "commit", second)
    done = run(environ, inputs=dumps[1:])
    assert done.returncode == 4
    assert f"another run has made version 2 of {ADDRESS} meanwhile; nothing was committed" in done.stderr


def test_where_the_store_does_not_answer_the_run_does_not_say_that_nothing_was_committed(
    store, environ, dumps
):
    assert run(environ, inputs=dumps[:1]).returncode == 0
    asked = "/_manifests/00000002"  # the first time by the search for the newest
    store.fail(["PUT", asked, 1, 0, "error"], ["GET", asked, 2, 0, "error"])
    done = run(environ | {"AWS_MAX_ATTEMPTS": "1"}, inputs=dumps)
    assert done.returncode == 1
    assert "failed: it is not known whether version 2 was committed" in line_of(done)


def test_two_runs_of_one_machine_lock_each_other_out(environ, dumps):
    copy = working_copy_of(environ)
    os.makedirs(copy)
    with lock(copy, "another"):
        done = run(environ, inputs=dumps)
    assert (done.returncode, "is locked by run another" in done.stderr) == (4, True)


def test_an_object_that_has_other_bytes_is_told(store, environ, dumps):
    assert run(environ, inputs=dumps[:1]).returncode == 0
    manifest = json.loads(objects(store)["_manifests/00000001.json"])
    entry = next(file for file in manifest["files"] if file["kind"] == "keys")
    store.put(f"some/news/{entry['stored']}", changed(objects(store)[entry["stored"]]))
    done = run(environ, inputs=dumps)
    assert done.returncode == 1
    assert f"{entry['stored']}: its bytes are not those of the manifest's checksum" in done.stderr
    assert "_manifests/00000002.json" not in objects(store)


WRONG = {
    "no folder": ("s3://dumps", {}, "has to be s3://BUCKET/FOLDER"),
    "a password": (f"s3://{KEY}:{SECRET}@dumps/news", {}, "has to be s3://BUCKET/FOLDER"),
    "up": ("s3://dumps/../news", {}, "has to be s3://BUCKET/FOLDER"),
    "no bucket": ("s3://nowhere/news", {}, "bucket does not exist"),
    "no credentials": (
        "s3://dumps/news", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "Unable to locate credentials"
    ),
    "wrong credentials": ("s3://dumps/news", {"AWS_ACCESS_KEY_ID": "AKIAWRONG"}, "cannot be read"),
    "gs": ("gs://dumps/news", {}, "gs:// needs google-cloud-storage: install Dateline with its extra gs"),
    "no folder of gs": ("gs://dumps/", {}, "has to be gs://BUCKET/FOLDER"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_told_before_any_work(store, environ, dumps, tmp_path, monkeypatch, kind):
    address, more, words = WRONG[kind]
    monkeypatch.setitem(
        sys.modules, "dateline.pipeline.store.gs", None
    )  # as where Google's client is not installed
    done = command_here(["run", "--input", *dumps[:1], "--output", address], environ | more)
    assert done.returncode == 2
    assert words in line_of(done)
    assert_nothing_secret(done, store, tmp_path)
    assert objects(store) == {}


def test_another_engine_works_in_a_folder_that_its_workers_see(store, environ, sample, tmp_path):
    """The workers fetch what they need of the version before, and so they need the environment."""
    shared = tmp_path / "shared"
    pool, where = started_pool(os.environ | environ)
    with pool, job_service(tmp_path) as (endpoint, _):
        try:
            options = (*Services(endpoint, where).options, "--work-dir", shared)
            for inputs in (EXAMPLES[:2], EXAMPLES):
                done = run(environ, *options, inputs=inputs)
                assert done.returncode == 0, done.stderr
        finally:
            pool.kill()
    assert as_local(objects(store)) == files_of(sample)
    (copy,) = shared.iterdir()
    assert {path.name for path in copy.iterdir()} == {"_lock", "_manifests", "_seen.json", "_store.json"}
    assert not os.path.exists(environ["XDG_CACHE_HOME"])
    assert_nothing_secret(done, store, tmp_path)


def test_what_is_not_for_stores_says_so(environ, tmp_path):
    portable = ["--runner", "portable", "--job-endpoint", "localhost:1", "--worker-pool", "localhost:2"]
    file = tmp_path / "file"
    file.touch()
    for options, words in [
        (
            portable,
            "needs --run-folder ADDRESS, a folder in a store, or --work-dir DIR, a folder that all workers see",
        ),
        (["--work-dir", "s3://dumps/work"], "--work-dir is an address of s3://, and takes a path"),
        (["--work-dir", file / "below"], f"--work-dir {file}/below/"),
    ]:
        done = run(environ, *options)
        assert (done.returncode, words in line_of(done)) == (2, True), done.stderr
    done = command_here(
        ["run", "--input", *EXAMPLES, "--output", tmp_path / "news", "--work-dir", tmp_path], environ
    )
    assert (done.returncode, "goes with --output in an object store" in line_of(done)) == (2, True)


def test_versions_are_removed_on_demand(store, environ, dumps, of_dumps, tmp_path):
    local = tmp_path / "news"
    for inputs in (dumps[:1], dumps):
        assert run(environ, inputs=inputs).returncode == 0
        assert command_here(["run", "--input", *inputs, "--output", local], {}).returncode == 0
    before = objects(store)
    for _ in range(2):  # the second finds nothing to do
        there, here = (
            command_here(["prune", each, "--keep-versions", "1"], environ) for each in (ADDRESS, local)
        )
        assert (there.returncode, there.stdout) == (0, here.stdout), there.stderr
    assert "nothing to remove" in there.stdout
    found = objects(store)
    assert as_local(found) == of_dumps
    manifest = json.loads(found["_manifests/00000002.json"])
    assert "_manifests/00000001.json" not in found
    assert any(name.startswith("_versions/") for name in before.keys() - found.keys())
    assert {name for name in found if name.startswith("_versions/")} == {
        file["stored"] for file in manifest["files"]
    }


def test_a_dataset_there_is_looked_at(store, environ, dumps, tmp_path):
    local = tmp_path / "news"
    for inputs in (dumps[:1], dumps):
        assert run(environ, inputs=inputs).returncode == 0
        assert command_here(["run", "--input", *inputs, "--output", local], {}).returncode == 0
    told = ["explain", "The one that all have"]
    for command in (["diff", "1", "2"], ["verify"], ["verify", "--version", "1", "--dumps", dumps[0]], told):
        there, here = (command_here([command[0], each, *command[1:]], environ) for each in (ADDRESS, local))
        assert (there.returncode, there.stdout) == (0, here.stdout)
    log = command_here(["log", ADDRESS, "--json"], environ).stdout.splitlines()
    assert [json.loads(line)["version"] for line in log] == [2, 1]
    manifest = json.loads(objects(store)["_manifests/00000002.json"])
    one, other, *_ = (file for file in manifest["files"] if file["kind"] == "articles")
    store.put(f"some/news/{one['stored']}", b"other bytes")
    store.client.delete_object(Bucket=BUCKET, Key=f"some/news/{other['stored']}")
    done = command_here(["verify", ADDRESS], environ)
    assert done.returncode == 1
    assert "its bytes are not those of the manifest's checksum" in done.stdout
    assert "not there" in done.stdout
    for command, words in [
        (["verify", ADDRESS, "--version", "7"], f"{ADDRESS} has no version 7; it keeps 1, 2"),
        (["log", "s3://dumps/other"], "s3://dumps/other holds no dataset"),
        (["prune", "s3://dumps/other", "--keep-versions", "1"], "s3://dumps/other holds no dataset"),
    ]:
        done = command_here(command, environ)
        assert done.returncode == 2
        assert words in line_of(done)


def test_a_version_there_is_published_again(store, environ, dumps, of_dumps):
    for inputs in (dumps[:1], dumps):
        assert run(environ, inputs=inputs).returncode == 0
    first = json.loads(objects(store)["_manifests/00000001.json"])
    store.put("some/news/date=1999-01-01/region=unknown/copy.arrow", b"there, and not listed")
    done = command_here(["verify", ADDRESS], environ)
    assert (done.returncode, "copy.arrow: there, and not listed" in done.stdout) == (1, True), done.stdout
    store.client.delete_object(Bucket=BUCKET, Key="some/news/date=1999-01-01/region=unknown/copy.arrow")
    done = command_here(["restore", ADDRESS, "--version", "1"], environ)
    assert (done.returncode, done.stdout) == (0, "version 3 is as version 1 was\n"), done.stderr
    found = objects(store)
    made = json.loads(found["_manifests/00000003.json"])
    assert (made["files"], made["dumps"]) == (first["files"], first["dumps"])
    assert {name for name in found if not name.startswith(("_manifests", "_versions", "_runs"))} == {
        file["path"] for file in first["files"]
    }
    assert command_here(["verify", ADDRESS], environ).returncode == 0
    assert run(environ, inputs=dumps).returncode == 0
    assert as_local(objects(store)) == of_dumps


def test_nothing_is_built_upon_a_version_whose_objects_are_gone(store, environ, dumps, tmp_path):
    """Not even where the run takes them over as they are."""
    other = tmp_path / "other.txt"
    other.write_text(plain(Article(headline="Another day it was", stamp="01 January 2001")))
    assert run(environ, inputs=dumps[:1]).returncode == 0
    manifest = json.loads(objects(store)["_manifests/00000001.json"])
    entry = next(file for file in manifest["files"] if file["kind"] == "articles")
    store.client.delete_object(Bucket=BUCKET, Key=f"some/news/{entry['stored']}")
    before = objects(store)
    done = run(environ, inputs=[str(other)])
    assert done.returncode == 1
    assert (
        f"files of version 1 of {ADDRESS} are not there, or not of their size, first {entry['stored']}"
        in line_of(done)
    )
    assert "`dateline repair` mends" in line_of(done)
    assert "_manifests/00000002.json" not in objects(store)
    store.put(f"some/news/{entry['stored']}", before[entry["path"]])
    assert run(environ, inputs=[str(other)]).returncode == 0


def test_what_lies_in_the_dataset_is_none_of_its_dumps_and_no_dataset_lies_in_it(store, environ):
    """In a store as on a disk: a pattern over the whole bucket reads the dumps, and nothing else."""
    store.put("dumps/a.txt", Path(EXAMPLES[-1]).read_bytes())
    assert run(environ, inputs=["s3://dumps/**/*"]).returncode == 0
    again = run(environ, inputs=["s3://dumps/**/*"])
    assert (again.returncode, "Nothing new" in again.stdout) == (0, True), again.stderr
    only = run(environ, inputs=[f"{ADDRESS}/_rejected*/*", f"{ADDRESS}/**/*.arrow"])
    assert only.returncode == 2
    inside = command_here(["run", "--input", EXAMPLES[0], "--output", f"{ADDRESS}/more/of"], environ)
    assert inside.returncode == 2
    assert f"lies in the dataset {ADDRESS}" in inside.stderr
