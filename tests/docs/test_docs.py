"""The README says what the program does: its commands, tables and printed output are held against it."""

import io
import re
import shutil
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from dateline import schemas
from dateline.pipeline.rules.blocks import Limits
from dateline.runners.command.options import parser
from tests.conftest import ROOT

README = ROOT.joinpath("README.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^##+ (.+)\n((?:(?!^## ).*\n)*)", README, re.M))


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def first_column(section: str) -> list[str]:
    text = README[README.index(f" {section}\n") :]
    table = text[text.index("| --- |") :].split("\n\n")[0]
    return re.findall(r"^\| `([^`]+)`", table, re.M)


def test_quick_start_is_two_blocks_of_one_line():
    found = blocks("sh", SECTIONS["Quick start"])
    assert [len(block.splitlines()) for block in found] == [1, 1]
    assert "dateline run" in found[0]
    assert "pytest" in found[1]


def test_columns():
    assert first_column("The columns") == list(schemas.load("article")["properties"])


def test_reject_reasons():
    assert first_column("Why a block is rejected") == list(schemas.reject_reasons())


def test_figures_of_a_stage():
    assert first_column("Where the time goes") == list(schemas.load("report")["$defs"]["stage"]["properties"])


def test_options():
    (commands,) = [action for action in parser()._actions if action.dest == "command"]
    options = [
        action.option_strings[0] for action in commands.choices["run"]._actions if action.dest != "help"
    ]
    assert [name.split()[0] for name in first_column("The command")] == options
    assert str(Limits().block_bytes) in README
    assert str(Limits().line_bytes) in README


def test_commands_and_options_of_checking():
    (commands,) = [action for action in parser()._actions if action.dest == "command"]
    text = README.partition("### Checking and history\n")[2].partition("\n### ")[0]
    names = re.findall(r"`dateline (\w+) DATASET", text)
    assert names == ["verify", "log", "diff", "prune"]
    options = {
        name: {option for action in commands.choices[name]._actions for option in action.option_strings}
        - {"-h", "--help"}
        for name in names
    }
    table = "".join(line for line in text.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(--[\w-]+)", table)) == options["verify"]
    assert set(re.findall(r"--[a-z][\w-]+", text)) == set().union(*options.values())


def test_the_tree_is_what_is_written(sample):
    tree = blocks("text", SECTIONS["What comes out"])[0]
    for line in tree.splitlines()[1:]:
        for name in line.split("   ")[0].strip().split(", "):
            pattern = re.sub(r"<\w+>", "*", name)
            assert list(sample.glob(pattern)) or list(sample.rglob(pattern)), name


def test_queries_print_what_the_readme_shows(sample, tmp_path, monkeypatch):
    shutil.copytree(sample, tmp_path / "news")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    shown = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", README, re.M | re.S)
    assert len(shown) == len(blocks("python")) == 5
    for code, output in shown:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(code, "README.md", "exec"), names)
        assert printed.getvalue() == output


@pytest.mark.parametrize(
    "path", re.findall(r"`((?:pipeline|schemas|tests|examples|runners)/[\w/.]*)`", README)
)
def test_paths_are_there(path):
    assert (ROOT / path).exists()


def test_the_flow_reads_like_the_line():
    code = Path(ROOT, "pipeline", "flow.py").read_text("utf-8")
    line = next(line for line in README.splitlines() if line.startswith("read ->"))
    stages = [stage for stage in line.split(" -> ") if stage != "commit"]
    places = [code.index(f'"{stage.capitalize()}" >>') for stage in stages]
    assert places == sorted(places)
    for stage in stages:
        assert Path(ROOT, "pipeline", "stages", f"{stage}.py").exists()
