"""The versions of a dataset: which are kept, and what each changed.

manifest_for("news", None)    (3, {"version": 3, ...}): the newest whose manifest is whole
manifest_for("news", 9)       UsageError: news has no version 9; it keeps 1, 2, 3
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from dateline.errors import UsageError
from dateline.pipeline.dataset.version import Manifest, latest_manifest, read_manifest, version_numbers
from dateline.pipeline.rules import RULES


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
    """What `dateline log` says of a version."""
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
