"""docs/scale.md: a fit gives back what exact figures were made of, and the page has no figure that the script did not
compute from the committed facts."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from benchmarks import scale, scale_page, scale_parts
from benchmarks.fit import ONCE, fit
from benchmarks.results import report_of
from tests.conftest import ROOT

FACTS = json.loads(ROOT.joinpath("benchmarks", "scale.json").read_text("utf-8"))
EACH = {ONCE: 7.0, "bytes": 3e-8, "articles": 5e-5}


def exact(size: float, share: float) -> dict[str, float]:
    facts = {"bytes": size, "articles": share * size / 2600}
    return facts | {"cpu": EACH[ONCE] + sum(EACH[name] * facts[name] for name in facts)}


def runs() -> list[dict[str, float]]:
    return [exact(size * 1e9, share) for size in (1, 2, 4) for share in (0.5, 0.1)]


def test_a_fit_gives_exact_figures_back():
    found = fit("cpu", list(EACH), runs())
    assert found.terms == pytest.approx(EACH)
    assert [*found.off, found.told] == pytest.approx([0] * 7, abs=1e-9)
    ten = exact(10e12, 0.07)
    assert found.at(ten) == pytest.approx(ten["cpu"])


def test_a_fit_tells_what_it_is_off():
    measured = runs()
    measured[-1]["cpu"] *= 2
    found = fit("cpu", list(EACH), measured)
    assert found.told == pytest.approx(-0.5)  # the others are exact, and tell half of it
    assert max(map(abs, found.off)) > 0.05


def test_the_page_is_what_the_script_makes_of_the_facts():
    assert ROOT.joinpath("docs", "scale.md").read_text("utf-8") == scale_page.page(FACTS)


def test_no_figure_of_the_page_is_typed_by_hand():
    template = scale_page.TEMPLATE.read_text("utf-8")
    assert not re.findall(r"[^\n]*\d[^\n]*", re.sub(r"\{\w+\}", "", template))


def test_the_page_uses_all_that_is_reckoned():
    names = set(re.findall(r"\{(\w+)\}", scale_page.TEMPLATE.read_text("utf-8")))
    reckoned = scale_page.reckoned(FACTS, scale_page.fits(FACTS))
    assert names == reckoned.keys() | {"measured", "fitted", "days"}


def test_figures_follow_the_facts():
    """Twice the bytes shuffled in each run are twice as many on the page."""
    other = json.loads(json.dumps(FACTS))
    for run in other["runs"]:
        run["shuffled"] *= 2
    before, after = (scale_page.fits(facts) for facts in (FACTS, other))
    case = {"records": scale_page.RECORDS, "articles": scale_page.ARTICLES}
    assert after["shuffled"].at(case) == pytest.approx(2 * before["shuffled"].at(case))
    assert after["cpu"] == before["cpu"]
    was, now = (scale_page.reckoned(facts, found) for facts, found in ((FACTS, before), (other, after)))
    assert now["shuffled_thick"] == scale_page.size(after["shuffled"].at(case))
    assert {name for name in was if was[name] != now[name]} == {
        "shuffled", "shuffled_share", "shuffled_thick", "shuffled_thick_share", "written_least", "written_most"
    }  # fmt: skip
    assert scale_page.page(other) != scale_page.page(FACTS)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0213, "0.02"),
        (0.0042, "0.0042"),
        (8.0, "8"),
        (2.43, "2.43"),
        (999, "999"),
        (70.0, "70"),
        (131.4, "131"),
        (4096, "4,100"),
        (3.3e6, "3,300,000"),
    ],
)
def test_three_digits(value, text):
    assert scale_page.number(value) == text


def test_sizes():
    assert [scale_page.size(value) for value in (12, 1.5e3, 46.8e9, 10e12)] == [
        "12 B",
        "1.5 KB",
        "46.8 GB",
        "10 TB",
    ]


@pytest.mark.parametrize("part", [*scale_parts.PARTS, "keys"])
def test_parts_do_their_work(tmp_path, part):
    count = 8 if part == "keys" else 3000
    found = scale_parts.measured(part, count, str(tmp_path))
    assert (found["part"], found["count"]) == (part, count)
    assert not list(tmp_path.iterdir())
    if part == "keys":
        assert found["batches"] == count * scale_parts.FLUSHES
        assert 0 < found["packed"] < found["rows"] * scale_parts.ROW.itemsize


@pytest.mark.slow
def test_a_run_is_measured_and_nothing_of_it_stays(tmp_path):
    # In a process of its own: a measurement ends when all children have, and other tests' services are children here.
    code = "import json, sys; from pathlib import Path; from benchmarks import scale; "
    code += "print(json.dumps(scale.measured_run(Path(sys.argv[1]), 0.001, 0.5, 1)))"
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert not list(tmp_path.iterdir())
    assert found.keys() == FACTS["runs"][0].keys()
    assert found["blocks"] == found["records"] >= found["parsed"] >= found["articles"] > 0
    assert found["read"] > found["bytes"] > 1e6
    assert 0 < found["largest_key"] < found["records"]
    assert found["hot_rows"] >= 4
    assert found["key_bytes"] == 72 * found["records"]
    assert report_of(tmp_path) == {}


def test_too_little_space_is_told_before_anything_is_made(tmp_path, monkeypatch):
    """Of a size that does no harm where the test fails."""
    free = int(scale.SPACE * 1e6) - 1
    monkeypatch.setattr(scale.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(SystemExit, match="are free"):
        scale.measured_run(tmp_path, 0.001, 0.5, 1)
    assert not list(tmp_path.iterdir())
