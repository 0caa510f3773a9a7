"""Colour is on terminals only, can be switched off, and never tells anything alone."""

import doctest
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress

import pytest

import dateline.runners.command.colour
from tests.conftest import ROOT
from tests.helpers.pages import Article, plain

COLOUR = re.compile(r"\x1b\[\d*m")


def on_terminal(*words, **environ) -> str:
    """What a command says in a terminal, stdout and stderr together."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")} | environ
    command = [sys.executable, "-m", "dateline", *map(str, words)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=env):
        os.close(theirs)
        said = b""
        with suppress(OSError):  # it has ended
            while data := os.read(ours, 1 << 16):
                said += data
    os.close(ours)
    return said.decode()


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_text("Words of no article.\n" + plain(Article()))
    return path


def test_colours_on_a_terminal(dump):
    said = on_terminal("inspect", dump, TERM="xterm")
    assert len(COLOUR.findall(said)) > 4
    assert COLOUR.sub("", said) == on_terminal("inspect", dump, TERM="dumb")  # the words are the same


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}, {}], ids=str)
def test_no_colours(dump, environ):
    assert "\x1b" not in on_terminal("inspect", dump, **environ)
    assert "\x1b" not in on_terminal("log", dump / "gone", **environ)
    assert "\x1b" not in on_terminal("lgo", **environ)


@pytest.mark.parametrize("words", [("log", "gone"), ("lgo",)], ids=" ".join)
def test_errors(words):
    said = on_terminal(*words, TERM="xterm", NO_COLOR="")
    assert said.startswith("dateline: \x1b[31merror: \x1b[0m")


def test_examples_in_docstrings():
    result = doctest.testmod(dateline.runners.command.colour)
    assert result.attempted
    assert not result.failed
