"""Blocks that need what is not here ("Needs a cluster") are run by a shell, with stand-ins for the programs that would need it.

A stand-in writes down what it is given. That is held against the program's own parser, or against what this repository
has of it: files, units, extras, the name of a job server. So a block may not name a file, an option or a package that is
not there. What that leaves untested is said in LEFT; a block that is not in there fails.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from dateline.pipeline.versions import DECISIVE
from dateline.runners.engine.registry import FLINK
from dateline.runners.engine.registry import JOB_SERVER as FLINK_JOB_SERVER
from tests.conftest import ROOT, dateline_here
from tests.docs.test_schedule import SERVICE, setting
from tests.docs.test_snippets import PAGES, STORE, blocks_of
from tests.helpers.command_lines import Refused, accept

LEFT = {
    ("docs/dependencies.md", "Needs a network, and half an hour"):
        "what the newest packages do; tests/tools/ tests the program with a pip that is made up",
    ("docs/how-to/add-a-layout.md", "Needs a clone, and minutes"):
        "nothing: the suite has the tests, and tests/rules/ holds what the second line prints",
    ("docs/how-to/engines.md", "Needs three terminals"):
        "nothing: its lines are those of the block in runners/README.md, which is run",
    ("docs/how-to/engines.md", "Needs an account"):
        "a run on Dataflow: tests/dataflow/job.py does one on a stand-in for the service",
    ("docs/how-to/engines.md", "Needs a cluster"):
        "a run on Flink: CI has no job server, see tests/engines/flink/check",
    ("docs/how-to/stores.md", "Needs a network"): "what pip does; .ci/run installs these extras",
    ("docs/scale.md", "Needs hours, and a large disk"): "the measuring; tests/benchmarks/ makes the page",
    ("docs/speed.md", "Needs minutes, and a quiet machine"): "the measuring; tests/benchmarks/ makes the page",
    ("docs/scheduling.md", "Needs systemd and root"):
        "that systemd starts it; .ci/run has `systemd-analyze verify` look at the units",
    ("docs/tutorial.md", "Needs a network"): "what pip does; .ci/run does the same line of the README",
    ("runners/README.md", "Needs a namespace of its own"): "nothing: tests/docs/test_portable_block.py runs it",
    ("runners/README.md", "Needs Go, and a namespace of its own"): "the last three lines; .ci/run does the first",
    ("runners/README.md", "Needs an engine"): "the tests on an engine, which take minutes: `prism/check --tests`",
    ("runners/dataflow/README.md", "Needs an account"): "a run on Dataflow, as above; and Beam's options for it",
    ("runners/dataflow/README.md", "Needs Docker"): "what Docker does, and Beam's image: CI has no daemon",
    ("runners/flink/README.md", "Needs a cluster"): "a run on Flink, as above",
    ("runners/flink/README.md", "Needs a network"): "that Maven Central has the jar: CI does not reach it",
    ("runners/flink/README.md", "Needs a job server and Java"): "all but the last line, which .ci/run does",
    ("runners/kubernetes/README.md", "Needs Docker, and a job server"): "what Docker does: CI has no daemon",
    ("runners/kubernetes/README.md", "Needs Kubernetes"): "a run on Kubernetes: CI has none",
    ("runners/spark/README.md", "Needs a cluster, and a network"): "Maven Central, and a run on Spark: the same",
    ("runners/spark/README.md", "Needs a job server and Java"): "a run on Spark: CI has no job server",
}  # fmt: skip
"""What no test does of each block that needs something."""

BLOCKS: dict[tuple[str, str], str] = {}
"""The code of all blocks of a page that need the same, by page and title."""
for page in PAGES:
    for block in blocks_of(page):
        if block.title and block.title != STORE:
            BLOCKS[page, block.title] = BLOCKS.get((page, block.title), "") + block.code
BASH = shutil.which("bash") or "bash"
RUN_ELSEWHERE = ("runners/README.md", "Needs a namespace of its own")
REAL = (
    "base64",
    "bash",
    "cat",
    "cp",
    "dirname",
    "git",
    "grep",
    "head",
    "mkdir",
    "mktemp",
    "rm",
    "sed",
    "sh",
    "tar",
)
"""Programs of the system that are themselves."""
NAMES = (
    "dateline",
    "docker",
    "gcloud",
    "java",
    "kubectl",
    "mvn",
    "pip",
    "python",
    "python3",
    "systemctl",
    "useradd",
)
CHECKS = ("tests/engines/flink/check", "tests/engines/prism/check", "tests/engines/spark/check")
STAND_IN = """\
#!{python} -SE
import json, os, pathlib, shutil, sys
name = sys.argv[0].removeprefix({folder!r}).removeprefix("/")
with open({log!r}, "a") as log:
    log.write(json.dumps([name, *sys.argv[1:]]) + chr(10))
