"""A dataset may come from anybody: no name in it, and no link, leads a command to a file that is not the dataset's."""

import contextlib
import hashlib
import json
import os
import shutil
import struct
from pathlib import Path

import pyarrow as pa
import pytest

from dateline import open_dataset
from dateline.errors import DamagedFile, NewerDataset
from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.names import manifest_name
from tests.conftest import dateline_here
from tests.helpers.damage import Dataset
from tests.helpers.pages import Article, plain

FERRY = Article(headline="Ferry is back", slot="https://arab.news/fe22y")
PIER = Article(headline="Pier is longer than it was")
LAMP = Article(headline="Lamp of the lighthouse is lit", stamp="09 September 2023")
DUMPS = ((FERRY, PIER, FERRY), (LAMP, PIER), (FERRY, LAMP, PIER))
DIGEST = "0123456789abcdef0123456789abcdef"
PART = f"part-{DIGEST}.arrow"
PRECIOUS = "not a dataset's"


def dump(folder: Path, number: int) -> Path:
    path = folder / f"dump-{number}.txt"
    path.write_text("\n\n\n".join(["Words of no article.", *map(plain, DUMPS[number])]))
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    """A dataset of two versions, and a dump that it has not read."""
    folder = tmp_path_factory.mktemp("good")
    for number in range(2):
        done = dateline_here("run", "--input", dump(folder, number), "--output", folder / "news")
        assert done.returncode == 0, done.stderr
    dump(folder, 2)
    return folder


def beside(folder: Path) -> Path:
    """What nobody may touch: files of all names that a dataset's have, and of none."""
    folder.mkdir()
    for name in (
        "precious", "lock", "commit.json", "_seen.json", f"date=2023-01-01/region=unknown/{PART}", PART, "staged/one",
        "00000009.json", "x/commit.json", "empty/", ".tmp-1", DIGEST,
    ):  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_text(PRECIOUS)
    return folder


