"""Row batches: many rows of identity_rows.ROW as one element of a PCollection, and how they are encoded.

    a small batch   a byte 0, then its bytes, packed
    a large one     a byte 1, then the place of these bytes in a file of the run's folder
    with records    a byte 2, the bytes of the rows, then the records as an Arrow IPC stream

A runner that keeps what it shuffles in memory, as the local one does, would need memory for all rows of the run, several
times. So large batches wait in files, where all workers see a folder. Records come along only where they do not; see
fetch_records.py. A batch is unpacked once somebody asks for its rows: where a runner only passes it on, it stays as it is.
"""

import os
import threading
import uuid

import apache_beam as beam
import numpy as np
import pyarrow as pa

from dateline.pipeline.rules.identity_rows import ROW, Rows
from dateline.pipeline.stages.counters import count
from dateline.pipeline.versions import SameVersions

SPILLED_BYTES = 4096
"""Batches of more packed bytes go to a file."""
_HERE, _IN_FILE, _WITH_RECORDS = b"\0", b"\1", b"\2"
"""What an encoded batch begins with."""


class RowBatch:
    """A batch of records, or of groups of them, mostly without their text."""

    def __init__(
        self, rows: Rows | None, records: pa.RecordBatch | None = None, encoded: bytes = b""
    ) -> None:
        """
        Args:
            rows: of identity_rows.ROW; None where they are to be unpacked.
            records: the record of each row, of the columns record_files.WAITING; None where they wait in files of the run.
            encoded: the batch as it came, if its rows are None.
        """
        self._rows = rows
        self.records = records
        self.encoded = encoded
        """The batch as it came, until its rows are asked for; else empty."""

    @property
    def rows(self) -> Rows:
        """The rows, which the caller may change."""
        if self._rows is None:
            self._rows, self.encoded = _unpacked(self.encoded), b""
        return self._rows


class RowBatchCoder(SameVersions, beam.coders.Coder):
    """The first bytes of all rows, then all second ones, and so on, zstd: a third of the rows' bytes, since most of these hardly
    differ."""

    def encode(self, batch: RowBatch) -> bytes:
        if batch.encoded:
            return batch.encoded
        packed = _packed(batch.rows)
        if batch.records is not None:
            return _WITH_RECORDS + len(packed).to_bytes(4, "little") + packed + _streamed(batch.records)
        count(shuffled_bytes=len(packed))
        place = _spill.put(packed) if _spill and len(packed) > SPILLED_BYTES else None
        return _IN_FILE + place if place else _HERE + packed

    def decode(self, encoded: bytes) -> RowBatch:
        if not encoded.startswith(_WITH_RECORDS):
            return RowBatch(None, encoded=encoded)
        start = 5 + int.from_bytes(encoded[1:5], "little")
        records = pa.ipc.open_stream(encoded[start:]).read_next_batch()
        return RowBatch(_unpacked(_HERE + encoded[5:start]), records)

    def estimate_size(self, batch: RowBatch) -> int:
        """In bytes, before they are packed. (Beam would encode an element to learn its size, and throw that away.)"""
        if batch.encoded:
            return len(batch.encoded)
        return 4 + batch.rows.nbytes + (batch.records.nbytes if batch.records is not None else 0)

    def is_deterministic(self) -> bool:
        return False

    def to_type_hint(self) -> type[RowBatch]:
        return RowBatch


_CODEC = pa.Codec("zstd", compression_level=-1)
"""The fastest of the levels that take no more room."""


def _packed(rows: Rows) -> bytes:
    by_row = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), ROW.itemsize)
    packed: bytes = _CODEC.compress(by_row.T.copy(), asbytes=True)
    return len(rows).to_bytes(4, "little") + packed


def _unpacked(encoded: bytes) -> Rows:
    """The rows of an encoded batch without records."""
    packed = Spill.get(encoded[1:]) if encoded.startswith(_IN_FILE) else encoded[1:]
    count = int.from_bytes(packed[:4], "little")
    unpacked = _CODEC.decompress(memoryview(packed)[4:], count * ROW.itemsize)
    by_place = np.frombuffer(unpacked, np.uint8).reshape(ROW.itemsize, count)
    return by_place.T.copy().reshape(-1).view(ROW)


def _streamed(records: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(
        sink, records.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")
    ) as stream:
        stream.write_batch(records)
    return bytes(sink.getvalue())


beam.coders.registry.register_coder(RowBatch, RowBatchCoder)


class Spill:
    """A file that one process puts packed batches into; any process of the run reads them."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.process = os.getpid()
        self._path = f"{folder}/{uuid.uuid4().hex}"
        self._lock = threading.Lock()

    def put(self, packed: bytes) -> bytes | None:
        """Where the batch lies now; None where the run is over, and its folder is gone."""
        with self._lock:
            try:
                with open(self._path, "ab", buffering=0) as file:
                    start = file.tell()  # not remembered: a full disk may have cut a batch short
                    written = file.write(packed)
            except FileNotFoundError:
                return None
            if written != len(packed):
                raise OSError(f"{self._path}: not all of {len(packed)} bytes could be written")
        return f"{start} {written} {self._path}".encode()

    @staticmethod
    def get(place: bytes) -> bytes:
        """The batch that lies there."""
        start, size, path = place.decode().split(" ", 2)
        with open(path, "rb", buffering=0) as file:
            file.seek(int(start))
            packed = file.read(int(size))
        if len(packed) != int(size):
            raise OSError(f"{path}: {len(packed)} bytes instead of {size} at {start}")
        return packed


_spill: Spill | None = None


def spill_to(folder: str) -> None:
    """Have this process put large batches into files of a folder that all workers see; without one, "", they stay in their
    elements, as in a process that never calls this."""
    global _spill
    if not folder:
        _spill = None
    elif _spill is None or (_spill.folder, _spill.process) != (folder, os.getpid()):
        _spill = Spill(folder)
