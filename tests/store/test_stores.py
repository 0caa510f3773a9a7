"""Dumps in an object store: the same dataset as from local files, whatever the store does on the way, or a clear failure."""

import bz2
import gzip
import io
import json
import os
import socket
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dateline.errors import Changed, RunFailed, StoreError, Unusable, UsageError
from dateline.pipeline.config import Config
from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.elements import Part
from dateline.pipeline.inputs import formats, json_lines, warc
from dateline.pipeline.inputs import parquet as parquet_rules
from dateline.pipeline.inputs.containers import entries
from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.inputs.formats import open_unpacked
from dateline.pipeline.inputs.records import Account, Columns
from dateline.pipeline.inputs.streams import Bounds
from dateline.pipeline.run import execute
from dateline.pipeline.store import files, s3_client
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.bucket import Head
from dateline.pipeline.store.object_file import AHEAD_BYTES, ObjectFile
from dateline.runners.engine.local import run_flow
from tests.conftest import ROOT, files_of
from tests.helpers.pages import Article, doubled, plain
from tests.helpers.store import KEY, SECRET
from tests.helpers.stores import Store, command_here, line_of


def page(name: str) -> str:
    return (
        plain(Article(headline=f"The first of {name}", slot=""))
        + "\n\n"
        + doubled(Article(headline=f"The second of {name}"))
        + "\n\n"
        + plain(Article(headline="The one that all have", stamp="08 September 2023"))
    )


def parquet(text: str) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": [text, text]}), sink, row_group_size=1)
    return sink.getvalue().to_pybytes()


def wet(text: str) -> bytes:
    body = text.encode()
    head = f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://arab.news/ab2cd\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body + b"\r\n\r\n"


DUMPS = {
    "plain.txt": page("plain").encode() + b"\nno article at all\n",
    "more/plain.txt": page("more").encode(),
    "more/packed.txt.gz": gzip.compress(page("packed").encode()),
    "more/packed.txt.bz2": bz2.compress(page("packed again").encode()),
    "more/pages.jsonl": b"".join(
        json.dumps({"text": page(f"line {n}"), "date": "2022-04-20"}).encode() + b"\n" for n in range(3)
    ),
    "more/pages.parquet": parquet(page("row")),
    "more/crawl.warc.wet": wet(page("record")),
    "more/wide.txt": page("wide").encode("utf-16"),
    "more/empty.txt": b"",
}


def put_all(store: Store, dumps=DUMPS, prefix="") -> None:
    for name, data in dumps.items():
        store.put(prefix + name, data)


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> dict[str, bytes]:
    """What the same dumps come to from local files."""
    folder = tmp_path_factory.mktemp("local")
    for name, data in DUMPS.items():
        path = folder / "dumps" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    output = folder / "local"
    dumps = ("--input", f"{folder}/dumps/**/*", "--source-root", f"{folder}/dumps")
    done = command_here(("run", *dumps, "--output", output), {})
    assert done.returncode == 0, done.stderr
    return files_of(output)


def test_the_same_dataset_as_from_local_files(store, tmp_path, expected):
    put_all(store, prefix="day/")
    store.put("day/more/", b"")  # what some tools make for a folder
    store.put("other/stranger.txt", page("stranger").encode())
    where = {"pattern": "s3://dumps/day/**/*"}
    for workers in (1, 2):
        output = tmp_path / f"news{workers}"
        args = ("--source-root", "s3://dumps/day", "--workers", workers)
        done = store.run(output, *args, process=workers == 2, **where)
        assert done.returncode == 0, done.stderr
        assert files_of(output) == expected
    again = store.run(output, "--source-root", "s3://dumps/day/", **where)
    assert again.returncode == 0
    assert (
        f"Nothing new: {output} stays at version 1 ({sum(map(bool, DUMPS.values()))} dumps, all read before)"
        in again.stdout
    )


def test_a_dump_is_not_read_again_as_long_as_it_looks_the_same(store, tmp_path):
    store.put("a.txt", page("a").encode())
    time.sleep(2.1)  # known.SETTLED_NS
    assert store.run(tmp_path / "news").returncode == 0
    (facts,) = json.loads((tmp_path / "news/_seen.json").read_text()).values()
    assert facts[0] == len(page("a").encode())
    store.fail(["GET", "/dumps/a.txt", 2, 0, "denied"])  # the first tells its format
    again = store.run(tmp_path / "news")
    assert (again.returncode, "Nothing new" in again.stdout) == (0, True), again.stderr


