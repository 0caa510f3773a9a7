"""What a schedule needs: nothing new is a success, one line of JSON, metrics, levels, exit states, settings that
stay, and a schema that grows."""

import json
import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from dateline import open_dataset
from dateline.errors import NewerDataset
from dateline.pipeline.dataset.version import Version, latest_manifest
from tests.conftest import ROOT, dateline_here, files_of
from tests.dataset.test_growth import run
from tests.helpers.pages import Article, plain

GOOD = plain(Article())
OTHER = plain(Article(headline="Another headline of it", stamp="08 September 2023"))
BAD = plain(Article(slot="https://example.com/a", headline="A third headline of it"))


def dump(folder, text, name):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def outcome(*args):
    done = dateline_here("run", "--json", *args)
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert found["exit"] == done.returncode
    return found, done.stderr


def test_a_week(tmp_path):
    dumps, news = tmp_path / "dumps", tmp_path / "news"
    args = ("--input", f"{dumps}/*.txt", "--output", news)
    dump(dumps, GOOD, "monday.txt")
    found, _ = outcome(*args)
    assert (found["status"], found["version"], found["message"]) == ("done", 1, None)
    assert found["new"] == {"dumps": 1, "articles": 1, "duplicates": 0, "rejects": 0}

    found, _ = outcome(*args)
    assert (found["status"], found["exit"], found["version"]) == ("nothing_new", 0, 1)
    assert found["new"] == {"dumps": 0, "articles": 0, "duplicates": 0, "rejects": 0}

    dump(dumps, f"{OTHER}\n\n{GOOD}\n\n{BAD}", "tuesday.txt")
    found, _ = outcome(*args)
    assert (found["status"], found["version"], found["rejects_by_reason"]) == ("done", 2, {"schema": 1})
    assert found["new"] == {"dumps": 1, "articles": 1, "duplicates": 1, "rejects": 1}
    assert found["dataset"] == {"articles": 2, "duplicates": 1, "rejects": 1, "dumps": 2}
    assert found["bytes_read"] == len((dumps / "tuesday.txt").read_bytes())

    (dumps / "wednesday.txt").symlink_to(dumps / "nothing")
    found, said = outcome(*args)
    assert (found["status"], found["exit"]) == ("nothing_new", 3)
    assert found["unreadable"][0]["path"] == str(dumps / "wednesday.txt")
    assert "dateline: warning: cannot read" in said

    for path in dumps.iterdir():
        path.unlink()
    found, _ = outcome(*args)
    assert (found["status"], found["exit"]) == ("usage", 2)
    found, _ = outcome(*args, "--allow-empty")
    assert (found["status"], found["exit"]) == ("nothing_new", 0)
    assert "no dumps" in found["message"]
    rows = open_dataset(news).to_table(columns=["headline", "copies"]).to_pylist()
    assert rows == [
        {"headline": "Ferry returns to the old harbor", "copies": 2},
        {"headline": "Another headline of it", "copies": 1},
    ]


def test_a_path_that_is_not_there_is_a_mistake_even_then(tmp_path):
    assert run(tmp_path / "news", dump(tmp_path, GOOD, "a.txt")) == 0
    found, said = outcome("--input", tmp_path / "b.txt", "--output", tmp_path / "news")
    assert (found["status"], found["exit"]) == ("usage", 2)
    assert "matches no file" in found["message"]
    assert "dateline: error: --input" in said


def test_the_rejects_of_a_dataset_go_into_another(tmp_path):
    news = tmp_path / "news"
    assert run(news, dump(tmp_path, f"{GOOD}\n\n{BAD}", "a.txt")) == 0
    found, _ = outcome("--input", news / "_rejected", "--output", news)
    assert (found["status"], found["exit"]) == ("usage", 2)
    assert "give another --output" in found["message"]
    found, _ = outcome("--input", news / "_rejected", "--output", tmp_path / "again")
    assert (found["exit"], found["new"]["rejects"]) == (0, 1)
    assert [dump["source"] for dump in latest_manifest(str(tmp_path / "again"))["dumps"]] == ["a.txt"]
    assert run(tmp_path / "again", news / "_rejected") == 0
    assert run(tmp_path / "again", tmp_path / "a.txt") == 3  # its rejects were read under its name