def looks(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """All of a folder: the kind of each entry, and its bytes; links are not followed."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            os.readlink(path).encode()
            if path.is_symlink()
            else path.read_bytes()
            if path.is_file()
            else None,
        )
        for path in sorted(folder.rglob("*"))
    }


def edit(path: Path, **fields) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def manifest(news: Path, number: int = 2, **fields) -> None:
    edit(news / manifest_name(number), **fields)


def first_file(news: Path, number: int = 2, **fields) -> None:
    """Change fields of the first file of a manifest."""
    files = json.loads((news / manifest_name(number)).read_text())["files"]
    manifest(news, number, files=[files[0] | fields, *files[1:]])


def journal(news: Path, text: str | None = None, **fields) -> None:
    folder = news / "_runs/x"
    folder.mkdir()
    said = {"version": 3, "named": [], "replaced": []} | fields
    (folder / "commit.json").write_text(json.dumps(said) if text is None else text)


def to(path: Path, target: Path) -> None:
    """Have a link in the place of something; what was there is where it leads, unless that is something already."""
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, target, dirs_exist_ok=True)
        shutil.rmtree(path)
    elif path.exists():
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def pipe(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def an_article(news: Path) -> Path:
    return news / next(
        file["path"] for file in latest_manifest(str(news))["files"] if file["kind"] == "articles"
    )


def ledger(news: Path, content: bytes, kind: str = "keys") -> None:
    """Other bytes for a ledger, of which the manifest says the checksum and size."""
    data = Dataset(news)
    entry, _ = data.find(kind)
    batch = pa.record_batch({"id": ["0"]})
    new = data.write_batch(entry, batch)  # for the name; then the bytes
    digest = hashlib.sha256(content).hexdigest()
    os.unlink(news / new["path"])
    new |= {"bytes": len(content), "sha256": digest, "path": new["path"][:-38] + digest[:32] + ".arrow"}
    (news / new["path"]).write_bytes(content)
    data.save()


def bad_offsets(news: Path, kind: str = "keys") -> None:
    """The first file of a kind has ids that reach far behind its bytes."""
    entry, _ = Dataset(news).find(kind)
    data = (news / entry["path"]).read_bytes()
    good = struct.pack("<2i", 0, 32)
    assert good in data
    ledger(news, data.replace(good, struct.pack("<2i", 0, 1 << 30)), kind)


def other_columns(news: Path) -> None:
    data = Dataset(news)
    data.write_batch(data.find("keys")[0], pa.record_batch({"id": ["0"]}))


REFUSED = {
    "runs is a link": lambda news, out: to(news / "_runs", out),
    "a run is a link": lambda news, out: (news / "_runs/x").symlink_to(out),
    "a run's staged is a link": lambda news, out: to(news / "_runs/x/staged", out / "staged"),
    "a run's progress is a link": lambda news, out: (
        journal(news), (news / "_runs/x/progress").symlink_to(out)
    ),
    "a journal is a link": lambda news, out: to(news / "_runs/x/commit.json", out / "commit.json"),
    "a journal is a pipe": lambda news, out: pipe(news / "_runs/x/commit.json"),
    "versions is a link": lambda news, out: to(news / "_versions", out),
    "manifests is a link": lambda news, out: to(news / "_manifests", out / "manifests"),
    "a manifest is a link": lambda news, out: to(news / manifest_name(2), out / "manifest"),
    "a manifest is a pipe": lambda news, out: pipe(news / manifest_name(3)),
    "a manifest is a folder": lambda news, out: (news / manifest_name(3)).mkdir(),
    "a temporary manifest is a link": lambda news, out: (news / "_manifests/.tmp-1").symlink_to(out / ".tmp-1"),
    "the lock is a link": lambda news, out: to(news / "_lock", out / "lock"),
    "the lock is a link to nothing": lambda news, out: to(news / "_lock", out / "new"),
    "the lock is a pipe": lambda news, out: pipe(news / "_lock"),
    "the lock is a file's other name": lambda news, out: (
        (news / "_lock").unlink(), os.link(out / "lock", news / "_lock")
    ),
    "what is seen is a link": lambda news, out: to(news / "_seen.json", out / "_seen.json"),
    "what is seen is a pipe": lambda news, out: pipe(news / "_seen.json"),
    "what is seen is written to a link": lambda news, out: (news / "_seen.tmp").symlink_to(out / "precious"),
    "a ledger is a link": lambda news, out: to(news / "_keys", out / "keys"),
    "a date is a link": lambda news, out: to(an_article(news).parents[1], out / "date"),
    "a region is a link": lambda news, out: to(an_article(news).parent, out / "region"),
    "an article's file is a link": lambda news, out: to(an_article(news), out / "file"),
    "a second name is a link": lambda news, out: to(next((news / "_versions").iterdir()), out / "file"),
    "a working copy": lambda news, out: (news / "_store.json").write_text('{"address": "s3://foreign/news"}'),
    "a working copy of nothing": lambda news, out: (news / "_store.json").write_text("[1]"),
    "a journal names what is above": lambda news, out: journal(news, named=[f"../{out.name}/precious"]),
    "a journal replaces what is above": lambda news, out: journal(news, replaced=[f"../{out.name}/{PART}"]),
    "a journal names a path": lambda news, out: journal(news, replaced=[str(out / "precious")]),
    "a journal names a region above": lambda news, out: journal(
        news, named=[f"date=2023-01-01/region=../../../{out.name}/{PART}"]
    ),
    "a journal names another dataset's": lambda news, out: journal(
        news, named=[f"other/date=2023-01-01/region=unknown/{PART}"]
    ),
    "a journal names a name and a line's end": lambda news, out: journal(news, named=[f"_keys/part-00-{DIGEST}.arrow\n"]),
    "a journal names the lock": lambda news, out: journal(news, named=["_lock"]),
    "a journal is a list": lambda news, out: journal(news, "[]"),
    "a journal is null": lambda news, out: journal(news, "null"),
    "a journal names numbers": lambda news, out: journal(news, named=[1]),
    "a journal names nothing": lambda news, out: journal(news, named=None),
    "a journal is nested without end": lambda news, out: journal(news, "[" * 100_000),
    "a manifest names what is above": lambda news, out: first_file(news, path=f"../{out.name}/{PART}"),
    "a manifest names a path": lambda news, out: first_file(news, path=str(out / PART)),
    "a manifest names nothing": lambda news, out: first_file(news, path=""),
    "a manifest names a region above": lambda news, out: first_file(
        news, path=f"date=2023-01-01/region=../../../{out.name}/{PART}", sha256=DIGEST * 2
    ),
    "a manifest names another kind": lambda news, out: first_file(news, kind="keys"),
    "a manifest names another hash": lambda news, out: first_file(news, sha256=DIGEST * 2),
    "a manifest names a file twice": lambda news, out: manifest(
        news, files=json.loads((news / manifest_name(2)).read_text())["files"] * 2
    ),
    "an older manifest names what is above": lambda news, out: first_file(news, 1, path=f"../{out.name}/{PART}"),
    "a manifest has a run above": lambda news, out: manifest(news, run=f"../../{out.name}"),
    "a manifest of another version": lambda news, out: manifest(news, version=7),
    "a manifest of version -1": lambda news, out: manifest(news, version=-1),
    "a manifest without settings": lambda news, out: manifest(news, settings=None),
    "a manifest with other settings": lambda news, out: manifest(news, settings={"date_granularity": 3}),
    "a manifest whose files are a text": lambda news, out: manifest(news, files="all"),
    "a manifest whose dumps are numbers": lambda news, out: manifest(news, dumps=[1, 2]),
    "a manifest with halves of rows": lambda news, out: first_file(news, rows=1.5),
    "a manifest with a whole number that is none": lambda news, out: manifest(news, version=2.0),
    "a manifest with no number": lambda news, out: first_file(news, rows=float("nan")),
    "a manifest with a long number": lambda news, out: first_file(news, rows=10**40),
    "a manifest with half a character": lambda news, out: manifest(news, made="\ud800"),
    "a manifest nested without end": lambda news, out: (news / manifest_name(3)).write_text('{"a":' * 100_000),
}  # fmt: skip
"""Nobody works with these; what each does to a good dataset, and to the folder beside."""

DAMAGED = {
    "a ledger is no Arrow": lambda news, out: ledger(news, b"no Arrow at all"),
    "a ledger has bad offsets": lambda news, out: bad_offsets(news),
    "an article's file has bad offsets": lambda news, out: bad_offsets(news, "articles"),
    "a ledger of other columns": lambda news, out: other_columns(news),
}
"""Nothing that leads out, but nothing to build upon."""

TAKEN = {
    "what is seen is a list": lambda news, out: (news / "_seen.json").write_text("[1]"),
    "what is seen is a text": lambda news, out: (news / "_seen.json").write_text('{"/": "x"}'),
    "what is seen is nested without end": lambda news, out: (news / "_seen.json").write_text("[" * 100_000),
    "what is seen is written to a file's other name": lambda news, out: os.link(
        out / "precious", news / "_seen.tmp"
    ),
    "a torn manifest": lambda news, out: (news / manifest_name(3)).write_text('{"schema_version": 1, "ver'),
    "a torn journal": lambda news, out: journal(news, '{"version": 3, "named": ["../'),
    "a file of a foreign name": lambda news, out: (an_article(news).parent / "_notes").write_text("mine"),
    "a run of a foreign name": lambda news, out: (news / "_runs/no run").mkdir(),
    "manifests of foreign names": lambda news, out: (news / "_manifests/..json").write_text("mine"),
}
"""These a run mends, or leaves alone."""


def commands(good: Path, news: Path) -> list[tuple[str, ...]]:
    return [
        ("log", news), ("log", news, "--json"), ("explain", news, FERRY.headline), ("diff", news, "1", "2"),
        ("verify", news), ("verify", news, "--version", "1"),
        ("prune", news, "--keep-versions", "1"),
        ("run", "--quiet", "--input", good / "dump-2.txt", "--output", news),
    ]  # fmt: skip


def tried(good: Path, tmp_path: Path, change) -> dict[str, tuple[int, str]]:
    """What each command makes of a changed dataset: status and messages. What is beside it stays as it is."""
    found = {}
    shutil.copytree(good / "news", tmp_path / "made")
    out = beside(tmp_path / "beside")
    change(tmp_path / "made", out)
    before = looks(out)
    news = tmp_path / "made"
    for number, command in enumerate(commands(good, news)):
        done = dateline_here(*command)
        assert "Traceback" not in done.stderr, (command, done.stderr)
        assert done.returncode in range(5)
        assert looks(out) == before, command
        found[f"{command[0]} {number}"] = done.returncode, done.stderr
    with contextlib.suppress(DamagedFile, NewerDataset, OSError, pa.ArrowException):
        open_dataset(news).to_table()
    assert looks(out) == before
    return found


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_nobody_works_with_it(good, tmp_path, change):
    """A run and prune end with 1 and one line; the others do, too, or have nothing to do with what is wrong."""
    found = tried(good, tmp_path, change)
    for command in ("run 7", "prune 6"):
        status, told = found[command]
        assert status == 1, (command, told)
        assert len(told.splitlines()) == 1, told
        assert told.startswith("dateline: error: ")
    assert all(status in (0, 1) for status, _ in found.values()), found


@pytest.mark.parametrize("change", DAMAGED.values(), ids=DAMAGED)
def test_nothing_is_built_upon_it(good, tmp_path, change):
    found = tried(good, tmp_path, change)
    status, told = found["run 7"]
    assert status == 1, told
    assert len(told.splitlines()) == 1, told
    assert "nothing was committed: " in told
    assert "/part-" in told


@pytest.mark.parametrize("change", TAKEN.values(), ids=TAKEN)
def test_a_run_goes_on(good, tmp_path, change):
    found = tried(good, tmp_path, change)
    assert found["run 7"][0] == 0, found
    assert dateline_here("verify", tmp_path / "made").returncode == 0


def test_there_are_enough_of_them():
    assert len(REFUSED) > 30
