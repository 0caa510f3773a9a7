"""Every command and every piece of Python in the docs is run, page by page, in a folder with the sample dumps.

A block that follows another on its page finds what that one left: files, and names of Python. A block of `text` right behind
one is what it prints, where `...` stands for anything. A command ends with 0, or with what a comment in the block says,
`# exit status 3`. What cannot be run here says so to its readers in its title; test_stand_ins.py runs it with stand-ins:

    ```sh title="Needs a cluster"
"""

import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import EXAMPLES, ROOT, dateline_here

PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("docs/**/*.md", "runners/**/*.md", "examples/**/*.md", "benchmarks/README.md", "*.md")
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts
)
ELSEWHERE = {
    "CONTRIBUTING.md": "tests/docs/test_contributing.py",
    "docs/inputs.md": "tests/inputs/test_accounted.py",
}
"""Pages whose blocks another test runs, or holds against what they name."""
QUICK_START = 2
"""Blocks of the README that .ci/run runs, in fresh clones."""
BLOCK = re.compile(
    r"^```(?P<language>sh|python)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<printed>.*?)^```$)?",
    re.M | re.S,
)
HOMES = ("/srv/dateline", "/var/lib/dateline")
"""Folders of the machine that a page tells of: in a test they are in the page's own."""


class Block(NamedTuple):
    language: str
    title: str | None
    code: str
    printed: str | None


def blocks_of(page: str) -> list[Block]:
    found = [Block(**found.groupdict()) for found in BLOCK.finditer(ROOT.joinpath(page).read_text("utf-8"))]
    return found[QUICK_START:] if page == "README.md" else found


STORE = "Needs a store"
"""The title of what is run against a store of the tests' own."""


def is_run(block: Block) -> bool:
    return block.title is None


def commands_of(code: str) -> list[list[str]] | None:
    """The words of each line, if all are commands of Dateline that need no shell."""
    lines = [line for line in code.replace("\\\n", " ").splitlines() if not re.match(r"\s*(#|$)", line)]
    if any(not line.startswith("dateline ") or re.search(r"[|&;<>$`]", line) for line in lines):
        return None
    return [shlex.split(line, comments=True)[1:] for line in lines]


def put_programs(folder: Path) -> Path:
    """A folder for the PATH, with `python` and `dateline`: this Python, and this package."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name, words in (("python", ""), ("dateline", " -m dateline")):
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{words} "$@"\n')
        (programs / name).chmod(0o755)
    return programs


def run_commands(code: str, folder: Path) -> str:
    """What the commands of a block print on stdout."""
    expected = int((re.findall(r"# exit status (\d+)", code) or ["0"])[0])
    commands = commands_of(code)
    if commands is not None:
        done = [dateline_here(*words) for words in commands]
        assert [each.returncode for each in done] == [0] * (len(done) - 1) + [expected], done
        return "".join(each.stdout for each in done)
    environ = os.environ | {"PATH": f"{put_programs(folder)}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["timeout", "100", "bash", "-euo", "pipefail", "-c", code],
        capture_output=True,
        text=True,
        env=environ,
    )
    assert done.returncode == expected, done
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in ELSEWHERE and any(map(is_run, blocks_of(page)))]
)
def test_each_block_runs_and_prints_what_it_should(page, sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    monkeypatch.setenv("BROWSER", "true")  # which opens nothing
    for folder in ("examples", "dumps", "srv/dateline/dumps"):
        tmp_path.joinpath(folder).mkdir(parents=True)
        for dump in EXAMPLES:
            shutil.copy(dump, folder)
    shutil.copytree(
        ROOT / "examples" / "consumers", "examples/consumers", ignore=shutil.ignore_patterns("node_modules")
    )
    if page == "README.md":  # what its quick start makes
        shutil.copytree(sample, "news")
    names: dict = {"__name__": "page"}
    for block in filter(is_run, blocks_of(page)):
        code = re.sub("|".join(HOMES), lambda home: f"{tmp_path}{home[0]}", block.code)
        if block.language == "python":
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(compile(code, page, "exec"), names)
            output = printed.getvalue()
        else:
            output = run_commands(code, tmp_path)
        if block.printed is not None:
            assert doctest.OutputChecker().check_output(block.printed, output, doctest.ELLIPSIS), (
                f"{block.code}printed\n{output}and not\n{block.printed}"
            )


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(block.title == STORE for block in blocks_of(page))]
)
def test_each_block_for_a_store_runs(page, store, here, tmp_path, monkeypatch):
    here(XDG_CACHE_HOME=str(tmp_path))
    store.client.create_bucket(Bucket="bucket")
    for dump in EXAMPLES:
        store.client.upload_file(dump, "bucket", f"dumps/{Path(dump).name}")
    options = ["--source-root", "s3://bucket/dumps", "--output", "s3://bucket/news", "--quiet"]
    assert dateline_here("run", "--input", "s3://bucket/dumps/*", *options).returncode == 0
    for block in blocks_of(page):
        if block.title == STORE and block.language == "python":
            exec(compile(block.code, page, "exec"), {})
        elif block.title == STORE:
            run_commands(block.code, tmp_path)


def test_what_is_not_run_says_why():
    titles = [block.title for page in PAGES for block in blocks_of(page) if block.title]
    assert all(title.startswith("Needs ") for title in titles)


def test_no_block_of_code_is_overlooked():
    """Each fence of sh or python is one that the pattern above finds, also in a list."""
    for page in PAGES:
        fences = re.findall(
            r"^\s*```(?:sh|bash|console|shell|python|py|pycon)\b",
            ROOT.joinpath(page).read_text("utf-8"),
            re.M,
        )
        assert len(fences) == len(blocks_of(page)) + (QUICK_START if page == "README.md" else 0), page


@pytest.mark.parametrize("page", ELSEWHERE)
def test_other_tests_run_what_is_left_to_them(page):
    assert Path(page).name in ROOT.joinpath(ELSEWHERE[page]).read_text("utf-8")


def test_a_block_is_read_with_its_title_and_what_it_prints():
    text = '```sh title="Needs a store"\nx\n```\n\n```python\ny\n```\n\n```text\nz\n```\n'
    found = [Block(**each.groupdict()) for each in BLOCK.finditer(text)]
    assert found == [Block("sh", "Needs a store", "x\n", None), Block("python", None, "y\n", "z\n")]
    assert Counter(map(is_run, found)) == {True: 1, False: 1}


def test_commands_that_need_no_shell():
    assert commands_of("# first\ndateline log 'a b'  # and so on\n") == [["log", "a b"]]
    assert commands_of("dateline run \\\n    --input x\n") == [["run", "--input", "x"]]
    assert commands_of("dateline log news | head -1\n") is None
    assert commands_of("mv a b\n") is None
