"""The benchmarks' own parts, on dumps of less than a megabyte: what they make, check and write is right. No time is asserted."""

import gzip
import hashlib
import json
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET

import pyarrow.dataset as ds
import pytest
import zstandard

from benchmarks import chart, compare, results
from benchmarks.dumps import Maker, Recipe, make
from benchmarks.pages import LAYOUTS
from tests.conftest import ROOT, dateline_here

SMALL = Recipe(mb=0.2, layouts="A", copies=0.6)
RECIPES = {
    "A": SMALL,
    "mixed": Recipe(mb=0.2, seed=2),
    "gz": Recipe(mb=0.1, compress="gz"),
    "zst": Recipe(mb=0.1, compress="zst"),
    "pages": Recipe(pages=12, files=12, layouts="BCF"),
    "hot": Recipe(mb=0.1, hot=40),
    "all": Recipe(mb=0.5, layouts="ABCDEFGHIJ", hot=60, seed=3),
    "all by page": Recipe(pages=30, files=30, layouts="ABCDEFGHIJ", copies=0.3),
    "no row": Recipe(mb=0.05, layouts="I", hot=5),
}


def unpacked(folder) -> list[bytes]:
    by_ending = {".txt": bytes, ".gz": gzip.decompress, ".zst": zstandard.ZstdDecompressor().stream_reader}
    texts = []
    for path in sorted(folder.glob("dump-*")):
        text = by_ending[path.suffix](path.read_bytes())
        texts.append(text if isinstance(text, bytes) else text.read())
    return texts


def rows(dataset) -> list[tuple]:
    table = ds.dataset(dataset, schema=results.COLUMNS, format="ipc", partitioning=results.HIVE).to_table()
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=str)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_gives_the_same_bytes_and_another_seed_others(tmp_path, recipe):
    folders = [tmp_path / name for name in ("one", "two", "other")]
    truths = [make(folder, recipe) for folder in folders[:2]]
    make(folders[2], Recipe(**vars(recipe) | {"seed": 99}))
    one, two, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == two
    assert one != other
    assert json.loads(one.pop("truth.json")) == truths[0] == truths[1]
    assert truths[0]["packed"] == sum(map(len, one.values()))
    assert truths[0]["bytes"] == sum(map(len, unpacked(folders[0])))
    assert len(one) == truths[0]["files"] == recipe.files


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
@pytest.mark.slow
def test_the_truth_is_what_the_command_finds(tmp_path, recipe):
    truth = make(tmp_path / "dumps", recipe)
    done = dateline_here(
        "run",
        "--workers",
        1,
        "--json",
        "--max-rejects",
        "100%",
        "--input",
        tmp_path / "dumps/*.txt*",
        "--output",
        tmp_path / "news",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["new"]["articles"] == truth["distinct"]
    assert found["new"]["duplicates"] == truth["blocks"] - truth["rejects"] - truth["distinct"]
    assert found["new"]["rejects"] == truth["rejects"]
    assert found["bytes_read"] == truth["bytes"]
    assert len(rows(tmp_path / "news")) == truth["distinct"]


FILLED = {
    "A": {"caption", "short_url", "updated", "summary"},
    "B": {"caption", "short_url", "updated", "summary"},
    "C": {"caption", "short_url", "updated", "summary", "byline"},
    "D": {"crawled"},
    "E": {"summary"},
    "F": {"updated", "byline"},
    "G": {"caption", "short_url", "summary"},
    "H": {"caption", "crawled", "byline"},
    "I": set(),
    "J": {"caption", "short_url", "summary"},
}
"""Which fields a layout shows."""


@pytest.mark.parametrize("letter", FILLED)
@pytest.mark.slow
def test_a_layout_is_read_as_what_it_is(tmp_path, letter):
    truth = make(tmp_path / "dumps", Recipe(mb=0.15, files=1, layouts=letter))
    (dump,) = tmp_path.glob("dumps/*.txt")
    done = dateline_here(
        "run",
        "--quiet",
        "--workers",
        1,
        "--max-rejects",
        "100%",
        "--input",
        dump,
        "--output",
        tmp_path / "news",
    )
    assert done.returncode == 0, done.stderr
    assert results.check(tmp_path / "news", truth, set()) == truth["distinct"]
    blocks = list(map(json.loads, dateline_here("inspect", dump, "--json").stdout.splitlines()))
    records = [block["record"] for block in blocks if "record" in block]
    assert len(records) == truth["blocks"] - truth["rejects"]
    assert {block["layout"] for block in blocks if "record" in block} == {letter} - {"I"}
    assert {block["reason"] for block in blocks if "reason" in block} <= {"no_headline"}
    assert bool(records) == (letter != "I")
    assert bool(truth["rejects"]) == (letter in "DI")
    names = set().union(*FILLED.values())
    assert {name for record in records for name in names if record[name]} == FILLED[letter]
    for record in records:
        assert record["body"].startswith(f"{record['place']}: ")
        assert record["headline"] not in record["body"]
        assert re.search(r"\b\d+( again| and nothing else)?$", record["headline"])


def test_a_short_headline_is_no_obstacle(tmp_path):
    """In layout E a line of less than 20 bytes that stands twice is no headline."""
    maker = Maker(1, 0.3, "E")
    maker.headlines = [b"On to a by"]
    tmp_path.joinpath("dump.txt").write_bytes(b"".join(maker.page() for _ in range(10)))
    blocks = dateline_here("inspect", tmp_path / "dump.txt", "--json").stdout.splitlines()
    headlines = {json.loads(block)["record"]["headline"] for block in blocks}
    assert (len(blocks), len(headlines)) == (maker.blocks, maker.distinct)


def test_all_layouts_are_known():
    assert LAYOUTS.keys() == FILLED.keys() == set("ABCDEFGHIJ")


@pytest.mark.parametrize("layouts", ["", "AK", "a"])
def test_an_unknown_layout_is_refused(tmp_path, layouts):
    command = [sys.executable, "-m", "benchmarks.dumps", "--out", tmp_path / "dumps", "--layouts", layouts]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 2
    assert "letters of ABCDEFGHIJ" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("recipe", "digest"),
    [
        (Recipe(mb=0.3), "a5bfc1903a423c4d"),
        (Recipe(mb=0.2, layouts="A", copies=0.6, hot=20), "e0bb1abe71fbfac0"),
        (Recipe(pages=40, files=3, layouts="BCF", seed=7), "b2f0d0837f98dc8a"),
    ],
    ids=["default", "plain", "pages"],
)
def test_the_bytes_that_figures_were_measured_on_stay(tmp_path, recipe, digest):
    make(tmp_path, recipe)
    assert hashlib.sha256(b"".join(unpacked(tmp_path))).hexdigest()[:16] == digest


