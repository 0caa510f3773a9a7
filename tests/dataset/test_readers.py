"""A dataset in a store that is made for who reads by its manifest: its files have no places in the folder."""

import json
from collections import Counter

import pytest

from dateline import open_dataset
from dateline.pipeline.store import s3
from dateline.pipeline.store.s3 import s3_client
from tests.conftest import EXAMPLES, dateline_here
from tests.helpers.stores import BUCKET, command_here, line_of

pytestmark = pytest.mark.slow

ADDRESS = "s3://dumps/some/news"


@pytest.fixture
def environ(store, here, tmp_path) -> dict[str, str]:
    here()
    return store.environ | {"XDG_CACHE_HOME": str(tmp_path / "caches")}


def run(environ, *args, inputs=EXAMPLES):
    return command_here(["run", "--input", *inputs, "--output", ADDRESS, *args], environ)


def names(store) -> set[str]:
    found = store.client.list_objects_v2(Bucket=BUCKET, Prefix="some/news/")["Contents"]
    return {each["Key"].removeprefix("some/news/") for each in found}


def calls_of_a_run(environ, monkeypatch, *args) -> Counter[str]:
    """The calls of the store that write a file's object, or a copy of it."""
    calls: Counter[str] = Counter()

    class Client:
        def __getattr__(self, name):
            real = getattr(s3_client(), name)

            def call(**arguments):
                if "/part-" in arguments.get("Key", "") or "_versions/" in arguments.get("Key", ""):
                    calls[name] += 1
                return real(**arguments)

            return call if callable(real) and name.endswith("_object") else real

    with monkeypatch.context() as patch:
        patch.setattr(s3, "s3_client", Client)
        assert run(environ, *args).returncode == 0
    return calls


def test_a_file_is_one_call_and_one_object(store, environ, sample, tmp_path, monkeypatch):
    calls = calls_of_a_run(environ, monkeypatch, "--readers", "manifest")
    files = len(
        json.loads(
            store.client.get_object(Bucket=BUCKET, Key="some/news/_manifests/00000001.json")["Body"].read()
        )["files"]
    )
    assert calls == {"put_object": files}
    found = names(store)
    assert not [name for name in found if name.startswith(("date=", "_keys", "_duplicates", "_rejected"))]
    assert len([name for name in found if name.startswith("_versions/")]) == files
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    table, expected = open_dataset(ADDRESS).to_table(), open_dataset(str(sample)).to_table()
    assert table.sort_by("id").equals(expected.sort_by("id"))
    done = command_here(["verify", ADDRESS, "--dumps", *EXAMPLES], environ)
    assert done.returncode == 0, done.stdout + done.stderr


def test_with_places_a_file_is_two_calls(store, environ, monkeypatch):
    calls = calls_of_a_run(environ, monkeypatch)
    assert set(calls) == {"put_object", "copy_object"}
    assert calls["put_object"] == calls["copy_object"]


def test_it_is_decided_when_the_dataset_is_made(store, environ, tmp_path):
    first = run(environ, "--readers", "manifest", inputs=EXAMPLES[:2])
    assert (first.returncode, "open_dataset" in first.stdout, "date=*" in first.stdout) == (0, True, False)
    done = run(environ, "--readers", "any")
    assert done.returncode == 2
    assert f"the dataset in {ADDRESS} was made with --readers manifest, and keeps to it" in line_of(done)
    assert run(environ).returncode == 0
    assert not [name for name in names(store) if name.startswith("date=")]
    assert command_here(["verify", ADDRESS], environ).returncode == 0
    done = dateline_here("run", "--input", *EXAMPLES, "--output", tmp_path / "news", "--readers", "manifest")
    assert done.returncode == 2
    assert "--readers goes with --output in an object store" in done.stderr


def test_it_is_repaired_as_it_is(store, environ):
    assert run(environ, "--readers", "manifest").returncode == 0
    before = names(store)
    stored = next(name for name in sorted(before) if name.startswith("_versions/"))
    store.client.delete_object(Bucket=BUCKET, Key=f"some/news/{stored}")
    store.put("some/news/date=2023-01-01/region=unknown/copy.arrow", b"a stray")
    assert command_here(["verify", ADDRESS], environ).returncode == 1
    done = command_here(["repair", ADDRESS, "--dumps", *EXAMPLES], environ)
    assert done.returncode == 0, done.stderr
    assert {name for name in names(store) if not name.startswith("_runs/")} == {
        name for name in before if not name.startswith("_runs/")
    }
    assert command_here(["verify", ADDRESS], environ).returncode == 0
