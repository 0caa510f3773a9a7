"""Restore: have a version that is kept be the newest once more, as a version of its own.

Nothing is written but a manifest: its files are there under their second names, and get their places back. Readers of any
version go on. Dumps that only came after the version count as unread, so that the next run can take them again.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pipeline import commit, commit_store, staging
from pipeline.dataset import Manifest, Version, sha256_of, store_of, versions
from pipeline.inputs import UsageError
from pipeline.mend import put_right
from pipeline.names import kept_name, run_folder
from pipeline.own import DamagedFile, require_folders, size_in
from pipeline.staging import File


def restored(root: str, wanted: Manifest, newest: Manifest, run: str) -> Manifest:
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
    """
    if wanted["version"] == newest["version"]:
        raise UsageError(f"version {wanted['version']} is the newest: there is nothing to restore")
    made = restored(root, wanted, newest, run)
    keep = len(versions(root)) + 1
    if store_of(root):
        commit_store.commit(root, made, wanted, [])
        commit_store.finish(root, run, keep)
        return made
    made["version"] = commit.next_version(root)
    staging.prepare(root, run)
    try:
        commit.commit(root, made, newest, _staged(root, wanted, newest, run))
        commit.finish(root, run, keep)
        put_right(root, made)
    finally:
        staging.clean_up(root, run)
    return made


def _staged(root: str, wanted: Manifest, newest: Manifest, run: str) -> Sequence[File]:
    """The version's files that the newest has not, as a run would stage them: linked from their second names."""
    there = {file["path"] for file in newest["files"]}
    none: dict[str, Any] = {name: np.empty(0, np.int64) for name in ("dumps", "offsets", "lengths")}
    files = []
    for number, entry in enumerate(file for file in wanted["files"] if file["path"] not in there):
        kept = kept_name(entry["path"])
        require_folders(root, kept, set())
        if size_in(root, kept) != entry["bytes"] or sha256_of(f"{root}/{kept}") != entry["sha256"]:
            raise DamagedFile(
                f"{root}/{kept}, which is {entry['path']} of version {wanted['version']}, is not there, or has other bytes: "
                "`dateline repair` may mend it"
            )
        staged = f"{run_folder(root, run)}/staged/{number:08d}"
        os.link(f"{root}/{kept}", staged)
        fields = {name: entry[name] for name in ("path", "kind", "rows", "bytes", "sha256")}
        files.append(File(**fields, staged=staged, **none, facts={}))
    return files