if sys.argv[1:3] == ["-m", "venv"]:
    made = pathlib.Path(sys.argv[3], "bin")
    made.mkdir(parents=True)
    for each in "dateline", "pip", "python":
        shutil.copy(sys.argv[0], made / each)
    made.joinpath("activate").write_text(f"PATH={{made.absolute()}}:$PATH")
elif sys.argv[1:] == ["freeze"]:
    print({frozen!r})
elif name == "bin/mvn":
    artifact = next(word.split(":") for word in sys.argv if word.startswith("-Dartifact="))
    pathlib.Path(f"{{artifact[1]}}-{{artifact[2]}}.jar").touch()
"""
HOMES = ("/srv/dateline", "/var/lib/dateline", "/opt/dateline", "/etc/systemd/system")


class Call(NamedTuple):
    """What a stand-in was given. `program` is a path in the page's folder, or a name."""

    program: str
    words: list[str]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder like a clone, as far as blocks go: with stand-ins for its checks, and a `bin` for the others."""
    monkeypatch.chdir(tmp_path)
    frozen = "\n".join(f"{name}==1" for name in (*DECISIVE, "idna"))
    text = STAND_IN.format(
        python=sys.executable, folder=str(tmp_path), log=str(tmp_path / "calls"), frozen=frozen
    )
    for name in (*(f"bin/{name}" for name in NAMES), *CHECKS):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    for name in REAL:
        tmp_path.joinpath("bin", name).symlink_to(shutil.which(name) or "")
    for name in ("examples", "pyproject.toml", "runners", "tools"):
        tmp_path.joinpath(name).symlink_to(ROOT / name)
    for home in HOMES:
        Path(f"{tmp_path}{home}").mkdir(parents=True)
    tmp_path.joinpath("JAR").touch()
    return tmp_path


def calls_of(code: str, folder: Path) -> list[Call]:
    """Run a block; what the stand-ins were given, with the folder taken off again."""
    code = re.sub("|".join(HOMES), lambda home: f"{folder}{home[0]}", code)
    done = subprocess.run(
        [BASH, "-euo", "pipefail", "-c", code],
        capture_output=True,
        text=True,
        timeout=100,
        env={"PATH": f"{folder}/bin"},
    )
    assert done.returncode == 0, done
    lines = folder.joinpath("calls").read_text().splitlines()
    given = [[word.replace(f"{folder}/", "") for word in json.loads(line)] for line in lines]
    return [Call(name.removeprefix("bin/"), words) for name, *words in given]


def check_block(code: str, folder: Path) -> None:
    calls = calls_of(code, folder)
    assert calls
    for call in calls:
        check(call, folder)


def check(call: Call, folder: Path) -> None:
    name = call.program.rpartition("/")[2] if call.program not in CHECKS else "check"
    own = {
        "docker": docker,
        "gcloud": gcloud,
        "java": java,
        "kubectl": kubectl,
        "mvn": maven,
        "pip": pip,
        "systemctl": systemctl,
        "useradd": useradd,
    }
    if name in own:
        own[name](call.words, folder)
    elif call.words[:2] == ["-m", "pip"]:  # of tools/build_wheel
        assert call.words[2] == "wheel"
    else:
        accept([call.program, *call.words])


def pip(words: list[str], folder: Path) -> None:
    """The clone, with extras that it has; and packages that its extras name, too."""
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    named = {re.match(r"[\w-]+", line)[0] for lines in extras.values() for line in lines}
    if words == ["freeze"]:
        return
    assert words[0] == "install"
    for word in words[1:]:
        clone = re.fullmatch(r"\.(?:\[([\w,]+)\])?", word)
        assert set((clone[1] or "").split(",")) - {""} <= extras.keys() if clone else word in named, word


def docker(words: list[str], folder: Path) -> None:
    if words[0] == "build":
        options = dict(zip(words[1:-1:2], words[2:-1:2], strict=True))
        assert options.keys() == {"--file", "--tag"}
        if "constraints.txt" not in folder.joinpath(options["--file"]).read_text("utf-8"):
            return  # one image for the command and its workers
        pinned = folder.joinpath(words[-1], "constraints.txt").read_text().splitlines()
        assert {line.partition("==")[0] for line in pinned} == set(DECISIVE) - {"dateline"}
        return
    if words == ["push", "IMAGE"]:
        return
    assert words[:2] == ["run", "--rm"]
    volumes = [words[place + 1].split(":") for place, word in enumerate(words) if word == "--volume"]
    image = words.index("--entrypoint") + 2
    assert words[image - 1] == "dateline"
    assert words[image] == "dateline-worker"
    command = words[image + 1 :]
    for here, there, *_ in volumes:  # what the container would see, this process does
        command = [re.sub(rf"^{there}(?=/)", here, word) for word in command]
    assert dateline_here(*command).returncode == 0


def maven(words: list[str], folder: Path) -> None:
    assert words[0] == "dependency:copy"
    text = ROOT.joinpath("tests", "engines", "spark", "check").read_text("utf-8")
    known = {FLINK_JOB_SERVER.format(FLINK), re.search(r'^JOB_SERVER = "(.+)"', text, re.M)[1]}
    (artifact,) = (word.partition("=")[2] for word in words if word.startswith("-Dartifact="))
    assert artifact in known


def java(words: list[str], folder: Path) -> None:
    """What the check of Spark gives Java, too, and a jar that Maven has just put there."""
    text = ROOT.joinpath("tests", "engines", "spark", "check").read_text("utf-8")
    opened = re.findall(r'"(java\.[\w.]+|sun\.[\w.]+)"', text.partition("OPENED = (")[2].partition(")")[0])
    jar = words.index("-jar")
    assert words[:jar] == [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in opened]
    assert folder.joinpath(words[jar + 1]).is_file()
    assert all(f"{word.partition('=')[0]}=" in text for word in words[jar + 2 :])


def gcloud(words: list[str], folder: Path) -> None:
    """The template's metadata, and parameters that it has: each that has to be given, at least."""
    assert words[:2] == ["dataflow", "flex-template"]
    options = dict(zip(words[4::2], words[5::2], strict=True))
    metadata = json.loads(folder.joinpath("runners", "dataflow", "metadata.json").read_text("utf-8"))
    if words[2] == "build":
        assert folder.joinpath(options["--metadata-file"]).is_file()
    else:
        given = {each.partition("=")[0] for each in options["--parameters"].removeprefix("^;^").split(";")}
        known = {each["name"]: each["isOptional"] for each in metadata["parameters"]}
        assert given <= known.keys()
        assert {name for name, optional in known.items() if not optional} <= given


