"""The dataset's folder: what lies where in it, and how a run's files become a version.

Workers write whole files under temporary names, which no reader looks at, in the folders where they will
stand, and leave a receipt for each task. When all is done and the balance holds, commit() gives the files
their names and then publishes a manifest. Until then the folder shows nothing of the run.
"""

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import schemas
from pipeline.rules.contract import require_valid

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""Hive's name for a null partition value; readers turn it back into null."""

MANIFESTS, RUNS, DUPLICATES, REJECTED = "_manifests", "_runs", "_duplicates", "_rejected"

_TEMPORARY = ".tmp-"
_MANIFEST = re.compile(r"(\d{8})\.json")

BATCH_ROWS = 4096
"""Rows of a record batch; a file of more has several, so that writing it never needs it whole."""


class File(NamedTuple):
    """A file that a run wrote, still under its temporary name."""

    path: str
    """Its final name, relative to the dataset, parted by /."""
    temporary: str
    """Its name until it is committed, likewise."""
    kind: str
    rows: int
    bytes: int
    sha256: str
    dumps: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    facts: dict[str, Any]
    """What the summary and the report say of it beyond its rows."""


def partition_folder(updated: str | None, region: str) -> str:
    """Where the rows of a day and region stand. Both come from fixed forms, never from a dump's text."""
    return f"date={updated or NULL_PARTITION}/region={region}"


