"""The same pages in every format: the same articles, each placed where its page stands."""

import bz2
import gzip
import json
import lzma
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import zstandard
from ftfy.bad_codecs import search_function

from dateline.pipeline.config import Config
from dateline.pipeline.inputs import formats, records
from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.inputs.formats import Damaged, detect, parts_of
from dateline.pipeline.inputs.records import day_of
from dateline.pipeline.run import execute
from dateline.pipeline.store.files import pin_of
from dateline.runners.engine import local
from tests.helpers.flows import run_flow
from tests.helpers.pages import Article, doubled, full, plain

PAGES = [
    plain(Article(slot="")) + "\n\n" + plain(Article(headline="A second article of it", caption=None)),
    full(Article(headline="A third article of it", stamp="2 days ago")),
    doubled(Article(headline="A fourth article of it", stamp="3 hours ago")),
]
URLS = [
    "https://www.arabnews.com/node/2067116/world",
    "https://arab.news/ab2cd",
    "https://arabnews.pk/node/7",
]
DAYS = ["2022-04-20", "2022-04-21", "2022-04-22"]
TEXT = "\n\n\n".join(PAGES)


def run(tmp_path, *paths, flow=run_flow, **options):
    """Rows by headline, and the run's result."""
    found = find_inputs([str(path) for path in paths], None)
    output = str(tmp_path / "news")
    dumps = with_spools(found.dumps, f"{output}/_runs/run/spool")
    result = execute(Config(dumps, output, "run", **options), flow)
    rows = ds.dataset(output, format="ipc").to_table().to_pylist() if result.rows("articles") else []
    return {row["headline"]: row for row in rows}, result


