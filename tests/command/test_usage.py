"""Wrong usage is two lines: what is wrong, with the nearest right word, and where to look."""

import doctest

import pytest

import dateline
import dateline.runners.command.usage
from dateline.errors import UsageError
from tests.conftest import dateline as command_line
from tests.conftest import dateline_here

RUN = ("run", "--input", "a.txt")
AS_RUN = "as in `dateline run --input PATTERN --output DIR`"


@pytest.mark.parametrize(
    ("words", "said", "shown_by"),
    [
        ((*RUN, "--ouput", "news"), "run has no option '--ouput': did you mean --output?", "run --help"),
        ((*RUN, "--output", "n", "--worker=2"), "run has no option '--worker': did you mean --workers?", "run --help"),
        ((*RUN, "--output", "n", "--xyzzy"), "run has no option '--xyzzy'", "run --help"),
        ((*RUN,), f"run needs --output, {AS_RUN}", "run --help"),
        (("run",), f"run needs --input, --output, {AS_RUN}", "run --help"),
        (("run", "news"), f"run needs --input, --output, {AS_RUN}", "run --help"),
        (("run", "-i", "a.txt"), "run has no option '-i': did you mean --input?", "run --help"),
        ((*RUN, "--output", "n", "-w2"), "run has no option '-w2': did you mean --work-dir?", "run --help"),
        (("log", "news", "-Z"), "log has no option '-Z'", "log --help"),
        (("log", "news", "--config", "a"), "log has no option '--config': it stands before the command", "log --help"),
        (("prune", "news"), "prune needs --keep-versions, as in `dateline prune DATASET --keep-versions N`", "prune --help"),
        (("diff", "news", "1"), "diff needs V2, as in `dateline diff DATASET V1 V2`", "diff --help"),
        (("export", "news"), "export needs --to, as in `dateline export DATASET --to PATH`", "export --help"),
        (("log",), "log needs DATASET", "log --help"),
        (("log", *"abcdef"), "log has no place for 'b', 'c', 'd' and 2 more words", "log --help"),
        (("help", "run"), "there is no command 'help': did you mean --help?", "--help"),
        (("version",), "there is no command 'version': did you mean --version?", "--help"),
        (("completions", "bash"), "there is no command 'completions': did you mean --completions?", "--help"),
        (("news", "log"), "there is no command 'news': the command comes first, as in `dateline log news`", "--help"),
        (("log", "news", "more"), "log has no place for 'more'", "log --help"),
        (("log", "news", "--jsn"), "log has no option '--jsn': did you mean --json?", "log --help"),
        (("exlpain", "news"), "there is no command 'exlpain': did you mean explain?", "--help"),
        (("xyzzy",), "there is no command 'xyzzy'", "--help"),
        (("--verson",), "dateline has no option '--verson': did you mean --version?", "--help"),
        ((), "dateline needs a COMMAND, such as run", "--help"),
        ((*RUN, "--output", "n", "--runner", "flnik"),
         "--runner: 'flnik' is none of direct, portable, flink, dataflow: did you mean flink?", "run --help"),
        ((*RUN, "--output", "n", "--workers", "0"), "--workers: '0' is no whole number from 1", "run --help"),
        ((*RUN, "--output", "n", "--\x1b[2J"), "run has no option '--\\x1b[2J'", "run --help"),
    ],
)  # fmt: skip
def test_wrong_usage(words, said, shown_by, capsys):
    from dateline.runners.command.options import parser

    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    assert (
        capsys.readouterr().err == f"dateline: error: {said}\n  `dateline {shown_by}` shows what it takes\n"
    )


def test_help_shows_the_commands_and_no_wall_of_options(capsys):
    from dateline.runners.command.options import parser

    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    text = capsys.readouterr().out
    assert "positional" not in text
    assert "commands:\n  COMMAND\n    run  " in text
    assert "\n  dateline run --input 'dumps/*.txt' --output news\n" in text
    with pytest.raises(SystemExit):
        parser().parse_args(["run", "--help"])
    assert capsys.readouterr().out.startswith(
        "usage: dateline run --input PATTERN... --output DIR [OPTION...]\n\n"
    )


