"""What a run left behind: its rows, its files, and how long the creation of its files took."""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.dataset as ds

COLUMNS = pa.schema([("date", pa.date32()), ("region", pa.string()), ("headline", pa.string())])
"""What results are compared by; named outright, since a result without rows has no file that tells its columns."""
HIVE = ds.partitioning(pa.schema([COLUMNS.field("date"), COLUMNS.field("region")]), flavor="hive")


class Articles(NamedTuple):
    rows: int
    digest: str
    """Of the sorted (date, region, headline) of all rows."""


def articles(output: Path) -> Articles:
    table = ds.dataset(output, schema=COLUMNS, format="ipc", partitioning=HIVE).to_table()
    lines = sorted("\t".join(map(str, row.values())) for row in table.to_pylist())
    return Articles(len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16])


def check(output: Path, truth: dict[str, Any], others: set[str]) -> int:
    """Hold a result against the truth about its dumps; the rows.

    Args:
        output: the dataset.
        truth: what dumps.make() told.
        others: the digests of other results of the same dumps; this one's is added.

    Raises:
        SystemExit: it is wrong.
    """
    found = articles(output)
    if found.rows != truth["distinct"]:
        raise SystemExit(f"{output}: {found.rows} rows, expected {truth['distinct']}")
    if others and found.digest not in others:
        raise SystemExit(f"{output}: its articles are not those of the other results")
    others.add(found.digest)
    if report := report_of(output):
        counts = report["counts"]
        blocks = counts["articles"] + counts["duplicates"] + counts["rejects"]
        if blocks != truth["blocks"] or counts["rejects"] != truth["rejects"]:
            expected = f"{truth['blocks']}, of which {truth['rejects']} rejects"
            raise SystemExit(f"{output}: {blocks} blocks, expected {expected}: {counts}")
    return found.rows


def report_of(output: Path) -> dict[str, Any]:
    """The report of Dateline's run; empty where the result is another's."""
    reports = list(output.glob("_runs/*/report.json"))
    return json.loads(reports[0].read_text("utf-8")) if reports else {}


def files(output: Path) -> int:
    """The files of a result; one with several names is one."""
    paths = (Path(folder, name) for folder, _, names in os.walk(output) for name in names)
    return len({path.stat().st_ino for path in paths})


class Creation(NamedTuple):
    span: float
    """Seconds from the first partition file's creation to the last one's."""
    bare: float
    """Seconds that a bare loop took for the same folders, files and bytes, in the same order, right afterwards."""
    files: int


def creation(output: Path, again: Path) -> Creation:
    """How long the partition files of a result took, and a bare loop for the same tree.

    A file is written at once when it is made, and what renames or links it later leaves its time of change: so
    this is its time of creation.

    Args:
        output: the result.
        again: where to make the tree once more; not there yet.
    """
    paths = sorted(output.glob("date=*/region=*/*"), key=lambda path: path.stat().st_mtime_ns)
    times = [path.stat().st_mtime_ns for path in paths]
    names = [(str(again / path.relative_to(output).parent), path.name) for path in paths]
    contents = [path.read_bytes() for path in paths]
    again.mkdir()
    os.sync()
    begin = time.perf_counter()
    made = set()
    for (folder, name), content in zip(names, contents, strict=True):
        day = os.path.dirname(folder)
        for new in (day, folder):
            if new not in made:
                os.mkdir(new)
                made.add(new)
        file = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(file, content)
        os.close(file)
    return Creation((times[-1] - times[0]) / 1e9, time.perf_counter() - begin, len(paths))
