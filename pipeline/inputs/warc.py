"""WARC and WET: one page a conversion record.

    WARC/1.0
    WARC-Type: conversion
    WARC-Target-URI: https://www.arabnews.com/node/2067116
    WARC-Date: 2024-02-01T10:00:00Z
    Content-Length: 413

    ... 413 bytes, and two empty lines ...

A record is what its header says, to the byte: where the two lines behind it are not, or the file ends within it, the
file is damaged. Lines may end in LF, empty ones may stand before a record, and several records may share a gzip member.
"""

import io
import re
import zlib
from collections.abc import Iterator
from typing import IO

from dateline.pipeline.elements import Part
from dateline.pipeline.inputs.formats import WARC_START
from dateline.pipeline.inputs.records import Account, Columns, Entry, crawl_day, too_large, unusable, url_of
from dateline.pipeline.inputs.streams import Bounds, Damaged, Tell, Unpacked, tell_nobody
from dateline.pipeline.store.files import open_file

HEADER_BYTES = 1 << 20
"""Of a record's header, at most: a URL may be long."""
SKIP_BYTES = 1 << 18
"""Bytes that are passed over at once."""
_TRIED_BYTES = 1 << 12
"""Bytes of a gzip member that show what it begins with."""

_VERSION = re.compile(rb"WARC/1\.\d+\r?\n")
_GZIP_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
_HEADER = re.compile(rb"\n(?=WARC/1\.)")
_FOLDED = re.compile(rb"\r?\n[ \t]")
"""A field goes on in the next line."""
_EMPTY = (b"\r\n", b"\n")

KINDS = ("warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation")
OF_HTML = ("response", "resource")
NO_TEXT = (
    "{count:,} records that are no conversion records hold no text to read: make JSON Lines of them first, "
    "see docs/inputs.md"
)


def warc(part: Part, bounds: Bounds, account: Account, tell: Tell = tell_nobody) -> Iterator[Entry]:
    """The conversion records that start in a part; of others the number is told.

    Raises:
        Damaged: a record is not whole, or is none.
    """
    file = open_file(part.path, part.pin, stop=part.stop)
    start = _first_start(file, part)
    if start is None:
        file.close()
        return
    file.seek(start)
    account.first = start
    unpacked = Unpacked(file, part.compression, bounds, tell)
    with io.BufferedReader(unpacked, SKIP_BYTES) as reader:
        cursor = _Cursor(reader, unpacked, start)
        quoted = _Headers()
        while True:
            line = cursor.line()
            while line in _EMPTY:
                account.blank += len(line)
                line = cursor.line()
            if not line:
                account.end, account.size = part.size, unpacked.unpacked
                break
            at, inside = cursor.place(len(line))
            if at >= part.stop and not inside:
                cursor.give_back(line)
                account.end, account.size = at, cursor.at
                break
            entry = _record(cursor, line, f"#{at}+{inside}" if inside else f"#{at}", bounds, account, quoted)
            if entry:
                yield entry
        account.held = cursor.headers.count - quoted.count


def _record(
    cursor: "_Cursor", line: bytes, place: str, bounds: Bounds, account: Account, quoted: "_Headers"
) -> Entry | None:
    """The record that begins with a line; None, and counted, where it holds no page."""
    start = cursor.at - len(line)
    fields, raw = _fields(cursor, line, place)
    kind = fields.get(b"warc-type", b"").decode("ascii", "replace").lower()
    length = fields.get(b"content-length", b"")
    if not (length.isdigit() and len(length) < 20):
        raise Damaged(f"the WARC record at {place} has no Content-Length that is a number")
    left = int(length)
    wanted = kind == "conversion"
    text = cursor.read(min(left, bounds.record_bytes)) if wanted else b""
    quoted.begin()
    quoted.feed(text)
    left -= len(text)
    while left:
        more = cursor.read(min(left, SKIP_BYTES))
        if not more:
            raise Damaged(f"it ends within the WARC record at {place}: {left:,} bytes are missing")
        quoted.feed(more)
        left -= len(more)
    behind = cursor.line(), cursor.line()
    if behind[0] not in _EMPTY or behind[0] != behind[1]:
        raise Damaged(
            f"two empty lines have to stand behind the WARC record at {place}, and {b''.join(behind)[:40]!r} does: "
            "its Content-Length is wrong, or the file is cut"
        )
    size = cursor.at - start
    if not wanted:
        account.others[kind if kind in KINDS else "unknown"] += 1
        account.others_size += size
        return None
    if int(length) > bounds.record_bytes:
        return too_large(place, size, text, int(length), bounds.record_bytes)
    if not text.strip():
        return unusable(place, size, raw, "a page without text")
    url = fields.get(b"warc-target-uri", b"").decode("utf-8", "replace").strip("<>")
    said = {"date": fields.get(b"warc-date", b"").decode("utf-8", "replace")}
    return Entry(place, size, text, url_of(url), crawl_day(said, Columns(), bounds, account))


