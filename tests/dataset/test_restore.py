"""`dateline restore`: an older version is the newest once more, as a version of its own."""

import json
import shutil

import pytest

from dateline import open_dataset
from dateline.pipeline.dataset.version import latest_manifest, version_numbers
from dateline.pipeline.names import second_name
from tests.conftest import dateline_here, files_of
from tests.dataset.test_relink import flip, ids
from tests.helpers.damage import Dataset
from tests.helpers.grown import run


@pytest.fixture
def news(grown, tmp_path):
    return shutil.copytree(grown / "after-2", tmp_path / "news")


def test_a_version_is_published_again(grown, news):
    whole = files_of(news)
    reader = open_dataset(news)
    before = ids(reader)
    done = dateline_here("restore", news, "--version", "2")
    assert (done.returncode, done.stdout) == (0, "version 4 is as version 2 was\n"), done.stderr
    assert files_of(news) == files_of(grown / "after-1")
    assert version_numbers(str(news)) == [1, 2, 3, 4]
    assert ids(reader) == before  # who reads goes on
    assert ids(open_dataset(news, 3)) == before
    assert dateline_here("verify", news).returncode == 0
    run(news, grown / "dump-2.txt", options=("--keep-versions", "9"))  # which counts as unread
    assert files_of(news) == whole
    assert latest_manifest(str(news))["version"] == 5


def test_back_and_forth(grown, news):
    """What came later is taken up again, its dumps with it."""
    whole = files_of(news)
    for number in (1, 3):
        done = dateline_here("restore", news, "--version", number, "--json")
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert said["restored"] == number
        assert dateline_here("verify", news).returncode == 0
    assert (said["version"], said["dumps"]) == (5, ["dump-1.txt", "dump-2.txt"])
    assert files_of(news) == whole


def test_what_cannot_be_restored(news):
    for number, status, words in (
        (3, 2, "is the newest: there is nothing to restore"),
        (7, 2, "has no version 7"),
    ):
        done = dateline_here("restore", news, "--version", number)
        assert (done.returncode, words in done.stderr) == (status, True), done.stderr
    listed = {file["path"] for file in Dataset(news).manifest["files"]}
    (news / "_manifests/00000002.json").read_text()
    entry = next(
        file
        for file in json.loads((news / "_manifests/00000002.json").read_text())["files"]
        if file["path"] not in listed
    )
    flip(news / second_name(entry["path"]), 99)
    before = files_of(news)
    done = dateline_here("restore", news, "--version", 2)
    assert (done.returncode, entry["path"] in done.stderr) == (1, True), done.stderr
    assert files_of(news) == before
    assert not list(news.glob("_runs/*/staged"))
