"""Dumps in GCS: the same dataset as from local files, whatever the store does on the way, or a clear failure."""

import pytest

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
    """Beam asks for credentials again and again before it does without, and waits between two tries: not here."""
    args = ("run", "--input", pattern, "--source-root", "gs://dumps", "--output", output)
    return command_here(args, environ, patient=False)


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


@pytest.mark.parametrize("fault", ["denied", "torn"])  # what is only slow takes its client two minutes
def test_what_lasts_fails_the_run(gcs, environ, tmp_path, expected, fault):
    gcs.fail(["GET", "alt=media", 12, 0, fault])
    done = run(environ, tmp_path / "news")
    assert done.returncode == 1
    assert "failed, nothing was committed: gs://dumps/" in line_of(done)
    gcs.fail()
    assert run(environ, tmp_path / "news").returncode == 0
    assert files_of(tmp_path / "news") == expected


def test_what_is_not_there_is_told(environ, tmp_path):
    for pattern, words in [
        ("gs://nowhere/*", "gs://nowhere/* is not there: there is no such bucket"),
        ("gs://dumps/none.txt", "matches no file"),
    ]:
        done = run(environ, tmp_path / "news", pattern)
        assert done.returncode == 2
        assert words in line_of(done)
