"""What tools/newest_dependencies.py decides, with a pip and a pytest that are made up."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools import newest_dependencies as tool

FOLDER = Path("/environment")
PYTHON = str(FOLDER / "bin" / "python")


class Machine:
    """Answers to commands: versions before and after the upgrade, and how what is asked for ends."""

    def __init__(self, newest: dict[str, str], tests: tuple[int, str] = (0, ""), fails: str = "") -> None:
        self.done: list[str] = []
        self._newest, self._tests, self._fails = newest, tests, fails

    def __call__(self, command):
        words = " ".join(command)
        self.done.append(words)
        if "list" in command:
            is_upgraded = any("--upgrade" in line for line in self.done)
            found = {"apache-beam": "2.77.0", "pyarrow": "25.0.1"} | (self._newest if is_upgraded else {})
            return 0, json.dumps([{"name": name, "version": version} for name, version in found.items()])
        if "pytest" in command:
            return self._tests
        return int(bool(self._fails) and self._fails in words), ""


def test_nothing_is_newer():
    machine = Machine({})
    status, lines = tool.check(FOLDER, ("-x",), machine)
    assert status == 0
    assert lines == [
        "apache-beam 2.77.0 is the newest that goes with the other",
        "pyarrow 25.0.1 is the newest that goes with the other",
        "the tests pass",
    ]
    assert machine.done[0] == f"{sys.executable} -m venv {FOLDER}"
    assert machine.done[-1] == f"{PYTHON} -m pytest -x"
    (upgrade,) = (line for line in machine.done if "--upgrade" in line)
    assert upgrade.endswith("--upgrade apache-beam pyarrow")
    assert all(line.startswith(f"{PYTHON} ") for line in machine.done[1:])


def test_one_is_newer_and_a_test_fails():
    text = "..F\nFAILED tests/a.py::test_a - assert 1\nERROR tests/b.py\n1 failed, 1 error\n"
    status, lines = tool.check(FOLDER, (), Machine({"pyarrow": "26.0.0"}, (1, text)))
    assert status == 1
    assert lines == [
        "apache-beam 2.77.0 is the newest that goes with the other",
        "pyarrow 26.0.0 is newer than what pyproject.toml allows (25.0.1)",
        "FAILED tests/a.py::test_a - assert 1",
        "ERROR tests/b.py",
        "2 tests failed",
    ]


def test_a_pytest_that_does_not_come_to_its_tests():
    status, lines = tool.check(FOLDER, (), Machine({}, (4, "ImportError while loading conftest\n")))
    assert (status, lines[-1]) == (1, "pytest ended with 4")


@pytest.mark.parametrize("step", ["venv", ".[test]", "--upgrade"])
def test_without_an_environment_no_test_runs(step):
    machine = Machine({}, fails=step)
    status, (line,) = tool.check(FOLDER, (), machine)
    assert status == 2
    assert line.startswith("could not run ")
    assert step in line
    assert not any("pytest" in words for words in machine.done)


def test_a_command_is_run_in_the_clone_and_heard(capsys):
    code = "import os; print(os.getcwd()); raise SystemExit(3)"
    assert tool.run([sys.executable, "-c", code]) == (3, f"{ROOT}\n")
    assert capsys.readouterr().out == f"{ROOT}\n"


def test_the_page_names_the_command():
    page = ROOT.joinpath("docs", "dependencies.md").read_text("utf-8")
    commands = [line for line in page.splitlines() if "python3 tools/" in line]
    assert len(commands) == 3
    for line in commands:
        words = shlex.split(line[line.index("python3") :])
        assert ROOT.joinpath(words[1]).is_file()
        assert words[2:] == []


def test_the_packages_are_bounded_in_the_settings():
    text = ROOT.joinpath("pyproject.toml").read_text("utf-8")
    for name in tool.PACKAGES:
        assert f'"{name}>=' in text
