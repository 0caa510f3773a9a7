"""Commit a version whose files are there already: in an older version, or in another dataset of the same dumps.

A file that the newest version lists, too, is left as it is. Of all others the bytes are looked at before anything is done.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from dateline.errors import DamagedFile, Locked
from dateline.pipeline.dataset import commit, commit_store, staging
from dateline.pipeline.dataset.relink import relink
from dateline.pipeline.dataset.safe_files import require_folders, size_in
from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.store_objects import Entry, are_current, require_bytes
from dateline.pipeline.dataset.tally import Tally
from dateline.pipeline.dataset.version import Manifest, version_numbers
from dateline.pipeline.names import STAGED, VERSIONS, run_folder
from dateline.pipeline.stop import held, let
from dateline.pipeline.store.bucket import Bucket
from dateline.pipeline.store.checksum import sha256_of


class Origin(NamedTuple):
    """Where the files of a version come from."""

    place: Callable[[str], str]
    """Where the file of a path lies."""
    copy: Callable[[str, str], Any]
    """Gives it another name, or copies it there."""


def publish(root: str, made: Manifest, newest: Manifest, run: str, origin: Origin) -> None:
    """Commit a version in a folder as a run does, and remove none. The caller holds the lock.

    Args:
        root: the dataset.
        made: the version's manifest; it is given its number.
        newest: that of the newest.
        run: what this is called.
        origin: where the files come from.

    Raises:
        DamagedFile: one is not there, or has other bytes.
    """
    made["version"] = commit.next_version(root)
    with held():
        try:
            staging.prepare(root, run)
            with let():
                require_folders(root, f"{VERSIONS}/", set())
                files = _staged(run_folder(root, run, STAGED), new_entries(made, newest), origin)
            commit.commit(root, made, newest, files)
            commit.finish(root, run, len(version_numbers(root)))
            relink(root, made)
        finally:
            staging.clean_up(root, run)


def _staged(folder: str, entries: Iterable[Entry], origin: Origin) -> list[File]:
    """Files as a run would stage them in a folder."""
    files = []
    for number, entry in enumerate(entries):
        place = origin.place(entry["path"])
        if size_in(*os.path.split(place)) != entry["bytes"] or sha256_of(place) != entry["sha256"]:
            raise DamagedFile(
                f"{place}, which is {entry['path']}, is not there, or has other bytes: `dateline repair` may mend it"
            )
        origin.copy(place, staged := f"{folder}/{number:08d}")
        files.append(_file(entry, staged))
    return files


def new_entries(made: Manifest, newest: Manifest) -> list[Entry]:
    """What a manifest says of the files that the newest version has not."""
    there = {file["path"] for file in newest["files"]}
    return [file for file in made["files"] if file["path"] not in there]


def _file(entry: Entry, staged: str) -> File:
    fields = {name: entry[name] for name in ("path", "kind", "rows", "bytes", "sha256")}
    return File(**fields, staged=staged, tally=Tally(), facts={})


def require_kept(bucket: Bucket, wanted: Manifest, newest: Manifest) -> None:
    """See that a version's objects are there in a store, and have the bytes that they should.

    Args:
        bucket: the dataset.
        wanted: the manifest of the version.
        newest: of the newest version; of the files that it lists, too, the size will do.

    Raises:
        DamagedFile: some are not there, or have other bytes.
        Locked: that is so since versions were made or removed meanwhile.
    """
    try:
        with let():
            require_bytes(bucket, wanted, {file["path"] for file in newest["files"]})
    except DamagedFile:
        if not are_current(bucket, [newest, wanted]):
            raise Locked(
                f"versions of {bucket.address} were made or removed meanwhile: nothing was restored"
            ) from None
        raise


def publish_in_store(bucket: Bucket, root: str, made: Manifest, before: Manifest, source: str = "") -> None:
    """Commit a version to a store, and remove none.

    Args:
        bucket: the dataset.
        root: its working copy.
        made: the manifest of the new version.
        before: of a version whose files are there.
        source: the folder of another dataset, which has those that are not.
    """
    files = [_file(entry, f"{source}/{entry['path']}") for entry in new_entries(made, before)]
    commit_store.commit(bucket, root, made, before, files)
    commit_store.tidy(bucket, made, commit_store.all_kept(bucket, made))
