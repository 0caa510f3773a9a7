"""Pruning: the older versions go, and with them the files that only they needed.

keep 2 of versions 1, 2, 3: 1 goes; a file that 1 and 2 share stays
"""

import os
from collections.abc import Iterator
from typing import Any

from dateline.pipeline.dataset.commit import prune, recover
from dateline.pipeline.dataset.commit_store import tidy
from dateline.pipeline.dataset.history import kept_manifests
from dateline.pipeline.dataset.relink import make_ready
from dateline.pipeline.dataset.store_objects import require_objects
from dateline.pipeline.dataset.version import read_manifest, version_numbers
from dateline.pipeline.names import VERSIONS
from dateline.pipeline.store.bucket import Bucket


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


def prune_store(bucket: Bucket, root: str, keep: int) -> dict[str, Any]:
    """The same of a dataset in a store, which needs no lock.

    Args:
        bucket: the dataset.
        root: a working copy that has all versions.
        keep: how many versions stay.

    Returns:
        The versions that went, and those that stayed; how many files and bytes went. No runs: nobody knows of them here.

    Raises:
        DamagedFile: objects of the newest version are not there, or not of their size.
    """
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
