"""What `tests/engines/prism/check` is made of; that itself needs Go, and runs in CI."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest

from tests.conftest import ROOT
from tests.engine.test_portable import is_alive, wait_until
from tests.engines.harness import Failed


@pytest.fixture(scope="module")
def check():
    loader = SourceFileLoader("check", str(ROOT / "tests" / "engines" / "prism" / "check"))
    module = module_from_spec(spec_from_loader("check", loader))
    loader.exec_module(module)
    return module


def test_without_go_it_says_so(check, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match="no go here"):
        check.go_built(check.HERE, check.PACKAGE, tmp_path / "cache")


def test_nothing_is_left_running(check, tmp_path):
    prism = tmp_path / "prism"
    prism.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 600\n"
    )
    prism.chmod(0o755)

    def interrupted():
        with check.services(prism, tmp_path) as engine:
            assert engine.worker_pool.startswith("127.0.0.1:")
            wait_until((tmp_path / "pid").exists)
            assert is_alive(int((tmp_path / "pid").read_text()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not is_alive(int((tmp_path / "pid").read_text()))
