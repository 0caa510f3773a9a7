"""Containers: each record is a page or a reject, wherever parts, members and limits fall; a file is whole or gives nothing."""

import gzip
import io
import itertools
import json
import re
import struct
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.errors import RunFailed
from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.elements import Part
from dateline.pipeline.inputs import formats, json_lines, parquet, parquet_pages
from dateline.pipeline.inputs import quota as quota_module
from dateline.pipeline.inputs import spool as spool_module
from dateline.pipeline.inputs.containers import entries
from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.inputs.parts import unpack_all
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.records import Account, Columns, Entry
from dateline.pipeline.inputs.spool import Locator, _Out
from dateline.pipeline.inputs.spool_index import Index
from dateline.pipeline.inputs.streams import Bounds, Damaged
from dateline.schemas.columns import arrow_schema
from tests.conftest import dateline_here
from tests.helpers.pages import Article, plain
from tests.inputs.test_inputs import PAGES, TEXT, run
from tests.inputs.test_inputs import json_lines as lines_of

BIG = 1 << 40


def read(path, folder, bounds=None, part_bytes=BIG):
    """The (place, text, reason) of each record, or what is wrong with the file; and the account of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "PART_BYTES", part_bytes)
        found = find_inputs([str(path)], None)
    if found.unreadable:
        return found.unreadable[0].error, None
    Path(folder).mkdir(exist_ok=True)
    dumps = with_spools(found.dumps, str(folder))
    unpack_all(dumps, Columns(), Quota(str(folder), bounds or Bounds()))
    records, account = [], Counter()
    for dump in dumps:
        index, data = Index(f"{dump.path}.index"), Path(dump.path).read_bytes()
        if index.facts.problem:
            return index.facts.problem, None
        rows = list(index.rows())
        ends = [row.start for row in rows[1:]] + [len(data)] * bool(rows)
        records += [
            (row.place, data[row.start : end - 6], row.reason) for row, end in zip(rows, ends, strict=True)
        ]
        if index.facts.account:
            account.update(held=index.facts.account.held, **index.facts.account.others)
    return records, account


QUOTE = (
    "A header looks like this:\n\nWARC/1.0\nWARC-Type: conversion\nContent-Length: 3\n\nabc\n\nand no more.\n"
)


def record(text: str, kind: str = "conversion", end: bytes = b"\r\n", length: object = None) -> bytes:
    """A record of a WARC whose header's lines end so."""
    known = len(text.encode()) if length is None else length
    head = f"WARC/1.0\nWARC-Type: {kind}\nWARC-Target-URI: https://www.arabnews.com/node/1\nContent-Length: {known}\n\n"
    return head.encode().replace(b"\n", end) + text.encode() + end * 2


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["a page\n", QUOTE, "WARC/1.0\r\nx", "", " \n", "\u00e9" * 40, "\r\n\r\nWARC/1.1\r\n"]), max_size=8),
    st.lists(st.integers(1, 3000), max_size=4),
    st.sampled_from([b"\r\n", b"\n"]),
    st.booleans(),
    st.integers(20, 600),
    st.integers(0, 2),
)  # fmt: skip
def test_a_warc_gives_all_its_records_wherever_members_and_parts_begin(
    tmp_path_factory, texts, cuts, end, packed, part_bytes, blank
):
    texts, folder = [*texts, "last"], tmp_path_factory.mktemp("warc")
    data = end * blank + b"".join(record(text, end=end) for text in texts)
    path = folder / ("a.warc.wet.gz" if packed else "a.warc.wet")
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    members = [gzip.compress(data[a:b]) for a, b in itertools.pairwise(edges)]
    path.write_bytes(b"".join(members) if packed else data)
    records, account = read(path, folder / "spool", part_bytes=part_bytes)
    assert account["held"] == len(texts), records
    assert [text for _, text, reason in records if not reason] == [
        text.encode() for text in texts if text.strip()
    ]
    assert len({place for place, _, _ in records}) == len(records) == len(texts)
    if not packed:
        assert all(data[int(place[1:]) :].startswith(b"WARC/1.0") for place, _, _ in records)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["CRLF", "LF"])
