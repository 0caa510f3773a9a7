"""Input formats: told by a file's first bytes and its name, never by an option.

    plain text, UTF-8              read where it lies; from an object store unpacked first, that is, fetched
    text in gzip, bzip2, xz, zstd  unpacked first; UTF-16 with a byte order mark: transcoded first
    JSON Lines, Parquet            one page a line or row: text, and URL and date where they are
    WARC, WET                      one page a conversion record; URL and date from its header
    the rejects of a dataset       one block a row, to be read again by a better parser

What is not plain text is unpacked by parts into spool files of UTF-8, which all later stages read like dumps.
See records.py for what a record is.
"""

import bz2
import gzip
import io
import lzma
import os
import re
import zlib
from itertools import pairwise
from typing import IO, Any, BinaryIO, Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from pipeline.stores import arrow_file, in_store, open_file

Format = Literal["plain", "text", "utf-16", "jsonl", "parquet", "warc", "rejects"]

PART_BYTES = 8 << 20
"""Bytes of a JSON Lines or WARC file that are unpacked by one task."""
FOOTERS = 16
"""How often its own size may be read of a Parquet file, at most, for its footer, which every task reads."""

_JSON_NAME = re.compile(r"\.(jsonl|ndjson|json)\b")
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
WARC_START = b"WARC/1."


class Part(NamedTuple):
    """A share of an input that one task unpacks."""

    format: Format
    compression: str
    """A value of _MAGIC, or "" """
    path: str
    start: int
    """The first byte, row group or row of rejects that belongs to the part; `stop` is the first that does not."""
    stop: int


class Damaged(Exception):
    """A file cannot be read to its end: it is cut off, or its bytes are not what they should be."""


def detect(path: str) -> tuple[Format, str]:
    """A file's format and compression.

    Raises:
        OSError: it cannot be read.
    """
    with open_file(path) as file:
        head = file.read(4096)
    compression = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
    if compression:
        try:
            with open_unpacked(path, compression) as file:
                head = file.read(4096)
        except Damaged:
            return "text", compression  # told when it is unpacked
    name = os.path.basename(path).lower()
    if head.startswith(b"PAR1"):
        return "parquet", compression
    if head.startswith(b"ARROW1"):
        return "rejects", compression
    if head.startswith(WARC_START):
        return "warc", compression
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", compression
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _JSON_NAME.search(name):
        return "jsonl", compression
    return ("text", compression) if compression else ("plain", "")


def parts_of(path: str, size: int) -> list[Part]:
    """How an input is shared out; none for plain text on this machine, which is read where it lies.

    Raises:
        OSError: it cannot be read.
        Damaged: it is not what it says it is.
    """
    form, compression = detect(path)
    if form == "plain":
        return [Part("text", "", path, 0, size)] if in_store(path) else []
    if form == "parquet":
        try:
            with open_parquet(path) as file:
                groups = file.num_row_groups
                tasks = max(1, min(groups, FOOTERS * size // file.metadata.serialized_size))
        except pa.ArrowInvalid as error:
            raise Damaged(f"no readable Parquet: {error}") from error
        edges = [groups * task // tasks for task in range(tasks + 1)] if groups else []
        return [Part(form, compression, path, start, stop) for start, stop in pairwise(edges)]
    if (form == "jsonl" and not compression) or (form == "warc" and compression in ("", "gzip")):
        return [
            Part(form, compression, path, start, min(start + PART_BYTES, size))
            for start in range(0, size, PART_BYTES)
        ]
    if form == "rejects":
        return [Part(form, compression, path, 0, len(reject_sources(path)))]
    return [Part(form, compression, path, 0, size)]


def open_parquet(path: str) -> pq.ParquetFile:
    """A Parquet file, open; pyarrow closes only what it opened itself."""
    return pq.ParquetFile(arrow_file(path) if in_store(path) else path)


def reject_sources(path: str) -> list[str]:
    """The sources in a file of rejects, row by row.

    Raises:
        Damaged: it is none.
    """
    try:
        with arrow_file(path) as source:
            table = pa.ipc.open_file(source).read_all()
            table["raw"]
            found: list[str] = table["source"].to_pylist()
            return found
    except (pa.ArrowException, KeyError) as error:
        raise Damaged(f"no file of rejects: {error}") from error


def open_unpacked(path: str, compression: str) -> BinaryIO | io.BufferedIOBase:
    """A file, decompressed as it is read.

    Raises (when read):
        Damaged: it is cut off or damaged.
    """
    file = open_file(path)  # closed with what wraps it
    if compression == "gzip":
        return _Checked(gzip.GzipFile(fileobj=file), file)
    if compression == "bzip2":
        return _Checked(bz2.BZ2File(file), file)
    if compression == "xz":
        return _Checked(lzma.LZMAFile(file), file)
    if compression == "zstd":
        return _Checked(_Zstd(file), file)
    return file


class _Zstd:
    """Reads zstd frames one after the other. The library's own reader takes a cut-off frame for a whole one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._ready = io.BytesIO()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; b"" at the end."""
        while not (data := self._ready.read(size)):
            more = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame, self._begun = zstandard.ZstdDecompressor().decompressobj(), False
            more = more or self._file.read(1 << 17)
            if not more:
                if self._begun:
                    raise EOFError("the last frame does not end")
                break
            self._begun = True
            self._ready = io.BytesIO(self._frame.decompress(more))
        return data

    def close(self) -> None:
        self._ready.close()


class _Checked(io.BufferedIOBase):
    """Turns what decompressors raise on bad bytes into Damaged."""

    def __init__(self, inner: Any, file: IO[bytes]) -> None:
        self._inner = inner
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        try:
            data: bytes = self._inner.read(size if size is not None else -1)
        except (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
            raise Damaged(f"cut off or damaged: {error}") from error
        return data

    def close(self) -> None:
        self._inner.close()
        self._file.close()
        super().close()
