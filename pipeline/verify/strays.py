"""Strays: what stands in a dataset's folder where readers look, and no manifest lists; or is not what it lists."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from dateline.pipeline.dataset.relink import is_hidden, visible_files
from dateline.pipeline.dataset.store_manifests import newest_manifest, read_pointer
from dateline.pipeline.dataset.store_objects import check_bytes
from dateline.pipeline.dataset.version import Version, store_of, version_numbers
from dateline.pipeline.names import RUNS, kind_of
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.verify.finding import Finding, Summary


def strays(version: Version) -> list[str]:
    """The paths that are there, and that the newest version does not list: they are in readers' sight, or in a ledger."""
    listed = {file["path"] for file in version.files()}
    store = store_of(version.root)
    there = open_bucket(store).names() if store else visible_files(version.root)
    return sorted(
        path for path in there if path not in listed and path[-1:] not in ("", "/") and not is_hidden(path)
    )


def check_strays(version: Version, damaged: Collection[str], summary: Summary) -> Iterator[Finding]:
    """Nothing is there that the newest version does not list; of others there is nothing to check.

    Args:
        version: that is looked at.
        damaged: files of it that something is wrong with: one beside is what it was, and told with it.
        summary: is told what could not be checked.
    """
    newest = max(version_numbers(version.root), default=0)
    if version.manifest["version"] != newest or not os.path.isdir(version.root):
        return
    if _is_being_changed(version.root, newest):
        summary.not_checked.append("what is there and not listed, since a run is about to commit, or died so")
        return
    wrong = list(_shown(version))
    found = strays(version)
    if _newest(version.root) != newest:  # a run has committed meanwhile
        return
    yield from wrong
    for path in found:
        entry = version.same_slot(path) if kind_of(path) else None
        if entry and entry["path"] in damaged:
            continue
        what = "a file of a dataset" if kind_of(path) else "no file of a dataset"
        yield Finding(
            "stray", path, None, "there, and not listed", what, "nothing: readers of the folder read it"
        )


def _is_being_changed(root: str, newest: int) -> bool:
    """Whether a run is at work on the folder, or died at it."""
    if store := store_of(root):
        pointer = read_pointer(open_bucket(store))
        return pointer is None or pointer.tidied < newest
    return any(Path(root, RUNS).glob("*/commit.json"))


def _newest(root: str) -> int:
    """The number of the newest version; in a store there may be one that the working copy has not."""
    if store := store_of(root):
        manifest = newest_manifest(open_bucket(store))
        return int(manifest["version"]) if manifest else 0
    return max(version_numbers(root))


def _shown(version: Version) -> Iterator[Finding]:
    """What readers of the folder see of a version in a store, where that is a copy. On a disk both names are of one file."""
    store = store_of(version.root)
    if not store:
        return
    entries = {file["path"]: file for file in version.files()}
    for path, whole in sorted(check_bytes(open_bucket(store), entries.items()).items()):
        if not whole:
            what = "its copy where readers look " + ("is not there" if whole is None else "has other bytes")
            yield Finding("shown", path, None, what, "", f"SHA-256 {entries[path]['sha256']}")
