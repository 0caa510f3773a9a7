"""Nothing rotten is built upon: what is damaged is found before a run makes a version of it, or the folder is put right."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from dateline import open_dataset
from dateline.errors import DamagedFile
from dateline.pipeline.dataset import known_dumps as known
from dateline.pipeline.dataset import version
from dateline.pipeline.dataset.relink import relink
from dateline.pipeline.dataset.version import latest_manifest, version_numbers
from dateline.pipeline.names import manifest_name, second_name
from tests.conftest import dateline_here, files_of
from tests.helpers.damage import Dataset
from tests.helpers.grown import run


@pytest.fixture
def news(grown, tmp_path) -> Path:
    """The dataset of the first two, whose next run is the third's."""
    return shutil.copytree(grown / "after-1", tmp_path / "news")


def ids(dataset) -> list[str]:
    return sorted(dataset.to_table(columns=["id"])["id"].to_pylist())


def flip(path: Path, at: int) -> None:
    """Change a bit of a file, and of no other that is linked to it."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.unlink()
    path.write_bytes(data)


@pytest.mark.slow
def test_a_flipped_bit_in_a_ledger_stops_the_run(grown, news, tmp_path):
    """In any of its columns, read or not; nothing is committed, and verify says which file it is."""
    data = Dataset(news)
    for number, kind in enumerate(("keys", "duplicates")):
        entry, row = data.find(kind)
        record = data.rows(entry)[row]
        for column in ("headline_key", "id", "source"):
            copy = shutil.copytree(news, tmp_path / f"{number}-{column}")
            path = copy / entry["path"]
            flip(path, path.read_bytes().index(record[column].encode()))
            told = run(copy, grown / "dump-2.txt", status=1)
            assert told.count("\n") == 1
            assert (
                f"nothing was committed: {path}: its bytes are not those of the manifest's checksum" in told
            )
            assert latest_manifest(str(copy))["version"] == 2
            assert dateline_here("verify", copy).returncode == 1


def test_an_id_that_comes_twice_in_a_partition_stops_the_run(grown, news):
    """The keys of an article are another's, and all checksums are right: its copy would be an article once more."""
    data = Dataset(news)
    entry, row = data.find("keys", lambda row: row["source"] == "dump-1.txt")
    wanted = data.rows(entry)[row]
    data.change("keys", lambda row: row["id"] == wanted["id"], headline_key="0" * 32)
    told = run(news, grown / "dump-2.txt", status=1)
    assert told.count("\n") == 1
    assert "two articles of date=2023-09-07/region=" in told
    assert "have the id" in told
    assert version_numbers(str(news)) == [1, 2]


def test_a_manifest_is_parsed_again_only_if_its_text_is_another(news):
    path = news / manifest_name(2)
    first = latest_manifest(str(news))
    assert latest_manifest(str(news)) is first
    path.write_text(json.dumps(first | {"run": "another"}))
    assert latest_manifest(str(news)) == first | {"run": "another"}
    path.write_bytes(path.read_bytes()[:-9])
    assert latest_manifest(str(news))["version"] == 1


@pytest.mark.parametrize("known", [2, 9])
def test_a_run_parses_no_manifest_twice_that_it_builds_on_or_makes(grown, news, monkeypatch, known):
    """Of the older one it asks which files no version needs, and which that one alone needed."""
    parsed, parse = [], version.parse_manifest

    def counting(root, number, text):
        parsed.append(number)
        return parse(root, number, text)

    monkeypatch.setattr(version, "_known", {})
    monkeypatch.setattr(version, "KNOWN", known)
    monkeypatch.setattr(version, "parse_manifest", counting)
    run(news, grown / "dump-2.txt", options=("--keep-versions", "2"))
    assert version_numbers(str(news)) == [2, 3]
    assert parsed == ([2, 1, 1] if known == 2 else [2, 1])
    monkeypatch.setattr(version, "parse_manifest", parse)
    remembered = latest_manifest(str(news))
    assert remembered == json.loads((news / manifest_name(3)).read_text())


def test_a_link_for_a_folder_of_a_partition_is_not_followed(news, tmp_path):
    manifest = latest_manifest(str(news))
    region = (news / next(file["path"] for file in manifest["files"] if file["kind"] == "articles")).parent
    for number, folder in enumerate((region, region.parent)):
        moved = folder.rename(tmp_path / f"moved-{number}")
        folder.symlink_to(moved)
        with pytest.raises(DamagedFile, match=f"{folder} is a link"):
            relink(str(news), manifest)
        folder.unlink()
        moved.rename(folder)
    assert relink(str(news), manifest) == ([], [], [])


