"""Checks of the manifest and of each file: there, whole, and of the Arrow schema of its kind.

a file of another size      size
of other bytes              checksum
with a column too many      schema
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa

from dateline import schemas
from dateline.errors import DamagedFile
from dateline.pipeline.dataset.version import SCHEMAS, Manifest, Version, unchecked_manifest, version_numbers
from dateline.pipeline.names import hash_of, kind_of, manifest_name, partition_or_shard
from dateline.pipeline.verify.finding import Finding, differs
from dateline.schemas.columns import SCHEMA_VERSION_KEY, arrow_schema, upgraded
from dateline.schemas.contract import contract


def check_manifest(manifest: Manifest, number: int) -> Iterator[Finding]:
    """A manifest that is valid by its JSON Schema: its number, the order and names of its files and dumps."""
    name = manifest_name(number)
    if manifest["version"] != number:
        yield differs("manifest", name, None, "the number of its version", manifest["version"], number)
    for what, names in (
        ("path", [file["path"] for file in manifest["files"]]),
        ("source", [dump["source"] for dump in manifest["dumps"]]),
    ):
        yield from _out_of_order(name, what, names)
    places = Counter(partition_or_shard(file["path"]) for file in manifest["files"] if kind_of(file["path"]))
    for file in manifest["files"]:
        if not kind_of(file["path"]):
            yield differs(
                "path", name, None, "a file's path", file["path"], "the path of a partition or ledger"
            )
            continue
        if file["kind"] != kind_of(file["path"]):
            yield differs(
                "path", file["path"], None, "its kind in the manifest", file["kind"], kind_of(file["path"])
            )
        if file["sha256"][:32] != hash_of(file["path"]):
            yield differs("path", file["path"], None, "its name", hash_of(file["path"]), file["sha256"][:32])
        if places[partition_or_shard(file["path"])] > 1:
            yield differs(
                "slot",
                file["path"],
                None,
                "files for its partition or shard",
                places[partition_or_shard(file["path"])],
                1,
            )


def manifest_violation(manifest: Manifest, number: int) -> Finding | None:
    """What the JSON Schema says against a manifest, if anything."""
    schema = contract("manifest")
    if schema.is_valid(manifest):
        return None
    pointer, message = schema.violation(manifest)
    return Finding("manifest", manifest_name(number), None, f"not valid at {pointer or '/'}", message)


def _out_of_order(name: str, what: str, names: Sequence[str]) -> Iterator[Finding]:
    for one, other in pairwise(names):
        if one >= other:
            wrong = "stands twice" if one == other else "is out of order"
            yield Finding("manifest", name, None, f"a {what} {wrong}", other, f"one behind {one}")


def check_changes(version: Version, number: int) -> Iterator[Finding]:
    """What a run says it added is what its version has more than the one before, where that is kept."""
    changes = version.manifest["changes"]
    whole = (
        unchecked_manifest(version.root, older)
        for older in reversed(version_numbers(version.root))
        if older < number
    )
    manifest = next(filter(None, whole), None)
    if manifest is None and number > 1:
        return
    before = Version(version.root, manifest) if manifest else None
    if before and manifest_violation(before.manifest, before.manifest["version"]):
        return
    name = manifest_name(number)
    for what, kind in ("articles", "articles"), ("duplicates", "duplicates"), ("rejects", "rejected"):
        grown = version.rows(kind) - (before.rows(kind) if before else 0)
        if changes[what] != grown:
            yield differs("changes", name, None, f"{what} that its run added", changes[what], grown)
    new = sorted(set(version.sources).difference(before.sources if before else ()))
    if sorted(changes["dumps"]) != new:
        yield differs(
            "changes", name, None, "dumps that its run read", ", ".join(changes["dumps"]), ", ".join(new)
        )


def read_file(version: Version, entry: dict[str, Any], findings: list[Finding]) -> pa.Table | None:
    """A file of a version, mapped into memory, and held against the manifest.

    Args:
        version: the version.
        entry: the file's entry in its manifest.
        findings: what is wrong is appended here.

    Returns:
        The rows; None where they cannot be read, or are not of the schema of their kind.
    """
    path = entry["path"]
    try:
        with _open(version, path) as source:
            size, content = source.size(), source.read_buffer() if source.size() else pa.py_buffer(b"")
    except FileNotFoundError:
        findings.append(
            Finding("missing", path, None, "not there", "no file", f"one of {entry['bytes']} bytes")
        )
        return None
    except (OSError, DamagedFile) as error:
        why = getattr(error, "strerror", None) or str(error)
        findings.append(Finding("missing", path, None, "cannot be opened", why))
        return None
    known = len(findings)
    if size != entry["bytes"]:
        findings.append(differs("size", path, None, "bytes", size, entry["bytes"]))
    elif (digest := hashlib.sha256(content).hexdigest()) != entry["sha256"]:
        findings.append(differs("checksum", path, None, "SHA-256", digest, entry["sha256"]))
    try:
        table = pa.ipc.open_file(content).read_all()
        table.validate(full=True)
    except (OSError, pa.ArrowException) as error:
        if len(findings) == known:  # else a finding says already that these are other bytes
            findings.append(differs("unreadable", path, None, "no readable Arrow IPC", str(error), ""))
        return None
    schema = SCHEMAS[entry["kind"]]
    wrong = list(_schema(path, table.schema, arrow_schema(schema, _version(table.schema))))
    findings += wrong
    if len(table) != entry["rows"]:
        findings.append(differs("rows", path, None, "rows", len(table), entry["rows"]))
    return (
        None
        if any(finding.what != "metadata" for finding in wrong)
        else upgraded(table, arrow_schema(schema))
    )


def _version(found: pa.Schema) -> int:
    """The version of the schema that a file says it was written with, where this program knows it; else its own."""
    text = (found.metadata or {}).get(SCHEMA_VERSION_KEY, b"")
    return (
        int(text) if text in {b"%d" % version for version in range(1, schemas.VERSION)} else schemas.VERSION
    )


def _open(version: Version, path: str) -> pa.NativeFile:
    """A file in its place or in _versions: a run may be replacing it just now."""
    try:
        return pa.memory_map(version.locate(path))
    except FileNotFoundError:
        return pa.memory_map(version.locate(path))


def _schema(path: str, found: pa.Schema, expected: pa.Schema) -> Iterator[Finding]:
    """Where an Arrow schema is not the one of its kind."""
    if found.names != expected.names:
        yield Finding("schema", path, None, "columns", ", ".join(found.names), ", ".join(expected.names))
        return
    for is_field, field in zip(found, expected, strict=True):
        if not is_field.equals(field, check_metadata=True):
            yield differs("schema", path, None, f"column {field.name}", str(is_field), str(field))
    if found.metadata != expected.metadata:
        yield differs("schema", path, None, "metadata", found.metadata, expected.metadata)
