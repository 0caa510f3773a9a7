"""Commit: how what a run staged becomes a version, and how a folder is put in order after a run that died.

    plan      the journal _runs/<run>/commit.json says what is about to happen; flushed
    name      each staged file gets its name, which is its content's hash, by a hard link; then it moves to _versions
    flush     names and contents reach the disk
    publish   the manifest gets the next version's number, without replacing: from here on it is committed
    retire    files that the new version has replaced lose their names, but for those in _versions
    prune     manifests of versions that are no longer kept go, then the files that only they needed

Who reads through a manifest sees a version whole at any moment. A run that dies before `publish` has changed
nothing that a manifest names; one that dies later has only left things to tidy. recover() reads the journals
of dead runs and does what remains, in either direction. The lock makes sure that they are dead.
"""

import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

from dateline.errors import DamagedFile
from dateline.pipeline.atomic import flush, json_bytes, sync, whole_file, write_json
from dateline.pipeline.dataset import links
from dateline.pipeline.dataset.relink import relink
from dateline.pipeline.dataset.safe_files import read_json, require_folders, require_own_run
from dateline.pipeline.dataset.staging import File, clean_up
from dateline.pipeline.dataset.version import (
    Manifest,
    latest_manifest,
    read_manifest,
    remember,
    version_numbers,
)
from dateline.pipeline.names import (
    JOURNAL,
    MANIFESTS,
    REPORTS,
    RUNS,
    STAGED,
    STRAYS,
    VERSIONS,
    hash_of,
    is_run,
    is_second_name,
    kind_of,
    manifest_name,
    partition_or_shard,
    run_folder,
    run_path,
    second_name,
)  # fmt: skip
from dateline.pipeline.stop import held, let, look
from dateline.schemas.contract import require_valid

TEMPORARY = ".tmp-"


