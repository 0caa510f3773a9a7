"""The dataset's folder: what lies where in it, and what its manifests say.

    date=2023-09-07/region=eastern-europe/part-<hash>.arrow   the articles of a partition, by id
    _duplicates/part-<shard>-<hash>.arrow    the copies that were folded
    _keys/part-<shard>-<hash>.arrow          the articles once more, by what the rules of identity look at
    _rejected/part-<shard>-<hash>.arrow      what could not be used
    _manifests/<version>.json                the files of a version
    _versions/<hash>                         the files of all kept versions once more, as hard links
    _runs/<run>/                             the report of a run; while it runs also what it writes
    _lock                                    held by the run that is under way

A version is what its manifest lists, nothing else. How a new one comes about is in commit.py. The working copy of a
dataset in an object store (commit_store.py) has _store.json, which says where that is, and files only once they are read.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

import schemas
from pipeline.rules.columns import arrow_schema, upgraded
from pipeline.stores import open_file

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""Hive's name for a null partition value; readers turn it back into null."""

MANIFESTS, RUNS, VERSIONS = "_manifests", "_runs", "_versions"
DUPLICATES, REJECTED, KEYS = "_duplicates", "_rejected", "_keys"
LOCK, SEEN, STORE = "_lock", "_seen.json", "_store.json"

SCHEMAS: dict[str, schemas.Name] = {
    "articles": "article", "duplicates": "duplicate", "keys": "duplicate", "rejected": "reject",
}  # fmt: skip
"""The schema of each kind of file."""

Granularity = Literal["day", "month", "year"]
GRANULARITIES: dict[Granularity, int] = {"day": 10, "month": 7, "year": 4}
"""How fine the partitions by date are, and how much of YYYY-MM-DD names one."""

Manifest = dict[str, Any]
"""In the terms of schemas/manifest.schema.json."""

_MANIFEST = re.compile(r"(\d{8})\.json")


class NewerDataset(Exception):
    """A dataset was written by a newer program; the message says what to do."""


class DamagedFile(Exception):
    """A file of a version is not what its manifest says; the message names it."""


def partition_folder(updated: str | None, region: str, granularity: Granularity = "day") -> str:
    """Where the rows of a day and region stand. Both come from fixed forms, never from a dump's text."""
    value = updated[: GRANULARITIES[granularity]] if updated else NULL_PARTITION
    return f"date={value}/region={region}"


def run_folder(root: str, run: str) -> str:
    return f"{root}/{RUNS}/{run}"


def progress_folder(root: str, run: str) -> str:
    return f"{run_folder(root, run)}/progress"


def spool_folder(root: str, run: str) -> str:
    """Where a run unpacks what is not plain text; removed when it ends."""
    return f"{run_folder(root, run)}/spool"


def dumps_list(root: str, run: str) -> str:
    """The file that lists the dumps of a run."""
    return f"{spool_folder(root, run)}/dumps.json"


def parsed_folder(root: str, run: str) -> str:
    """Where a run's parsed records wait until it is known which win."""
    return f"{run_folder(root, run)}/parsed"


def shuffled_folder(root: str, run: str) -> str:
    """Where rows lie that go from one of a run's workers to another."""
    return f"{run_folder(root, run)}/shuffled"


def manifest_name(version: int) -> str:
    """The path of a version's manifest in the dataset."""
    return f"{MANIFESTS}/{version:08d}.json"


def versions(root: str) -> list[int]:
    """The numbers of all manifests, whole or torn, in order."""
    names = (path.name for path in Path(root, MANIFESTS).glob("*.json"))
    return sorted(int(match[1]) for name in names if (match := _MANIFEST.fullmatch(name)))


def read_manifest(root: str, version: int) -> Manifest | None:
    """A version's manifest; None where there is none, or a torn one: that never was a version.

    Raises:
        NewerDataset: its schema is newer than this program.
    """
    try:
        text = Path(root, manifest_name(version)).read_text("utf-8")
    except (ValueError, FileNotFoundError):
        return None
    return parse_manifest(root, text)


def parse_manifest(root: str, text: str | bytes) -> Manifest | None:
    """A manifest from its text; None if it is torn.

    Raises:
        NewerDataset: see read_manifest().
    """
    try:
        manifest = json.loads(text)
    except ValueError:
        return None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("schema_version"), int):
        return None
    if manifest["schema_version"] > schemas.VERSION:
        raise NewerDataset(
            f"{root} has schema version {manifest['schema_version']}, and this program knows up to "
            f"{schemas.VERSION}: use the Dateline that wrote it, or a newer one"
        )
    return manifest


def latest_manifest(root: str) -> Manifest | None:
    """The newest manifest that is whole, or None where there is none.

    Raises:
        NewerDataset: see read_manifest().
    """
    for number in reversed(versions(root)):
        if (manifest := read_manifest(root, number)) is not None:
            return manifest
    return None


