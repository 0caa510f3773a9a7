"""The numbers of a report, held against what a run wrote."""

import json
from collections import Counter

import pytest

from dateline import open_dataset
from dateline.pipeline.report.forms import size
from dateline.pipeline.report.numbers import by_partition, partitions
from dateline.runners.engine.stage_metrics import STAGES
from tests.conftest import EXAMPLES, dateline_here

PATHS = [
    "date=2023-09-07/region=eastern-europe/part-0.arrow",
    "date=2023-09-08/region=eastern-europe/part-1.arrow",
    "date=2024-09-08/region=unknown/part-2.arrow",
    "date=__HIVE_DEFAULT_PARTITION__/region=unknown/part-3.arrow",
]


def test_rows_by_month_and_region():
    assert by_partition(zip(PATHS, (1, 2, 4, 8), strict=True)) == {
        "dates": {"": 8, "2023-09": 3, "2024-09": 4},
        "regions": {"eastern-europe": 3, "unknown": 12},
    }
    assert by_partition([("date=2023/region=a/part-0.arrow", 2), ("date=2023/region=b/part-0.arrow", 0)]) == {
        "dates": {"2023": 2}, "regions": {"a": 2},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (PATHS, {"now": 4, "month": 3, "year": 3}),
        (["date=2023-09/region=a/x", "date=2023-10/region=a/x"], {"now": 2, "year": 1}),
        (["date=2023/region=a/x"], {"now": 1}),
        ([], {"now": 0}),
    ],
)
def test_partitions_that_coarser_dates_would_give(paths, expected):
    assert partitions(paths) == expected


@pytest.fixture(scope="module")
def news(tmp_path_factory):
    """A dataset of the samples, made in two runs; and the reports of both."""
    folder = tmp_path_factory.mktemp("report") / "news"
    reports = []
    for names in (EXAMPLES[3:4], [*EXAMPLES[:3], *EXAMPLES[4:]]):
        done = dateline_here("run", "--quiet", "--input", *names, "--output", folder)
        assert done.returncode == 0, done.stderr
        runs = [json.loads(path.read_text("utf-8")) for path in folder.glob("_runs/*/report.json")]
        reports.append(max(runs, key=lambda report: report["version"]))
    return folder, reports


def test_the_numbers_are_those_of_the_dataset(news):
    folder, (first, second) = news
    table = open_dataset(folder).to_table(["updated", "region", "country", "copies", "headline"])
    months = Counter(str(day)[:7] if day else "" for day in table["updated"].to_pylist())
    assert second["all"]["dates"] == dict(sorted(months.items()))
    assert second["all"]["regions"] == dict(sorted(Counter(table["region"].to_pylist()).items()))
    assert second["partitions"]["now"] == len(
        set(zip(table["updated"].to_pylist(), table["region"].to_pylist(), strict=True))
    )
    for report in (first, second):
        assert 20_000_000 < report["memory"]["driver"] < 20_000_000_000
        assert sum(report["new"]["dates"].values()) == report["counts"]["articles"]
        assert sum(report["new"]["regions"].values()) == report["counts"]["articles"]
        assert sum(report["new"]["countries"].values()) == report["counts"]["articles"]
        for kind in ("articles", "duplicates", "rejects"):
            assert sum(dump[kind] for dump in report["dumps"]) == report["counts"][kind]
        assert sum(dump["bytes"] for dump in report["dumps"]) == report["balance"]["read"]
        assert {each["reason"] for each in report["rejects_shown"]} == set(report["rejects_by_reason"])
    countries = Counter(open_dataset(folder, 1).to_table(["country"])["country"].to_pylist())
    assert first["new"]["countries"] == {
        code or "": count for code, count in sorted(countries.items(), key=lambda item: item[0] or "")
    }
    largest = max(zip(table["copies"].to_pylist(), table["headline"].to_pylist(), strict=True))
    assert (second["largest_groups"][0]["copies"], second["largest_groups"][0]["headline"]) == largest


@pytest.mark.parametrize("workers", [1, 2])
def test_each_stage_tells_its_memory(tmp_path, workers):
    """No stage has more than the largest process; those of one bundle have the same."""
    done = dateline_here("run", "--input", *EXAMPLES, "--output", tmp_path / "news", "--workers", workers)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("news/_runs/*/report.json")
    report = json.loads(path.read_text())
    told = {name: figures["memory"] for name, figures in report["stages"].items() if "memory" in figures}
    assert set(told) == set(STAGES)
    assert min(told.values()) > 20_000_000
    assert max(told.values()) <= max(report["memory"].values())
    assert told["split"] == told["parse"] == told["validate"]
    page = path.with_name("report.html").read_text()
    assert ">memory</th>" in page
    assert f'<td class="n">{size(told["parse"])}</td>' in page