def next_version(root: str) -> int:
    """The number that the next version gets: no manifest, whole or torn, has it."""
    return max(version_numbers(root), default=0) + 1


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
    kept = {partition_or_shard(file["path"]): file for file in before["files"]} if before else {}
    read = {dump["source"] for dump in dumps}
    stay = [dump for dump in before["dumps"] if dump["source"] not in read] if before else []
    for file in files:
        kept.pop(partition_or_shard(file.path), None)
    names = ("path", "kind", "rows", "bytes", "sha256")
    values = attrgetter(*names)
    new = [dict(zip(names, values(file), strict=True)) for file in files if file.rows]
    return facts | {
        "dumps": sorted([*stay, *dumps], key=lambda dump: str(dump["source"])),
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
    with held():
        try:
            with let():
                write_json(f"{folder}/{JOURNAL}", journal)
                checked: set[str] = set()
                for file in new:
                    _name(root, file, checked)
                _keep(root, run_folder(root, manifest["run"], STAGED), new)
                flush(root, (path for file in new for path in (file.path, second_name(file.path))))
            look()
            _publish(root, manifest, target)
        except BaseException:
            if not os.path.lexists(target):
                links.remove_files(root, [file.path for file in new])
                prune(root, len(version_numbers(root)), sweep=True)
                _forget(folder)
            raise


def finish(root: str, run: str, keep: int) -> None:
    """What remains once a run's version is published. If this fails, the next run's recover() does it.

    Args:
        keep: how many versions are kept, the new one among them.
    """
    sync(f"{root}/{MANIFESTS}")
    journal = _journal(root, run)
    _tidy(root, journal["replaced"] if journal else [], keep)
    _forget(run_folder(root, run))


def recover(root: str, keep: int) -> list[str]:
    """Put in order what runs left that died. The caller holds the lock, so every run in the folder is dead.

    Returns:
        The ids of the runs that left something.

    Raises:
        DamagedFile: what stands there is not what a run left.
    """
    left = []
    for run in _runs(root):
        folder = run_folder(root, run)
        if set(os.listdir(folder)) <= {*REPORTS, STRAYS}:
            continue
        require_own_run(folder)
        left.append(run)
        journal = _journal(root, run)
        if journal:
            now = latest_manifest(root)
            if now:
                relink(root, now)
            listed = {file["path"] for file in now["files"]} if now else set()
            unlisted = [path for path in (*journal["named"], *journal["replaced"]) if path not in listed]
            _tidy(root, unlisted, keep, sweep=True)
        _forget(folder)
        clean_up(root, run)
    require_folders(root, f"{MANIFESTS}/", set())
    for path in Path(root, MANIFESTS).glob(f"{TEMPORARY}*"):
        os.unlink(path)
    return left


def _runs(root: str) -> list[str]:
    """The runs that have a folder, in order."""
    require_folders(root, f"{RUNS}/", set())
    try:
        with os.scandir(f"{root}/{RUNS}") as entries:
            return sorted(
                entry.name for entry in entries if entry.is_dir(follow_symlinks=False) and is_run(entry.name)
            )
    except FileNotFoundError:
        return []


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
    if len(version_numbers(root)) <= keep and not sweep:
        return []
    numbers = version_numbers(root)[::-1]  # the newest first: these are remembered
    whole = [(number, manifest) for number in numbers if (manifest := read_manifest(root, number))][::-1]
    newest = max((number for number, _ in whole), default=0)
    kept = whole[-keep:]
    listed = {second_name(file["path"]) for _, manifest in kept for file in manifest["files"]}
    stay = {number for number, _ in kept} | {n for n in version_numbers(root) if n > newest}
    gone = [number for number in version_numbers(root) if number not in stay]
    unneeded = {
        second_name(file["path"])
        for number, manifest in whole
        if number in gone
        for file in manifest["files"]
    } - listed
    if sweep and os.path.isdir(f"{root}/{VERSIONS}"):
        there = (f"{VERSIONS}/{name}" for name in os.listdir(f"{root}/{VERSIONS}"))
        unneeded |= set(filter(is_second_name, there)) - listed
    for number in gone:  # before their files: no manifest may name what is not there
        os.unlink(f"{root}/{manifest_name(number)}")
    links.remove_files(root, unneeded)
    return gone


def _name(root: str, file: File, checked: set[str]) -> None:
    """Give a staged file its place."""
    found = os.stat(file.staged).st_size
    if found != file.bytes:
        raise OSError(f"{file.staged}: {found} bytes on disk, {file.bytes} were written")
    links.put_in_place(links.link_anew, file.staged, root, file.path, checked)


def _keep(root: str, staged: str, files: Sequence[File]) -> None:
    """Have staged files, which have their places, stand in _versions, too. What is there of the same name is replaced: it has
    the same bytes, or a dead run left it.

    Of a first version, which may have 100,000 files, the whole folder is moved: a run stages them under their second names.
    """
    checked: set[str] = set()
    names = {hash_of(file.path) for file in files}
    if not os.path.lexists(f"{root}/{VERSIONS}") and names == set(os.listdir(staged)):
        links.put_in_place(os.rename, staged, root, VERSIONS, checked)
        return
    for file in files:
        links.put_in_place(os.rename, file.staged, root, second_name(file.path), checked)


def _publish(root: str, manifest: Manifest, target: str) -> None:
    """Write a manifest whole, under a name that must not be there yet."""
    folder = os.path.dirname(target)
    os.makedirs(folder, exist_ok=True)
    temporary = f"{folder}/{TEMPORARY}{uuid.uuid4().hex}"  # recover() removes what stays of a dead run
    with whole_file(target, is_new=True, flushed=True, temporary=temporary) as file:
        file.write(text := json_bytes(manifest))
    remember(root, manifest["version"], text, manifest)


def _journal(root: str, run: str) -> dict[str, Any] | None:
    """The journal of a run; None where it died before it named anything: the journal is whole before that.

    Raises:
        DamagedFile: it is not valid, or names what no file of a dataset is called.
    """
    name = run_path(run, JOURNAL)
    journal: dict[str, Any] | None = read_json(root, name, "journal")
    for path in (*journal["named"], *journal["replaced"]) if journal else ():
        if not kind_of(path):
            raise DamagedFile(f"{root}/{name} names {path!r}, which no file of a dataset is called")
    return journal


def _tidy(root: str, paths: Sequence[str], keep: int, sweep: bool = False) -> None:
    """Take their places from files that the newest version does not list; then prune."""
    links.link_second_names(root, paths)
    links.remove_files(root, paths)
    prune(root, keep, sweep)


def _forget(folder: str) -> None:
    for name in (JOURNAL, f"{JOURNAL}.tmp"):
        with suppress(FileNotFoundError):
            os.unlink(f"{folder}/{name}")
