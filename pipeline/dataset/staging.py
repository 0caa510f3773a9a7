"""Staging: what a run writes, whole but without a name that counts, until the commit gives it one.

    _runs/20261129T000000-0123abcd/staged/9e107d9d...        a whole file, of a random name
    _runs/20261129T000000-0123abcd/receipts/articles-3.arrow  of a task: its files, and which blocks of the dumps are in each

All of it goes with the run's folder, also what a killed run left. Doing a task again replaces its receipt.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dateline.errors import DamagedFile
from dateline.pipeline.atomic import whole_file
from dateline.pipeline.dataset.safe_files import parse_json, require_shape
from dateline.pipeline.names import (
    RECEIPTS,
    RUN_PARTS,
    STAGED,
    file_path,
    hash_of,
    kind_of,
    run_folder,
)
from dateline.pipeline.stop import held, let
from dateline.schemas.columns import read_table

BATCH_ROWS = 4096
"""Rows of a record batch; a file of more has several, so that writing it never needs it whole."""


class File(NamedTuple):
    """A file that a run wrote, or, where it has no rows, one of the version before that it emptied."""

    path: str
    """Its name in the dataset, parted by /; of an emptied one the name that it had."""
    staged: str
    """Its name until it is committed; "" for an emptied one."""
    kind: str
    rows: int
    """All of them: those that it took over, too."""
    bytes: int
    sha256: str
    dumps: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    """The blocks of this run that it holds."""
    facts: dict[str, Any]
    """What the summary and the report say of it beyond its rows."""


class Writer:
    """Writes files into a run's staging folder."""

    def __init__(self, root: str, run: str) -> None:
        self._staged, self._receipts = run_folder(root, run, STAGED), run_folder(root, run, RECEIPTS)

    def write(
        self, folder: str, shard: int | None, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> dict[str, Any]:
        """An Arrow IPC file of the batches, to be named by its content.

        Args:
            folder: of the partition or ledger, in the dataset.
            shard: of a ledger.
            schema: of the batches.
            batches: at least one.

        Returns:
            The fields path, staged, rows, bytes and sha256 of File.
        """
        target = f"{self._staged}/{uuid.uuid4().hex}"
        first = next(batches)
        second = next(batches, None)
        if second is None:  # nearly always: one write, and no second look at the file
            sink = pa.BufferOutputStream()
            with pa.ipc.new_file(sink, schema) as file:
                file.write_batch(first)
            content = sink.getvalue()
            with open(target, "xb", buffering=0) as raw:
                if raw.write(content) != content.size:
                    raise OSError(f"{target}: not all of its {content.size} bytes could be written")
            rows, size, digest = first.num_rows, content.size, hashlib.sha256(content).hexdigest()
        else:
            rows = 0
            with pa.OSFile(target, "wb") as sink, pa.ipc.new_file(sink, schema) as file:
                for batch in (first, second):
                    file.write_batch(batch)
                    rows += batch.num_rows
                del first, second  # one is in memory, and the next that is made
                for batch in batches:
                    file.write_batch(batch)
                    rows += batch.num_rows
            with open(target, "rb") as raw:
                digest = hashlib.file_digest(raw, "sha256").hexdigest()
            size = os.path.getsize(target)
        return {
            "path": file_path(folder, digest, shard), "staged": target,
            "rows": rows, "bytes": size, "sha256": digest,
        }  # fmt: skip

    def receipt(self, task: str, files: Sequence[File]) -> None:
        """Leave word of a task's files where the commit looks for it; doing a task again replaces it."""
        columns = {name: [getattr(file, name) for file in files] for name in File._fields}
        columns["facts"] = [json.dumps(_NO_FACTS | file.facts) for file in files]
        table = pa.table([pa.array(columns[field.name], field.type) for field in _RECEIPT], schema=_RECEIPT)
        with (
            whole_file(f"{self._receipts}/{task}.arrow") as file,
            pa.OSFile(file.name, "wb") as sink,
            pa.ipc.new_file(sink, table.schema) as writer,
        ):
            writer.write_table(table)


def prepare(root: str, run: str) -> None:
    """Make the folders that a run works in."""
    for name in RUN_PARTS:
        os.makedirs(f"{run_folder(root, run)}/{name}")


@contextmanager
def prepared(root: str, run: str) -> Iterator[None]:
    """Have the folders that a run works in, and afterwards none of them, however the body ends."""
    with held():
        try:
            prepare(root, run)
            with let():
                yield
        finally:
            clean_up(root, run)


def read_receipts(root: str, run: str) -> list[File]:
    """What a run wrote, by its receipts, in the order of the paths.

    Raises:
        DamagedFile: a receipt is not what a task writes, or names what no file of a run is called.
    """
    files: list[File] = []
    for path in Path(run_folder(root, run, RECEIPTS)).glob("*.arrow"):
        try:
            with pa.memory_map(str(path)) as source:
                table = read_table(source, _RECEIPT).combine_chunks()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DamagedFile(f"{path} is not what a task writes: {error}") from error
        columns: dict[str, list[Any]] = {
            name: _lists(table[name]) if name in _LISTS else table[name].to_pylist() for name in File._fields
        }
        columns["facts"] = [_facts(str(path), text) for text in columns["facts"]]
        files += map(File._make, zip(*(columns[name] for name in File._fields), strict=True))
        for file in files[-len(table) :] if len(table) else ():
            _require_names(str(path), f"{run_folder(root, run, STAGED)}/", file)
    return sorted(files, key=lambda file: file.path)


def _facts(place: str, text: str) -> Any:
    if text == _NOTHING:  # of most of them
        return {}
    facts = parse_json(place, text)
    require_shape(place, facts, "receipt")
    return facts


def _require_names(place: str, staged: str, file: File) -> None:
    """See that a receipt names a file of a dataset, and one that the run staged."""
    if kind_of(file.path) != file.kind or (file.rows and hash_of(file.path) != file.sha256[:32]):
        raise DamagedFile(
            f"{place} names {file.path!r}, which no file of the {file.kind} of these bytes is called"
        )
    name = file.staged.removeprefix(staged)
    if file.staged != (staged + name if name and "/" not in name and name[0] != "." else ""):
        raise DamagedFile(f"{place} names {file.staged!r}, which is not where a run writes")


_NO_FACTS: dict[str, Any] = {"reasons": {}, "shown": [], "folded": [], "countries": {}, "groups": []}
_NOTHING = json.dumps(_NO_FACTS)
_LISTS = ("dumps", "offsets", "lengths")
_RECEIPT = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in (
            *((name, pa.string()) for name in ("path", "staged", "kind")),
            *((name, pa.int64()) for name in ("rows", "bytes")),
            ("sha256", pa.string()),
            ("dumps", pa.list_(pa.field("item", pa.int32(), nullable=False))),
            ("offsets", pa.list_(pa.field("item", pa.int64(), nullable=False))),
            ("lengths", pa.list_(pa.field("item", pa.int64(), nullable=False))),
            ("facts", pa.string()),
        )
    ]
)
"""The columns of a receipt, in the order of File."""


def _lists(column: pa.ChunkedArray) -> list[npt.NDArray[Any]]:
    """A column of lists as an array for each row."""
    values = [chunk.flatten().to_numpy() for chunk in column.chunks]
    sizes = [pc.list_value_length(chunk).to_numpy(zero_copy_only=False) for chunk in column.chunks]
    if not values:
        return []
    return np.split(np.concatenate(values), np.cumsum(np.concatenate(sizes))[:-1])


def clean_up(root: str, run: str) -> None:
    """Remove what a run needed only while it ran; its report stays, if it came so far."""
    folder = run_folder(root, run)
    for name in RUN_PARTS:
        shutil.rmtree(f"{folder}/{name}", ignore_errors=True)
    for empty in (folder, os.path.dirname(folder)):
        with suppress(OSError):  # not empty, or not there
            os.rmdir(empty)
