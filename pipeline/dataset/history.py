"""The versions of a dataset: which are kept, and what each changed."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from dateline.errors import UsageError
from dateline.pipeline.dataset.commit import prune, recover
from dateline.pipeline.dataset.commit_store import tidy
from dateline.pipeline.dataset.relink import make_ready
from dateline.pipeline.dataset.store_objects import require_objects
from dateline.pipeline.dataset.version import (
    Manifest,
    latest_manifest,
    read_manifest,
    store_of,
    version_numbers,
)
from dateline.pipeline.names import VERSIONS
from dateline.pipeline.rules import RULES
from dateline.pipeline.store.address import open_bucket


def kept_manifests(root: str) -> list[Manifest]:
    """The manifests that are whole, newest first.

    Raises:
        UsageError: there is no dataset.
        DamagedFile: one is not valid.
        NewerDataset: one was written by a newer program.
    """
    manifest_for(root, None)
    return list(filter(None, (read_manifest(root, number) for number in reversed(version_numbers(root)))))


def manifest_for(
    root: str, number: int | None, read: Callable[[str, int], Manifest | None] = read_manifest
) -> tuple[int, Manifest]:
    """A version's number and manifest: the newest where no number is given.

    Args:
        root: the dataset.
        number: of the version.
        read: unchecked_manifest to have it as it stands there, valid or not.

    Raises:
        UsageError: there is no dataset, or no such version.
        NewerDataset: it was written by a newer program.
        DamagedFile: it is not valid.
    """
    for found in version_numbers(root)[::-1] if number is None else [number]:
        manifest = read(root, found)
        if manifest is not None:
            return found, manifest
    if latest_manifest(root) is None:
        raise UsageError(f"{root} holds no dataset")
    numbers = ", ".join(
        str(found) for found in version_numbers(root) if read_manifest(root, found) is not None
    )
    raise UsageError(f"{root} has no version {number}; it keeps {numbers}")


def log_entry(manifest: Manifest) -> dict[str, Any]:
    """What there is to tell of a version."""
    files = manifest["files"]
    return {
        "state": "done",
        "version": manifest["version"],
        "made": manifest["made"],
        "run": manifest["run"],
        "dumps": manifest["changes"]["dumps"],
        "changes": {
            name: manifest["changes"][name] for name in ("articles", "duplicates", "rejects", "files")
        },
        "files": len(files),
        "bytes": sum(file["bytes"] for file in files),
    }


def prune_versions(root: str, keep: int) -> dict[str, Any]:
    """Remove all versions but the newest, and what only they needed. The caller holds the lock.

    Args:
        root: the dataset.
        keep: how many versions stay.

    Returns:
        The runs whose remains were put in order; the versions that went; how many files and bytes went.

    Raises:
        UsageError, DamagedFile, NewerDataset: see kept_manifests().
    """
    newest, *_ = kept_manifests(root)
    before, sizes = set(version_numbers(root)), dict(_files(root))
    runs = recover(root, keep)
    make_ready(root, newest)
    prune(root, keep)
    gone = sizes.keys() - dict(_files(root)).keys()
    return {
        "recovered": runs,
        "versions": sorted(before - set(version_numbers(root))),
        "kept": [number for number in version_numbers(root) if read_manifest(root, number) is not None],
        "files": len(gone),
        "bytes": sum(sizes[path] for path in gone),
    }


def prune_stored(root: str, keep: int) -> dict[str, Any]:
    """The same of a dataset in a store, which needs no lock.

    Args:
        root: a working copy that has all versions.
        keep: how many versions stay.

    Returns:
        The versions that went, and those that stayed; how many files and bytes went. No runs: nobody knows of them here.

    Raises:
        DamagedFile: objects of the newest version are not there, or not of their size.
    """
    bucket = open_bucket(store_of(root))
    found = {
        number: manifest for number in version_numbers(root) if (manifest := read_manifest(root, number))
    }
    gone, kept = sorted(found)[:-keep], sorted(found)[-keep:]
    require_objects(bucket, found[kept[-1]])
    tidy(bucket, found[kept[-1]], keep)
    sizes = {file["stored"]: file["bytes"] for number in gone for file in found[number]["files"]}
    needed = {file["stored"] for number in kept for file in found[number]["files"]}
    return {
        "recovered": [],
        "versions": gone,
        "kept": kept,
        "files": len(sizes.keys() - needed),
        "bytes": sum(sizes[name] for name in sizes.keys() - needed),
    }


def _files(root: str) -> Iterator[tuple[str, int]]:
    """The files of all kept versions, with their sizes."""
    folder = f"{root}/{VERSIONS}"
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        yield name, os.path.getsize(f"{folder}/{name}")


def other_rules(manifest: Manifest) -> str | None:
    """What to say where dumps were read by other rules than today's; None where none was."""
    read = Counter(dump.get("rules", 1) for dump in manifest["dumps"])
    others = sorted(rules for rules in read if rules != RULES)
    if not others:
        return None
    count = sum(read[rules] for rules in others)
    by = " and ".join(map(str, others))
    return (
        f"{count:,} of the dataset's {read.total():,} dumps were read by rules {by}, this run reads by rules {RULES}: "
        "some pages are read otherwise; to have all read alike, make the dataset anew (docs/reading.md)"
    )
