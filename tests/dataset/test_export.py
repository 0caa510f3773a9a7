"""Export: the same rows as the dataset has, in few files, read by the libraries that users have."""

import json

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from dateline import open_dataset
from dateline.pipeline.dataset import export as exporting
from tests.conftest import EXAMPLES, dateline_here


@pytest.fixture(scope="module", params=["day", "month", "year"])
def news(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param) / "news"
    more = ("--date-granularity", request.param, "--quiet")
    assert dateline_here("run", "--input", *EXAMPLES, "--output", folder, *more).returncode == 0
    return folder


def rows_of(table: pa.Table) -> list[dict]:
    return table.drop_columns([name for name in ("date",) if name in table.column_names]).to_pylist()


def in_order(rows: list[dict]) -> list[dict]:
    return sorted(
        rows, key=lambda row: (row["updated"] is None, row["updated"] or 0, row["region"], row["id"])
    )


def exported(news, tmp_path, *args) -> list:
    done = dateline_here("export", news, "--to", tmp_path / "out", *args)
    assert (done.returncode, done.stderr) == (0, "")
    assert "45 articles of version 1 are in" in done.stdout
    return sorted((tmp_path / "out").iterdir()) if (tmp_path / "out").is_dir() else [tmp_path / "out"]


def test_parquet_has_all_rows_sorted(news, tmp_path):
    (path,) = exported(news, tmp_path)
    table = pq.read_table(path)
    assert table.to_pylist() == in_order(rows_of(open_dataset(news).to_table()))
    assert pq.ParquetFile(path).metadata.num_row_groups == 1
    count = "select count(distinct id) from read_parquet"
    assert duckdb.sql(f"{count}('{path}')").fetchall() == [(45,)]
    assert pl.read_parquet(path)["id"].to_list() == table["id"].to_pylist()
    assert list(pd.read_parquet(path)["headline"]) == table["headline"].to_pylist()


def test_an_arrow_stream_has_all_rows_sorted(news, tmp_path):
    (path,) = exported(news, tmp_path, "--format", "ipc-stream", "--one-file")
    with pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as stream:
        assert stream.read_all().to_pylist() == in_order(rows_of(open_dataset(news).to_table()))


def test_json_lines_have_all_rows_sorted(news, tmp_path):
    (path,) = exported(news, tmp_path, "--format", "jsonl")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    expected = in_order(rows_of(open_dataset(news).to_table()))
    assert rows == json.loads(json.dumps(expected, default=str))


@pytest.mark.parametrize("form", exporting.SUFFIXES)
def test_the_same_version_gives_the_same_bytes(news, tmp_path, form):
    for name in ("a", "b"):
        done = dateline_here(
            "export", news, "--to", tmp_path / name, "--format", form, "--json", "--one-file"
        )
        told = json.loads(done.stdout)
        assert told == {
            "version": 1,
            "to": str(tmp_path / name),
            "rows": 45,
            "files": 1,
            "bytes": told["bytes"],
        }
        assert told["bytes"] == (tmp_path / name).stat().st_size
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("form", exporting.SUFFIXES)
@pytest.mark.parametrize(
    ("group", "rows", "expected"), [(7, 14, [14, 14, 14, 3]), (45, 45, [45]), (9, 9, [9] * 5)]
)
def test_rows_are_parted_into_files_and_groups(news, tmp_path, monkeypatch, form, group, rows, expected):
    whole = exported(news, tmp_path / "whole", "--format", form, "--one-file")[0]
    monkeypatch.setattr(exporting, "GROUP_ROWS", group)
    monkeypatch.setattr(exporting, "FILE_ROWS", rows)
    paths = exported(news, tmp_path, "--format", form)
    assert [path.name for path in paths] == [
        f"articles-{number:05d}.{exporting.SUFFIXES[form]}" for number in range(len(expected))
    ]
    if form == "jsonl":
        assert b"".join(path.read_bytes() for path in paths) == whole.read_bytes()
    elif form == "parquet":
        groups = [pq.ParquetFile(path).metadata for path in paths]
        assert [meta.num_rows for meta in groups] == expected
        assert (
            max(meta.row_group(at).num_rows for meta in groups for at in range(meta.num_row_groups)) == group
        )
        assert pq.read_table(paths) == pq.read_table(whole)


def test_an_older_version(news, tmp_path):
    (tmp_path / "more.txt").write_text(
        "Owls return to the old mill\n\nUpdated 03 May 2024\n\nLONDON: They came at dusk.\n"
    )
    copied = tmp_path / "copied"
    assert dateline_here("run", "--quiet", "--input", *EXAMPLES, "--output", copied).returncode == 0
    assert (
        dateline_here("run", "--quiet", "--input", tmp_path / "more.txt", "--output", copied).returncode == 0
    )
    for number, rows in (("1", 45), ("2", 46)):
        done = dateline_here("export", copied, "--to", tmp_path / number, "--version", number, "--json")
        assert json.loads(done.stdout)["rows"] == rows


def test_what_is_there_stays(news, tmp_path):
    (tmp_path / "out").write_text("mine")
    done = dateline_here("export", news, "--to", tmp_path / "out", "--one-file")
    assert (done.returncode, (tmp_path / "out").read_text()) == (2, "mine")
    assert "is there already" in done.stderr


@pytest.mark.parametrize("one_file", [(), ("--one-file",)])
def test_a_damaged_file_leaves_nothing(tmp_path, one_file):
    assert (
        dateline_here("run", "--quiet", "--input", *EXAMPLES, "--output", tmp_path / "news").returncode == 0
    )
    path = max((tmp_path / "news").glob("date=*/region=*/*.arrow"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    done = dateline_here("export", tmp_path / "news", "--to", tmp_path / "out", *one_file)
    assert (done.returncode, "checksum" in done.stderr) == (1, True)
    assert [each.name for each in tmp_path.iterdir()] == ["news"]


def test_a_dataset_without_articles(tmp_path):
    (tmp_path / "bad.txt").write_text("nothing of an article\n")
    made = dateline_here(
        "run", "--input", tmp_path / "bad.txt", "--output", tmp_path / "news", "--max-rejects", "100%"
    )
    assert made.returncode == 0, made.stderr
    assert dateline_here("export", tmp_path / "news", "--to", tmp_path / "out", "--one-file").returncode == 0
    assert pq.read_table(tmp_path / "out").num_rows == 0
