"""The progress line says what is done, what is left, and how long that takes."""

import doctest
import io
import time

import pytest

import dateline.pipeline.progress
import dateline.pipeline.rules.parse
import dateline.pipeline.rules.text
import dateline.runners.command.watch
from dateline.pipeline.progress import Counts, Progress, read_progress
from dateline.pipeline.reject_limit import RejectLimit
from dateline.runners.command.watch import Watch, progress_line


def test_reading():
    line = progress_line(Counts(bytes_read=45_000_000, records=20_000, rejects=12), 100_000_000, 10, 0)
    assert line == (
        "reading  45%  45.0 MB of 100.0 MB  20,000 articles and copies  12 rejects  4.5 MB/s  0:12 left to read"
    )


def test_writing():
    counts = Counts(bytes_read=100, records=20, rejects=0, winners=1000, rows_written=250, files=40)
    assert progress_line(counts, 100, 10, 30) == (
        "writing  25%  250 of 1,000 rows  20 articles and copies  0 rejects  40 files  1:30 left"
    )


def test_rows_that_are_written_before_all_are_counted_are_no_more_than_all():
    counts = Counts(bytes_read=100, winners=12, rows_written=16)
    assert progress_line(counts, 100, 10, 30).startswith("writing 100%  16 of 16 rows  ")
    assert progress_line(counts, 100, 10, 30).endswith("0:00 left")


def test_nothing_yet():
    assert "reading   0%" in progress_line(Counts(), 100, 0, 0)


def test_workers_counts_add_up(tmp_path, monkeypatch):
    monkeypatch.setattr(dateline.pipeline.progress, "TELL_SECONDS", 0)
    progress = Progress(str(tmp_path))
    progress.add(bytes_read=5, records=1)
    progress.add(records=2, files=1)
    (tmp_path / "99999").write_bytes((tmp_path / next(iter(tmp_path.iterdir())).name).read_bytes())
    (tmp_path / "88888").write_bytes(b"torn")
    assert read_progress(str(tmp_path)) == Counts(bytes_read=10, records=6, files=2)


def test_counting_into_a_folder_that_is_gone(tmp_path):
    Progress(str(tmp_path / "gone")).add(records=1)
    assert read_progress(str(tmp_path / "gone")) == Counts()


def test_plain_lines_when_piped(tmp_path, monkeypatch):
    monkeypatch.setattr(dateline.runners.command.watch, "PLAIN_SECONDS", 0.01)
    out = io.StringIO()
    with Watch(str(tmp_path), 100, quiet=False, out=out):
        time.sleep(0.1)
    lines = out.getvalue().splitlines()
    assert len(lines) > 1
    assert all(line.startswith("reading") for line in lines)
    assert "\x1b" not in out.getvalue()


def test_nothing_when_quiet(tmp_path, monkeypatch):
    monkeypatch.setattr(dateline.runners.command.watch, "PLAIN_SECONDS", 0.01)
    out = io.StringIO()
    with Watch(str(tmp_path), 100, quiet=True, out=out):
        time.sleep(0.05)
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("limit", "rejects", "blocks", "exceeded"),
    [
        ("3", 3, 10, False),
        ("3", 4, 10, True),
        ("10%", 1, 10, False),
        ("9.9%", 1, 10, True),
        ("0", 0, 0, False),
        ("0%", 0, 0, False),
    ],
)
def test_reject_limit(limit, rejects, blocks, exceeded):
    assert RejectLimit.parse(limit).exceeded(rejects, blocks) is exceeded


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "%", "nan%", "-1%", "101%", "inf%"])
def test_a_reject_limit_that_is_none(text):
    with pytest.raises(ValueError, match=r"number|share|float"):
        RejectLimit.parse(text)


@pytest.mark.parametrize(
    "module",
    [dateline.runners.command.watch, dateline.pipeline.rules.text, dateline.pipeline.rules.parse],
    ids=lambda m: m.__name__,
)
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
