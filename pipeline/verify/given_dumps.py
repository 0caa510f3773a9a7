"""The dumps that --dumps gives: whether each is the one that a version was made of, and where its records' text lies.

What is not plain text is unpacked first. A record is what blocks are cut from: a whole dump of text, a line of JSON
Lines, a row of Parquet, a page of a WARC.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dateline.pipeline.dataset.known_dumps import ChecksumCache, checksums, files_by_source
from dateline.pipeline.dataset.version import Version
from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs.find import Unreadable, find_inputs
from dateline.pipeline.inputs.formats import Damaged, open_unpacked
from dateline.pipeline.inputs.records import SEPARATOR
from dateline.pipeline.inputs.spool_index import Index
from dateline.pipeline.verify.finding import Finding, differs


class GivenDumps(NamedTuple):
    """The dumps that were given, as far as a version knows them."""

    dumps: tuple[Dump, ...]
    """Those that are what the version was made of."""
    findings: Sequence[Finding]
    """Those that are not, or cannot be read."""
    strangers: Sequence[str]
    """Sources that the version knows nothing of."""
    not_given: Sequence[str]
    """Sources of the version that are not among them."""


def find_dumps(patterns: Sequence[str], source_root: str | None, version: Version) -> GivenDumps:
    """Look for the dumps of a version.

    Raises:
        UsageError: a pattern matches nothing, or names are ambiguous; see find_inputs().
    """
    inputs = find_inputs(patterns, source_root, option="--dumps")
    known = {dump["source"]: dump for dump in version.manifest["dumps"]}
    findings = [_unreadable(entry) for entry in inputs.unreadable]
    paths = {source: files for source, files in files_by_source(inputs.dumps).items() if source in known}
    good, cache = set(), ChecksumCache(version.root)
    for source, files in paths.items():
        dump = known[source]
        try:
            ((size, digest),) = checksums({source: files}, cache, read=True).values()
        except OSError as error:
            findings.append(_unreadable(Unreadable(files[0], error.strerror or str(error))))
            continue
        if size != dump["bytes"]:
            findings.append(
                differs("dump", files[0], None, f"bytes of the dump {source}", size, dump["bytes"])
            )
        elif digest != dump["sha256"]:
            findings.append(
                differs("dump", files[0], None, f"SHA-256 of the dump {source}", digest, dump["sha256"])
            )
        else:
            good.add(source)
    return GivenDumps(
        tuple(dump for dump in inputs.dumps if dump.source in good),
        findings,
        sorted({dump.source for dump in inputs.dumps if dump.size} - known.keys()),
        sorted(known.keys() - paths.keys()),
    )


def _unreadable(entry: Unreadable) -> Finding:
    return Finding("dump", entry.path, None, "cannot be read", entry.error, "a dump")


class Span(NamedTuple):
    """Where a record's text lies: bytes [start, start + size) of a dump or its spool; its rows call the first `base`."""

    dump: int
    start: int
    size: int
    base: int
    encoding: str = ""
    """For UTF-16, which is read as it lies in the dump: which of the two."""


def spans_of(number: int, dump: Dump) -> Iterator[tuple[str, Span]]:
    """The records of a dump, or of a part of it that is unpacked, each with its name in the rows."""
    part = dump.part
    if part is None:
        yield dump.source, Span(number, 0, dump.size, 0)
    elif part.format == "utf-16":
        try:
            with open(dump.path, "wb") as out, open_unpacked(part) as packed:
                shutil.copyfileobj(packed, out)
        except Damaged:
            os.truncate(dump.path, 0)  # as a run has it: nothing of it was read
        size = os.path.getsize(dump.path)
        with open(dump.path, "rb") as file:
            encoding = "utf-16-be" if file.read(2) == b"\xfe\xff" else "utf-16-le"
        yield dump.source, Span(number, min(2, size), max(0, size - 2), 2, encoding)
    else:
        size = os.path.getsize(dump.path)
        if part.format == "text":
            yield dump.source, Span(number, 0, size, 0)
            return
        index = Index(f"{dump.path}.index")
        starts = index.starts
        ends = [start - len(SEPARATOR) for start in [*starts[1:], size][: len(starts)]]
        for row, end in zip(index.rows(), ends, strict=True):
            yield (
                row.source or f"{dump.source}{row.place}",
                Span(number, row.start, end - row.start, row.base),
            )
