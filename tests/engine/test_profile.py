"""Where the time goes: the report's figures by stage, and what --profile leaves."""

import io
import json
import shutil
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner

from benchmarks.dumps import Recipe, make
from dateline.pipeline.config import Config
from dateline.pipeline.flow import build
from dateline.pipeline.inputs.find import find_inputs
from dateline.pipeline.run import execute
from dateline.runners.engine.flame_graph import GROUPS, Process, page
from dateline.runners.engine.profile import GROUP_OF, ROOT, read_stacks
from dateline.runners.engine.stage_metrics import STAGES, stage_of, stages_of
from tests.conftest import EXAMPLES, dateline
from tests.helpers.pages import Article, plain

pytestmark = pytest.mark.slow

GOOD = plain(Article())


def report_of(output: Path) -> dict:
    (path,) = output.glob("_runs/*/report.json")
    return json.loads(path.read_text("utf-8"))


def html_of(output: Path) -> str:
    (path,) = output.glob("_runs/*/report.html")
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def dumps(tmp_path_factory) -> Path:
    """Some MB, each page twice, and blocks that three stages reject."""
    folder = tmp_path_factory.mktemp("dumps")
    make(folder, Recipe(mb=5, files=1))
    (first,) = folder.glob("*.txt")
    shutil.copy(first, folder / "again.txt")
    for example in EXAMPLES:
        folder.joinpath(Path(example).name).write_bytes(Path(example).read_bytes())
    return folder


@pytest.fixture(scope="module", params=[1, 2])
def profiled(request, dumps, tmp_path_factory) -> tuple[int, Path, Path]:
    """A run with that many workers: their number, the dataset, and the folder of the profile."""
    folder = tmp_path_factory.mktemp("run")
    output, profile = folder / "news", folder / "a" / "profile"
    done = dateline(
        "run",
        "--input",
        f"{dumps}/*.txt",
        "--output",
        output,
        "--workers",
        request.param,
        "--profile",
        profile,
    )
    assert done.returncode == 0, done.stderr
    return request.param, output, profile


# --- the figures by stage ------------------------------------------------------------------------------


def check_sums(report: dict) -> None:
    """What one stage gives is what the next takes, and in the end all that was written."""
    stages, counts, balance = report["stages"], report["counts"], report["balance"]
    read, split, parse, validate, deduplicate, write, settle = (stages[name] for name in STAGES)
    records = counts["articles"] + counts["duplicates"]
    assert read["bytes_in"] == split["bytes_in"] == balance["read"]
    assert read["records_out"] == split["records_in"] == records + counts["rejects"]
    for stage, after in ((split, parse), (parse, validate), (validate, deduplicate)):
        assert stage["records_in"] == stage["records_out"] + stage["rejects"]
        assert stage["records_out"] == after["records_in"]
    assert split["rejects"] + parse["rejects"] + validate["rejects"] == counts["rejects"]
    assert deduplicate["bytes_in"] == balance["articles"] + balance["duplicates"]
    assert deduplicate["records_in"] == deduplicate["records_out"] == records
    assert write["records_out"] == settle["records_in"] == records + counts["rejects"]
    assert settle["bytes_in"] == balance["read"]
    assert 0 <= split["repeats"] < split["records_out"]


def test_the_figures_add_up(profiled):
    workers, output, _ = profiled
    report = report_of(output)
    check_sums(report)
    assert report["stages"]["write"]["records_in"] == report["stages"]["write"]["records_out"]
    files = [path for path in output.rglob("*.arrow") if "_versions" not in path.parts]
    assert report["stages"]["write"]["bytes_out"] == sum(path.stat().st_size for path in files)
    assert all(report["stages"][stage]["rejects"] for stage in ("split", "parse", "validate"))
    if workers == 1:  # another worker may have read the same page
        assert report["stages"]["split"]["repeats"] > 1000
    rows = report["counts"]["articles"] + report["counts"]["duplicates"]
    assert rows < report["stages"]["shuffles"]["bytes_out"] < rows * 115 * 8


