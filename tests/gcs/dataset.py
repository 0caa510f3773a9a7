"""A dataset in GCS: the same as a local one, and whole or not at all, whatever call of the store goes wrong."""

import contextlib
import io
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from google.auth.transport.requests import AuthorizedSession
from requests import ConnectionError as NoAnswer

from dateline import open_dataset
from dateline.errors import StoreError, Unusable
from dateline.pipeline.dataset import commit_store
from dateline.pipeline.store import gs as bucket_gs
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.gs import RETRY
from dateline.runners.engine import portable
from tests.conftest import EXAMPLES, dateline, files_of
from tests.dataset.test_commit import FIRST, SECOND, THIRD
from tests.engine.test_portable import Services, job_service
from tests.helpers.apart import pools_apart
from tests.helpers.stored import (
    STRAY,
    Stored,
    die_at_each,
    fail_at_each,
    kill_at,
    mend_at_each,
    texts,
    write_at_a_time,
)
from tests.helpers.stores import BUCKET, as_local, changed, command_here, line_of
from tests.helpers.versions import KEEP

pytestmark = pytest.mark.filterwarnings("ignore")  # Google's, of packages that it would like to have
ADDRESS = f"gs://{BUCKET}/some/news"


class Died(BaseException):
    """The process was killed: from here on it can do nothing at all."""


@contextlib.contextmanager
def writes(fail_at=None, error=None, late=False):
    """What this process writes, in order; the write of a number goes wrong, before or after it is done."""
    made, real, dead = [], AuthorizedSession.request, []

    def request(self, method, url, *args, **options):
        if dead:
            raise error
        if method == "GET":
            return real(self, method, url, *args, **options)
        made.append(method)
        hit = len(made) - 1 == fail_at
        if hit:
            dead.extend([True] * isinstance(error, Died))
            if not late:
                raise error
        answer = real(self, method, url, *args, **options)
        if hit:
            raise error
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AuthorizedSession, "request", request)
        patch.setattr(bucket_gs, "RETRY", None)  # else what failed is asked again
        yield made


@pytest.fixture
def grown(gcs, tmp_path):
    """Two versions; the first needs files that the second has replaced."""
    dataset = Stored(tmp_path / "copy", ADDRESS)
    dataset.add(FIRST)
    dataset.add(SECOND)
    return dataset


def test_versions_follow_one_another(grown):
    grown.check_tidy()
    grown.add(THIRD)
    grown.check_tidy()


def writes_of(grown, partitions, keep=KEEP) -> int:
    with writes() as made:
        grown.add(partitions, keep)
    return len(made)


def test_the_manifest_comes_when_its_files_are_there_and_the_folder_after_it(grown, gcs):
    gcs.asked.clear()
    grown.add(THIRD)
    changing = [line for line in gcs.asked if not line.startswith("GET")]
    (published,) = (
        i for i, line in enumerate(changing) if "_manifests/00000003.json" in line and "DELETE" not in line
    )
    uploads = [i for i, line in enumerate(changing) if "_versions/00000003/" in line and "/upload/" in line]
    places = [i for i, line in enumerate(changing) if "rewriteTo" in line]
    gone = [i for i, line in enumerate(changing) if line.startswith("DELETE")]
    assert len(uploads) == 2
    assert max(uploads) < published < min(places)
    assert max(places) < min(gone)
    assert "ifGenerationMatch=0" in changing[published]


def test_a_run_that_dies_at_any_call_shows_no_half_version_and_the_next_mends(grown, tmp_path):
    grown.add(texts("first"), 1)
    count = writes_of(grown, texts("second"), 1)
    assert count >= 9

    @contextlib.contextmanager
    def dying(number):
        with writes(number, Died()), pytest.raises(Died):
            yield

    die_at_each(count, grown, grown.seen_by(Stored(tmp_path / "other", ADDRESS)), dying)


@pytest.mark.parametrize("late", [False, True])
def test_a_call_that_fails_once(grown, gcs, late):
    gcs.asked.clear()
    count = writes_of(grown, texts("before"))
    changing = [line for line in gcs.asked if not line.startswith("GET")]
    published = next(i for i, line in enumerate(changing) if "_manifests/00000003.json" in line)
    fail_at_each(count, grown, lambda number: writes(number, NoAnswer("lost"), late), published, late)


