"""Where the tests' own files lie: in memory where there is room, unless the caller says where."""

import os
import tempfile
from types import SimpleNamespace

import pytest

from tests import conftest

GOOD = SimpleNamespace(f_bavail=conftest.ROOM_BYTES // 512, f_frsize=512, f_flag=0)


@pytest.mark.parametrize(
    ("changed", "is_good"),
    [({}, True), ({"f_bavail": GOOD.f_bavail - 1}, False), ({"f_flag": os.ST_NOEXEC}, False)],
    ids=["room", "too little", "no programs"],
)
def test_what_has_room(tmp_path, monkeypatch, changed, is_good):
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(**vars(GOOD) | changed))
    assert conftest.has_room(tmp_path) is is_good
    assert conftest.has_room(tmp_path / "nowhere") is False


@pytest.mark.parametrize("given", ["", "TMPDIR", "--basetemp"])
def test_who_says_where_is_heard(tmp_path, monkeypatch, given):
    monkeypatch.setattr(conftest, "IN_MEMORY", tmp_path)
    monkeypatch.setattr(conftest, "has_room", lambda folder: True)
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)
    monkeypatch.setenv("TMPDIR", "/given")
    if given != "TMPDIR":
        monkeypatch.delenv("TMPDIR")
    option = SimpleNamespace(basetemp="/given" if given == "--basetemp" else None)
    conftest.pytest_configure(SimpleNamespace(option=option))
    found = {"": str(tmp_path), "TMPDIR": "/given", "--basetemp": None}
    assert os.environ.get("TMPDIR") == found[given]
