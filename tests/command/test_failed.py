"""A run that made no version leaves a record of it; one that made a version never says that it made none."""

import errno
import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dateline.errors import DamagedFile
from dateline.pipeline import run as runs
from dateline.pipeline.dataset import commit, republish
from dateline.pipeline.dataset import version as dataset
from dateline.pipeline.dataset.known_dumps import ChecksumCache
from dateline.pipeline.stages import parse
from dateline.runners.command import failure, summary
from dateline.runners.command import run as job
from dateline.runners.engine import profile
from dateline.runners.engine.stage_metrics import STAGES
from dateline.schemas.contract import contract
from tests.command.test_cli import many_pages
from tests.command.test_metrics import parse as metrics_of
from tests.conftest import ROOT, dateline, dateline_here
from tests.engine.test_portable import wait_until
from tests.helpers.pages import Article, plain

pytestmark = pytest.mark.slow

GOOD = plain(Article())
BAD = plain(Article(slot="https://example.com/a"))
FULL = OSError(errno.ENOSPC, "No space left on device")
SUCCESS = ("dateline_last_success_timestamp_seconds",)


def raising(error: BaseException):
    def fail(*args, **options):
        raise error

    return fail


@pytest.fixture
def dumps(tmp_path) -> Path:
    folder = tmp_path / "dumps"
    folder.mkdir()
    (folder / "a.txt").write_text(GOOD)
    return folder


def run(dumps: Path, *options):
    """A run of all dumps that leaves metrics."""
    args = ["--output", dumps.parent / "news", "--metrics", dumps.parent / "m.prom", *options]
    return dateline_here("run", "--input", dumps / "*", *args)


def record(news: Path) -> dict:
    """The only record of a failed run."""
    reports = [json.loads(path.read_text()) for path in news.glob("_runs/*/report.json")]
    (found,) = (report for report in reports if report["state"] != "done")
    assert contract("failure").is_valid(found)
    folder = news / "_runs" / found["run"]
    assert {path.name for path in folder.iterdir()} == {"report.json", "report.html"}
    assert "<h1>The run " in (folder / "report.html").read_text()
    return found


