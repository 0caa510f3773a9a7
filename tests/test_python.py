"""What Python code gets of Dateline: the public names, their errors, and how little an import costs."""

import ast
import inspect
import json
import re
import subprocess
import sys
import traceback
from operator import attrgetter
from pathlib import Path

import pytest

import dateline
from dateline import errors
from dateline.pipeline.dataset.lock import lock
from dateline.runners.command import failure
from tests.conftest import EXAMPLES, ROOT, dateline_here, files_of
from tests.helpers.pages import Article, plain
from tests.test_house import MODULES

PAGE = ROOT.joinpath("docs", "python.md").read_text("utf-8")
INTERNAL = {"Damaged", "WindowTooLarge", "_Number"}
"""Errors of the pipeline that whoever calls for the next step catches: a dump that cannot be read to its end."""


def rows(name: str) -> list[list[str]]:
    """The cells of a table of the page, below a heading."""
    section = PAGE.partition(f"## {name}\n")[2].partition("\n## ")[0]
    return [
        [cell.strip(" `") for cell in line.strip("| ").split(" | ")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]


def test_the_public_names_are_those_of_the_page():
    assert sorted(
        cells[0].partition("(")[0].removeprefix("dateline.") for cells in rows("Functions")
    ) == sorted(name for name in dateline.__all__ if name not in ("errors",))
    assert all(getattr(dateline, name) is not None for name in dateline.__all__)
    with pytest.raises(AttributeError, match="its public names are"):
        attrgetter("unheard_of")(dateline)


@pytest.mark.parametrize("name", [name for name in dateline.__all__ if name not in ("__version__", "errors")])
def test_every_function_says_what_it_takes_and_raises(name):
    function = getattr(dateline, name)
    text = inspect.getdoc(function)
    assert "Raises:" in text
    signature = next(cells[0] for cells in rows("Functions") if cells[0].startswith(f"dateline.{name}("))
    assert re.findall(r"(\w+)(?=[,)=])", signature.partition("(")[2]) == [
        word for parameter in inspect.signature(function).parameters.values()
        for word in (parameter.name, *([str(parameter.default)] if isinstance(parameter.default, int | None) else []))
    ]  # fmt: skip


def test_the_errors_are_one_tree():
    classes = [getattr(errors, name) for name in errors.__all__]
    assert {name for name, kind in vars(errors).items() if inspect.isclass(kind)} - {"ClassVar"} == set(
        errors.__all__
    )
    assert all(issubclass(kind, errors.DatelineError) for kind in classes)
    assert {cells[0]: int(cells[1]) for cells in rows("Errors")} == {
        kind.__name__: kind.exit_status for kind in classes if kind is not errors.DatelineError
    }
    for kind in classes:
        assert kind.__doc__
        assert len(kind.advice) > 20
    drawn = re.findall(r"^( +)(\w+) +(\d)$", errors.__doc__, re.M)
    assert {name: int(status) for _, name, status in drawn} == {
        kind.__name__: kind.exit_status for kind in classes if kind is not errors.DatelineError
    }


def test_no_other_error_of_the_pipeline_is_raised_to_callers():
    found = {
        node.name
        for name, path in MODULES.items()
        if name.startswith(("dateline.pipeline.", "dateline.runners.engine."))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(re.search(r"Error|^Exception", ast.unparse(base)) for base in node.bases)
    }
    assert found == INTERNAL


def test_what_an_import_loads():
    code = "import sys, dateline; print(sorted({'apache_beam', 'pyarrow', 'numpy', 'argparse'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


LOADED = """
import contextlib, io, json, sys
from dateline.runners.command.cli import main
for command in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            status = main(command)
        except SystemExit as end:
            status = end.code
    print(command[0], status, "apache_beam" in sys.modules, "pyarrow" in sys.modules)
"""


def test_what_looks_at_a_dataset_loads_no_beam(grown):
    """Beam takes a second to import, and only the flow needs it."""
    news = str(max(path for path in Path(grown).iterdir() if path.joinpath("_manifests").is_dir()))
    headline = dateline.open_dataset(news).head(1)["headline"].to_pylist()[0]
    commands = [
        ["--help"],
        ["log", news],
        ["diff", news, "1", "2"],
        ["explain", news, headline],
        ["verify", news],
    ]
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(commands)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    told = [line.split() for line in done.stdout.splitlines()]
    assert [line[:3] for line in told] == [[command[0], "0", "False"] for command in commands], done.stderr
    assert told[0][3] == "False"


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "dateline", "--version"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == f"dateline {dateline.__version__}\n"


# --- the functions, against the command line ----------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, dict]:
    output = tmp_path_factory.mktemp("made") / "news"
    return output, dateline.run(EXAMPLES, output)


def test_a_run_is_that_of_the_command_line(made, sample, capfd):
    output, outcome = made
    assert files_of(output) == files_of(sample)
    assert (outcome["status"], outcome["exit"], outcome["version"]) == ("done", 0, 1)
    assert dateline.run(EXAMPLES[:1], output, allow_empty=True, crawl_date=None)["status"] == "nothing_new"
    assert capfd.readouterr().out == ""


def test_log_verify_and_diff_are_those_of_the_command_line(made):
    output, _ = made
    assert dateline.log(output) == [
        json.loads(line) for line in dateline_here("log", output, "--json").stdout.splitlines()
    ]
    assert dateline.verify(output, dumps=EXAMPLES) == []
    assert dateline.diff(output, 1, 1) == []
    assert dateline.open_dataset(output, 1).count_rows() == dateline.log(output)[0]["changes"]["articles"]


def test_what_verify_finds(tmp_path):
    dump = tmp_path / "dump.txt"
    dump.write_text(plain(Article()), "utf-8")
    dateline.run([str(dump)], tmp_path / "news")
    (part,) = (tmp_path / "news").glob("date=*/*/part-*.arrow")
    part.unlink()
    for path in (tmp_path / "news" / "_versions").iterdir():
        path.unlink()
    assert {finding.check for finding in dateline.verify(tmp_path / "news")}


def of_newer(news: Path) -> None:
    path = max(news.glob("_manifests/*.json"))
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"schema_version": 99}), "utf-8")