def test_pages_are_the_same_however_many_files_hold_them(tmp_path):
    make(tmp_path / "one", Recipe(pages=9, files=1))
    make(tmp_path / "nine", Recipe(pages=9, files=9))
    nine = unpacked(tmp_path / "nine")
    assert b"".join(nine) == unpacked(tmp_path / "one")[0]
    assert all(2 <= page.count(b"\n\n\n") <= 4 for page in nine)


def test_hot_blocks_share_a_headline_and_come_on_top(tmp_path):
    plain = make(tmp_path / "plain", Recipe(mb=0.1, files=2, layouts="A"))
    hot = make(tmp_path / "hot", Recipe(mb=0.1, files=2, layouts="A", hot=30))
    assert hot["bytes"] > plain["bytes"]
    blocks = [
        re.findall(rb"^(The news of the day in short)\n\nUpdated (.*)", text, re.M)
        for text in unpacked(tmp_path / "hot")
    ]
    assert sum(map(len, blocks)) == 30
    assert all(len(of_file) > 10 for of_file in blocks)
    assert len({day for of_file in blocks for _, day in of_file}) > 10


@pytest.mark.parametrize("copies", [0.0, 0.5, 0.9])
def test_the_share_of_copies(copies):
    maker = Maker(1, copies, "A")
    for _ in range(2000):
        maker.page()
    assert maker.number / maker.blocks == pytest.approx(1 - copies, abs=0.02)


@pytest.mark.parametrize("contender", ["plain-1", "plain-2", "polars"])
@pytest.mark.slow
def test_the_other_contenders_agree(tmp_path, contender):
    truth = make(tmp_path / "dumps", Recipe(mb=0.4, layouts="A", hot=20))
    command = compare.command(contender, tmp_path / "dumps", tmp_path / "other")
    subprocess.run(command, check=True, cwd=ROOT, timeout=60)
    done = dateline_here(
        "run", "--quiet", "--workers", 1, "--input", tmp_path / "dumps/*.txt", "--output", tmp_path / "news"
    )
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path / "other") == rows(tmp_path / "news")
    theirs, ours = (
        ds.dataset(tmp_path / name, format="ipc", partitioning=results.HIVE).to_table().drop_columns(["id"])
        for name in ("other", "news")
    )
    assert sum(theirs["copies"].to_pylist()) == truth["blocks"]
    fields = [name for name in ours.column_names if name in theirs.column_names]
    assert len(fields) >= 20
    found = [
        {(row["source"], row["source_offset"]): row for row in table.select(fields).to_pylist()}
        for table in (theirs, ours)
    ]
    same = (
        found[0].keys() & found[1].keys()
    )  # the winners, but where Dateline's finer points chose another copy
    assert len(same) > 0.8 * truth["distinct"]
    assert [found[0][place] for place in same] == [found[1][place] for place in same]


