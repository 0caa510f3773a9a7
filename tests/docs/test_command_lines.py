"""Every command line of the docs, run or not, is one that its program takes, and every file of the clone that it names is there.

Blocks are read line by line, whatever their language; so are the files of examples/schedule, and the Dockerfile. In a text
a command may be only mentioned (`dateline log --json`): then its name and its options are checked.
"""

import re
import shlex

import pytest

from tests.conftest import ROOT
from tests.docs.test_snippets import PAGES as EVERY_PAGE
from tests.helpers.command_lines import Refused, accept, commands_in, lines_of

PAGES = [page for page in EVERY_PAGE if page not in ("CHANGELOG.md", "docs/reference/command-line.md")]
"""All but what tells of commands that are gone, and what is made from the parser itself."""
OTHERS = ("Dockerfile", "examples/schedule/crontab", "examples/schedule/dateline.service")
FENCE = re.compile(r"^```\w+.*?\n(.*?)^```$", re.M | re.S)
OPTIONS_IN_A_FILE = "docs/how-to/options.md"
"""A page whose commands take what they need from dateline.toml."""
MISSING = re.compile(r"^dateline: error: \w+ needs |--runner \w+ needs |arguments are required", re.M)
"""How a program says that a command line is not whole, and no more."""
STANDS_FOR = {"COMMAND": "run", "benchmarks.MODULE": "benchmarks.compare"}
"""What stands in a mention for a word of the reader's."""
FEWEST = 60
"""Command lines in blocks; there are more, and a reader of lines that finds none would pass over all."""


def in_blocks(text: str) -> list[list[str]]:
    return [words for block in FENCE.findall(text) for line in lines_of(block) for words in commands_in(line)]


def mentions(text: str) -> list[list[str]]:
    """The command lines in a text outside of its blocks."""
    spans = re.findall(r"`([^`]+)`", FENCE.sub("", text))
    return [words for span in spans for words in commands_in(" ".join(span.replace("\\|", "|").split()))]


def of_others(name: str) -> list[list[str]]:
    text = "\n".join(line.removeprefix("# ") for line in lines_of(ROOT.joinpath(name).read_text("utf-8")))
    return [words for line in text.splitlines() if "dateline run" in line for words in commands_in(line)]


TEXTS = {page: ROOT.joinpath(page).read_text("utf-8") for page in PAGES}
WHOLE = [(page, words) for page in PAGES for words in in_blocks(TEXTS[page])]
WHOLE += [(name, words) for name in OTHERS for words in of_others(name)]
MENTIONED = [(page, words) for page in PAGES for words in mentions(TEXTS[page])]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder but for the jar that some commands name."""
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("JAR").touch()


def accept_part(words):
    """As accept(), but that something may be missing."""
    try:
        accept(words)
    except Refused as refused:
        if not MISSING.search(str(refused)):
            raise


@pytest.mark.parametrize(
    ("page", "words"), WHOLE, ids=[f"{page}: {shlex.join(words)}" for page, words in WHOLE]
)
def test_a_command_line_of_a_block(page, words):
    (accept_part if page == OPTIONS_IN_A_FILE else accept)(words)


@pytest.mark.parametrize(
    ("page", "words"), MENTIONED, ids=[f"{page}: {shlex.join(words)}" for page, words in MENTIONED]
)
def test_a_command_line_that_a_text_mentions(page, words):
    accept_part([STANDS_FOR.get(word, word) for word in words])


def test_the_lines_are_found():
    assert len(WHOLE) > FEWEST
    assert {name for name, _ in WHOLE} >= set(OTHERS)


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("dateline log news", [["dateline", "log", "news"]]),
        ("0 12 * * 0 /opt/bin/dateline verify /var/news", [["/opt/bin/dateline", "verify", "/var/news"]]),
        ("ExecStart=/opt/dateline run --max-rejects 5%%", [["/opt/dateline", "run", "--max-rejects", "5%%"]]),
        ("cd x && git pull --quiet && python3 tools/a.py | head", [["python3", "tools/a.py"]]),
        ("X=1 python -m pytest tests/stages  # all", [["python", "-m", "pytest", "tests/stages"]]),
        ("tests/engines/flink/check --job-server JAR", [["tests/engines/flink/check", "--job-server", "JAR"]]),
        ("dateline run && dateline log news &", [["dateline", "run"], ["dateline", "log", "news"]]),
        ("useradd --home-dir /var/lib/dateline --shell /usr/sbin/nologin dateline", []),
        ("the dateline is a place", [["dateline", "is", "a", "place"]]),
        ("  dumps 5", []),
    ],
)  # fmt: skip
def test_commands_are_found_in_lines(line, commands):
    assert list(commands_in(line)) == commands


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dateline log news --ouput x", "log has no option .--ouput."),
        ("dateline lgo news", "did you mean log"),
        ("dateline run --input a --output b --runner flink --worker-pool c:1", "--runner flink needs"),
        ("python -m dateline.runners.engine.pool --prot 1", "unrecognized"),
        ("python -m apache_beam.runners.portability.local_job_service_main --prot 1", "unrecognized"),
        ("python -m benchmarks.compare --mb 100", "--out"),
        ("python -m benchmarks.nowhere", "nowhere"),
        ("tests/engines/spark/check --cluster-only", "unrecognized"),
        ("python -m pytest tests/nowhere.py", "there is no tests/nowhere.py"),
        ("tools/build_wheel a b", "does not take"),
    ],
)
def test_what_a_program_does_not_take_is_refused(line, said):
    (words,) = commands_in(line)
    with pytest.raises(Refused, match=said):
        accept(words)
