#!/usr/bin/env python3
"""Do the tests pass with the newest Beam and pyarrow that the registry has? For once a month: see docs/dependencies.md.

    python3 tools/newest_dependencies.py [-- PYTEST ARGUMENT...]

An environment in a temporary folder gets this clone with its extra `test`, which takes what pyproject.toml allows. Then
both packages are upgraded past the bounds of pyproject.toml, as far as they allow each other, and the tests run. The last
lines say which versions are newer than what is allowed, and which tests failed:

    newest_dependencies: apache-beam 2.77.0 is the newest that goes with the other
    newest_dependencies: pyarrow 26.0.0 is newer than what pyproject.toml allows (25.0.1)
    newest_dependencies: FAILED tests/store/test_stores.py::test_a_put
    newest_dependencies: 1 test failed

Exit status: 0 the tests pass, 1 some fail, 2 there was no environment to run them in. Needs Python 3.11 or newer with pip
and venv, and a package index; nothing of this Python is changed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("apache-beam", "pyarrow")
TESTS = ("-n", "2", "--dist", "worksteal")
PASSED, FAILED, NO_ENVIRONMENT = 0, 1, 2

Run = Callable[[Sequence[str]], tuple[int, str]]
"""Runs a command in ROOT: its exit status, and what it printed on stdout."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do it in a temporary folder; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "tests", nargs="*", metavar="ARGUMENT", help=f"of pytest (default: {' '.join(TESTS)})"
    )
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="newest-dependencies-") as folder:
        status, lines = check(Path(folder), args.tests or TESTS, run)
    for line in lines:
        print(f"newest_dependencies: {line}")
    return status


def check(folder: Path, tests: Sequence[str], run: Run) -> tuple[int, list[str]]:
    """Install and test.

    Args:
        folder: an empty folder for the environment.
        tests: arguments of pytest.
        run: what runs a command.

    Returns:
        The exit status, and the lines that say what it means.
    """
    python = str(folder / "bin" / "python")
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    versions = []
    for step in ((sys.executable, "-m", "venv", str(folder)), (*pip, "install", "-q", ".[test]"),
                 (*pip, "install", "-q", "--upgrade", *PACKAGES)):  # fmt: skip
        if run(step)[0]:
            return NO_ENVIRONMENT, [f"could not run {' '.join(step)}"]
        if step[0] == python:
            versions.append(versions_in(run((*pip, "list", "--format", "json"))[1]))
    lines = said_of(*versions)
    status, text = run((python, "-m", "pytest", *tests))
    failed = [line for line in text.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if not status:
        return PASSED, [*lines, "the tests pass"]
    how_many = (
        f"{len(failed)} test{'s' * (len(failed) != 1)} failed" if failed else f"pytest ended with {status}"
    )
    return FAILED, [*lines, *failed, how_many]


def versions_in(text: str) -> dict[str, str]:
    """What `pip list --format json` printed -> the version of each of PACKAGES."""
    found = {entry["name"].lower().replace("_", "-"): entry["version"] for entry in json.loads(text)}
    return {name: found[name] for name in PACKAGES}


def said_of(allowed: dict[str, str], newest: dict[str, str]) -> list[str]:
    """A line for each package: whether the registry has a newer version than pyproject.toml allows."""
    return [
        f"{name} {newest[name]} is the newest that goes with the other"
        if newest[name] == allowed[name]
        else f"{name} {newest[name]} is newer than what pyproject.toml allows ({allowed[name]})"
        for name in PACKAGES
    ]


def run(command: Sequence[str]) -> tuple[int, str]:
    """Run a command in ROOT, and pass on what it prints as it comes; see Run."""
    lines = []
    quiet = "list" in command
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if not quiet:
                print(line, end="", flush=True)
    return process.returncode, "".join(lines)


if __name__ == "__main__":
    sys.exit(main())