def test_a_second_writer_loses_nothing_and_is_told(grown, tmp_path):
    write_at_a_time(grown, grown.seen_by(Stored(tmp_path / "other", ADDRESS)))


def test_a_repair_that_dies_at_any_call_makes_nothing_worse(grown):
    @contextlib.contextmanager
    def dying(number):
        died = []
        with writes(number, Died()):
            try:
                yield died
            except Died:
                died.append(True)

    mend_at_each(grown, dying)


def test_a_pointer_that_is_moved_meanwhile_is_not_moved_back(grown, gcs, monkeypatch):
    real, moved = commit_store.read_pointer, []

    def moving(bucket):
        now = real(bucket)
        if not moved:
            moved.append(bucket.put("_manifests/latest.json", b'{"version": 9, "tidied": 8}', tag=now.tag))
        return now

    monkeypatch.setattr(commit_store, "read_pointer", moving)
    commit_store._point(open_bucket(ADDRESS), 3, 3)
    assert json.loads(open_bucket(ADDRESS).get("_manifests/latest.json")[0]) == {"version": 9, "tidied": 3}


def test_a_store_that_cannot_refuse_to_replace_is_refused(gcs, tmp_path, monkeypatch):
    real = AuthorizedSession.request

    def ignoring(self, method, url, *args, **options):
        return real(self, method, url.replace("ifGenerationMatch=0", ""), *args, **options)

    monkeypatch.setattr(AuthorizedSession, "request", ignoring)
    with pytest.raises(Unusable, match="does not refuse to replace an object"):
        Stored(tmp_path / "copy", ADDRESS).add(FIRST)


def test_a_folder_that_holds_something_else_is_refused(gcs, tmp_path):
    gcs.put("some/news/letter.txt", b"Dear")
    with pytest.raises(Unusable, match="holds something that is no dataset"):
        Stored(tmp_path / "copy", ADDRESS).add(FIRST)


# --- uploads -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> tuple[str, str, bytes]:
    """A file that goes in several calls: its path, SHA-256 and bytes."""
    data = os.urandom(1 << 20) * 12
    path = tmp_path_factory.mktemp("large") / "file"
    path.write_bytes(data)
    return str(path), bucket_gs.sha256(data).hexdigest(), data


@pytest.mark.parametrize("fault", [None, "cut", "torn", "slow", "error"])
def test_a_large_file(gcs, large, tmp_path, fault):
    """The server does not know an upload any more that it has finished, as GCS does: there no answer is torn."""
    path, digest, data = large
    if fault:
        gcs.fail(["POST", "uploadType=resumable", 1, 1, fault], ["GET", "alt=media", 1, 1, fault],
                 ["POST", "rewriteTo", 1, 1, fault], ["PUT", "upload_id", 1, 1, "slow" if fault == "torn" else fault])  # fmt: skip
    bucket = open_bucket(ADDRESS)
    bucket.upload(path, "_versions/x", digest)
    bucket.copy("_versions/x", "date=x", len(data), digest)
    for name in ("_versions/x", "date=x"):
        bucket.download(name, str(tmp_path / name), digest)
        assert (tmp_path / name).read_bytes() == data
    with pytest.raises(StoreError, match="date=x is not what was copied to it"):
        bucket.copy("_versions/x", "date=x", len(data) + 1, digest)


