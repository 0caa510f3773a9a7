"""`dateline verify` says nothing of a good dataset, and of a damaged one what is wrong, and in which row of which file."""

import bz2
import gzip
import hashlib
import json
import shutil
from base64 import b64decode, b64encode

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.names import manifest_name
from dateline.pipeline.rules.identity_rows import headline_key
from dateline.runners.command import cli
from dateline.runners.command import verify as verify_module
from dateline.schemas.columns import SCHEMA_VERSION_KEY, arrow_schema, to_batch
from tests.conftest import ROOT
from tests.dataset.test_growth import run
from tests.helpers.damage import Dataset
from tests.helpers.pages import Article, doubled, full, plain

OTHER = "0123456789abcdef0123456789abcdef"

TEA = Article(headline="Tea house opens at last", body=("The kettle was on.", "Guests came all day."))
FERRY = Article()
PIER = Article(headline="Pier is longer than it was", slot="https://arab.news/pi3r")
LAMP = Article(headline="Lamp of the lighthouse is lit", stamp="09 September 2023", place="RIYADH")
FIRST = "\n\n\n".join(
    [
        "Words of no article.",
        *map(plain, (FERRY, PIER, TEA)),
        doubled(FERRY),
        plain(LAMP),
        plain(LAMP, follow=False),
    ]
)
EDITED = Article(headline="Pier is twice as long", slot="https://arab.news/pi3r", stamp="11 September 2023")
MOON = Article(headline="Moon seen by many", stamp="3 hours ago", body=("It was round.", "It was bright."))
SECOND = "\n\n\n".join(
    ["date soon, and more of no article", *map(plain, (EDITED, LAMP, MOON)), full(MOON), plain(TEA)]
)


def told(capsys, *args):
    """Exit status, findings and summary of a command with --json."""
    capsys.readouterr()
    status = cli.main([*map(str, args), "--json"])
    *findings, last = map(json.loads, capsys.readouterr().out.splitlines())
    return status, findings, last["summary"]


