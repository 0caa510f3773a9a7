"""What a command says when stdout or stderr is in trouble: at most one line, the right status, never a traceback."""

import json
import os
import subprocess
import sys
from typing import NamedTuple

import pytest

from tests.conftest import ROOT, dateline, dateline_here
from tests.helpers.pages import Article, plain

pytestmark = pytest.mark.slow

HEADLINE = "Café of the “Léger” quay 北京 🙂 reopens"
ODD = "odd\udcff\udce9\x1b[2J\n.txt"
"""A name with bytes that are not UTF-8, and some that steer a terminal."""

READING = {
    "log": ["log", "{news}"],
    "log --json": ["log", "{news}", "--json"],
    "diff": ["diff", "{news}", "1", "2"],
    "diff --json": ["diff", "{news}", "1", "2", "--json"],
    "explain": ["explain", "{news}", HEADLINE],
    "explain --json": ["explain", "{news}", HEADLINE, "--json"],
    "inspect": ["inspect", "{dump}"],
    "inspect --json": ["inspect", "{dump}", "--json"],
    "verify": ["verify", "{news}"],
    "verify --json": ["verify", "{news}", "--json"],
    "--help": ["--help"],
    "run --help": ["run", "--help"],
    "--version": ["--version"],
}
"""All that these are for is what they print."""

DOING = {
    "run": ["run", "--input", "{dump}", "--output", "{news}"],
    "run --json": ["run", "--input", "{dump}", "--output", "{news}", "--json"],
    "prune": ["prune", "{news}", "--keep-versions", "9"],
    "repair": ["repair", "{news}"],
    "repair --json": ["repair", "{news}", "--json"],
    "restore": ["restore", "{news}", "--version", "1"],
}
FAILING = {
    "verify damage": (["verify", "{damaged}"], 1),
    "no dataset": (["log", "{folder}"], 2),
    "a pattern of nothing": (["run", "--input", "{folder}/no*", "--output", "{folder}/x"], 2),
    "an odd option": (["run", "--input", "{dump}", "--output", "{folder}/x", "--\x1b[2J\n\udcff"], 2),
    "some input is unusable": (["run", "--input", "{dump}", "{folder}", "--output", "{news}"], 3),
    "each is a reject": (["run", "--input", "{bad}", "--output", "{folder}/y"], 1),
}


class Case(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> dict[tuple[str, str], Case]:
    """What each command came to in each trouble."""
    from tests.helpers.troubles import TROUBLES

    folder = tmp_path_factory.mktemp("said")
    dump, bad, news = folder / ODD, folder / "bad.txt", folder / "news"
    dump.write_text(plain(Article(headline=HEADLINE)))
    bad.write_text("Nothing but some words.\n")
    for number in (1, 2):
        (folder / f"{number}.txt").write_text(plain(Article(headline=f"Lamp {number} is lit")))
    for paths in ([dump], [folder / "1.txt"]):
        assert dateline_here("run", "--input", *paths, "--output", news).returncode == 0
    damaged = folder / "damaged"
    assert dateline_here("run", "--input", *folder.glob("?.txt"), "--output", damaged).returncode == 0
    next(damaged.glob("date=*/*/*.arrow")).write_bytes(b"no Arrow file")
    places = {"news": news, "dump": dump, "folder": folder, "damaged": damaged, "bad": bad}
    commands = READING | DOING | {name: args for name, (args, _) in FAILING.items()}
    wanted = [
        (name, [arg.format(**places) for arg in args], trouble)
        for name, args in commands.items()
        for trouble in TROUBLES
    ]
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.troubles"],
        input=json.dumps(wanted), capture_output=True, text=True, cwd=ROOT, check=True, timeout=300,
    )  # fmt: skip
    lines = map(json.loads, done.stdout.splitlines())
    return {(name, trouble): Case(*rest) for name, trouble, *rest in lines}


