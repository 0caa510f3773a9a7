"""dateline.toml: every option, checked, and flags win over it."""

import json

import pytest

from dateline.runners.command.config_file import parse
from dateline.runners.command.options import parser
from tests.conftest import ROOT, dateline, dateline_here
from tests.helpers.pages import Article, plain

VALUES = {"N": "2", "BYTES": "4096", "YYYY-MM-DD": "2022-04-20", "HOST:PORT": "localhost:8099", "N|N%": "2%",
          "ADDRESS": "s3://dumps/runs"}  # fmt: skip
"""A value of an option, by what --help calls it; of the others, any text."""
POSITIONALS = {"explain": ["news", "text"], "diff": ["news", "1", "2"], "inspect": ["a.txt"], "run": []}
OPTIONS = [
    (name, action.option_strings[-1], action)
    for name, command in parser().commands().items()
    for action in command._actions
    if action.option_strings and action.dest != "help"
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def required(name: str, without: str) -> list[str]:
    """A command line of all that a command needs, but for an option."""
    words = [name, *POSITIONALS.get(name, ["news"])]
    for other, option, action in OPTIONS:
        if other == name and action.required and option != without:
            words += [option, VALUES.get(action.metavar, "x")]
    return words


@pytest.mark.parametrize(("name", "option", "action"), OPTIONS, ids=[f"{o[0]} {o[1]}" for o in OPTIONS])
def test_every_option_is_as_its_flag(folder, name, option, action):
    text = action.choices[-1] if action.choices else VALUES.get(action.metavar, "x")
    flag, value = [option, text], text
    if action.nargs == 0:
        flag, value = [option], True
    elif action.nargs == "+":
        flag, value = [option, "a", "b"], ["a", "b"]
    words = required(name, option)
    by_flag = vars(parse(parser(), [*words, *flag]))
    (folder / "dateline.toml").write_text(f"[{name}]\n{option[2:]} = {json.dumps(value)}\n")
    by_file = vars(parse(parser(), words))
    assert repr(by_file) == repr(by_flag)  # a limit of rejects is equal to itself only


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rnu]\n", "there is no command 'rnu': did you mean run?"),
        ("run = 1\n", "'run' is no table of options; begin it with [run]"),
        ("[run]\nouput = 'x'\n", "[run] has no option 'ouput': did you mean output?"),
        ("[run]\nworkers = 0\n", "[run] workers: '0' is no whole number from 1"),
        ("[run]\nworkers = true\n", "[run] workers: True is no text, number or day"),
        ("[run]\nworkers = 1.5\n", "[run] workers: 1.5 is no text, number or day"),
        ("[run]\nquiet = 'yes'\n", "[run] quiet: 'yes' is neither true nor false"),
        ("[run]\ninput = 'a.txt'\n", "[run] input: 'a.txt' is no list of texts"),
        ("[run]\ninput = []\n", "[run] input: [] is no list of texts"),
        ("[run]\nrunner = 'flnik'\n",
         "[run] runner: 'flnik' is none of direct, portable, flink, dataflow: did you mean flink?"),
        ("[run]\nhelp = true\n", "[run] has no option 'help'"),
        ("[run\n", "Expected ']' at the end of a table declaration (at line 1, column 5)"),
    ],
)  # fmt: skip
def test_all_of_it_is_checked(folder, capsys, text, said):
    """Whatever the command."""
    (folder / "dateline.toml").write_text(text)
    with pytest.raises(SystemExit) as ended:
        parse(parser(), ["log", "news"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[0] == f"dateline: error: dateline.toml: {said}"


def test_a_day_may_be_one_of_toml(folder):
    (folder / "dateline.toml").write_text("[run]\ncrawl-date = 2022-04-20\ninput = ['a']\noutput = 'b'\n")
    assert str(parse(parser(), ["run"]).crawl_date) == "2022-04-20"


def test_the_file_of_the_docs(folder):
    page = ROOT.joinpath("docs/reference/command-line.md").read_text("utf-8")
    (folder / "dateline.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    args = parse(parser(), ["run"])
    assert (args.input, args.output, args.quiet) == (["dumps/*.txt"], "news", True)
    assert parse(parser(), ["prune", "news"]).keep_versions == 5


def test_flags_win(folder):
    (folder / "dateline.toml").write_text("[run]\noutput = 'a'\ninput = ['x', 'y']\nworkers = 3\n")
    args = parse(parser(), ["run", "--output", "b", "--input", "z", "--workers", "1"])
    assert (args.output, args.input, args.workers) == ("b", ["z"], 1)


def test_another_file(folder):
    (folder / "dateline.toml").write_text("[run]\nworkers = 3\n")
    (folder / "other.toml").write_text("[run]\noutput = 'other'\n")
    for words in (["--config", "other.toml"], ["--config=other.toml"]):
        args = parse(parser(), [*words, "run", "--input", "z"])
        assert (args.output, args.workers) == ("other", None)


def test_a_file_that_is_not_there(capsys):
    with pytest.raises(SystemExit):
        parse(parser(), ["--config", "gone.toml", "log", "news"])
    assert "gone.toml: No such file or directory" in capsys.readouterr().err


def test_a_run(folder):
    (folder / "a.txt").write_text(plain(Article()))
    (folder / "dateline.toml").write_text("[run]\ninput = ['a.txt']\noutput = 'news'\nquiet = true\n")
    done = dateline_here("run")
    assert (done.returncode, done.stdout) == (0, "")
    assert (folder / "news" / "_manifests").is_dir()


def test_python_code_is_not_affected(folder):
    import dateline as package

    (folder / "a.txt").write_text(plain(Article()))
    (folder / "dateline.toml").write_text("[run]\nmax-block-bytes = 1\n")
    assert package.run(["a.txt"], "news")["new"]["articles"] == 1


def test_wrong_in_json(folder, monkeypatch):
    (folder / "bad.toml").write_text("[rnu]")
    done = dateline("--config", folder / "bad.toml", "log", "news", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["message"].endswith("did you mean run?")
