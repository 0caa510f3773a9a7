"""The same of a dataset in a store: what a bucket says leads to no file of this machine, and to no object of others."""

import contextlib
import json

import pyarrow as pa
import pytest

from dateline import open_dataset
from dateline.errors import DamagedFile, StoreError
from tests.dataset.test_hostile import DIGEST, FERRY, PART, beside, dump, looks
from tests.helpers.stores import BUCKET, client_for, command_here, line_of

pytestmark = pytest.mark.slow

ADDRESS = f"s3://{BUCKET}/some/news"
NEWEST, POINTER = "_manifests/00000002.json", "_manifests/latest.json"
Objects = dict[str, bytes]


@pytest.fixture
def environ(store, tmp_path, monkeypatch) -> dict[str, str]:
    """Also for temporary folders, which are beside what nobody may touch, too."""
    import tempfile

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return store.environ | {"XDG_CACHE_HOME": str(tmp_path / "tmp"), "AWS_RETRY_MODE": "standard"}


_good: Objects = {}


@pytest.fixture
def good(store, environ, tmp_path) -> Objects:
    """The objects of a dataset of two versions; the runs that make it are done once."""
    if not _good:
        for number in range(2):
            done = command_here(["run", "--input", dump(tmp_path, number), "--output", ADDRESS], environ)
            assert done.returncode == 0, done.stderr
        _good.update(objects(store))
        store.reset()
    return dict(_good)


def objects(store) -> Objects:
    return {
        found["Key"].removeprefix("some/news/"): store.client.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
        for found in store.client.list_objects_v2(Bucket=BUCKET).get("Contents", ())
    }  # fmt: skip


def says(name: str, **fields):
    """Have an object of JSON say something else."""

    def change(found: Objects) -> None:
        found[name] = json.dumps(json.loads(found[name]) | fields).encode()

    return change


def first_file(name: str = NEWEST, kind: str = "", **fields):
    """Have a manifest say something else of its first file, of a kind."""

    def change(found: Objects) -> None:
        said = json.loads(found[name])
        entry = next(file for file in said["files"] if kind in ("", file["kind"]))
        entry |= fields
        for field in [field for field, value in fields.items() if value is None]:
            del entry[field]
        found[name] = json.dumps(said).encode()

    return change


def is_text(name: str, text: str):
    return lambda found: found.update({name: text.encode()})


REFUSED = {
    "a file above": first_file(path=f"../beside/{PART}"),
    "a file of the working copy's caches": first_file(path="../../../beside/new"),
    "a path": first_file(path="/tmp/new"),
    "a region above": first_file(path=f"date=2023-01-01/region=../../../beside/{PART}", sha256=DIGEST * 2),
    "an older file above": first_file("_manifests/00000001.json", path=f"../beside/{PART}"),
    "the lock": first_file(path="_lock"),
    "an object above": first_file(stored=f"../other/{DIGEST}.arrow"),
    "an object of another file": first_file(stored=f"_versions/00000001/{DIGEST}.arrow"),
    "an object of a later version": first_file(stored=f"_versions/00000009/{DIGEST}.arrow"),
    "an object in no folder": first_file(stored="_manifests/latest.json"),
    "no object": first_file(stored=None),
    "another kind": first_file(kind="articles", path=f"_keys/part-00-{DIGEST}.arrow", sha256=DIGEST * 2),
    "another version": says(NEWEST, version=1),
    "an endless version": says(NEWEST, version=10**9),
    "a run above": says(NEWEST, run="../../beside"),
    "no settings": says(NEWEST, settings={}),
    "no files": says(NEWEST, files=None),
    "a list": is_text(NEWEST, "[]"),
    "a torn manifest": is_text(NEWEST, '{"schema_version": 1,'),
    "nested without end": is_text(NEWEST, "[" * 100_000),
    "a pointer above": says(POINTER, version="../../beside"),
    "a pointer of -1": says(POINTER, version=-1),
    "a pointer of halves": says(POINTER, version=1.5),
    "a pointer of too much": says(POINTER, version=10**12),
    "a pointer behind all": says(POINTER, version=77),
    "a torn pointer": is_text(POINTER, '{"version"'),
    "a pointer that is a list": is_text(POINTER, "[1]"),
    "a pointer without end": is_text(POINTER, "[" * 100_000),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_nobody_works_with_it(store, environ, good, tmp_path, change):
    change(good)
    for name, data in good.items():
        store.put(f"some/news/{name}", data)
    store.put(f"some/other/{DIGEST}.arrow", b"not the dataset's")
    out, before = beside(tmp_path / "beside"), objects(store)
    aside = looks(out)
    commands = [
        ["log", ADDRESS], ["run", "--quiet", "--input", dump(tmp_path, 2), "--output", ADDRESS],
        ["explain", ADDRESS, FERRY.headline], ["diff", ADDRESS, "1", "2"], ["verify", ADDRESS],
        ["prune", ADDRESS, "--keep-versions", "1"], ["restore", ADDRESS, "--version", "1"],
    ]  # fmt: skip
    if change is not REFUSED["a pointer above"]:  # which a repair mends
        commands.append(["repair", ADDRESS])
    names_a_file = change in [REFUSED[name] for name in REFUSED if "above" in name or "object" in name]
    for command in commands if names_a_file else commands[:2]:  # the others read no more than these
        done = command_here(command, environ)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == 1, (command, done.stderr)
        assert line_of(done)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        client_for(environ)
        with contextlib.suppress(DamagedFile, StoreError, OSError, pa.ArrowException):
            open_dataset(ADDRESS).to_table()
    assert looks(out) == aside
    assert objects(store) == before
    assert {path.name for path in (tmp_path / "tmp").iterdir()} <= {"dateline"}
    assert not list((tmp_path / "tmp").rglob("*.arrow"))


def test_names_of_others_in_the_bucket_stay(store, environ, good, tmp_path):
    """Listed among the dataset's own, they are none of its files."""
    names = (
        f"date=2023-01-01/region=x/{PART}.bak", "_keys/notes.arrow", "date=2023-01-01/region=../x/y.arrow", "notes",
        "_manifests/1.json", "_versions/notes",
    )  # fmt: skip
    for name in (*good, *names):
        store.put(f"some/news/{name}", good.get(name, b"mine"))
    done = command_here(["run", "--quiet", "--input", dump(tmp_path, 2), "--output", ADDRESS], environ)
    assert done.returncode == 0, done.stderr
    assert {name: data for name, data in objects(store).items() if name in names} == dict.fromkeys(
        names, b"mine"
    )
