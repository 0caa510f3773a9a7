"""What the checks of the engines share: when two datasets are the same, and what nobody is to reach."""

import io
import shutil
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from dateline.runners.engine.portable import Engine
from tests.engines import harness as engines
from tests.helpers import flows


@pytest.fixture
def copy(sample, tmp_path):
    return shutil.copytree(sample, tmp_path / "news")


def first(root: Path, pattern: str) -> Path:
    return sorted(root.glob(pattern))[0]


def test_a_copy_is_the_same_whatever_two_runs_never_share(sample, copy):
    shutil.rmtree(copy / "_runs")
    (copy / "_lock").write_text("another")
    manifest = first(copy, "_manifests/*.json")
    manifest.write_text(manifest.read_text().replace('"run":', '"run" :'))
    assert engines.same(sample, copy).endswith("bytes, ledgers included")


@pytest.mark.parametrize("pattern", ["date=*/*/*.arrow", "_duplicates/*", "_keys/*", "_rejected/*"])
def test_one_bit_more_or_less_is_told(sample, copy, pattern):
    path = first(copy, pattern)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.unlink()  # a version has it, too, as a hard link
    path.write_bytes(data)
    with pytest.raises(engines.Failed, match=f"1 of .* first {path.relative_to(copy)}"):
        engines.same(sample, copy)


def test_a_file_more_and_a_file_less_are_told(sample, copy):
    first(copy, "_rejected/*").rename(copy / "_rejected" / "other")
    with pytest.raises(engines.Failed, match="2 of"):
        engines.same(sample, copy)


def test_another_list_of_files_is_told(sample, copy):
    manifest = first(copy, "_manifests/*.json")
    manifest.write_text(manifest.read_text().replace('"rows": 1', '"rows": 2', 1))
    with pytest.raises(engines.Failed, match="the manifests"):
        engines.same(sample, copy)


def test_it_does_not_listen_on_all_networks_unless_it_is_told_to(monkeypatch, capsys):
    monkeypatch.setattr(engines, "LIBC", SimpleNamespace(unshare=lambda flags: -1))
    with pytest.raises(engines.Failed, match="see --exposed"):
        engines.leave_the_network(exposed=False, what="Prism")
    engines.leave_the_network(exposed=True, what="Prism")
    assert "Prism listens on all" in capsys.readouterr().err


def test_a_run_goes_to_the_engine_unless_it_has_a_runner(monkeypatch):
    monkeypatch.setattr(flows, "ENGINE", Engine("a:1", "b:2", token_file="c"))
    options = ["--runner", "portable", "--job-endpoint", "a:1", "--worker-pool", "b:2", "--token-file", "c"]
    assert flows.of_engine("run", "--quiet") == options
    assert flows.of_engine("run", "--workers", 2) == []


@pytest.fixture
def pinned(tmp_path, monkeypatch):
    """Requirements that stand for an archive; in pip's place a script that puts it where it is told."""
    archive = tmp_path / "thing-1.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        for name in ("deps/jars/a.jar", "deps/jars/a.txt", "deps/jars/more/b.jar", "deps/bin/c.jar"):
            packed.addfile(tarfile.TarInfo(f"thing-1/{name}"), io.BytesIO())
    pip = tmp_path / "pip"
    pip.write_text(f'#!/bin/sh\nfor last; do :; done\ncp {archive} "$last"\n')
    pip.chmod(0o755)
    monkeypatch.setattr(engines.sys, "executable", str(pip))
    (tmp_path / "spark").mkdir()
    (tmp_path / "spark" / "requirements.txt").write_text("thing==1")
    return tmp_path / "spark" / "requirements.txt"


def test_of_a_package_only_the_jars_of_a_folder_are_taken(pinned, tmp_path):
    home = engines.jars_from_pypi(pinned, "deps/jars", tmp_path / "cache")
    assert [path.name for path in (home / "jars").iterdir()] == ["a.jar"]
    (tmp_path / "pip").unlink()
    assert engines.jars_from_pypi(pinned, "deps/jars", tmp_path / "cache") == home


def test_what_cannot_be_fetched_leaves_nothing(pinned, tmp_path, capsys):
    (tmp_path / "pip").write_text("#!/bin/sh\necho no such hash >&2\nexit 1\n")
    with pytest.raises(engines.Failed, match=r"spark/requirements.txt"):
        engines.jars_from_pypi(pinned, "deps/jars", tmp_path / "cache")
    assert "no such hash" in capsys.readouterr().err
    assert not list((tmp_path / "cache").iterdir())
