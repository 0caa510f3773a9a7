"""The manifests of a dataset in an object store, and its pointer to the newest. How they come about is in commit_store.py.

_manifests/latest.json      {"version": 12, "tidied": 12}: there is a version 12, and perhaps a later one
_manifests/00000012.json    the manifest of version 12
_manifests/00000013.json    found by asking for 13, 14 and so on until there is none: so this is the newest
"""

from typing import NamedTuple

from dateline.errors import DamagedFile
from dateline.pipeline.dataset.safe_files import parse_json, require_shape
from dateline.pipeline.dataset.version import Manifest, parse_manifest, require_manifest
from dateline.pipeline.names import POINTER, manifest_name
from dateline.pipeline.store.bucket import Bucket

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
