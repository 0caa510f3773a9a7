"""Objects are read by the ranges that are needed, as the plan saw them, by as many workers as there are."""

import re
from contextlib import closing
from functools import wraps
from types import SimpleNamespace

import botocore.endpoint
import pytest
from botocore.config import Config as ClientConfig

from dateline.errors import Changed, StoreError
from dateline.pipeline.config import Config
from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.elements import Dump, Pin
from dateline.pipeline.inputs.blocks import BlockReader
from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.inputs.formats import HEAD_BYTES
from dateline.pipeline.inputs.parts import unpack_all
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.ranges import plan_reads
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.inputs.streams import Bounds
from dateline.pipeline.rules.split import CONTEXT
from dateline.pipeline.stages.read import BEHIND_BYTES, PlanReads, ReadRanges
from dateline.pipeline.store import object_file
from dateline.pipeline.store.address import object_at
from dateline.pipeline.store.bucket import Head
from dateline.pipeline.store.object_file import BUFFER_BYTES, ObjectFile
from dateline.pipeline.store.s3_client import s3_client
from tests.helpers.pages import Article, plain
from tests.helpers.stores import BUCKET, changed, command_here, line_of
from tests.store.test_stores import DUMPS, page, put_all

AHEAD = 1000
WAIT_SECONDS = 0.3
DATA = bytes(range(256)) * 2000


class Asked:
    """A bucket of one object, that notes what it is asked for."""

    address = "s3://dumps"

    def __init__(self) -> None:
        self.ranges = []
        self.heads = 0

    def head(self, name):
        self.heads += 1
        return Head(len(DATA), 0, "tag")

    def get_range(self, name, start, stop, tag):
        assert 0 <= start < stop <= len(DATA)
        self.ranges.append((start, stop))
        return DATA[start:stop]


def read(steps, pin=None, stop=None):
    """Have an object read in steps, each from an offset on so many bytes; the ranges that the store was asked for."""
    bucket = Asked()
    with ObjectFile(bucket, "a", pin, stop) as file:
        for offset, size in steps:
            file.seek(offset)
            got = b""
            while more := file.read(size - len(got)):
                got += more
            assert got == DATA[offset : offset + size]
    assert bucket.heads == (pin is None)
    return bucket.ranges


END, ROOM, NEAR, FORWARD = len(DATA), 50, 40, 200
CASES = {
    "in order": ([(at, 400) for at in range(0, 3200, 400)], None, [(0, 1000), (1000, 2000), (2000, 3000), (3000, 4000)]),
    "up to a byte": ([(0, 400), (400, 400), (800, 400)], 1200, [(0, 1200)]),
    "no further than to a byte": ([(0, 400), (1600, 400)], 2000, [(0, 1000), (1600, 2050)]),
    "behind that byte": ([(0, 400), (500, 20)], 400, [(0, 450), (500, 570)]),
    "here and there": ([(5000, 100), (100, 100), (9000, 10)], 0, [(5000, 5150), (100, 250), (9000, 9060)]),
    "near each other": ([(5000, 10), (5030, 10), (5010, 10)], 0, [(5000, 5060)]),
    "forward by little": ([(5000, 10), (5065, 10), (5200, 10), (5300, 10)], 0, [(5000, 5060), (5065, 5265), (5300, 5500)]),
    "behind that byte, and forward": ([(0, 400), (460, 20)], 400, [(0, 450), (460, 660)]),
    "back, and on again": ([(1000, 400), (900, 200), (1400, 400)], 1900, [(1000, 1900), (900, 1000)]),
    "more than is asked for ahead": ([(0, 5000)], None, [(0, 5050)]),
    "the end": ([(END - 10, 10), (END, 10), (END - 20, 20)], None, [(END - 10, END), (END - 20, END - 10)]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("pin", [None, Pin(END, "tag")])
def test_what_is_asked_for(monkeypatch, case, pin):
    monkeypatch.setattr(object_file, "AHEAD_BYTES", AHEAD)
    monkeypatch.setattr(object_file, "BUFFER_BYTES", ROOM)
    monkeypatch.setattr(object_file, "NEAR_BYTES", NEAR)
    monkeypatch.setattr(object_file, "FORWARD_BYTES", FORWARD)
    steps, stop, expected = CASES[case]
    assert read(steps, pin, stop) == expected


@pytest.fixture
def asked(here):
    """What this process asks S3 for from now on: the method, and the bytes of the range."""
    here()
    made = []

    def note(request, **_):
        found = re.fullmatch(rb"bytes=(\d+)-(\d+)", request.headers.get("Range", b""))
        made.append((request.method, int(found[2]) - int(found[1]) + 1 if found else None))

    events = s3_client().meta.events
    events.register("before-send.s3", note)
    yield made
    events.unregister("before-send.s3", note)


def test_a_plain_dump_is_shared_out_and_its_bytes_are_asked_for_once(store, asked, tmp_path):
    text = "".join(plain(Article(headline=f"Of the {n}th ferry")) + "\n\n" for n in range(5000)).encode()
    store.put("a.txt", text)
    (tmp_path / "a.txt").write_bytes(text)
    (dump,) = find_inputs(["s3://dumps/a.txt"], None).dumps
    assert (dump.part, dump.size, bool(dump.tag)) == (None, len(text), True)
    assert [method for method, _ in asked] == ["HEAD", "HEAD", "GET"]
    assert asked[-1] == ("GET", HEAD_BYTES)
    size = len(text) // 4 + 1
    tasks = plan_reads([dump], size)
    assert len(tasks) == 4
    asked.clear()
    for task in tasks:
        there, here = (list(ReadRanges(Config((each,), str(tmp_path), "run")).process(task))
                       for each in (dump, Dump(str(tmp_path / "a.txt"), "a.txt", len(text))))  # fmt: skip
        assert there == here
    assert len(asked) <= 2 * len(tasks)
    assert {method for method, _ in asked} == {"GET"}
    assert sum(count for _, count in asked) < len(text) + len(tasks) * 2 * (
        BEHIND_BYTES + BUFFER_BYTES + CONTEXT
    )


def test_blocks_are_read_by_their_bytes(store, asked):
    store.put("a.txt", DATA)
    (dump,) = find_inputs(["s3://dumps/a.txt"], None).dumps
    asked.clear()
    blocks = BlockReader([dump])
    assert blocks.read(0, 300_000, 70_000) == DATA[300_000:370_000]
    assert blocks.read(0, 10, 20) == DATA[10:30]
    assert blocks.read(0, 40, 20) == DATA[40:60]
    with pytest.raises(RuntimeError, match="changed while it was read"):
        blocks.read(0, len(DATA) - 1, 2)
    blocks.close()
    assert [method for method, _ in asked] == ["GET"] * 3
    assert sum(count for _, count in asked) < 70_000 + 5 * BUFFER_BYTES


@pytest.fixture
def there(store, here, monkeypatch):
    """A bucket with an object a, and its tag; its client waits for nothing, and not long for an answer."""
    here()
    store.put("a", DATA)
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda seconds: None))
    bucket = object_at(f"s3://{BUCKET}/a")[0]
    hasty = ClientConfig(read_timeout=WAIT_SECONDS, retries={"total_max_attempts": 3})
    monkeypatch.setattr(bucket, "_client", store.client_that(hasty))
    return bucket, bucket.head("a").tag


