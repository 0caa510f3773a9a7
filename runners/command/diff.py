"""`dateline diff`: what became of the articles from one version to another."""

import argparse
import sys
from collections import Counter
from typing import Any

from dateline.pipeline.dataset.diff import Change, diff
from dateline.pipeline.dataset.history import manifest_for
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.rules.text import printable, to_json
from dateline.runners.command.outcome import OK
from dateline.runners.command.table import width_of, wrapped

SIGNS = {"added": "+", "removed": "-", "changed": "~", "folded": ">"}


def print_changes(args: argparse.Namespace, dataset: Dataset) -> int:
    """Print what is not the same in two versions; the exit status."""
    old, new = (dataset.version(manifest_for(dataset.root, number)[1]) for number in (args.old, args.new))
    kinds: Counter[str] = Counter()
    width = width_of(sys.stdout)
    for change in diff(old, new):
        kinds[change.kind] += 1
        print(
            to_json(_as_json(change)) if args.json else "\n".join(wrapped(_as_text(change), width, "  ", ""))
        )
    counts = {kind: kinds[kind] for kind in SIGNS}
    if args.json:
        print(to_json({"summary": {"from": args.old, "to": args.new} | counts}))
    else:
        summary = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        print("\n".join(wrapped(f"version {args.old} to {args.new}: {summary}", width, "  ", "")))
    return OK


def _as_json(change: Change) -> dict[str, Any]:
    return {name: value for name, value in change._asdict().items() if value not in (None, ())} | {
        "updated": change.updated
    }


def _as_text(change: Change) -> str:
    line = f"{SIGNS[change.kind]} {change.id}  {change.updated or 'no date   '}  {change.headline}"
    if change.columns:
        line += f"  ({', '.join(change.columns)}{f'; was {change.was}' if change.was else ''})"
    return printable(line + (f"  -> {change.winner}" if change.winner else ""))
