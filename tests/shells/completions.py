"""Completions, in the shells themselves: a key is pressed, and the shell says what it has.

Not among the tests that run by themselves, since they need bash, zsh and fish: `python -m pytest tests/shells/completions.py`.
"""

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest

from dateline.runners.command.completions import SHELLS, script
from dateline.runners.command.options import parser

CASES = [
    ("dateline expl", "explain"),
    ("dateline run --max-rej", "--max-rejects"),
    ("dateline run --output x --runner fl", "flink"),
    ("dateline export --format ipc", "ipc-stream"),
    ("dateline log datas", "dataset"),
    ("dateline inspect one-d", "one-dump.txt"),
    ("dateline --conf", "--config"),
]
"""What is typed, and what the shell makes of its last word."""


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with a dataset and a dump, and the scripts."""
    (tmp_path / "dataset").mkdir()
    (tmp_path / "one-dump.txt").touch()
    for shell in SHELLS:
        (tmp_path / f"script.{shell}").write_text(script(parser(), shell))
    (tmp_path / "functions").mkdir()
    (tmp_path / "script.zsh").rename(tmp_path / "functions" / "_dateline")
    return tmp_path


def ask(shell: str, folder: Path, *command: str) -> list[str]:
    done = subprocess.run([shell, *command], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(("typed", "completed"), CASES, ids=[typed for typed, _ in CASES])
def test_bash(folder, typed, completed):
    *before, last = typed.split()
    ask_it = (
        f"source script.bash; COMP_WORDS=({typed}); COMP_CWORD={len(before)}; "
        f'complete -p dateline >/dev/null && _shtab_dateline dateline {last} {before[-1]}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    assert completed in [line.strip() for line in ask("bash", folder, "--norc", "-c", ask_it)]


@pytest.mark.parametrize(("typed", "completed"), CASES, ids=[typed for typed, _ in CASES])
def test_fish(folder, typed, completed):
    lines = ask("fish", folder, "--no-config", "-c", f'source script.fish; complete -C "{typed}"')
    assert completed in [line.split("\t")[0].rstrip("/") for line in lines]


def test_zsh(folder):
    """It completes in a terminal only: a key is pressed there, and the line printed as it then is."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(folder)
        os.environ.update(TERM="dumb", PS1="", HOME=str(folder), ZDOTDIR=str(folder))
        os.execvp("zsh", ["zsh", "-f", "-i"])
    try:
        setup = "PS1='' RPS1=''; unsetopt zle_bracketed_paste; fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D; print rea''dy"
        send(terminal, f"{setup}\n", "ready")
        # A function in the place of the program prints the words that the line had when it was entered.
        send(terminal, "dateline() { print -r -- \"got: $*;\" }; print do''ne\n", "done")
        for typed, completed in CASES:
            words = typed.split()
            expected = f"got: {' '.join([*words[1:-1], completed])}"
            said = send(terminal, f"{typed}\t\n", ";")
            assert expected in said, said
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def send(terminal: int, text: str, until: str) -> str:
    """Type into a terminal; what it says, up to some text."""
    for part in text.partition("\t"):
        os.write(terminal, part.encode())
        time.sleep(0.2 if part == "\t" else 0)
    said, end = "", time.monotonic() + 20
    while until not in said and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            said += os.read(terminal, 1 << 16).decode("utf-8", "replace")
    return said