PACKERS = {
    ".txt.gz": gzip.compress,
    ".txt.bz2": bz2.compress,
    ".txt.xz": lzma.compress,
    ".txt.zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("suffix", PACKERS)
def test_compressed_text(tmp_path, suffix):
    path = tmp_path / f"dump{suffix}"
    path.write_bytes(PACKERS[suffix](TEXT.encode()))
    rows, result = run(tmp_path, path)
    assert len(rows) == 4
    for headline, row in rows.items():
        block = TEXT.encode()[row["source_offset"] : row["source_offset"] + row["source_length"]].decode()
        assert block.startswith(headline)
        assert row["source"] == path.name
    assert result.balance.read == len(TEXT.encode())


def test_several_members_and_frames(tmp_path):
    half = len(TEXT) // 2
    for suffix, pack in PACKERS.items():
        path = tmp_path / f"dump{suffix}"
        path.write_bytes(pack(TEXT[:half].encode()) + pack(TEXT[half:].encode()))
    rows, result = run(tmp_path, *tmp_path.glob("dump*"))
    assert (len(rows), result.rows("duplicates")) == (4, 12)


def json_lines(pages=PAGES, text="text", url="url", day="date"):
    rows = [{text: page, url: link, day: when} for page, link, when in zip(pages, URLS, DAYS, strict=False)]
    return "".join(json.dumps(row) + "\n" for row in rows)


def check_records(rows, name):
    first, second, third, fourth = rows.values()
    assert {row["source"].split("#")[0] for row in rows.values()} == {name}
    assert first["page_url"] == second["page_url"] == URLS[0]
    assert (first["node"], second["node"]) == (2067116, None)  # the number is the lead's
    assert (third["short_url"], third["short_url_slot"]) == (URLS[1], "absent")
    assert (third["updated"], third["updated_source"]) == (date(2022, 4, 19), "crawl")
    assert (fourth["updated"], fourth["crawled"]) == (date(2022, 4, 22), date(2022, 4, 22))
    for page, row in zip((PAGES[0], PAGES[0], PAGES[1], PAGES[2]), rows.values(), strict=True):
        block = page.encode()[row["source_offset"] : row["source_offset"] + row["source_length"]].decode()
        assert block.startswith(row["headline"])


def in_order(rows):
    names = [Article().headline, "A second article of it", "A third article of it", "A fourth article of it"]
    assert set(rows) == set(names)
    return {name: rows[name] for name in names}


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst"])
def test_json_lines(tmp_path, suffix):
    path = tmp_path / f"pages{suffix}"
    data = json_lines().encode()
    pack = PACKERS.get(f".txt.{suffix.rsplit('.', 1)[1]}", lambda data: data)
    path.write_bytes(pack(data))
    rows, _ = run(tmp_path, path)
    check_records(in_order(rows), path.name)
    starts = {int(row["source"].split("#")[1]) for row in rows.values()}
    assert all(data[start : start + 1] == b"{" for start in starts)


def test_json_lines_that_cannot_be_used(tmp_path):
    path = tmp_path / "pages.jsonl"
    lines = [
        '{"text": "no end',
        '{"url": "x"}',
        "[1]",
        '{"text": 7}',
        '{"text": "\\ud800"}',
        '{"text": ""}',
        "",
    ]
    path.write_text(json_lines(PAGES[:1]) + "\n".join(lines))
    rows, result = run(tmp_path, path)
    assert len(rows) == 2
    assert result.reasons == {"bad_record": 6}
    table = ds.dataset(tmp_path / "news" / "_rejected", format="ipc").to_table().to_pylist()
    assert {row["raw"].decode().strip() for row in table} == set(lines[:6])
    assert any("expected an object with text" in row["detail"] for row in table)


@pytest.mark.parametrize("part_bytes", [50, 700])
def test_json_lines_are_read_in_parts(tmp_path, monkeypatch, part_bytes):
    path = tmp_path / "pages.jsonl"
    path.write_text(json_lines())
    monkeypatch.setattr(formats, "PART_BYTES", part_bytes)
    rows, _ = run(tmp_path, path)
    check_records(in_order(rows), path.name)


def test_names_of_columns(tmp_path):
    path = tmp_path / "pages.jsonl"
    path.write_text(json_lines(text="body", url="link", day="seen"))
    rows, _ = run(tmp_path, path, columns=records.Columns(("body",), ("link",), ("seen",)))
    check_records(in_order(rows), path.name)


@pytest.mark.parametrize("group", [1, 2, 100])
def test_parquet(tmp_path, group):
    path = tmp_path / "pages.parquet"
    table = pa.table(
        {"id": [1, 2, 3, 4], "text": [*PAGES, None], "url": [*URLS, None], "date": [*DAYS, None]}
    )
    pq.write_table(table, path, row_group_size=group)
    rows, _ = run(tmp_path, path)
    check_records(in_order(rows), path.name)
    assert {row["source"].split("#")[1] for row in rows.values()} == {"0", "1", "2"}
    assert len(parts_of(str(path), pin_of(str(path)))) == -(-4 // group)


def test_parquet_without_text(tmp_path):
    path = tmp_path / "pages.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    rows, result = run(tmp_path, path)
    assert rows == {}
    ((_, why),) = result.unreadable
    assert "no column text or content or raw_text among a" in why


def warc_record(kind, url, day, payload):
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {day}T10:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:0000-{len(payload)}>\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(payload.encode())}\r\n\r\n"
    )
    return (head + payload + "\r\n\r\n").encode()


def warc(pack=lambda data: data):
    records = [warc_record("warcinfo", "", DAYS[0], "software: a crawler\r\n")]
    records += [warc_record("conversion", *row) for row in zip(URLS, DAYS, PAGES, strict=True)]
    return b"".join(map(pack, records))


@pytest.mark.parametrize("part_bytes", [200, 10**6])
@pytest.mark.parametrize(("suffix", "pack"), [(".warc.wet", bytes), (".warc.wet.gz", gzip.compress)])
def test_wet(tmp_path, monkeypatch, suffix, pack, part_bytes):
    path = tmp_path / f"pages{suffix}"
    path.write_bytes(warc(pack))
    monkeypatch.setattr(formats, "PART_BYTES", part_bytes)
    rows, result = run(tmp_path, path)
    check_records(in_order(rows), path.name)
    assert result.unreadable == []
    at = int(rows["A third article of it"]["source"].split("#")[1])
    record = path.read_bytes()[at:]
    assert (gzip.decompress(record) if pack is gzip.compress else record).startswith(
        b"WARC/1.0\r\nWARC-Type: conv"
    )