def test_rejects_there_are_read_again_as_those_of_a_folder(store, sample, tmp_path):
    rejects = sorted(sample.glob("_rejected/*.arrow"))
    assert rejects
    for path in rejects:
        store.put(f"rejects/{path.name}", path.read_bytes())
    args = ("run", "--input", sample / "_rejected", "--output", tmp_path / "local")
    assert command_here(args, {}).returncode == 0
    done = store.run(tmp_path / "there", pattern="s3://dumps/rejects/*.arrow")
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "there") == files_of(tmp_path / "local")


def test_the_same_name_with_other_bytes_is_refused(store, tmp_path):
    store.put("a.txt", page("a").encode())
    store.put("b.txt", page("b").encode())
    assert store.run(tmp_path / "news").returncode == 0
    before = files_of(tmp_path / "news")
    store.put("a.txt", page("A").encode())  # of the same size
    done = store.run(tmp_path / "news")
    assert done.returncode == 3
    assert "a dump named 'a.txt' was read before, with other bytes" in done.stderr
    assert files_of(tmp_path / "news") == before


def test_two_keys_of_one_base_name_need_a_root(store, tmp_path):
    put_all(store)
    done = store.run(tmp_path / "news")
    assert done.returncode == 2
    assert "two dumps would have the source 'plain.txt'" in done.stderr
    outside = store.run(tmp_path / "news", "--source-root", "s3://dumps/mor")
    assert (outside.returncode, "is not below --source-root" in outside.stderr) == (2, True)