def _fields(cursor: "_Cursor", line: bytes, place: str) -> tuple[dict[bytes, bytes], bytes]:
    """A record's header, from its first line on: the fields by their names in small letters, and all of it."""
    if not _VERSION.fullmatch(line):
        raise Damaged(f"a WARC record has to begin at {place}, and {line[:40]!r} stands there")
    lines, size = [line], len(line)
    while (line := cursor.line()) not in _EMPTY:
        lines.append(line)
        size += len(line)
        if size > HEADER_BYTES:
            raise Damaged(f"the header of the WARC record at {place} has more than {HEADER_BYTES:,} bytes")
        if not line.endswith(b"\n"):
            raise Damaged(f"it ends within the header of the WARC record at {place}")
    raw = b"".join(lines)
    fields: dict[bytes, bytes] = {}
    for line in _FOLDED.sub(b" ", raw).split(b"\n")[1:-1]:
        name, colon, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()
        if not colon or (name == b"content-length" and fields.get(name, value) != value):
            raise Damaged(f"the header of the WARC record at {place} has the line {line[:40]!r}")
        fields.setdefault(name, value)
    return fields, raw


class _Headers:
    """Counts what begins a record's header, in bytes that come by in pieces."""

    _START = b"\n" + WARC_START

    def __init__(self) -> None:
        self.count = 0
        self.begin()

    def begin(self) -> None:
        """What comes now stands at a line's start."""
        self._tail = b"\n"

    def feed(self, data: bytes) -> None:
        rest = len(self._START) - 1
        self.count += (self._tail + data[:rest]).count(self._START)  # those that begin in the piece before
        if WARC_START in data:  # which is found fast, and is rare
            self.count += data.count(self._START)
        self._tail = data[-rest:] if len(data) >= rest else (self._tail + data)[-rest:]


class _Cursor:
    """Reads, and knows where it is."""

    def __init__(self, reader: IO[bytes], unpacked: Unpacked, start: int) -> None:
        self._reader = reader
        self._streams = unpacked.streams
        self._packed = unpacked.compression != ""
        self._start = start
        self.at = 0
        """Unpacked bytes that were read."""
        self.headers = _Headers()

    def line(self) -> bytes:
        """The next line, or as much of it as a header may have; b"" at the end."""
        line = self._reader.readline(HEADER_BYTES)
        self.headers.feed(line)
        self.at += len(line)
        return line

    def read(self, size: int) -> bytes:
        data = self._reader.read(size)
        self.headers.feed(data)
        self.at += len(data)
        return data

    def give_back(self, line: bytes) -> None:
        """What was read of the next part's first record is none of this part's."""
        self.at -= len(line)
        self.headers.count -= line.startswith(WARC_START)

    def place(self, back: int) -> tuple[int, int]:
        """Where the byte stands that many before this one: its stream's place in the file, and its own in the stream."""
        at = self.at - back
        if not self._packed:
            return self._start + at, 0
        while len(self._streams) > 1 and self._streams[1][0] <= at:
            self._streams.popleft()
        begin, packed = self._streams[0]
        return self._start + packed, at - begin


def _first_start(file: IO[bytes], part: Part) -> int | None:
    """The first record that seems to start in the part: byte `start` or later, before `stop`. A page may quote a header:
    whether the part before ends there is looked at when all are read (see stages/join_parts.py)."""
    if part.start == 0 or part.compression not in ("", "gzip"):
        return part.start
    size = part.stop - part.start
    if not part.compression:
        file.seek(part.start - 1)
        found = _HEADER.search(file.read(size + len(WARC_START)))
        return part.start + found.start() if found else None
    file.seek(part.start)
    data = file.read(size + _TRIED_BYTES)
    for match in _GZIP_MEMBER.finditer(data, 0, size + 3):
        at = match.start()
        if at >= size:
            return None
        try:
            begun = zlib.decompressobj(31).decompress(data[at : at + _TRIED_BYTES], 16)
        except zlib.error:
            continue  # bytes that happen to look like a member's first
        if begun.startswith(WARC_START):
            return part.start + at
    return None
