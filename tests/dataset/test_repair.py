"""`dateline repair` mends what `verify` finds: from second names, from the dumps; and moves away what is not listed."""

import json
import os
import shutil

import pyarrow as pa
import pytest

from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.names import second_name
from tests.conftest import dateline_here, files_of
from tests.dataset.test_relink import flip
from tests.helpers.damage import Dataset
from tests.helpers.grown import run


@pytest.fixture
def news(grown, tmp_path):
    """The dataset, which keeps three versions, with its links as they are."""
    shutil.copytree(grown / "after-2", tmp_path / "news")
    for file in latest_manifest(str(tmp_path / "news"))["files"]:
        os.unlink(tmp_path / "news" / file["path"])
        os.link(tmp_path / "news" / second_name(file["path"]), tmp_path / "news" / file["path"])
    return tmp_path / "news"


def an_entry(news, kind="articles", number=3):
    files = json.loads((news / f"_manifests/{number:08d}.json").read_text())["files"]
    return next(file for file in files if file["kind"] == kind)


def other(path):
    """Other bytes under this name alone."""
    path.unlink()
    path.write_bytes(b"other bytes")


def garbage_everywhere(news, path):
    (news / path).write_bytes(b"other bytes")  # which the second name has, too


SECOND_NAMES = {
    "a place is empty": lambda news: (news / an_entry(news)["path"]).unlink(),
    "a place has a flipped bit": lambda news: flip(news / an_entry(news)["path"], 99),
    "a place has something shorter": lambda news: other(news / an_entry(news)["path"]),
    "a ledger's folder is gone": lambda news: shutil.rmtree(news / "_keys"),
    "a second name is gone": lambda news: (news / second_name(an_entry(news)["path"])).unlink(),
    "a second name has other bytes": lambda news: other(news / second_name(an_entry(news, "keys")["path"])),
    "all second names are gone": lambda news: [
        (news / second_name(file["path"])).unlink()
        for file in latest_manifest(str(news))["files"]
    ],
}  # fmt: skip


def mended(news, status=0, *options):
    done = dateline_here("repair", news, *options)
    assert done.returncode == status, done.stdout + done.stderr
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("damage", SECOND_NAMES.values(), ids=SECOND_NAMES)
def test_from_second_names(grown, news, damage):
    damage(news)
    told = mended(news)
    assert told.startswith("linked anew: ")
    assert told.splitlines()[-1] == "version 3: all well"
    assert files_of(news) == files_of(grown / "after-2")
    for file in latest_manifest(str(news))["files"]:
        assert (news / file["path"]).samefile(news / second_name(file["path"]))
    assert mended(news) == "version 3: all well\n"


@pytest.mark.parametrize("kind", ["articles", "keys", "duplicates", "rejected"])
def test_from_the_dumps(grown, news, kind):
    entry = an_entry(news, kind)
    garbage_everywhere(news, entry["path"])
    assert "`dateline repair` mends" in run(news, grown / "dump-2.txt", status=1)
    told = mended(news, 1)
    assert f"whole nowhere: {entry['path']}" in told
    assert "not mended: " in told
    told = mended(news, 0, "--dumps", grown / "dump-*.txt")
    assert f"made again from its dumps: {entry['path']}" in told
    assert files_of(news) == files_of(grown / "after-2")
    assert mended(news) == "version 3: all well\n"


def test_of_an_older_version(grown, news):
    listed = {file["path"] for file in latest_manifest(str(news))["files"]}
    files = json.loads((news / "_manifests/00000001.json").read_text())["files"]
    entry = next(file for file in files if file["path"] not in listed)
    (news / second_name(entry["path"])).unlink()
    assert f"whole nowhere: {entry['path']}" in mended(news, 1)
    assert f"made again from its dumps: {entry['path']}" in mended(news, 0, "--dumps", grown / "dump-0.txt")
    assert dateline_here("verify", news, "--version", "1").returncode == 0


def test_dumps_that_are_others_mend_nothing(grown, news, tmp_path):
    entry = an_entry(news)
    garbage_everywhere(news, entry["path"])
    (tmp_path / "dump-0.txt").write_text("Something else.")
    assert f"whole nowhere: {entry['path']}" in mended(news, 1, "--dumps", tmp_path / "dump-0.txt")


STRAYS = {
    "a copied part": lambda news: (news / an_entry(news)["path"]).with_name("part-copy.arrow"),
    "a part of no version": lambda news: (news / an_entry(news)["path"]).with_name(f"part-{'0' * 32}.arrow"),
    "an invented partition": lambda news: news / f"date=1999-01-01/region=unknown/part-{'0' * 32}.arrow",
    "a ledger's copy": lambda news: news / f"_keys/part-99-{'0' * 32}.arrow",
    "a nested dataset": lambda news: news / f"old/date=1999-01-01/region=unknown/part-{'0' * 32}.arrow",
    "a note": lambda news: news / "notes.txt",
}


@pytest.mark.parametrize("place", STRAYS.values(), ids=STRAYS)
def test_what_is_not_listed_is_seen_and_moved_away(grown, news, place):
    path = place(news)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(news / an_entry(news)["path"], path)
    name = str(path.relative_to(news))
    done = dateline_here("verify", news)
    assert done.returncode == 1
    assert f"{name}: there, and not listed" in done.stdout
    assert "1 finding;" in done.stdout
    told = mended(news)
    assert f"strays: {name}" in told
    assert files_of(news) == files_of(grown / "after-2")
    (aside,) = news.glob(f"_runs/*/strays/{name}")
    assert aside.read_bytes() == (news / an_entry(news)["path"]).read_bytes()
    assert not (news / "old").exists()
    assert not (news / "date=1999-01-01").exists()
    assert mended(news) == "version 3: all well\n"


def test_in_json(grown, news):
    (news / an_entry(news)["path"]).unlink()
    said = json.loads(mended(news, 0, "--json"))
    assert said["linked"] == [an_entry(news)["path"]]
    assert (said["made"], said["moved"], said["lost"], said["findings"]) == ([], [], [], [])


WRONG = {
    "copies": lambda data: data.change("articles", lambda row: True, copies=7),
    "a headline's key": lambda data: data.change("keys", lambda row: True, headline_key="0" * 32),
    "a duplicate's article": lambda data: data.change("duplicates", lambda row: True, id="0" * 32),
    "a place in a dump": lambda data: data.change("articles", lambda row: True, source_offset=10**6),
    "rows in another order": lambda data: data.write(
        data.find("keys")[0], data.rows(data.find("keys")[0])[::-1]
    ),
    "other columns": lambda data: data.write_batch(data.find("keys")[0], pa.record_batch({"id": ["0"]})),
    "rows of a manifest": lambda data: (data.manifest["files"][0].update(rows=77), data.save()),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_rows_that_a_manifest_vouches_for(grown, news, change):
    """Checksums are right, and rows are not: nothing but the dumps has right ones, and they make a version more."""
    change(Dataset(news))
    assert "not mended: " in mended(news, 1)
    told = mended(news, 0, "--dumps", grown / "dump-*.txt")
    assert "version 4: all well\nversion 3 was made again from its dumps, as this one\n" in told
    assert files_of(news) == files_of(grown / "after-2")
    assert mended(news) == "version 4: all well\n"


def test_not_all_dumps_make_no_version(grown, news):
    Dataset(news).change("articles", lambda row: True, copies=7)
    assert "not mended: " in mended(news, 1, "--dumps", grown / "dump-0.txt")
    assert latest_manifest(str(news))["version"] == 3