def grow(folder, first, second, options=()):
    assert run(folder / "news", first, options=options) == 0
    assert run(folder / "news", first, second) == 0
    return folder


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A folder with the dataset `news` of two runs, and the dumps."""
    folder = tmp_path_factory.mktemp("good")
    folder.joinpath("first.txt").write_text(FIRST)
    folder.joinpath("second.txt").write_text(SECOND)
    return grow(folder, folder / "first.txt", folder / "second.txt")


@pytest.fixture
def copy(good, tmp_path):
    return Dataset(shutil.copytree(good, tmp_path / "copy") / "news")


def dumps(data):
    return "--dumps", data.root.parent / "first.txt", data.root.parent / "second.txt"


def test_the_good_one_has_what_the_tests_damage(good, capsys):
    status, findings, summary = told(capsys, "verify", good / "news")
    assert (status, findings) == (0, [])
    manifest = latest_manifest(str(good / "news"))
    assert {file["kind"] for file in manifest["files"]} == {"articles", "duplicates", "keys", "rejected"}
    assert summary["files"] == len(manifest["files"])
    assert summary["rows"] == sum(file["rows"] for file in manifest["files"])
    assert summary["bytes"] == sum(file["bytes"] for file in manifest["files"])
    assert (summary["dumps"], summary["dumps_checked"], summary["not_checked"]) == (2, 0, [])
    status, findings, with_dumps = told(capsys, "verify", good / "news", "--dumps", good / "*.txt")
    assert (status, findings) == (0, [])
    assert with_dumps["dumps_checked"] == 2
    assert with_dumps["bytes"] == summary["bytes"] + sum(path.stat().st_size for path in good.glob("*.txt"))


def test_an_older_version_is_found_where_versions_are_kept(good, capsys):
    status, findings, summary = told(
        capsys, "verify", good / "news", "--version", "1", *dumps(Dataset(good / "news"))
    )
    assert (status, findings, summary["version"], summary["dumps"]) == (0, [], 1, 1)


def test_for_a_person(good, capsys):
    assert cli.main(["verify", str(good / "news"), "--dumps", str(good / "second.txt")]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("version 2: all well; ")
    assert line.endswith("1 of 2 dumps checked; not given: first.txt")


def json_lines(text, name):
    pages = [
        {"text": page, "url": f"https://www.arabnews.com/node/{n}", "date": "2023-09-12"}
        for n, page in enumerate(text.split("\n\n\n"))
    ]
    return "".join(json.dumps(page) + "\n" for page in [*pages, {"no": name}]).encode()


def parquet(text, name):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"raw_text": text.split("\n\n\n")}), sink, row_group_size=2)
    return sink.getvalue().to_pybytes()


def warc(text, name):
    records = b""
    for page in text.split("\n\n\n"):
        data = page.encode()
        head = f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:x:{len(records)}>\r\nContent-Length: {len(data)}\r\n\r\n"
        records += head.encode() + data + b"\r\n\r\n"
    return records


FORMATS = {
    "dump.txt": lambda text, name: text.encode(),
    "crlf.txt": lambda text, name: text.replace("\n", "\r\n").encode(),
    "windows.txt": lambda text, name: text.replace("“", '"').replace("”", '"').replace("•", "-").replace("ferry", "férry").encode("cp1252"),
    "mark.txt": lambda text, name: text.encode("utf-8-sig"),
    "mojibake.txt": lambda text, name: text.replace("“", "â€œ").replace("Guests", "Guests\u00a0").encode(),
    "packed.gz": lambda text, name: gzip.compress(text.encode()),
    "misnamed.txt": lambda text, name: gzip.compress(text.encode()),
    "wide.txt": lambda text, name: text.encode("utf-16"),
    "wide.bz2": lambda text, name: bz2.compress(b"\xfe\xff" + text.encode("utf-16-be")),
    "pages.jsonl": json_lines,
    "pages.jsonl.gz": lambda text, name: gzip.compress(json_lines(text, name)),
    "pages.parquet": parquet,
    "pages.warc": warc,
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.slow
def test_every_format_is_well(tmp_path, capsys, name):
    for number, text in enumerate((FIRST, SECOND)):
        tmp_path.joinpath(f"{number}-{name}").write_bytes(FORMATS[name](text, name))
    grow(tmp_path, tmp_path / f"0-{name}", tmp_path / f"1-{name}")
    assert Dataset(tmp_path / "news").row("articles", lambda row: row["headline"] == TEA.headline)
    for extra in ((), ("--dumps", tmp_path / f"*-{name}")):
        status, findings, summary = told(capsys, "verify", tmp_path / "news", *extra)
        assert (status, findings, summary["not_checked"]) == (0, [], [])
    assert summary["dumps_checked"] == 2


@pytest.mark.parametrize(
    "options",
    [("--date-granularity", "month"), ("--same-headline-days", "1"), ("--crawl-date", "2023-09-10")],
)
@pytest.mark.slow
def test_every_rule_is_well(good, tmp_path, capsys, options):
    grow(tmp_path, good / "first.txt", good / "second.txt", options)
    assert told(capsys, "verify", tmp_path / "news", "--dumps", good / "*.txt")[:2] == (0, [])


def test_rejects_that_were_read_again_are_well(good, tmp_path, capsys):
    again = good / "news" / "_rejected"
    assert run(tmp_path / "news", again) == 0
    status, findings, summary = told(capsys, "verify", tmp_path / "news", "--dumps", again)
    assert (status, findings, summary["dumps_checked"]) == (0, [], 2)


@pytest.mark.slow
def test_golden_pages_and_names_of_columns_are_well(tmp_path, capsys):
    pages = sorted(ROOT.joinpath("tests", "golden").glob("*.txt"))
    rows = [{"body": page.read_text(), "link": f"https://arab.news/{n}x"} for n, page in enumerate(pages)]
    tmp_path.joinpath("a").mkdir()
    tmp_path.joinpath("a", "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    names = ("--text-column", "body", "--url-column", "link")
    where = ("--source-root", str(tmp_path))
    assert run(tmp_path / "news", *pages, options=("--source-root", str(ROOT))) == 0
    assert run(tmp_path / "news", tmp_path / "a" / "pages.jsonl", options=(*names, *where)) == 0
    for extra, count in (
        (("--dumps", *pages, "--source-root", ROOT), len(pages)),
        (("--dumps", tmp_path / "a" / "*", *names, *where), 1),
    ):
        status, findings, summary = told(capsys, "verify", tmp_path / "news", *extra)
        assert (status, findings, summary["dumps_checked"]) == (0, [], count)


def older(data, entry, schema):
    """Write a file of articles anew with the columns of a schema."""
    rows = data.rows(entry)
    return data.write_batch(entry, to_batch(rows, schema))["path"]


def test_a_file_from_before_a_column_is_well(copy, capsys):
    entry, _ = copy.find("articles", of(TEA.headline))
    before = arrow_schema("article", 1)
    assert "body_captions" not in before.names
    older(copy, entry, before)
    assert told(capsys, "verify", copy.root, *dumps(copy))[:2] == (0, [])


@pytest.mark.parametrize(("columns", "says"), [(1, b"2"), (2, b"1"), (1, b"3"), (1, b"no number")])
def test_a_file_has_the_columns_of_the_version_that_it_says(copy, capsys, columns, says):
    entry, _ = copy.find("articles", of(TEA.headline))
    schema = arrow_schema("article", columns).with_metadata({SCHEMA_VERSION_KEY: says})
    path = older(copy, entry, schema)
    status, findings, _ = told(capsys, "verify", copy.root)
    assert status == 1
    assert matching(findings, "schema", path, None, "columns")


# Damage. Each function damages a dataset and gives the finding that must be there: its check, file and row, and
# what its words must hold. Those of DEEP stay unseen without the dumps.


def of(headline):
    return lambda row: row["headline"] == headline


def missing_file(data):
    entry, _ = data.find("articles", of(TEA.headline))
    data.root.joinpath(entry["path"]).unlink()
    return "missing", entry["path"], None, "not there"


def a_folder_in_its_place(data):
    entry, _ = data.find("articles", of(TEA.headline))
    data.root.joinpath(entry["path"]).unlink()
    data.root.joinpath(entry["path"]).mkdir()
    return "missing", entry["path"], None, "cannot be opened"


def truncated_file(data):
    entry, _ = data.find("duplicates")
    path = data.root / entry["path"]
    path.write_bytes(path.read_bytes()[:-100])
    return "size", entry["path"], None, str(entry["bytes"])


def flipped_byte(data):
    entry, _ = data.find("articles", of(TEA.headline))
    path = data.root / entry["path"]
    path.write_bytes(path.read_bytes().replace(b"kettle", b"keTtle"))
    return "checksum", entry["path"], None, entry["sha256"]


def no_arrow(data):
    entry, _ = data.find("rejected")
    content = data.root.joinpath(entry["path"]).read_bytes()[:-8] + b"no arrow"
    entry |= write_bytes(data, entry, content)
    return "unreadable", entry["path"], None, "Arrow"


def write_bytes(data, entry, content):
    digest = hashlib.sha256(content).hexdigest()
    path = f"{entry['path'][: -len('0' * 32 + '.arrow')]}{digest[:32]}.arrow"
    data.root.joinpath(path).write_bytes(content)
    entry |= {"path": path, "sha256": digest, "bytes": len(content)}
    data.save()
    return entry


def other_metadata(data):
    entry, _ = data.find("articles", of(TEA.headline))
    batch = to_batch(data.rows(entry), arrow_schema("article")).replace_schema_metadata(
        {"dateline.schema_version": "7"}
    )
    return "schema", data.write_batch(entry, batch)["path"], None, "metadata"


def other_column(data):
    entry, _ = data.find("articles", of(TEA.headline))
    batch = to_batch(data.rows(entry), arrow_schema("article"))
    at = batch.schema.get_field_index("copies")
    batch = batch.set_column(at, pa.field("copies", pa.int64(), False), batch["copies"].cast(pa.int64()))
    return "schema", data.write_batch(entry, batch)["path"], None, "column copies"


def column_missing(data):
    entry, _ = data.find("articles", of(TEA.headline))
    batch = to_batch(data.rows(entry), arrow_schema("article")).drop_columns(["byline"])
    return "schema", data.write_batch(entry, batch)["path"], None, "caption, credit, summary"


def row_removed(data):
    entry, number = data.find("articles", of(TEA.headline))
    rows = data.rows(entry)
    keys, at = data.find("keys", lambda row: row["id"] == rows[number]["id"])
    data.write(entry, rows[:number] + rows[number + 1 :])
    return "keys", keys["path"], at, "an article of its id"


def row_doubled(data):
    entry, number = data.find("articles", of(FERRY.headline))
    rows = data.rows(entry)
    rows.insert(number, rows[number])
    return "id_twice", data.write(entry, rows)["path"], number + 1, f"row {number}"


def duplicate_doubled(data):
    entry, number = data.find("duplicates")
    rows = data.rows(entry)
    rows.insert(number, rows[number])
    return "overlap", data.write(entry, rows)["path"], number + 1, f"row {number}"


def in_the_wrong_partition(data):
    entry, number = data.find("articles", of(LAMP.headline))
    written = data.write(entry, data.rows(entry), folder="date=2023-09-08/region=western-asia")
    return "partition", written["path"], number, "date=2023-09-09/region=western-asia"


def out_of_order(data):
    entry, _ = data.find("articles", of(TEA.headline))
    rows = data.rows(entry)
    assert len(rows) > 1
    return "order", data.write(entry, rows[::-1])["path"], 1, rows[0]["id"]


def ledger_out_of_order(data):
    entry, _ = next((e, 0) for e in data.manifest["files"] if e["kind"] == "keys" and e["rows"] > 1)
    rows = data.rows(entry)
    return "order", data.write(entry, rows[::-1])["path"], 1, str(rows[-2]["source_offset"])


def invalid_value(data):
    entry, number = data.change("articles", of(TEA.headline), short_url_slot="half")
    return "field", entry["path"], number, "/short_url_slot"


def null_where_none_may_be(data):
    entry, number = data.find("duplicates")
    batch = to_batch(data.rows(entry), arrow_schema("duplicate"))
    at = batch.schema.get_field_index("updated_source")
    values = batch["updated_source"].to_pylist()
    values[number] = None
    batch = batch.set_column(at, batch.schema.field(at), pa.array(values, pa.string()))
    return "field", data.write_batch(entry, batch)["path"], number, "/updated_source"


def a_day_that_is_none(data):
    entry, number = data.find("articles", of(TEA.headline))
    batch = to_batch(data.rows(entry), arrow_schema("article"))
    at = batch.schema.get_field_index("updated")
    days = pa.array([2**31 - 1] * batch.num_rows, pa.int32()).view(pa.date32())
    return (
        "field",
        data.write_batch(entry, batch.set_column(at, batch.schema.field(at), days))["path"],
        number,
        "no value",
    )


def id_in_two_partitions(data):
    row = data.row("articles", of(TEA.headline)) | {"updated": "2021-01-01"}
    entry = data.add("articles", "date=2021-01-01/region=eastern-europe", [row])
    data.manifest["files"].sort(key=lambda file: file["path"])
    other, number = data.find(
        "articles", lambda row: of(TEA.headline)(row) and row["updated"] != "2021-01-01"
    )
    assert entry["path"] < other["path"]
    return "id_twice", other["path"], number, f"{entry['path']} row 0"


def id_of_another(data):
    """In the article and its keys."""
    entry, number = data.find("articles", of(LAMP.headline))
    was = data.rows(entry)[number]["id"]
    data.change("keys", lambda row: row["id"] == was, id=OTHER)
    while True:
        try:
            data.change("duplicates", lambda row: row["id"] == was, id=OTHER)
        except AssertionError:
            break
    entry, number = data.change("articles", of(LAMP.headline), id=OTHER)
    return "id", entry["path"], number, was


def words_miscounted(data):
    entry, number = data.change("articles", of(TEA.headline), word_count=77)
    return "word_count", entry["path"], number, "77"


def copies_miscounted(data):
    entry, number = data.change("articles", of(LAMP.headline), copies=2)
    return "copies", entry["path"], number, "2"


def duplicate_of_another(data):
    other = data.row("articles", of(TEA.headline))["id"]
    lamp = data.row("articles", of(LAMP.headline))["id"]
    entry, number = data.change("duplicates", lambda row: row["id"] == lamp, id=other)
    return "identity", entry["path"], number, lamp


def duplicate_of_none(data):
    entry, number = data.change("duplicates", lambda row: row["short_url"], id=OTHER)
    return "copies", entry["path"], number, OTHER


def duplicate_that_is_an_article(data):
    lamp = data.row("articles", of(LAMP.headline))["id"]
    key = headline_key("Another headline").hex()
    entry, number = data.change("duplicates", lambda row: row["id"] == lamp, headline_key=key)
    return "identity", entry["path"], number, f"the article {key}"


def two_articles_of_one_headline(data):
    pier = data.row("articles", of(EDITED.headline))["id"]
    entry, number = data.find("articles", of(FERRY.headline))
    key = headline_key(FERRY.headline).hex()
    data.change("keys", lambda row: row["id"] == pier, headline_key=key)
    data.change("articles", of(EDITED.headline), headline=FERRY.headline)
    return "identity", entry["path"], number, f"a duplicate of {pier}"


def loser_that_would_win(data):
    """The duplicate with the short URL is said to be later than the article."""
    entry, number = data.change("duplicates", lambda row: row["short_url"], updated="2024-01-01")
    return "identity", entry["path"], number, "a duplicate"


def keys_row_missing(data):
    entry, number = data.find("articles", of(LAMP.headline))
    name = data.rows(entry)[number]["id"]
    keys, at = data.find("keys", lambda row: row["id"] == name)
    rows = data.rows(keys)
    data.write(keys, rows[:at] + rows[at + 1 :])
    return "keys", entry["path"], number, "rows in _keys"


def keys_of_another_length(data):
    lamp = data.row("articles", of(LAMP.headline))
    entry, number = data.change("keys", lambda row: row["id"] == lamp["id"], body_length=7777)
    return "keys", entry["path"], number, str(len(lamp["body"]))


def keys_row_doubled(data):
    entry, number = data.find("keys")
    rows = data.rows(entry)
    rows.insert(number, rows[number])
    return "keys", data.write(entry, rows)["path"], number + 1, f"row {number}"


def in_the_wrong_shard(data):
    entry, _ = data.find("keys")
    taken = {file["path"] for file in data.manifest["files"]}
    free = next(n for n in range(64) if not any(path.startswith(f"_keys/part-{n:02d}") for path in taken))
    return "shard", data.write(entry, data.rows(entry), shard=free)["path"], 0, f"{free:02d}"


def overlapping_blocks(data):
    """A reject that reaches into the article behind it."""
    entry, number = data.find("rejected", lambda row: row["source"] == "first.txt")
    row = data.rows(entry)[number]
    raw = FIRST.encode()[: row["source_length"] + 10]
    data.change(
        "rejected",
        lambda row: row["source"] == "first.txt",
        raw=b64encode(raw).decode(),
        source_length=len(raw),
    )
    article, at = data.find("articles", of(FERRY.headline))
    return "overlap", article["path"], at, "_rejected/"


def raw_too_short(data):
    entry, number = data.change("rejected", lambda row: True, raw=b64encode(b"x").decode())
    return "raw", entry["path"], number, "1"


def raw_not_cut(data):
    entry, number = data.change("rejected", lambda row: True, raw_truncated=True)
    return "raw", entry["path"], number, "65536"


def beyond_the_end(data):
    entry, number = data.change(
        "rejected", lambda row: row["source"] == "first.txt", source_offset=len(FIRST.encode()) + 1
    )
    return "beyond", entry["path"], number, f"at most {len(FIRST.encode())}"


def of_no_dump(data):
    entry, number = data.change("rejected", lambda row: row["source"] == "second.txt", source="third.txt")
    return "source", entry["path"], number, "third.txt"


def rows_miscounted(data):
    entry, _ = data.find("keys")
    entry["rows"] += 1
    data.save()
    return "rows", entry["path"], None, str(entry["rows"])


def a_file_too_many(data):
    """Two for one partition."""
    entry, _ = data.find("articles", of(LAMP.headline))
    folder = entry["path"].rpartition("/")[0]
    row = data.row("articles", of(LAMP.headline)) | {"id": OTHER}
    return "slot", data.add("articles", folder, [row])["path"], None, "found 2"


def a_file_that_never_was(data):
    entry, _ = data.find("articles", of(LAMP.headline))
    path = f"date=1999-01-01/region=unknown/part-{'a' * 32}.arrow"
    data.manifest["files"].append(entry | {"path": path, "sha256": "a" * 64})
    data.save()
    return "missing", path, None, "not there"


def a_name_outside(data):
    entry, _ = data.find("articles", of(LAMP.headline))
    data.manifest["files"].append(entry | {"path": "../first.txt"})
    data.save()
    return "path", manifest_name(2), None, "../first.txt"


def under_another_name(data):
    entry, _ = data.find("articles", of(LAMP.headline))
    path = entry["path"].replace("part-", "part-0")[: -len("x.arrow")] + ".arrow"
    data.root.joinpath(entry["path"]).rename(data.root / path)
    entry["path"] = path
    data.save()
    return "path", path, None, entry["sha256"][:32]


def of_another_kind(data):
    entry, _ = data.find("keys")
    entry["kind"] = "duplicates"
    data.save()
    return "path", entry["path"], None, "expected keys"


def manifest_out_of_order(data):
    data.manifest["dumps"].reverse()
    data.save()
    return "manifest", manifest_name(2), None, "first.txt"


def manifest_of_another_number(data):
    data.manifest["version"] = 1
    data.root.joinpath(manifest_name(2)).write_text(json.dumps(data.manifest))
    return "manifest", manifest_name(2), None, "expected 2"


def manifest_not_valid(data):
    del data.manifest["settings"]
    data.save()
    return "manifest", manifest_name(2), None, "'settings' is a required property"


def changes_miscounted(data):
    data.manifest["changes"]["rejects"] += 5
    data.save()
    return "changes", manifest_name(2), None, "rejects that its run added: found 6, expected 1"


def changes_of_another_dump(data):
    data.manifest["changes"]["dumps"] = ["first.txt"]
    data.save()
    return "changes", manifest_name(2), None, "expected second.txt"


def article_lost_everywhere(data):
    """Its row, its keys, its duplicates: only the dump knows of it."""
    entry, number = data.find("articles", of(FERRY.headline))
    rows = data.rows(entry)
    name = rows[number]["id"]
    data.write(entry, rows[:number] + rows[number + 1 :])
    lost = 0
    for kind in ("keys", "duplicates"):
        for file in [file for file in data.manifest["files"] if file["kind"] == kind]:
            rows = [row for row in data.rows(file) if row["id"] != name]
            lost += file["rows"] - len(rows) if kind == "duplicates" else 0
            if rows:
                data.write(file, rows)
            else:
                data.manifest["files"].remove(file)
    data.save()
    data.manifest["changes"]["articles"] -= 1
    data.manifest["changes"]["duplicates"] -= lost
    data.save()
    return "gap", str(data.root.parent / "first.txt"), None, f"found b'{FERRY.headline}"


def raw_changed(data):
    entry, number = data.find("rejected", lambda row: row["source"] == "first.txt")
    raw = b64decode(data.rows(entry)[number]["raw"]).replace(b"no", b"an")
    entry, number = data.change(
        "rejected", lambda row: row["source"] == "first.txt", raw=b64encode(raw).decode()
    )
    return "text", entry["path"], number, "b'an article"


def body_changed_by_a_word(data):
    body = data.row("articles", of(TEA.headline))["body"].replace("all", "any")
    entry, number = data.change("articles", of(TEA.headline), body=body)
    return "text", entry["path"], number, "Guests came any day."


def paragraphs_changed_places(data):
    body = "\n\n".join(reversed(data.row("articles", of(LAMP.headline))["body"].split("\n\n")))
    entry, number = data.change("articles", of(LAMP.headline), body=body)
    return "text", entry["path"], number, "paragraph 2"


def headline_changed(data):
    """Of an article with a short URL, and in its keys: its identity is the same."""
    pier = data.row("articles", of(EDITED.headline))["id"]
    key = headline_key("Pier is gone").hex()
    data.change("keys", lambda row: row["id"] == pier, headline_key=key)
    entry, number = data.change("articles", of(EDITED.headline), headline="Pier is gone")
    return "text", entry["path"], number, "Pier is gone"


def key_of_a_duplicate_changed(data):
    key = headline_key("Pier is gone").hex()
    entry, number = data.change("duplicates", lambda row: row["short_url"], headline_key=key)
    return "text", entry["path"], number, key


def block_moved(data):
    """An article's block one byte longer than it is."""
    lamp = data.row("articles", of(LAMP.headline))
    longer = {"source_length": lamp["source_length"] + 1}
    data.change("keys", lambda row: row["id"] == lamp["id"], **longer)
    entry, number = data.change("articles", of(LAMP.headline), **longer)
    return "text", entry["path"], number, "white space around it"


