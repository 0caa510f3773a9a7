"""The metrics file is what Prometheus reads, and tells of the last run."""

import os
import re
import stat
from datetime import UTC, datetime

import pytest

from dateline.runners.command import cli
from dateline.runners.command.metrics import prometheus, why_unusable, write_metrics
from tests.conftest import dateline_here
from tests.helpers.pages import Article, plain

DONE = {
    "status": "done",
    "exit": 3,
    "run": "20261125T003000-123",
    "version": 3,
    "message": None,
    "started": "2026-11-25T00:30:00+00:00",
    "seconds": {"flow": 1.25, "commit": 0.5, "all": 2.0},
    "stages": {"read": {"seconds": 0.7, "records_out": 14}, "shuffles": {"bytes_out": 5}},
    "new": {"dumps": 1, "articles": 10, "duplicates": 3, "rejects": 1},
    "dataset": {"articles": 100, "duplicates": 30, "rejects": 2, "dumps": 4},
    "rejects_by_reason": {"no_headline": 1},
    "records": {"held": 3, "pages": 2, "rejected": {"bad_record": 1}},
    "bytes_read": 12345678901,
    "unreadable": [{"path": "a.txt", "error": "no permission"}],
    "notes": [],
}
STARTED = datetime(2026, 11, 25, 0, 30, tzinfo=UTC).timestamp()
FAILED = {"status": "failed", "exit": 1, "run": None, "version": None, "message": "the disk is full"}

SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\["\\n])*)"(?:,|$)')


def parse(text: str) -> dict[tuple[str, ...], float]:
    """The samples of a file, by name and label values; strict: what is no line of the format is an error."""
    assert text.endswith("\n")
    samples: dict[tuple[str, ...], float] = {}
    seen: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in seen, "a metric's lines stand together"
            assert re.fullmatch(rf"# TYPE {name} gauge", next(lines))
            seen.append(name)
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        assert name == seen[-1]
        found = LABEL.findall(labels or "")
        assert "".join(f'{key}="{text}",' for key, text in found) == (f"{labels}," if labels else "")
        texts = [re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text) for _, text in found]
        assert (name, *texts) not in samples
        samples[(name, *texts)] = float(value)
    return samples


def state(name: str) -> dict[tuple[str, ...], float]:
    states = ("done", "nothing_new", "failed", "stopped", "usage", "locked")
    return {("dateline_last_run_state", each): float(each == name) for each in states}


def test_a_run_that_is_done():
    assert parse(prometheus(DONE)) == {
        ("dateline_last_run_exit_status",): 3,
        **state("done"),
        ("dateline_last_run_timestamp_seconds",): STARTED + 2,
        ("dateline_last_success_timestamp_seconds",): STARTED + 2,
        ("dateline_last_run_duration_seconds",): 2,
        ("dateline_last_run_stage_seconds", "flow"): 1.25,
        ("dateline_last_run_stage_seconds", "commit"): 0.5,
        ("dateline_last_run_worker_seconds", "read"): 0.7,
        ("dateline_last_run_read_bytes",): 12345678901,
        ("dateline_last_run_dumps",): 1,
        ("dateline_last_run_rows", "articles"): 10,
        ("dateline_last_run_rows", "duplicates"): 3,
        ("dateline_last_run_rows", "rejects"): 1,
        ("dateline_last_run_rejects", "no_headline"): 1,
        ("dateline_last_run_unreadable_inputs",): 1,
        ("dateline_dataset_version",): 3,
        ("dateline_dataset_dumps",): 4,
        ("dateline_dataset_rows", "articles"): 100,
        ("dateline_dataset_rows", "duplicates"): 30,
        ("dateline_dataset_rows", "rejects"): 2,
    }


@pytest.mark.parametrize("name", [name for name in DONE if name not in ("status", "exit")])
def test_whatever_a_run_does_not_know(name):
    text = prometheus({key: value for key, value in DONE.items() if key != name})
    assert parse(text).items() <= parse(prometheus(DONE)).items() or name == "seconds"


def test_a_run_that_came_nowhere():
    assert parse(prometheus(FAILED)) == {("dateline_last_run_exit_status",): 1, **state("failed")}
    assert parse(prometheus(FAILED, last_success=5.5)) == {
        ("dateline_last_run_exit_status",): 1,
        **state("failed"),
        ("dateline_last_success_timestamp_seconds",): 5.5,
    }


@pytest.mark.parametrize("reason", ['say "no"', "back\\slash", "two\nlines", "\\n", "سبب", "a,b}", ""])
def test_labels_are_escaped(reason):
    samples = parse(prometheus(DONE | {"rejects_by_reason": {reason: 7}}))
    assert samples["dateline_last_run_rejects", reason] == 7


