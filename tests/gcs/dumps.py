"""Dumps in GCS: the same dataset as from local files, whatever the store does on the way, or a clear failure."""

import gc

import pytest

from dateline.errors import Changed
from dateline.pipeline.store import files
from dateline.pipeline.store import gs as bucket_gs
from dateline.pipeline.store.address import object_at
from dateline.pipeline.store.gs import RETRY
from dateline.pipeline.store.object_file import AHEAD_BYTES
from tests.conftest import files_of
from tests.helpers.stores import command_here, line_of
from tests.store.test_stores import DUMPS, expected

pytestmark = pytest.mark.filterwarnings("ignore")  # Google's, of packages that it would like to have

__all__ = ["expected"]


@pytest.fixture
def environ(gcs):
    for name, data in DUMPS.items():
        gcs.put(name, data)
    return gcs.environ


def run(environ, output, pattern="gs://dumps/**/*"):
    args = ("run", "--input", pattern, "--source-root", "gs://dumps", "--output", output)
    return command_here(args, environ)


def test_the_same_dataset_as_from_local_files(environ, tmp_path, expected):
    output = tmp_path / "news"
    done = run(environ, output)
    assert done.returncode == 0, done.stderr
    assert files_of(output) == expected
    again = run(environ, output)
    dumps = sum(map(bool, DUMPS.values()))  # an empty file is none
    assert f"Nothing new: {output} stays at version 1 ({dumps} dumps, all read before)" in again.stdout


@pytest.mark.parametrize("fault", ["slow", "error", "torn", "cut"])
def test_what_passes_changes_nothing(gcs, environ, tmp_path, expected, fault):
    gcs.fail(
        ["GET", "plain.txt", 2, 3, fault], ["GET", "/dumps/o?", 1, 1, fault], ["GET", "packed", 3, 4, fault]
    )
    done = run(environ, tmp_path / "news")
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "news") == expected


@pytest.mark.parametrize("fault", ["denied", "torn", "slow"])
def test_what_lasts_fails_the_run(gcs, environ, tmp_path, expected, monkeypatch, fault):
    monkeypatch.setattr(
        bucket_gs, "RETRY", RETRY.with_timeout(1)
    )  # by itself its client tries for two minutes
    gcs.fail(["GET", "alt=media", 12, 0, fault])
    done = run(environ, tmp_path / "news")
    assert done.returncode == 1
    assert "failed, nothing was committed: gs://dumps/" in line_of(done)
    gcs.fail()
    assert run(environ, tmp_path / "news").returncode == 0
    assert files_of(tmp_path / "news") == expected


@pytest.mark.parametrize("fault", ["slow", "error", "torn", "cut", "lost"])
def test_a_range_that_is_asked_for_in_vain_is_asked_for_again(gcs, fault):
    data = bytes(range(256)) * 2000
    gcs.put("a", data)
    bucket, name = object_at("gs://dumps/a")
    tag = bucket.head(name).tag
    gcs.fail(["GET", "alt=media", 1, 2, fault])
    assert bytes(bucket.get_range(name, 1000, 400_000, tag)) == data[1000:400_000]
    gcs.put("a", data)
    with pytest.raises(Changed, match="gs://dumps/a changed while it was read; run again when it is whole"):
        bucket.get_range(name, 0, 10, tag)
    gc.collect()  # Google's client leaves the socket of an answer that broke off to it, which warns, and is ignored here


def test_an_object_that_is_written_anew_while_it_is_read_is_no_mixture(gcs):
    size = AHEAD_BYTES * 2
    gcs.put("a", b"o" * size)
    with files.open_file("gs://dumps/a") as file:
        assert file.read(3) == b"ooo"
        gcs.put("a", b"n" * size)
        file.seek(size - 3)
        with pytest.raises(Changed, match="gs://dumps/a changed while it was read; run again"):
            file.read(3)


def test_an_object_is_read_at_any_offset(gcs):
    data = bytes(range(256)) * 60_000
    gcs.put("a", data)
    assert len(data) > AHEAD_BYTES * 3 // 2
    with files.open_file("gs://dumps/a") as file:
        for offset, size in ((0, 10), (15_000_000, 100), (5, 3), (600_000, 14_000_000)):
            file.seek(offset)
            assert file.read(size) == data[offset : offset + size]
    gcs.put("none", b"")
    with files.open_file("gs://dumps/none") as file:
        assert file.read() == b""


def test_what_is_not_there_is_told(environ, tmp_path):
    for pattern, words in [
        ("gs://nowhere/*", "gs://nowhere/ cannot be listed: 404"),
        ("gs://dumps/none.txt", "matches no file"),
    ]:
        done = run(environ, tmp_path / "news", pattern)
        assert done.returncode == 2
        assert words in line_of(done)
