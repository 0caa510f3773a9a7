"""The dataset's folder: what lies where in it, and what its manifests say.

    date=2023-09-07/region=eastern-europe/part-<hash>.arrow   the articles of a partition, by id
    _duplicates/part-<shard>-<hash>.arrow    the copies that were folded
    _keys/part-<shard>-<hash>.arrow          the articles once more, by what the rules of identity look at
    _rejected/part-<shard>-<hash>.arrow      what could not be used
    _manifests/<version>.json                the files of a version
    _versions/<hash>                         the files of all kept versions once more, as hard links
    _runs/<run>/                             the report of a run; while it runs also what it writes
    _lock                                    held by the run that is under way

What each may be called is in names.py. A version is what its manifest lists, nothing else. How a new one comes about is
in commit.py. The working copy of a dataset in an object store (commit_store.py) has _store.json, which says where that
is, and files only once they are read.
"""

import hashlib
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from dateline import schemas
from dateline.errors import DamagedFile, NewerDataset
from dateline.pipeline.dataset.safe_files import (
    parse_json,
    read_own,
    require_folders,
    require_shape,
    size_in,
)
from dateline.pipeline.names import (
    JOURNAL,
    LOCK,
    MANIFESTS,
    RUNS,
    SEEN,
    STORE,
    hash_of,
    is_run,
    kind_of,
    manifest_name,
    object_name,
    object_version,
    partition_or_shard,
    second_name,
    version_of,
)  # fmt: skip
from dateline.schemas.columns import arrow_schema, read_table

SCHEMAS: dict[str, schemas.Name] = {
    "articles": "article", "duplicates": "duplicate", "keys": "duplicate", "rejected": "reject",
}  # fmt: skip
"""The schema of each kind of file."""

Manifest = dict[str, Any]
"""In the terms of schemas/manifest.schema.json."""


def version_numbers(root: str) -> list[int]:
    """The numbers of all manifests, whole or torn, in order."""
    try:
        names = os.listdir(f"{root}/{MANIFESTS}")
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(number for name in names if (number := version_of(f"{MANIFESTS}/{name}")))


def read_manifest(root: str, version: int) -> Manifest | None:
    """A version's manifest; None where there is none, or a torn one: that never was a version.

    Raises:
        NewerDataset: its schema is newer than this program.
        DamagedFile: it is whole, and no manifest of that version.
    """
    try:
        text = read_own(root, manifest_name(version))
    except FileNotFoundError:
        return None
    known = _known.pop((root, version), None)
    if known and known[0] == text:
        _known[root, version] = known
        return known[1]
    manifest = parse_manifest(root, version, text)
    if manifest is not None:
        require_manifest(root, manifest, version)
        remember(root, version, text, manifest)
    return manifest


def remember(root: str, version: int, text: bytes, manifest: Manifest) -> None:
    """Have read_manifest() give this as long as its text is the same: a run reads a manifest several times, and a large one
    takes a tenth of a second to be parsed and checked. Nobody may change it from now on."""
    _known[root, version] = text, manifest
    while len(_known) > KNOWN:
        del _known[next(iter(_known))]


KNOWN = 2
"""Manifests that are remembered, those asked for last: a run builds on one, and makes one."""
_known: dict[tuple[str, int], tuple[bytes, Manifest]] = {}


def unchecked_manifest(root: str, version: int) -> Manifest | None:
    """The same as it stands there, valid or not: for who looks what is wrong with it."""
    try:
        return parse_manifest(root, version, read_own(root, manifest_name(version)))
    except FileNotFoundError:
        return None


def parse_manifest(root: str, version: int, text: str | bytes) -> Manifest | None:
    """A manifest from its text, valid or not; None if it is torn.

    Raises:
        NewerDataset, DamagedFile: see read_manifest().
    """
    manifest = parse_json(f"{root}/{manifest_name(version)}", text)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("schema_version"), int):
        return None
    if manifest["schema_version"] > schemas.VERSION:
        raise NewerDataset(
            f"{root} has schema version {manifest['schema_version']}, and this program knows up to "
            f"{schemas.VERSION}: use the Dateline that wrote it, or a newer one"
        )
    return manifest