def moved(data, offset, length):
    """An article's block, in its row and its keys."""
    lamp = data.row("articles", of(LAMP.headline))
    place = {"source_offset": offset, "source_length": length}
    data.change("keys", lambda row: row["id"] == lamp["id"], **place)
    return data.change("articles", of(LAMP.headline), **place)


def block_where_no_text_is(data):
    entry, number = moved(data, FIRST.encode().index(b"\n"), 2)
    return "text", entry["path"], number, "found b'\\n\\n', expected text"


def block_outside_of_its_dump(data):
    entry, number = moved(data, 10**9, 2)
    return "text", entry["path"], number, "bytes 1000000000 to 1000000002"


def reject_outside_of_its_dump(data):
    entry, number = data.change("rejected", lambda row: True, source_offset=10**9)
    return "text", entry["path"], number, "expected bytes of the dump"


def dump_changed(data):
    path = data.root.parent / "first.txt"
    path.write_text(FIRST.replace("kettle", "keTtle"))
    return "dump", str(path), None, "SHA-256"


def dump_longer(data):
    path = data.root.parent / "second.txt"
    path.write_text(SECOND + "\n")
    return "dump", str(path), None, str(len(SECOND.encode()) + 1)


def dump_unreadable(data):
    path = data.root.parent / "second.txt"
    path.unlink()
    path.mkdir()
    return "dump", str(path), None, "is a folder"