@pytest.mark.parametrize("of", ["a small file", "a large file"])
def test_what_arrived_wrong_is_found(gcs, large, tmp_path, monkeypatch, of):
    path, digest, data = large
    if of == "a small file":
        data = b"some bytes"
        Path(path := str(tmp_path / "small")).write_bytes(data)
        digest = bucket_gs.sha256(data).hexdigest()
    real = bucket_gs.storage.Blob.upload_from_file

    def wrong(blob, file, size, **options):
        return real(blob, io.BytesIO(changed(data)), size=size, **options)

    bucket = open_bucket(ADDRESS)
    with monkeypatch.context() as patch:
        patch.setattr(bucket_gs.storage.Blob, "upload_from_file", wrong)
        with pytest.raises(StoreError, match="_versions/x is not what was written to it"):
            bucket.upload(path, "_versions/x", digest)
    Path(path).write_bytes(changed(data))
    with pytest.raises(OSError, match="is not what was written to it"):
        bucket.upload(path, "_versions/x", digest)
    Path(path).write_bytes(data)


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, pa.py_buffer])
def test_bytes_are_uploaded_at_one_call(gcs, make):
    bucket, data = open_bucket(ADDRESS), b"some bytes"
    gcs.asked.clear()
    bucket.upload_bytes(make(data), "_versions/x", bucket_gs.sha256(data).hexdigest())
    assert [line.split()[0] for line in gcs.asked if "/dumps?" not in line] == [
        "POST"
    ]  # it looks at the bucket once
    assert bucket.get("_versions/x")[0] == data
    with pytest.raises(OSError, match=f"{ADDRESS}/_versions/y is not what was written to it"):
        bucket.upload_bytes(make(data), "_versions/y", bucket_gs.sha256(b"other").hexdigest())
    assert bucket.get("_versions/y") is None


@pytest.mark.parametrize("fault", ["slow", "error", "cut", "torn", "lost"])
def test_bytes_whose_upload_fails_once(gcs, fault):
    """Before it takes effect, or after it."""
    bucket = open_bucket(ADDRESS)
    gcs.fail(["POST", "_versions/x", 1, 1, fault])
    bucket.upload_bytes(b"some bytes", "_versions/x", bucket_gs.sha256(b"some bytes").hexdigest())
    assert bucket.get("_versions/x")[0] == b"some bytes"


def test_what_is_not_there(gcs, tmp_path):
    bucket = open_bucket(ADDRESS)
    assert bucket.get("none") is None
    assert list(bucket.names()) == []
    bucket.delete(["none"])
    with pytest.raises(FileNotFoundError):
        bucket.download("none", str(tmp_path / "none"), "")
    with pytest.raises(FileNotFoundError):
        bucket.copy("none", "other", 1, "")
    assert not list(tmp_path.iterdir())


# --- the command ---------------------------------------------------------------------------------------


@pytest.fixture
def environ(gcs, tmp_path) -> dict[str, str]:
    return gcs.environ | {"XDG_CACHE_HOME": str(tmp_path / "caches")}


def objects(gcs) -> dict[str, bytes]:
    """What is in the store, by its name in the dataset."""
    found = gcs._client.list_blobs(BUCKET)
    return {blob.name.removeprefix("some/news/"): blob.download_as_bytes() for blob in found}


def run(environ, *args, inputs=EXAMPLES, **options):
    return command_here(["run", "--input", *inputs, "--output", f"{ADDRESS}/", *args], environ, **options)


def test_the_same_bytes_as_a_local_dataset(gcs, environ, sample, tmp_path):
    """In two runs, of which the second builds on the first; by workers that are processes."""
    first = run(environ, inputs=EXAMPLES[:2])
    assert first.returncode == 0, first.stderr
    command = ["run", "--input", *EXAMPLES, "--output", ADDRESS, "--workers", "2"]
    done = dateline(*command, env=os.environ | environ)
    assert done.returncode == 0, done.stderr
    assert f"The dataset is in {ADDRESS}, version 2" in done.stdout
    assert as_local(objects(gcs)) == files_of(sample)
    assert f"Nothing new: {ADDRESS} stays at version 2" in run(environ).stdout
    (copy,) = (tmp_path / "caches/dateline").iterdir()
    assert {path.name for path in copy.iterdir()} == {"_lock", "_manifests", "_seen.json", "_store.json"}


