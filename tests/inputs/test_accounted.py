"""Every record that went in is accounted for: through the real command, on inputs that each had a fault seen on something real."""

import gzip
import json
import os
import re
import shutil
import sys
from collections import Counter
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard

from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.inputs.patterns import list_pattern
from dateline.pipeline.inputs.records import day_of
from dateline.pipeline.inputs.unsupported import what_it_is
from tests.conftest import ROOT, dateline_here
from tests.helpers.pages import Article, plain
from tests.inputs.test_inputs import warc_record

GIVEN = Path(__file__).with_name("files")
GOOD = plain(Article())

WHOLE = {  # articles and copies, rejects
    "badutf8.parquet": (2, 1), "blank-first.warc.wet": (5, 0), "dupurl.parquet": (3, 0), "http.jsonl": (1, 0),
    "lf-only.warc.wet": (5, 0), "mixed.parquet": (3, 0), "nested.jsonl": (2, 0), "nogroups.pq": (0, 0),
    "ns.parquet": (3, 0), "nulltext.parquet": (2, 1), "onemember.warc.wet.gz": (5, 0), "skippable-first.txt.zst": (5, 0),
    "surrogate-url.jsonl": (2, 0), "true.jsonl": (1, 0), "twomembers.warc.wet.gz": (6, 0), "whole.warc.wet.gz": (40, 0),
    "xz-padding.txt.xz": (5, 0), "ymdint.jsonl": (1, 0),
}  # fmt: skip
DAMAGED = {
    "cut-in-body.warc.wet": "it ends within the WARC record at #2600: 116 bytes are missing",
    "cut-member.warc.wet.gz": "cut off or damaged: its last gzip stream does not end",
    "page.parquet": "no readable Parquet: ",
    "second-stream-damaged.txt.bz2": "behind the end of a bzip2 stream, is no such stream",
    "window-31.txt.zst": "a window of 2,147,483,648 bytes; --max-window-bytes allows 134,217,728",
}


def rows_of(news, kind=""):
    found = list((news / kind).rglob("*.arrow") if kind else news.glob("date=*/*/*.arrow"))
    return [row for path in found for row in pa.ipc.open_file(path).read_all().to_pylist()]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """One run over all of them."""
    news = tmp_path_factory.mktemp("given") / "news"
    done = dateline_here("run", "--input", f"{GIVEN}/*", "--output", news, "--workers", "1")
    return done, news


def test_each_is_whole_or_named(given):
    done, news = given
    assert {path.name for path in GIVEN.iterdir()} == WHOLE.keys() | DAMAGED.keys()
    assert done.returncode == 3, done.stderr
    found = {name: [0, 0] for name in WHOLE}
    for kind, place in (("", 0), ("_duplicates", 0), ("_rejected", 1)):
        for row in rows_of(news, kind):
            found[row["source"].partition("#")[0]][place] += 1
    assert {name: tuple(counts) for name, counts in found.items()} == WHOLE
    for name, told in DAMAGED.items():
        (line,) = [
            line for line in done.stderr.splitlines() if f"could not read all of {GIVEN / name}: " in line
        ]
        assert told in line
    assert [dump["source"] for dump in latest_manifest(str(news))["dumps"]] == sorted(WHOLE)


def test_each_place_is_its_own_and_holds_what_the_row_says(given):
    _, news = given
    places = Counter(
        (row["source"], row["source_offset"])
        for kind in ("", "_duplicates", "_rejected")
        for row in rows_of(news, kind)
    )
    assert set(places.values()) == {1}
    checked = dateline_here("verify", news, "--dumps", *(GIVEN / name for name in WHOLE))
    assert checked.returncode == 0, checked.stdout


def test_no_header_of_a_warc_is_in_a_body(given):
    assert not [row for row in rows_of(given[1]) if "WARC/" in row["body"] or "Content-Length" in row["body"]]


def test_days_of_the_crawl(given):
    done, news = given
    days = {row["source"].split("#")[0]: row["crawled"] for kind in ("",) for row in rows_of(news, kind)}
    assert {days.get(name, date(2024, 2, 1)) for name in ("http.jsonl", "ymdint.jsonl")} == {date(2024, 2, 1)}
    (told,) = [line for line in done.stderr.splitlines() if "a day of the crawl that is none" in line]
    assert f"{GIVEN}/true.jsonl: 1 records" in told
    assert "such as True" in told