SHALLOW = [
    missing_file, a_folder_in_its_place, truncated_file, flipped_byte, no_arrow, other_metadata, other_column, column_missing, row_removed, row_doubled,
    duplicate_doubled, in_the_wrong_partition, out_of_order, ledger_out_of_order, invalid_value,
    null_where_none_may_be, a_day_that_is_none, id_in_two_partitions, id_of_another, words_miscounted,
    copies_miscounted, duplicate_of_another, duplicate_of_none, duplicate_that_is_an_article,
    two_articles_of_one_headline, loser_that_would_win, keys_row_missing, keys_of_another_length, keys_row_doubled,
    in_the_wrong_shard, overlapping_blocks, raw_too_short, raw_not_cut, beyond_the_end, of_no_dump, rows_miscounted,
    a_file_too_many, a_file_that_never_was, a_name_outside, under_another_name, of_another_kind,
    manifest_out_of_order, manifest_of_another_number, manifest_not_valid, changes_miscounted,
    changes_of_another_dump,
]  # fmt: skip
DEEP = [
    article_lost_everywhere, raw_changed, body_changed_by_a_word, paragraphs_changed_places, headline_changed,
    key_of_a_duplicate_changed, block_moved, dump_changed, dump_longer, dump_unreadable,
]  # fmt: skip