def test_the_same_bytes_by_workers_that_share_nothing_but_the_store(
    gcs, sample, tmp_path_factory, monkeypatch
):
    """As tests/engine/test_apart.py has it of S3: in two runs, of which the second builds on the first."""
    real = portable.options_for
    two = ("--direct_num_workers=2",)
    monkeypatch.setattr(portable, "options_for", lambda engine: real(engine._replace(flags=two)))
    hidden = tmp_path_factory.mktemp("hidden")
    for name in EXAMPLES:
        gcs.put(f"in/{Path(name).name}", Path(name).read_bytes())
    with (
        pools_apart(hidden, tmp_path_factory.mktemp("pools"), os.environ | gcs.environ) as (door, _),
        job_service(tmp_path_factory.mktemp("service")) as (endpoint, _),
    ):
        options = (*Services(endpoint, door).options, "--run-folder", f"gs://{BUCKET}/runs")
        environ = gcs.environ | {"XDG_CACHE_HOME": str(hidden / "caches")}
        for names in (EXAMPLES[:2], EXAMPLES):
            done = run(environ, *options, inputs=[f"gs://{BUCKET}/in/{Path(name).name}" for name in names])
            assert done.returncode == 0, done.stderr
    found = {name: data for name, data in objects(gcs).items() if not name.startswith("in/")}
    assert as_local(found) == files_of(sample)
    assert not [name for name in found if name.startswith(("runs/", "_runs/0"))]


def test_readers_of_a_version_and_of_the_folder(environ, sample):
    assert run(environ, inputs=EXAMPLES[:2]).returncode == 0
    assert run(environ).returncode == 0
    order = [("source", "ascending"), ("source_offset", "ascending")]
    local = open_dataset(sample).to_table().sort_by(order)
    assert open_dataset(ADDRESS).to_table().sort_by(order).equals(local)
    assert 0 < open_dataset(ADDRESS, 1).count_rows() < local.num_rows
    with pytest.raises(FileNotFoundError, match="holds no dataset"):
        open_dataset(f"gs://{BUCKET}/other")
    bucket = open_bucket(ADDRESS)
    folder = ds.dataset(bucket.arrow_path("").rstrip("/"), filesystem=bucket.filesystem(), format="ipc")
    assert folder.count_rows() == local.num_rows


def test_a_dataset_there_is_looked_at(environ, dumps, tmp_path):
    local = tmp_path / "news"
    for inputs in (dumps[:1], dumps):
        assert run(environ, inputs=inputs).returncode == 0
        assert command_here(["run", "--input", *inputs, "--output", local], {}).returncode == 0
    for command in (["diff", "1", "2"], ["verify"], ["verify", "--version", "1", "--dumps", dumps[0]]):
        there, here = (command_here([command[0], each, *command[1:]], environ) for each in (ADDRESS, local))
        assert (there.returncode, there.stdout) == (0, here.stdout)
    log = command_here(["log", ADDRESS, "--json"], environ).stdout.splitlines()
    assert [json.loads(line)["version"] for line in log] == [2, 1]


def test_a_dataset_there_is_repaired_and_an_older_version_restored(gcs, environ, dumps, of_dumps):
    for inputs in (dumps[:1], dumps):
        assert run(environ, inputs=inputs).returncode == 0
    good = objects(gcs)
    files = json.loads(good["_manifests/00000002.json"])["files"]
    one, other, third, *_ = (file for file in files if file["kind"] != "rejected")
    for name in (one["path"], other["path"], "_manifests/latest.json"):
        gcs.bucket.blob(f"some/news/{name}").delete()
    for name in (other["stored"], third["stored"]):
        gcs.put(f"some/news/{name}", changed(good[name]))
    gcs.put(f"some/news/{STRAY}", b"there, and not listed")
    done = command_here(["repair", ADDRESS], environ)
    assert (done.returncode, f"whole nowhere: {other['path']}" in done.stdout) == (1, True), done.stdout
    done = command_here(["repair", ADDRESS, "--dumps", *dumps], environ)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "version 2: all well"), done.stdout
    found = {name: data for name, data in objects(gcs).items() if "/strays/" not in name}
    assert json.loads(found.pop("_manifests/latest.json")) == {"version": 2, "tidied": 2}
    del good["_manifests/latest.json"]
    assert found == good
    done = command_here(["restore", ADDRESS, "--version", "1"], environ)
    assert (done.returncode, done.stdout) == (0, "version 3 is as version 1 was\n"), done.stderr
    assert command_here(["verify", ADDRESS], environ).returncode == 0
    assert run(environ, inputs=dumps).returncode == 0
    assert as_local({name: data for name, data in objects(gcs).items() if name[:5] != "_runs"}) == of_dumps


