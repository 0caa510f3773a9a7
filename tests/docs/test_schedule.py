"""What examples/schedule and docs/scheduling.md tell people to run is what the command line takes; docs/reference has the
exit statuses and the metrics."""

import ast
import json
import os
import re
import shlex
from pathlib import Path

import pytest

from dateline.runners.command.metrics import prometheus
from dateline.runners.command.options import parser
from tests.command.test_metrics import DONE, parse
from tests.conftest import ROOT

SCHEDULE = ROOT / "examples" / "schedule"
DOCS = ROOT.joinpath("docs", "scheduling.md").read_text("utf-8")
FIGURES = ROOT.joinpath("docs", "reference", "figures.md").read_text("utf-8")
STATUSES = ROOT.joinpath("docs", "reference", "exit-statuses.md").read_text("utf-8")
SERVICE = SCHEDULE.joinpath("dateline.service").read_text("utf-8")
CRONTAB = SCHEDULE.joinpath("crontab").read_text("utf-8")
DAG = SCHEDULE.joinpath("dateline_dag.py").read_text("utf-8")

CRON_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def setting(unit: str, name: str) -> list[str]:
    """The values of a setting of a unit file."""
    joined = re.sub(r"\\\n", " ", unit)
    return [value.strip() for value in re.findall(rf"^{name}=(.*)$", joined, re.M)]


def cron_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r"(?:[\d*][\d*/,-]*\s+){5}\S", line)]


def cron_command(line: str) -> list[str]:
    command = line.split(maxsplit=5)[5]
    assert not re.search(r"(?<!\\)%", command), "a percent sign ends the command"
    return shlex.split(command.replace(r"\%", "%"))


def unit_command() -> list[str]:
    (line,) = setting(SERVICE, "ExecStart")
    assert not re.search(r"(?<!%)%(?!%)", line), "a percent sign is a specifier"
    return shlex.split(line.replace("%%", "%"))


def dag_constant(name: str) -> list[str]:
    values = [
        statement.value
        for statement in ast.parse(DAG).body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name
    ]
    return ast.literal_eval(values[0])


def documented() -> list[list[str]]:
    """Each command line of Dateline's in a block of code of the page."""
    lines = [
        line for block in re.findall(r"^```\w+\n(.*?)^```$", DOCS, re.M | re.S) for line in block.splitlines()
    ]
    return [
        cron_command(line) if line in cron_lines(DOCS) else shlex.split(line)
        for line in lines
        if re.search(r"(^|/)dateline [a-z]", line)
    ]


COMMANDS = [
    unit_command(),
    *map(cron_command, cron_lines(CRONTAB)),
    dag_constant("COMMAND"),
    *documented(),
]


def command_names() -> list[str]:
    (commands,) = [action for action in parser()._actions if action.dest == "command"]
    return list(commands.choices)


def known_options() -> set[str]:
    """Of all commands."""
    (commands,) = [action for action in parser()._actions if action.dest == "command"]
    found = (action for command in commands.choices.values() for action in command._actions)
    return {name for action in found for name in action.option_strings}


def test_there_is_something_to_check():
    assert len(documented()) >= 3
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_command_lines(command):
    assert command[0].endswith(("dateline", "}}"))
    args = parser().parse_args(command[1:])
    if args.command == "run":
        assert not (args.json and args.quiet)


def test_all_run_the_same():
    paths = {
        (args.output, *args.input)
        for args in (parser().parse_args(command[1:]) for command in (COMMANDS[0], COMMANDS[1]))
    }
    defaults = dict(re.findall(r"var\.value\.get\('(\w+)', '([^']*)'\)", DAG))
    assert paths == {(defaults["dateline_output"], defaults["dateline_input"])}


@pytest.mark.parametrize("code", sorted(set(re.findall(r"`(dateline \w+|--[a-z-]+)(?=[ `])", DOCS))))
def test_commands_and_options_in_the_text(code):
    if code.startswith("--"):
        assert code in known_options()
    else:
        assert code.split()[1] in command_names()


@pytest.mark.parametrize("line", [*cron_lines(CRONTAB), *cron_lines(DOCS)])
def test_cron_lines_are_well_formed(line):
    for field, (low, high) in zip(line.split(maxsplit=5)[:5], CRON_FIELDS, strict=True):
        for part in field.split(","):
            found = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/[1-9]\d*)?", part)
            assert found, part
            assert all(low <= int(number) <= high for number in found.groups() if number)


def test_crontab_is_one_line_and_its_settings():
    lines = [line for line in CRONTAB.splitlines() if not line.startswith("#")]
    assert [bool(re.fullmatch(r"MAILTO=\S+@example\.org", line)) for line in lines] == [True, False]
    assert len(cron_lines(CRONTAB)) == 1
    assert CRONTAB.endswith("\n"), "cron passes over a last line that does not end"


def test_units_hold_to_the_exit_statuses():
    stopped, again = (
        {int(status) for status in setting(SERVICE, name)[0].split()}
        for name in ("SuccessExitStatus", "RestartPreventExitStatus")
    )
    told = set(map(int, re.findall(r"\d+", " ".join(re.findall(r"^\| (\d+) \| `", STATUSES, re.M)))))
    assert told == {0, 4} | stopped | again
    assert setting(SERVICE, "Type") == ["oneshot"]


@pytest.mark.parametrize("name", ["dateline_dag.py", "check_airflow", "check_systemd"])
def test_programs_compile(name):
    path = SCHEDULE / name
    compile(path.read_text("utf-8"), name, "exec")
    assert os.access(path, os.X_OK) == name.startswith("check_")


def test_airflow_is_pinned():
    lines = SCHEDULE.joinpath("airflow-requirements.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert any(line.startswith("apache-airflow-core==") for line in pins)
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", line) for line in pins)


def test_variables_of_the_dag():
    used = dict(re.findall(r"var\.value\.get\('(\w+)', '([^']*)'\)", DAG))
    table = re.findall(r"^\| `(dateline_(?:command|input|output|options))` \| (.*) \|$", DOCS, re.M)
    assert {name: "" if value == "none" else value.strip("`") for name, value in table} == used
    assert all(f"    {name}  " in ast.get_docstring(ast.parse(DAG), clean=False) for name in used)


def test_metrics_are_documented():
    names = list(dict.fromkeys(name for name, *_ in parse(prometheus(DONE))))
    assert (
        re.findall(r"^\| `(dateline_\w+)` \|", FIGURES[FIGURES.index("## The metrics file") :], re.M) == names
    )
    (rules,) = re.findall(r"^```yaml\n(.*?)^```$", DOCS, re.M | re.S)
    assert set(re.findall(r"dateline_\w+", rules)) <= set(names)


def test_the_json_line_is_an_outcome():
    (shown,) = re.findall(r"^```json\n(.*?)^```$", FIGURES, re.M | re.S)
    outcome = json.loads(shown)
    assert outcome.keys() == DONE.keys()
    assert parse(prometheus(outcome))


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(examples/[\w/]*)`", DOCS))))
def test_paths_are_there(path):
    assert Path(ROOT, path).exists()
