"""Beam is imported without what no flow of ours reads; whoever asks for that afterwards has it."""

import importlib
import subprocess
import sys
from argparse import Namespace

import pytest

from dateline.runners.engine.start import UNUSED, _absent, load
from tests.conftest import ROOT


def imported(runner: str, is_ours: bool) -> set[str]:
    """Those of UNUSED that are imported with Beam, in a process of its own."""
    code = (
        "import sys; from argparse import Namespace\n"
        "from dateline.runners.engine import own_process, start\n"
        f"own_process.is_ours = {is_ours}\n"
        f"start.load(Namespace(runner={runner!r}))\n"
        "import apache_beam; assert apache_beam.ParDo\n"
        "print(*(name for name in start.UNUSED if name in sys.modules))\n"
        "import requests; assert requests.get\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("runner", "is_ours", "is_found"),
    [("direct", True, False), ("portable", True, True), ("dataflow", True, True), ("direct", False, True)],
)
def test_who_may_need_it_has_all_of_beam(runner, is_ours, is_found):
    assert ("requests" in imported(runner, is_ours)) == is_found


def test_what_is_there_stays(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymongo", pytest)
    monkeypatch.delitem(sys.modules, "bson", raising=False)
    with _absent(UNUSED):
        import pymongo

        assert pymongo is pytest
        with pytest.raises(ImportError):
            importlib.import_module("bson")
    assert "bson" not in sys.modules
    load(Namespace(runner="direct"))  # again