def of_stranger(news: Path) -> None:
    path = max(news.glob("_manifests/*.json"))
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"run": "../x"}), "utf-8")


@pytest.mark.parametrize(
    ("kind", "harm", "options"),
    [
        (errors.UsageError, None, {"crawl_date": "soon"}),
        (errors.UsageError, None, {"no_such_option": 1}),
        (errors.UsageError, None, {"same_headline_days": 3}),
        (errors.RunFailed, None, {"max_rejects": 0}),
        (errors.NewerDataset, of_newer, {}),
        (errors.DamagedFile, of_stranger, {}),
    ],
)
def test_a_run_that_cannot_be_raises_what_its_status_says(tmp_path, kind, harm, options):
    news, good, bad = tmp_path / "news", tmp_path / "a.txt", tmp_path / "b.txt"
    good.write_text(plain(Article()), "utf-8")
    bad.write_text(
        plain(Article(slot="https://example.com/a")) + "\n\n" + plain(Article(headline="Another")), "utf-8"
    )
    dateline.run([str(good)], news)
    if harm:
        harm(news)
    with pytest.raises(kind) as raised:
        dateline.run([str(bad)], news, **options)
    assert type(raised.value) is kind
    if kind is errors.RunFailed or harm or "same_headline_days" in options:  # the others end the parser
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        done = dateline_here("run", "--quiet", "--input", bad, "--output", news, *words)
        assert done.returncode == kind.exit_status
        assert str(raised.value) in done.stderr
        assert (kind.advice in done.stderr) is (not kind.message_advises)
        if kind is errors.DamagedFile:
            assert dateline_here("log", news).stderr.endswith(f"; {kind.advice}\n")


def test_the_exit_status_of_an_error_stands_in_its_class_alone():
    """Nowhere else is one of 1, 2 and 4 given a name, or returned."""
    literals = {kind.exit_status for kind in map(errors.__dict__.get, errors.__all__)}
    for name, path in MODULES.items():
        if name.startswith("dateline.runners.command."):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                value = node.value if isinstance(node, ast.Return | ast.Assign) else None
                values = value.elts if isinstance(value, ast.Tuple) else [value]
                found = {each.value for each in values if isinstance(each, ast.Constant)} - {True}
                assert not found & literals, f"{name}, line {node.lineno}"


@pytest.mark.parametrize("name", errors.__all__)
def test_an_error_that_a_worker_raised_is_known_again(name):
    """A runner hands over the worker's traceback as text."""
    error = getattr(errors, name)("what it says")
    text = "".join(traceback.format_exception(error)).rstrip() + " [while running 'Parse/Map']"
    reason, cause = failure._cause_of(RuntimeError(f"A stage failed:\n{text}\n\n"))
    assert (reason, type(cause), str(cause)) == ("what it says", type(error), "what it says")


def test_a_dataset_that_is_locked(tmp_path):
    news, good = tmp_path / "news", tmp_path / "a.txt"
    news.mkdir()
    good.write_text(plain(Article()), "utf-8")
    with lock(str(news), "another"), pytest.raises(errors.Locked, match="another"):
        dateline.run([str(good)], news)


@pytest.mark.parametrize("option", ["json", "quiet", "output"])
def test_options_of_telling_are_none_of_a_function(tmp_path, option):
    with pytest.raises(errors.UsageError, match="goes with the command line only"):
        dateline.run(["a.txt"], tmp_path / "news", **{option: True}) if option != "output" else dateline.run(
            ["a.txt"], tmp_path / "news", metrics="x"
        )
    with pytest.raises(errors.UsageError, match="give a list"):
        dateline.run("a.txt", tmp_path / "news")


@pytest.mark.parametrize(
    ("call", "kind", "status"),
    [
        (lambda news: dateline.log(news), errors.UsageError, ("log",)),
        (lambda news: dateline.diff(news, 1, 2), errors.UsageError, ("diff", 1, 2)),
        (lambda news: dateline.verify(news), errors.UsageError, ("verify",)),
        (lambda news: dateline.log("s3://bucket"), errors.Unusable, ("log",)),
    ],
)
def test_errors_of_looking_have_the_status_of_the_command(tmp_path, call, kind, status):
    with pytest.raises(kind) as raised:
        call(tmp_path)
    where = "s3://bucket" if kind is errors.Unusable else tmp_path
    assert dateline_here(status[0], where, *status[1:]).returncode == raised.value.exit_status


def test_the_samples_come_to_the_bytes_of_before(sample):
    """The digests were taken before the modules were put into rooms. A change of them is a change of the dataset: if it
    is meant, take the new ones from the manifest."""
    known = json.loads(ROOT.joinpath("tests", "command", "sample.json").read_text("utf-8"))
    manifest = json.loads(max(sample.glob("_manifests/*.json")).read_text("utf-8"))
    assert {file["path"]: file["sha256"] for file in manifest["files"]} == known
