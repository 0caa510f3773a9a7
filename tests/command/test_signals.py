"""Ctrl-C and SIGTERM at any moment: the exit status and the words fit the dataset, and nothing is left behind."""

import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.stop import LAST
from tests.command.test_json import validator
from tests.conftest import ROOT, dateline_here, files_of
from tests.helpers.pages import Article, plain

pytestmark = pytest.mark.slow

NUMBERS = (signal.SIGINT, signal.SIGTERM)
MOMENTS = 50
"""Of each signal."""
UNBEGUN = "dateline: error: stopped by {}\n"
"""Before the run had begun."""
NOTHING = "dateline: error: stopped by {}; nothing was committed\n"
MADE = "dateline: error: stopped by {}; version 2 was committed before, and is whole\n"

FORK = """
import os, dateline.runners.engine.forked_workers
real, made = os.fork, []
class Os:
    def __getattr__(self, name):
        return getattr(os, name)
    def fork(self):
        made.append(1)
        if ({nth}, "before") == (len(made), {where!r}):
            send_here()
        found = real()
        if ({nth}, "parent" if found else "child") == (len(made), {where!r}):
            send_here()
        return found
dateline.runners.engine.forked_workers.os = Os()
"""
FORKS = [FORK.format(nth=nth, where=where) for nth in (1, 2) for where in ("before", "parent", "child")]

STEP = """
import time
from pkgutil import resolve_name
def change(holder, name):
    real, calls = getattr(holder, name), []
    def step(*args, **options):
        calls.append(1)
        {before}
        found = real(*args, **options)
        {after}
        return found
    setattr(holder, name, step)
change(resolve_name({holder!r}), {name!r})
"""


def before(name: str, what: str = "send_here()") -> str:
    holder, _, name = name.rpartition(".")
    return STEP.format(holder=holder, name=name, before=what, after="")


def after(name: str) -> str:
    holder, _, name = name.rpartition(".")
    return STEP.format(holder=holder, name=name, before="", after="send_here()")


IGNORED = """
class Dying:
    def __del__(self):
        send_here()
        sorted([])
"""
TWICE = "send_here(); time.sleep(0.4); send_here(); time.sleep(600)"
SECOND = "if len(calls) == 2: {}"
"""The first folder that a run makes is to see whether the file system has hard links."""
NAMED = {
    "as it begins": (before("dateline.pipeline.inputs.find.find_inputs"), NOTHING),
    "as it holds the dataset": (after("dateline.pipeline.dataset.lock._opened"), NOTHING),
    "before it builds the flow": (before("dateline.runners.engine.local.build"), NOTHING),
    "as the workers are told where to go": (after("dateline.runners.engine.forked_workers.ForkedWorkerHandler.start_worker"), NOTHING),
    "as they are done": (before("dateline.runners.engine.forked_workers.ForkedWorkerHandler.close"), NOTHING),
    "where Python ignores what is raised": (IGNORED + before("dateline.pipeline.run.settle", "Dying(); time.sleep(600)"), NOTHING),
    "with files named": (after("dateline.pipeline.dataset.commit._name"), NOTHING),
    "just before it looks, and publishes": (after("dateline.pipeline.dataset.commit.flush"), NOTHING),
    "as it publishes": (before("dateline.pipeline.dataset.commit._publish"), MADE),
    "just after": (after("dateline.pipeline.dataset.commit._publish"), MADE),
    "before old files go": (before("dateline.pipeline.dataset.commit._tidy"), MADE),
    "before the report": (before("dateline.pipeline.run.write_report"), MADE),
    "as its folder goes": (before("dateline.pipeline.dataset.staging.clean_up", SECOND.format("send_here()")), MADE),
    "before the summary": (before("dateline.runners.command.summary.summary"), MADE),
    "with all told": (after("dateline.runners.command.summary.summary") + before("dateline.runners.command.run.end"), MADE),
    "before the metrics": (before("dateline.runners.command.metrics.write_metrics"), ""),
    "and another at once": (before("dateline.runners.engine.local.build", "send_here(); send_here()"), NOTHING),
    "and another, late in its end": (before("dateline.pipeline.dataset.staging.clean_up", SECOND.format(TWICE)), LAST),
    "and another, while its work is put away": (
        before("dateline.runners.engine.local.build") + before("dateline.pipeline.dataset.staging.clean_up", SECOND.format("time.sleep(0.4); send_here(); time.sleep(600)")), LAST,
    ),
}  # fmt: skip
"""Steps of a run, what is changed so that the signal comes there, and what is told."""