def test_every_end_is_one_line_of_json(tmp_path):
    found, _ = outcome(
        "--input", dump(tmp_path, BAD, "a.txt"), "--output", tmp_path / "news", "--max-rejects", "0"
    )
    assert (found["status"], found["exit"], found["version"]) == ("failed", 1, None)
    assert "1 of 1 blocks are rejects" in found["message"]
    from dateline.pipeline.dataset.lock import lock

    with lock(str(tmp_path / "news"), "mine"):
        found, _ = outcome("--input", tmp_path / "a.txt", "--output", tmp_path / "news")
    assert (found["status"], found["exit"]) == ("locked", 4)
    assert "locked by run mine, process" in found["message"]


def test_metrics_are_written_whatever_the_end(tmp_path):
    path, metrics = dump(tmp_path, f"{GOOD}\n\n{BAD}", "a.txt"), tmp_path / "dateline.prom"
    args = (path,)
    assert run(tmp_path / "news", *args, options=("--metrics", str(metrics), "--max-rejects", "0")) == 1
    assert "dateline_last_run_exit_status 1\n" in metrics.read_text()
    assert "dateline_last_success_timestamp_seconds" not in metrics.read_text()
    assert run(tmp_path / "news", *args, options=("--metrics", str(metrics))) == 0
    text = metrics.read_text()
    assert 'reason="schema"} 1' in text
    assert "dateline_last_success_timestamp_seconds" in text
    assert run(tmp_path / "news", *args, options=("--metrics", str(tmp_path / "none" / "x.prom"))) == 0


@pytest.mark.parametrize(("level", "told"), [("info", True), ("warning", True), ("error", False)])
def test_log_levels(tmp_path, level, told):
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nothing")
    done = dateline_here(
        "run", "--input", dump(tmp_path, GOOD, "a.txt"), tmp_path / "gone.txt", "--output", tmp_path / "news", "--log-level", level,
    )  # fmt: skip
    assert done.returncode == 3
    assert ("warning: cannot read" in done.stderr) == told


def test_seen_dumps_are_not_read_again(tmp_path, monkeypatch):
    """A dump whose size, time and inode are what they were is skipped unread; one that was touched is read."""
    from dateline.pipeline.dataset import known_dumps as known

    path, news = dump(tmp_path, GOOD, "a.txt"), tmp_path / "news"
    monkeypatch.setattr(known, "SETTLED_NS", -1)
    assert run(news, path) == 0
    read = []
    real = known.sha256_of
    monkeypatch.setattr(known, "sha256_of", lambda path: (read.append(path), real(path))[1])
    assert run(news, path) == 0
    assert read == []
    path.touch()
    assert run(news, path) == 0
    assert read == [str(path)]
    (news / "_seen.json").write_text("[")
    assert run(news, path) == 0
    assert read == [str(path)] * 2
    path.write_text(GOOD.replace("dawn", "dusk"))
    assert run(news, path) == 3


def test_a_file_that_has_just_changed_is_read_again(tmp_path, monkeypatch):
    """Two writes may fall into one tick of the clock of the file system."""
    from dateline.pipeline.dataset import known_dumps as known

    path = dump(tmp_path, GOOD, "a.txt")
    seen = known.ChecksumCache(str(tmp_path))
    read = []
    real = known.sha256_of
    monkeypatch.setattr(known, "sha256_of", lambda path: (read.append(path), real(path))[1])
    assert seen.checksum(str(path)) == seen.checksum(str(path))
    assert len(read) == 2


@pytest.mark.parametrize(
    ("granularity", "folder", "key"),
    [("month", "date=2023-09", "2023-09"), ("year", "date=2023", 2023)],
)
def test_coarser_partitions(tmp_path, granularity, folder, key):
    news, first, second = tmp_path / "news", dump(tmp_path, GOOD, "a.txt"), dump(tmp_path, OTHER, "b.txt")
    assert run(news, first, options=("--date-granularity", granularity)) == 0
    assert run(news, second) == 0
    (path,) = news.glob("date=*/region=*/*.arrow")
    assert path.parent.parent.name == folder
    told = dateline_here("explain", news, "Another headline of it")
    assert f"file      {path.relative_to(news)}\n" in told.stdout
    rows = open_dataset(news).to_table(filter=ds.field("date") == key).to_pylist()
    assert sorted(row["updated"].isoformat() for row in rows) == ["2023-09-07", "2023-09-08"]


