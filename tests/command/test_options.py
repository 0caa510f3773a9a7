"""The tables behind the command line: each subcommand and each engine stands where it has to, and --help stays cheap."""

import json
import subprocess
import sys

import pytest

from dateline.pipeline.config import Config
from dateline.runners.command import cli, dataset_commands, dataset_options
from dateline.runners.command.options import parser
from dateline.runners.engine.registry import ENGINES, OPTIONS, require_fitting
from dateline.runners.engine.start import engine_of
from tests.conftest import ROOT

(SUBCOMMANDS,) = [action.choices for action in parser()._actions if action.dest == "command"]
OF_ALL = ("--workers", "--profile")
"""Options of one engine that stand in another group of --help."""


def test_each_subcommand_has_options_and_a_function():
    assert list(dataset_options.COMMANDS) == list(dataset_commands.COMMANDS)
    assert set(SUBCOMMANDS) == {*cli.COMMANDS, *dataset_commands.COMMANDS}


def test_commands_that_write_say_so():
    """Where what these print is lost, what they did is not."""
    words = {"run": ["--input", "a", "--output", "b"], "inspect": ["a"], "explain": ["a", "b"], "diff": ["a", "1", "2"],
             "prune": ["a", "--keep-versions", "1"], "export": ["a", "--to", "b"], "restore": ["a", "--version", "1"]}  # fmt: skip
    found = {name: parser().parse_args([name, *words.get(name, ["a"])]).writes for name in SUBCOMMANDS}
    assert {name for name, writes in found.items() if writes} == {
        "run", "prune", "restore", "repair", "export", "report",
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "dataflow"])
def test_each_engine_is_started_as_itself(name, tmp_path):
    """Dataflow's needs Google's clients: tests/dataflow/job.py."""
    engine = ENGINES[name]
    assert set(engine.required + engine.optional) - set(OF_ALL) <= set(OPTIONS)
    jar = tmp_path / "a.jar"
    jar.touch()
    values = {"HOST:PORT": "localhost:1", "JAR": str(jar)}
    given = [word for option in engine.required for word in (option, values[OPTIONS[option].metavar])]
    args = parser().parse_args(["run", "--input", "a", "--output", "b", "--runner", name, *given])
    require_fitting(args)
    workers, run_flow, told = engine_of(args, Config((), "b", "run"))
    assert (workers, callable(run_flow)) == (1, True)
    assert told.startswith("Beam ")
    assert {"direct": "FnApiRunner", "portable": "PortableRunner", "flink": "on Flink"}[name] in told


def test_each_option_of_an_engine_is_taken_by_one():
    assert set(OPTIONS) <= {name for engine in ENGINES.values() for name in engine.required + engine.optional}


HEAVY = (
    "apache_beam",
    "pyarrow",
    "numpy",
    "grpc",
    "jsonschema",
    "importlib.metadata",
    "dateline.pipeline.flow",
)
LOADED = """
import json, runpy, sys
before = set(sys.modules)
sys.argv = ["dateline", *json.loads(sys.argv[1])]
try:
    runpy.run_module("dateline", run_name="__main__", alter_sys=True)
except SystemExit:
    pass
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["log", "--help"], ["run"]], ids=" ".join)
def test_what_help_and_wrong_usage_load(words):
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert "argparse" in loaded
    assert [name for name in HEAVY if name in loaded] == []
