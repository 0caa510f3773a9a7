"""Staging: what a run writes, whole but without a name that counts, until the commit gives it one.

    _runs/20261129T000000-0123abcd/staged/9e107d9d...        a file, mostly of its second name; in a store see uploads.py
    _runs/20261129T000000-0123abcd/receipts/articles-3.arrow  of a task: its files, and what the blocks in each add up to
    _runs/20261129T000000-0123abcd/receipts/settled-2.json    of a group of dumps: see verify/settled.py

All of it goes with the run's folder, also what a killed run left. Doing a task again replaces its receipt. Where each block
stands is not in a receipt: the places go to whoever settles their dumps, and the tally tells whether all arrived.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from dateline.errors import DamagedFile, StoreError
from dateline.pipeline.dataset.safe_files import parse_json, require_shape
from dateline.pipeline.dataset.tally import Tally
from dateline.pipeline.dataset.uploads import Uploads
from dateline.pipeline.names import (
    RECEIPTS,
    RUN_PARTS,
    STAGED,
    file_path,
    hash_of,
    kind_of,
    object_name,
    run_folder,
)
from dateline.pipeline.stop import held, let
from dateline.pipeline.store.address import in_store
from dateline.pipeline.store.bucket import in_parallel
from dateline.pipeline.store.scratch import find, new_file, own_folder, remove, remove_older
from dateline.schemas.columns import read_table

BATCH_ROWS = 4096
"""Rows of a record batch; a file of more has several, so that writing it never needs it whole."""


class File(NamedTuple):
    """A file that a run wrote, or, where it has no rows, one of the version before that it emptied."""

    path: str
    """Its name in the dataset, parted by /; of an emptied one the name that it had."""
    staged: str
    """Where it is until it is committed: a path of this machine, or the name of its object in the dataset's store; "" for an
    emptied one."""
    kind: str
    rows: int
    """All of them: those that it took over, too."""
    bytes: int
    sha256: str
    tally: Tally
    """Of the blocks of this run that it holds."""
    facts: dict[str, Any]
    """What the summary and the report say of it beyond its rows."""


class Writer:
    """Writes files of a run: into its staging folder, or to the dataset's store."""

    def __init__(self, scratch: str, address: str = "", version: int = 0) -> None:
        """
        Args:
            scratch: the run's; see store/scratch.py.
            address: of a dataset in a store.
            version: there, the number of the version that the run is about to make.
        """
        self._staged = own_folder(self) if in_store(scratch) else f"{scratch}/{STAGED}"
        self._receipts = f"{scratch}/{RECEIPTS}"
        self._uploads = Uploads(address, version) if address else None

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
        first = next(batches)
        second = next(batches, None)
        if second is None:  # nearly always: one write, and no second look at the file
            sink = pa.BufferOutputStream()
            with pa.ipc.new_file(sink, schema, options=_OPTIONS) as file:
                file.write_batch(first)
            content = sink.getvalue()
            return self.write_bytes(folder, shard, first.num_rows, memoryview(content))
        target = self._new_name()
        try:
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
        except BaseException:
            with suppress(OSError):  # it may be in no folder of the run, which goes with the run
                os.unlink(target)
            raise
        size, path = os.path.getsize(target), file_path(folder, digest, shard)
        if self._uploads:
            staged = self._uploads.send_file(target, path, digest)
        else:
            os.rename(target, staged := f"{self._staged}/{hash_of(path)}")
        return {"path": path, "staged": staged, "rows": rows, "bytes": size, "sha256": digest}

    def write_bytes(
        self, folder: str, shard: int | None, rows: int, content: bytes | memoryview
    ) -> dict[str, Any]:
        """The same with a file of so many rows whose bytes are there."""
        digest = hashlib.sha256(content).hexdigest()
        path = file_path(folder, digest, shard)
        staged = (
            self._uploads.send(content, path, digest)
            if self._uploads
            else self._stage(hash_of(path), content)
        )
        return {"path": path, "staged": staged, "rows": rows, "bytes": len(content), "sha256": digest}

    def _stage(self, name: str, content: bytes | memoryview) -> str:
        target, how = f"{self._staged}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            raw = os.open(target, how, 0o666)
        except FileExistsError:  # of this task, which is done again: it may be torn, or at work still
            raw = os.open(target := self._new_name(), how, 0o666)
        try:
            if os.write(raw, content) != len(content):
                raise OSError(f"{target}: not all of its {len(content)} bytes could be written")
        finally:
            os.close(raw)
        return target

    def _new_name(self) -> str:
        return f"{self._staged}/{os.urandom(16).hex()}"

    def receipt(self, task: str, files: Sequence[File]) -> None:
        """Leave word of a task's files, once they are all there, where the commit looks for it; doing a task again replaces it."""
        if self._uploads:
            self._uploads.wait()
        columns = {name: [getattr(file, name) for file in files] for name in File._fields}
        columns["tally"] = [file.tally._asdict() for file in files]
        columns["facts"] = [json.dumps(_NO_FACTS | file.facts) if file.facts else _NOTHING for file in files]
        table = pa.table([pa.array(columns[field.name], field.type) for field in _RECEIPT], schema=_RECEIPT)
        with (
            new_file(f"{self._receipts}/{task}.arrow") as file,
            pa.OSFile(file.name, "wb") as sink,
            pa.ipc.new_file(sink, table.schema) as writer,
        ):
            writer.write_table(table)

    def close(self) -> None:
        """Begin no more uploads: a task of this worker failed, or all are done."""
        if self._uploads:
            self._uploads.close()


