"""`dateline report`: the page of a run, made anew."""

import json
import shutil

import pytest

from tests.conftest import EXAMPLES, dateline_here


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A dataset of two runs; its folder, and the names of the runs, the older first."""
    folder = tmp_path_factory.mktemp("made") / "news"
    for names in (EXAMPLES[3:4], EXAMPLES):
        assert dateline_here("run", "--quiet", "--input", *names, "--output", folder).returncode == 0
    reports = [json.loads(path.read_text("utf-8")) for path in folder.glob("_runs/*/report.json")]
    return folder, [report["run"] for report in sorted(reports, key=lambda report: report["version"])]


@pytest.fixture
def news(made, tmp_path):
    folder, runs = made
    shutil.copytree(folder, tmp_path / "news", symlinks=True)
    return tmp_path / "news", runs


def test_it_is_the_page_that_the_run_wrote(news):
    folder, (_, newest) = news
    path = folder / "_runs" / newest / "report.html"
    before = path.read_text("utf-8")
    path.unlink()
    done = dateline_here("report", folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{path}\n", "")
    assert path.read_text("utf-8") == before
    assert "Beside earlier runs" in before
    assert [
        each.name for each in path.parent.iterdir() if each.name not in ("report.json", "report.html")
    ] == []


def test_an_older_run_to_a_file(news, tmp_path):
    folder, (older, _) = news
    done = dateline_here("report", folder, "--run", older, "--to", tmp_path / "page.html", "--json")
    assert json.loads(done.stdout) == {"run": older, "report": str(tmp_path / "page.html")}
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "Readers see version 2 by now" in text
    assert "Beside earlier runs" not in text


def test_it_opens_in_the_browser(news, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    folder, (_, newest) = news
    assert dateline_here("report", folder, "--open").returncode == 0
    assert opened == [(folder / "_runs" / newest / "report.html").as_uri()]


def test_a_failed_run(news):
    folder, _ = news
    (folder.parent / "bad.txt").write_text("nothing\n\nof an article\n")
    failed = dateline_here(
        "run", "--input", folder.parent / "bad.txt", "--output", folder, "--max-rejects", "0"
    )
    assert failed.returncode == 1
    assert dateline_here("report", folder).returncode == 0
    newest = max(folder.glob("_runs/*/report.html"), key=lambda path: path.stat().st_mtime)
    assert "The run failed; nothing was committed" in newest.read_text("utf-8")


def spoil(folder, content: str) -> None:
    for path in folder.glob("_runs/*/report.json"):
        path.write_text(content)


TROUBLES = {
    "a run that is not there": (lambda folder: None, ["--run", "x"], 2, "has no report of run x; `dateline log` lists the runs"),
    "no runs": (lambda folder: shutil.rmtree(folder / "_runs"), [], 2, "has no report of any run"),
    "torn": (lambda folder: spoil(folder, '{"run": "'), [], 2, "has no report of any run"),
    "another shape": (lambda folder: spoil(folder, '{"state": "done"}'), [], 1, "report.json is not valid"),
    "no place": (lambda folder: None, ["--to", "/nowhere/page.html"], 2, "--to /nowhere/page.html: there is no folder /nowhere"),
    "a folder": (lambda folder: None, ["--to", "/tmp"], 2, "--to /tmp is a folder; give the file, such as /tmp/report.html"),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLES)
def test_troubles(news, name):
    folder, _ = news
    spoils, more, status, message = TROUBLES[name]
    spoils(folder)
    done = dateline_here("report", folder, *more)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr.splitlines()[0]
    assert not [line for line in done.stderr.splitlines()[1:] if not line.startswith("  ")]


def test_a_link_is_nobodys_report(news, tmp_path):
    folder, runs = news
    for run in runs:
        shutil.move(folder / "_runs" / run, tmp_path / run)
        (folder / "_runs" / run).symlink_to(tmp_path / run)
    pages = [(tmp_path / run / "report.html").stat().st_mtime_ns for run in runs]
    done = dateline_here("report", folder)
    assert (done.returncode, "is a link where a dataset has files and folders" in done.stderr) == (1, True)
    assert [(tmp_path / run / "report.html").stat().st_mtime_ns for run in runs] == pages