@pytest.mark.parametrize("name", ["cut-member.warc.wet.gz", "cut-in-body.warc.wet"])
def test_a_file_that_was_cut_is_welcome_once_it_is_whole(tmp_path, name):
    """Of the cut one nothing is taken: what follows would have stood in it twice."""
    dump, good = tmp_path / name.replace("cut-member", "whole"), tmp_path / "good.txt"
    good.write_text(GOOD)
    shutil.copy(GIVEN / name, dump)
    command = ("run", "--input", dump, good, "--output", tmp_path / "news")
    assert dateline_here(*command).returncode == 3
    assert len(rows_of(tmp_path / "news")) == 1
    whole = GIVEN / ("whole.warc.wet.gz" if name.endswith("gz") else "blank-first.warc.wet")
    shutil.copy(whole, dump)
    assert dateline_here(*command).returncode == 0
    assert len(rows_of(tmp_path / "news")) == 1 + WHOLE[whole.name][0]


def test_a_column_that_no_record_has_is_told(tmp_path):
    done = dateline_here(
        "run", "--input", GIVEN / "nested.jsonl", "--output", tmp_path / "news",
        "--date-column", "no_such",
    )  # fmt: skip
    assert done.returncode == 0
    assert "dateline: warning: no record has the column no_such that --date-column names" in done.stderr
    (report,) = (tmp_path / "news" / "_runs").glob("*/report.json")
    assert json.loads(report.read_text())["notes"] == [
        "no record has the column no_such that --date-column names"
    ]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (20240201, date(2024, 2, 1)), ("20240201", date(2024, 2, 1)), (20240201100000, date(2024, 2, 1)),
        (1706781600, date(2024, 2, 1)), ("1706781600", date(2024, 2, 1)), (1706781600000, date(2024, 2, 1)),
        (1706781600.25, date(2024, 2, 1)), ("Thu, 01 Feb 2024 10:00:00 GMT", date(2024, 2, 1)),
        ("Thursday, 01-Feb-24 10:00:00 GMT", date(2024, 2, 1)), ("2024-02-01 10:00:00", date(2024, 2, 1)),
        ("2024-02-01T23:59:59.5+03:00", date(2024, 2, 1)), (True, None), (0, None), ("0", None), (20241301, None),
        (123456789, None), ("1995-12-31", None), ("2024-02-03", None), ("2024-02-02", date(2024, 2, 2)), (-1, None),
        (10**30, None), (float("nan"), None), ("", None), ("2024-02-01x", None), ({"a": 1}, None), ("9" * 5000, None),
    ],
)  # fmt: skip
def test_what_is_a_day(value, day):
    assert day_of(value, date(2024, 2, 2)) == day


def test_a_day_that_is_none_never_voids_a_printed_date(tmp_path):
    path = tmp_path / "a.jsonl"
    days = [True, 0, "1970-01-01", "2999-01-01", "soon", 20240230]
    path.write_text(
        "".join(
            json.dumps({"text": plain(Article(f"Goat {n} wins a race", "")), "date": day}) + "\n"
            for n, day in enumerate(days)
        )
    )
    done = dateline_here("run", "--input", path, "--output", tmp_path / "news")
    assert done.returncode == 0
    assert {(row["updated"], row["crawled"]) for row in rows_of(tmp_path / "news")} == {
        (date(2023, 9, 7), None)
    }
    assert f"{path}: 6 records say a day of the crawl that is none" in done.stderr


gz = partial(gzip.compress, mtime=0)
"""Without the time: each process of pytest has to find the same names of tests."""


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.txt", b"<!DOCTYPE html>\n<html><body>A page</body></html>", "is HTML, and no dump"),
        ("a.txt.gz", gz(b"\xef\xbb\xbf <html>"), "is HTML, and no dump"),
        ("a.csv", b"text,url\nA page,b\n", "is a table as CSV has it"),
        ("a.txt", b"id,title,text\n1,A,b\n2,C,d\n", "is a table as CSV has it"),
        ("a.zip", b"PK\x03\x04" + bytes(60), "is a ZIP archive"),
        ("a.tar.gz", gz(b"a.txt" + bytes(252) + b"ustar" + bytes(255)), "is a tar archive"),
        ("a.gz", gz(gz(GOOD.encode())), "is gzip in gzip: unpack it once"),
        ("a.gz", gz(zstandard.compress(GOOD.encode())), "is zstd in gzip: unpack it once"),
        ("a.parquet.gz", gz(b"PAR1 and on"), "a file of parquet in gzip: unpack it first"),
        ("a.bin", bytes(range(32)) * 9, "is a binary file"),
        ("a.txt", b"\xff\xfe\x00\x00a\x00\x00\x00", "is text in UTF-32"),
        ("a.gz", gz(GOOD.encode()) + b"and text", "behind the end of a gzip stream, is no such stream"),
    ],
)  # fmt: skip
def test_what_is_plainly_no_dump_is_told_once(tmp_path, name, data, told):
    path, good = tmp_path / name, tmp_path / "good.txt"
    path.write_bytes(data)
    good.write_text(GOOD)
    done = dateline_here("run", "--input", path, good, "--output", tmp_path / "news", "--quiet")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert str(path) in line
    assert told in line
    assert (
        not list((tmp_path / "news" / "_rejected").glob("*"))
        if (tmp_path / "news" / "_rejected").exists()
        else True
    )