def kubectl(words: list[str], folder: Path) -> None:
    """What sed gives it, which tests/engine/test_kubernetes.py looks at; and the secrets that the manifests name."""
    if words not in (["apply", "--filename", "-"], ["create", "--filename", "-"]):
        assert words[:3] == ["create", "secret", "generic"]
        named = " ".join(
            ROOT.joinpath("runners", "kubernetes", name).read_text("utf-8")
            for name in ("cluster.yaml", "run.yaml")
        )
        assert re.search(rf"\b{words[3]}\b", named)


def systemctl(words: list[str], folder: Path) -> None:
    """Its commands, on units that were put where systemd looks."""
    if words != ["daemon-reload"]:
        assert words[:-1] == ["enable", "--now"]
        assert folder.joinpath("etc/systemd/system", words[-1]).is_file()


def useradd(words: list[str], folder: Path) -> None:
    """The user of the unit, whose home is where the unit may write."""
    assert words[-1:] == setting(SERVICE, "User")
    assert f"/{words[words.index('--home-dir') + 1]}" == "/var/lib/dateline"
    assert "dateline" in setting(SERVICE, "StateDirectory")[0].split()


@pytest.mark.parametrize("key", sorted(BLOCKS.keys() - {RUN_ELSEWHERE}), ids=": ".join)
def test_a_block_gives_its_programs_what_they_take(key, folder):
    check_block(BLOCKS[key], folder)


def test_what_is_left_untested_is_listed():
    assert BLOCKS.keys() == LEFT.keys()


def test_the_lines_for_three_terminals_are_run_elsewhere():
    lines = BLOCKS["docs/how-to/engines.md", "Needs three terminals"].splitlines()
    others = BLOCKS[RUN_ELSEWHERE].splitlines()
    assert {line.removesuffix(" &") for line in others} >= set(lines)


@pytest.mark.parametrize(
    "code",
    [
        "dateline run --input x --ouput news\n",
        "pip install '.[s4]'\n",
        "pip install left-pad\n",
        "mvn dependency:copy -Dartifact=org.apache.beam:beam-runners-flink-1.19-job-server:2.1\n",
        "systemctl enable --now dateline.timer\n",
        "tests/engines/flink/check --job-servre JAR\n",
        "nowhere\n",
        "cp examples/schedule/nowhere .\n",
    ],
    ids=shlex.quote,
)
def test_a_block_that_is_wrong_fails(code, folder):
    with pytest.raises((AssertionError, Refused)):
        check_block(code, folder)