def test_a_warc_that_is_cut_anywhere_is_whole_or_damaged(tmp_path, pack, end):
    parts = [pack(record(text, end=end)) for text in ("one page", "another", QUOTE)]
    data, whole_ones, size = b"".join(parts), {}, 0
    for number, part in enumerate(parts, 1):
        size += len(part)
        whole_ones[size] = number
    path = tmp_path / "a.warc"
    for stop in range(30, len(data) + 1):
        path.write_bytes(data[:stop])
        part, account = (
            Part("warc", {gzip.compress: "gzip", bytes: ""}.get(pack, "zstd"), str(path), 0, stop, stop),
            Account(),
        )
        try:
            assert len(list(entries(part, Columns(), Bounds(), account))) == whole_ones[stop] == account.held
        except Damaged:
            assert stop not in whole_ones
        else:
            assert stop in whole_ones


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (9, "two empty lines have to stand behind"), (12, "two empty lines have to stand"),
        (11, "two empty lines have to stand"), (7, "two empty lines have to stand"), (60, "two empty lines"),
        (10**6, "bytes are missing"), (10**30, "no Content-Length that is a number"),
        ("-1", "no Content-Length"), ("", "no Content-Length"), ("8\nContent-Length: 9", "has the line"),
        ("8\nno field", "has the line"), ("8\n" + "x: y\n" * 300_000, "more than 1,048,576 bytes"),
    ],
)  # fmt: skip
def test_a_length_that_is_wrong_is_told(tmp_path, length, told):
    path = tmp_path / "a.warc"
    path.write_bytes(record("one page", length=length) + record("another"))
    found, _ = read(path, tmp_path / "spool")
    assert told in found


def test_a_warc_of_no_kind_that_is_known_is_told(tmp_path):
    path = tmp_path / "a.warc"
    path.write_bytes(record("x", "strange") + record("x", "warcinfo"))
    assert read(path, tmp_path / "spool")[1] == {"held": 2, "unknown": 1, "warcinfo": 1}


@given(
    st.lists(st.sampled_from([b'{"text": "a page"}', b'{"text": "%s"}' % (b"x" * 400), b"", b" \t", b"{}", b"\xff", b"[" * 90]), max_size=30),
    st.integers(9, 900),
    st.booleans(),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=50)
def test_each_line_is_a_record_wherever_parts_begin(tmp_path_factory, lines, part_bytes, packed, end, last):
    folder = tmp_path_factory.mktemp("lines")
    data = b'{"text": "first"}' + end + end.join(lines) + end * last
    path = folder / "a.jsonl"
    path.write_bytes(gzip.compress(data) if packed else data)
    records, account = read(path, folder / "spool", Bounds(record_bytes=200), part_bytes)
    expected, at = [], 0
    for line in data.splitlines(keepends=True):
        if line.strip():
            long = len(line.rstrip(b"\n")) > 200
            expected.append(
                (f"#{at}", "record_too_large" if long else None if b'"text"' in line else "bad_record")
            )
        at += len(line)
    assert [(place, reason) for place, _, reason in records] == expected
    assert account["held"] == len(expected)


