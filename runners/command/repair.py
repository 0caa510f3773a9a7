"""`dateline repair`: mend what can be mended, and look whether all is well."""

import argparse
import tempfile
from contextlib import ExitStack
from itertools import groupby

from dateline.errors import DamagedFile
from dateline.pipeline.dataset.history import kept_manifests, manifest_for
from dateline.pipeline.dataset.interface import Dataset, Repaired
from dateline.pipeline.dataset.known_dumps import files_by_source
from dateline.pipeline.dataset.open import dataset_at
from dateline.pipeline.dataset.restore import replace_files
from dateline.pipeline.dataset.version import Manifest, Version, version_numbers
from dateline.pipeline.rules.text import printable, to_json
from dateline.pipeline.run import new_run_id
from dateline.pipeline.verify.checks import verify
from dateline.pipeline.verify.finding import Finding, Summary, as_text
from dateline.pipeline.verify.given_dumps import find_dumps
from dateline.runners.command import run as job
from dateline.runners.command.outcome import FAILED, OK, begin


def begin_repair(args: argparse.Namespace) -> None:
    """What comes before a dataset in a store can be looked at."""
    args.run = new_run_id()
    args.found = dataset_at(args.dataset).find_manifests(args.run)


def repair_dataset(args: argparse.Namespace, dataset: Dataset) -> int:
    """Mend a dataset, and look whether all is well; the exit status."""
    root, run = dataset.root, args.run
    manifest_for(root, None)
    with dataset.locked(run), ExitStack() as stack:
        dataset.require_links(run)
        dataset.recover(len(version_numbers(root)))
        manifests = kept_manifests(root)

        def rebuild(manifest: Manifest) -> str:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dateline-"))
            return made_again(args, dataset.version(manifest), folder)

        done = _together(args.found, dataset.repair(manifests, run, rebuild if args.dumps else None))
        newest = manifests[0]
        left = _look(dataset, newest)
        if left and args.dumps:
            made = replace_files(dataset, rebuild(newest), newest, new_run_id())
            newest = made or newest
            left = _look(dataset, newest) if made else left
        number = newest["version"]
    if args.json:
        print(
            to_json(
                done._asdict()
                | {"run": run, "version": number, "findings": [finding._asdict() for finding in left]}
            )
        )
    else:
        for line in _lines(done, run, dataset.linked):
            print(printable(line))
        for finding in left:
            print(f"not mended: {as_text(finding)}")
        print(f"version {number}: {f'{len(left):,} findings are left' if left else 'all well'}")
    if newest is not manifests[0] and not args.json:
        print(f"version {manifests[0]['version']} was made again from its dumps, as this one")
    return FAILED if left or (done.lost and newest is manifests[0]) else OK


def _look(dataset: Dataset, manifest: Manifest) -> list[Finding]:
    number = manifest["version"]
    return list(verify(dataset, manifest, number, None, Summary(dataset.name, number)))


def _together(first: Repaired, then: Repaired) -> Repaired:
    return Repaired(*(one + other for one, other in zip(first, then, strict=True)))


def _lines(done: Repaired, run: str, linked: str) -> list[str]:
    return [
        *(f"{linked} anew: {path}" for path in done.linked),
        *(f"made again from its dumps: {path}" for path in done.made),
        *(f"not listed, moved to _runs/{run}/strays: {path}" for path in done.moved),
        *(f"whole nowhere: {path}" for path in done.lost),
    ]


def made_again(args: argparse.Namespace, version: Version, folder: str) -> str:
    """Make a version once more in a folder, of those of its dumps that are given; the dataset's path.

    Raises:
        DamagedFile: a run of the dumps failed.
    """
    from dateline.runners.command.options import parser

    given = find_dumps(args.dumps, args.source_root, version)
    paths = files_by_source(given.dumps)
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
