"""`dateline restore`: an older version is the newest once more."""

import argparse
from contextlib import nullcontext

from dateline.errors import DamagedFile, StoreError
from dateline.pipeline.dataset.commit import recover
from dateline.pipeline.dataset.history import log_entry, manifest_for
from dateline.pipeline.dataset.links import require_links
from dateline.pipeline.dataset.lock import lock
from dateline.pipeline.dataset.restore import restore
from dateline.pipeline.dataset.version import store_of, version_numbers
from dateline.pipeline.rules.text import to_json
from dateline.pipeline.run import new_run_id
from dateline.pipeline.stop import held
from dateline.runners.command.failure import AFTERWARDS, version_made
from dateline.runners.command.outcome import OK, log


def restore_version(args: argparse.Namespace, root: str) -> int:
    """Have an older version be the newest once more; the exit status."""
    manifest_for(root, args.version)
    run = new_run_id()
    with nullcontext() if store_of(root) else lock(root, run):
        if not store_of(root):
            require_links(root, run)
            recover(root, len(version_numbers(root)))
        wanted, newest = (manifest_for(root, number)[1] for number in (args.version, None))
        with held():  # what was made is told
            try:
                made = restore(root, wanted, newest, run)
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