def matching(findings, check, file, row, words):
    return [
        one for one in findings
        if (one["check"], one["file"], one["row"]) == (check, file, row)
        and words in f"{one['what']}: found {one['found']}, expected {one['expected']}"
    ]  # fmt: skip


@pytest.mark.parametrize("damage", SHALLOW, ids=lambda damage: damage.__name__)
def test_damage_is_found(copy, capsys, damage):
    expected = damage(copy)
    status, findings, _ = told(capsys, "verify", copy.root)
    assert status == 1
    assert matching(findings, *expected), (expected, findings)


@pytest.mark.parametrize("damage", DEEP, ids=lambda damage: damage.__name__)
def test_damage_is_found_with_the_dumps(copy, capsys, damage):
    expected = damage(copy)
    assert told(capsys, "verify", copy.root)[:2] == (0, [])
    status, findings, _ = told(capsys, "verify", copy.root, *dumps(copy))
    assert status == 1
    assert matching(findings, *expected), (expected, findings)


@pytest.mark.parametrize(
    "damage", [block_where_no_text_is, block_outside_of_its_dump, reject_outside_of_its_dump]
)
def test_blocks_are_looked_for_in_the_dumps(copy, capsys, damage):
    """Two of them are found without the dumps, too: by their overlap, or beyond the end."""
    expected = damage(copy)
    status, findings, _ = told(capsys, "verify", copy.root, *dumps(copy))
    assert status == 1
    assert matching(findings, *expected), (expected, findings)