def require_manifest(root: str, manifest: Manifest, version: int, stored: bool = False) -> None:
    """See that a manifest is valid, and calls files only what files of a dataset are called.

    Args:
        root: the dataset, for the message.
        manifest: as it was read.
        version: whose it is.
        stored: it is of a dataset in a store, and says where each file is.

    Raises:
        DamagedFile: it does not.
    """
    place = f"{root}/{manifest_name(version)}"
    require_shape(place, manifest, "manifest")
    if manifest["version"] != version:
        raise DamagedFile(f"{place} says that it is of version {manifest['version']}")
    if not is_run(manifest["run"]):
        raise DamagedFile(f"{place} is not valid at /run: {manifest['run']!r} is not what a run is called")
    slots: set[str] = set()
    for number, file in enumerate(manifest["files"]):
        path, wrong = file["path"], ""
        if kind_of(path) != file["kind"]:
            wrong = f"path: {path!r} is not what a file of the {file['kind']} is called"
        elif hash_of(path) != file["sha256"][:32]:
            wrong = f"sha256: it is not the one in the name of {path}"
        elif (slot := partition_or_shard(path)) in slots:
            wrong = f"path: {slot} has two files"
        elif (name := file.get("stored", "" if stored else None)) is not None and not (
            (by := object_version(name)) and by <= version and name == object_name(by, path)
        ):
            wrong = f"stored: {name!r} is not what the object of {path} is called"
        if wrong:
            raise DamagedFile(f"{place} is not valid at /files/{number}/{wrong}")
        slots.add(slot)


def latest_manifest(root: str) -> Manifest | None:
    """The newest manifest that is whole, or None where there is none.

    Raises:
        NewerDataset, DamagedFile: see read_manifest().
    """
    for number in reversed(version_numbers(root)):
        if (manifest := read_manifest(root, number)) is not None:
            return manifest
    return None


def is_unfinished(root: str) -> bool:
    """Whether a folder without a version holds nothing, or only what a run left that was killed."""
    return all(name in (RUNS, LOCK, SEEN, STORE, MANIFESTS) for name in os.listdir(root)) or any(
        Path(root, RUNS).glob(f"*/{JOURNAL}")
    )


class Version:
    """One version of a dataset, as whoever adds to it sees it."""

    def __init__(self, root: str, manifest: Manifest) -> None:
        self.root = root
        self.manifest = manifest
        self._folders: set[str] = set()
        self._checked: set[str] = set()
        self._by_folder = {partition_or_shard(file["path"]): file for file in manifest["files"]}
        """Folder, and shard in a ledger -> the entry of the file there."""

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

    def same_place(self, path: str) -> dict[str, Any] | None:
        """The entry of the file that a new one of this path replaces, if there is one."""
        return self._by_folder.get(partition_or_shard(path))

    def locate(self, path: str) -> str:
        """Where a file of this version lies: in its place, or, once a later version has replaced it, in VERSIONS.

        Raises:
            DamagedFile: there is a link on the way.
        """
        place = f"{self.root}/{path}"
        if self.is_in_place(path):
            return place
        if self.manifest["version"] == max(version_numbers(self.root), default=0):
            return place
        return f"{self.root}/{second_name(path)}"

    def is_in_place(self, path: str) -> bool:
        """Whether a file has its place in `root`.

        Raises:
            DamagedFile: there is a link on the way.
        """
        require_folders(self.root, path, self._folders)
        return size_in(self.root, path) is not None

    def believe(self, entry: dict[str, Any]) -> None:
        """Take the bytes of a file for those of its checksum: another process of this machine has just held them against it."""
        self._checked.add(self.locate(entry["path"]))

    def read(self, entry: dict[str, Any], columns: list[str] | None = None) -> pa.Table:
        """A file of this version, mapped into memory; held against its checksum before the first time that it is used.

        Columns that a later schema added, and the file has not, are null.

        Raises:
            DamagedFile: it is not there, or not what the manifest says, or no file of its kind.
        """
        path = entry["path"]
        try:
            path = self.locate(path)
            with pa.memory_map(path) as source:
                if path not in self._checked:
                    _require_checksum(path, source, entry["sha256"])
                    self._checked.add(path)
                table = read_table(source, arrow_schema(SCHEMAS[entry["kind"]]), columns)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DamagedFile(f"{path}: {error}") from error
        if len(table) != entry["rows"]:
            raise DamagedFile(f"{path}: it has {len(table)} rows, and {entry['rows']} in the manifest")
        return table


def _require_checksum(path: str, source: pa.MemoryMappedFile, digest: str) -> None:
    """Hash a mapped file: its bytes are then in memory for who reads them."""
    content = source.read_buffer() if source.size() else b""
    if hashlib.sha256(content).hexdigest() != digest:
        raise DamagedFile(f"{path}: its bytes are not those of the manifest's checksum")