@pytest.mark.parametrize("option", [("--date-granularity", "month"), ("--same-headline-days", "7")])
def test_what_is_decided_once_is_not_decided_again(tmp_path, option):
    news, path = tmp_path / "news", dump(tmp_path, GOOD, "a.txt")
    assert run(news, path) == 0
    before = files_of(news)
    done = dateline_here("run", "--input", dump(tmp_path, OTHER, "b.txt"), "--output", news, *option)
    assert done.returncode == 2
    assert f"{' '.join(option)}: the dataset in {news} was made with" in done.stderr
    assert files_of(news) == before


NEWER = """
import json, sys
from pathlib import Path
path = Path("schemas/article.schema.json")
schema = json.loads(path.read_text())
schema["properties"]["mood"] = {"description": "How it sounds.", "type": ["string", "null"], "since": 3}
schema["required"].append("mood")
path.write_text(json.dumps(schema))
for name, old, new in (
    ("schemas/__init__.py", "VERSION = 2", "VERSION = 3"),
    ("pipeline/rules/parse.py", '{"id": UNDECIDED, "copies": 1}', '{"id": UNDECIDED, "copies": 1, "mood": "calm"}'),
):
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new))
"""


@pytest.mark.slow
def test_a_column_is_added(tmp_path):
    """As the README says: a program with one more column reads old files with nulls, adds to them, and an older
    program refuses what it wrote."""
    tree, news = tmp_path / "newer", tmp_path / "news"
    for name in ("pipeline", "runners", "schemas"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "dateline", tree / "dateline", symlinks=True)
    subprocess.run([sys.executable, "-c", NEWER], cwd=tree, check=True)
    far = plain(Article(headline="Of a partition that stays", stamp="01 March 2020"))
    assert run(news, dump(tmp_path, f"{GOOD}\n\n{far}", "a.txt")) == 0
    same_partition = plain(Article(headline="Another headline of it"))
    second = dump(tmp_path, same_partition, "b.txt")
    command = [
        sys.executable,
        "-m",
        "dateline",
        "run",
        "--input",
        str(second),
        "--output",
        str(news),
        "--workers",
        "1",
    ]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    look = (
        "import dateline, json, sys; rows = dateline.open_dataset(sys.argv[1]).to_table(columns=['headline', 'mood']);"
        "print(json.dumps(rows.to_pylist()))"
    )
    rows = json.loads(subprocess.check_output([sys.executable, "-c", look, str(news)], cwd=tree))
    assert {row["headline"]: row["mood"] for row in rows} == {
        "Ferry returns to the old harbor": None,
        "Another headline of it": "calm",
        "Of a partition that stays": None,
    }
    with pytest.raises(NewerDataset, match="has schema version 3, and this program knows up to 2"):
        open_dataset(news)
    done = dateline_here("run", "--input", second, "--output", news)
    assert done.returncode == 2
    assert "use the Dateline that wrote it, or a newer one" in done.stderr


def test_a_file_that_is_not_what_the_manifest_says_stops_the_run(tmp_path):
    """It would be copied into the next version."""
    news = tmp_path / "news"
    assert run(news, dump(tmp_path, GOOD, "a.txt")) == 0
    version = Version(str(news), latest_manifest(str(news)))
    (entry,) = version.files("articles")
    path = news / entry["path"]
    data = bytearray(path.read_bytes())
    data[data.index(b"Ferry")] ^= 1
    path.write_bytes(data)
    found, _ = outcome("--input", dump(tmp_path, GOOD, "b.txt"), "--output", news)
    assert found["exit"] == 1
    assert "its bytes are not those of the manifest's checksum" in found["message"]
    assert pa.memory_map(str(path)).size() == len(data)
    assert latest_manifest(str(news))["version"] == 1
