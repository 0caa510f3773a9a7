"""What is ready for Dataflow, held against the command's own options and versions."""

import argparse
import json
import re
import tomllib

import pytest

from dateline.pipeline import versions
from dateline.runners.command.options import parser
from dateline.runners.engine.registry import ENGINES
from tests.conftest import ROOT

FOLDER = ROOT / "runners" / "dataflow"
METADATA = json.loads(FOLDER.joinpath("metadata.json").read_text("utf-8"))
PARAMETERS = {parameter["name"]: parameter for parameter in METADATA["parameters"]}

NOT_THERE = {
    "runner": "the template is the runner",
    "job-endpoint": "of another runner",
    "flink-master": "of another runner",
    "job-server": "of another runner",
    "worker-pool": "of another runner",
    "token-file": "of another runner",
    "project": "the template's caller names it to the service",
    "region": "the template's caller names it to the service",
    "staging-location": "the run folder serves",
    "work-dir": "a folder of this machine",
    "workers": "of this machine; Dataflow has its own",
    "profile": "of this machine's processes",
    "metrics": "a file of this machine",
    "allow-empty": "a flag, for folders of this machine, too",
    "json": "a flag, for who reads stdout",
    "quiet": "a flag, for who reads stderr",
}
"""Options that have no meaning in a template."""

GOOD_AND_BAD = {
    "crawl-date": (["2022-04-20"], ["20.4.2022", "2022-4-2", "today", ""]),
    "same-headline-days": (["0", "5", "365"], ["-1", "1.5", "five", ""]),
    "date-granularity": (["day", "month", "year"], ["week", "days", ""]),
    "readers": (["any", "manifest"], ["all", "folder", ""]),
    "max-rejects": (["0", "20", "2%", "0.5%"], ["-1", "two", "%", ""]),
    "max-block-bytes": (["1", "4194304"], ["0", "4 MB", "-1", ""]),
    "max-line-bytes": (["1", "1048576"], ["0", "1e6", ""]),
    "max-record-bytes": (["1", "8388608"], ["0", "8 MB", ""]),
    "max-window-bytes": (["1", "134217728"], ["0", "-1", ""]),
    "max-unpacked-bytes": (["1", "68719476736"], ["0", "all", ""]),
    "max-unpacked-run-bytes": (["1", "4398046511104"], ["0", "all", ""]),
    "max-unpacked-ratio": (["1", "1000"], ["0", "1:9", ""]),
    "keep-versions": (["1", "30"], ["0", "all", ""]),
    "run-folder": (["gs://bucket/runs"], ["/runs", "gs://bucket", ""]),
    "log-level": (["debug", "info", "warning", "error"], ["loud", ""]),
}


def options() -> dict[str, argparse.Action]:
    (commands,) = [action for action in parser()._actions if action.dest == "command"]
    actions = commands.choices["run"]._actions
    return {
        action.option_strings[0].removeprefix("--"): action for action in actions if action.dest != "help"
    }


def test_a_template_asks_for_the_options_that_the_command_has():
    assert list(PARAMETERS) == [name for name in options() if name not in NOT_THERE]
    assert options().keys() >= NOT_THERE.keys()


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_says_what_its_option_says(name):
    parameter, option = PARAMETERS[name], options()[name]
    assert parameter["helpText"] == option.help % {"default": option.default}
    assert parameter["isOptional"] == (
        not option.required and f"--{name}" not in ENGINES["dataflow"].required
    )
    assert parameter["label"]
    assert parameter.keys() <= {"name", "label", "helpText", "isOptional", "regexes"}


def test_each_option_that_is_checked_has_an_expression():
    checked = {
        name for name, option in options().items() if option.type not in (None, str) or option.choices
    } - NOT_THERE.keys()
    assert checked == GOOD_AND_BAD.keys()
    assert {name for name, parameter in PARAMETERS.items() if "regexes" in parameter} == {
        *checked, "input", "output",
    }  # fmt: skip


@pytest.mark.parametrize("name", GOOD_AND_BAD)
def test_an_expression_takes_what_the_option_takes(name, capsys):
    (expression,) = PARAMETERS[name]["regexes"]
    for values, wanted in zip(GOOD_AND_BAD[name], (True, False), strict=True):
        for value in values:
            assert bool(re.fullmatch(expression, value)) == wanted, value
            assert taken(name, value) == wanted, value


def taken(name: str, value: str) -> bool:
    try:
        parser().parse_args(["run", "--input", "a", "--output", "b", f"--{name}={value}"])
    except SystemExit:
        return False
    return True


def test_input_and_output_are_in_a_bucket():
    for name in ("input", "output"):
        (expression,) = PARAMETERS[name]["regexes"]
        assert re.fullmatch(expression, "gs://bucket/news")
        assert not re.fullmatch(expression, "/home/news")


def test_the_image_is_of_versions_that_the_package_asks_for():
    launcher, image = re.findall(r"^FROM (.+)$", FOLDER.joinpath("Dockerfile").read_text("utf-8"), re.M)
    assert "/python311-" in launcher
    found = re.fullmatch(r"apache/beam_python3\.(\d+)_sdk:2\.(\d+)\.\d+", image)
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]
    python, beam = map(int, found.groups())
    assert project["requires-python"] == f">=3.{python}"
    (asked,) = [need for need in project["dependencies"] if need.startswith("apache-beam")]
    lowest, above = re.fullmatch(r"apache-beam>=2\.(\d+),<2\.(\d+)", asked).groups()
    assert int(lowest) <= beam == int(above) - 1


def test_the_image_gets_the_versions_that_bytes_depend_on():
    readme = FOLDER.joinpath("README.md").read_text("utf-8")
    (pinned,) = re.findall(r"grep -E '\^\((.+)\)=='", readme)
    assert set(pinned.split("|")) == set(versions.DECISIVE) - {"dateline"}


def test_each_test_that_is_named_is_there():
    readme = FOLDER.joinpath("README.md").read_text("utf-8")
    for name in re.findall(r"`((?:tests|pipeline)/[\w/]+\.py)`", readme):
        assert ROOT.joinpath(name).is_file(), name