def test_a_dump_that_goes_while_it_is_read(copy, capsys, monkeypatch):
    def fails(files, seen, read):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("dateline.pipeline.verify.given_dumps.checksums", fails)
    status, findings, summary = told(capsys, "verify", copy.root, *dumps(copy))
    assert (status, summary["dumps_checked"]) == (1, 0)
    assert [(one["check"], one["found"]) for one in findings] == [("dump", "Permission denied")] * 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_reject_that_is_cut(tmp_path, capsys, encoding):
    path = tmp_path / "first.txt"
    path.write_text("Words of no article, “so” 十.\n" * 3000 + FIRST, encoding=encoding)
    assert run(tmp_path / "news", path) == 0
    data = Dataset(tmp_path / "news")
    assert data.row("rejected", lambda row: row["raw_truncated"])
    assert told(capsys, "verify", data.root, "--dumps", path)[:2] == (0, [])
    raw = b64decode(data.row("rejected", lambda row: row["raw_truncated"])["raw"])
    changed = b64encode(raw[:-3] + b"xyz").decode()
    entry, number = data.change("rejected", lambda row: row["raw_truncated"], raw=changed)
    assert told(capsys, "verify", data.root)[:2] == (0, [])
    _, findings, _ = told(capsys, "verify", data.root, "--dumps", path)
    assert [(one["check"], one["file"], one["row"]) for one in findings] == [("text", entry["path"], number)]


