"""`dateline restore` and `dateline repair`: the way back."""

import argparse
import tempfile
from contextlib import ExitStack, nullcontext
from itertools import groupby

from pipeline.checks.dumps import find_dumps
from pipeline.checks.finding import Finding, Summary, as_text
from pipeline.commit import recover
from pipeline.dataset import Manifest, Version, store_of, versions
from pipeline.history import kept_manifests, log_entry, manifest_for
from pipeline.known import files_of
from pipeline.links import require_links
from pipeline.lock import lock
from pipeline.own import DamagedFile
from pipeline.repair import Repaired, repair
from pipeline.repair_store import find_again, repair_stored
from pipeline.restore import replace, restore
from pipeline.rules.text import printable, to_json
from pipeline.run import new_run_id
from pipeline.stop import held
from pipeline.stores import StoreError
from pipeline.verify import verify
from runners import job
from runners.ending import AFTERWARDS, version_made
from runners.outcome import FAILED, OK, begin, log


def restore_version(args: argparse.Namespace, root: str) -> int:
    """Have an older version be the newest once more; the exit status."""
    manifest_for(root, args.version)
    run = new_run_id()
    with nullcontext() if store_of(root) else lock(root, run):
        if not store_of(root):
            require_links(root, run)
            recover(root, len(versions(root)))
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


def begin_repair(args: argparse.Namespace) -> None:
    """What comes before a dataset in a store can be looked at."""
    args.run = new_run_id()
    args.again = find_again(args.dataset, args.run)


def repair_dataset(args: argparse.Namespace, root: str) -> int:
    """Mend a dataset, and look whether all is well; the exit status."""
    manifest_for(root, None)
    run, again, stored = args.run, args.again, store_of(root)
    with nullcontext() if stored else lock(root, run), ExitStack() as stack:
        if not stored:
            require_links(root, run)
            recover(root, len(versions(root)))
        manifests = kept_manifests(root)

        def rebuild(manifest: Manifest) -> str:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dateline-"))
            return made_again(args, Version(root, manifest), folder)

        mend = repair_stored if stored else repair
        done = _together(again, mend(root, manifests, run, rebuild if args.dumps else None))
        newest = manifests[0]
        left = _look(root, newest)
        if left and args.dumps:
            made = replace(root, rebuild(newest), newest, new_run_id())
            newest = made or newest
            left = _look(root, newest) if made else left
        number = newest["version"]
    if args.json:
        print(
            to_json(
                done._asdict()
                | {"run": run, "version": number, "findings": [finding._asdict() for finding in left]}
            )
        )
    else:
        for line in _told(done, run, bool(stored)):
            print(printable(line))
        for finding in left:
            print(f"not mended: {as_text(finding)}")
        print(f"version {number}: {f'{len(left):,} findings are left' if left else 'all well'}")
    if newest is not manifests[0] and not args.json:
        print(f"version {manifests[0]['version']} was made again from its dumps, as this one")
    return FAILED if left or (done.lost and newest is manifests[0]) else OK


def _look(root: str, manifest: Manifest) -> list[Finding]:
    number = manifest["version"]
    return list(verify(root, manifest, number, None, Summary(root, number)))


def _together(first: Repaired, then: Repaired) -> Repaired:
    return Repaired(*(one + other for one, other in zip(first, then, strict=True)))


def _told(done: Repaired, run: str, stored: bool) -> list[str]:
    return [
        *(f"{'copied' if stored else 'linked'} anew: {path}" for path in done.linked),
        *(f"made again from its dumps: {path}" for path in done.made),
        *(f"not listed, moved to _runs/{run}/strays: {path}" for path in done.moved),
        *(f"whole nowhere: {path}" for path in done.lost),
    ]


def made_again(args: argparse.Namespace, version: Version, folder: str) -> str:
    """Make a version once more in a folder, of those of its dumps that are given; the dataset's path.

    Raises:
        DamagedFile: a run of the dumps failed.
    """
    from runners.options import parser

    given = find_dumps(args.dumps, args.source_root, version)
    paths = files_of(given.dumps)
    settings, news = version.manifest["settings"], f"{folder}/news"
    dumps = [dump for dump in version.manifest["dumps"] if dump["source"] in paths]
    dumps.sort(key=lambda dump: dump["crawl_date"] or "")
    for day, group in groupby(dumps, key=lambda dump: dump["crawl_date"]):
        inputs = [path for dump in group for path in paths[dump["source"]]]
        options = {
            "--crawl-date": day, "--source-root": args.source_root, "--text-column": args.text_column,
            "--url-column": args.url_column, "--date-column": args.date_column,
            "--max-record-bytes": str(args.max_record_bytes), "--max-window-bytes": str(args.max_window_bytes),
            "--date-granularity": settings["date_granularity"],
            "--same-headline-days": settings["same_headline_days"],
        }  # fmt: skip
        command = ["run", "--quiet", "--output", news, "--input", *inputs]
        command += [
            word for name, value in options.items() if value is not None for word in (name, str(value))
        ]
        outcome = begin()
        if job.run(parser().parse_args(command), outcome) == FAILED:
            raise DamagedFile(
                f"the dumps of version {version.manifest['version']} could not be read again: {outcome['message']}"
            )
    return news
