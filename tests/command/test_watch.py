"""The progress line says what is done, what is left, and how long that takes."""

import doctest
import io
import os
import pty
import re
import termios
import threading
import time
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dateline.pipeline.progress
import dateline.pipeline.rules.parse
import dateline.pipeline.rules.text
import dateline.runners.command.watch
from dateline.pipeline.progress import Counts, Progress, read_progress
from dateline.pipeline.reject_limit import RejectLimit
from dateline.runners.command.watch import Course, Sizes, Watch

PLAIN = Sizes(plain=100_000_000, packed=0)


def test_reading():
    course = Course(PLAIN)
    assert course.line(Counts(), "flow", 0) == "1/5 reading   0%  0.0 of 100.0 MB"
    course.line(Counts(bytes_read=5_000_000), "flow", 2)  # the workers took two seconds to start
    line = course.line(Counts(bytes_read=45_000_000, records=20_000, rejects=12), "flow", 12)
    assert line == (
        "1/5 reading  45%  ~0:14 to read  45.0 of 100.0 MB  20,000 articles and copies  12 rejects  4.0 MB/s"
    )


def test_no_time_is_told_before_it_can_be_known():
    course = Course(PLAIN)
    assert "to read" not in course.line(Counts(bytes_read=1), "flow", 1)
    assert "to read" not in course.line(Counts(bytes_read=45_000_000), "flow", 2.5)
    assert "to read" in course.line(Counts(bytes_read=45_000_000), "flow", 3.5)


def test_writing():
    course = Course(PLAIN)
    read = Counts(bytes_read=100_000_000, records=20, winners=1000)
    course.line(read._replace(rows_written=50), "flow", 20)
    line = course.line(read._replace(rows_written=250, files=40), "flow", 30)
    assert line == (
        "3/5 writing  25%  ~0:38 to write  250 of 1,000 rows  40 files  20 articles and copies  0 rejects"
    )


def test_the_stages_that_the_run_tells_of():
    course = Course(PLAIN)
    counts = Counts(bytes_read=100_000_000, winners=9, rows_written=9, files=7)
    assert course.line(counts, "balance", 1) == "4/5 checking the balance  9 rows  7 files"
    assert course.line(Counts(), "commit", 2) == "5/5 committing  9 rows  7 files"  # its folder is gone


def test_packed_dumps_come_to_more_than_their_size():
    """Else all of them would be read when a third is, and writing stand at 0% until they are."""
    course = Course(Sizes(plain=10_000_000, packed=20_000_000))
    begun = Counts(packed_read=5_000_000, unpacked=15_000_000)
    assert course.line(begun, "flow", 1) == "1/6 unpacking  25%  5.0 of 20.0 MB"
    unpacked = Counts(packed_read=20_000_000, unpacked=60_000_000, bytes_read=35_000_000)
    assert course.line(unpacked, "flow", 2) == "2/6 reading  50%  35.0 of 70.0 MB"
    read = unpacked._replace(bytes_read=70_000_000)
    assert course.line(read, "flow", 3) == "3/6 folding copies  0 articles and copies  0 rejects"


def test_rows_that_are_written_before_all_are_counted_are_no_more_than_all():
    counts = Counts(bytes_read=100, winners=12, rows_written=16)
    assert Course(PLAIN).line(counts, "flow", 10).startswith("3/5 writing 100%  16 of 16 rows  ")


HELD = st.integers(0, 2 * 10**8)


@given(
    sizes=st.builds(Sizes, HELD, HELD),
    seen=st.lists(
        st.tuples(st.builds(Counts, *[HELD] * len(Counts._fields)), st.sampled_from(["flow", "balance"]))
    ),
    width=st.integers(39, 200),
)
def test_it_fits_and_never_falls_back(sizes, seen, width):
    """Whatever is seen of the workers, in whatever order, neither the stage nor its share goes back."""
    course, last = Course(sizes), (0, 0)
    for seconds, (counts, stage) in enumerate(seen):
        line = course.line(counts, stage, seconds * 1000, width)
        assert len(line) <= width
        found = re.match(r"(\d)/[56] [a-z ]+?(?: +(\d+)%)?(?:  |$)", line)
        assert found, line
        now = (int(found[1]), int(found[2] or 0))
        assert now >= last
        last = now


def test_the_time_left_fits_40_columns():
    course = Course(Sizes(0, 10**12))
    course.line(Counts(packed_read=1), "flow", 0)
    line = course.line(Counts(packed_read=10**11), "flow", 3600, width=39)
    assert line == "1/6 unpacking  10%  ~9:00:00 to unpack"


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
    with Watch(partial(read_progress, str(tmp_path)), PLAIN, quiet=False, out=out):
        time.sleep(0.1)
    lines = out.getvalue().splitlines()
    assert len(lines) > 1
    assert all(line.startswith("1/5 reading") for line in lines)
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("wide", [40, 80, 200])
def test_one_line_that_fits_the_terminal(tmp_path, monkeypatch, wide):
    monkeypatch.setattr(dateline.pipeline.progress, "TELL_SECONDS", 0)
    Progress(str(tmp_path)).add(bytes_read=45_000_000, records=123_456)
    said = on_terminal(tmp_path, monkeypatch, wide)
    assert "\n" not in said
    drawn = [line.removesuffix("\x1b[K") for line in said.split("\r") if line]
    assert len(drawn) > 1
    assert drawn.pop() == ""  # it goes when the run is over
    assert all(line.startswith("1/5 reading  45%  ") and len(line) < wide for line in drawn)


def test_plain_lines_on_a_dumb_terminal(tmp_path, monkeypatch):
    monkeypatch.setattr(dateline.runners.command.watch, "PLAIN_SECONDS", 0.01)
    monkeypatch.setenv("TERM", "dumb")
    said = on_terminal(tmp_path, monkeypatch, 80)
    assert "\x1b" not in said
    assert said.startswith("1/5 reading   0%  0.0 of 100.0 MB\r\n1/5")


def on_terminal(folder, monkeypatch, wide: int) -> str:
    """What a watch writes to a terminal of a width."""
    monkeypatch.setattr(dateline.runners.command.watch, "DRAW_SECONDS", 0.01)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, wide))
    said = []

    def read() -> None:
        with suppress(OSError):  # closed
            while data := os.read(ours, 1 << 16):
                said.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    with open(theirs, "w") as out, Watch(partial(read_progress, str(folder)), PLAIN, quiet=False, out=out):
        time.sleep(0.1)
    reader.join()
    os.close(ours)
    return b"".join(said).decode()


def test_a_count_is_never_seen_by_half(tmp_path, monkeypatch):
    """A worker's file is whole at any time: one that is read as empty would have the sums fall back."""
    monkeypatch.setattr(dateline.pipeline.progress, "TELL_SECONDS", 0)
    progress = Progress(str(tmp_path))
    progress.add(bytes_read=1)
    (file,) = tmp_path.iterdir()
    sizes = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            sizes.add(len(file.read_bytes()))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(3000):
        progress.add(bytes_read=1)
    done.set()
    reader.join()
    assert sizes == {64}


def test_nothing_when_quiet(tmp_path, monkeypatch):
    monkeypatch.setattr(dateline.runners.command.watch, "PLAIN_SECONDS", 0.01)
    out = io.StringIO()
    with Watch(partial(read_progress, str(tmp_path)), PLAIN, quiet=True, out=out):
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