def test_files_of_a_dataset_are_no_dumps(tmp_path, sample):
    (path, *_) = sample.glob("date=*/*/*.arrow")
    done = dateline_here("run", "--input", path, "--output", tmp_path / "news")
    assert "is an Arrow file of a dataset's articles or copies, and no dump" in done.stderr
    assert done.returncode == 3


@pytest.mark.parametrize(
    "text",
    [GOOD, "Riyadh, Jeddah\nand Dammam\n", "A: b, c\n" * 9, "{}", "x\0" + GOOD, "< a >\n", "MZ and PKs"],
)
def test_what_may_be_a_dump(text):
    assert what_it_is(text.encode(), "a.txt") is None


def test_a_first_run_of_rejects_only_commits_nothing_unless_asked_to(tmp_path):
    path, news = tmp_path / "a.txt", tmp_path / "news"
    path.write_text("Some words that are no article.\n")
    done = dateline_here("run", "--input", path, "--output", news)
    assert done.returncode == 1
    assert "failed, nothing was committed: all blocks are rejects (not_an_article 1)" in done.stderr
    assert latest_manifest(str(news)) is None
    assert dateline_here("run", "--input", path, "--output", news, "--max-rejects", "100%").returncode == 0
    (tmp_path / "b.txt").write_text("Some more words.\n")
    assert dateline_here("run", "--input", tmp_path / "b.txt", "--output", news).returncode == 0


def test_an_empty_dump_that_is_filled_later_is_taken(tmp_path):
    path, other, news = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "news"
    path.touch()
    other.write_text(GOOD)
    command = ("run", "--input", f"{tmp_path}/*.txt", "--output", news)
    assert dateline_here(*command).returncode == 0
    again = dateline_here(*command)
    assert (again.returncode, "Nothing new" in again.stdout) == (0, True)
    path.write_text(plain(Article("Goat wins a race", "")))
    assert dateline_here(*command).returncode == 0
    assert [dump["source"] for dump in latest_manifest(str(news))["dumps"]] == ["a.txt", "b.txt"]
    assert len(rows_of(news)) == 2


def test_a_pattern_that_matches_nothing_is_no_success(tmp_path):
    (tmp_path / "a.txt").write_text(GOOD)
    news, metrics = tmp_path / "news", tmp_path / "m.prom"
    assert (
        dateline_here(
            "run", "--input", f"{tmp_path}/*.txt", "--output", news, "--metrics", metrics
        ).returncode
        == 0
    )
    success = [line for line in metrics.read_text().splitlines() if line.startswith("dateline_last_success")]
    (tmp_path / "gone").mkdir()
    for pattern in (f"{tmp_path}/gone/*.txt", f"{tmp_path}/missing/*.txt"):
        done = dateline_here("run", "--input", pattern, "--output", news, "--metrics", metrics)
        assert done.returncode == 2
        assert "matches no file" in done.stderr
        assert success[0] in metrics.read_text()
    assert (
        dateline_here(
            "run", "--input", f"{tmp_path}/gone/*.txt", "--output", news, "--allow-empty"
        ).returncode
        == 0
    )
    assert (
        dateline_here(
            "run", "--input", f"{tmp_path}/missing/*.txt", "--output", news, "--allow-empty"
        ).returncode
        == 2
    )


