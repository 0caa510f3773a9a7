"""Commit: how what a run staged becomes a version, and how a folder is put in order after a run that died.

    plan      the journal _runs/<run>/commit.json says what is about to happen; flushed
    name      each staged file gets its name, which is its content's hash, and a second one in _versions: a hard link
    flush     names and contents reach the disk
    publish   the manifest gets the next version's number, without replacing: from here on it is committed
    retire    files that the new version has replaced lose their names, but for those in _versions
    prune     manifests of versions that are no longer kept go, then the files that only they needed

Who reads through a manifest sees a version whole at any moment. A run that dies before `publish` has changed
nothing that a manifest names; one that dies later has only left things to tidy. recover() reads the journals
of dead runs and does what remains, in either direction. The lock makes sure that they are dead.
"""

import json
import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.dataset import (
    MANIFESTS,
    RUNS,
    VERSIONS,
    Manifest,
    kept_name,
    latest_manifest,
    manifest_name,
    read_manifest,
    run_folder,
    slot,
    versions,
)  # fmt: skip
from pipeline.disk import flush, sync, write_through, write_whole
from pipeline.rules.contract import require_valid
from pipeline.staging import File, clean_up

JOURNAL = "commit.json"
TEMPORARY = ".tmp-"


def next_version(root: str) -> int:
    """The number that the next version gets: no manifest, whole or torn, has it."""
    return max(versions(root), default=0) + 1


def manifest_of(
    before: Manifest | None, facts: dict[str, Any], files: Sequence[File], dumps: Sequence[dict[str, Any]]
) -> Manifest:
    """The manifest of the version that a run makes.

    Args:
        before: that of the version it builds on.
        facts: the fields that this run decides: schema_version, version, run, made, settings, changes.
        files: what the run wrote.
        dumps: the entries of the dumps that it read.
    """
    kept = {slot(file["path"]): file for file in before["files"]} if before else {}
    for file in files:
        kept.pop(slot(file.path), None)
    new = [
        {name: getattr(file, name) for name in ("path", "kind", "rows", "bytes", "sha256")}
        for file in files
        if file.rows
    ]
    return facts | {
        "dumps": sorted([*(before["dumps"] if before else ()), *dumps], key=lambda dump: str(dump["source"])),
        "files": sorted([*kept.values(), *new], key=lambda file: str(file["path"])),
    }


def commit(root: str, manifest: Manifest, before: Manifest | None, files: Sequence[File]) -> None:
    """Make a version. The caller holds the lock, and calls finish() afterwards.

    Until the manifest is published nothing is committed: whatever stops it before, a signal too, takes the
    names back from the files that this call gave them to.

    Args:
        root: the dataset.
        manifest: of the new version.
        before: of the one it builds on.
        files: what the run staged.

    Raises:
        FileExistsError: this version is there already.
        OSError: a file is not what its receipt says, or the system refused.
    """
    require_valid(manifest, "manifest")
    target = f"{root}/{manifest_name(manifest['version'])}"
    if os.path.lexists(target):
        raise FileExistsError(f"{target} is there already")
    listed = {file["path"] for file in before["files"]} if before else set()
    stay = {file["path"] for file in manifest["files"]}
    new = [file for file in files if file.rows and file.path not in listed]
    journal = {
        "version": manifest["version"],
        "named": [file.path for file in new],
        "replaced": sorted(listed - stay),
    }
    folder = run_folder(root, manifest["run"])
    try:
        write_whole(f"{folder}/{JOURNAL}", journal)
        for file in new:
            _name(root, file)
        flush(root, [path for file in new for path in (file.path, kept_name(file.path))])
        _publish(manifest, target)
    except BaseException:
        if not os.path.lexists(target):
            _unlink(root, [file.path for file in new])
            prune(root, len(versions(root)), sweep=True)
            _forget(folder)
        raise


def finish(root: str, run: str, keep: int) -> None:
    """What remains once a run's version is published. If this fails, the next run's recover() does it.

    Args:
        keep: how many versions are kept, the new one among them.
    """
    sync(f"{root}/{MANIFESTS}")
    folder = Path(run_folder(root, run))
    journal = _journal(folder)
    _tidy(root, journal["replaced"] if journal else [], keep)
    _forget(str(folder))


