"""Whether the objects of a version in a store are what its manifest says, in _versions and where readers look.

require_objects(bucket, manifest)           there, and of their sizes: by listing, so it costs a call for a thousand
require_bytes(bucket, manifest, sized)      also of their checksums, but for the paths in `sized`: reads them
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from dateline.errors import DamagedFile
from dateline.pipeline.dataset.store_manifests import newest_manifest
from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.names import VERSIONS, manifest_name
from dateline.pipeline.store.bucket import Bucket, in_parallel

Entry = dict[str, Any]
"""What a manifest says of a file."""


def require_objects(bucket: Bucket, manifest: Manifest) -> None:
    """See that the objects of a version are there, and of their sizes. What the store does not list it is asked for.

    Raises:
        DamagedFile: some are not.
    """
    there = dict(bucket.sizes(f"{VERSIONS}/"))
    _require(
        bucket,
        manifest,
        [
            file["stored"]
            for file in manifest["files"]
            if there.get(file["stored"]) != file["bytes"]
            and ((found := bucket.get(file["stored"])) is None or len(found[0]) != file["bytes"])
        ],
        "are not there, or not of their size",
    )


def require_bytes(bucket: Bucket, manifest: Manifest, sized: Collection[str]) -> None:
    """See that the objects of a version are there, and have the bytes that they should.

    Args:
        bucket: the dataset.
        manifest: of the version.
        sized: paths of which the size will do.

    Raises:
        DamagedFile: some are not.
    """
    require_objects(bucket, manifest)
    looked = check_bytes(
        bucket, ((file["stored"], file) for file in manifest["files"] if file["path"] not in sized)
    )
    _require(bucket, manifest, [name for name, whole in looked.items() if not whole], "have other bytes")


def _require(bucket: Bucket, manifest: Manifest, lost: list[str], what: str) -> None:
    if lost:
        raise DamagedFile(
            f"{len(lost):,} of {len(manifest['files']):,} files of version {manifest['version']} of {bucket.address} {what}, "
            f"first {lost[0]}: nothing is built upon it; `dateline repair` mends what can be mended"
        )


def newest_complete(bucket: Bucket, manifest: Manifest) -> Manifest:
    """The newest version, once its objects are seen to be there: those of one that is no longer may go at any time.

    Args:
        bucket: the dataset.
        manifest: of what was the newest.

    Raises:
        DamagedFile: some of them are not there, or not of their size.
    """
    while True:
        try:
            require_objects(bucket, manifest)
            return manifest
        except DamagedFile:
            now = newest_manifest(bucket)
            if now is None or now["version"] == manifest["version"]:
                raise
            manifest = now


def are_current(bucket: Bucket, manifests: Sequence[Manifest]) -> bool:
    """Whether the first of some versions is the newest still, and the others are still there."""
    now = newest_manifest(bucket)
    return (
        now is not None
        and now["version"] == manifests[0]["version"]
        and all(bucket.get(manifest_name(manifest["version"])) for manifest in manifests[1:])
    )


def check_bytes(bucket: Bucket, names: Iterable[tuple[str, Entry]]) -> dict[str, bool | None]:
    """Read objects, some at one time: whether each has the bytes that its entry says; None where there is none."""
    looked: dict[str, bool | None] = {}

    def look(item: tuple[str, Entry]) -> None:
        name, entry = item
        found = bucket.measure(name)
        looked[name] = found and found == (entry["bytes"], entry["sha256"])

    in_parallel(look, names)
    return looked
