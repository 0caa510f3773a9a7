"""A dataset that another process looks at is built upon as if this one had looked, and is refused with the same words."""

import json
import os
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from dateline.errors import DamagedFile
from dateline.pipeline.dataset import version
from dateline.pipeline.dataset.relink import relink, shows
from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.names import manifest_name, second_name
from dateline.runners.engine import look_ahead, own_process
from dateline.runners.engine.beside import Told
from tests.conftest import files_of
from tests.helpers.grown import run


@pytest.fixture
def news(grown, tmp_path) -> Path:
    return shutil.copytree(grown / "after-1", tmp_path / "news")


@pytest.fixture(autouse=True)
def program(monkeypatch) -> None:
    """Only the command's own process has another one look."""
    monkeypatch.setattr(own_process, "is_ours", True)


def entry_of(news: Path, kind: str) -> dict:
    return next(file for file in latest_manifest(str(news))["files"] if file["kind"] == kind)


def nothing(news: Path) -> None:
    """All is well."""


def cut_short(news: Path) -> None:
    path = entry_of(news, "articles")["path"]
    for name in (path, second_name(path)):
        os.truncate(news / name, 100)


def missing(news: Path) -> None:
    path = entry_of(news, "articles")["path"]
    (news / path).unlink()
    (news / second_name(path)).unlink()


def out_of_place(news: Path) -> None:
    (news / entry_of(news, "articles")["path"]).unlink()


def a_link(news: Path) -> None:
    folder = (news / entry_of(news, "articles")["path"]).parent
    folder.rename(news.parent / "moved")
    folder.symlink_to(news.parent / "moved")


def changed_ledger(news: Path) -> None:
    path = news / entry_of(news, "keys")["path"]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def lost_manifest(news: Path) -> None:
    (news / manifest_name(2)).unlink()


DAMAGES = [nothing, cut_short, missing, out_of_place, a_link, changed_ledger, lost_manifest]
STOPS = {cut_short, missing, a_link, changed_ledger}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_wrong_is_said_in_the_same_words(grown, news, tmp_path, monkeypatch, damage):
    damage(news)
    told, files = [], []
    for few in (10**9, 0):
        shutil.rmtree(tmp_path / "kept", ignore_errors=True)
        shutil.copytree(news, tmp_path / "kept", symlinks=True)
        monkeypatch.setattr(look_ahead, "FEW_FILES", few)
        told.append(run(news, grown / "dump-2.txt", status=int(damage in STOPS)))
        files.append(files_of(news) if damage not in STOPS else latest_manifest(str(news)))
        shutil.rmtree(news)
        (tmp_path / "kept").rename(news)
    assert told[0] == told[1]
    assert files[0] == files[1]
    assert bool(told[0]) == (damage is not nothing)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_folder_shows_a_version_if_there_is_nothing_to_mend(news, damage):
    damage(news)
    manifest = latest_manifest(str(news))
    with pytest.raises(DamagedFile) if damage is a_link else nullcontext():
        assert shows(str(news), manifest) == (
            damage in (nothing, changed_ledger)
        )  # bytes are for who reads them
    with pytest.raises(DamagedFile) if damage is a_link else nullcontext():
        assert (relink(str(news), manifest) == ([], [], [])) == (damage in (nothing, changed_ledger))


@pytest.mark.parametrize("few", [10**9, 0])
def test_ledgers_that_another_process_hashed_are_not_hashed_again(grown, news, monkeypatch, few):
    hashed = []
    real = version._require_checksum

    def hashes(path, *rest):
        hashed.append(path)
        real(path, *rest)

    monkeypatch.setattr(version, "_require_checksum", hashes)
    monkeypatch.setattr(look_ahead, "FEW_FILES", few)
    monkeypatch.setattr(Told, "so_far", lambda told: list(map(json.loads, told._file)))  # all that it says
    ledgers = {
        f"{news}/{file['path']}"
        for file in latest_manifest(str(news))["files"]
        if file["kind"] in ("keys", "duplicates")
    }
    run(news, grown / "dump-2.txt")
    assert sorted(ledgers.intersection(hashed)) == (sorted(ledgers) if few else [])


def test_a_run_looks_anew_whatever_one_before_it_believed(grown, news, monkeypatch):
    monkeypatch.setattr(look_ahead, "FEW_FILES", 0)
    monkeypatch.setattr(Told, "so_far", lambda told: list(map(json.loads, told._file)))
    told = run(news, grown / "dump-2.txt", status=1, options=("--max-rejects", "0"))
    assert "rejects" in told
    changed_ledger(news)
    told = run(news, grown / "dump-2.txt", status=1)
    assert "its bytes are not those of the manifest's checksum" in told


def test_who_called_the_function_for_a_run_has_no_process_forked(grown, news, monkeypatch):
    monkeypatch.setattr(own_process, "is_ours", False)
    monkeypatch.setattr(look_ahead, "FEW_FILES", 0)
    monkeypatch.setattr(os, "fork", None)
    run(news, grown / "dump-2.txt", options=("--workers", "1"))
    assert latest_manifest(str(news))["version"] == 3