def recover(root: str, keep: int) -> list[str]:
    """Put in order what runs left that died. The caller holds the lock, so every run in the folder is dead.

    Returns:
        The ids of the runs that left something.
    """
    left = []
    for folder in sorted(Path(root, RUNS).glob("*/")):
        if {path.name for path in folder.iterdir()} <= {"report.json", "report.html"}:
            continue
        left.append(folder.name)
        journal = _journal(folder)
        if journal:
            now = latest_manifest(root)
            listed = {file["path"] for file in now["files"]} if now else set()
            for path in listed.intersection(journal["replaced"]):
                if not os.path.exists(f"{root}/{path}"):
                    os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
                    os.link(f"{root}/{kept_name(path)}", f"{root}/{path}")
            unlisted = [path for path in (*journal["named"], *journal["replaced"]) if path not in listed]
            _tidy(root, unlisted, keep, sweep=True)
        _forget(str(folder))
        clean_up(root, folder.name)
    for path in Path(root, MANIFESTS).glob(f"{TEMPORARY}*"):
        os.unlink(path)
    return left


def prune(root: str, keep: int, sweep: bool = False) -> list[int]:
    """Remove all versions but the newest `keep`, and what only they needed. The caller holds the lock.

    Args:
        root: the dataset.
        keep: how many versions stay.
        sweep: look through all of _versions for files that none needs, even if no version goes: what a run
            left that died.

    Returns:
        The numbers of the versions that went.
    """
    if len(versions(root)) <= keep and not sweep:
        return []
    whole = [(number, manifest) for number in versions(root) if (manifest := read_manifest(root, number))]
    newest = max((number for number, _ in whole), default=0)
    kept = whole[-keep:]
    listed = {kept_name(file["path"]) for _, manifest in kept for file in manifest["files"]}
    stay = {number for number, _ in kept} | {n for n in versions(root) if n > newest}
    gone = [number for number in versions(root) if number not in stay]
    unneeded = {
        kept_name(file["path"]) for number, manifest in whole if number in gone for file in manifest["files"]
    } - listed
    if sweep and os.path.isdir(f"{root}/{VERSIONS}"):
        unneeded |= {f"{VERSIONS}/{name}" for name in os.listdir(f"{root}/{VERSIONS}")} - listed
    for number in gone:  # before their files: no manifest may name what is not there
        os.unlink(f"{root}/{manifest_name(number)}")
    _unlink(root, unneeded)
    return gone


def _name(root: str, file: File) -> None:
    """Give a staged file its names. The one in _versions may be there: then it is an earlier version's."""
    found = os.path.getsize(file.staged)
    if found != file.bytes:
        raise OSError(f"{file.staged}: {found} bytes on disk, {file.bytes} were written")
    place, kept = f"{root}/{file.path}", f"{root}/{kept_name(file.path)}"
    with suppress(FileExistsError):
        _in_folder(os.link, file.staged, kept)
    _in_folder(os.rename, file.staged, place)


def _in_folder(call: Callable[[str, str], None], source: str, target: str) -> None:
    """A link or rename, into a folder that may have to be made."""
    try:
        call(source, target)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        call(source, target)


def _publish(manifest: Manifest, target: str) -> None:
    """Write a manifest whole, under a name that must not be there yet."""
    folder = os.path.dirname(target)
    os.makedirs(folder, exist_ok=True)
    temporary = f"{folder}/{TEMPORARY}{uuid.uuid4().hex}"
    try:
        write_through(temporary, manifest)
        os.link(temporary, target)  # refuses to replace
    finally:
        with suppress(OSError):  # recover() removes what stays; the version may be there
            os.unlink(temporary)


def _journal(folder: Path) -> dict[str, Any] | None:
    try:
        journal: dict[str, Any] = json.loads((folder / JOURNAL).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None  # it died before it named anything: the journal is whole before that
    return journal


def _unlink(root: str, paths: Iterable[str]) -> None:
    """Remove files by these names, and folders that are empty then."""
    for path in paths:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(f"{root}/{path}")
        _remove_empty(root, os.path.dirname(path))


def _tidy(root: str, paths: Sequence[str], keep: int, sweep: bool = False) -> None:
    """Take their names from files that the newest version does not list; then prune.

    A copy of a dataset may have been made without the links in _versions: there a file gets one now.
    """
    for path in paths:
        with suppress(FileExistsError, FileNotFoundError):
            _in_folder(os.link, f"{root}/{path}", f"{root}/{kept_name(path)}")
    _unlink(root, paths)
    prune(root, keep, sweep)


def _remove_empty(root: str, folder: str) -> None:
    while folder:
        try:
            os.rmdir(f"{root}/{folder}")
        except FileNotFoundError:
            pass  # gone already; its parent may be empty all the same
        except OSError:
            return
        folder = os.path.dirname(folder)


def _forget(folder: str) -> None:
    for name in (JOURNAL, f"{JOURNAL}.tmp"):
        with suppress(FileNotFoundError):
            os.unlink(f"{folder}/{name}")
