"""`inspect` shows what a run would find; `explain` tells why it was decided so."""

import doctest
import json
import re
from pathlib import Path

import pytest

import dateline.runners.command.explain
from dateline.runners.command.explain import Copy, list_matches, why
from tests.conftest import ROOT, dateline_here
from tests.conftest import dateline as command_line
from tests.helpers.pages import Article, plain

GOLDEN = sorted(ROOT.joinpath("tests", "golden").glob("*.txt"))


@pytest.mark.parametrize(
    "path", [p for p in GOLDEN if p.stem in ("C_full", "D_stripped", "E_body_first")], ids=lambda p: p.stem
)
def test_inspect_shows_what_the_golden_page_says(path):
    done = dateline_here("inspect", path, "--json")
    assert done.returncode == 0, done.stderr
    expected = json.loads(path.with_suffix(".json").read_text())
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [item.get("record", item["source"]) for item in found] == [
        item if "id" in item else path.name for item in expected
    ]
    assert found[0].get("layout", path.name[0]) == path.name[0]
    for item, golden in zip(found, expected, strict=True):
        assert item["offset"] == golden.get("offset", golden.get("source_offset"))


def test_inspect_for_a_person(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_text(
        "Words\x1b[31m of no article.\n" + plain(Article()) + "\n\n" + plain(Article(body=("x" * 500,)))
    )
    text = command_line("inspect", path).stdout
    assert "\x1b" not in text
    assert "rejected: not_an_article" in text
    assert "text | Words\\x1b[31m of no article." in text
    assert "layout A" in text
    assert "… (506 characters)" in text
    assert "x" * 500 in command_line("inspect", path, "--full").stdout
    assert list(tmp_path.iterdir()) == [path]


def test_inspect_one_block(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_text(plain(Article()) + "\n\n" + plain(Article(headline="The second of them")))
    at = path.read_bytes().index(b"The second")
    (line,) = dateline_here("inspect", path, "--offset", at + 5, "--json").stdout.splitlines()
    assert json.loads(line)["record"]["headline"] == "The second of them"


def test_inspect_other_formats(tmp_path):
    path = tmp_path / "pages.jsonl"
    path.write_text(json.dumps({"text": plain(Article()), "url": "https://arab.news/ab2cd"}) + "\nno json\n")
    good, bad = (json.loads(line) for line in dateline_here("inspect", path, "--json").stdout.splitlines())
    assert good["record"]["short_url"] == "https://arab.news/ab2cd"
    assert bad["reason"] == "bad_record"


def test_inspect_what_cannot_be_read(tmp_path):
    assert dateline_here("inspect", tmp_path / "gone").returncode == 2
    done = dateline_here("inspect", tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


def test_explain(sample):
    by_headline = dateline_here("explain", sample, "FERRY of Kalba  returns after ten years")
    assert by_headline.returncode == 0, by_headline.stderr
    by_url = dateline_here("explain", sample, "http://www.arab.news/fr7xq")
    assert by_headline.stdout == by_url.stdout
    assert "3, itself included" in by_url.stdout
    assert "under another headline" in by_url.stdout
    assert "it is the later one" in by_url.stdout
    assert "it has a short URL" in by_url.stdout

    story = json.loads(dateline_here("explain", sample, "https://arab.news/fr7xq", "--json").stdout)
    again = json.loads(dateline_here("explain", sample, story["article"]["id"], "--json").stdout)
    assert story == again
    assert Path(sample, story["file"]).exists()
    assert len(story["copies"]) == story["article"]["copies"] - 1
    for copy in story["copies"]:
        block = ROOT.joinpath("examples", copy["source"]).read_bytes()[copy["source_offset"] :][
            : copy["source_length"]
        ]
        assert b"Kalba" in block


def test_explain_by_a_part(sample):
    whole = dateline_here("explain", sample, "https://arab.news/fr7xq").stdout
    (article_id,) = (line.split()[1] for line in whole.splitlines() if line.startswith("  id "))
    for part in ("ferry OF kalba", "fr7x", "arab.news/FR7xq", article_id[:6]):
        done = dateline_here("explain", sample, part)
        assert (done.returncode, done.stdout) == (0, whole), part


def test_explain_lists_what_a_part_fits(sample):
    done = dateline_here("explain", sample, "of the")
    *lines, last = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(lines) > 2
    assert last == f"{len(lines)} articles match: give one of these ids, or more of the text"
    assert all(
        re.fullmatch(r"[0-9a-f]{16,}  (\d{4}-\d\d-\d\d|no date   )  .*of the.*", line, re.I) for line in lines
    )
    days = [line.split("  ")[1] for line in lines if "no date" not in line]
    assert days == sorted(days, reverse=True)
    one = dateline_here("explain", sample, lines[0].split()[0])
    assert f"  id        {lines[0].split()[0]}" in one.stdout

    found = [
        json.loads(line)["match"]
        for line in dateline_here("explain", sample, "of the", "--json").stdout.splitlines()
    ]
    assert [match["id"] for match in found] == [line.split()[0] for line in lines]


def test_a_long_list_of_matches_is_cut():
    found = [{"id": f"{n:016x}", "updated": None, "headline": "Bees\x1b[2J"} for n in range(25)]
    lines = list(list_matches(found, False))
    assert len(lines) == 21
    assert lines[0] == "0000000000000000  no date     Bees\\x1b[2J"
    assert lines[-1] == "25 articles match, 5 of them not shown: give one of these ids, or more of the text"


def test_examples_in_docstrings():
    result = doctest.testmod(dateline.runners.command.explain)
    assert (result.attempted, result.failed) == (2, 0)


def test_explain_what_is_not_there(sample, tmp_path):
    done = dateline_here("explain", sample, "No such headline")
    assert done.returncode == 1
    assert done.stderr == (
        f"dateline: error: no article of {sample} has 'No such headline' in its headline or URLs, or at the head of its id; "
        "give any part of a headline or URL, or the first 5 digits of an id, or more\n"
    )
    done = dateline_here("explain", tmp_path, "x")
    assert (done.returncode, "holds no dataset" in done.stderr) == (2, True)


BASE = Copy("a.txt", 0, 9, None, "2023-01-01", "stamp", 5, 100, True)


@pytest.mark.parametrize(
    ("better", "words"),
    [
        ({"short_url": "https://arab.news/x"}, "it has a short URL"),
        ({"updated": "2023-01-02"}, "it is the later one"),
        ({"fields": 6}, "it has more fields"),
        ({"body_length": 101}, "its body is longer"),
        ({"source": "A.txt"}, "it stands first, by dump and offset"),
    ],
)
def test_why(better, words):
    assert why(BASE._replace(**better), BASE) == words
    assert why(BASE, BASE._replace(updated_source="crawl")) == "its date is absolute, or at least known"