def test_a_warc_of_responses_is_told(tmp_path):
    path = tmp_path / "pages.warc.gz"
    path.write_bytes(
        gzip.compress(warc_record("response", URLS[0], DAYS[0], "HTTP/1.1 200 OK\r\n\r\n<html>"))
    )
    _, result = run(tmp_path, path)
    ((name, why),) = result.unreadable
    assert name == str(path)
    assert why.startswith("1 records that are no conversion records hold no text to read: make JSON Lines")


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_file_that_is_cut_off_is_reported_by_name_and_the_rest_goes_on(tmp_path, suffix):
    data = PACKERS[suffix](TEXT.encode() * 50)
    path = tmp_path / f"dump{suffix}"
    path.write_bytes(data[: len(data) // 2])
    good = tmp_path / "good.txt"
    good.write_text(TEXT)
    rows, result = run(tmp_path, path, good)
    assert len(rows) == 4
    ((name, why),) = result.unreadable
    assert name == str(path)
    assert "cut off" in why


def test_utf_16(tmp_path):
    for name, encoding, mark in (("le", "utf-16-le", b"\xff\xfe"), ("be", "utf-16-be", b"\xfe\xff")):
        text = TEXT.replace("captain", "captain \U0001f6a2 ’")
        data = mark + text.encode(encoding)
        path = tmp_path / f"{name}.txt"
        path.write_bytes(data)
        rows, _ = run(tmp_path / name, path)
        assert len(rows) == 4
        for headline, row in rows.items():
            block = data[row["source_offset"] : row["source_offset"] + row["source_length"]].decode(encoding)
            assert block.startswith(headline)
            assert block.endswith("October.")
            assert row["text_repairs"] == ["utf-16"]


def test_utf_16_across_many_marks(tmp_path, monkeypatch):
    monkeypatch.setattr("dateline.pipeline.inputs.spool.STEP", 333)
    test_utf_16(tmp_path)


MISREAD = search_function("sloppy-windows-1252")
"""Windows-1252 as browsers read it: also the bytes that it does not define."""
REPAIRS = {
    "byte-order-mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "windows-1252": lambda text: text.encode("cp1252"),
    "mojibake": lambda text: MISREAD.decode(text.encode())[0].encode(),
    "zero-width": lambda text: text.replace("captain", "cap\u200btain").encode(),
    "no-break-space": lambda text: text.replace("Nobody expected", "Nobody\u00a0expected").encode(),
}


@pytest.mark.parametrize("repair", REPAIRS)
def test_repairs_are_done_and_noted(tmp_path, repair):
    article = plain(Article(body=("The ferry’s first day.", "“Nobody expected it,” its captain said.")))
    data = REPAIRS[repair](article.replace("€", ""))
    path = tmp_path / "dump.txt"
    path.write_bytes(data)
    rows, _ = run(tmp_path, path)
    row = rows[Article().headline]
    assert row["body"] == "KYIV: The ferry’s first day.\n\n“Nobody expected it,” its captain said."
    assert row["summary"] == list(Article().bullets)
    assert row["text_repairs"] == [repair]
    assert data[row["source_offset"] :][: row["source_length"]] in data.rstrip()


def test_crlf_and_lone_cr_change_no_field(tmp_path):
    for name, end in (("crlf", "\r\n"), ("cr", "\r")):
        path = tmp_path / f"{name}.txt"
        path.write_bytes(TEXT.replace("\n", end).encode())
        rows, _ = run(tmp_path / name, path)
        assert [len(row["body"].split("\n\n")) for row in in_order(rows).values()] == [3, 3, 3, 3]
        block = path.read_bytes()[rows["A third article of it"]["source_offset"] :]
        assert block.startswith(b"A third article of it")


def test_records_never_run_together(tmp_path):
    """A page that ends in half a header, and one that begins with the other half, stay two."""
    halves = plain(Article()).split("Follow")
    path = tmp_path / "pages.jsonl"
    path.write_text(json_lines([halves[0], halves[1], PAGES[1]]))
    rows, result = run(tmp_path, path)
    assert "A third article of it" in rows
    assert result.rows("rejected") + len(rows) == 3


def test_no_header_is_made_of_two_records(tmp_path):
    """A page that ends in a line and a stamp, and one that begins with the same line."""
    path = tmp_path / "pages.jsonl"
    first = plain(Article()) + "\nA line at the end\n\nUpdated 01 May 2020\n"
    second = (
        "A line at the end\n\nIt is the first line of another page, and that page has no stamp of its own."
    )
    path.write_text(json_lines([first, second]))
    rows, result = run(tmp_path, path)
    assert "It is the first line" not in rows.pop(Article().headline)["body"]
    assert all(row["updated"] is None for row in rows.values())
    assert set(result.reasons) <= {"no_body", "no_headline", "not_an_article"}


def test_rejects_come_back(tmp_path):
    """What a run rejected is input to the next, and keeps its first source and offset."""
    text = "Some words that are no article.\n"
    path = tmp_path / "dump.txt"
    path.write_bytes(
        text.encode() + plain(Article(body=("A day’s body.",))).encode().replace(b"day", b"d\xffy")
    )
    rows, result = run(tmp_path / "one", path)
    assert (rows, result.reasons) == ({}, {"not_an_article": 1, "not_utf8": 1})
    again, result = run(tmp_path / "two", tmp_path / "one" / "news" / "_rejected")
    assert (again, result.reasons) == ({}, {"not_an_article": 1, "not_utf8": 1})
    table = ds.dataset(tmp_path / "two" / "news" / "_rejected", format="ipc").to_table().to_pylist()
    assert sorted((row["source"], row["source_offset"]) for row in table) == [
        ("dump.txt", 0),
        ("dump.txt", len(text)),
    ]


def test_rejects_that_a_better_parser_reads(tmp_path, monkeypatch):
    path = tmp_path / "dump.txt"
    path.write_text("Words before it.\n" + plain(Article()))
    with monkeypatch.context() as patch:
        from dateline.pipeline.rules.parse import Failure

        patch.setattr(
            "dateline.pipeline.rules.record.parse_block", lambda *args: Failure("no_headline", "not yet")
        )
        rows, result = run(tmp_path / "one", path, flow=lambda config: local.run_flow(config, 1))
    assert (rows, result.rows("rejected")) == ({}, 2)
    rows, _ = run(tmp_path / "two", tmp_path / "one" / "news" / "_rejected")
    row = rows[Article().headline]
    assert (row["source"], row["source_offset"]) == ("dump.txt", len("Words before it.\n"))
    assert (
        path.read_bytes()[row["source_offset"] :][: row["source_length"]].decode() == plain(Article()).strip()
    )


def test_rejects_whose_bytes_are_cut_are_told(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_text("Words. " * 20_000)
    run(tmp_path / "one", path)
    _, result = run(tmp_path / "two", tmp_path / "one" / "news" / "_rejected")
    ((_, why),) = result.unreadable
    assert why == "1 rejects keep only the first of their bytes: read their dumps again"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", b"words", ("plain", "")),
        ("a.txt", b"", ("plain", "")),
        ("a.txt", b'{"text": "x"}', ("plain", "")),
        ("a.jsonl", b'\n {"text": "x"}', ("jsonl", "")),
        ("a.jsonl", b"words", ("plain", "")),
        ("a.bin", gzip.compress(b"words", mtime=0), ("text", "gzip")),
        ("a.gz", b"words", ("plain", "")),
        ("a.wet", b"WARC/1.0\r\n", ("warc", "")),
        ("a.txt", b"\xff\xfea\0", ("utf-16", "")),
        ("a.gz", gzip.compress(b"", mtime=0)[:5], ("text", "gzip")),
    ],
)
def test_formats_are_told_by_content_and_name(tmp_path, name, data, expected):
    path = tmp_path / name
    path.write_bytes(data)
    assert detect(str(path)) == expected


def test_broken_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(Damaged, match="no readable Parquet"):
        parts_of(str(path), pin_of(str(path)))
    assert find_inputs([str(path)], None).unreadable[0].path == str(path)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2022-04-20", date(2022, 4, 20)),
        ("2022-04-20T23:59:59Z", date(2022, 4, 20)),
        ("20220420235959", date(2022, 4, 20)),
        (1650448800, date(2022, 4, 20)),
        (1650448800000, date(2022, 4, 20)),
        (date(2022, 4, 20), date(2022, 4, 20)),
        ("soon", None),
        (None, None),
        (float("inf"), None),
        ([], None),
    ],
)
def test_days_of_records(value, day):
    assert day_of(value) == day
