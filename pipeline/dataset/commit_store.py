"""Commit to an object store: how a run's version comes to be at an address such as s3://bucket/news.

A store has no rename, no links and no lock, and what it lists need not be all that is there. So here

    check out  a folder of this machine becomes the dataset's working copy: its manifest, and each file once it is read
    upload     each new file becomes an object _versions/<version>/<hash>.arrow, sent by the worker that wrote it (uploads.py); the
               store's answer tells its checksum
    publish    _manifests/<version>.json is written by one PUT that must not replace: from here on it is committed
    point      _manifests/latest.json gets the number, so that a reader finds the newest version without a search
    place      new files are copied to date=*/region=*/, for readers of the folder; those that they replace go
    prune      manifests of versions that are no longer kept go, then what no kept one needs of _versions

and the run itself, its flow and its balance, are those of a local dataset: they see the working copy.

The newest version is found by GET alone: from the number that latest.json has, upwards, until there is no manifest. It is
pruned only below that number, which only grows (If-Match; in GCS the generation), so the search cannot miss. Readers by manifest read the objects
in _versions, which nobody touches while a kept version names them.

Two runs at a time: both work, one publishes; the other's PUT is refused (412), and it ends with exit status 4, with nothing
lost. Which uploads are nobody's needs no lock and no clock: an object of _versions/<n>/ can be named by version n or a
later one that took it over, and once n is published, nobody else can publish it. So whoever has published n may remove all
objects of numbers up to n that no kept manifest names: also those that a run left that was killed. No two runs' objects
have one name but for the same bytes and number, so a late remover takes nothing from a later version.

Placing and pruning is one function of what is there, tidy(). latest.json says up to which version it was done; the next
run does it first if the last one could not. Until then a reader of the folder sees the version before, or some of its
files beside those that replace them: never a row less. Listing is trusted for this alone. Where two runs tidy at a time
a file may be missing or left over in the folder, not in a version; the next run that commits sets it right.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from dateline.errors import DamagedFile, Locked, StoreError, Uncertain, Unusable
from dateline.pipeline.atomic import json_bytes
from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.store_manifests import (
    TRIES,
    Pointer,
    manifest_at,
    newest_manifest,
    read_pointer,
)
from dateline.pipeline.dataset.store_objects import newest_complete
from dateline.pipeline.dataset.version import Manifest, latest_manifest
from dateline.pipeline.dataset.visible import shown_files
from dateline.pipeline.dataset.working_copy import add_manifest, make_working_copy, remove_all_but
from dateline.pipeline.names import (
    LOCK,
    MANIFESTS,
    POINTER,
    RUNS,
    SEEN,
    STORE,
    VERSIONS,
    kind_of,
    manifest_name,
    object_name,
    scratch_version,
    upload_version,
    version_of,
)  # fmt: skip
from dateline.pipeline.stop import held, let, look
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.bucket import Bucket, in_parallel
from dateline.schemas.contract import require_valid

_MADE = "another run has made version {number} of {address} meanwhile; nothing was committed, run again"


@contextmanager
def checked_out(bucket: Bucket, root: str, keep: int) -> Iterator[None]:
    """Have a folder be a dataset's working copy; afterwards it is empty, but for what is remembered of dumps and of the
    version. The caller holds its lock.

    Raises:
        Unusable: the store cannot be used as things are set up, cannot refuse to replace, or has something else there.
        StoreError: it failed.
        NewerDataset: a newer program wrote the dataset.
        DamagedFile: a manifest or the pointer is not what a run writes.
    """
    remove_all_but(root, LOCK, SEEN)
    address, now = bucket.address, read_pointer(bucket)
    if now is None:
        if any(bucket.names(most=1)):
            raise Unusable(
                f"{address} holds something that is no dataset; give a folder that is empty. "
                f"If it is one whose {POINTER} is gone, `dateline repair` finds its versions"
            )
        now = Pointer(0, 0, "")
        try:
            bucket.put(POINTER, _pointer(now), new=True)
        except FileExistsError:
            now = read_pointer(bucket) or now
    try:
        bucket.put(POINTER, _pointer(now), new=True)
    except FileExistsError:
        pass
    else:
        raise Unusable(
            f"{address}: the store does not refuse to replace an object, so that two runs at a time "
            "could overwrite each other's version"
        )
    manifest = newest_manifest(bucket)
    if manifest:  # what tidy() and the run will read, before any work
        _kept(bucket, manifest, keep)
        manifest = newest_complete(bucket, manifest)
    if manifest and now.tidied < manifest["version"]:
        tidy(bucket, manifest, keep)
    with held():
        try:
            make_working_copy(root, address)
            if manifest:
                add_manifest(root, manifest)
            with let():
                yield
        finally:
            remove_all_but(root, LOCK, SEEN, STORE, MANIFESTS)


def commit(
    bucket: Bucket, root: str, manifest: Manifest, before: Manifest | None, files: Sequence[File]
) -> None:
    """Make a version. The caller holds the working copy's lock, and calls finish() afterwards.

    Args:
        bucket: the dataset.
        root: the working copy.
        manifest: of the new version; gets the name of the object of each file.
        before: of the one it builds on.
        files: what the run staged; those that lie on this machine are uploaded now.

    Raises:
        Locked: another run has made this version meanwhile.
        Uncertain: whether it was made is not known.
        StoreError, OSError: it was not: the store failed, or a file is not what its receipt says.
    """
    objects = {file["path"]: file["stored"] for file in before["files"]} if before else {}
    manifest["files"] = [
        entry | {"stored": objects.get(entry["path"], object_name(manifest["version"], entry["path"]))}
        for entry in manifest["files"]
    ]
    require_valid(manifest, "manifest")
    names = {entry["path"]: entry["stored"] for entry in manifest["files"]}
    with held():
        with let():
            new = [
                file
                for file in files
                if file.rows and file.path not in objects and file.staged != names[file.path]
            ]
            in_parallel(lambda file: bucket.upload(file.staged, names[file.path], file.sha256), new)
        look()
        _publish(bucket, root, manifest)


@contextmanager
def unless_overtaken(address: str, number: int, is_early: Callable[[], bool]) -> Iterator[None]:
    """Where a run fails since another has made its version, and then removed what this one's tasks had left, say that.

    Args:
        address: the dataset's; "" for one that lies in a folder, whose lock keeps others away.
        number: of the version that the run is about to make.
        is_early: whether it has not come to the commit.

    Raises:
        Locked: so it is.
    """
    try:
        yield
    except Exception:
        if address and is_early():
            with suppress(StoreError, DamagedFile):
                newest = newest_manifest(open_bucket(address))
                if newest is not None and newest["version"] >= number:
                    raise Locked(_MADE.format(number=number, address=address)) from None
        raise


def finish(bucket: Bucket, root: str, keep: int) -> None:
    """What remains once a run's version is published. If this fails, the next run does it.

    Args:
        bucket: the dataset.
        root: the working copy.
        keep: how many versions are kept, the new one among them.
    """
    manifest = latest_manifest(root)
    assert manifest is not None
    with let():  # of many files it takes long, and the next run can do it
        tidy(bucket, manifest, keep)


def tidy(bucket: Bucket, manifest: Manifest, keep: int) -> None:
    """Have the folder show the newest version, and remove what no kept one needs.

    Args:
        bucket: the dataset.
        manifest: of the newest version.
        keep: how many versions are kept.
    """
    newest: int = manifest["version"]
    _point(bucket, newest, 0)
    oldest = max(1, newest - keep + 1)
    kept = _kept(bucket, manifest, keep)
    needed = {file["stored"] for each in kept for file in each["files"]}
    places = {file["path"]: file for file in shown_files(manifest)}
    there = set(bucket.names())

    def place(path: str) -> None:
        bucket.copy(places[path]["stored"], path, places[path]["bytes"], places[path]["sha256"])

    def is_nobodys(name: str) -> bool:
        """Whether it is of a number that is published, and no kept version needs it."""
        if (number := version_of(name)) is not None:
            return number < oldest
        if (number := scratch_version(name)) is not None:
            return number <= newest
        writer = upload_version(name)
        return writer is not None and writer <= newest and name not in needed

    in_parallel(place, sorted(places.keys() - there))
    bucket.delete([name for name in there if kind_of(name) and name not in places])
    for folder in (MANIFESTS, VERSIONS, RUNS):  # in this order: no manifest may name what is not there
        bucket.delete([name for name in there if name.startswith(folder) and is_nobodys(name)])
    bucket.abort_uploads(is_nobodys)
    _point(bucket, newest, newest)


def _kept(bucket: Bucket, manifest: Manifest, keep: int) -> list[Manifest]:
    """The newest manifest, and those of the other versions that are kept."""
    newest = manifest["version"]
    older = range(max(1, newest - keep + 1), newest)
    return [manifest, *filter(None, (manifest_at(bucket, number) for number in older))]


def all_kept(bucket: Bucket, newest: Manifest) -> int:
    """How many versions tidy() has to keep for none to go, as far as the store lists them."""
    number: int = newest["version"]
    return number - min(filter(None, map(version_of, bucket.names(f"{MANIFESTS}/"))), default=number) + 1


def _publish(bucket: Bucket, root: str, manifest: Manifest) -> None:
    """Write the manifest under a number that must not be there yet. The client repeats a PUT whose answer was lost, so
    a refusal, or no answer, says nothing: what is there then does."""
    number, data = manifest["version"], json_bytes(manifest)
    name = manifest_name(number)
    try:
        bucket.put(name, data, new=True)
        add_manifest(root, manifest)
    except BaseException as error:
        try:
            found = bucket.get(name)
        except StoreError as unknown:
            raise Uncertain(
                f"it is not known whether version {number} was committed ({error}); the next run finds out"
            ) from unknown
        if found is None or found[0] != data:
            if isinstance(error, FileExistsError):
                raise Locked(_MADE.format(number=number, address=bucket.address)) from None
            raise
        with suppress(OSError):  # the version is made, whatever becomes of the working copy
            add_manifest(root, manifest)
        if not isinstance(error, Exception):
            raise


def _point(bucket: Bucket, version: int, tidied: int) -> None:
    """Have the pointer say a version, unless it says a later one, and what was tidied."""
    for _ in range(TRIES):
        now = read_pointer(bucket)
        if now is None:
            raise DamagedFile(f"{bucket.address}/{POINTER} is not there")
        try:
            bucket.put(POINTER, _pointer(Pointer(max(version, now.version), tidied, "")), tag=now.tag)
            return
        except FileExistsError:
            continue  # another run was faster, or this was done and the answer lost
    raise StoreError(f"{bucket.address}/{POINTER} cannot be written: others write it all the time")


def _pointer(pointer: Pointer) -> bytes:
    return json_bytes({"version": pointer.version, "tidied": pointer.tidied})
