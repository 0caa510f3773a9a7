"""Repair: have the files of all kept versions be what their manifests say, and readers see nothing else.

second name    a file that is whole in its place or in _versions gets its other name back
dumps          one that is whole nowhere is made again: the same dumps give the same bytes, in any number of runs
strays         what no manifest lists is moved out of readers' sight, into the folder of the repair in _runs
"""

import os
import shutil
from contextlib import suppress
from typing import Any

from dateline.pipeline.atomic import flush
from dateline.pipeline.dataset import staging
from dateline.pipeline.dataset.interface import Rebuild, Repaired
from dateline.pipeline.dataset.links import put_in_place
from dateline.pipeline.dataset.safe_files import require_folders, size_in
from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.dataset.visible import unlisted, visible_files
from dateline.pipeline.names import STAGED, run_folder, second_name, stray_path
from dateline.pipeline.store.checksum import sha256_of


def repair(root: str, manifests: list[Manifest], run: str, rebuild: Rebuild | None) -> Repaired:
    """Mend what can be mended. The caller holds the lock, and has put in order what dead runs left.

    Args:
        root: the dataset.
        manifests: of all kept versions, the newest first.
        run: what this is called.
        rebuild: makes the files of a version once more; None where the dumps are not given.
    """
    with staging.prepared(root, run):
        done = Repaired([], [], [], [])
        lost = _link(root, manifests, done)
        for manifest in manifests if rebuild else ():
            mine = [file for file in manifest["files"] if file["path"] in lost]
            if mine and rebuild:
                _take(root, run, rebuild(manifest), mine, lost)
        done.made.extend(sorted(path for path, found in lost.items() if found))
        if done.made:
            _link(root, manifests, done)
        done.lost.extend(sorted(path for path, found in lost.items() if not found))
        for path in unlisted(visible_files(root), manifests[0]):
            _move(root, path, stray_path(run, path))
            done.moved.append(path)
        flush(root, [])
        return done


def _link(root: str, manifests: list[Manifest], done: Repaired) -> dict[str, bool]:
    """Give each file that is whole somewhere all its names; the files that are whole nowhere, none of them made yet."""
    lost: dict[str, bool] = {}
    checked: set[str] = set()
    newest = {file["path"] for file in manifests[0]["files"]}
    for path, entry in {file["path"]: file for manifest in manifests for file in manifest["files"]}.items():
        names = [name for name in (path, second_name(path)) if name != path or path in newest]
        for name in names:
            require_folders(root, name, checked)
        whole = [name for name in names if is_whole(root, name, entry)]
        if not whole:
            lost[path] = False
        for name in set(names).difference(whole) if whole else ():
            with suppress(FileNotFoundError):
                os.unlink(f"{root}/{name}")
            put_in_place(os.link, f"{root}/{whole[0]}", root, name, checked)
            if path not in done.made:
                done.linked.append(name)
    return lost


def is_whole(root: str, path: str, entry: dict[str, Any]) -> bool:
    """Whether a file of a dataset has the bytes that its entry in a manifest says.

    Raises:
        DamagedFile: it is a link, or no file.
    """
    return bool(size_in(root, path) == entry["bytes"]) and sha256_of(f"{root}/{path}") == entry["sha256"]


def _take(root: str, run: str, made: str, files: list[dict[str, Any]], lost: dict[str, bool]) -> None:
    """Take files out of a dataset that was made of the same dumps, where they have the same bytes."""
    for file in files:
        if is_whole(made, file["path"], file):
            staged = f"{run_folder(root, run, STAGED)}/{file['sha256']}"
            shutil.copyfile(f"{made}/{file['path']}", staged)
            with suppress(FileNotFoundError):
                os.unlink(f"{root}/{second_name(file['path'])}")
            put_in_place(os.rename, staged, root, second_name(file["path"]), set())
            lost[file["path"]] = True


def _move(root: str, path: str, target: str) -> None:
    put_in_place(os.rename, f"{root}/{path}", root, target, set())
    folder = os.path.dirname(path)
    with suppress(OSError):  # not empty
        while folder:
            os.rmdir(f"{root}/{folder}")
            folder = os.path.dirname(folder)