def logged(news: Path) -> list[dict]:
    done = dateline_here("log", news, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_too_many_rejects_name_the_dumps_that_have_most(dumps):
    news = dumps.parent / "news"
    for number in range(1, 8):
        text = [BAD.replace("Ferry", f"Ferry {number} {n}") for n in range(number)]
        (dumps / f"{number}.txt").write_text("\n\n".join([*text, GOOD.replace("Ferry", f"Raft {number}")]))
    done = run(dumps, "--max-rejects", "3", "--json")
    assert done.returncode == 1
    told = (
        "28 of 36 blocks are rejects (schema 28); --max-rejects allows 3; "
        "most are in 7.txt (7 of 8), 6.txt (6 of 7), 5.txt (5 of 6), 4.txt (4 of 5), 3.txt (3 of 4) and 2 more"
    )
    assert done.stderr == f"dateline: error: failed, nothing was committed: {told}\n"
    said = json.loads(done.stdout)
    assert (said["status"], said["stage"], said["dump"]) == ("failed", "balance", "7.txt")
    found = record(news)
    assert (found["state"], found["exit"], found["reason"]) == ("failed", 1, told)
    assert (found["stage"], found["dump"], found["run"]) == ("balance", "7.txt", said["run"])
    assert found["version"] is said["version"] is None
    size = sum(path.stat().st_size for path in dumps.iterdir())
    assert found["so_far"] == said["so_far"]
    assert found["so_far"] | {"rows_written": 0, "files": 0} == {
        "dumps": 8, "bytes": size, "bytes_read": size, "records": 8, "rejects": 28, "rows_written": 0, "files": 0,
    }  # fmt: skip

    assert logged(news) == [found]  # there is no version yet
    _, *shown = dateline_here("log", news).stdout.splitlines()
    assert shown[0].split() == ["failed", *found["started"][:16].split("T")]
    assert shown[1] == f"         run {found['run']}: {told}"
    where = f"         at balance, dump 7.txt; {size:,} of {size:,} bytes of 8 dumps, 8 records, 28 rejects"
    assert shown[2].startswith(where)


def test_the_record_of_a_run_stands_between_the_versions(dumps, monkeypatch):
    """A worker that cannot write: the reason in one line, the stage and the dump; the next run goes on; the time of the
    last success stays."""
    news, metrics = dumps.parent / "news", dumps.parent / "m.prom"
    assert run(dumps).returncode == 0
    before = metrics_of(metrics.read_text())
    assert before["dateline_last_run_state", "done"] == 1
    (dumps / "b.txt").write_text(GOOD.replace("Ferry", "Raft"))
    (dumps / "c.txt").write_text(GOOD.replace("Ferry", "Barge"))
    with monkeypatch.context() as patch:
        real = parse.record_of
        patch.setattr(
            parse, "record_of", lambda block, *rest: raising(FULL)() if b"Barge" in block.data else real(block, *rest)
        )  # fmt: skip
        done = run(dumps)
    assert done.returncode == 1
    told = "[Errno 28] No space left on device"
    assert done.stderr == f"dateline: error: failed, nothing was committed: {told}\n"
    found = record(news)
    assert (found["reason"], found["stage"], found["dump"]) == (told, "parse", "c.txt")
    after = metrics_of(metrics.read_text())
    assert after[SUCCESS] == before[SUCCESS]
    states = {
        name: value
        for (metric, *name), value in after.items()
        if metric == "dateline_last_run_state"
        for name in name
    }
    assert states == dict.fromkeys(states, 0) | {"failed": 1}
    assert len(states) == 6
    assert after["dateline_last_run_exit_status",] == 1
    assert dataset.latest_manifest(str(news))["version"] == 1

    done = run(dumps)
    assert (done.returncode, done.stderr) == (0, "")
    entries = logged(news)
    assert [entry["state"] for entry in entries] == ["done", "failed", "done"]
    assert entries[1] == found
    assert dateline_here("diff", news, "1", "2").returncode == 0
    assert dateline_here("verify", news).returncode == 0
    assert metrics_of(metrics.read_text())[SUCCESS] > before[SUCCESS]


@pytest.mark.parametrize(
    ("module", "name", "error", "stage"),
    [
        (job, "_config", FULL, "start"),
        (runs.staging, "read_receipts", DamagedFile("a receipt is none"), "balance"),
        (runs, "settle", ValueError("a fault of ours"), "balance"),
        (commit, "flush", FULL, "commit"),
        (commit, "_publish", PermissionError(errno.EPERM, "Operation not permitted"), "commit"),
    ],
)
def test_wherever_it_fails(dumps, monkeypatch, module, name, error, stage):
    with monkeypatch.context() as patch:
        patch.setattr(module, name, raising(error))
        done = run(dumps)
    assert done.returncode == 1
    told = str(error) if not isinstance(error, ValueError) else f"ValueError: {error}"
    assert re.search(rf"error: failed, nothing was committed: {re.escape(told)}(; .*)?\n", done.stderr)
    assert ("Traceback" in done.stderr) == isinstance(error, ValueError)
    found = record(dumps.parent / "news")
    assert (found["stage"], found["reason"]) == (stage, told)
    assert run(dumps).returncode == 0


AFTERWARDS = {
    "what it replaced cannot go": (commit, "finish", "what it replaced could not be put away"),
    "checksums cannot be kept": (ChecksumCache, "save", "the checksums of its dumps could not be remembered"),
    "the report cannot be written": (runs, "write_report", "its report could not be written"),
    "a summary that fails": (summary, "summary", "and whole; what came after went wrong"),
    "an outcome that fails": (job, "fill", "and whole; what came after went wrong"),
    "a profile that fails": (profile.Profile, "draw", "and whole; what came after went wrong"),
}


@pytest.mark.parametrize("error", [FULL, ValueError("a fault of ours")], ids=["a full disk", "a fault"])
@pytest.mark.parametrize("kind", AFTERWARDS)
def test_once_the_version_is_there_the_run_did_not_fail(dumps, monkeypatch, kind, error):
    module, name, told = AFTERWARDS[kind]
    if module is profile.Profile and error is FULL:
        told = "cannot be written: [Errno 28]"  # which it tells by itself
    (dumps / "gone.txt").symlink_to(dumps / "nothing")
    news = dumps.parent / "news"
    with monkeypatch.context() as patch:
        patch.setattr(module, name, raising(error))
        done = run(dumps, *(["--profile", dumps.parent / "profile"] if "profile" in kind else []))
    assert done.returncode == 3  # of the input that is not there
    assert "nothing was committed" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if told in line)
    assert line.startswith("dateline: warning: ") or module is profile.Profile
    assert "version 1 is committed" in line or module is profile.Profile
    assert ("Traceback" in done.stderr) == ("whole" in told and isinstance(error, ValueError))
    assert dataset.latest_manifest(str(news))["version"] == 1
    assert [entry["state"] for entry in logged(news)] == ["done"]
    after = metrics_of((dumps.parent / "m.prom").read_text())
    assert after["dateline_last_run_exit_status",] == 3
    assert after["dateline_last_run_state", "done"] == 1
    assert SUCCESS in after
    assert run(dumps).returncode == 3


