"""`dateline verify`: whether a dataset is what its manifest says."""

import argparse
import sys
from collections import Counter

from dateline.errors import UsageError
from dateline.pipeline.dataset.history import manifest_for
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.version import unchecked_manifest, version_numbers
from dateline.pipeline.rules.text import printable, to_json
from dateline.pipeline.verify.checks import DumpOptions, verify
from dateline.pipeline.verify.finding import Summary, as_text
from dateline.runners.command.log import first_names
from dateline.runners.command.outcome import FAILED, OK
from dateline.runners.command.run import bounds, columns
from dateline.runners.command.stdio import OutputLost
from dateline.runners.command.table import width_of, wrapped

MAX_FINDINGS = 20
"""Findings of one kind that are shown; the others are counted."""


def verify_dataset(args: argparse.Namespace, dataset: Dataset) -> int:
    """Say all that is wrong with a version; the exit status."""
    if not args.dumps and (args.source_root or args.text_column or args.url_column or args.date_column):
        raise UsageError("--source-root and the names of columns say how to read --dumps: give those, too")
    number, manifest = manifest_for(dataset.root, args.version, unchecked_manifest)
    dumps = DumpOptions(args.dumps, args.source_root, columns(args), bounds(args)) if args.dumps else None
    summary = Summary(dataset.name, number)
    if args.version is None and number < version_numbers(dataset.root)[-1]:
        summary.not_checked.append(
            f"version {version_numbers(dataset.root)[-1]}, whose manifest is torn: readers pass it over"
        )
    kinds: Counter[str] = Counter()
    try:
        for finding in verify(dataset, manifest, number, dumps, summary):
            kinds[finding.check] += 1
            if kinds[finding.check] <= MAX_FINDINGS:
                print(to_json(finding._asdict()) if args.json else as_text(finding))
    except OutputLost as lost:
        if lost.is_enough and kinds:
            return FAILED
        raise
    if args.json:
        print(to_json({"summary": vars(summary) | {"findings": dict(kinds)}}))
    else:
        for kind, count in kinds.items():
            if count > MAX_FINDINGS:
                print(f"... and {count - MAX_FINDINGS:,} more findings of the kind {kind}")
        print("\n".join(wrapped(_summary(summary, kinds), width_of(sys.stdout), "  ", "")))
    return FAILED if kinds else OK


def _summary(summary: Summary, kinds: Counter[str]) -> str:
    """What was checked, and what it came to, in one line."""
    found = sum(kinds.values())
    verdict = f"{found:,} findings" if found > 1 else "1 finding" if found else "all well"
    parts = [
        f"version {summary.version}: {verdict}",
        f"{summary.files:,} files, {summary.rows:,} rows, {summary.bytes:,} bytes checked",
        f"{summary.dumps_checked:,} of {summary.dumps:,} dumps checked",
    ]
    if summary.dumps and not summary.dumps_checked:
        parts[-1] += " (--dumps gives them)"
    if summary.dumps_checked and summary.dumps_not_given:
        parts.append(f"not given: {first_names(summary.dumps_not_given)}")
    return printable("; ".join([*parts, *(f"not checked: {what}" for what in summary.not_checked)]))
