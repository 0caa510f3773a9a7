"""Tables and the lines below them fit the terminal, and no line of any command ends in a space."""

import doctest
import json
import os
import pty
import re
import shutil
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.runners.command import table
from dateline.runners.command.log import lines_of
from dateline.runners.command.options import parser
from dateline.runners.command.outcome import WARNINGS_SHOWN
from dateline.runners.command.table import aligned, width_of, wrapped
from tests.conftest import EXAMPLES, dateline_here
from tests.helpers.reports import failed

VERSION = {
    "state": "done", "version": 12, "made": "2026-11-30T01:54:08+00:00", "run": "20261130T015407-3c36f0a7",
    "dumps": [f"part-{n}.txt" for n in range(5)], "files": 54, "bytes": 298_036,
    "changes": {"articles": 25, "duplicates": -18, "rejects": 1_004, "files": 40},
}  # fmt: skip
LONG = VERSION | {
    "dumps": ["crawl/" * 30 + "a.txt"],
    "bytes": 10**12,
    "changes": dict.fromkeys(VERSION["changes"], 10**9),
}


def test_a_version_and_a_run_that_failed():
    text = "\n".join(lines_of([failed(), VERSION], 80))
    assert text == """\
version  made (UTC)        articles  duplicates  rejects  dumps      size  files
failed   2026-11-09 01:00
         run 20261109T010000-00000009: the balance does not hold: of 9,000,000
         bytes read, some are lost or doubled
         part-0.txt: 12 bytes
         at balance, dump part-0.txt; 4,000,000 of 9,000,000 bytes of 2 dumps,
         400 records, 3 rejects, 390 rows
12       2026-11-30 01:54       +25         -18   +1,004      5  298.0 KB    +40
         run 20261130T015407-3c36f0a7: part-0.txt, part-1.txt, part-2.txt and 2
         more"""  # fmt: skip


@pytest.mark.parametrize("width", range(40, 121))
def test_what_log_prints_fits(width):
    head, *lines = lines_of([LONG, failed(), VERSION, VERSION | {"dumps": []}], width)
    assert head.startswith("version  made (UTC)")
    assert all(len(line) <= width or " " not in line.strip() for line in (head, *lines))
    assert ("files" in head) is (width >= 112)
    assert ("crawl/" * 30 + "a.txt") in " ".join(lines)  # a path stays whole


@given(st.lists(st.tuples(*[st.text("ab c", max_size=9)] * 4), min_size=1), st.none() | st.integers(9, 60))
def test_columns_stand_below_each_other(rows, width):
    lines = aligned(rows, "<><>", width)
    assert len(lines) == len(rows)
    assert all(line == line.rstrip() for line in lines)
    assert width is None or max(map(len, lines)) <= width
    wide = max(len(row[0]) for row in rows)
    for row, line in zip(rows, lines, strict=True):
        assert line[:wide].rstrip() == row[0].rstrip()
        assert not line[wide : wide + 2].strip()


def test_a_text_that_fits_is_one_line():
    assert wrapped("a b c", 7, "  ") == ["  a b c"]
    assert wrapped("a b c", 6, "  ") == ["  a b", "  c"]
    assert wrapped("a bbbbbbbb c", 6, "  ", "") == ["a", "  bbbbbbbb", "  c"]
    assert wrapped("a b " * 99, None, "  ") == ["  " + "a b " * 99]


def test_the_width(monkeypatch, tmp_path):
    monkeypatch.delenv("COLUMNS", raising=False)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 47))
    with open(theirs, "w") as terminal, (tmp_path / "file").open("w") as file:
        assert (width_of(terminal), width_of(file)) == (47, None)
        monkeypatch.setenv("COLUMNS", "61")
        assert (width_of(terminal), width_of(file)) == (61, 61)
        monkeypatch.setenv("COLUMNS", "0")
        assert (width_of(terminal), width_of(file)) == (47, None)
    os.close(ours)


