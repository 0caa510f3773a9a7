"""Restore: have a version that is kept be the newest once more, as a version of its own.

Nothing is written but a manifest: its files are there under their second names, and get their places back. Readers of any
version go on. Dumps that only came after the version count as unread, so that the next run can take them again.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from dateline.errors import DamagedFile, Locked, UsageError
from dateline.pipeline.dataset import commit, commit_store, staging
from dateline.pipeline.dataset.relink import relink
from dateline.pipeline.dataset.safe_files import require_folders, size_in
from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.store_objects import are_current, require_bytes
from dateline.pipeline.dataset.version import Manifest, Version, latest_manifest, store_of, version_numbers
from dateline.pipeline.names import VERSIONS, run_folder, second_name
from dateline.pipeline.stop import held, let
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.checksum import sha256_of


def manifest_as(root: str, wanted: Manifest, newest: Manifest, run: str) -> Manifest:
    """The manifest of the version that is as another was.

    Args:
        root: the dataset.
        wanted: the manifest of the version to restore.
        newest: that of the newest.
        run: what the restoring is called.
    """
    was, now = Version(root, wanted), Version(root, newest)
    there = {file["path"] for file in now.files()}
    changes = {
        what: was.rows(kind) - now.rows(kind)
        for what, kind in (("articles", "articles"), ("duplicates", "duplicates"), ("rejects", "rejected"))
    }
    return wanted | {
        "version": newest["version"] + 1,
        "run": run,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "changes": {
            "dumps": sorted(set(was.sources).difference(now.sources)),
            **changes,
            "files": sum(file["path"] not in there for file in was.files()),
        },
    }


def restore(root: str, wanted: Manifest, newest: Manifest, run: str) -> Manifest:
    """Make a version that is as another was; none is removed. The caller holds the lock, and has put in order what dead runs left.

    Args:
        root: the dataset; or the working copy of one in a store, which has all its versions.
        wanted: the manifest of the version to restore.
        newest: that of the newest.
        run: what this is called.

    Returns:
        The new version's manifest.

    Raises:
        UsageError: the newest is that version already.
        DamagedFile: a file of the version is missing, or has other bytes.
        Locked: in a store another run has made a version meanwhile, or this one was removed.
    """
    if wanted["version"] == newest["version"]:
        raise UsageError(f"version {wanted['version']} is the newest: there is nothing to restore")
    made = manifest_as(root, wanted, newest, run)
    if store_of(root):
        bucket = open_bucket(store_of(root))
        try:
            with let():
                require_bytes(bucket, wanted, {file["path"] for file in newest["files"]})
        except DamagedFile:
            if not are_current(bucket, [newest, wanted]):
                raise Locked(
                    f"versions of {bucket.address} were made or removed meanwhile: nothing was restored"
                ) from None
            raise
        return _publish_stored(root, made, wanted, [])
    return _publish(root, made, newest, run, os.link, lambda path: f"{root}/{second_name(path)}")


def replace_files(root: str, source: str, newest: Manifest, run: str) -> Manifest | None:
    """Make a version of the files of another dataset, which was made of the same dumps: where what a manifest says of its
    files is wrong, nothing in the dataset tells what is right. The caller holds the lock.

    Args:
        root: the dataset.
        source: the other one.
        newest: the manifest of the newest version.
        run: what this is called.

    Returns:
        The new version's manifest; None where the other dataset is not of the same dumps, or has the same files.
    """
    wanted = latest_manifest(source)
    if wanted is None or wanted["files"] == newest["files"]:
        return None
    now, then = ({(dump["source"], dump["sha256"]) for dump in each["dumps"]} for each in (newest, wanted))
    if now != then:
        return None
    made = manifest_as(root, wanted, newest, run) | {"dumps": newest["dumps"]}
    if store_of(root):
        there = {file["path"] for file in newest["files"]}
        new = [
            _file(entry, f"{source}/{entry['path']}") for entry in made["files"] if entry["path"] not in there
        ]
        return _publish_stored(root, made, newest, new)
    return _publish(root, made, newest, run, shutil.copyfile, lambda path: f"{source}/{path}")


def _publish_stored(root: str, made: Manifest, before: Manifest, files: Sequence[File]) -> Manifest:
    """The same of a dataset in a store, which lists what another version lists, and these files."""
    commit_store.commit(root, made, before, files)
    bucket = open_bucket(store_of(root))
    commit_store.tidy(bucket, made, commit_store.all_kept(bucket, made))
    return made


def _publish(
    root: str,
    made: Manifest,
    newest: Manifest,
    run: str,
    copy: Callable[[str, str], Any],
    place: Callable[[str], str],
) -> Manifest:
    """Commit a version as a run does, and remove none.

    Args:
        root: the dataset.
        made: the version's manifest.
        newest: that of the newest.
        run: what this is called.
        copy: gives a file another name, or copies it there.
        place: where the file of a path is.
    """
    made["version"] = commit.next_version(root)
    with held():
        try:
            staging.prepare(root, run)
            with let():
                files = _staged(root, made, newest, run, copy, place)
            commit.commit(root, made, newest, files)
            commit.finish(root, run, len(version_numbers(root)))
            relink(root, made)
        finally:
            staging.clean_up(root, run)
    return made


def _staged(
    root: str,
    wanted: Manifest,
    newest: Manifest,
    run: str,
    copy: Callable[[str, str], Any],
    place: Callable[[str], str],
) -> Sequence[File]:
    """The version's files that the newest has not, as a run would stage them."""
    there = {file["path"] for file in newest["files"]}
    files = []
    for number, entry in enumerate(file for file in wanted["files"] if file["path"] not in there):
        found = place(entry["path"])
        folder, name = os.path.split(found)
        require_folders(root, f"{VERSIONS}/", set())
        if size_in(folder, name) != entry["bytes"] or sha256_of(found) != entry["sha256"]:
            raise DamagedFile(
                f"{found}, which is {entry['path']}, is not there, or has other bytes: `dateline repair` may mend it"
            )
        staged = f"{run_folder(root, run)}/staged/{number:08d}"
        copy(found, staged)
        files.append(_file(entry, staged))
    return files


def _file(entry: dict[str, Any], staged: str) -> File:
    none: dict[str, Any] = {name: np.empty(0, np.int64) for name in ("dumps", "offsets", "lengths")}
    fields = {name: entry[name] for name in ("path", "kind", "rows", "bytes", "sha256")}
    return File(**fields, staged=staged, **none, facts={})
