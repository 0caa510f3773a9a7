"""Files get their names only when all are whole; a manifest never replaces another."""

import json
import os

import pyarrow as pa
import pytest

from pipeline import dataset
from pipeline.rules.columns import arrow_schema, to_batch
from tests.records import RECORD

SCHEMA = arrow_schema("article")


def write(root, rows=1, batches=1):
    writer = dataset.Writer(str(root), "run")
    parts = iter([to_batch([RECORD] * rows, "article")] * batches)
    return writer.write("date=2023-09-07/region=eastern-europe", "part-", SCHEMA, parts)


def file_of(written):
    return dataset.File(**written, kind="articles", dumps=[], offsets=[], lengths=[], facts={})


def manifest(files, version=1):
    settings = {
        "same_headline_days": None,
        "crawl_date": None,
        "max_block_bytes": 1,
        "max_line_bytes": 1,
        "columns": {},
    }
    return dataset.manifest_of(version, [], settings, files)


def visible(root):
    """What a reader of the folder sees."""
    return sorted(
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and not any(part[0] in "_." for part in path.relative_to(root).parts)
    )


def test_nothing_is_seen_before_the_commit_and_all_after(tmp_path):
    file = file_of(write(tmp_path))
    assert visible(tmp_path) == []
    dataset.commit(str(tmp_path), [file], manifest([file]))
    assert visible(tmp_path) == [file.path]
    with pa.memory_map(str(tmp_path / file.path)) as source:
        assert pa.ipc.open_file(source).read_all().schema.equals(SCHEMA, check_metadata=True)
    assert dataset.latest_manifest(str(tmp_path))["files"][0]["path"] == file.path


def test_a_name_is_the_content(tmp_path):
    one, same, other = write(tmp_path), write(tmp_path), write(tmp_path, rows=2)
    assert one["path"] == same["path"] != other["path"]
    assert one["temporary"] != same["temporary"]


def test_a_file_of_several_batches(tmp_path):
    written = write(tmp_path, rows=3, batches=4)
    assert written["rows"] == 12
    data = (tmp_path / written["temporary"]).read_bytes()
    assert len(data) == written["bytes"]
    assert pa.ipc.open_file(data).num_record_batches == 4


def test_a_torn_file_is_not_committed(tmp_path):
    file = file_of(write(tmp_path))
    os.truncate(tmp_path / file.temporary, 100)
    with pytest.raises(OSError, match="100 bytes on disk"):
        dataset.commit(str(tmp_path), [file], manifest([file]))
    assert visible(tmp_path) == []
    assert dataset.latest_manifest(str(tmp_path)) is None


@pytest.mark.parametrize("call", ["replace", "getsize", "open", "fsync", "link"])
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "stopped"]
)
def test_a_commit_that_is_stopped_half_way_shows_nothing(tmp_path, monkeypatch, call, error):
    """Each step of the commit fails once, at its last use; no file keeps a name that a reader sees."""
    files = [file_of(write(tmp_path, rows=rows)) for rows in (1, 2, 3)]
    where = {"getsize": dataset.os.path, "open": dataset}.get(call, dataset.os)
    real = getattr(where, call, open)
    last = {"replace": 3, "getsize": 3}.get(call, 1)
    calls = []

    def failing(*args, **options):
        calls.append(args)
        if len(calls) == last:
            raise error
        return real(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(where, call, failing, raising=False)
        with pytest.raises(type(error)):
            dataset.commit(str(tmp_path), files, manifest(files))
    assert len(calls) == last
    assert visible(tmp_path) == []
    assert dataset.latest_manifest(str(tmp_path)) is None
    dataset.clean_up(str(tmp_path), "run", failed=True)
    assert dataset.is_unfinished(str(tmp_path))
    again = [file_of(write(tmp_path, rows=rows)) for rows in (1, 2, 3)]
    dataset.commit(str(tmp_path), again, manifest(again))
    assert len(visible(tmp_path)) == 3


def test_a_refused_version_takes_no_file_from_the_one_that_is_there(tmp_path):
    file = file_of(write(tmp_path))
    dataset.commit(str(tmp_path), [file], manifest([file]))
    same = file_of(write(tmp_path))
    with pytest.raises(FileExistsError):
        dataset.commit(str(tmp_path), [same], manifest([same]))
    assert visible(tmp_path) == [file.path]


def test_a_version_is_published_once(tmp_path):
    dataset.commit(str(tmp_path), [], manifest([]))
    with pytest.raises(FileExistsError):
        dataset.commit(str(tmp_path), [], manifest([]))
    assert [path.name for path in (tmp_path / "_manifests").iterdir()] == ["00000001.json"]


def test_a_torn_manifest_is_no_version(tmp_path):
    dataset.commit(str(tmp_path), [], manifest([]))
    (tmp_path / "_manifests" / "00000002.json").write_text('{"version": 2, "fi')
    (tmp_path / "_manifests" / "00000003.json").write_text("")
    assert dataset.latest_manifest(str(tmp_path))["version"] == 1


def test_a_manifest_that_is_not_valid_is_not_published(tmp_path):
    with pytest.raises(ValueError, match="/version"):
        dataset.commit(str(tmp_path), [], manifest([], version=0))
    assert dataset.latest_manifest(str(tmp_path)) is None


def test_a_receipt_tells_all_of_a_file(tmp_path):
    dataset.prepare(str(tmp_path), "run")
    written = write(tmp_path)
    file = dataset.File(
        **written, kind="rejected", dumps=[1], offsets=[2**40], lengths=[3], facts={"reasons": {"schema": 1}}
    )
    writer = dataset.Writer(str(tmp_path), "run")
    writer.receipt("task", [file])
    writer.receipt("task", [file])
    (found,) = dataset.receipts(str(tmp_path), "run")
    assert found._replace(dumps=[1], offsets=[2**40], lengths=[3]) == file
    assert (found.dumps.tolist(), found.offsets.tolist(), found.lengths.tolist()) == ([1], [2**40], [3])


def test_cleaning_up_after_a_failure_leaves_nothing_and_takes_nothing_else(tmp_path):
    kept = file_of(write(tmp_path))
    dataset.commit(str(tmp_path), [kept], manifest([kept]))
    dataset.prepare(str(tmp_path), "run")
    write(tmp_path, rows=2)
    other = tmp_path / "date=2020-01-01" / ".tmp-another"
    other.parent.mkdir()
    other.write_text("of another run")
    dataset.clean_up(str(tmp_path), "run", failed=True)
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["_manifests/00000001.json", "date=2020-01-01/.tmp-another", kept.path]
    assert json.loads((tmp_path / "_manifests/00000001.json").read_text())["version"] == 1


@pytest.mark.parametrize(
    ("updated", "expected"), [("2023-09-07", "2023-09-07"), (None, "__HIVE_DEFAULT_PARTITION__")]
)
def test_partition_folder(updated, expected):
    assert dataset.partition_folder(updated, "eastern-europe") == f"date={expected}/region=eastern-europe"