class Base(NamedTuple):
    """A dataset of a first dump, a second dump, and what the two are together."""

    news: Path
    dump: Path
    old: dict[str, bytes]
    new: dict[str, bytes]


class Ended(NamedTuple):
    """What a run came to, and what it said."""

    status: int
    hangs: bool
    left: list[int]
    seconds: float
    cpu: float
    out: str
    err: str
    folder: Path


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Base:
    folder = tmp_path_factory.mktemp("base")
    for name, numbers in (("first", range(3)), ("second", range(2, 5))):
        pages = (plain(Article(headline=f"Lamp {n} is lit", stamp=f"0{n + 1} March 2021")) for n in numbers)
        (folder / f"{name}.txt").write_text("\n\n".join(pages))
    news, dump = folder / "news", folder / "second.txt"
    assert dateline_here("run", "--input", folder / "first.txt", "--output", news).returncode == 0
    shutil.copytree(news, folder / "both")
    assert dateline_here("run", "--input", dump, "--output", folder / "both").returncode == 0
    return Base(news, dump, files_of(news), files_of(folder / "both"))


def done(base: Base, folder: Path, plans: list[dict[str, Any]]) -> list[Ended]:
    """Do runs that add the second dump to the first, each in a copy of the dataset, and see that each of them leaves a
    whole one, no process, no folder of its own, and no traceback."""
    lines = []
    for number, plan in enumerate(plans):
        own = folder / str(number)
        (own / "tmp").mkdir(parents=True)
        shutil.copytree(plan.pop("news", base.news), own / "news")
        args = ["run", "--workers", plan.get("workers", 2), "--input", base.dump, "--output", own / "news",
                "--metrics", own / "metrics.prom"]  # fmt: skip
        lines.append(json.dumps({"args": list(map(str, args)), "folder": str(own)} | plan))
    told = subprocess.run(
        [sys.executable, "-m", "tests.helpers.signalled"], input="\n".join(lines) + "\n", text=True, cwd=ROOT,
        capture_output=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    ended = []
    for number, line in enumerate(told.stdout.splitlines()):
        own = folder / str(number)
        texts = {name: (own / name).read_text() for name in ("out", "err")}
        ended.append(Ended(**json.loads(line), **texts, folder=own))
    assert len(ended) == len(plans)
    return ended


def require_clean(base: Base, found: Ended, number: int) -> None:
    """What holds of any run that got a signal."""
    assert not found.hangs
    assert found.left == []
    assert list((found.folder / "tmp").iterdir()) == []
    name, at_once = signal.Signals(number).name, found.err == LAST.format(signal.Signals(number).name)
    assert at_once or not [path for path in found.folder.glob("news/_runs/*/*") if path.stem != "report"]
    if found.status:
        assert found.status == 128 + number
        assert found.err in [message.format(name) for message in (UNBEGUN, NOTHING, MADE, LAST)]
    else:  # it came when all was told
        assert found.err == ""
        assert "version 2" in found.out
    version = latest_manifest(str(found.folder / "news"))["version"]
    assert files_of(found.folder / "news") == (base.new if version == 2 else base.old)
    assert at_once or (version == 2) is (found.status == 0 or "committed before" in found.err)


@pytest.fixture(scope="module")
def named(base, tmp_path_factory) -> dict[str, Ended]:
    """The runs of NAMED: each second has worker processes, and SIGTERM."""
    plans = []
    for nth, (change, _) in enumerate(NAMED.values()):
        plans.append(
            {
                "change": change,
                "workers": 2 if "forked" in change else 1 + nth % 2,
                "signals": [NUMBERS[nth % 2]],
            }
        )
    return dict(zip(NAMED, done(base, tmp_path_factory.mktemp("named"), plans), strict=True))


@pytest.mark.parametrize("step", NAMED)
def test_a_signal_at_a_step(base, named, step):
    number = NUMBERS[list(NAMED).index(step) % 2]
    assert named[step].err == NAMED[step][1].format(number.name)
    assert named[step].status == (128 + number if NAMED[step][1] else 0)
    require_clean(base, named[step], number)
    reports = (json.loads(path.read_text()) for path in named[step].folder.glob("news/_runs/*/report.json"))
    states = sorted(report["state"] for report in reports)
    if NAMED[step][1] == NOTHING and step not in (
        "as it begins",
        "as it holds the dataset",
    ):  # it left a record
        assert states == ["done", "stopped"]
    else:
        assert states == ["done"] * latest_manifest(str(named[step].folder / "news"))["version"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_a_signal_at_any_moment(base, tmp_path, number):
    """Some around the forks, some drawn over the work of the run's own process, some over its time."""
    measured = done(base, tmp_path / "measured", [{"workers": n, "signals": []} for n in (1, 2)])
    assert [each.status for each in measured] == [0, 0], measured
    drawn = random.Random(number)
    plans: list[dict[str, Any]] = [{"change": change} for change in FORKS]
    count = MOMENTS - len(plans)
    for nth in range(count):
        workers = 1 + nth % 3 // 2
        kind = "seconds" if nth % 4 > 1 else "cpu"
        share = (nth + drawn.random()) / count
        plans.append({"workers": workers, kind: share * getattr(measured[workers - 1], kind)})
    found = done(base, tmp_path / "ended", [plan | {"signals": [number]} for plan in plans])
    for each in found:
        require_clean(base, each, number)
    stopped = sum("nothing was committed" in each.err for each in found)
    assert stopped > MOMENTS // 2


RESTORES = {
    "as it publishes": (
        before("dateline.pipeline.dataset.commit._publish"),
        "version 3 is as version 1 was\n",
    ),
    "just before": (after("dateline.pipeline.dataset.commit.flush"), ""),
}


def test_a_signal_to_a_restore(base, tmp_path):
    plans = []
    for nth, (change, _) in enumerate(RESTORES.values()):
        args = ["restore", str(tmp_path / str(nth) / "news"), "--version", "1"]
        plans.append(
            {"args": args, "news": base.news.parent / "both", "change": change, "signals": [signal.SIGTERM]}
        )
    for ended, (_, told) in zip(done(base, tmp_path, plans), RESTORES.values(), strict=True):
        assert (ended.status, ended.out, ended.err) == (143, told, "dateline: error: stopped by SIGTERM\n")
        assert files_of(ended.folder / "news") == (base.old if told else base.new)
        assert latest_manifest(str(ended.folder / "news"))["version"] == (3 if told else 2)
        assert [path for path in ended.folder.glob("news/_runs/*/*") if path.stem != "report"] == []


AT_IMPORT = """
import os, sys
class At:
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), int(sys.argv[2]))
sys.meta_path.insert(0, At())
sys.argv[0] = "dateline"
from dateline.runners.command import cli
sys.exit(cli.main(sys.argv[3:]))
"""


LOADED = ("dateline.runners.command.paths", "numpy.linalg", "pyarrow.lib", "apache_beam.pipeline")


@pytest.mark.parametrize(("module", "number"), list(zip(LOADED, NUMBERS * 2, strict=True)))
def test_a_signal_while_modules_are_loaded(base, tmp_path, module, number):
    """What is loaded by half is of no use to what follows. Before main() the system itself ends the process."""
    args = [module, int(number), "run", "--input", base.dump, "--output", tmp_path / "news"]
    command = [sys.executable, "-c", AT_IMPORT, *map(str, args)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    ended = (-number, "", "") if module == LOADED[0] else (128 + number, "", NOTHING.format(number.name))
    assert (done.returncode, done.stdout, done.stderr) == ended


SWALLOWED = """
import dateline.runners.command.export
def export(*args):
    try:
        send_here()
    finally:
        raise OSError(5, "Input/output error")
dateline.runners.command.export.export = export
"""
"""What a library makes of Stopped."""
NEWS = "{news}"
JSON = {
    "verify": (["verify", NEWS], before("dateline.runners.command.verify.verify")),
    "verify, with its summary printed": (["verify", NEWS], after("dateline.runners.command.verify.Summary.__init__")),
    "repair": (["repair", NEWS], before("dateline.runners.command.repair._look")),
    "export": (["export", NEWS, "--to", "{own}/out"], before("dateline.runners.command.export.export")),
    "export, where a library swallows it": (["export", NEWS, "--to", "{own}/out"], SWALLOWED),
    "report": (["report", NEWS, "--to", "{own}/a.html"], before("dateline.runners.command.report.page")),
    "inspect": (["inspect", "{dump}"], before("dateline.runners.command.inspect.unpack_all")),
    "inspect, as it prints": (["inspect", "{many}"], before("dateline.runners.command.stdio.Stream.write")),
    "inspect, within a line": (["inspect", "{dump}"], after("dateline.runners.command.stdio.Lines.write")),
    "log": (["log", NEWS], before("dateline.runners.command.log.kept_manifests")),
    "log, by the file of options": (["--config", "{options}", "log", NEWS], before("dateline.runners.command.log.log_entry")),
    "explain": (["explain", NEWS, "lamp 1"], before("dateline.runners.command.explain._story")),
    "diff": (["diff", NEWS, "1", "1"], before("dateline.runners.command.diff.manifest_for")),
    "prune": (["prune", NEWS, "--keep-versions", "1"], before("dateline.runners.command.prune.manifest_for")),
    "restore": (["restore", NEWS, "--version", "1"], before("dateline.runners.command.restore.restore")),
    "run, before it begins": (["run", "--input", "{dump}", "--output", NEWS], before("dateline.runners.command.cli.begin")),
    "run": (["run", "--input", "{dump}", "--output", NEWS], before("dateline.runners.engine.local.build")),
    "wrong usage": (["lgo"], before("dateline.runners.command.usage.json_of_error")),
}  # fmt: skip
"""Commands with --json, and where a signal comes to them."""


@pytest.fixture(scope="module")
def of_json(base, tmp_path_factory) -> dict[str, Ended]:
    folder = tmp_path_factory.mktemp("json")
    (folder / "many.txt").write_text(
        "\n\n".join(plain(Article(headline=f"Lamp {n} is lit", body=("Oil. " * 999,))) for n in range(9))
    )
    (folder / "options.toml").write_text("[log]\njson = true\n")
    plans = []
    for nth, (args, change) in enumerate(JSON.values()):
        own = folder / str(nth)
        places = {"news": own / "news", "own": own, "dump": base.dump, "many": folder / "many.txt"}
        words = [word.format(**places, options=folder / "options.toml") for word in args]
        words += [] if "--config" in words else ["--json"]
        plans.append({"args": words, "change": change, "signals": [NUMBERS[nth % 2]]})
    return dict(zip(JSON, done(base, folder, plans), strict=True))


@pytest.mark.parametrize("case", JSON)
def test_a_signal_to_a_command_that_prints_json(base, of_json, case):
    """The last line tells of it, and is the only one that does; those before it are whole."""
    found, number = of_json[case], NUMBERS[list(JSON).index(case) % 2]
    assert (found.status, found.hangs, found.left) == (128 + number, False, [])
    lines = [json.loads(line) for line in found.out.splitlines()]
    for line in lines:
        validator(case.partition(",")[0] if case != "wrong usage" else "log").validate(line)
    assert len(set(map(str, lines))) == len(lines)
    *before, last = lines
    said = f"stopped by {number.name}"
    if case == "run":
        assert (last["status"], last["exit"], before) == ("stopped", 128 + number, [])
        said = last["message"]
    else:
        assert last == {
            "error": {"kind": "Stopped", "message": said, "advice": "run the command again", "exit": 128 + number}
        }  # fmt: skip
        assert not [line for line in before if "error" in line]
    assert found.err == f"dateline: error: {said}\n"
    assert not list((found.folder / "tmp").iterdir())
    assert files_of(found.folder / "news") == base.old
