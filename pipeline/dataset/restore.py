"""Restore: have a version that is kept be the newest once more, as a version of its own.

    versions 1, 2, 3; restore 1: version 4 has the files of 1, and all four can be read

Nothing is written but a manifest: its files are there under their second names, and get their places back. Readers of any
version go on. Dumps that only came after the version count as unread, so that the next run can take them again.
"""

from datetime import UTC, datetime

from dateline.errors import UsageError
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.version import Manifest, latest_manifest


def manifest_as(dataset: Dataset, wanted: Manifest, newest: Manifest, run: str) -> Manifest:
    """The manifest of the version that is as another was.

    Args:
        dataset: the dataset.
        wanted: the manifest of the version to restore.
        newest: that of the newest.
        run: what the restoring is called.
    """
    was, now = dataset.version(wanted), dataset.version(newest)
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


def restore(dataset: Dataset, wanted: Manifest, newest: Manifest, run: str) -> Manifest:
    """Make a version that is as another was; none is removed. The caller holds the lock, and has put in order what dead runs left.

    Args:
        dataset: the dataset, with all its versions.
        wanted: the manifest of the version to restore.
        newest: that of the newest.
        run: what this is called.

    Returns:
        The new version's manifest.

    Raises:
        UsageError: the newest is that version already.
        DamagedFile, Locked: see Dataset.publish_again().
    """
    if wanted["version"] == newest["version"]:
        raise UsageError(f"version {wanted['version']} is the newest: there is nothing to restore")
    made = manifest_as(dataset, wanted, newest, run)
    dataset.publish_again(made, wanted, newest, run)
    return made


def replace_files(dataset: Dataset, source: str, newest: Manifest, run: str) -> Manifest | None:
    """Make a version of the files of another dataset, which was made of the same dumps: where what a manifest says of its
    files is wrong, nothing in the dataset tells what is right. The caller holds the lock.

    Args:
        dataset: the dataset.
        source: the folder of the other one.
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
    made = manifest_as(dataset, wanted, newest, run) | {"dumps": newest["dumps"]}
    dataset.publish_from(source, made, newest, run)
    return made
