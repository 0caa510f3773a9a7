"""Published: what a dataset in an object store says of its versions. How it comes to say so is in commit_store.py.

A working copy is a folder of this machine that looks like the dataset: it has manifests, and Version.locate() fetches a
file once it is read.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from dateline.errors import DamagedFile, Unusable
from dateline.pipeline.atomic import write_whole
from dateline.pipeline.dataset.safe_files import parse_json, require_own, require_shape
from dateline.pipeline.dataset.version import Manifest, parse_manifest, require_manifest
from dateline.pipeline.names import MANIFESTS, STORE, manifest_name
from dateline.pipeline.store.address import address_of, open_bucket
from dateline.pipeline.store.bucket import Bucket

POINTER = f"{MANIFESTS}/latest.json"
TRIES = 10
"""How often the pointer is read or written again when another run moves it meanwhile."""


class Pointer(NamedTuple):
    version: int
    """No newer one than the newest; 0 where there is none yet."""
    tidied: int
    """The last that tidy() ended for."""
    tag: str


def newest_manifest(bucket: Bucket) -> Manifest | None:
    """The newest version's manifest; None where there is none.

    Raises:
        DamagedFile: it cannot be read as one.
        NewerDataset: its schema is newer than this program.
        StoreError: the store failed.
    """
    for _ in range(TRIES):
        now = read_pointer(bucket)
        if now is None:
            return None
        found, number = None, max(now.version, 1)
        while manifest := manifest_at(bucket, number):
            found, number = manifest, number + 1
        if found or not now.version:
            return found
    raise DamagedFile(
        f"{bucket.address} has no manifest of the number that {POINTER} tells, nor of a later one: `dateline repair` goes "
        "back to the newest that is there"
    )


def manifest_at(bucket: Bucket, number: int) -> Manifest | None:
    """The manifest of a version; None where there is none. Raises what newest_manifest() does."""
    found = bucket.get(manifest_name(number))
    if found is None:
        return None
    manifest = parse_manifest(bucket.address, number, found[0])
    if manifest is None:
        raise DamagedFile(
            f"{bucket.address}/{manifest_name(number)} is no manifest: `dateline repair` puts it aside"
        )
    require_manifest(bucket.address, manifest, number, stored=True)
    return manifest


def read_pointer(bucket: Bucket) -> Pointer | None:
    """What the pointer says; None where there is none, and so no dataset."""
    found = bucket.get(POINTER)
    if found is None:
        return None
    place = f"{bucket.address}/{POINTER}"
    said = parse_json(place, found[0])
    require_shape(place, said, "pointer")
    return Pointer(said["version"], said["tidied"], found[1])


@contextmanager
def looked_at(dataset: str, may_be_none: bool = False) -> Iterator[str]:
    """A folder to look at a dataset in: its own, or a working copy of all kept versions, which goes afterwards.

    Args:
        dataset: a folder, or an address.
        may_be_none: whether there may be no version.

    Raises:
        Unusable: the store cannot be used as things are set up, or has no dataset there.
        StoreError, DamagedFile, NewerDataset: see newest_manifest().
    """
    address = address_of(dataset)
    if not address:
        root = os.path.abspath(dataset)
        require_own(root, here=True)
        yield root
        return
    bucket = open_bucket(address)
    manifest = newest_manifest(bucket)
    if manifest is None and not may_be_none:
        raise Unusable(f"{address} holds no dataset")
    with tempfile.TemporaryDirectory(prefix="dateline-") as folder:
        make_working_copy(folder, address)
        while manifest:
            add_manifest(folder, manifest)
            older = manifest["version"] - 1
            manifest = manifest_at(bucket, older) if older else None
        yield folder


def make_working_copy(root: str, address: str) -> None:
    """Have a folder be the working copy of a dataset, of which it has nothing yet."""
    os.makedirs(f"{root}/{MANIFESTS}", exist_ok=True)
    write_whole(f"{root}/{STORE}", {"address": address})


def add_manifest(root: str, manifest: Manifest) -> None:
    """Have a working copy know a version."""
    write_whole(f"{root}/{manifest_name(manifest['version'])}", manifest)
