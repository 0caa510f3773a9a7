"""What readers of a dataset's folder come upon, and which of it the newest version does not list.

date=2023-09-07/region=unknown/part-<hash>.arrow   seen
date=2023-09-07/notes.txt                          seen, and listed by no version
_keys/part-00-<hash>.arrow                         a ledger's: looked at as if it were seen
_runs/..., .git/...                                passed over, as all names that begin with _ or a dot
"""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.names import LEDGERS


def shown_files(manifest: Manifest) -> list[dict[str, Any]]:
    """What the manifest of the newest version says of the files that readers of the folder see: all; none of a dataset
    that is made for readers of the manifest alone."""
    return manifest["files"] if "readers" not in manifest["settings"] else []


def unlisted(paths: Iterable[str], manifest: Manifest) -> list[str]:
    """The paths of what is visible and no file of a version that has its place there, sorted."""
    listed = {file["path"] for file in shown_files(manifest)}
    return sorted(
        path for path in paths if path not in listed and path[-1:] not in ("", "/") and not is_hidden(path)
    )


def visible_files(root: str) -> Iterator[str]:
    """The paths of all files that readers of the folder come upon, and of the ledgers' files, sorted by folder. Readers pass
    over names that begin with _ or a dot. Links are named, too, and not followed."""
    return _within(root, "")


def _within(root: str, folder: str) -> Iterator[str]:
    with os.scandir(f"{root}/{folder}") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if is_hidden(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _within(root, path)
            else:
                yield path


def is_hidden(path: str) -> bool:
    """Whether readers pass over a file or folder, and it is none of a ledger."""
    first, _, rest = path.partition("/")
    return (first[0] in "_." and first not in LEDGERS) or any(
        part[0] in "_." for part in rest.split("/") if part
    )
