"""Relinking: have a folder show what its newest version lists, whatever happened to the version after it.

    _manifests/00000003.json is torn, so version 2 is the newest
    date=2023-09-07/region=unknown/part-<old>.arrow    listed by 2, not there: linked again from _versions/<old>
    date=2023-09-07/region=unknown/part-<new>.arrow    there, not listed by 2: loses its name

A manifest that is torn or gone was never a version. But its run may have removed files from the places where the version
before lists them, and left its own there. _versions has all files of that version.
"""

import os
from typing import Any, NamedTuple

from dateline.errors import DamagedFile
from dateline.pipeline.dataset.links import link_second_names, put_in_place, remove_files
from dateline.pipeline.dataset.safe_files import partition_folders, require_folders, size_in
from dateline.pipeline.dataset.version import Manifest, read_manifest, version_numbers
from dateline.pipeline.dataset.visible import visible_files
from dateline.pipeline.names import VERSIONS, is_second_name, kind_of, second_name
from dateline.pipeline.store.checksum import sha256_of


class Relinked(NamedTuple):
    """What was done to a folder, in paths of the dataset."""

    linked: list[str]
    """Files that have their places again."""
    removed: list[str]
    """Files that the version does not list, and that have lost theirs."""
    lost: list[str]
    """Files that the version lists, and that are nowhere whole."""


def relink(root: str, manifest: Manifest, look: bool = False) -> Relinked:
    """Have a folder show a version: what it lists in its place, and no other file of a dataset. The caller holds the lock.

    A file whose size is right is taken for right: its checksum is looked at by who uses it.

    Args:
        root: the dataset.
        manifest: of its newest version.
        look: through all folders for files that the version does not list, even if nothing tells of some.

    Raises:
        DamagedFile: a folder or file of the dataset is a link.
    """
    files = {file["path"]: file for file in manifest["files"]}
    linked, lost, checked = [], [], partition_folders(root)
    wrong = _wrong(root, files, checked)
    for path in wrong:
        kept, file = second_name(path), files[path]
        require_folders(root, kept, checked)
        if size_in(root, kept) == file["bytes"] and sha256_of(f"{root}/{kept}") == file["sha256"]:
            if size_in(root, path) is not None:
                os.unlink(f"{root}/{path}")
            put_in_place(os.link, f"{root}/{kept}", root, path, checked)
            linked.append(path)
        else:
            lost.append(path)
    removed: list[str] = []
    needed = _needed(root, manifest)
    left = _left(root, needed)
    if not lost and (look or wrong or left or not _is_newest(root, manifest)):
        removed = [path for path in visible_files(root) if kind_of(path) and path not in files]
        link_second_names(root, [path for path in removed if second_name(path) in needed])
        remove_files(root, [*removed, *sorted(left)])
    return Relinked(linked, removed, lost)


def shows(root: str, manifest: Manifest) -> bool:
    """Whether a folder shows a version, so that relink() would do nothing; as far as that is seen without looking through
    all folders.

    Raises:
        DamagedFile: see relink().
    """
    files = {file["path"]: file for file in manifest["files"]}
    return (
        _is_newest(root, manifest)
        and not _wrong(root, files, partition_folders(root))
        and not _left(root, _needed(root, manifest))
    )


def make_ready(root: str, manifest: Manifest) -> list[str]:
    """Have a folder be one to build upon; what to tell the user of that, nothing if nothing was done.

    Args:
        root: the dataset; the caller holds its lock.
        manifest: of its newest version.

    Raises:
        DamagedFile: files of the version are nowhere whole, or something is a link.
    """
    mended, number = relink(root, manifest), manifest["version"]
    if mended.lost:
        raise DamagedFile(
            f"{len(mended.lost):,} of {len(manifest['files']):,} files of version {number} of {root} are not there, or not "
            f"of their size, first {mended.lost[0]}: nothing is built upon it; `dateline repair` mends what can be mended"
        )
    if not mended.linked and not mended.removed:
        return []
    return [
        f"{root} did not show version {number}, and does again: {len(mended.linked):,} files have their places back, "
        f"{len(mended.removed):,} went that it does not list; a later version's manifest may be torn or gone"
    ]


def _is_newest(root: str, manifest: Manifest) -> bool:
    number: int = manifest["version"]
    return number == version_numbers(root)[-1]


def _wrong(root: str, files: dict[str, dict[str, Any]], checked: set[str]) -> list[str]:
    """The files that are not in their places, or not of their size; `checked` is as of require_folders()."""
    for path in files:
        require_folders(root, path, checked)
    return [path for path, file in files.items() if size_in(root, path) != file["bytes"]]


def _left(root: str, needed: set[str]) -> set[str]:
    """The second names that no version needs."""
    return set(filter(is_second_name, _kept(root) - needed))


def _needed(root: str, manifest: Manifest) -> set[str]:
    """The second names of all files of all versions that are kept, of which one has this manifest."""
    others = (
        read_manifest(root, number) for number in version_numbers(root) if number != manifest["version"]
    )
    kept = [manifest, *filter(None, others)]
    return {second_name(file["path"]) for each in kept for file in each["files"]}


def _kept(root: str) -> set[str]:
    """What is there that may be a second name. One that no version needs is of a version whose manifest is gone."""
    try:
        return {f"{VERSIONS}/{name}" for name in os.listdir(f"{root}/{VERSIONS}")}
    except FileNotFoundError:
        return set()