def test_a_folder_that_may_not_be_listed_is_named(tmp_path, monkeypatch):
    (tmp_path / "shut").mkdir()
    (tmp_path / "a.txt").write_text(GOOD)
    real = os.scandir

    def scandir(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    for pattern in (f"{tmp_path}/**/*.txt", f"{tmp_path}/*/*.txt"):
        done = dateline_here("run", "--input", pattern, tmp_path / "a.txt", "--output", tmp_path / "news")
        assert done.returncode == 3
        assert (
            f"cannot read {tmp_path}/shut: is a folder that may not be listed: Permission denied"
            in done.stderr
        )


def test_one_file_is_one_dump_whatever_links_lead_to_it(tmp_path):
    dumps, news = tmp_path / "dumps", tmp_path / "news"
    (dumps / "real").mkdir(parents=True)
    (dumps / "real" / "b.txt").write_text(GOOD)
    command = ("run", "--input", f"{dumps}/**/*.txt", "--source-root", dumps, "--output", news)
    assert dateline_here(*command).returncode == 0
    (dumps / "real" / "loop").symlink_to(dumps)
    (dumps / "a").symlink_to(dumps / "real")
    (dumps / "0.txt").hardlink_to(dumps / "real" / "b.txt")
    (dumps / "c.txt").symlink_to("real/b.txt")
    again = dateline_here(*command)
    assert (again.returncode, "Nothing new" in again.stdout) == (0, True), again.stderr
    assert [dump["source"] for dump in latest_manifest(str(news))["dumps"]] == ["real/b.txt"]
    assert dateline_here(*command[:-1], tmp_path / "other").returncode == 0
    assert [dump["source"] for dump in latest_manifest(str(tmp_path / "other"))["dumps"]] == ["0.txt"]


def test_files_of_the_dataset_itself_are_never_its_dumps(tmp_path):
    news = tmp_path / "data" / "news"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text(GOOD)
    command = ("run", "--input", f"{tmp_path}/**/*", "--output", news)
    assert dateline_here(*command).returncode == 0
    (tmp_path / "link").symlink_to(news)
    again = dateline_here(*command)
    assert (again.returncode, "Nothing new" in again.stdout) == (0, True), again.stderr
    only = dateline_here("run", "--input", f"{news}/*/*/*.arrow", "--output", news)
    assert (only.returncode, "matches nothing but files in the folder of --output" in only.stderr) == (
        2,
        True,
    )


def test_an_output_inside_another_dataset_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text(GOOD)
    assert dateline_here("run", "--input", tmp_path / "a.txt", "--output", tmp_path / "news").returncode == 0
    done = dateline_here("run", "--input", tmp_path / "a.txt", "--output", tmp_path / "news" / "more" / "of")
    assert done.returncode == 2
    assert f"lies in the dataset {tmp_path}/news" in done.stderr
    assert not (tmp_path / "news" / "more").exists()


def test_a_pattern_is_what_the_shell_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b/a.txt", "b/c/a.txt", ".h/a.txt", "b/.a.txt", "b/x[1].txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    for pattern, names in {
        "*.txt": ["a.txt"], "**/*.txt": ["a.txt", "b/a.txt", "b/c/a.txt", "b/x[1].txt"], "b/**/a.txt": ["b/a.txt", "b/c/a.txt"],
        "./*/a.txt": ["b/a.txt"], ".h/*": [".h/a.txt"], "?/[!x]*.txt": ["b/a.txt"], "b/.*": ["b/.a.txt"], "b/x[[]1].txt": ["b/x[1].txt"],
        "none/*": [], "b/**": ["b", "b/a.txt", "b/c", "b/c/a.txt", "b/x[1].txt"], f"{tmp_path}/b/c/*": [f"{tmp_path}/b/c/a.txt"],
    }.items():  # fmt: skip
        assert list_pattern(pattern) == (names, []), pattern


def test_the_recipe_for_html_makes_pages_that_are_read(tmp_path, monkeypatch):
    """As docs/inputs.md has it, word for word."""
    text = ROOT.joinpath("docs", "inputs.md").read_text("utf-8")
    (recipe,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    article = Article()
    lines = [
        f"<h1>{article.headline}</h1>",
        f"<p>Updated {article.stamp}</p>",
        f"<h1>{article.headline}</h1>",
    ]
    html = f"<html><body>{''.join(lines)}<ul><li>A bullet of it</li></ul><p>KYIV: The ferry left at dawn.</p><p>Nobody expected it.</p></body></html>"
    response = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(html)}\r\n\r\n{html}"
    crawl = tmp_path / "crawl.warc.gz"
    record = warc_record("response", "https://www.arabnews.com/node/7", "2024-02-01", response)
    crawl.write_bytes(gzip.compress(record.replace(b"text/plain", b"application/http; msgtype=response", 1)))
    monkeypatch.setattr(sys, "argv", ["recipe", str(crawl)])
    exec(compile(recipe, "inputs.md", "exec"), {})
    (row,) = map(json.loads, (tmp_path / "crawl.warc.gz.jsonl").read_text().splitlines())
    assert (row["url"], row["date"]) == ("https://www.arabnews.com/node/7", "2024-02-01T10:00:00Z")
    assert [line.strip() for line in row["text"].splitlines() if article.headline in line] == [
        article.headline
    ] * 2
    done = dateline_here(
        "run", "--input", tmp_path / "crawl.warc.gz.jsonl", "--output", tmp_path / "news", "--json"
    )
    told = json.loads(done.stdout)
    assert (told["records"]["held"], told["new"]["articles"]) == (1, 1), told


def test_an_empty_file_is_told(tmp_path):
    paths = [tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "c.txt"]
    paths[2].write_text(GOOD)
    for path in paths[:2]:
        path.touch()
    done = dateline_here("run", "--input", *paths, "--output", tmp_path / "news")
    assert done.returncode == 0
    assert f"{paths[0]} and 1 more are empty, and no dump yet" in done.stderr