def test_a_line_without_end_is_gone_through_once(tmp_path, monkeypatch):
    """Not once for each part that it goes through, and never held."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "first"}\n{"text": "' + b"x" * 3_000_000 + b'"}\n{"text": "last"}\n')
    longest, total = [0], [0]
    real = json_lines.Counted.readinto

    def counted(self, buffer):
        size = real(self, buffer)
        total[0] += size
        return size

    monkeypatch.setattr(json_lines.Counted, "readinto", counted)
    monkeypatch.setattr(
        json_lines,
        "too_large",
        lambda place, size, line, *rest: Entry(
            place, size, line[:9], error=str(longest.append(len(line))), reason="record_too_large"
        ),
    )
    records, _ = read(path, tmp_path / "spool", Bounds(record_bytes=100_000), part_bytes=100_000)
    assert [reason for _, _, reason in records] == [None, "record_too_large", None]
    assert total[0] == path.stat().st_size
    assert max(longest) <= 1 << 17


def test_columns_are_chosen_row_by_row(tmp_path):
    path = tmp_path / "a.anything"
    rows = {
        "text": [None, "  ", "one", "", None], "content": ["two", "three", "no", None, None],
        "raw_text": [None, None, None, b"fo\xffur", None],
    }  # fmt: skip
    kinds = {"raw_text": pa.binary()}
    pq.write_table(pa.table({name: pa.array(column, kinds.get(name)) for name, column in rows.items()}), path)
    records, account = read(path, tmp_path / "spool")
    assert [text for _, text, _ in records] == [b"two", b"three", b"one", b"fo\xffur", b"row 4"]
    assert [reason for *_, reason in records] == [None] * 4 + ["bad_record"]
    assert account["held"] == 5


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)  # fmt: skip
def test_a_text_of_a_row_over_the_limit_is_a_reject_and_never_a_value(tmp_path, kind):
    path = tmp_path / "a.parquet"
    texts = pa.array(["short", "x" * 500_000, None, "the last"]).cast(kind)
    pq.write_table(pa.table({"text": texts}), path)
    records, _ = read(path, tmp_path / "spool", Bounds(record_bytes=1000))
    assert [reason for *_, reason in records] == [None, "record_too_large", "bad_record", None]
    assert len(records[1][1]) <= 1 << 17
    assert records[3][1] == b"the last"


@pytest.mark.parametrize("dictionary", [False, True])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip"])
def test_what_pages_unpack_to_is_known_before_they_are(tmp_path, dictionary, version, compression):
    path = tmp_path / "a.parquet"
    texts = ["x" * 5000, "y" * 9000, None] * 200
    table = pa.table({"text": texts, "n": range(600)})
    pq.write_table(
        table,
        path,
        use_dictionary=dictionary,
        data_page_version=version,
        compression=compression,
        data_page_size=100,
    )
    with open(path, "rb") as file:
        ((chunk,),) = parquet_pages.chunks(file, path.stat().st_size, {"text"})
        column = pq.ParquetFile(path).metadata.row_group(0).column(0)
        start = column.dictionary_page_offset or column.data_page_offset
        assert chunk == ("text", start, column.total_compressed_size)
        found = list(parquet_pages.pages(file, chunk))
    assert sum(page.values for page in found if page.kind != parquet_pages.DICTIONARY) == 600
    assert sum(page.size for page in found) >= (14_000 if dictionary else 2_800_000)
    assert bool([page for page in found if page.kind == parquet_pages.DICTIONARY]) is dictionary


def test_a_page_over_the_limit_is_never_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"text": ["x" * 1_000_000], "other": ["y" * 3_000_000]}), path, compression="zstd"
    )
    assert len(read(path, tmp_path / "spool")[0]) == 1
    monkeypatch.setattr(parquet, "PAGE_BYTES", 900_000)
    assert "a page of its column text unpacks to 1,000,0" in read(path, tmp_path / "spool")[0]
    monkeypatch.setattr(parquet, "PAGE_BYTES", 2_000_000)  # the other column is not read
    assert len(read(path, tmp_path / "spool")[0]) == 1


@pytest.mark.parametrize(
    ("size", "dictionary", "rows"),
    [(100, False, 256), (5000, False, 20), (5000, True, 20), (90_000, True, 1)],
)
def test_few_rows_are_read_at_once_where_they_are_long(tmp_path, monkeypatch, size, dictionary, rows):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["x" * size] * 300}), path, use_dictionary=dictionary)
    monkeypatch.setattr(parquet, "BATCH_BYTES", 100_000)
    found = []
    real = parquet._rows
    monkeypatch.setattr(parquet, "_rows", lambda batch, limit: found.append(len(batch)) or real(batch, limit))
    assert len(read(path, tmp_path / "spool")[0]) == 300
    assert max(found) <= rows
    assert max(found) >= rows * 0.9


@settings(max_examples=200)
@given(st.binary(max_size=60), st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_no_bytes_of_pages_crash_their_reader(start, at, change):
    """Headers of any bytes, and good ones changed."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": ["x" * 50, "y"]}), sink)
    good = sink.getvalue().to_pybytes()
    for data in (start, good[:at] + change + good[at + len(change) :]):
        with suppress(Damaged):
            list(
                zip(
                    range(100),
                    parquet_pages.pages(io.BytesIO(data), parquet_pages.Chunk("a", 0, len(data))),
                    strict=False,
                )
            )
        with suppress(Damaged):
            list(parquet_pages.chunks(io.BytesIO(data), len(data), {"text"}))


GOOD = {"source": "a.txt", "source_offset": 0, "raw": b"the text of a block, so long", "raw_truncated": False}


def rejects_file(path, *rows, schema=None, change=lambda data: data, compression=None):
    fields = schema or pa.schema([(name, arrow_schema("reject").field(name).type) for name in GOOD])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, fields, options=pa.ipc.IpcWriteOptions(compression=compression)) as file:
        file.write_table(pa.Table.from_pylist(list(rows), fields))
    path.write_bytes(change(sink.getvalue().to_pybytes()))