def test_no_traceback_whatever_the_trouble(cases):
    told = {key: case for key, case in cases.items() if "Traceback" in case.err or "Exception" in case.err}
    assert told == {}
    assert len(cases) > 200


@pytest.mark.parametrize("name", READING)
def test_what_a_command_is_for_is_lost(cases, name):
    """A reader who has gone has seen enough; a device that takes nothing is a failure."""
    for trouble, why in (("full", "No space left on device"), ("closed", "Bad file descriptor")):
        case = cases[name, f"stdout is {trouble}"]
        assert (case.status, case.err) == (1, f"dateline: error: cannot write to stdout: {why}\n"), trouble
    assert cases[name, "both are closed"].status == 1
    for trouble in ("stdout has no reader", "neither has a reader"):
        assert (cases[name, trouble].status, cases[name, trouble].err) == (0, "")


@pytest.mark.parametrize("name", DOING)
def test_what_was_done_is_done_though_nobody_hears_of_it(cases, name):
    for trouble, why in (("full", "No space left on device"), ("closed", "Bad file descriptor")):
        case = cases[name, f"stdout is {trouble}"]
        told = f"dateline: warning: what it came to could not be told on stdout: {why}\n"
        assert (case.status, case.err) == (0, told)
    for trouble in ("stdout has no reader", "neither has a reader", "both are closed"):
        assert (cases[name, trouble].status, cases[name, trouble].err) == (0, "")


@pytest.mark.parametrize("name", [*READING, *DOING])
@pytest.mark.parametrize("trouble", ["stderr is full", "stderr is closed", "stderr has no reader"])
def test_what_is_lost_on_stderr_is_no_failure(cases, name, trouble):
    assert cases[name, trouble].status == 0
    if name in READING:
        assert cases[name, trouble].out == cases[name, "none"].out != ""


@pytest.mark.parametrize("name", FAILING)
def test_the_status_is_right_whoever_hears_of_it(cases, name):
    statuses = {trouble: case.status for (each, trouble), case in cases.items() if each == name}
    assert statuses == dict.fromkeys(statuses, FAILING[name][1])
    assert len(statuses) == 11
    err = cases[name, "none"].err
    if name != "verify damage":
        assert "\x1b" not in err
        assert err.endswith("\n")
        assert len([line for line in err.splitlines() if line.startswith("dateline")]) == 1


@pytest.mark.parametrize("name", [*READING, *DOING])
def test_an_encoding_that_lacks_characters(cases, name):
    plain, ascii = cases[name, "none"], cases[name, "both are ASCII"]
    assert ascii.status == 0
    assert ascii.out.isascii()
    if name.endswith("--json") and name in READING:
        assert list(map(json.loads, ascii.out.splitlines())) == list(map(json.loads, plain.out.splitlines()))
    elif name in READING:
        assert ascii.out == "".join(c if c.isascii() else escape(c) for c in plain.out)


def escape(character: str) -> str:
    return json.dumps(character)[1:-1]


@pytest.mark.parametrize("name", READING)
def test_a_pipe_that_is_slow(cases, name):
    assert (cases[name, "stdout is not waited for"].status, cases[name, "stdout is not waited for"].err) == (
        0,
        "",
    )


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1:strict", "LANG": "C"},
    ],
    ids=str,
)
def test_a_process_of_its_own(tmp_path, environ):
    """The same of a process of its own, with a name that is not UTF-8, and head in the pipe."""
    dump = tmp_path / ODD
    dump.write_text(plain(Article(headline=HEADLINE)))
    done = dateline("inspect", dump, "--json", env=os.environ | environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["record"]["headline"] == HEADLINE
    headed = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" | head -1', "-", sys.executable, "-m", "dateline", "run", "--help"],
        capture_output=True, text=True, cwd=ROOT, check=False, env=os.environ | environ,
    )  # fmt: skip
    assert (headed.returncode, headed.stderr) == (0, "")
    assert headed.stdout.startswith("usage: dateline run")
