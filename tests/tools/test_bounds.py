"""A dependency has an upper bound only where a test here shows why: what a run writes follows from it, or from its own names.

A newer version of such a package may write other bytes for the same dumps, so it is tried first (docs/dependencies.md). All
others are bounded by nobody: where a newer one breaks something, the tests fail, and the bound comes with that test.
"""

import re
import tomllib

import ftfy
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import fn_runner, worker_handlers
from jsonschema import exceptions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dateline.pipeline.versions import DECISIVE
from tests.conftest import ROOT, dateline_here, files_of
from tests.helpers.pages import Article, plain

PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]
ASKED = [
    *PROJECT["dependencies"],
    *(line for lines in PROJECT["optional-dependencies"].values() for line in lines),
]
MISREAD = plain(Article()).replace(" the ", " the café’s ").encode().decode("sloppy-windows-1252")
TOO_LONG = plain(Article(headline="Ferry returns, " * 40))


def test_only_what_bytes_follow_from_is_bounded():
    bounded = {re.match(r"[\w-]+", line)[0] for line in ASKED if re.search(r"<|==|~=", line)}
    assert bounded == set(DECISIVE) - {"dateline"}


def test_the_lock_holds_what_is_asked_for():
    lines = ROOT.joinpath("tools", "dev.lock").read_text("utf-8").splitlines()
    locked = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *extras["test"], *extras["docs"], *extras["dev"], *extras["s3"]]
    for requirement in map(Requirement, asked):
        if requirement.name not in ("dateline", "setuptools"):  # pip-compile leaves setuptools to pip
            assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement


@pytest.fixture
def written(tmp_path):
    """What a run writes for the text of a dump."""

    def write(text: str, name: str) -> dict[str, bytes]:
        tmp_path.joinpath("dump.txt").write_text(text, "utf-8")
        words = ("--input", tmp_path / "dump.txt", "--output", tmp_path / name, "--quiet", "--workers", 1)
        done = dateline_here("run", *words, "--max-rejects", "100%")
        assert done.returncode == 0, done
        return {name: data for name, data in files_of(tmp_path / name).items() if name != "manifest"}

    return write


def test_ftfy_decides_what_text_is_mended_to(written, monkeypatch):
    before = written(MISREAD, "before")
    monkeypatch.setattr(ftfy, "fix_encoding", lambda text: text)
    assert written(MISREAD, "after") != before


def test_the_words_of_jsonschema_are_in_rejects(written, monkeypatch):
    before = written(TOO_LONG, "before")
    real = exceptions.best_match

    def in_other_words(errors):
        error = real(errors)
        error.message += ", it says"
        return error

    monkeypatch.setattr(exceptions, "best_match", in_other_words)
    assert written(TOO_LONG, "after") != before


def test_pyarrow_decides_what_a_file_holds(written, monkeypatch):
    before = written(plain(Article()), "before")
    real, older = pa.ipc.new_file, pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4)
    monkeypatch.setattr(pa.ipc, "new_file", lambda sink, schema, **_: real(sink, schema, options=older))
    assert written(plain(Article()), "after") != before


def test_beam_makes_its_server_by_a_name_of_its_own():
    """runners/engine/sockets.py puts another server there; Beam promises nobody that it looks it up."""
    assert worker_handlers.GrpcServer.__module__ == worker_handlers.__name__
    assert "GrpcServer" not in getattr(fn_runner, "__all__", ())
    assert "worker_handlers.GrpcServer = PrivateServer" in ROOT.joinpath(
        "runners", "engine", "sockets.py"
    ).read_text("utf-8")