ALONE = [
    missing_file, truncated_file, flipped_byte, no_arrow, other_metadata, other_column, out_of_order,
    ledger_out_of_order, invalid_value, words_miscounted, copies_miscounted, keys_of_another_length, of_no_dump,
    raw_not_cut, beyond_the_end, under_another_name, manifest_out_of_order, changes_miscounted, changes_of_another_dump,
]  # fmt: skip


@pytest.mark.parametrize("damage", ALONE, ids=lambda damage: damage.__name__)
def test_one_damage_is_one_finding(copy, capsys, damage):
    """What needs a file that cannot be used is not checked, and said not to be, instead of told as damage."""
    damage(copy)
    _, findings, summary = told(capsys, "verify", copy.root)
    assert len(findings) == 1
    unusable = (
        findings[0]["check"] in ("missing", "size", "unreadable", "field", "source") or damage is other_column
    )
    assert bool(summary["not_checked"]) == unusable


def test_a_dump_that_is_not_the_one_is_no_judge(copy, capsys):
    dump_changed(copy)
    body_changed_by_a_word(copy)
    _, findings, summary = told(capsys, "verify", copy.root, *dumps(copy))
    assert {one["check"] for one in findings} == {"dump"}
    assert (summary["dumps_checked"], summary["dumps_not_given"]) == (1, [])


