"""What commands print with --json is what schemas/output.schema.json says, errors included."""

import json
import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from dateline import schemas
from dateline.runners.command.options import parser
from tests.conftest import dateline, dateline_here
from tests.helpers.pages import Article, plain

(SUBCOMMANDS,) = [action.choices for action in parser()._actions if action.dest == "command"]


@cache
def validator(command: str) -> jsonschema.Draft202012Validator:
    schema = schemas.load("output")
    return jsonschema.Draft202012Validator({**schema["$defs"]["commands"][command], "$defs": schema["$defs"]})


def lines_of(*words, status: int = 0) -> list[dict]:
    """What a command prints; each line is valid."""
    done = dateline_here(*words, "--json")
    assert done.returncode == status, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    for line in lines:
        validator(words[0]).validate(line)
    return lines


def test_each_command_has_its_shape():
    assert set(schemas.load("output")["$defs"]["commands"]) == set(SUBCOMMANDS)
    jsonschema.Draft202012Validator.check_schema(schemas.load("output"))


@pytest.fixture
def news(tmp_path) -> Path:
    """A dataset of two versions."""
    for name, copies in (("first", 2), ("second", 1)):
        pages = [plain(Article(headline=f"Bees of the {name} roof"))] * copies
        (tmp_path / f"{name}.txt").write_text("\n\n".join(["Words of no article.", *pages]))
        (line,) = lines_of("run", "--input", tmp_path / f"{name}.txt", "--output", tmp_path / "news")
        assert line["status"] == "done"
    return tmp_path / "news"


def test_what_each_command_prints(news, tmp_path):
    (again,) = lines_of("run", "--input", tmp_path / "*.txt", "--output", news)
    assert again["status"] == "nothing_new"
    assert [("record" in line) for line in lines_of("inspect", tmp_path / "first.txt")] == [False, True, True]
    assert [line["version"] for line in lines_of("log", news)] == [2, 1]
    *changes, last = lines_of("diff", news, 1, 2)
    assert (len(changes), last["summary"]["added"]) == (1, 1)
    assert {"match"} == {key for line in lines_of("explain", news, "bees of") for key in line}
    (story,) = lines_of("explain", news, "bees of the first")
    assert len(story["copies"]) == 1
    assert lines_of("verify", news)[-1]["summary"]["findings"] == {}
    assert lines_of("export", news, "--format", "jsonl", "--to", tmp_path / "out")[0]["rows"] == 2
    assert lines_of("report", news, "--to", tmp_path / "a.html") != []
    assert lines_of("restore", news, "--version", 1)[0]["restored"] == 1
    assert lines_of("repair", news)[0]["findings"] == []
    assert lines_of("prune", news, "--keep-versions", 1)[0]["kept"] == [3]


def test_what_is_damaged(news):
    next(news.glob("date=*/*/*.arrow")).write_bytes(b"")
    finding, *_, last = lines_of("verify", news, status=1)
    assert last["summary"]["findings"] == {finding["check"]: 1}


def test_runs_that_failed(tmp_path):
    (tmp_path / "a.txt").write_text("Words of no article.")
    (line,) = lines_of("run", "--input", tmp_path / "a.txt", "--output", tmp_path / "news", status=1)
    assert (line["status"], line["exit"]) == ("failed", 1)
    (line,) = lines_of("log", tmp_path / "news")
    assert line["state"] == "failed"
    jsonschema.validate(line, schemas.load("failure"))


@pytest.mark.parametrize(
    ("command", "options"),
    [("log", ()), ("verify", ()), ("repair", ()), ("report", ()), ("explain", ("x",)), ("diff", (1, 2)),
     ("prune", ("--keep-versions", 1)), ("restore", ("--version", 1)), ("export", ("--format", "jsonl", "--to", "out"))],
)  # fmt: skip
def test_errors(command, options, tmp_path):
    (line,) = lines_of(command, tmp_path, *options, status=2)
    assert (line["error"]["kind"], line["error"]["exit"]) == ("UsageError", 2)
    assert re.search("no dataset|no report of any run", line["error"]["message"])


def test_what_is_not_there(news, tmp_path):
    (line,) = lines_of("inspect", tmp_path, status=1)
    assert line["error"]["kind"] == "OSError"
    (line,) = lines_of("explain", news, "wasps", status=1)
    assert line["error"]["message"].startswith(f"no article of {news} has 'wasps'")


@pytest.mark.parametrize(
    "words", [("run", "--ouput", "x"), ("log", "a", "--version"), ("prune", "a")], ids=" ".join
)
def test_wrong_usage(words, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args([*words, "--json"])
    said = capsys.readouterr()
    line = json.loads(said.out)
    validator(words[0]).validate(line)
    assert line["error"]["message"] in said.err


def test_wrong_usage_of_the_real_command():
    done = dateline("log", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["message"] == "log needs DATASET"


def test_a_line_of_another_shape_is_refused():
    with pytest.raises(jsonschema.ValidationError):
        validator("log").validate({"error": {"kind": "UsageError"}})
    with pytest.raises(jsonschema.ValidationError):
        validator("prune").validate({"versions": []})