ONCE = ("slow", "error", "cut", "torn", "lost", "late", "never")


@pytest.mark.parametrize("fault", ONCE)
def test_a_range_that_is_asked_for_in_vain_is_asked_for_again(store, there, fault):
    bucket, tag = there
    store.fail(["GET", "/dumps/a", 1, 2, fault])
    assert bucket.get_range("a", 1000, 400_000, tag) == DATA[1000:400_000]


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        *((fault, StoreError, "s3://dumps/a cannot be read") for fault in ("slow", "error", "cut", "torn")),
        ("gone", FileNotFoundError, "s3://dumps/a cannot be read"),
        ("denied", PermissionError, "s3://dumps/a cannot be read"),
    ],
)
def test_a_range_that_is_not_to_be_had(store, there, fault, error, words):
    bucket, tag = there
    store.fail(["GET", "/dumps/a", 1, 0, fault])
    with pytest.raises(error, match=words):
        bucket.get_range("a", 1000, 400_000, tag)


def test_a_range_of_another_state(store, there):
    bucket, tag = there
    store.put("a", changed(DATA))
    with pytest.raises(Changed, match="s3://dumps/a changed while it was read; run again when it is whole"):
        bucket.get_range("a", 0, 10, tag)


CHANGED = [name for name, data in DUMPS.items() if data]


@pytest.mark.parametrize("name", CHANGED)
def test_an_object_that_is_replaced_while_a_run_reads_it_fails_the_run(store, tmp_path, monkeypatch, name):
    """The plan has seen it; the first worker that asks for it finds another. It is one line, and nothing is committed."""
    put_all(store)
    real = PlanReads.process

    @wraps(real)  # its types, which Beam reads
    def late(plan, begin):
        store.put(name, changed(DUMPS[name]))
        return real(plan, begin)

    with monkeypatch.context() as patch:
        patch.setattr(PlanReads, "process", late)
        done = store.run(tmp_path / "news", "--source-root", "s3://dumps")
    assert done.returncode == 1
    assert line_of(done) == (
        f"dateline: error: failed, nothing was committed: s3://dumps/{name} changed while it was read; run again when it is whole"
    )
    assert latest_manifest(str(tmp_path / "news")) is None


def test_places_in_utf_16_ask_the_store_seldom(asked, tmp_path):
    """Its spool may lie in a store; each block of it is looked for there twice."""
    (tmp_path / "a.txt").write_bytes("".join(page(str(n)) for n in range(300)).encode("utf-16"))
    (tmp_path / "scratch").mkdir()
    found = []
    for scratch in (f"{tmp_path}/scratch", "s3://dumps/scratch"):
        dumps = with_spools(find_inputs([str(tmp_path / "a.txt")], None).dumps, scratch)
        unpack_all(dumps, Columns(), Quota(scratch, Bounds()))
        asked.clear()
        with closing(Locator(dumps)) as locator:
            found.append([locator.place(0, at, 500) for at in range(0, 300_000, 600)])
    assert found[0] == found[1]
    assert 2 <= len(asked) <= 10


def test_verify_reads_a_dump_twice_however_many_rows_it_looks_at(store, asked, tmp_path):
    """Rows are looked at by their partitions, so their blocks are all over the dump."""
    text = "".join(plain(Article(headline=f"Of the {n}th ferry")) + "\n\n" for n in range(1500))
    store.put("a.txt", text.encode())
    news = tmp_path / "news"
    assert store.run(news, pattern="s3://dumps/a.txt").returncode == 0
    asked.clear()
    done = command_here(("verify", news, "--dumps", "s3://dumps/a.txt"), store.environ)
    assert (done.returncode, "1 of 1 dumps checked" in done.stdout) == (0, True), done.stdout
    assert [method for method, _ in asked].count("GET") == 3  # its format, the checksum, its blocks
    assert sum(count or 0 for _, count in asked) < 3 * len(text)