@pytest.mark.parametrize("lost", ["torn", "empty", "gone"])
def test_after_a_lost_manifest_the_next_run_puts_the_folder_right(grown, tmp_path, lost):
    """The version before is shown again, whole and alone; the lost version's dump is read again."""
    news = shutil.copytree(grown / "after-2", tmp_path / "news")
    path = news / manifest_name(3)
    whole = files_of(news)
    if lost == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:500] if lost == "torn" else b"")
    before = latest_manifest(str(news))["files"]
    assert any(not (news / file["path"]).exists() for file in before)
    assert ids(open_dataset(news)) == ids(open_dataset(grown / "after-1"))
    told = run(news, grown / "dump-0.txt")  # which has nothing new
    assert "did not show version 2, and does again" in told
    assert files_of(news) == files_of(grown / "after-1")
    needed = {second_name(file["path"]) for file in before} | {
        second_name(file["path"]) for file in json.loads((news / manifest_name(1)).read_text())["files"]
    }
    assert {f"_versions/{name}" for name in os.listdir(news / "_versions")} == needed
    assert "did not show" not in run(news, grown / "dump-2.txt")
    assert files_of(news) == whole


def test_prune_puts_the_folder_right(grown, tmp_path):
    news = shutil.copytree(grown / "after-2", tmp_path / "news")
    (news / manifest_name(3)).unlink()
    assert dateline_here("prune", news, "--keep-versions", "1").returncode == 0
    assert files_of(news) == files_of(grown / "after-1")
    assert len(os.listdir(news / "_versions")) == len(latest_manifest(str(news))["files"])


def test_places_that_are_missing_are_linked_anew(grown, news):
    expected = files_of(news)
    shutil.rmtree(news / "_keys")
    first = next(path for path in expected if path.startswith("date="))
    (news / first).unlink()
    (news / first).write_text("something else")
    run(news, grown / "dump-1.txt")
    assert files_of(news) == expected


def test_what_is_nowhere_whole_stops_the_run(grown, news):
    """Both names of a file are gone, or of another size."""
    entry, _ = Dataset(news).find("articles")
    for name in (entry["path"], second_name(entry["path"])):
        (news / name).unlink()
        (news / name).write_text("short")
    told = run(news, grown / "dump-2.txt", status=1)
    assert f"1 of {len(latest_manifest(str(news))['files'])} files of version 2" in told
    assert entry["path"] in told
    assert told.count("\n") == 1
    assert (news / entry["path"]).read_text() == "short"


def test_files_of_others_stay(grown, tmp_path):
    news = shutil.copytree(grown / "after-2", tmp_path / "news")
    (news / manifest_name(3)).unlink()
    folder = next(news.glob("date=*/region=*"))
    for path in (news / "notes", folder / "notes", news / "_versions/notes"):
        path.write_text("mine")
    run(news, grown / "dump-0.txt")
    for path in (news / "notes", folder / "notes", news / "_versions/notes"):
        assert path.read_text() == "mine"


def test_a_dump_with_other_bytes_and_the_same_time_is_refused(grown, news, tmp_path, monkeypatch):
    """Its size, time of change and inode are as they were; only when the inode changed nobody can set back."""
    monkeypatch.setattr(known, "SETTLED_NS", -1)
    path = tmp_path / "dump-1.txt"
    shutil.copy2(grown / "dump-1.txt", path)
    run(news, path)
    facts = json.loads((news / "_seen.json").read_text())[str(path)]
    found = path.stat()
    assert facts[:4] == [found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns]
    time.sleep(0.02)  # the clock of the file system
    with path.open("r+") as file:
        file.write("X")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    now = path.stat()
    assert (now.st_size, now.st_mtime_ns, now.st_ino) == (found.st_size, found.st_mtime_ns, found.st_ino)
    assert "was read before, with other bytes" in run(news, path, status=3)


def test_a_dump_that_gets_another_name_while_it_is_read_is_no_other(grown, tmp_path, monkeypatch):
    """A link changes the inode's time, and no byte; other bytes under the same time stop the run."""
    from dateline.pipeline import run as running

    path = shutil.copy(grown / "dump-0.txt", tmp_path / "dump.txt")
    real = running.staging.read_receipts

    def linked(*args):
        os.link(path, tmp_path / "other name")
        return real(*args)

    monkeypatch.setattr(running.staging, "read_receipts", linked)
    run(tmp_path / "news", path)


def test_a_dump_whose_bytes_change_under_the_same_time_while_it_is_read(grown, tmp_path, monkeypatch):
    from dateline.pipeline import run as running

    path = Path(shutil.copy(grown / "dump-0.txt", tmp_path / "dump.txt"))
    real = running.read_settled

    def changed(*args):
        found = path.stat()
        time.sleep(0.02)
        with path.open("r+") as file:
            file.write("X")
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
        return real(*args)

    monkeypatch.setattr(running, "read_settled", changed)
    assert "changed while it was read" in run(tmp_path / "news", path, status=1)