class Writer:
    """Writes files under temporary names into a dataset, for one run."""

    def __init__(self, root: str, run: str) -> None:
        self._root = root
        self._run = run
        self._made: set[str] = set()

    def write(
        self, folder: str, prefix: str, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> dict[str, Any]:
        """An Arrow IPC file of the batches, named by its content.

        Returns:
            The fields path, temporary, rows, bytes and sha256 of File.
        """
        if folder not in self._made:
            os.makedirs(f"{self._root}/{folder}", exist_ok=True)
            self._made.add(folder)
        temporary = f"{folder}/{_TEMPORARY}{self._run}-{uuid.uuid4().hex}"
        target = f"{self._root}/{temporary}"
        first = next(batches)
        second = next(batches, None)
        if second is None:  # nearly always: one write, and no second look at the file
            sink = pa.BufferOutputStream()
            with pa.ipc.new_file(sink, schema) as file:
                file.write_batch(first)
            content = sink.getvalue()
            with open(target, "xb", buffering=0) as raw:
                raw.write(content)
            rows, size, digest = first.num_rows, content.size, hashlib.sha256(content).hexdigest()
        else:
            rows = 0
            with pa.OSFile(target, "wb") as sink, pa.ipc.new_file(sink, schema) as file:
                for batch in (first, second, *batches):
                    file.write_batch(batch)
                    rows += batch.num_rows
            with open(target, "rb") as raw:
                digest = hashlib.file_digest(raw, "sha256").hexdigest()
            size = os.path.getsize(target)
        return {
            "path": f"{folder}/{prefix}{digest[:32]}.arrow", "temporary": temporary,
            "rows": rows, "bytes": size, "sha256": digest,
        }  # fmt: skip

    def receipt(self, task: str, files: Sequence[File]) -> None:
        """Leave word of a task's files where the commit looks for it; doing a task again replaces it."""
        table = pa.table(
            {
                name: pa.array([getattr(file, name) for file in files])
                for name in (
                    "path",
                    "temporary",
                    "kind",
                    "rows",
                    "bytes",
                    "sha256",
                    "dumps",
                    "offsets",
                    "lengths",
                )
            }
            | {"facts": pa.array([json.dumps(file.facts) for file in files])}
        )
        target = f"{self._root}/{RUNS}/{self._run}/receipts/{task}.arrow"
        temporary = f"{target}.{uuid.uuid4().hex}"
        with pa.OSFile(temporary, "wb") as sink, pa.ipc.new_file(sink, table.schema) as file:
            file.write_table(table)
        os.replace(temporary, target)


def prepare(root: str, run: str) -> None:
    """Make the folders that a run works in."""
    for name in ("receipts", "progress", "spool"):
        os.makedirs(f"{root}/{RUNS}/{run}/{name}")


def progress_folder(root: str, run: str) -> str:
    return f"{root}/{RUNS}/{run}/progress"


def spool_folder(root: str, run: str) -> str:
    """Where a run unpacks what is not plain text; removed when it ends."""
    return f"{root}/{RUNS}/{run}/spool"


def receipts(root: str, run: str) -> list[File]:
    """What a run wrote, by its receipts, in the order of the paths."""
    files = []
    for path in Path(root, RUNS, run, "receipts").glob("*.arrow"):
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
            for i in range(len(table)):
                row = {name: table[name][i] for name in table.column_names}
                pointers = {
                    name: row.pop(name).values.to_numpy(zero_copy_only=False).copy()
                    for name in ("dumps", "offsets", "lengths")
                }
                facts = json.loads(row.pop("facts").as_py())
                files.append(
                    File(**{name: value.as_py() for name, value in row.items()}, **pointers, facts=facts)
                )
    return sorted(files, key=lambda file: file.path)


def commit(root: str, files: Sequence[File], manifest: dict[str, Any]) -> None:
    """Make a version: the files first, then, once they all have their names, the manifest.

    Until the manifest is published nothing is committed: whatever stops it before, a signal too, takes the
    names back from the files that this call gave them to.

    Raises:
        FileExistsError: another run published this version.
        OSError: a file is not what its receipt says, or the system refused.
    """
    require_valid(manifest, "manifest")
    published = f"{root}/{MANIFESTS}/{manifest['version']:08d}.json"
    named: list[str] = []
    done = False
    try:
        for file in files:
            source, target = f"{root}/{file.temporary}", f"{root}/{file.path}"
            if os.path.getsize(source) != file.bytes:
                raise OSError(f"{source}: {os.path.getsize(source)} bytes on disk, {file.bytes} were written")
            if not os.path.lexists(target):  # a name is its content: one that is there is another version's
                named.append(target)
            os.replace(source, target)
        _publish(manifest, published)
        done = True
    finally:
        if not done:
            for target in named:
                with suppress(FileNotFoundError):
                    os.unlink(target)
    _sync_folder(f"{root}/{MANIFESTS}")


def _publish(manifest: dict[str, Any], target: str) -> None:
    """Write a manifest whole, under a name that must not be there yet."""
    folder = os.path.dirname(target)
    os.makedirs(folder, exist_ok=True)
    temporary = f"{folder}/{_TEMPORARY}{uuid.uuid4().hex}"
    try:
        with open(temporary, "x", encoding="utf-8") as out:
            json.dump(manifest, out, indent=1, ensure_ascii=False)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
        os.link(temporary, target)  # refuses to replace
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def manifest_of(
    version: int, dumps: Sequence[dict[str, Any]], settings: dict[str, Any], files: Sequence[File]
) -> dict[str, Any]:
    """The manifest of a version, in JSON terms; it tells nothing of when or where it was made."""
    return {
        "schema_version": schemas.VERSION,
        "version": version,
        "dumps": list(dumps),
        "settings": settings,
        "files": [
            {name: getattr(file, name) for name in ("path", "kind", "rows", "bytes", "sha256")}
            for file in files
        ],
    }


def latest_manifest(root: str) -> dict[str, Any] | None:
    """The newest manifest that is whole, or None where there is none."""
    folder = Path(root, MANIFESTS)
    names = sorted((p.name for p in folder.glob("*.json") if _MANIFEST.fullmatch(p.name)), reverse=True)
    for name in names:
        try:
            manifest: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
        except ValueError:
            continue  # torn: it never was a version
        return manifest
    return None


def is_unfinished(root: str) -> bool:
    """Whether a folder without a version holds nothing, or only what a run left that was killed."""
    for folder, _, names in os.walk(root):
        inside = os.path.relpath(folder, root).split(os.sep)[0]
        if inside != RUNS and not all(name.startswith(_TEMPORARY) for name in names):
            return False
    return True


def clean_up(root: str, run: str, failed: bool) -> None:
    """Remove what a run needed only while it ran; after a failure also the files that it wrote."""
    for name in ("receipts", "progress", "spool"):
        shutil.rmtree(f"{root}/{RUNS}/{run}/{name}", ignore_errors=True)
    if not failed:
        return
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            if name.startswith(f"{_TEMPORARY}{run}-"):
                os.unlink(f"{folder}/{name}")
        if folder != root and not os.listdir(folder):
            os.rmdir(folder)


def _sync_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
