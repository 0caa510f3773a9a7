"""The README and docs say what the program does: their tables and names are held against it."""

import re
from pathlib import Path

import pytest

from dateline import errors, schemas
from dateline.runners.command.options import parser
from tests.conftest import ROOT
from tools import build_reference

README = ROOT.joinpath("README.md").read_text("utf-8")
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for pattern in ("docs/**/*.md", "runners/**/*.md", "*.md")
    for path in sorted(ROOT.glob(pattern))
}

CODE = re.sub(
    r'"\s*\n\s*f?"',
    "",
    "\n".join(
        path.read_text("utf-8")
        for room in ("pipeline", "runners")
        for path in ROOT.joinpath(room).rglob("*.py")
    ),
)
"""All of the program, with texts of several lines joined."""


def first_column(page: str, section: str) -> list[str]:
    """The first column of the first table of a section."""
    text = PAGES[page]
    text = text[text.index(f" {section}\n") :]
    table = text[text.index("| --- |") :].split("\n\n")[0]
    return re.findall(r"^\| `([^`]+)`", table, re.M)


def test_the_readme_is_one_page():
    assert len(README.splitlines()) <= 120
    assert "docs/images/report.png" in README
    assert ROOT.joinpath("docs", "images", "report.png").stat().st_size < 150_000


def test_quick_start_is_two_blocks_of_one_line():
    section = README.partition("## Quick start\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S)
    assert [len(block.splitlines()) for block in found] == [1, 1]
    assert "dateline run" in found[0]
    assert "pytest" in found[1]


@pytest.mark.parametrize("page", build_reference.PAGES)
def test_pages_that_follow_from_the_code_are_as_it_gives_them(page):
    made = build_reference.PAGES[page]()
    assert PAGES[f"docs/reference/{page}"] == made, "python -m tools.build_reference"


def test_the_reference_has_every_command_and_option():
    text = build_reference.command_line()
    (commands,) = [action for action in parser()._actions if action.dest == "command"]
    for name, command in commands.choices.items():
        section = text.partition(f"## dateline {name}\n")[2].partition("\n## ")[0]
        for action in command._actions:
            if action.dest != "help":
                assert f"| `{build_reference.shape(action).replace('|', ' or ')}` | " in section
    assert "(default: 4194304)" in text


def test_the_reference_has_every_column_reason_and_field():
    columns, reasons, shapes = (
        build_reference.PAGES[page]() for page in ("columns.md", "reject-reasons.md", "json.md")
    )
    assert all(f"| `{name}` | " in columns for name in schemas.load("article")["properties"])
    assert re.findall(r"^\| `(\w+)` \|", reasons, re.M) == list(schemas.reject_reasons())
    assert "| `dumps[].sha256` | string | " in shapes
    assert "| `stages.read` | a `stage` | " in shapes
    assert "| `seconds.*` | number | " in shapes


def test_figures_of_a_stage():
    figures = list(schemas.load("report")["$defs"]["stage"]["properties"])
    assert first_column("docs/reference/figures.md", "Figures of a stage") == figures


def test_fields_of_a_failed_run():
    shown = first_column("docs/how-to/failed-run.md", "What a failed run leaves")
    assert set(shown) <= set(schemas.load("failure")["properties"])


def test_errors_of_python():
    table = re.findall(r"^\| `(\w+)` \| (\d) \|", PAGES["docs/python.md"], re.M)
    assert dict(table) == {
        name: str(getattr(errors, name).exit_status) for name in errors.__all__ if name != "DatelineError"
    }


def test_the_tree_is_what_is_written(sample):
    tree = PAGES["docs/reference/files.md"].partition("```text\n")[2].partition("```")[0]
    for line in tree.splitlines()[1:]:
        for name in line.split("   ")[0].strip().split(", "):
            pattern = re.sub(r"<\w+>", "*", name)
            assert list(sample.glob(pattern)) or list(sample.rglob(pattern)), name


@pytest.mark.parametrize("page", PAGES)
def test_paths_are_there(page):
    for path in re.findall(
        r"`((?:pipeline|schemas|tests|examples|runners|tools|benchmarks)/[\w/.-]*)`", PAGES[page]
    ):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    """MkDocs sees the same, with the anchors, but for the README."""
    for target in re.findall(
        r"\]\((?![a-z]+:|#)([^()\s#]+)", re.sub(r"^```.*?^```$", "", PAGES[page], flags=re.M | re.S)
    ):
        assert (ROOT / page).parent.joinpath(target).exists(), target


MESSAGES = {
    message
    for page in ("docs/how-to/failed-run.md", "docs/how-to/restore-and-repair.md", "docs/inputs.md")
    for line in PAGES[page].splitlines()
    if line.startswith("| `")
    for message in re.findall(r"`([^`]+)`", line.split(" | ")[0])
    if " " in message and not message.startswith("dateline ")
}
FILLED_IN = r"\.\.\.|\d+|SIGTERM|; version|\bN\b|#|gzip|_manifests/latest\.json|has a folder of its own"
"""What stands in a message of the docs for what the program puts there."""


@pytest.mark.parametrize("message", sorted(MESSAGES))
def test_messages_are_those_of_the_program(message):
    parts = [part.strip() for part in re.split(FILLED_IN, message)]
    assert max(map(len, parts)) > 8
    assert [part for part in parts if part not in CODE] == []


def test_the_flow_reads_like_the_line():
    code = Path(ROOT, "pipeline", "flow.py").read_text("utf-8")
    text = PAGES["docs/explanation/how-it-works.md"]
    line = next(line for line in text.splitlines() if line.startswith("read ->"))
    stages = [stage for stage in line.split(" -> ") if stage != "commit"]
    places = [code.index(f'"{stage.capitalize()}" >>') for stage in stages]
    assert places == sorted(places)
    for stage in stages:
        assert Path(ROOT, "pipeline", "stages", f"{stage}.py").exists()
