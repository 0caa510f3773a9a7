"""Verify: read all of one version again, and report what is not as it must be.

    manifest    valid, in order, one file for each slot
    strays      of the newest version: nothing stands where readers look that it does not list
    files       there, of the size, checksum, schema and rows that the manifest says
    rows        each valid, in its place and order, and in agreement with itself
    whole       ids, keys, identity, copies, sums; no byte of a dump in two blocks
    dumps       where they are at hand: each the one that was read, and each block what its row says

Nothing is changed, and no lock is taken. Files are read one by one; of the whole only keys and places are kept.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.version import Manifest, Version
from dateline.pipeline.elements import Record
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.inputs.streams import Bounds
from dateline.pipeline.names import kind_of
from dateline.pipeline.verify.cross_checks import CrossChecks, incomplete_kinds
from dateline.pipeline.verify.file_checks import check_changes, check_manifest, manifest_violation, read_file
from dateline.pipeline.verify.finding import Finding, Summary
from dateline.pipeline.verify.given_dumps import GivenDumps, find_dumps
from dateline.pipeline.verify.row_checks import KEYS_SHARED, Gathered, Rules, check_rows, keys_of
from dateline.pipeline.verify.strays import check_strays
from dateline.pipeline.verify.text_checks import Texts
from dateline.schemas.columns import from_batch


class DumpOptions(NamedTuple):
    """Which dumps to hold the rows against."""

    patterns: Sequence[str]
    source_root: str | None
    columns: Columns
    bounds: Bounds


def verify(
    dataset: Dataset, manifest: Manifest, number: int, dumps: DumpOptions | None, summary: Summary
) -> Iterator[Finding]:
    """All that is wrong with a version.

    Args:
        dataset: the dataset.
        manifest: of the version, as it was read.
        number: of the version.
        dumps: where its dumps are, if they are to be looked at.
        summary: is filled in on the way.

    Raises:
        UsageError: the dumps are not there; before anything is read.
    """
    invalid = manifest_violation(manifest, number)
    if invalid:
        summary.not_checked.append("anything but the manifest, since it is not valid")
        yield invalid
        return
    version = dataset.version(manifest)
    summary.dumps, summary.dumps_not_given = len(version.sources), version.sources
    damaged = set()
    for finding in _all(version, manifest, number, dumps, summary):
        damaged.add(finding.file)
        yield finding
    yield from check_strays(dataset, version, damaged, summary)


def _all(
    version: Version, manifest: Manifest, number: int, dumps: DumpOptions | None, summary: Summary
) -> Iterator[Finding]:
    """What is wrong with what a valid manifest says."""
    given = find_dumps(dumps.patterns, dumps.source_root, version) if dumps else None
    yield from check_manifest(manifest, number)
    yield from check_changes(version, number)
    if given is None or dumps is None:
        yield from _contents(version, None, summary)
        return
    yield from given.findings
    with tempfile.TemporaryDirectory() as folder:
        texts = Texts(given.dumps, dumps.columns, dumps.bounds, folder)
        try:
            _count(given, texts, summary)
            yield from _contents(version, texts, summary)
        finally:
            texts.close()


def _count(given: GivenDumps, texts: Texts, summary: Summary) -> None:
    summary.dumps_checked = len(texts.plain)
    summary.dumps_not_given = given.not_given
    summary.bytes += texts.size
    if given.strangers:
        summary.not_checked.append(f"dumps that are none of this version: {', '.join(given.strangers)}")


def _contents(version: Version, texts: Texts | None, summary: Summary) -> Iterator[Finding]:
    """The files, their rows, and the whole."""
    rules, gathered = Rules.of(version, texts), Gathered()
    for entry in version.files():
        findings: list[Finding] = []
        kind = kind_of(entry["path"])
        table = read_file(version, entry, findings) if kind == entry["kind"] else None
        yield from findings
        if table is None:
            gathered.incomplete |= {entry["kind"], kind or ""}
            continue
        summary.files += 1
        summary.rows += len(table)
        summary.bytes += entry["bytes"]
        yield from check_rows(entry, table, rules, gathered)
    yield from _whole(version, CrossChecks(gathered), gathered, texts, summary)


def _whole(
    version: Version, whole: CrossChecks, gathered: Gathered, texts: Texts | None, summary: Summary
) -> Iterator[Finding]:
    manifest = version.manifest
    yield from whole.check_ids()
    yield from whole.check_overlaps()
    yield from whole.check_ends(manifest["dumps"], texts.plain if texts else {})
    checks: tuple[tuple[str, tuple[str, ...], Callable[[], Iterator[Finding]]], ...] = (
        ("keys", ("articles", "keys"), lambda: whole.check_keys(_reader(version))),
        ("copies", ("articles", "duplicates"), whole.check_copies),
        ("identity", ("keys", "duplicates"), lambda: whole.check_identity(manifest["settings"]["same_headline_days"])),
        ("bytes between blocks", ("articles", "duplicates", "rejected"),
         lambda: texts.check_gaps(whole.blocks_by_source()) if texts else iter(())),
    )  # fmt: skip
    for what, kinds, check in checks:
        if damaged := incomplete_kinds(gathered, *kinds):
            summary.not_checked.append(f"{what}, since {damaged} cannot all be used")
        else:
            yield from check()


def _reader(version: Version) -> Callable[[str, int], Record]:
    """A function that reads what KEYS_SHARED are in one row of an article or its keys."""
    entries = {entry["path"]: entry for entry in version.files()}

    def row_of(path: str, row: int) -> Record:
        entry = entries[path]
        found: list[Finding] = []
        table = read_file(version, entry, found)
        if table is None:
            raise OSError(f"{path} went while it was read")
        (record,) = from_batch(table.slice(row, 1))
        values = (
            keys_of(record) if entry["kind"] == "articles" else tuple(record[name] for name in KEYS_SHARED)
        )
        return dict(zip(KEYS_SHARED, values, strict=True))

    return row_of
