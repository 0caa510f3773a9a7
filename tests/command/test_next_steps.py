"""What a run says to do next works as it stands, and its warnings are no wall."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dateline.runners.command import next_steps, outcome
from dateline.runners.command.outcome import WARNINGS_SHOWN, warn_all
from tests.conftest import ROOT, dateline_here
from tests.helpers.pages import Article, plain


@pytest.mark.slow
def test_the_commands_of_a_run_work_where_it_ran(tmp_path):
    """From its folder, with its Python, however its dataset is called."""
    (tmp_path / "a.txt").write_text(plain(Article(headline="Bees of the ministry roof")))
    environ = os.environ | {"PYTHONPATH": str(ROOT), "BROWSER": "true"}

    def shell(command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            command, shell=True, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120
        )

    done = shell(f"{sys.executable} -m dateline run --input a.txt --output 'my $news'")
    assert done.returncode == 0, done.stderr
    steps = [line.strip().split("   ")[0] for line in done.stdout.split("Next:\n")[1].splitlines()]
    report, explain, log, python = (line.split("  ")[0] for line in steps)
    for command, said in (
        (report, "report.html"),
        (explain.replace("TEXT", "'bees of'"), "Bees of the ministry roof"),
        (log, "version  made (UTC)"),
        (python, "'headline': 'Bees of the ministry roof'"),
    ):
        done = shell(command)
        assert (done.returncode, said in done.stdout) == (0, True), (command, done.stdout, done.stderr)


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """A program in a virtual environment below the current folder."""
    program = tmp_path / ".venv" / "bin" / "dateline"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.defpath)
    return program


def test_a_program_that_is_not_on_the_path(installed, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(installed)])
    assert next_steps.this_command() == ".venv/bin/dateline"
    monkeypatch.chdir(installed.parent)
    assert next_steps.this_command() == "./dateline"


def test_a_program_on_the_path(installed, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(installed)])
    monkeypatch.setenv("PATH", str(installed.parent))
    assert next_steps.this_command() == "dateline"
    other = installed.parent / "other"
    other.mkdir()
    shutil.copy(installed, other)
    monkeypatch.setenv("PATH", f"{other}:{installed.parent}")
    assert next_steps.this_command() == ".venv/bin/dateline"  # the PATH leads to another one


def test_a_module(installed, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(ROOT / "dateline" / "__main__.py")])
    monkeypatch.setattr(sys, "executable", str(installed.with_name("python")))
    assert next_steps.this_command() == ".venv/bin/python -m dateline"
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    assert next_steps.this_command() == "/usr/bin/python3 -m dateline"


def test_a_name_that_could_steer_the_terminal():
    assert "\x1b" not in next_steps.next_steps("a\x1b[2J")


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    """What was warned of."""
    said: list[str] = []
    monkeypatch.setattr(outcome.log, "warning", lambda form, *values: said.append(form % values))
    return said


def test_many_warnings_of_one_kind_are_folded(warnings):
    warn_all(
        [f"cannot read d/{n}.gz: is cut off" for n in range(100)] + ["cannot read x.gz: is bzip2 in gzip"]
    )
    assert warnings == [
        *(f"cannot read d/{n}.gz: is cut off" for n in range(WARNINGS_SHOWN)),
        "and 97 more of this kind: --json lists them all",
        "cannot read x.gz: is bzip2 in gzip",
    ]


def test_one_more_is_shown_and_not_counted(warnings):
    warn_all(f"cannot read {n}.gz: is cut off" for n in range(WARNINGS_SHOWN + 1))
    assert len(warnings) == WARNINGS_SHOWN + 1


def test_a_run_over_many_files_that_cannot_be_read(tmp_path):
    (tmp_path / "good.txt").write_text(plain(Article()))
    for n in range(9):
        (tmp_path / f"{n}.txt").write_bytes(b"PK\x03\x04 and more")
    done = dateline_here("run", "--input", tmp_path / "*.txt", "--output", tmp_path / "news")
    assert done.returncode == 3
    assert done.stderr.count("warning:") == WARNINGS_SHOWN + 1, done.stderr
    assert f"warning: and {9 - WARNINGS_SHOWN} more of this kind: --json lists them all" in done.stderr
