"""Programs whose names do not say that they are Python are linted, and CI checks their types one by one."""

import fnmatch
import subprocess
import tomllib

from tests.conftest import ROOT

INCLUDED = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["extend-include"]


def test_every_program_in_python_is_looked_at():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    named = [ROOT / name for name in listed if "." not in name.rpartition("/")[2]]
    files = [
        path for path in named if path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env python3")
    ]
    assert len(files) >= 5
    for path in files:
        assert any(fnmatch.fnmatch(str(path.relative_to(ROOT)), pattern) for pattern in INCLUDED), path
    loop = f"for script in {' '.join(sorted(INCLUDED, reverse=True))}; do .venv/bin/mypy"
    assert loop in ROOT.joinpath(".ci", "run").read_text("utf-8")