def test_a_lock_that_cannot_be_let_go_of_changes_nothing(dumps, monkeypatch):
    from dateline.pipeline.dataset import lock

    class File:
        def __init__(self, real):
            self._real, self._times = real, 0

        def __getattr__(self, name):
            return getattr(self._real, name)

        def __enter__(self):
            return self

        def __exit__(self, *args):
            self._real.close()

        def truncate(self, size):
            self._times += 1
            return self._real.truncate(size) if self._times == 1 else raising(FULL)()

    opened = lock._opened
    monkeypatch.setattr(lock, "_opened", lambda root: File(opened(root)))
    done = run(dumps)
    assert done.returncode == 0
    assert done.stderr.endswith(
        "warning: the run is over; what came after went wrong: [Errno 28] No space left on device\n"
    )


def test_a_record_that_cannot_be_written_is_a_warning(dumps, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(failure, "write_report", raising(FULL))
        done = run(dumps, "--max-rejects", "0%", "--max-line-bytes", "9")
    assert done.returncode == 1
    assert "warning: what is known of this run could not be written down: [Errno 28] No space" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (dumps.parent / "news" / "_runs").exists()


def test_a_full_disk_in_a_process_of_its_own(dumps):
    """A limit of the system on the size of files stands for a full disk."""
    (dumps / "b.txt").write_text(many_pages(3000))

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    news = dumps.parent / "news"
    done = dateline("run", "--quiet", "--input", dumps / "*", "--output", news, preexec_fn=limited)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("dateline: error: failed, nothing was committed: [Errno 27] ")
    assert "File too large" in line
    found = record(news)
    assert f"dateline: error: failed, nothing was committed: {found['reason']}" == line
    assert found["so_far"]["bytes_read"] <= found["so_far"]["bytes"]
    assert [entry["state"] for entry in logged(news)] == ["failed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped(dumps, number):
    (dumps / "b.txt").write_text(many_pages(40_000))
    news = dumps.parent / "news"
    command = ["run", "--input", dumps / "*", "--output", news, "--workers", "1", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dateline", *map(str, command)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: list(news.glob("_runs/*/progress/*")))
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert f"stopped by {number.name}; nothing was committed" in err
    found = record(news)
    assert (found["state"], found["exit"], found["reason"]) == (
        "stopped",
        128 + number,
        f"stopped by {number.name}",
    )
    assert found["stage"] in ("flow", *STAGES)
    assert 0 < found["so_far"]["bytes_read"] <= found["so_far"]["bytes"]
    assert json.loads(out)["so_far"] == found["so_far"]
    assert logged(news) == [found]


WRONG = {
    "torn": ('{"state": "fai', None),
    "of an older Dateline": ('{"run": "x"}', None),
    "of a version": ('{"run": "x", "state": "done"}', None),
    "no object": ("[]", None),
    "nested without end": ("[" * 100_000, None),
    "not valid": ('{"run": "x", "state": "failed", "so_far": 1e999}', "is not valid at /"),
    "of another run": (None, "says that it is of run"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_report_that_no_run_wrote(dumps, kind):
    """`log` goes on, and says what is wrong with it."""
    news = dumps.parent / "news"
    assert run(dumps, "--max-rejects", "0", "--max-line-bytes", "9").returncode == 1
    assert run(dumps).returncode == 0
    found = record(news)
    text, told = WRONG[kind]
    path = news / "_runs" / "20990101T000000-x" / "report.json"
    path.parent.mkdir()
    path.write_text(json.dumps(found) if text is None else text)
    done = dateline_here("log", news, "--json")
    assert done.returncode == 0
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["done", "failed"]
    assert done.stderr == "" if told is None else told in done.stderr
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert dateline_here("log", news).stderr == ""


def test_a_dump_whose_name_is_odd(tmp_path):
    """It is written as an escape, in JSON, in HTML and to a terminal."""
    odd = tmp_path / os.fsdecode(b"\xff\x1b[2J<b>\n.txt")
    odd.write_text(BAD)
    (tmp_path / "loop\udcfe.txt").symlink_to("loop\udcfe.txt")
    news = tmp_path / "news"
    done = dateline_here("run", "--input", tmp_path / "*.txt", "--output", news, "--max-rejects", "0")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    found = record(news)
    assert "xff" in found["dump"]
    assert "<b>" not in (news / "_runs" / found["run"] / "report.html").read_text()
    shown = dateline_here("log", news)
    assert "\x1b" not in shown.stdout
    assert len(shown.stdout.splitlines()) == 4
    assert dateline_here("run", "--input", tmp_path / "*.txt", "--output", news).returncode == 1
    odd.write_text(GOOD)
    done = dateline_here("run", "--input", tmp_path / "*.txt", "--output", news)
    assert (done.returncode, "is committed" in done.stderr) == (3, False)  # the report names the loop
    reports = [json.loads(path.read_text()) for path in news.glob("_runs/*/report.json")]
    (report,) = (report for report in reports if report["state"] == "done")
    assert report["unreadable"][0]["path"].endswith("/loop\\udcfe.txt")
    assert dateline_here("verify", news).returncode == 0


def test_an_output_that_arrow_cannot_open(tmp_path):
    """It is told before any work, on one line, whatever the name has in it."""
    (tmp_path / "a.txt").write_text(GOOD)
    for output in (tmp_path / "new\udcffs\n", tmp_path / "new\udcffs" / "deeper"):
        done = dateline_here("run", "--input", tmp_path / "a.txt", "--output", output)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "is not UTF-8, which Arrow cannot open; give another" in line
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    odd = tmp_path / "new\n\x1b[2Js"
    assert dateline_here("run", "--input", tmp_path / "a.txt", "--output", odd).returncode == 0
    (line,) = dateline_here("run", "--input", tmp_path / "a.txt", "--output", odd / "in").stderr.splitlines()
    assert "lies in the dataset" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("name", ["finish", "relink"])
def test_a_restored_version_is_there_whatever_comes_after(dumps, monkeypatch, name):
    news = dumps.parent / "news"
    assert run(dumps).returncode == 0
    (dumps / "b.txt").write_text(GOOD.replace("Ferry", "Raft"))
    assert run(dumps).returncode == 0
    with monkeypatch.context() as patch:
        patch.setattr(commit if name == "finish" else republish, name, raising(FULL))
        done = dateline_here("restore", news, "--version", "1")
    assert (done.returncode, done.stdout) == (0, "version 3 is as version 1 was\n")
    assert "warning: version 3 is committed, and whole; what came after went wrong" in done.stderr
    assert run(dumps).returncode == 0
    assert dateline_here("verify", news).returncode == 0
