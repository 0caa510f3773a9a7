"""Repair in a store: have the objects of all kept versions be what their manifests say, and readers see nothing else.

manifests   a torn one is moved away; a pointer from which no version is found gets the newest number that is there
copies      what is whole in _versions or where readers look is copied to its other name
dumps       what is whole nowhere is made again; see repair.py
strays      what no manifest lists is moved out of readers' sight, into the folder of the repair in _runs

Nothing is locked. What is written are bytes that were seen to be right, under names that mean these bytes: a repair that is
killed has done less, and one beside a run does what is right, too. But which versions there are, and so what is a stray, a run
or `prune` may change meanwhile. So that is looked at again before something is moved or named as lost, and at the end: where
it is no longer so, the repair ends with the status of a lock, and may be started again.
"""

import json
from typing import Any, NamedTuple

from dateline.errors import DamagedFile, Locked
from dateline.pipeline.dataset.commit_store import all_kept, tidy
from dateline.pipeline.dataset.interface import Rebuild, Repaired
from dateline.pipeline.dataset.repair import is_whole
from dateline.pipeline.dataset.store_manifests import newest_manifest, read_pointer
from dateline.pipeline.dataset.store_objects import Entry, are_current, check_bytes
from dateline.pipeline.dataset.version import Manifest, parse_manifest
from dateline.pipeline.dataset.visible import shown_files, unlisted
from dateline.pipeline.names import MANIFESTS, POINTER, manifest_name, stray_path, version_of
from dateline.pipeline.store.bucket import Bucket, in_parallel


class Copies(NamedTuple):
    """A file, and the objects that have its bytes."""

    entry: Entry
    names: list[str]
    """Those that there have to be."""
    spare: list[str]
    """Others that there may be."""

    def all(self) -> list[str]:
        return [*self.names, *self.spare]


def find_manifests(bucket: Bucket, run: str) -> Repaired:
    """Have a dataset have a newest version, as far as its manifests are there; nothing of what its versions hold is looked at.

    Args:
        bucket: the dataset.
        run: what the repair is called.

    Raises:
        Locked: a run has made a version meanwhile.
        StoreError, NewerDataset: see newest_manifest().
    """
    done = Repaired([], [], [], [])
    numbers = set()
    for number in filter(None, map(version_of, list(bucket.names(f"{MANIFESTS}/")))):
        found = bucket.get(manifest_name(number))
        if found is None:
            continue
        try:
            torn = parse_manifest(bucket.address, number, found[0]) is None
        except DamagedFile:  # it is whole, and none that a run writes: who looks at it says so
            torn = False
        if torn:
            _move(bucket, manifest_name(number), run, done)
        else:
            numbers.add(number)
    if numbers:
        _point_again(bucket, numbers, done)
    return done


def _point_again(bucket: Bucket, numbers: set[int], done: Repaired) -> None:
    """Have the pointer say the newest version, where a search from what it says finds none."""
    found = bucket.get(POINTER)
    try:
        now = read_pointer(bucket)
    except DamagedFile:
        now = None
    if now and max(now.version, 1) in numbers:
        return
    newest = max(numbers)
    while bucket.get(manifest_name(newest + 1)):  # which is not listed yet
        newest += 1
    data = json.dumps({"version": newest, "tidied": 0}).encode()
    try:
        bucket.put(POINTER, data, new=found is None, tag=found[1] if found else "")
    except FileExistsError:
        raise Locked(
            f"{bucket.address}/{POINTER} was written meanwhile; see with `dateline log` what is there"
        ) from None
    done.linked.append(POINTER)


def repair(bucket: Bucket, manifests: list[Manifest], run: str, rebuild: Rebuild | None) -> Repaired:
    """Mend what can be mended.

    Args:
        bucket: the dataset.
        manifests: theirs, the newest first.
        run: what this is called.
        rebuild: makes the files of a version once more; None where the dumps are not given.

    Raises:
        Locked: versions were made or removed meanwhile. All that was done is right all the same.
        StoreError: the store failed.
    """
    try:
        done = _repaired(bucket, manifests, run, rebuild)
    except FileNotFoundError:  # what was there a moment ago
        _require_same(bucket, manifests)
        raise
    _require_same(bucket, manifests)
    return done


def _repaired(bucket: Bucket, manifests: list[Manifest], run: str, rebuild: Rebuild | None) -> Repaired:
    done, newest = Repaired([], [], [], []), manifests[0]
    copies = _copies(manifests, set(bucket.names()))
    looked = check_bytes(bucket, ((name, file.entry) for file in copies for name in file.all()))
    lost = {file.entry["path"]: file for file in copies if not any(looked[name] for name in file.all())}
    in_parallel(
        lambda file: _copy(bucket, file, looked, done),
        [file for file in copies if file.entry["path"] not in lost],
    )
    done.linked.sort()
    _require_same(bucket, manifests)
    for manifest in manifests if rebuild else ():
        mine = [file for file in manifest["files"] if file["path"] in lost]
        if mine and rebuild:
            _take(bucket, rebuild(manifest), mine, lost, done)
    done.made.sort()
    done.lost.extend(sorted(lost))
    kept = {file.entry["path"] for file in copies} - lost.keys()
    found = unlisted(bucket.names(), newest)
    _require_same(bucket, manifests)
    for path in found:
        if path in kept:  # its place is another's by now
            bucket.delete([path])
        else:
            _move(bucket, path, run, done)
    if not any(file["path"] in lost for file in newest["files"]):
        tidy(bucket, newest, all_kept(bucket, newest))
    return done


def _copies(manifests: list[Manifest], there: set[str]) -> list[Copies]:
    """Each file of all versions once, and its objects."""
    shown = {file["path"] for file in shown_files(manifests[0])}
    found: dict[str, Copies] = {}
    for file in (file for manifest in manifests for file in manifest["files"]):
        path = file["path"]
        copies = found.setdefault(path, Copies(file, [path] if path in shown else [], []))
        if file["stored"] not in copies.names:
            copies.names.append(file["stored"])
        if path in there and path not in copies.all():
            copies.spare.append(path)
    return list(found.values())


def _copy(bucket: Bucket, file: Copies, looked: dict[str, bool | None], done: Repaired) -> None:
    whole = next(name for name in file.all() if looked[name])
    for name in file.names:
        if not looked[name]:
            bucket.copy(whole, name, file.entry["bytes"], file.entry["sha256"])
            done.linked.append(name)


def _take(bucket: Bucket, made: str, files: list[Any], lost: dict[str, Copies], done: Repaired) -> None:
    """Take files out of a dataset of this machine that was made of the same dumps, where they have the same bytes."""
    for file in files:
        if is_whole(made, file["path"], file):
            for name in lost.pop(file["path"]).names:
                bucket.upload(f"{made}/{file['path']}", name, file["sha256"])
            done.made.append(file["path"])


def _move(bucket: Bucket, name: str, run: str, done: Repaired) -> None:
    """Have an object stand in the folder of the repair."""
    found = bucket.measure(name)
    if found:
        bucket.copy(name, stray_path(run, name), *found)
        bucket.delete([name])
        done.moved.append(name)


def _require_same(bucket: Bucket, manifests: list[Manifest]) -> None:
    """See that the versions are those that they were.

    Raises:
        Locked: they are not. The folder shows the newest that there is now.
    """
    if are_current(bucket, manifests):
        return
    now = newest_manifest(bucket)
    if now and now["version"] != manifests[0]["version"]:
        tidy(bucket, now, all_kept(bucket, now))
    raise Locked(
        f"versions of {bucket.address} were made or removed meanwhile; what was mended is right, repair it once more"
    )