def test_dumps_of_no_concern(copy, capsys):
    stranger = copy.root.parent / "third.txt"
    stranger.write_text(plain(LAMP))
    status, findings, summary = told(capsys, "verify", copy.root, "--dumps", stranger)
    assert (status, findings) == (0, [])
    assert (summary["dumps_checked"], summary["dumps_not_given"]) == (0, ["first.txt", "second.txt"])
    assert "third.txt" in summary["not_checked"][0]


def test_a_torn_manifest_is_passed_over(copy, capsys):
    copy.root.joinpath(manifest_name(3)).write_text('{"schema_version": 1, "ver')
    status, findings, summary = told(capsys, "verify", copy.root)
    assert (status, findings, summary["version"]) == (0, [], 2)
    assert "version 3" in summary["not_checked"][0]
    assert cli.main(["verify", str(copy.root), "--version", "3"]) == 2


def test_only_the_first_of_a_kind_are_shown(copy, capsys, monkeypatch):
    monkeypatch.setattr(verify_module, "MAX_FINDINGS", 2)
    for entry in [entry for entry in copy.manifest["files"] if entry["kind"] == "articles"]:
        copy.write(entry, [row | {"word_count": 77} for row in copy.rows(entry)])
    count = sum(entry["rows"] for entry in copy.manifest["files"] if entry["kind"] == "articles")
    capsys.readouterr()
    assert cli.main(["verify", str(copy.root)]) == 1
    *shown, rest, last = capsys.readouterr().out.splitlines()
    assert len(shown) == 2
    assert all("row" in line and "word_count: found 77, expected" in line for line in shown)
    assert rest == f"... and {count - 2} more findings of the kind word_count"
    assert last.startswith(f"version 2: {count} findings; ")
    _, findings, summary = told(capsys, "verify", copy.root)
    assert (len(findings), summary["findings"]) == (2, {"word_count": count})


def test_text_of_dumps_is_harmless(copy, capsys):
    body_changed = copy.row("articles", of(TEA.headline))["body"].replace("Guests", "\x1b[31mGuests\n")
    copy.change("articles", of(TEA.headline), body=body_changed)
    capsys.readouterr()
    assert cli.main(["verify", str(copy.root), *map(str, dumps(copy))]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[31mGuests" in out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--version", "7"), "no version 7; it keeps 1, 2"),
        (("--dumps", "no-such-file"), "--dumps 'no-such-file' matches no file"),
        (("--source-root", "."), "give those, too"),
    ],
)
def test_wrong_usage(good, capsys, args, words):
    assert cli.main(["verify", str(good / "news"), *args]) == 2
    assert words in capsys.readouterr().err


def test_no_dataset(tmp_path, capsys):
    assert cli.main(["verify", str(tmp_path)]) == 2
    assert "holds no dataset" in capsys.readouterr().err


def test_a_newer_dataset(copy, capsys):
    copy.manifest["schema_version"] = 99
    copy.save()
    assert cli.main(["verify", str(copy.root)]) == 2
    assert "schema version 99" in capsys.readouterr().err