FAULTS = {
    "throttled": [
        ["GET", "list-type=2", 1, 2, "slow"],
        ["GET", "/dumps/plain.txt", 1, 2, "slow"],
        ["HEAD", "/dumps/plain.txt", 1, 2, "slow"],
    ],
    "errors": [["GET", "/dumps/more/pages.jsonl", 1, 3, "error"], ["HEAD", "/dumps/more", 2, 3, "error"]],
    "torn": [
        ["GET", f"/dumps/{name}", first, first + 1, "torn"]
        for first in (2, 5)
        for name in ("plain.txt", "more/packed.txt.gz", "more/pages", "more/crawl")
    ],
    "without an answer": [
        [method, f"/dumps/{name}", 2, 3, fault]
        for method in ("GET", "HEAD")
        for name, fault in (("plain.txt", "lost"), ("more/packed.txt.gz", "cut"), ("more/wide", "lost"), ("more/pages", "cut"))
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_what_passes_changes_nothing(store, tmp_path, expected, kind):
    put_all(store)
    store.fail(*FAULTS[kind])
    done = store.run(tmp_path / "news", "--source-root", "s3://dumps", patient=False)
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "news") == expected


LASTING = {
    "torn text": ("plain.txt", "torn"),
    "torn gzip": ("more/packed.txt.gz", "torn"),
    "torn warc": ("more/crawl.warc.wet", "torn"),
    "torn parquet": ("more/pages.parquet", "torn"),
    "throttled": ("more/pages.jsonl", "slow"),
    "refused": ("more/wide.txt", "denied"),
    "gone": ("plain.txt", "gone"),
}


@pytest.mark.parametrize(("kind", "workers"), [*((kind, "1") for kind in LASTING), ("torn text", "2")])
@pytest.mark.slow
def test_what_lasts_fails_the_run_and_the_next_is_whole(store, tmp_path, expected, kind, workers):
    """The failure is one line, whoever met it."""
    put_all(store)
    key, fault = LASTING[kind]
    store.fail(["GET", f"/dumps/{key}", 2, 0, fault])  # the first tells its format
    done = store.run(
        tmp_path / "news",
        "--source-root",
        "s3://dumps",
        "--workers",
        workers,
        process=kind == "torn text",
        AWS_MAX_ATTEMPTS="1",
    )
    assert done.returncode == 1, done.stdout
    assert line_of(done).startswith(f"dateline: error: failed, nothing was committed: s3://dumps/{key}"), (
        done.stderr
    )
    assert latest_manifest(str(tmp_path / "news")) is None
    store.fail()
    if workers == "2":  # for the dataset it is all one
        assert store.run(tmp_path / "news", "--source-root", "s3://dumps").returncode == 0
        assert files_of(tmp_path / "news") == expected


def test_a_dump_that_changes_while_it_is_read_fails_the_run(store, here, tmp_path):
    here()
    store.put("a.txt", page("a").encode())
    output = str(tmp_path / "news")
    dumps = with_spools(find_inputs(["s3://dumps/*"], None).dumps, f"{output}/_runs/run/spool")

    def changing(config):
        stages = run_flow(config, 1)
        store.put("a.txt", page("A").encode())
        return stages

    with pytest.raises(RunFailed, match=r"s3://dumps/a.txt changed while it was read"):
        execute(Config(dumps, output, "run"), changing)
    assert latest_manifest(output) is None


class Breaking(io.RawIOBase):
    """Bytes of an object whose store fails before the last of them."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)
        self._stop = len(data) * 3 // 4

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, *to):
        return self._inner.seek(*to)

    def tell(self):
        return self._inner.tell()

    def readinto(self, buffer):
        room = self._stop - self._inner.tell()
        if room <= 0:
            raise StoreError("torn")
        return self._inner.readinto(memoryview(buffer)[:room])


def test_the_end_of_an_object_is_no_earlier_than_its_size():
    """A client that takes a connection's end for the object's gives no error, and less."""

    class Cut:
        address = "s3://dumps"

        def head(self, name):
            return Head(10, 0, "tag")

        def get_range(self, name, start, stop, tag):
            return b"0123456"[start:stop]

    opened = ObjectFile(Cut(), "a.txt")
    assert opened.read(5) == b"01234"
    assert opened.readinto(bytearray(0)) == 0
    assert opened.read(5) == b"56"
    with pytest.raises(StoreError, match=r"s3://dumps/a.txt ended at byte 7 of 10"):
        opened.read(5)
    opened.seek(0, io.SEEK_END)
    assert opened.read(5) == b""
    with pytest.raises(ValueError, match="no byte -1"):
        opened.seek(-1)


def test_an_object_is_read_at_any_offset(store, here):
    here()
    data = bytes(range(256)) * 5000
    store.put("a", data)
    with files.open_file("s3://dumps/a") as file:
        for offset, size in ((0, 10), (1_279_990, 100), (5, 3), (600_000, 200_000), (600_000, 10)):
            file.seek(offset)
            assert file.read(size) == data[offset : offset + size]
        assert file.seek(-4, io.SEEK_END) == len(data) - 4
        assert file.read() == data[-4:]
    store.put("none", b"")
    with files.open_file("s3://dumps/none") as file:
        assert file.read() == b""


def test_a_stream_that_breaks_is_taken_up_where_it_broke(store, here):
    here()
    data = os.urandom(5 << 20)
    store.put("a", data)
    store.fail(["GET", "/dumps/a", 1, 3, "torn"], ["GET", "/dumps/a", 4, 4, "slow"])
    with files.open_file("s3://dumps/a") as file:
        assert file.read() == data


def test_an_object_that_is_written_anew_while_it_is_read_is_no_mixture(store, here):
    here()
    size = AHEAD_BYTES * 2
    store.put("a", b"o" * size)
    with files.open_file("s3://dumps/a") as file:
        assert file.read(3) == b"ooo"
        store.put("a", b"n" * size)
        file.seek(size - 3)
        with pytest.raises(
            Changed, match=r"s3://dumps/a changed while it was read; run again when it is whole"
        ):
            file.read(3)


def test_a_client_that_was_used_before_a_fork_is_of_use_after_it(store, here):
    """Workers are forked from a process that has asked the store."""
    here()
    store.put("a", b"some bytes")
    assert files.size_of("s3://dumps/a") == 10
    child = os.fork()
    if not child:
        try:
            with files.open_file("s3://dumps/a") as file:
                os._exit(42 if file.read() == b"some bytes" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42


@pytest.mark.parametrize("name", [name for name, data in DUMPS.items() if data])
def test_a_store_that_fails_is_no_damaged_dump(name, monkeypatch):
    """It would be told of, and left out, and the run would go on."""
    compression = {"gz": "gzip", "bz2": "bzip2"}.get(name.rsplit(".", 1)[1], "")
    form = {"jsonl": "jsonl", "parquet": "parquet", "wet": "warc"}.get(name.rsplit(".", 1)[1], "text")
    for module in (formats, json_lines, parquet_rules, warc, files):
        monkeypatch.setattr(module, "open_file", lambda *_, **__: io.BufferedReader(Breaking(DUMPS[name])))
    part = Part(form, compression, f"s3://dumps/{name}", 0, 1 if form == "parquet" else len(DUMPS[name]))

    def read_all():
        if form != "text":
            return list(entries(part, Columns(), Bounds(), Account()))
        with open_unpacked(part) as file:
            return list(iter(lambda: file.read(1 << 16), b""))

    with pytest.raises(StoreError, match="torn"):
        read_all()


def test_what_an_object_looks_like_tells_other_bytes_of_the_same_second(store, here):
    here()
    looks = []
    for name in "aA":
        store.put("a.txt", page(name).encode())
        looks.append(files.fingerprint_of("s3://dumps/a.txt"))
    assert looks[0][0] == looks[1][0] == len(page("a").encode())
    assert looks[0][2] != looks[1][2]


WRONG = [
    ("s3://nowhere/*.txt", {}, "bucket does not exist"),
    ("s3://dumps/nothing.txt", {}, "'s3://dumps/nothing.txt' matches no file"),
    ("s3://dumps/nothing/*", {}, "'s3://dumps/nothing/*' matches no file"),
    ("s3://dumps", {}, "names a bucket; give a pattern such as s3://dumps/*.txt"),
    ("s3://dumps/*", {"AWS_ACCESS_KEY_ID": "AKIAWRONG"}, "s3://dumps/ cannot be listed: "),
    ("s3://dumps/plain.txt", {"AWS_ACCESS_KEY_ID": "AKIAWRONG"}, "s3://dumps/plain.txt cannot be read: "),
    ("s3://dumps/*", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "Unable to locate credentials"),
    ("s3://dumps/*", {"AWS_ENDPOINT_URL": f"http://me:{SECRET}@here"}, "was not a valid URI"),
    ("s3://dumps/*", {"AWS_ENDPOINT_URL": "nonsense"}, "Invalid endpoint: nonsense"),
    (f"s3://{KEY}:{SECRET}@dumps/*", {}, "has to be the name of a bucket"),
]


@pytest.mark.parametrize(("pattern", "environ", "words"), WRONG)
def test_what_is_wrong_is_told_before_any_work(store, here, pattern, environ, words):
    put_all(store)
    here(**environ)
    with pytest.raises(UsageError) as told:
        find_inputs([pattern], None)
    assert words in str(told.value)
    assert SECRET not in str(told.value)
    assert KEY not in str(told.value)


def test_the_command_tells_it_in_one_line(store, tmp_path):
    done = store.run(tmp_path / "news", pattern="s3://nowhere/*", process=True)
    assert done.returncode == 2
    assert "bucket does not exist" in line_of(done)
    assert not (tmp_path / "news").exists()


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_ENDPOINT_URL_S3": "{url}", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},  # the nearer one counts
        {"AWS_PROFILE": "there", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
    ],
)
def test_the_client_finds_what_it_needs_in_the_standard_places(store, here, tmp_path, environ):
    put_all(store)
    (tmp_path / "credentials").write_text(
        f"[there]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    here(
        AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "credentials"),
        **{name: value.format(url=store.url) for name, value in environ.items()},
    )
    assert [dump.source for dump in find_inputs(["s3://dumps/*.txt"], None).dumps] == ["plain.txt"]


@pytest.mark.parametrize(
    ("environ", "profile", "attempts"),
    [
        ({}, "", s3_client.ATTEMPTS),
        ({"AWS_MAX_ATTEMPTS": "3"}, "", 3),
        ({"AWS_RETRY_MODE": "standard"}, "", None),  # as often as that mode does
        ({}, "max_attempts = 7", 7),
    ],
)
def test_how_often_a_call_is_made(store, here, tmp_path, environ, profile, attempts):
    """The first is tried, too."""
    (tmp_path / "config").write_text(f"[default]\nregion = us-east-1\n{profile}\n")
    here(AWS_CONFIG_FILE=str(tmp_path / "config"), **environ)
    assert s3_client.s3_client().meta.config.retries.get("total_max_attempts") == attempts


def test_an_object_of_a_dataset_that_may_not_be_read_is_no_unreadable_dump(store, here, tmp_path):
    here()
    store.put("news/a", b"")
    store.fail(["GET", "/dumps/news/a", 1, 0, "denied"])
    with pytest.raises(Unusable, match="s3://dumps/news/a cannot be read"):
        open_bucket("s3://dumps/news").download("a", str(tmp_path / "a"), "")


def test_an_endpoint_that_does_not_answer_is_a_failure_not_a_usage(store, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = store.run(
        tmp_path / "news",
        process=True,
        AWS_MAX_ATTEMPTS="2",
        AWS_ENDPOINT_URL=f"http://me:untold@127.0.0.1:{port}",
    )
    assert done.returncode == 1
    assert "Could not connect to the endpoint URL" in line_of(done)
    assert "untold" not in done.stderr


def test_without_boto3(store, tmp_path):
    (tmp_path / "boto3.py").write_text("raise ImportError('hidden by the test')")
    done = store.run(tmp_path / "news", process=True, PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert done.returncode == 2
    assert line_of(done).endswith("--input: s3:// needs boto3: install Dateline with its extra s3")


def test_checks_and_looks_read_the_dumps_there(store, tmp_path):
    put_all(store)
    news = tmp_path / "news"
    assert store.run(news, "--source-root", "s3://dumps").returncode == 0
    verify = ("verify", news, "--dumps", "s3://dumps/**/*", "--source-root", "s3://dumps")
    done = command_here(verify, store.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    count = sum(map(bool, DUMPS.values()))  # an empty one is none yet
    assert f"{count} of {count} dumps checked" in done.stdout
    store.put("more/plain.txt", page("More").encode())
    done = command_here(verify, store.environ)
    assert (done.returncode, "SHA-256 of the dump more/plain.txt" in done.stdout) == (1, True)
    shown = command_here(("inspect", "s3://dumps/plain.txt"), store.environ)
    assert (shown.returncode, "The first of plain" in shown.stdout) == (0, True), shown.stderr


CLIENTS = (
    "import sys; assert not {'apache_beam', 'boto3', 'botocore', 'google.cloud.storage'} & {*sys.modules}"
)


def test_local_files_never_meet_a_client_of_a_store(tmp_path):
    (tmp_path / "a.txt").write_text(page("a"))
    code = (
        "import sys; from dateline.pipeline.inputs.find import find_inputs; from dateline.pipeline.dataset.known_dumps import ChecksumCache, FilesRead, checksums, files_by_source;"
        f"dumps = find_inputs(sys.argv[1:], None).dumps; FilesRead(dumps); checksums(files_by_source(dumps), ChecksumCache('.'), True); {CLIENTS}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "*.txt")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_looks_at_a_local_dataset_never_meet_a_client_of_a_store(sample):
    code = (
        "import sys; from contextlib import suppress; from dateline.runners.command.cli import main\n"
        "for args in (['--help'], ['log', sys.argv[1]], ['diff', sys.argv[1], '1', '1'], ['explain', sys.argv[1], 'The']):\n"
        f"    with suppress(SystemExit): main(args)\n    {CLIENTS}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(sample)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


KEYS = ("a.txt", "b/a.txt", "b/c/a.txt", "b/c/d/a.txt", "b/[x].txt", "b/(+).md", "x-y.txt", "folder/")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.txt", {"a.txt"}),
        ("b", set()),
        ("*.txt", {"a.txt", "x-y.txt"}),
        ("**/*.txt", {"a.txt", "b/a.txt", "b/c/a.txt", "b/c/d/a.txt", "b/[x].txt", "x-y.txt"}),
        ("**", {*KEYS} - {"folder/"}),
        ("b/**/d/**/a.txt", {"b/c/d/a.txt"}),
        ("b/**/a.txt", {"b/a.txt", "b/c/a.txt", "b/c/d/a.txt"}),
        ("b**.txt", {"b/a.txt", "b/c/a.txt", "b/c/d/a.txt", "b/[x].txt"}),
        ("b/?/a.txt", {"b/c/a.txt"}),
        ("[!b].txt", {"a.txt"}),
        ("[a-c].txt", {"a.txt"}),
        ("b/[[]x[]].txt", {"b/[x].txt"}),
        ("b/(+).*", {"b/(+).md"}),
        ("x[!a]y.txt", {"x-y.txt"}),
        ("b[!a]a.txt", set()),
        ("b/[^x]*", set()),
        ("b/[x", set()),
    ],
)
def test_patterns(store, here, pattern, names):
    """The same as on a disk, but that ** also stands in a name, and a dot is no other character there."""
    here()
    for key in KEYS:
        store.put(key, b"")
    assert files.expand(f"s3://dumps/{pattern}") == sorted(f"s3://dumps/{name}" for name in names)


def test_a_pattern_that_is_none(store, here):
    here()
    with pytest.raises(Unusable, match="is no pattern"):
        files.expand("s3://dumps/[z-a]")
