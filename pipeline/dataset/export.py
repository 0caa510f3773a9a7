"""Export: one version of a dataset as few, compact files, for readers to which thousands of small ones are slow.

    export(dataset, manifest, "news-7", "parquet")          news-7/articles-00000.parquet, ...
    export(dataset, manifest, "news-7.jsonl", "jsonl", one_file=True)

Rows are sorted by date, region and id, those without a date last; the same version gives the same bytes. Each file of the
dataset is held against its checksum on its way. Nothing has the final name until all of it is written.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from dateline.errors import UsageError
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.rules.text import to_json
from dateline.schemas.columns import arrow_schema

Format = Literal["parquet", "ipc-stream", "jsonl"]
SUFFIXES: dict[Format, str] = {"parquet": "parquet", "ipc-stream": "arrows", "jsonl": "jsonl"}
"""The formats, and how the names of their files end."""
GROUP_ROWS = 16_384
"""Rows of a row group or record batch: some 50 MB, which a reader holds at a time."""
FILE_ROWS = 32 * GROUP_ROWS
"""Rows of a file, but for the last, where there may be several."""


class Exported(NamedTuple):
    """What was written."""

    rows: int
    files: int
    bytes: int


Write = Callable[[pa.Table], None]


def export(
    dataset: Dataset, manifest: Manifest, target: str, form: Format, one_file: bool = False
) -> Exported:
    """Write the articles of a version.

    Args:
        dataset: whose.
        manifest: of the version.
        target: a folder that is made, or with `one_file` a file.
        form: the format.
        one_file: whether all is one file, however large.

    Raises:
        UsageError: the target is there already.
        DamagedFile: a file of the dataset is not what the manifest says.
        OSError: it cannot be written.
    """
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already: remove it, or give another name")
    os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        if not one_file:
            os.mkdir(temporary)
        done = _write_all(_groups(dataset, manifest), temporary, form, one_file)
        os.rename(temporary, target)
    except BaseException:
        if os.path.isdir(temporary):
            shutil.rmtree(temporary, ignore_errors=True)
        elif os.path.exists(temporary):
            os.unlink(temporary)
        raise
    return done


def _write_all(groups: Iterator[pa.Table], place: str, form: Format, one_file: bool) -> Exported:
    rows = files = size = 0
    following = next(groups, None)
    while following is not None or not files:
        path = place if one_file else f"{place}/articles-{files:05d}.{SUFFIXES[form]}"
        in_file = 0
        with _WRITERS[form](path) as write:
            while following is not None and (one_file or in_file < FILE_ROWS):
                write(following)
                in_file += len(following)
                following = next(groups, None)
        rows, files, size = rows + in_file, files + 1, size + os.path.getsize(path)
    return Exported(rows, files, size)


def _groups(dataset: Dataset, manifest: Manifest) -> Iterator[pa.Table]:
    """The rows in their order, in tables of GROUP_ROWS; the last may have fewer."""
    waiting: list[pa.Table] = []
    count = 0
    for table in _dates(dataset, manifest):
        waiting.append(table)
        count += len(table)
        while count >= GROUP_ROWS:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, GROUP_ROWS)
            waiting, count = [whole.slice(GROUP_ROWS)], count - GROUP_ROWS
    if count:
        yield pa.concat_tables(waiting)


def _dates(dataset: Dataset, manifest: Manifest) -> Iterator[pa.Table]:
    """The rows of each date partition, sorted: that of no date comes last, since its name begins with _."""
    version = dataset.version(manifest)
    by_day = manifest["settings"]["date_granularity"] == "day"
    entries = sorted(version.files("articles"), key=lambda file: str(file["path"]))
    for _, group in groupby(entries, key=lambda file: str(file["path"]).split("/")[0]):
        table = pa.concat_tables([version.read(entry) for entry in group])
        if not by_day:
            table = table.sort_by([(name, "ascending") for name in ("updated", "region", "id")])
        yield table


@contextmanager
def _parquet(path: str) -> Iterator[Write]:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, arrow_schema("article"), compression="zstd") as writer:
        yield lambda table: writer.write_table(table, row_group_size=GROUP_ROWS)


@contextmanager
def _ipc_stream(path: str) -> Iterator[Write]:
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_stream(sink, arrow_schema("article")) as writer:
        yield lambda table: writer.write_table(table.combine_chunks())


@contextmanager
def _jsonl(path: str) -> Iterator[Write]:
    with open(path, "x", encoding="utf-8") as file:

        def write(table: pa.Table) -> None:
            for row in table.to_pylist():
                file.write(f"{to_json(_plain(row))}\n")

        yield write


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Days as YYYY-MM-DD; all else is JSON already."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


_WRITERS: dict[Format, Callable[[str], AbstractContextManager[Write]]] = {
    "parquet": _parquet, "ipc-stream": _ipc_stream, "jsonl": _jsonl,
}  # fmt: skip
