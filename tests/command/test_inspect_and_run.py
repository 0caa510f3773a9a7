"""`inspect` and a run say the same of the same pages."""

import json
import shutil

import pyarrow.ipc
import pytest

from dateline import open_dataset
from dateline.pipeline.rules.identity_rows import headline_key
from dateline.schemas.columns import from_batch
from tests.conftest import ROOT, dateline_here
from tests.helpers.pages import Article, full, plain

OF_ITS_ARTICLE = {"id", "copies", "date"}
"""What other records decide, and the column of the partition."""

AGO = full(Article(stamp="3 days ago", headline="Old harbor opens again"), crawled="2022-04-20")
OTHERS = {
    "bad.jsonl": json.dumps({"text": plain(Article()), "url": "https://arab.news/ab2cd"}) + "\nno json\n",
    "days.jsonl": json.dumps({"text": AGO, "date": "2022-05-01"}) + "\n" + json.dumps({"text": "Only words"}),
    "wide.txt": ("\ufeff" + plain(Article(headline="A wide ferry"))).encode("utf-16-le"),
    "windows.txt": plain(Article(headline="Café by the sea")).encode("cp1252"),
    "nul.txt": plain(Article()) + "\n\n\n" + plain(Article(headline="Half a ferry\0")),
    "url.txt": full(Article(slot="https://example.com/ferry", headline="Ferry of elsewhere")),
    "trailing.txt": AGO + "\n\n\n" + full(Article(stamp="2 hours ago", headline="The one below it")),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The golden pages, and dumps of which some blocks are rejected by each stage."""
    folder = tmp_path_factory.mktemp("dumps")
    for path in ROOT.glob("tests/golden/*.txt"):
        shutil.copy(path, folder)
    for name, text in OTHERS.items():
        folder.joinpath(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


@pytest.fixture(scope="module")
def dataset(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("run") / "news"
    done = dateline_here("run", "--input", f"{folder}/*", "--output", output)
    assert done.returncode == 0, done.stderr
    return output


def place(row):
    return row["source"], row["source_offset"], row["source_length"]


def ledger(dataset, name):
    rows = []
    for path in sorted(dataset.glob(f"{name}/*.arrow")):
        with pyarrow.ipc.open_file(path) as file:
            rows += from_batch(file.read_all())
    return {place(row): row for row in rows}


def test_inspect_and_a_run_say_the_same(folder, dataset):
    articles = {place(row): row for row in from_batch(open_dataset(dataset).to_table())}
    duplicates, rejects = ledger(dataset, "_duplicates"), ledger(dataset, "_rejected")
    stages = set()
    for path in sorted(folder.iterdir()):
        done = dateline_here("inspect", path, "--json")
        assert done.returncode == 0, done.stderr
        for found in map(json.loads, done.stdout.splitlines()):
            where = found["source"], found["offset"], found["length"]
            if "record" not in found:
                row = rejects.pop(where)
                stages.add(row["stage"])
                assert (found["reason"], found.get("pointer")) == (row["reason"], row["pointer"]), where
                assert found["detail"] == row["detail"], where
            elif where in articles:
                row = articles.pop(where)
                assert found["record"].keys() - OF_ITS_ARTICLE == row.keys() - OF_ITS_ARTICLE
                assert {name: row[name] for name in row.keys() - OF_ITS_ARTICLE} == {
                    name: found["record"][name] for name in row.keys() - OF_ITS_ARTICLE
                }, where
            else:
                row, record = duplicates.pop(where), found["record"]
                assert row["headline_key"] == headline_key(record["headline"]).hex(), where
                for name in ("short_url", "updated", "updated_source", "region"):
                    assert row[name] == record[name], where
                assert row["body_length"] == len(record["body"]), where
    assert (articles, duplicates, rejects) == ({}, {}, {})
    assert stages == {"split", "parse", "validate"}