def test_the_seconds_are_those_of_the_workers(profiled):
    workers, output, _ = profiled
    report = report_of(output)
    seconds = {name: told["seconds"] for name, told in report["stages"].items() if "seconds" in told}
    assert seconds.keys() == set(STAGES)
    assert 0 < sum(seconds.values()) <= workers * report["seconds"]["flow"]
    assert seconds["read"] > 0
    assert seconds["write"] > 0
    html = next(output.glob("_runs/*/report.html")).read_text("utf-8")
    assert '<th scope="col" class="n">seconds</th></tr>' in html
    assert f"{report['stages']['parse']['records_in']:,}" in html


def test_the_line_of_json_has_them(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_text(GOOD, "utf-8")
    done = dateline("run", "--input", path, "--output", tmp_path / "news", "--json")
    assert json.loads(done.stdout)["stages"] == report_of(tmp_path / "news")["stages"]


def execute_on(flow, dumps: Path, output: Path) -> dict:
    execute(Config(find_inputs([f"{dumps}/*.txt"], None).dumps, str(output), "run"), flow)
    return report_of(output)


def test_another_runner_counts_the_same(dumps, profiled, tmp_path):
    def flow(config):
        pipeline = beam.Pipeline(BundleBasedDirectRunner())
        build(pipeline, config)
        result = pipeline.run()
        result.wait_until_finish()
        return stages_of(result)

    report = execute_on(flow, dumps, tmp_path / "news")
    check_sums(report)
    assert not any("seconds" in told for told in report["stages"].values())
    assert "<p>The runner tells no seconds of the stages.</p>" in html_of(tmp_path / "news")


@pytest.mark.parametrize(
    ("step", "stage"),
    [
        ("Split/CutBlocks/ParDo(CutBlocks)", "split"),
        ("ref_AppliedPTransform_Split-CutBlocks-ParDo-CutBlocks-_15_rejected", "split"),
        ("ref_AppliedPTransform_Write_45", "write"),
        ("stage-009_source", "stage"),
        (None, ""),
    ],
)
def test_a_step_is_known_whatever_a_runner_calls_it(step, stage):
    assert stage_of(step) == stage
    assert "stage" not in STAGES


def test_a_runner_that_tells_nothing(dumps, tmp_path):
    from dateline.runners.engine.local import run_flow

    def flow(config):
        run_flow(config, 1)

    report = execute_on(flow, dumps, tmp_path / "news")
    assert report["stages"] == {}
    assert "Stages, of all workers" not in html_of(tmp_path / "news")
    assert "<p>The runner tells nothing of the stages.</p>" in html_of(tmp_path / "news")


# --- the profile ---------------------------------------------------------------------------------------


def stacks_of(profile: Path) -> dict[tuple[str, ...], int]:
    lines = profile.joinpath("stacks.txt").read_text("utf-8").splitlines()
    return {
        tuple(stack.split(";")): int(count) for stack, _, count in (line.rpartition(" ") for line in lines)
    }


def test_the_profile_is_three_files(profiled):
    _, output, profile = profiled
    assert sorted(path.name for path in profile.iterdir()) == ["flame.html", "stacks.txt", "trace.json"]
    assert list(output.rglob("flame.html")) == []


def test_stacks_of_all_processes(profiled):
    workers, _, profile = profiled
    stacks = stacks_of(profile)
    processes = ["driver", "worker 1", "worker 2"] if workers == 2 else ["driver"]
    assert {process for process, *_ in stacks} == set(processes)
    for process in processes[-workers:]:
        groups = {group for name, group, *_ in stacks if name == process}
        assert groups <= set(GROUPS)
        assert groups & set(STAGES)
    assert {"read", "parse", "write"} <= {group for _, group, *_ in stacks}
    found = {name: group for _, group, *names in stacks for name in names if name.startswith("rules.")}
    assert found["rules.parse.parse_block"] == "parse"
    assert found["rules.split._pieces"] == "read"


def test_the_flame_graph_can_be_read(profiled):
    _, _, profile = profiled
    root = ET.parse(profile / "flame.html").getroot()
    boxes = root.findall(".//div[@id='flame']/button")
    texts = Counter(box.text for box in boxes)
    assert texts["all"] == 1
    assert texts["parse.parse_block"]
    places = [
        tuple(float(part.split(":")[1].rstrip("%px")) for part in box.get("style").split(";")[:3])
        for box in boxes
    ]
    assert all(left >= 0 and left + width < 100.01 for left, width, _ in places)
    for top in {top for *_, top in places}:  # no box lies on another
        row = sorted((left, width) for left, width, y in places if y == top)
        assert all(a + width <= b + 0.01 for (a, width), (b, _) in pairwise(row))
    assert sum(int(count) for count in stacks_of(profile).values()) / 1e6 == pytest.approx(
        float(next(box.get("title") for box in boxes if box.text == "all").split()[1]), abs=0.01
    )


def test_bundles_on_a_line_of_time(profiled):
    workers, _, profile = profiled
    events = json.loads(profile.joinpath("trace.json").read_text("utf-8"))["traceEvents"]
    names = {event["pid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    bundles = [event for event in events if event["ph"] == "X"]
    assert sorted(names.values()) == (["worker 1", "worker 2"] if workers == 2 else ["driver"])
    assert {event["pid"] for event in bundles} == names.keys()
    assert min(event["ts"] for event in bundles) == 0
    assert any(event["name"] == "read, split, parse, validate, deduplicate" for event in bundles)
    assert any("Write/WriteArticles" in event["args"]["steps"] for event in bundles)
    assert all(event["args"]["cpu_ms"] * 1000 <= event["dur"] + 20_000 for event in bundles)


def test_names_in_the_picture_are_escaped():
    html = page([Process("a<b", {("run", "x.<listcomp>", 'y."&'): 3}, [])])
    texts = [box.text for box in ET.fromstring(html.split("\n", 1)[1]).findall(".//div[@id='flame']/button")]
    assert texts == ["all", "run", "x.<listcomp>", 'y."&']
    assert page([])


def test_what_a_killed_worker_wrote():
    lines = "parse;rules.parse.parse_block 7\nrun;x y 2\nparse;rules.parse.parse_block 5\nread;stages.re"
    assert read_stacks(io.StringIO(lines)) == {("parse", "rules.parse.parse_block"): 12, ("run", "x y"): 2}
    assert read_stacks(io.StringIO("")) == {}


def test_what_builds_the_flow_is_no_stage(profiled):
    _, _, profile = profiled
    assert not [stack for stack in stacks_of(profile) if stack[1] in STAGES and "flow.build" in stack]


def test_every_module_of_the_stages_has_a_group():
    modules = {path.stem for path in Path(ROOT, "pipeline", "stages").glob("*.py")}
    assert (
        modules - {"__init__", "counters", "item_coders", "stage_fn", "stage_outputs"} == GROUP_OF.keys()
    )  # what only the others use
    assert set(GROUP_OF.values()) <= set(GROUPS)


@pytest.mark.parametrize(
    ("name", "says"),
    [("dump.txt", "is no folder"), ("news/profile", "is in the dataset"), ("news", "is in the")],
)
def test_a_folder_that_cannot_be(tmp_path, name, says):
    path = tmp_path / "dump.txt"
    path.write_text(GOOD, "utf-8")
    done = dateline("run", "--input", path, "--output", tmp_path / "news", "--profile", tmp_path / name)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_text(GOOD, "utf-8")
    done = dateline("run", "--input", path, "--output", tmp_path / "news", "--profile", path / "below")
    assert done.returncode == 2
    assert "cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_fails_leaves_its_profile(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_text("neither an article\n\nnor anything else\n", "utf-8")
    profile = tmp_path / "profile"
    done = dateline(
        "run", "--input", path, "--output", tmp_path / "news", "--profile", profile, "--max-rejects", 0
    )
    assert done.returncode == 1
    assert sorted(path.name for path in profile.iterdir()) == ["flame.html", "stacks.txt", "trace.json"]