def test_many_reports_that_cannot_be_read_are_a_few_warnings(sample, tmp_path):
    news = shutil.copytree(sample, tmp_path / "news")
    for n in range(100):
        folder = news / "_runs" / f"20261109T0100{n % 60:02d}-{n:04x}cafe"
        folder.mkdir()
        record = failed(run=f"20261109T010000-0{n * 77777:07x}")  # another than the folder's
        (folder / "report.json").write_text(json.dumps(record))
    done = dateline_here("log", news)
    assert done.returncode == 0
    *shown, last = done.stderr.splitlines()
    assert len(shown) == WARNINGS_SHOWN
    assert last == f"dateline: warning: and {100 - WARNINGS_SHOWN} more of this kind"


WIDE = {
    "inspect": ["inspect", EXAMPLES[0]],
    "explain": ["explain", "{news}", "ferry"],
    "explain, of many": ["explain", "{news}", "a"],
    "verify": ["verify", "{news}"],
    "log": ["log", "{news}"],
    "run": ["run", "--input", *EXAMPLES, "--output", "{own}"],
    "diff": ["diff", "{two}", 1, 2],
}  # fmt: skip


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A dataset of two versions."""
    news = tmp_path_factory.mktemp("two") / "news"
    for dumps in (EXAMPLES[:2], EXAMPLES):
        assert dateline_here("run", "--quiet", "--input", *dumps, "--output", news).returncode == 0
    return news


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("name", WIDE)
def test_what_is_printed_fits_a_terminal(sample, two, tmp_path, monkeypatch, name, width):
    """But for what is to be copied: one word, or a command of the next steps."""
    monkeypatch.setenv("COLUMNS", str(width))
    places = {"news": sample, "own": tmp_path / "news", "two": two}
    done = dateline_here(*(str(word).format(**places) for word in WIDE[name]))
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout.splitlines()
    long = [line for line in told if len(line) > width]
    copied = [
        line
        for line in long
        if "-m dateline " in line or " -c " in line or len(line.split()[-1]) > width // 2
    ]
    assert long == copied
    if "inspect" not in name and "many" not in name:  # which cut what does not fit
        monkeypatch.delenv("COLUMNS")
        again = dateline_here(
            *(str(word).format(**places | {"own": tmp_path / "again"}) for word in WIDE[name])
        )
        if name in ("explain", "verify", "diff"):
            assert again.stdout.split() == done.stdout.split()


SUBCOMMANDS = sorted(parser().commands())


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> dict[str, str]:
    """What each command says about the sample dumps, to a person."""
    folder = tmp_path_factory.mktemp("said")
    news = folder / "news"
    found = {"run": "", "explain": "", "--help": ""}
    for dumps in (EXAMPLES[:2], EXAMPLES, EXAMPLES):
        done = dateline_here("run", "--input", *dumps, "--output", news)
        found["run"] += done.stdout + done.stderr
    wrong = dateline_here("run", "--input", folder / "none*", "--output", news)
    found["run"] += wrong.stdout + wrong.stderr
    commands: dict[str, tuple[object, ...]] = {
        "inspect": ("--full",), "explain": ("a",), "diff": (1, 2), "export": ("--to", folder / "out"),
        "prune": ("--keep-versions", 2), "restore": ("--version", 1), "verify": ("--dumps", *EXAMPLES),
    }  # fmt: skip
    for name in (*commands, "log", "report", "repair"):
        target = EXAMPLES if name == "inspect" else [news]
        for each in target:
            done = dateline_here(name, each, *commands.get(name, ()))
            found[name] = found.get(name, "") + done.stdout + done.stderr
    for id in re.findall(r"\b[0-9a-f]{32}\b", found["explain"]):
        found["explain"] += dateline_here("explain", news, id).stdout
    return found


def test_all_commands_were_asked(said):
    assert sorted(name for name in said if said[name]) == SUBCOMMANDS


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_no_line_ends_in_a_space(said, command):
    assert [line for line in said[command].splitlines() if line != line.rstrip()] == []


def test_examples_in_docstrings():
    result = doctest.testmod(table)
    assert result.attempted
    assert not result.failed
