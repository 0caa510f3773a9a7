"""`dateline --completions`: which shells have a script; what a shell makes of it is in tests/shells."""

import subprocess
import sys

import pytest

from dateline.runners.command.completions import script
from dateline.runners.command.options import parser


def test_the_real_command():
    done = subprocess.run(
        [sys.executable, "-m", "dateline", "--completions", "fish"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == script(parser(), "fish")


def test_a_shell_that_has_none():
    with pytest.raises(SystemExit):
        parser().parse_args(["--completions", "powershell"])
