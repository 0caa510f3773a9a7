"""Strays: what stands in a dataset's folder where readers look, and no manifest lists; or is not what it lists.

date=2023-09-07/region=unknown/copy.arrow   there, and not listed: readers of the folder read its rows, too
"""

import os
from collections.abc import Collection, Iterator

from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.version import Version, version_numbers
from dateline.pipeline.dataset.visible import shown_files, unlisted
from dateline.pipeline.names import kind_of
from dateline.pipeline.verify.finding import Finding, Summary


def check_strays(
    dataset: Dataset, version: Version, damaged: Collection[str], summary: Summary
) -> Iterator[Finding]:
    """Nothing is there that the newest version does not list; of others there is nothing to check.

    Args:
        dataset: the dataset.
        version: that is looked at.
        damaged: files of it that something is wrong with: what stands in the place of one is no finding of its own.
        summary: gets what could not be checked.
    """
    newest = max(version_numbers(dataset.root), default=0)
    if version.manifest["version"] != newest or not os.path.isdir(dataset.root):
        return
    if dataset.is_being_changed(newest):
        summary.not_checked.append("what is there and not listed, since a run is about to commit, or died so")
        return
    wrong = list(_wrong_copies(dataset, version))
    found = unlisted(dataset.paths(), version.manifest)
    if dataset.newest_number() != newest:  # a run has committed meanwhile
        return
    yield from wrong
    for path in found:
        entry = version.same_place(path) if kind_of(path) else None
        if entry and entry["path"] in damaged:
            continue
        what = "a file of a dataset" if kind_of(path) else "no file of a dataset"
        yield Finding(
            "stray", path, None, "there, and not listed", what, "nothing: readers of the folder read it"
        )


def _wrong_copies(dataset: Dataset, version: Version) -> Iterator[Finding]:
    """What readers of the folder see of a version otherwise than its manifest says."""
    entries = {file["path"]: file for file in shown_files(version.manifest)}
    for path, found in sorted(dataset.wrong_copies(entries.values()).items()):
        what = "its copy where readers look " + ("is not there" if found is None else "has other bytes")
        yield Finding("shown", path, None, what, "", f"SHA-256 {entries[path]['sha256']}")
