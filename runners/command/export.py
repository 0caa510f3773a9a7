"""`dateline export`: one version of a dataset as few, compact files."""

import argparse

from dateline.pipeline.dataset.export import export
from dateline.pipeline.dataset.history import manifest_for
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.rules.text import printable, to_json
from dateline.runners.command.outcome import OK
from dateline.runners.command.paths import require_target


def export_version(args: argparse.Namespace, dataset: Dataset) -> int:
    """Write the articles of `--version` to `--to`; the exit status."""
    require_target(args.to, dataset)
    number, manifest = manifest_for(dataset.root, args.version)
    done = export(dataset, manifest, args.to, args.format, args.one_file)
    if args.json:
        print(to_json({"version": number, "to": args.to, **done._asdict()}))
        return OK
    files = "1 file" if done.files == 1 else f"{done.files:,} files"
    print(
        printable(
            f"{done.rows:,} articles of version {number} are in {args.to}: {files}, {done.bytes:,} bytes"
        )
    )
    return OK