def test_the_last_success_is_kept(tmp_path):
    path = str(tmp_path / "dateline.prom")
    before = datetime.now(UTC).timestamp()

    def written(outcome) -> dict[tuple[str, ...], float]:
        write_metrics(path, outcome)
        return parse((tmp_path / "dateline.prom").read_text("utf-8"))

    assert ("dateline_last_success_timestamp_seconds",) not in written(FAILED)
    assert written(DONE)["dateline_last_success_timestamp_seconds",] == STARTED + 2
    for _ in range(2):
        failed = written(FAILED)
        assert failed["dateline_last_success_timestamp_seconds",] == STARTED + 2
        assert failed["dateline_last_run_timestamp_seconds",] >= before - 1  # no start is known: it is now
    later = DONE | {"status": "nothing_new", "started": "2026-11-26T00:30:00+00:00"}
    assert written(later)["dateline_last_success_timestamp_seconds",] == STARTED + 86402


@pytest.mark.parametrize("old", [b"", b"\xff\xfe", b"dateline_last_success_timestamp_seconds soon\n"])
def test_an_old_file_that_says_nothing(tmp_path, old):
    path = tmp_path / "dateline.prom"
    path.write_bytes(old)
    write_metrics(str(path), FAILED)
    assert ("dateline_last_success_timestamp_seconds",) not in parse(path.read_text("utf-8"))


def test_the_file_can_be_read_by_others(tmp_path):
    path = tmp_path / "dateline.prom"
    old = os.umask(0o077)
    try:
        write_metrics(str(path), DONE)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == ["dateline.prom"]


def test_a_name_in_this_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_metrics("dateline.prom", DONE)
    assert os.listdir(tmp_path) == ["dateline.prom"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "dateline.prom"
    write_metrics(str(path), DONE)
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_metrics(str(path), FAILED)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["dateline.prom"]
    monkeypatch.undo()
    with pytest.raises(OSError, match="gone"):
        write_metrics(str(tmp_path / "gone" / "dateline.prom"), DONE)


def test_only_a_file_of_metrics_is_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dumps, other, news = tmp_path / "dumps", tmp_path / "other", tmp_path / "news"
    for folder in (dumps, other / "_manifests", news / "_manifests"):
        folder.mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe")
    (dumps / "a.txt").write_text("a page")
    (dumps / "empty.txt").touch()
    (tmp_path / "notes.md").write_text("mine")
    (tmp_path / "link").symlink_to(dumps / "a.txt")
    write_metrics(str(tmp_path / "m.prom"), DONE)

    def why(path):
        return why_unusable(str(path), "news", ["dumps/*.txt", "more/**/x.prom"])

    for path in ("m.prom", tmp_path / "new.prom", dumps / "deeper" / "a.txt", "nowhere/m.prom"):
        assert why(path) is None
    for path, told in (
        (dumps, "is a folder"), ("pipe", "is no regular file"), ("/dev/null", "is no regular file"),
        (dumps / "a.txt", "holds something"), ("link", "holds something"), ("notes.md", "holds something"),
        (dumps / "empty.txt", "is one of the dumps"), (dumps / "new.txt", "is one of the dumps"),
        ("more/a/b/x.prom", "is one of the dumps"), (news / "m.prom", "lies in a dataset"),
        (other / "_runs" / "m.prom", "lies in a dataset"),
    ):  # fmt: skip
        assert told in why(path), path


def test_what_is_no_metrics_file_stays_as_it_is(tmp_path):
    dump = tmp_path / "a.txt"
    dump.write_text(plain(Article()))
    done = dateline_here("run", "--input", dump, "--output", tmp_path / "news", "--metrics", dump)
    assert (done.returncode, dump.read_text()) == (2, plain(Article()))
    assert f"--metrics {dump} holds something" in done.stderr
    assert not (tmp_path / "news").exists()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_metrics_file_that_cannot_be_written_is_a_warning(tmp_path, monkeypatch, call):
    real = getattr(os, call)

    def broken(*args):
        if call == "fsync" or str(args[1]).endswith(".prom"):
            raise OSError(5, "Input/output error")
        return real(*args)

    def run(args, outcome):
        monkeypatch.setattr(os, call, broken)
        outcome |= {"exit": 0, "status": "done"}
        return 0

    monkeypatch.setattr(cli.job, "run", run)
    done = dateline_here(
        "run", "--input", "x", "--output", tmp_path / "news", "--metrics", tmp_path / "m.prom"
    )
    assert done.returncode == 0
    assert (
        f"dateline: warning: --metrics {tmp_path}/m.prom cannot be written: Input/output error" in done.stderr
    )
    assert list(tmp_path.iterdir()) == []