def test_the_real_command():
    done = command_line("log", "news", "--jsno")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == "dateline: error: log has no option '--jsno': did you mean --json?"


def test_a_mistyped_dataset(sample, monkeypatch):
    monkeypatch.chdir(sample.parent)
    done = dateline_here("log", "nesw")
    assert done.returncode == 2
    assert done.stderr == "dateline: error: there is no dataset nesw: did you mean news?\n"
    done = dateline_here("log", sample.parent / "nesw")
    assert done.stderr.endswith(f"nesw: did you mean {sample}?\n")
    for other in ("xyzzy", "news/_runs", "gone/news"):
        assert "did you mean" not in dateline_here("log", other).stderr


MISTAKES = {
    "log {gone}": (2, "there is no dataset {gone}"),
    "log {file}": (2, "{file} is a file, and no dataset; give the folder that a run wrote with --output"),
    "log {news}/_runs": (2, "{news}/_runs is a folder of the dataset {news}; give that"),
    "log {folder}": (2, "{folder} holds no dataset"),
    "explain Ferry {news}": (2, "there is no dataset Ferry: the dataset comes first, then what to look for"),
    "explain {news} xyzzy": (1, "no article of {news} has 'xyzzy' in its headline or URLs, or at the head of its id; "
                             "give any part of a headline or URL, or the first 5 digits of an id, or more"),
    "inspect {gone}": (2, "FILE '{gone}' matches no file: check the path"),
    "inspect {folder}/fiel.txt": (2, "FILE '{folder}/fiel.txt' matches no file: did you mean {folder}/file.txt?"),
    "inspect {folder}": (1, "cannot read {folder}: is a folder; give a pattern of its files, such as '{folder}/*.txt'"),
    "inspect {file} --offset 999": (2, "--offset 999: no block of {file} has that byte; leave it out to see all blocks"),
    "verify {news} --dumps {gone}*": (2, "--dumps '{gone}*' matches no file: check the path"),
    "run --input {gone}* --output {gone}": (2, "--input '{gone}*' matches no file: check the path; "
                                            "--allow-empty allows a pattern to match none"),
    "run --input {file} --output {folder}": (2, "--input '{file}' matches nothing but files in the folder of --output, "
                                             "which is the dataset's own: give --output another"),
    "run --input {file}/x --output {gone}": (2, "--input '{file}/x' cannot be looked at: Not a directory"),
    "report {news} --to {folder}": (2, "--to {folder} is a folder; give the file, such as {folder}/report.html"),
    "report {news} --to {gone}/a.html": (2, "--to {gone}/a.html: there is no folder {gone}; make it, or give another place"),
    "report {news} --to {news}/a.html": (2, "--to {news}/a.html lies in the dataset, where only runs write; "
                                         "give a place outside of it"),
    "export {news} --to {news}/out": (2, "--to {news}/out lies in the dataset, where only runs write; "
                                      "give a place outside of it"),
    "export {news} --to {file}/out": (1, "{file}: File exists; give another name"),
}  # fmt: skip
"""What a person may type by mistake, the exit status, and what is told."""


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake(sample, tmp_path, words):
    places = {"gone": tmp_path / "gone", "folder": tmp_path, "file": tmp_path / "file.txt", "news": sample}
    places["file"].write_text("Words of no article.")
    status, said = MISTAKES[words]
    done = dateline_here(*(word.format(**places) for word in words.split()))
    assert (done.stderr, done.returncode) == (f"dateline: error: {said.format(**places)}\n", status)
    assert done.stdout == ""


def test_from_python():
    with pytest.raises(UsageError, match=r"^run has no option '--worker': did you mean --workers\?$"):
        dateline.run(["a.txt"], "news", worker=1)


def test_examples_in_docstrings():
    result = doctest.testmod(dateline.runners.command.usage)
    assert result.attempted
    assert not result.failed
