"""docs/speed.md and the README's line: each figure is that of the facts, and a ratio is taken round by round."""

import copy
import json
from pathlib import Path

import pytest

from benchmarks import compare, speed, speed_page
from tests.conftest import ROOT

FACTS = json.loads(ROOT.joinpath("benchmarks", "speed.json").read_text("utf-8"))


def test_the_page_and_the_line_are_what_the_script_makes_of_the_facts():
    assert speed.PAGE.read_text("utf-8") == speed_page.page(FACTS)
    lines = speed.README.read_text("utf-8").split("\n")
    assert [line for line in lines if line.startswith(speed_page.README_LINE)] == [speed_page.quote(FACTS)]


def test_each_contender_was_measured_on_all_that_it_can_read():
    expected = [
        (layouts, copies, contender)
        for layouts in speed.LAYOUTS
        for copies in speed.COPIES
        for contender in speed.CONTENDERS
        if compare.can_read(contender, compare.Recipe(layouts=layouts))
    ]
    assert [(line["layouts"], line["copies"], line["contender"]) for line in FACTS["lines"]] == expected
    assert {len(line["runs"]) for line in FACTS["lines"]} == {FACTS["rounds"]}


def test_a_ratio_is_of_two_runs_of_a_round():
    runs = [{"wall": value} for value in (2.0, 30.0, 8.0)]
    others = [{"wall": value} for value in (1.0, 10.0, 2.0)]
    assert speed_page.ratios(runs, others, "wall") == [2, 3, 4]
    assert speed_page.spread([2, 3, 4]) == "3.00 (2.00 to 4.00)"


@pytest.mark.parametrize("figure", speed_page.FIGURES)
def test_other_facts_make_another_page_and_line(figure):
    other = copy.deepcopy(FACTS)
    for line in other["lines"]:
        if line["contender"] == "dateline-2":
            for run in line["runs"]:
                run[figure] *= 3
    assert speed_page.page(other) != speed_page.page(FACTS)
    assert speed_page.quote(other) != speed_page.quote(FACTS)


def test_the_pages_are_written_anew(tmp_path, monkeypatch):
    readme: Path = tmp_path / "README.md"
    readme.write_text(f"# A title\n\n{speed_page.README_LINE} not known yet\n\nThe rest.\n", "utf-8")
    monkeypatch.setattr(speed, "README", readme)
    monkeypatch.setattr(speed, "PAGE", tmp_path / "speed.md")
    for _ in range(2):
        speed.write_pages(FACTS)
        assert readme.read_text("utf-8") == f"# A title\n\n{speed_page.quote(FACTS)}\n\nThe rest.\n"
        assert speed.PAGE.read_text("utf-8") == speed_page.page(FACTS)
