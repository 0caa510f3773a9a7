"""`dateline log`: the versions of a dataset, and what each changed."""

import argparse
from typing import Any

from dateline.pipeline.dataset.history import kept_manifests, log_entry
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.run_reports import failed_runs, in_order
from dateline.pipeline.dataset.version import version_numbers
from dateline.pipeline.rules.text import printable, to_json
from dateline.runners.command.outcome import OK, log

NAMES_SHOWN = 3
"""Dumps that are named in a line."""


def first_names(names: Any) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def print_versions(args: argparse.Namespace, dataset: Dataset) -> int:
    """Print the versions and the failed runs, newest first; the exit status."""
    root = dataset.root
    failed, wrong = failed_runs(dataset)
    for message in wrong:
        log.warning("%s", message)
    manifests = kept_manifests(root) if version_numbers(root) or not failed else []
    for kind, each in in_order(manifests, failed):
        entry = log_entry(each) if kind == "version" else each
        print(to_json(entry) if args.json else (_entry if kind == "version" else _failed)(entry))
    return OK


def _entry(entry: dict[str, Any]) -> str:
    dumps = entry["dumps"]
    read = f"1 dump: {dumps[0]}" if len(dumps) == 1 else f"{len(dumps):,} dumps"
    if len(dumps) > 1:
        read += f": {first_names(dumps)}"
    changes = ", ".join(f"{name} {count:+,}" for name, count in entry["changes"].items())
    return "\n".join(
        [
            printable(f"version {entry['version']}  {entry['made']}  run {entry['run']}"),
            printable(f"  read     {read}"),
            f"  changed  {changes}",
            f"  size     {entry['bytes']:,} bytes in {entry['files']:,} files",
        ]
    )


def _failed(record: dict[str, Any]) -> str:
    at = f"at {record['stage']}" + (f", dump {record['dump']}" if record["dump"] else "")
    lines = [f"{record['state']}  {record['started']}  run {record['run']}", f"  because  {record['reason']}"]
    lines.append(f"  where    {at}")
    if counts := record["so_far"]:
        lines.append(
            f"  so far   {counts['bytes_read']:,} of {counts['bytes']:,} bytes of {counts['dumps']:,} dumps, "
            f"{counts['records']:,} records, {counts['rejects']:,} rejects, {counts['rows_written']:,} rows"
        )
    return "\n".join(map(printable, lines))