COMMITS = {
    "throttled": [["POST", "/_versions/", 2, 3, "slow"], ["POST", "rewriteTo", 1, 2, "slow"]],
    "errors": [["POST", "/_manifests/0", 1, 2, "error"], ["DELETE", "_versions", 1, 1, "error"]],
    "cut": [["POST", "/_versions/", 1, 2, "cut"], ["POST", "/_manifests/0", 1, 1, "cut"]],
    "torn": [["POST", "/_manifests/0", 1, 1, "torn"], ["GET", "/_manifests/", 1, 2, "torn"], ["GET", "/_versions/", 1, 1, "torn"]],
}  # fmt: skip


@pytest.mark.parametrize("kind", COMMITS)
def test_what_passes_changes_nothing(gcs, environ, dumps, of_dumps, kind):
    assert run(environ, inputs=dumps[:1]).returncode == 0
    gcs.fail(*COMMITS[kind])
    done = run(environ, "--keep-versions", "1", inputs=dumps)
    assert done.returncode == 0, done.stderr
    gcs.fail()
    assert as_local(objects(gcs)) == of_dumps


LASTING = {
    "uploads": (["POST", "/_versions/", 3, 0, "slow"], "exceeded, at last: "),
    "the manifest": (["POST", "/_manifests/0", 1, 0, "denied"], "cannot be written: 403"),
    "what is read": (["GET", "/_versions/", 2, 0, "torn"], "cannot be read"),
}


@pytest.mark.parametrize("kind", LASTING)
def test_what_lasts_fails_the_run_and_the_next_is_whole(gcs, environ, dumps, of_dumps, monkeypatch, kind):
    assert run(environ, inputs=dumps[:1]).returncode == 0
    before = as_local(objects(gcs))
    fault, words = LASTING[kind]
    gcs.fail(fault)
    monkeypatch.setattr(bucket_gs, "RETRY", RETRY.with_timeout(1))
    done = run(environ, inputs=dumps)
    assert done.returncode == 1
    assert words in line_of(done)
    gcs.fail()
    assert as_local(objects(gcs)) == before
    assert run(environ, inputs=dumps).returncode == 0
    assert as_local(objects(gcs)) == of_dumps


@pytest.mark.parametrize(
    ("module", "name", "at", "made"),
    [("store.gs", "GSBucket.upload_bytes", 3, 1), ("dataset.commit_store", "_publish", 1, 1), ("store.gs", "GSBucket.copy", 3, 2)],
)  # fmt: skip
def test_a_killed_run(gcs, environ, dumps, of_dumps, module, name, at, made):
    assert run(environ, inputs=dumps[:1]).returncode == 0
    kill_at(at, module, name, ["run", "--input", *dumps, "--output", ADDRESS], environ)
    found = objects(gcs)
    assert f"_manifests/{made + 1:08d}.json" not in found
    assert f"_manifests/{made:08d}.json" in found
    assert run(environ, inputs=dumps).returncode == 0
    assert as_local(objects(gcs)) == of_dumps


WRONG = {
    "no folder": ("gs://dumps", {}, "has to be gs://BUCKET/FOLDER"),
    "up": ("gs://dumps/../news", {}, "has to be gs://BUCKET/FOLDER"),
    "no bucket": ("gs://nowhere/news", {}, "404"),
    "no credentials": ("gs://dumps/news", {"STORAGE_EMULATOR_HOST": ""}, "credentials were not found"),
    "credentials that are none": (
        "gs://dumps/news", {"STORAGE_EMULATOR_HOST": "", "GOOGLE_APPLICATION_CREDENTIALS": "/none"}, "/none"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_told_before_any_work(gcs, environ, dumps, kind):
    address, more, words = WRONG[kind]
    done = command_here(["run", "--input", *dumps[:1], "--output", address], environ | more)
    assert done.returncode == 2
    assert words in line_of(done)
    assert objects(gcs) == {}
