"""Input formats: told by a file's first bytes and its name, never by an option.

    plain text, UTF-8              read where it lies
    text in gzip, bzip2, xz, zstd  unpacked first; UTF-16 with a byte order mark: transcoded first
    JSON Lines, Parquet            one page a line or row: text, and URL and date where they are
    WARC, WET                      one page a conversion record; URL and date from its header
    the rejects of a dataset       one block a row, to be read again by a better parser

What is not plain text is unpacked by parts into spool files of UTF-8, which all later stages read like dumps.
See records.py for what a record is.
"""

import io
import os
import re
from itertools import pairwise

from dateline.pipeline.elements import Format, Part, Pin
from dateline.pipeline.inputs.parquet import row_groups
from dateline.pipeline.inputs.rejects import reject_sources
from dateline.pipeline.inputs.streams import Bounds, Tell, Unpacked, compression_of, tell_nobody
from dateline.pipeline.inputs.streams import Damaged as Damaged
from dateline.pipeline.inputs.unsupported import what_it_is
from dateline.pipeline.store.files import first_bytes, open_file

PART_BYTES = 8 << 20
"""Bytes of a JSON Lines or WARC file that are unpacked by one task."""

HEAD_BYTES = 4096
"""Bytes of a file, and of what it unpacks to, that tell its format."""
PACKED = {"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "zstd": ".zst"}
"""How the name of a packed file ends."""
_JSON_NAME = re.compile(r"\.(jsonl|ndjson|json)\b")
WARC_START = b"WARC/1."


def detect(path: str, pin: Pin | None = None) -> tuple[Format, str]:
    """A file's format and compression.

    Args:
        path: the file.
        pin: its state in a store.

    Raises:
        OSError: it cannot be read.
        Damaged: it is plainly no dump; the message says what it is.
    """
    head = first_bytes(path, HEAD_BYTES, pin)
    compression = compression_of(head)
    if compression:
        try:
            with Unpacked(open_file(path, pin, stop=0), compression) as unpacked:
                head = io.BufferedReader(unpacked).read(HEAD_BYTES)
        except Damaged:
            return "text", compression  # told when it is unpacked
        if inner := compression_of(head):
            raise Damaged(f"is {inner} in {compression}: unpack it once, and give what comes out")
    name = os.path.basename(path).lower()
    if head.startswith(b"PAR1"):
        return "parquet", compression
    if head.startswith(b"ARROW1"):
        return "rejects", compression
    if head.lstrip(b"\r\n").startswith(WARC_START):
        return "warc", compression
    if foreign := what_it_is(head, name.removesuffix(PACKED.get(compression, ""))):
        raise Damaged(f"{foreign} (packed as {compression})" if compression else foreign)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", compression
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _JSON_NAME.search(name):
        return "jsonl", compression
    return ("text", compression) if compression else ("plain", "")


def parts_of(path: str, pin: Pin) -> list[Part]:
    """How an input is shared out; none for plain text, which is read where it lies.

    Args:
        path: the file.
        pin: its state; its tag is "" on this machine.

    Raises:
        OSError: it cannot be read.
        Damaged: it is not what it says it is.
    """
    size = pin.size
    whole = Part("text", "", path, 0, size, *pin)
    form, compression = detect(path, whole.pin)
    if form == "plain":
        return []
    if form in ("parquet", "rejects") and compression:
        raise Damaged(f"a file of {form} in {compression}: unpack it first")
    if form == "parquet":
        groups, tasks = row_groups(whole)
        edges = [groups * task // tasks for task in range(tasks + 1)]
        return [Part(form, "", path, *edge, *pin) for edge in pairwise(edges)]
    if (form == "jsonl" and not compression) or (form == "warc" and compression in ("", "gzip")):
        return [
            Part(form, compression, path, start, min(start + PART_BYTES, size), *pin)
            for start in range(0, size, PART_BYTES)
        ]
    if form == "rejects":
        return [whole._replace(format=form, stop=len(reject_sources(path, whole.pin)))]
    return [whole._replace(format=form, compression=compression)]


def open_unpacked(part: Part, bounds: Bounds | None = None, tell: Tell = tell_nobody) -> Unpacked:
    """The file that a part is of, unpacked as it is read, which is told.

    Raises:
        OSError: it cannot be opened.
        Damaged (when read): it is cut off or damaged, or takes more than it may.
        StoreError (when read): its store failed.
    """
    return Unpacked(open_file(part.path, part.pin), part.compression, bounds, tell)