def is_unfinished(root: str) -> bool:
    """Whether a folder without a version holds nothing, or only what a run left that was killed."""
    return all(name in (RUNS, LOCK, SEEN, STORE, MANIFESTS) for name in os.listdir(root)) or any(
        Path(root, RUNS).glob("*/commit.json")
    )


def store_of(root: str) -> str:
    """The address of the store that a folder is the working copy of; "" for a dataset that lies here."""
    try:
        return str(json.loads(Path(root, STORE).read_text("utf-8"))["address"])
    except FileNotFoundError:
        return ""


def totals(manifest: Manifest) -> dict[str, int]:
    """What a version has: its rows by kind, and how many dumps it was made of."""
    rows = Counter[str]()
    for file in manifest["files"]:
        rows[file["kind"]] += file["rows"]
    return {
        "articles": rows["articles"],
        "duplicates": rows["duplicates"],
        "rejects": rows["rejected"],
        "dumps": len(manifest["dumps"]),
    }


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open_file(os.fspath(path)) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Version:
    """One version of a dataset, as whoever adds to it sees it."""

    def __init__(self, root: str, manifest: Manifest) -> None:
        self.root = root
        self.manifest = manifest

    @cached_property
    def _store(self) -> str:
        return store_of(self.root)

    @cached_property
    def _by_folder(self) -> dict[str, dict[str, Any]]:
        """Folder, and shard in a ledger -> the entry of the file there."""
        return {slot(file["path"]): file for file in self.manifest["files"]}

    @cached_property
    def sources(self) -> list[str]:
        """The sources of its dumps, sorted."""
        return sorted(dump["source"] for dump in self.manifest["dumps"])

    def files(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """The manifest's entries of one kind, or of all."""
        return (file for file in self.manifest["files"] if kind in (None, file["kind"]))

    def rows(self, kind: str) -> int:
        """Rows of a kind."""
        return sum(file["rows"] for file in self.files(kind))

    def partition(self, folder: str) -> dict[str, Any] | None:
        """The entry of the file of a partition, if it has one."""
        return self._by_folder.get(folder)

    def shard(self, folder: str, shard: int) -> dict[str, Any] | None:
        """The entry of a ledger's file of that number, if there is one."""
        return self._by_folder.get(f"{folder}/{shard:02d}")

    def same_slot(self, path: str) -> dict[str, Any] | None:
        """The entry of the file that a new one of this path replaces, if there is one."""
        return self._by_folder.get(slot(path))

    def locate(self, path: str) -> str:
        """Where a file of this version lies: in its place, or, once a later version has replaced it, in VERSIONS. In
        a working copy it is fetched to its place.

        Raises:
            OSError: it is not in the store, or has other bytes there.
            pipeline.stores.StoreError: the store failed.
        """
        place = f"{self.root}/{path}"
        if os.path.exists(place):
            return place
        if self._store:
            from pipeline.bucket import open_bucket

            entry = self._by_folder[slot(path)]
            open_bucket(self._store).download(entry["stored"], place, entry["sha256"])
            return place
        if self.manifest["version"] == max(versions(self.root), default=0):
            return place
        return f"{self.root}/{kept_name(path)}"

    def read(self, entry: dict[str, Any], columns: list[str] | None = None) -> pa.Table:
        """A file of this version, mapped into memory; checked against its checksum if it is read whole.

        Columns that a later schema added, and the file has not, are null.

        Raises:
            DamagedFile: it is not there, or not what the manifest says.
        """
        path = entry["path"]
        try:
            path = self.locate(path)
            if columns is None and sha256_of(path) != entry["sha256"]:
                raise DamagedFile(f"{path}: its bytes are not those of the manifest's checksum")
            with pa.memory_map(path) as source:
                if columns is None:
                    return upgraded(pa.ipc.open_file(source).read_all(), arrow_schema(SCHEMAS[entry["kind"]]))
                names = pa.ipc.open_file(source).schema.names
                options = pa.ipc.IpcReadOptions(included_fields=[names.index(name) for name in columns])
                return pa.ipc.open_file(source, options=options).read_all()
        except (OSError, pa.ArrowException) as error:
            raise DamagedFile(f"{path}: {error}") from error


def kept_name(path: str) -> str:
    """The second name of a file of this path, in the dataset: its content's hash, below VERSIONS."""
    return f"{VERSIONS}/{path.rsplit('-', 1)[1].removesuffix('.arrow')}"


def slot(path: str) -> str:
    """What a file is the only one for: its partition's folder, or its ledger and shard."""
    folder, name = path.rsplit("/", 1)
    return f"{folder}/{name.split('-')[1]}" if folder.startswith("_") else folder


@lru_cache(2)
def version(root: str, number: int) -> Version | None:
    """A version, read once a process; None for number 0: there is none yet.

    Raises:
        DamagedFile: its manifest cannot be read.
    """
    if not number:
        return None
    manifest = read_manifest(root, number)
    if manifest is None:
        raise DamagedFile(f"{root}/{manifest_name(number)} cannot be read")
    return Version(root, manifest)
