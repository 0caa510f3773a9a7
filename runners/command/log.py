"""`dateline log`: the versions of a dataset, and what each changed.

version  made (UTC)        articles  duplicates  rejects  dumps      size  files
2        2026-11-30 01:54       +25         +18       +4      5  298.0 KB    +40
         run 20261130T015407-3c36f0a7: amp-page.txt, body-first.txt, body-only.txt and 2 more
failed   2026-11-30 01:50
         run 20261130T015002-9e4930ea: [Errno 28] No space left on device
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from dateline.pipeline.dataset.history import kept_manifests, log_entry
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.run_reports import failed_runs, in_order
from dateline.pipeline.dataset.version import version_numbers
from dateline.pipeline.rules.text import printable, to_json
from dateline.runners.command.outcome import OK, warn_all
from dateline.runners.command.table import aligned, width_of, wrapped
from dateline.runners.command.watch import megabytes

NAMES_SHOWN = 3
"""Dumps that are named in a line."""
CHANGES = ("articles", "duplicates", "rejects")
HEADS = ("version", "made (UTC)", *CHANGES, "dumps", "size", "files")
"""Of the columns; a narrow terminal gets the first of them."""
SIDES = "<<" + ">" * (len(HEADS) - 2)
MINUTE = len("2026-11-30T01:54")
"""Characters of a time that are shown: the run's id has the seconds."""
INDENT = " " * 9


def first_names(names: Any) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def print_versions(args: argparse.Namespace, dataset: Dataset) -> int:
    """Print the versions and the failed runs, newest first; the exit status."""
    root = dataset.root
    failed, wrong = failed_runs(dataset)
    warn_all(wrong, "")
    manifests = kept_manifests(root) if version_numbers(root) or not failed else []
    entries = [log_entry(each) if kind == "version" else each for kind, each in in_order(manifests, failed)]
    for line in map(to_json, entries) if args.json else lines_of(entries, width_of(sys.stdout)):
        print(line)
    return OK


def lines_of(entries: Sequence[dict[str, Any]], width: int | None = None) -> Iterator[str]:
    """A table of versions and failed runs. Below each row stand the run, its dumps, and why it failed.

    Args:
        entries: as --json prints them.
        width: the most characters of a line; None for no limit.
    """
    head, *rows = aligned([HEADS, *map(_row, entries)], SIDES, width)
    yield head
    for entry, row in zip(entries, rows, strict=True):
        yield row
        for text in map(printable, _details(entry)):
            yield from wrapped(text, width, INDENT)


def _row(entry: dict[str, Any]) -> Sequence[str]:
    if entry["state"] != "done":
        when = entry["started"][:MINUTE].replace("T", " ")
        return (entry["state"], when, *("" for _ in HEADS[2:]))
    changes = entry["changes"]
    return (
        str(entry["version"]),
        entry["made"][:MINUTE].replace("T", " "),
        *(f"{changes[name]:+,}" for name in CHANGES),
        f"{len(entry['dumps']):,}",
        megabytes(entry["bytes"]),
        f"{changes['files']:+,}",
    )


def _details(entry: dict[str, Any]) -> Iterator[str]:
    if entry["state"] == "done":
        read = f": {first_names(entry['dumps'])}" if entry["dumps"] else ""
        yield f"run {entry['run']}{read}"
        return
    yield from f"run {entry['run']}: {entry['reason']}".split("\n  ")
    at = f"at {entry['stage']}" + (f", dump {entry['dump']}" if entry["dump"] else "")
    if counts := entry["so_far"]:
        at += (
            f"; {counts['bytes_read']:,} of {counts['bytes']:,} bytes of {counts['dumps']:,} dumps, "
            f"{counts['records']:,} records, {counts['rejects']:,} rejects, {counts['rows_written']:,} rows"
        )
    yield at
