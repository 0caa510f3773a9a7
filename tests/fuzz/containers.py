"""What the fuzzer of containers drives: any bytes as a file, in each format, in one part and in several.

Either the file is damaged, and says so, or each record is accounted for, wherever the parts begin. See
atheris_containers.py.
"""

import gzip
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from dateline.errors import UsageError
from dateline.pipeline.inputs import formats
from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.inputs.parts import unpack_all
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.inputs.spool_index import Index
from dateline.pipeline.inputs.streams import Bounds
from dateline.schemas.columns import arrow_schema

BOUNDS = Bounds(record_bytes=4096, dump_bytes=1 << 22, run_bytes=1 << 24, window_bytes=1 << 22)
NAMES = ("a.txt", "a.jsonl")


def drive(data: bytes) -> list[str | None]:
    """Read bytes as a file of each name; what is wrong with each.

    Raises:
        AssertionError: a record is lost, or what is read depends on where parts begin.
    """
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        return [_drive(data, Path(folder), name) for name in NAMES]


def _drive(data: bytes, folder: Path, name: str) -> str | None:
    path = folder / name
    path.write_bytes(data)
    problem, records = read(path, folder, 1 << 30)
    again, parted = read(path, folder, max(1, len(data) // 3))
    assert (problem is None) == (again is None), (problem, again)
    assert records == parted
    return problem


def read(path: Path, folder: Path, part_bytes: int) -> tuple[str | None, list[tuple[str | None, bytes]]]:
    """What is wrong with a file, or the place and text of each of its records; none for a text."""
    before, formats.PART_BYTES = formats.PART_BYTES, part_bytes
    try:
        found = find_inputs([str(path)], None)
    except UsageError as error:  # rejects of a dump that is given as well
        return str(error), []
    finally:
        formats.PART_BYTES = before
    if found.unreadable:
        return found.unreadable[0].error, []
    dumps = with_spools(found.dumps, str(folder))
    unpack_all(dumps, Columns(), Quota(str(folder), BOUNDS))
    records: list[tuple[str | None, bytes]] = []
    for dump in dumps:
        if dump.part:
            index = Index(f"{dump.path}.index")
            if index.facts.problem:
                return index.facts.problem, []
            records += accounted(index, Path(dump.path).read_bytes())
    return None, records


def accounted(index: Index, text: bytes) -> Iterable[tuple[str | None, bytes]]:
    """The records of a part, once all of what it holds is there."""
    account = index.facts.account
    if account is None:
        return []
    rows = list(index.rows())
    assert account.held == len(rows) + account.others.total(), account
    assert account.size == sum(row.size for row in rows) + account.others_size + account.blank, account
    ends = [row.start for row in rows[1:]] + [len(text)] * bool(rows)
    texts = [text[row.start : end] for row, end in zip(rows, ends, strict=True)]
    assert all(each.strip() for each in texts)
    return list(zip([row.place for row in rows], texts, strict=True))


def seeds() -> dict[str, bytes]:
    """A small file of each kind, to be mutated."""
    page = "A headline of it\n\nUpdated 07 September 2023\n\nKYIV: A body.\n"
    lines = "".join(
        json.dumps({"text": page, "url": "https://arab.news/a", "date": n}) + "\n" for n in range(3)
    )
    head = "WARC/1.0\r\nWARC-Type: {}\r\nWARC-Date: 2024-02-01T10:00:00Z\r\nContent-Length: {}\r\n\r\n"
    record = (head.format("conversion", len(page)) + page + "\r\n\r\n").encode()
    warc = (head.format("warcinfo", 3) + "a\r\n\r\n\r\n").encode() + record * 2
    table = pa.table(
        {"text": [page, None, "x"], "content": [None, page, None], "date": ["2024", "20240201", None]}
    )
    sink, flat = pa.BufferOutputStream(), pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=2)
    pq.write_table(table, flat, use_dictionary=False, compression="none", data_page_version="2.0")
    schema = pa.schema(
        [arrow_schema("reject").field(n) for n in ("source", "source_offset", "raw", "raw_truncated")]
    )
    rejects = pa.BufferOutputStream()
    with pa.ipc.new_file(rejects, schema) as file:
        row = {"source": "b.txt", "source_offset": 7, "raw": page.encode(), "raw_truncated": False}
        file.write_table(
            pa.Table.from_pylist([row, row | {"source_offset": 70, "raw_truncated": True}], schema)
        )
    packed = zstandard.compress(page.encode())
    return {
        "jsonl": lines.encode(), "jsonl.gz": gzip.compress(lines.encode(), mtime=0), "warc": warc,
        "warc.gz": gzip.compress(warc[:200], mtime=0) + gzip.compress(warc[200:], mtime=0),
        "warc members": b"".join(gzip.compress(record, mtime=0) for _ in range(3)), "zst": packed + packed,
        "parquet": sink.getvalue().to_pybytes(), "parquet 2": flat.getvalue().to_pybytes(),
        "rejects": rejects.getvalue().to_pybytes(), "utf-16": b"\xff\xfe" + page.encode("utf-16-le"),
    }  # fmt: skip