def test_a_wrong_result_is_refused(tmp_path):
    truth = make(tmp_path / "dumps", SMALL)
    command = [sys.executable, "-m", "benchmarks.plain", tmp_path / "dumps", tmp_path / "plain"]
    subprocess.run(command, check=True, cwd=ROOT, timeout=60)
    digests: set[str] = set()
    assert results.check(tmp_path / "plain", truth, digests) == truth["distinct"]
    assert len(digests) == 1
    assert results.check(tmp_path / "plain", truth, digests) == truth["distinct"]
    with pytest.raises(SystemExit, match="rows, expected"):
        results.check(tmp_path / "plain", truth | {"distinct": truth["distinct"] + 1}, digests)
    with pytest.raises(SystemExit, match="other results"):
        results.check(tmp_path / "plain", truth, {"0" * 16})
    (tmp_path / "plain/_runs/1").mkdir(parents=True)
    counts = {"articles": truth["distinct"], "duplicates": truth["blocks"] - truth["distinct"], "rejects": 0}
    (tmp_path / "plain/_runs/1/report.json").write_text(json.dumps({"counts": counts}))
    assert results.check(tmp_path / "plain", truth, digests) == truth["distinct"]
    for wrong in {"rejects": 1}, {"blocks": truth["blocks"] + 1}:
        with pytest.raises(SystemExit, match="rejects"):
            results.check(tmp_path / "plain", truth | wrong, digests)


@pytest.mark.slow
def test_a_comparison_writes_table_chart_and_results(tmp_path):
    command = [sys.executable, "-m", "benchmarks.compare", "--out", tmp_path / "out", "--work", tmp_path, "--mb", "0.2",
               "--layouts", "A", "ABCDEFGHIJ", "--rounds", "2", "--contenders", "dateline-1", "plain-2", "plain-1", "--disk"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=240)
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "out/table.md").read_text()
    assert table == done.stdout
    head, _, *lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    assert {len(line) for line in lines} == {len(head)}
    contenders = [
        ("layouts A", "dateline-1"),
        ("layouts A", "plain-2"),
        ("layouts A", "plain-1"),
        ("layouts ABCDEFGHIJ", "dateline-1"),
    ]
    assert [tuple(line[:2]) for line in lines] == contenders
    assert len({line[head.index("rows")] for line in lines[:3]}) == 1
    chart_ = ET.fromstring((tmp_path / "out/chart.svg").read_text())
    assert len(chart_.findall("{*}rect")) == 1 + 3 * len(lines)
    found = json.loads((tmp_path / "out/results.json").read_text())
    assert [(line["dump"], line["contender"]) for line in found] == contenders
    for line in found:
        assert len(line["runs"]) == 2
        for run in line["runs"]:
            assert run["usage"]["cpu"] > 0
            assert run["usage"]["peak_mb"] > 10
            assert run["creation"]["bare"] > 0
            assert 0 < run["creation"]["files"] <= run["files"]
            assert bool(run["seconds"]) == line["contender"].startswith("dateline")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_bare_loop_makes_the_same_tree(tmp_path):
    for day in ("date=2023-01-01", "date=2023-01-02"):
        for region in ("region=a", "region=b"):
            (tmp_path / "news" / day / region).mkdir(parents=True)
            (tmp_path / "news" / day / region / "part.arrow").write_text(day + region)
    created = results.creation(tmp_path / "news", tmp_path / "again")
    assert created.files == 4

    def tree(folder):
        return {path.relative_to(folder): path.read_text() for path in folder.rglob("*.arrow")}

    assert tree(tmp_path / "again") == tree(tmp_path / "news")


def test_a_chart_of_anything_is_well_formed():
    text = chart.svg("<&>", [chart.Panel('"a" & b', [("<g>", "n", 1.5), ("", "m", 0)])])
    texts = [element.text for element in ET.fromstring(text).findall("{*}text")]
    assert texts == ["<&>", '"a" & b', "<g>: n", "1.5", "m", "0.0"]


def test_the_documented_comparisons_are_understood():
    text = ROOT.joinpath("benchmarks", "README.md").read_text("utf-8")
    commands = re.findall(r"python -m benchmarks\.compare (.*)", text)
    assert len(commands) >= 6
    for command in commands:
        args = compare.parser().parse_args(shlex.split(command.partition("`")[0], comments=True))
        assert args.out
