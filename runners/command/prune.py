"""`dateline prune`: remove older versions."""

import argparse

from dateline.pipeline.dataset.history import (
    manifest_for,
    prune_stored,
    prune_versions,
)
from dateline.pipeline.dataset.lock import lock
from dateline.pipeline.dataset.version import store_of
from dateline.pipeline.rules.text import to_json
from dateline.pipeline.run import new_run_id
from dateline.runners.command.outcome import OK, log


def prune_dataset(args: argparse.Namespace, root: str) -> int:
    manifest_for(root, None)
    if store_of(root):
        done = prune_stored(root, args.keep_versions)
    else:
        with lock(root, new_run_id()):
            done = prune_versions(root, args.keep_versions)
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