def offsets_that_lead_out(data: bytes) -> bytes:
    """The end of the last row's raw, as an offset, becomes some billion."""
    end = struct.pack("<2i", 0, len(GOOD["raw"]))
    assert end in data
    return data.replace(end, struct.pack("<2i", 0, 0x7FFFFFF0))


@pytest.mark.parametrize(
    ("rows", "options", "told"),
    [
        ([GOOD], {"change": offsets_that_lead_out}, "no file of rejects"),
        ([GOOD], {"change": lambda data: data.replace(b"the text", b"the \xfft").replace(b"a.txt", b"a\xfftxt")}, "no file of rejects"),
        ([GOOD], {"change": lambda data: data[: len(data) // 2]}, "no file of rejects"),
        ([{"source": 7}], {"schema": pa.schema([("source", pa.int64())])}, "it has no column source of string"),
        ([{"source": "a"}], {"schema": pa.schema([("source", pa.string())])}, "it has no column source_offset of int64"),
        ([GOOD | {"source": None}], {}, "a value is missing"),
        ([GOOD | {"raw": b"x" * 70_000}], {}, "a value has more than 65,536 bytes"),
        ([GOOD | {"source_offset": -1}], {}, "a row has no source, no bytes, or no offset that can be"),
        ([GOOD | {"raw": b" "}], {}, "a row has no source"),
        ([GOOD | {"source": ""}], {}, "a row has no source"),
        ([GOOD], {"compression": "zstd"}, "its rows are packed"),
        ([GOOD], {"compression": "lz4"}, "its rows are packed"),
    ],
)  # fmt: skip
def test_rejects_are_looked_at_before_a_value_is_touched(tmp_path, rows, options, told):
    path = tmp_path / "a.arrow"
    rejects_file(path, *rows, **options)
    assert told in str(read(path, tmp_path / "spool")[0])


def test_rejects_of_any_bytes_end_no_process(tmp_path):
    """Each byte of a file changed, one at a time."""
    path = tmp_path / "a.arrow"
    rejects_file(path, GOOD, GOOD | {"source": "b.txt"})
    data = path.read_bytes()
    for at in range(0, len(data), 3):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        with suppress(Damaged):
            list(entries(Part("rejects", "", str(path), 0, 2), Columns(), Bounds(), Account()))


FORMATS = {
    "a.jsonl": lines_of().encode(),
    "a.jsonl.gz": gzip.compress(lines_of().encode()),
    "a.warc.wet": b"".join(map(record, PAGES)),
    "a.warc.wet.gz": gzip.compress(b"".join(map(record, PAGES))),
}


@pytest.mark.parametrize("name", [*FORMATS, "a.parquet", "a.arrow"])
@pytest.mark.parametrize("stage", ["reading", "writing"])
def test_a_record_that_is_dropped_fails_the_run(tmp_path, monkeypatch, name, stage):
    path = tmp_path / name
    if name in FORMATS:
        path.write_bytes(FORMATS[name])
    elif name == "a.parquet":
        pq.write_table(pa.table({"text": PAGES}), path)
    else:
        rejects_file(
            path, *(GOOD | {"raw": page.encode(), "source_offset": 9000 * n} for n, page in enumerate(PAGES))
        )
    if stage == "reading":
        real = spool_module.entries
        monkeypatch.setattr(
            spool_module, "entries", lambda *args: (each for n, each in enumerate(real(*args)) if n != 1)
        )
        told = "3 records are in it, and 2 were read"
    else:
        monkeypatch.setattr(Locator, "records", lambda self, dump: [])
        monkeypatch.setattr("dateline.pipeline.rules.split.find_starts", lambda *args: {})
        told = "3 records were read, and 1 written"
    with pytest.raises(RunFailed, match=f"account of records does not hold.*\n.*{told}"):
        run(tmp_path, path)


def test_one_that_is_whole_has_an_account(tmp_path):
    (tmp_path / "a.jsonl").write_text(lines_of() + "{}\n")
    (tmp_path / "b.warc").write_bytes(record("x", "warcinfo") + record("x", "response") + record(PAGES[0]))
    done = dateline_here(
        "run", "--input", tmp_path / "a.jsonl", tmp_path / "b.warc", "--output", tmp_path / "news"
    )
    assert done.returncode == 3
    assert "records     all 7 in the containers: 4 pages, 1 bad_record, 1 response, 1 warcinfo" in done.stdout
    (report,) = (tmp_path / "news" / "_runs").glob("*/report.json")
    told = {"held": 7, "pages": 4, "rejected": {"bad_record": 1, "response": 1, "warcinfo": 1}}
    assert json.loads(report.read_text())["records"] == told


BOMB = zstandard.compress(b"a line\n" * 100_000)


RATIO = (
    ("--max-unpacked-ratio", "9"),
    r"it has [\d,]+ bytes and unpacks to more than [\d,]+, and is taken for a bomb",
)


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("bomb.txt.zst", *RATIO), ("bomb.jsonl.gz", *RATIO), ("bomb.parquet", *RATIO), ("bomb.warc.gz", *RATIO),
        ("bomb.parquet", ("--max-unpacked-bytes", "600000"), "it unpacks to more than 600,000 bytes, which --max-unpacked"),
        ("bomb.txt.zst", ("--max-unpacked-run-bytes", "600000"), "the dumps of this run unpack to more than 600,000 bytes"),
    ],
)  # fmt: skip
def test_a_bomb_is_named_and_the_rest_goes_on(tmp_path, monkeypatch, name, options, told):
    if "ratio" in options[0]:
        monkeypatch.setattr(quota_module, "RATIO_FLOOR_BYTES", 1000)
    bomb, good, line = tmp_path / name, tmp_path / "good.txt", "a line\n" * 100_000
    if name == "bomb.parquet":
        pq.write_table(pa.table({"text": [line[:7000]] * 100}), bomb)
    else:
        many = "".join(json.dumps({"text": line[:7000]}) + "\n" for _ in range(100)).encode()
        bomb.write_bytes(
            {"zst": BOMB, "jsonl": gzip.compress(many), "warc": gzip.compress(record(line[:7000])) * 100}[
                name.split(".")[-1] if name.endswith("zst") else name.split(".")[1]
            ]
        )
    good.write_text(TEXT)
    done = dateline_here("run", "--input", bomb, good, "--output", tmp_path / "news", *options)
    assert done.returncode == 3, done.stderr
    assert re.search(f"warning: could not read all of {bomb}: {told}", done.stderr), done.stderr
    assert len(latest_manifest(str(tmp_path / "news"))["dumps"]) == 1


def test_dumps_that_fit_the_run_are_read_and_the_others_the_next_time(tmp_path):
    for number in range(4):
        text = "".join(plain(Article(f"Goat {number} wins race {n}", "")) + "\n\n" for n in range(80))
        (tmp_path / f"{number}.txt.gz").write_bytes(gzip.compress(text.encode()))
    size = len(text.encode())
    command = (
        "run",
        "--input",
        f"{tmp_path}/*.gz",
        "--output",
        tmp_path / "news",
        "--max-unpacked-run-bytes",
    )
    assert dateline_here(*command, int(2.5 * size)).returncode == 3
    assert len(latest_manifest(str(tmp_path / "news"))["dumps"]) == 2
    assert dateline_here(*command, int(2.5 * size)).returncode == 0
    assert len(latest_manifest(str(tmp_path / "news"))["dumps"]) == 4


def test_a_disk_that_is_full_names_the_dump(tmp_path, monkeypatch):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_Out, "write", full)
    done = dateline_here("run", "--input", path, "--output", tmp_path / "news", "--workers", "1")
    assert done.returncode == 1
    assert f"failed, nothing was committed: {path} cannot be unpacked to " in done.stderr
    assert done.stderr.strip().endswith("No space left on device")
    assert "Traceback" not in done.stderr


def test_an_index_is_held_a_batch_at_a_time(tmp_path, monkeypatch):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"text": "page {n}"}}\n' for n in range(100)))
    monkeypatch.setattr("dateline.pipeline.inputs.spool_index.BATCH_ROWS", 7)
    flushed = []
    real = spool_module.IndexWriter._flush
    monkeypatch.setattr(
        spool_module.IndexWriter, "_flush", lambda self: flushed.append(len(self._columns[0])) or real(self)
    )
    records, _ = read(path, tmp_path / "spool")
    assert len(records) == 100
    assert max(flushed) == 7
    index = Index(str(tmp_path / "spool" / "00000000.txt.index"))
    for number, start in enumerate(index.starts):
        assert index.at(start) == index.at(start + 3)
        assert index.at(start).place == records[number][0]
