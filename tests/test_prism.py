"""What `runners/prism/check` is made of; that itself needs Go, and runs in CI."""

import shutil
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import SimpleNamespace

import pytest

from runners.portable import Engine
from tests import flows
from tests.conftest import ROOT
from tests.test_portable import is_alive, wait_until


@pytest.fixture(scope="module")
def check():
    loader = SourceFileLoader("check", str(ROOT / "runners" / "prism" / "check"))
    module = module_from_spec(spec_from_loader("check", loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def copy(sample, tmp_path):
    return shutil.copytree(sample, tmp_path / "news")


def first(root: Path, pattern: str) -> Path:
    return sorted(root.glob(pattern))[0]


def test_a_copy_is_the_same_whatever_two_runs_never_share(check, sample, copy):
    shutil.rmtree(copy / "_runs")
    (copy / "_lock").write_text("another")
    manifest = first(copy, "_manifests/*.json")
    manifest.write_text(manifest.read_text().replace('"run":', '"run" :'))
    assert check.same(sample, copy).endswith("bytes, ledgers included")


@pytest.mark.parametrize("pattern", ["date=*/*/*.arrow", "_duplicates/*", "_keys/*", "_rejected/*"])
def test_one_bit_more_or_less_is_told(check, sample, copy, pattern):
    path = first(copy, pattern)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.unlink()  # a version has it, too, as a hard link
    path.write_bytes(data)
    with pytest.raises(check.Failed, match=f"1 of .* first {path.relative_to(copy)}"):
        check.same(sample, copy)


def test_a_file_more_and_a_file_less_are_told(check, sample, copy):
    first(copy, "_rejected/*").rename(copy / "_rejected" / "other")
    with pytest.raises(check.Failed, match="2 of"):
        check.same(sample, copy)


def test_another_list_of_files_is_told(check, sample, copy):
    manifest = first(copy, "_manifests/*.json")
    manifest.write_text(manifest.read_text().replace('"rows": 1', '"rows": 2', 1))
    with pytest.raises(check.Failed, match="the manifests"):
        check.same(sample, copy)


def test_without_go_it_says_so(check, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(check.Failed, match="no go here"):
        check.built(tmp_path / "cache")


def test_it_does_not_listen_on_all_networks_unless_it_is_told_to(check, monkeypatch, capsys):
    monkeypatch.setattr(check, "LIBC", SimpleNamespace(unshare=lambda flags: -1))
    with pytest.raises(check.Failed, match="see --exposed"):
        check.leave_the_network(exposed=False)
    check.leave_the_network(exposed=True)
    assert "Prism listens on all" in capsys.readouterr().err


def test_nothing_is_left_running(check, tmp_path):
    prism = tmp_path / "prism"
    prism.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 600\n"
    )
    prism.chmod(0o755)

    def interrupted():
        with check.services(prism, tmp_path) as (_, pool):
            assert pool.startswith("127.0.0.1:")
            wait_until((tmp_path / "pid").exists)
            assert is_alive(int((tmp_path / "pid").read_text()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_a_run_goes_to_the_engine_unless_it_has_a_runner(monkeypatch):
    monkeypatch.setattr(flows, "ENGINE", Engine("a:1", "b:2"))
    options = ["--runner", "portable", "--job-endpoint", "a:1", "--worker-pool", "b:2"]
    assert flows.of_engine("run", "--quiet") == options
    assert flows.of_engine("run", "--workers", 2) == []
