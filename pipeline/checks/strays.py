"""Strays: what stands in a dataset's folder where readers look, and no manifest lists."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.bucket import open_bucket
from pipeline.checks.finding import Finding, Summary
from pipeline.dataset import Version, store_of, versions
from pipeline.mend import is_hidden, shown
from pipeline.names import RUNS, kind_of


def strays(version: Version) -> list[str]:
    """The paths that are there, and that the newest version does not list: they are in readers' sight, or in a ledger."""
    listed = {file["path"] for file in version.files()}
    store = store_of(version.root)
    there = open_bucket(store).names() if store else shown(version.root)
    return sorted(path for path in there if path not in listed and path and not is_hidden(path))


def check_strays(version: Version, damaged: Collection[str], summary: Summary) -> Iterator[Finding]:
    """Nothing is there that the newest version does not list; of others there is nothing to check.

    Args:
        version: that is looked at.
        damaged: files of it that something is wrong with: one beside is what it was, and told with it.
        summary: is told what could not be checked.
    """
    newest = max(versions(version.root), default=0)
    if version.manifest["version"] != newest or not os.path.isdir(version.root):
        return
    if any(Path(version.root, RUNS).glob("*/commit.json")):
        summary.not_checked.append("what is there and not listed, since a run is about to commit, or died so")
        return
    found = strays(version)
    if max(versions(version.root)) != newest:  # a run has committed meanwhile
        return
    for path in found:
        entry = version.same_slot(path) if kind_of(path) else None
        if entry and entry["path"] in damaged:
            continue
        what = "a file of a dataset" if kind_of(path) else "no file of a dataset"
        yield Finding(
            "stray", path, None, "there, and not listed", what, "nothing: readers of the folder read it"
        )
