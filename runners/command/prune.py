"""`dateline prune`: remove older versions."""

import argparse

from dateline.pipeline.dataset.history import manifest_for
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.rules.text import to_json
from dateline.pipeline.run import new_run_id
from dateline.runners.command.outcome import OK, log


def prune_dataset(args: argparse.Namespace, dataset: Dataset) -> int:
    """Remove all versions but the newest `--keep-versions`; the exit status."""
    manifest_for(dataset.root, None)
    with dataset.locked(new_run_id()):
        done = dataset.prune(args.keep_versions)
    for run in done["recovered"]:
        log.info("put in order what run %s left, which did not end", run)
    if args.json:
        print(to_json(done))
        return OK
    gone = ", ".join(map(str, done["versions"]))
    what = f"removed versions {gone}" if gone else "nothing to remove"
    kept = ", ".join(map(str, done["kept"]))
    print(f"{what}; {done['files']:,} files, {done['bytes']:,} bytes went; kept: {kept}")
    return OK
