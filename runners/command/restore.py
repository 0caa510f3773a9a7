"""`dateline restore`: an older version is the newest once more."""

import argparse

from dateline.errors import DamagedFile, StoreError
from dateline.pipeline.dataset.history import log_entry, manifest_for
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.restore import restore
from dateline.pipeline.dataset.version import version_numbers
from dateline.pipeline.rules.text import to_json
from dateline.pipeline.run import new_run_id
from dateline.pipeline.stop import held
from dateline.runners.command.failure import AFTERWARDS, version_made
from dateline.runners.command.outcome import OK, log


def restore_version(args: argparse.Namespace, dataset: Dataset) -> int:
    """Have an older version be the newest once more; the exit status."""
    root, run = dataset.root, new_run_id()
    manifest_for(root, args.version)
    with dataset.locked(run):
        dataset.require_links(run)
        dataset.recover(len(version_numbers(root)))
        wanted, newest = (manifest_for(root, number)[1] for number in (args.version, None))
        with held():  # a signal waits until it is said what was made
            try:
                made = restore(dataset, wanted, newest, run)
            except (DamagedFile, StoreError, OSError) as error:
                version = version_made(root, run)
                if version is None:
                    raise
                log.warning(AFTERWARDS, version, error)
                made = manifest_for(root, version)[1]
            if args.json:
                print(to_json(log_entry(made) | {"restored": args.version}))
            else:
                print(f"version {made['version']} is as version {args.version} was")
    return OK
