"""The whole job through the real command line, read back by the libraries that people use."""

import ctypes
import json
import os
import pty
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import jsonschema
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from dateline import schemas
from dateline.pipeline.stages import parse
from dateline.runners.engine import local
from dateline.schemas.columns import from_batch
from tests.conftest import EXAMPLES, ROOT, dateline, dateline_here, files_of, left
from tests.helpers.flows import ENGINE, run_flow
from tests.helpers.pages import LAYOUTS, Article, compact, plain

HIVE = ds.partitioning(pa.schema([("date", pa.date32()), ("region", pa.string())]), flavor="hive")


def table_of(output: Path) -> pa.Table:
    return ds.dataset(output, format="ipc", partitioning=HIVE).to_table()


def ledger(output: Path, name: str) -> list[dict]:
    folder = output / name
    return from_batch(ds.dataset(folder, format="ipc").to_table()) if folder.exists() else []


def run(
    tmp_path: Path, *dumps: Path | str, options: tuple = (), command=dateline_here
) -> tuple[subprocess.CompletedProcess, Path]:
    output = tmp_path / "news"
    return command("run", "--input", *dumps, "--output", output, *options), output


def dump(tmp_path: Path, data: bytes | str, name: str = "dump.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


# --- what is written -----------------------------------------------------------------------------------


def test_the_real_dump(seeds, tmp_path):
    (path,) = seeds.glob("*.txt")
    done, output = run(tmp_path, path, command=dateline)
    assert done.returncode == 0, done.stderr
    kyiv, algiers = sorted(table_of(output).to_pylist(), key=lambda row: row["date"])
    data = path.read_bytes()

    assert (kyiv["date"], kyiv["place"], kyiv["country"], kyiv["region"]) == (
        date(2023, 9, 7),
        "KYIV",
        "UA",
        "eastern-europe",
    )
    assert (kyiv["short_url_slot"], kyiv["short_url"], kyiv["credit"]) == ("empty", None, "AFP/File")
    assert kyiv["caption"].endswith("during the war.")
    assert len(kyiv["summary"]) == 2
    assert len(kyiv["subheadings"]) == 1
    assert (algiers["date"], algiers["place"], algiers["country"]) == (date(2026, 2, 18), "ALGIERS", "DZ")
    assert (algiers["region"], algiers["short_url_slot"]) == ("northern-africa", "absent")
    assert (algiers["caption"], len(algiers["summary"])) == (None, 1)

    for row in (kyiv, algiers):
        block = data[row["source_offset"] : row["source_offset"] + row["source_length"]].decode()
        assert block.startswith(row["headline"])
        assert block.endswith(row["body"].rsplit("\n\n", 1)[-1])
        assert row["body"].startswith(f"{row['place']}: ")
        for paragraph in row["body"].split("\n\n"):
            assert paragraph in block
        for furniture in (row["headline"], "Follow", "Short Url", "•", "Updated"):
            assert furniture not in row["body"]
        # Nothing of the text below the bullets is missing.
        text = block.rsplit("•", 1)[1].split("\n", 1)[1]
        assert text.split() == row["body"].split()


def test_every_row_ledger_manifest_and_report_is_valid(sample):
    for name, rows in (
        ("article", from_batch(table_of(sample).drop_columns(["date"]))),
        ("duplicate", ledger(sample, "_duplicates")),
        ("reject", ledger(sample, "_rejected")),
        ("manifest", [json.loads(path.read_text()) for path in sample.glob("_manifests/*.json")]),
        ("report", [json.loads(path.read_text()) for path in sample.glob("_runs/*/report.json")]),
    ):
        validator = jsonschema.Draft202012Validator(
            schemas.load(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        assert rows
        for row in rows:
            validator.validate(row)


def test_every_byte_of_the_samples_is_in_one_place(sample):
    blocks = [
        (row["source"], row["source_offset"], row["source_length"])
        for rows in (table_of(sample).to_pylist(), ledger(sample, "_duplicates"), ledger(sample, "_rejected"))
        for row in rows
    ]
    for path in map(Path, EXAMPLES):
        data = bytearray(path.read_bytes())
        for source, offset, length in blocks:
            if source == path.name:
                assert b"\x00" not in data[offset : offset + length]
                data[offset : offset + length] = bytes(length)
        assert bytes(data).replace(b"\x00", b"").strip() == b""


def test_the_first_run_shows_something_of_everything(sample):
    rows = table_of(sample).to_pylist()
    assert len(rows) >= 40
    by_headline = {row["headline"]: row for row in rows}
    assert len(by_headline) == len(rows)
    edited = by_headline["Ferry of Kalba returns after ten years"]
    assert (edited["copies"], edited["short_url_slot"], edited["short_url"]) == (
        3,
        "filled",
        "https://arab.news/fr7xq",
    )
    assert "Ferry returns to the old harbor of Kalba" not in by_headline
    assert by_headline["Divers map a street under the bay"]["region"] == "unknown"
    assert {row["short_url_slot"] for row in rows} == {"absent", "empty", "filled"}
    assert {row["updated_source"] for row in rows} == {"stamp", "crawl", "none"}
    rejects = ledger(sample, "_rejected")
    assert {row["reason"] for row in rejects} == {
        "no_headline",
        "not_an_article",
        "schema",
        "not_utf8",
    }
    (refused,) = (row for row in rejects if row["reason"] == "schema")
    assert refused["pointer"] == "/short_url"


def test_the_duplicates_ledger_names_bytes_and_winner(sample):
    winners = {row["id"]: row for row in table_of(sample).to_pylist()}
    duplicates = ledger(sample, "_duplicates")
    assert sum(row["copies"] for row in winners.values()) == len(winners) + len(duplicates)
    for row in duplicates:
        winner = winners[row["id"]]
        block = (ROOT / "examples" / row["source"]).read_bytes()[row["source_offset"] :][
            : row["source_length"]
        ]
        assert block.decode().split("\n")[0] == winner["headline"] or winner["short_url"]


def test_rejects_keep_their_bytes(sample):
    for row in from_raw(sample):
        data = (ROOT / "examples" / row["source"]).read_bytes()
        assert row["raw"] == data[row["source_offset"] : row["source_offset"] + row["source_length"]]
        assert row["raw_truncated"] is False


def from_raw(output):
    return ds.dataset(output / "_rejected", format="ipc").to_table().to_pylist()


def test_the_report_of_the_samples(sample):
    (path,) = sample.glob("_runs/*/report.json")
    report = json.loads(path.read_text())
    balance = report["balance"]
    assert balance["read"] == sum(Path(path).stat().st_size for path in EXAMPLES)
    assert balance["read"] == sum(count for name, count in balance.items() if name != "read")
    assert [fold["copies"] for fold in report["folded_over_a_year"]] == [2]
    assert ("PortableRunner" if ENGINE else "FnApiRunner") in report["runner"]
    page = path.with_suffix(".html").read_text()
    assert f"{balance['duplicates']:,}" in page
    assert "Closing Bell: market ends the week in calm" in page


def test_the_manifest_lists_every_file(sample):
    manifest = json.loads((sample / "_manifests" / "00000001.json").read_text())
    files = {name: data for name, data in files_of(sample).items() if name != "manifest"}
    assert {file["path"]: file["bytes"] for file in manifest["files"]} == {
        name: len(data) for name, data in files.items()
    }
    assert [entry["source"] for entry in manifest["dumps"]] == sorted(Path(path).name for path in EXAMPLES)


# --- read back by the libraries that people use --------------------------------------------------------


def test_pyarrow(sample):
    table = ds.dataset(sample, format="ipc", partitioning=HIVE).to_table()
    assert table.schema.field("date").type == pa.date32()
    assert table.schema.field("region").type == pa.string()
    assert table["date"].to_pylist() == table["updated"].to_pylist()
    kyiv = ds.dataset(sample, format="ipc", partitioning=HIVE).to_table(
        filter=ds.field("date") == date(2023, 9, 7)
    )
    assert kyiv["place"].to_pylist() == ["KYIV"]


def test_polars(sample):
    frame = pl.scan_ipc(f"{sample}/date=*/region=*/*.arrow", hive_partitioning=True).collect()
    assert frame.schema["date"] == pl.Date
    assert frame.schema["region"] == pl.String
    assert frame.height == table_of(sample).num_rows
    assert frame.filter(pl.col("date") == date(2023, 9, 7))["place"].to_list() == ["KYIV"]


def test_duckdb(sample):
    news = ds.dataset(sample, format="ipc", partitioning=HIVE)
    found = duckdb.sql(
        "select typeof(date), typeof(region), place from news where date = date '2023-09-07'"
    ).fetchall()
    assert found == [("DATE", "VARCHAR", "KYIV")]
    assert news.count_rows() == duckdb.sql("select count(*) from news").fetchall()[0][0]


def test_pandas(sample):
    frame = ds.dataset(sample, format="ipc", partitioning=HIVE).to_table().to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame[frame["date"] == date(2023, 9, 7)]["place"]) == ["KYIV"]


def test_rows_without_a_date(tmp_path):
    done, output = run(tmp_path, dump(tmp_path, plain(Article(stamp="13 sec ago"))))
    assert done.returncode == 0, done.stderr
    assert [path.parts[-2] for path in output.rglob("region=*")] == ["date=__HIVE_DEFAULT_PARTITION__"]
    assert table_of(output)["date"].to_pylist() == [None]
    assert pl.scan_ipc(f"{output}/date=*/region=*/*.arrow", hive_partitioning=True).collect()[
        "date"
    ].to_list() == [None]


# --- the same bytes every time -------------------------------------------------------------------------


def many_pages(count: int) -> str:
    """A dump with copies of copies, in all layouts."""
    makers = list(LAYOUTS.values())
    pages = []
    for n in range(count):
        number = n * n % (count // 3 + 1)
        article = Article(
            headline=f"Headline number {number} of the dump",
            stamp=f"{1 + n % 28:02d} March 202{n % 5}",
            slot=f"https://arab.news/u{number}" if n % 7 == 0 else "" if n % 2 else None,
            place=("KYIV", "ALGIERS", "NOWHERE", None)[number % 4],
            body=(
                f"The first paragraph of copy {n} is longer than any name.",
                *["Another of them."] * (n % 4),
            ),
        )
        pages.append(makers[n % len(makers)](article) + "\n" * (n % 4))
    return "".join(pages)


@pytest.fixture(scope="module")
def dumps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dumps")
    text = many_pages(240)
    for n in range(3):
        (folder / f"part-{n}.txt").write_text(many_pages(80 + n), "utf-8")
    (folder / "whole.txt").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def once(dumps, tmp_path_factory):
    output = tmp_path_factory.mktemp("once") / "news"
    done = dateline_here("run", "--input", dumps / "*.txt", "--output", output, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert len(ledger(output, "_duplicates")) > 200
    return output


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.slow
def test_other_workers_and_orders_write_the_same_bytes(dumps, once, tmp_path, workers):
    reverse = sorted(dumps.glob("*.txt"), reverse=True)
    done, output = run(tmp_path, *reverse, options=("--workers", workers), command=dateline)
    assert done.returncode == 0, done.stderr
    assert files_of(output) == files_of(once)


@pytest.mark.parametrize(("range_bytes", "keys"), [(8000, 1), (50_000, 17), (10**9, 300)])
@pytest.mark.slow
def test_other_ranges_and_keys_write_the_same_bytes(dumps, once, tmp_path, range_bytes, keys):
    from dateline.pipeline.config import Config
    from dateline.pipeline.inputs.find import find_inputs
    from dateline.pipeline.run import execute

    found = find_inputs([f"{dumps}/*.txt"], None).dumps
    config = Config(found, str(tmp_path / "news"), "run", ranges=range_bytes, keys=keys)
    execute(config, run_flow)
    assert files_of(tmp_path / "news") == files_of(once)


@pytest.mark.slow
def test_a_run_again_is_nothing_new(dumps, once):
    before = files_of(once)
    done = dateline_here("run", "--input", dumps / "*.txt", "--output", once)
    assert (done.returncode, files_of(once)) == (0, before)
    assert "Nothing new" in done.stdout


def test_the_same_name_with_other_bytes_is_refused(tmp_path):
    path = dump(tmp_path, plain(Article()))
    _, output = run(tmp_path, path)
    path.write_text(plain(Article()).replace("dawn", "dusk"))
    other = dump(tmp_path, plain(Article(headline="Of the other dump")), "other.txt")
    done, _ = run(tmp_path, path, other)
    assert done.returncode == 3
    assert "a dump named 'dump.txt' was read before, with other bytes" in done.stderr
    rows = table_of(output).to_pylist()
    assert {row["source"] for row in rows} == {"dump.txt", "other.txt"}


def test_a_dump_keeps_the_crawl_date_that_it_was_read_with(tmp_path):
    path = dump(tmp_path, plain(Article(stamp="3 days ago")))
    done, output = run(tmp_path, path, options=("--crawl-date", "2022-04-20"))
    assert table_of(output)["updated"].to_pylist() == [date(2022, 4, 17)]
    assert table_of(output)["updated_source"].to_pylist() == ["crawl"]
    done, _ = run(tmp_path, path, options=("--crawl-date", "2022-04-21"))
    assert (done.returncode, table_of(output)["updated"].to_pylist()) == (0, [date(2022, 4, 17)])
    assert "Nothing new" in done.stdout


def test_same_headline_days(tmp_path):
    text = plain(Article(stamp="01 May 2023")) + "\n\n" + plain(Article(stamp="20 May 2023"))
    done, output = run(tmp_path, dump(tmp_path, text), options=("--same-headline-days", 7))
    assert table_of(output).num_rows == 2
    assert len(set(table_of(output)["id"].to_pylist())) == 2
    done, output = run(tmp_path / "other", dump(tmp_path, text), options=("--same-headline-days", 19))
    assert done.returncode == 0, done.stderr
    assert table_of(output)["copies"].to_pylist() == [2]


def test_source_root(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "dumps" / name).mkdir(parents=True)
        dump(tmp_path / "dumps" / name, plain(Article(headline=f"Headline of {name}")), "page.txt")
    pattern = tmp_path / "dumps" / "**" / "*.txt"
    done, _ = run(tmp_path, pattern)
    assert done.returncode == 2
    assert "two dumps would have the source 'page.txt'" in done.stderr
    done, output = run(tmp_path, pattern, options=("--source-root", tmp_path / "dumps"))
    assert sorted(table_of(output)["source"].to_pylist()) == ["a/page.txt", "b/page.txt"]


# --- bad input -----------------------------------------------------------------------------------------

GOOD = plain(Article())

BAD = {
    "an empty file": (b"", [], 0),
    "white space only": (b" \n\r\n\t\n" * 100, [], 0),
    "a binary file": (bytes(range(256)) * 20, ["nul_byte"], 0),
    "random bytes without NUL": (bytes(range(1, 256)) * 20, ["not_utf8"], 0),
    "invalid UTF-8 in one article": (
        GOOD.encode().replace(b"dawn", b"da\xffwn") + b"\n\n" + GOOD.encode(),
        ["not_utf8"],
        1,
    ),
    "a character cut at the end": (GOOD.encode() + "é".encode()[:1], ["not_utf8"], 0),
    "a NUL in one article": (
        GOOD.encode().replace(b"dawn", b"d\0wn") + b"\n\n" + GOOD.encode(),
        ["nul_byte"],
        1,
    ),
    "words only": (b"Nothing but some words.\n", ["not_an_article"], 0),
    "a stamp only": (b"Updated 07 September 2023\n", ["no_headline"], 0),
    "an article without a body": (
        b"A headline\n\nUpdated 07 September 2023\nFollow\n\nA headline\n",
        ["no_body"],
        0,
    ),
    "a headline of 600 characters": (plain(Article(headline="Long " * 120)).encode(), ["schema"], 0),
    "a slot with another site's URL": (
        plain(Article(slot="https://example.com/abcde")).encode(),
        ["schema"],
        0,
    ),
}


@pytest.mark.parametrize(("data", "reasons", "rows"), BAD.values(), ids=BAD)
def test_bad_input_is_put_aside_with_its_reason(tmp_path, data, reasons, rows):
    done, output = run(tmp_path, dump(tmp_path, data), options=("--max-rejects", "100%"))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert [row["reason"] for row in ledger(output, "_rejected")] == reasons
    assert len(list(output.rglob("region=*/*.arrow"))) == rows


@pytest.mark.slow
def test_a_line_of_100_mb(tmp_path):
    path = tmp_path / "dump.txt"
    with path.open("wb") as file:
        file.write(GOOD.encode() + b"\n\n")
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n\n\n" + GOOD.replace("Ferry", "Barge").encode())
    done, output = run(tmp_path, path, command=dateline)
    assert done.returncode == 0, done.stderr
    (row,) = ledger(output, "_rejected")
    # It stands below the body of an article, and no line tells that it is none of it.
    assert (row["reason"], row["source_offset"]) == ("block_too_large", 0)
    assert row["source_length"] > 100_000_000
    assert row["raw_truncated"]
    assert table_of(output)["headline"].to_pylist() == [Article().headline.replace("Ferry", "Barge")]
    path.unlink()


def test_limits_are_options(tmp_path):
    path = dump(tmp_path, GOOD + "\n\n" + GOOD.replace("dawn", "dawn" * 500))
    done, output = run(tmp_path, path, options=("--max-line-bytes", 1000))
    assert [row["reason"] for row in ledger(output, "_rejected")] == ["line_too_long"]
    done, output = run(tmp_path / "other", path, options=("--max-block-bytes", 1000))
    assert done.returncode == 0, done.stderr
    assert [row["reason"] for row in ledger(output, "_rejected")] == ["block_too_large"]


def test_a_folder_among_the_inputs(tmp_path):
    (tmp_path / "folder").mkdir()
    done, output = run(tmp_path, tmp_path / "folder", dump(tmp_path, GOOD))
    assert done.returncode == 3
    assert (
        f"folder: is a folder; give a pattern of its files, such as '{tmp_path / 'folder'}/*.txt'"
        in done.stderr
    )
    assert table_of(output).num_rows == 1
    (report,) = output.glob("_runs/*/report.json")
    assert json.loads(report.read_text())["unreadable"][0]["path"] == str(tmp_path / "folder")


def test_an_unreadable_file_among_the_inputs(tmp_path):
    loop = tmp_path / "loop.txt"
    loop.symlink_to(loop)  # nobody, not even root, can open this
    done, output = run(tmp_path, tmp_path / "*.txt", dump(tmp_path, GOOD))
    assert done.returncode == 3
    assert f"cannot read {loop}: Too many levels of symbolic links" in done.stderr
    assert table_of(output).num_rows == 1


def drop_privilege():
    """Give up, for this process, what lets root read every file (Linux: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)."""
    if os.geteuid() == 0:
        for capability in (1, 2):
            ctypes.CDLL(None).prctl(24, capability)


def test_a_file_without_permission(tmp_path):
    path = dump(tmp_path, GOOD)
    path.chmod(0)
    output = tmp_path / "news"
    done = dateline("run", "--input", path, "--output", output, preexec_fn=drop_privilege)
    assert done.returncode == 3
    assert f"cannot read {path}: Permission denied" in done.stderr
    assert len(list(output.glob("_manifests/*"))) == 1


def test_an_output_without_permission(tmp_path):
    output = tmp_path / "news"
    output.mkdir(mode=0o555)
    done = dateline("run", "--input", dump(tmp_path, GOOD), "--output", output, preexec_fn=drop_privilege)
    assert done.returncode == 2
    assert "cannot be written to" in done.stderr


def test_nothing_of_a_dump_or_a_name_steers_a_terminal_or_a_path(tmp_path):
    evil = "\x1b[31m../../etc; $(reboot) `x` <script>alert(1)</script>"
    text = plain(Article(headline=evil, place="../../X", caption=f"{evil} (AFP)", slot=f"https://{evil}"))
    name = "d\x1b[2J<b>.txt"
    done, output = run(tmp_path, dump(tmp_path, text + "\n\n" + GOOD, name))
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    names = [str(path.relative_to(output)) for path in output.rglob("*")]
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzTHIVEDFAULPRN0123456789=-_./") for name in names)
    assert not any("<script>" in path.read_text() for path in output.glob("_runs/*/*"))
    done, _ = run(tmp_path / "other", tmp_path / "gone\x1b[2J.txt")
    assert "\x1b" not in done.stderr
    assert "gone\\x1b[2J.txt" in done.stderr


# --- wrong usage, told before any work -----------------------------------------------------------------

USAGE = {
    "no command": ([], "COMMAND"),
    "an unknown command": (["fly"], "there is no command 'fly'"),
    "an unknown flag": (
        ["run", "--input", "{dump}", "--output", "{out}", "--colour"],
        "run has no option '--colour'",
    ),
    "half a flag": (["run", "--inp", "{dump}", "--output", "{out}"], "--input"),
    "a pattern that matches nothing": (
        ["run", "--input", "{out}/*.nothing", "--output", "{out}"],
        "matches no file",
    ),
    "one of two patterns": (
        ["run", "--input", "{dump}", "{out}/*.x", "--output", "{out}"],
        "matches no file",
    ),
    "an output that is a file": (["run", "--input", "{dump}", "--output", "{dump}"], "is no folder"),
    "an output of no known store": (
        ["run", "--input", "{dump}", "--output", "hdfs://bucket/news"],
        "--output is an address of hdfs://, and takes a path or s3:// or gs://",
    ),
    "an input of no known store": (
        ["run", "--input", "https://bucket/a.txt?X-Amz-Signature=0", "--output", "{out}"],
        "--input is an address of https://, and takes a path or s3:// or gs://",
    ),
    "an output that holds something else": (
        ["run", "--input", "{dump}", "--output", "{other}"],
        "no dataset",
    ),
    "an output that cannot be made": (["run", "--input", "{dump}", "--output", "{dump}/x"], "--output"),
    "a day that is none": (
        ["run", "--input", "{dump}", "--output", "{out}", "--crawl-date", "2022-02-31"],
        "is no day",
    ),
    "a limit that is none": (
        ["run", "--input", "{dump}", "--output", "{out}", "--max-rejects", "many"],
        "2%",
    ),
    "more than all": (["run", "--input", "{dump}", "--output", "{out}", "--max-rejects", "101%"], "2%"),
    "no workers": (
        ["run", "--input", "{dump}", "--output", "{out}", "--workers", "0"],
        "whole number from 1",
    ),
    "days below none": (
        ["run", "--input", "{dump}", "--output", "{out}", "--same-headline-days", "-1"],
        "--same-headline-days: '-1' is no whole number from 0",
    ),
    "outside the root": (
        ["run", "--input", "{dump}", "--output", "{out}", "--source-root", "{other}"],
        "is not below",
    ),
}


@pytest.mark.parametrize(("args", "says"), USAGE.values(), ids=USAGE)
def test_wrong_usage(tmp_path, args, says):
    path = dump(tmp_path, GOOD)
    other = tmp_path / "other"
    other.mkdir()
    dump(other, "mine", "notes.txt")
    out = tmp_path / "news"
    done = dateline_here(*(arg.format(dump=path, out=out, other=other) for arg in args))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not out.exists()
    assert [entry.name for entry in other.iterdir()] == ["notes.txt"]


def test_what_a_killed_run_left_does_not_stop_the_next(tmp_path):
    folder = tmp_path / "news" / "_runs" / "20230101T000000-1"
    for name in ("receipts", "staged"):
        (folder / name).mkdir(parents=True)
        (folder / name / "0123").write_bytes(b"half of a file")
    done, output = run(tmp_path, dump(tmp_path, GOOD))
    assert done.returncode == 0, done.stderr
    assert "what run 20230101T000000-1 left" in done.stderr
    assert not folder.exists()
    assert table_of(output).num_rows == 1


def test_version_and_help():
    assert dateline("--version").stdout.startswith("dateline ")
    text = dateline("run", "--help").stdout
    for words in ("what to read and write:", "limits:", "examples:", "exit status:", "--max-rejects N|N%"):
        assert words in text


def test_help_imports_no_beam():
    code = "import sys, dateline.runners.command.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: print('apache_beam' in sys.modules, 'pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.endswith("False False\n")


def test_what_few_runs_need_only_these_import():
    code = "import sys, dateline.pipeline.run, dateline.runners.engine.local\nprint({'ftfy', 'jsonschema'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.endswith("set()\n")


# --- failing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "status"), [("2", 0), ("1", 1), ("50%", 0), ("49.9%", 1), ("0", 1)])
def test_too_many_rejects(tmp_path, limit, status):
    bad = plain(Article(slot="https://example.com/a"))
    text = "\n\n".join([bad, bad.replace("Ferry", "Barge"), GOOD, GOOD.replace("Ferry", "Raft")])
    done, output = run(tmp_path, dump(tmp_path, text), options=("--max-rejects", limit))
    assert done.returncode == status, done.stderr
    if status:
        assert "2 of 4 blocks are rejects (schema 2)" in done.stderr
        assert "Traceback" not in done.stderr
        assert left(output) == []


def test_quiet(tmp_path):
    done, output = run(tmp_path, dump(tmp_path, GOOD), options=("--quiet",), command=dateline)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert table_of(output).num_rows == 1


@pytest.mark.parametrize(
    "change", [lambda path: os.truncate(path, 400), lambda path: overwrite(path, "Raft")]
)
def test_a_dump_that_changes_under_the_runs_hands(tmp_path, monkeypatch, change):
    """Shorter, or as long as it was: a message, status 1, and no trace in the folder."""
    flow = local.run_flow

    def shrunk(config, workers):
        change(config.dumps[0].path)
        return flow(config, workers)

    monkeypatch.setattr(local, "run_flow", shrunk)
    done, output = run(tmp_path, dump(tmp_path, GOOD * 3))
    assert done.returncode == 1
    assert "changed while it was read" in done.stderr
    assert "Traceback" not in done.stderr
    assert left(output) == []


def overwrite(path: str, text: str) -> None:
    with open(path, "r+") as file:
        file.write(text)


def test_a_worker_that_raises_stops_the_run(tmp_path, monkeypatch):
    def broken(*args):
        raise ValueError("the parser is broken")

    monkeypatch.setattr(parse, "record_of", broken)
    done, output = run(tmp_path, dump(tmp_path, GOOD), options=("--workers", 1))
    assert done.returncode == 1
    assert "nothing was committed: " in done.stderr
    assert "the parser is broken" in done.stderr
    assert left(output) == []


# --- what a person sees --------------------------------------------------------------------------------


@pytest.mark.slow
def test_progress_on_a_terminal(tmp_path):
    path = dump(tmp_path, many_pages(1_500))
    command = [sys.executable, "-m", "dateline", "run", "--input", str(path), "--output", str(tmp_path / "news"),
               "--workers", "1"]  # fmt: skip
    parent, child = pty.openpty()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=child)
    os.close(child)
    shown = b""
    while True:
        try:
            chunk = os.read(parent, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    process.communicate(timeout=60)
    os.close(parent)
    assert process.returncode == 0
    text = shown.decode()
    assert "\r" in text
    assert "reading" in text
    assert " MB" in text
    assert text.endswith("\r\x1b[K")


def test_the_summary(tmp_path):
    text = GOOD + "\n\n" + GOOD + "\n\n" + compact(Article(headline="Another headline of it"))
    done, output = run(tmp_path, dump(tmp_path, text))
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0][:2] == ["dumps", "1"]
    assert lines[1][:2] == ["articles", "2"]
    assert lines[2][:2] == ["duplicates", "1"]
    assert lines[3][:2] == ["rejects", "0"]
    assert str(output) in done.stdout
    # A run that takes more than some seconds tells now and then how far it is, and nothing else.
    assert [line for line in done.stderr.splitlines() if not line.startswith(("reading ", "writing "))] == []


@pytest.mark.parametrize(("command", "status"), [("log", 0), ("verify", 2)])
def test_a_program_ends_with_its_command(sample, tmp_path, command, status):
    """Whatever threads there are; its own temporary files are removed, and all that it says is said."""
    folder = sample if command == "log" else tmp_path
    code = (
        "import shutil, sys, threading, time, weakref\n"
        "from dateline.runners.command.cli import program\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "class Own: pass\n"
        "own = Own()\n"
        "weakref.finalize(own, shutil.rmtree, sys.argv.pop())\n"
        "program()\n"
        "print('goes on')\n"
    )
    own = tmp_path / "own"
    own.mkdir()
    arguments = [command, str(folder), "--json", str(own)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == status
    assert not own.exists()
    said = done.stdout.splitlines()
    assert "goes on" not in said
    assert all(map(json.loads, said))
    assert said
    assert bool(done.stderr) == bool(status)