def prepare(root: str, run: str) -> None:
    """Make the folders that a run works in."""
    for name in RUN_PARTS:
        os.makedirs(f"{run_folder(root, run)}/{name}")


@contextmanager
def prepared(root: str, run: str, scratch: str = "") -> Iterator[None]:
    """Have the folders that a run works in, and afterwards none of them, however the body ends.

    Args:
        root: the dataset, or its working copy.
        run: the run.
        scratch: the run's, if it lies in a store; what the store does not remove now the next run does.
    """
    if scratch:
        remove_older(scratch)
    with held():
        try:
            prepare(root, run)
            with let():
                yield
        finally:
            clean_up(root, run)
            if scratch:
                with suppress(StoreError):
                    remove(scratch)


def read_receipts(scratch: str, tasks: Iterable[str], address: str = "", version: int = 0) -> list[File]:
    """What a run wrote, by its receipts, in the order of the paths.

    Args:
        scratch: the run's.
        tasks: all that there may have been. In a store, which need not list all, they are asked for one by one.
        address, version: see Writer.

    Raises:
        DamagedFile: a receipt is not what a task writes, or names what no file of a run is called.
    """
    files: list[File] = []
    for path, source in _receipts(f"{scratch}/{RECEIPTS}", tasks):
        try:
            with source:
                table = read_table(source, _RECEIPT).combine_chunks()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DamagedFile(f"{path} is not what a task writes: {error}") from error
        columns: dict[str, list[Any]] = {name: table[name].to_pylist() for name in File._fields}
        columns["tally"] = [Tally(**tally) for tally in columns["tally"]]
        columns["facts"] = [_facts(str(path), text) for text in columns["facts"]]
        files += map(File._make, zip(*(columns[name] for name in File._fields), strict=True))
        for file in files[-len(table) :] if len(table) else ():
            _require_names(path, file)
            name = file.staged.rpartition("/")[2]
            staged = object_name(version, file.path) if address else f"{scratch}/{STAGED}/{name}"
            if (
                file.staged != (staged if file.rows else "")
                or name[:1] == "."
                or bool(name) != bool(file.rows)
            ):
                raise DamagedFile(f"{path} names {file.staged!r}, which is not where a run writes")
    return sorted(files, key=lambda file: file.path)


def _receipts(folder: str, tasks: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The receipts that are there: the path of each, and it, as pyarrow reads it."""
    if not in_store(folder):
        for path in Path(folder).glob("*.arrow"):
            yield str(path), pa.memory_map(str(path))
        return
    found: dict[str, bytes] = {}

    def fetch(path: str) -> None:
        if data := find(path):
            found[path] = data

    in_parallel(fetch, (f"{folder}/{task}.arrow" for task in tasks))
    yield from ((path, pa.BufferReader(data)) for path, data in sorted(found.items()))


def _facts(place: str, text: str) -> Any:
    if text == _NOTHING:  # of most of them
        return {}
    facts = parse_json(place, text)
    require_shape(place, facts, "receipt")
    return facts


def _require_names(place: str, file: File) -> None:
    """See that a receipt names a file of a dataset."""
    if kind_of(file.path) != file.kind or (file.rows and hash_of(file.path) != file.sha256[:32]):
        raise DamagedFile(
            f"{place} names {file.path!r}, which no file of the {file.kind} of these bytes is called"
        )


_OPTIONS = pa.ipc.IpcWriteOptions(use_threads=False)
"""Of a small file, which takes longer to share out among threads than to write."""
_NO_FACTS: dict[str, Any] = {"reasons": {}, "shown": [], "folded": [], "countries": {}, "groups": []}
_NOTHING = json.dumps(_NO_FACTS)
_RECEIPT = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in (
            *((name, pa.string()) for name in ("path", "staged", "kind")),
            *((name, pa.int64()) for name in ("rows", "bytes")),
            ("sha256", pa.string()),
            ("tally", pa.struct([pa.field(name, pa.int64(), nullable=False) for name in Tally._fields])),
            ("facts", pa.string()),
        )
    ]
)
"""The columns of a receipt, in the order of File."""


def clean_up(root: str, run: str) -> None:
    """Remove what a run needed only while it ran; its report stays, if it came so far."""
    folder = run_folder(root, run)
    for part in RUN_PARTS:
        shutil.rmtree(f"{folder}/{part}", ignore_errors=True)
    for empty in (folder, os.path.dirname(folder)):
        with suppress(OSError):  # not empty, or not there
            os.rmdir(empty)
