"""CONTRIBUTING.md tells the truth: its commands, its paths, and its map of the rooms."""

import re
import shlex
import tomllib

import pytest
import yaml

from tests.conftest import ROOT
from tests.test_house import FLOORS

TEXT = ROOT.joinpath("CONTRIBUTING.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^##+ (.+)\n((?:(?!##+ ).*\n)*)", TEXT, re.M))
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.M | re.S) for line in block.splitlines()
]
PATHS = sorted(
    {word for word in re.findall(r"`([^`\s]+)`", TEXT) if "/" in word or word.endswith((".md", ".py"))}
)
PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))
HOOKS = [
    hook
    for repo in yaml.safe_load(ROOT.joinpath(".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    for hook in repo["hooks"]
]
ROOMS = {
    name.removeprefix("dateline.").replace(".", "/") + "/"
    for names in FLOORS
    for name in names
    if ROOT.joinpath(*name.split(".")[1:]).is_dir() and name != "dateline"
}


@pytest.mark.parametrize("path", PATHS)
def test_each_path_is_there(path):
    if not path.startswith(".venv/"):
        assert ROOT.joinpath(path).exists()


def test_the_map_names_every_room_and_nothing_else():
    places = re.findall(r"^\* `([^`]+)`: ", SECTIONS["The map of the house"], re.M)
    assert set(places) == ROOMS
    assert len(places) == len(ROOMS) == 11


def test_the_map_goes_from_the_ground_up():
    floor_of = {
        name.removeprefix("dateline.").replace(".", "/") + "/": number
        for number, names in enumerate(FLOORS)
        for name in names
    }
    floors = [floor_of[place] for place in re.findall(r"^\* `([^`]+)`: ", TEXT, re.M) if place in floor_of]
    assert floors == sorted(floors)


@pytest.mark.parametrize("line", [line for line in COMMANDS if "pytest" in line])
def test_each_pytest_command_chooses_tests(line):
    """Its files are there, its marker is registered, and its word is in the name of a test."""
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "pytest"]
    files = [word for word in words if word.startswith("tests/")]
    assert all(ROOT.joinpath(file).is_file() for file in files)
    if "-m" in words[3:]:
        markers = PROJECT["tool"]["pytest"]["ini_options"]["markers"]
        assert words[words.index("-m", 3) + 1].removeprefix("not ") in {
            name.split(":")[0] for name in markers
        }
    if "-k" in words:
        assert re.search(rf"def test_\w*{words[-1]}", ROOT.joinpath(*files).read_text("utf-8"))


@pytest.mark.parametrize("room", sorted({room.split("/")[-2] for room in ROOMS}))
def test_the_fast_subset_covers_every_room(room):
    texts = [path.read_text("utf-8") for path in ROOT.glob(f"tests/{room}/test_*.py")]
    assert [text for text in texts if "def test_" in text and "\npytestmark = pytest.mark.slow\n" not in text]


MOST = {"A layout": 2, "A place alias": 1, "A column": 3, "An engine": 3, "A subcommand": 3}
"""Files of the program that an addition touches, at most."""


@pytest.mark.parametrize("what", MOST)
def test_each_recipe_names_its_files_and_its_test(what):
    files = re.findall(r"^\d\. `([^`]+)`: ", SECTIONS[what], re.M)
    assert 0 < len(files) <= MOST[what]
    assert all(file.startswith(("pipeline/", "runners/", "schemas/")) for file in files)
    test = SECTIONS[what].partition("\nTest: ")[2]
    assert re.search(r"`tests/[^`]+`", test)


def test_the_set_up_brings_what_the_hooks_call():
    extra = PROJECT["project"]["optional-dependencies"]["dev"]
    tools = {re.match(r"[\w-]+", line)[0] for line in extra}
    assert {hook["entry"].split()[0] for hook in HOOKS} <= tools | {"python"}
    assert {hook["language"] for hook in HOOKS} == {"system"}
    assert "-e '.[dev]'" in COMMANDS[0]
    assert "pre-commit install" in COMMANDS[0]
    assert "pre-commit" in tools


def test_ci_runs_what_the_hooks_run():
    ci = ROOT.joinpath(".ci", "run").read_text("utf-8")
    for hook in HOOKS:
        assert hook["entry"] in ci or hook["entry"].startswith("python -m pytest tests/"), hook["id"]
