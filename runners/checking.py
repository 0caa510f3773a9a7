"""`dateline explain`, `verify`, `log`, `diff` and `prune`: what there is to do with a dataset between its runs."""

import argparse
from collections import Counter
from collections.abc import Callable
from typing import Any

from pipeline.checks.finding import Summary, as_text
from pipeline.dataset import NewerDataset, Version, found_manifest, store_of, versions
from pipeline.diff import Change, diff
from pipeline.failed import failed_runs, in_order
from pipeline.history import kept_manifests, log_entry, manifest_for, prune_stored, prune_versions
from pipeline.inputs import UsageError, require_known
from pipeline.lock import Locked, lock
from pipeline.own import DamagedFile
from pipeline.published import looked_at
from pipeline.rules.text import printable, to_json
from pipeline.run import new_run_id
from pipeline.stores import StoreError, Unusable, in_store
from pipeline.verify import Dumps, verify
from runners import explain as explaining
from runners.job import bounds, columns
from runners.outcome import FAILED, LOCKED, OK, USAGE, log
from runners.repairing import begin_repair, repair_dataset, restore_version
from runners.saying import Unheard

MAX_FINDINGS = 20
"""Findings of one kind that are shown; the others are counted."""
NAMES_SHOWN = 3
"""Dumps that are named in a line."""
SIGNS = {"added": "+", "removed": "-", "changed": "~", "folded": ">"}


def _told(
    command: Callable[[argparse.Namespace, str], int],
    first: Callable[[argparse.Namespace], None] = lambda args: None,
    may_be_none: bool = False,
) -> Callable[[argparse.Namespace], int]:
    """A command that says what is wrong, with the exit status that fits. Of a dataset in a store it sees a working copy.

    Args:
        command: of the arguments, and the folder of the dataset.
        first: is called before anybody looks at the dataset.
        may_be_none: whether a dataset in a store may have no version yet.
    """

    def run(args: argparse.Namespace) -> int:
        folder = ""

        def shown(error: Exception) -> str:
            return (
                str(error).replace(folder, args.dataset) if folder and in_store(args.dataset) else str(error)
            )

        try:
            require_known("DATASET", args.dataset)
            first(args)
            with looked_at(args.dataset, may_be_none) as folder:
                return command(args, folder)
        except (UsageError, NewerDataset, Unusable) as error:
            log.error("%s", shown(error))
            return USAGE
        except Locked as error:
            log.error("%s", error)
            return LOCKED
        except (DamagedFile, StoreError, OSError) as error:
            log.error("%s", shown(error))
            return FAILED

    return run


def _verify(args: argparse.Namespace, root: str) -> int:
    if not args.dumps and (args.source_root or args.text_column or args.url_column or args.date_column):
        raise UsageError("--source-root and the names of columns say how to read --dumps: give those, too")
    number, manifest = manifest_for(root, args.version, found_manifest)
    dumps = Dumps(args.dumps, args.source_root, columns(args), bounds(args)) if args.dumps else None
    summary = Summary(store_of(root) or root, number)
    if args.version is None and number < versions(root)[-1]:
        summary.not_checked.append(
            f"version {versions(root)[-1]}, whose manifest is torn: readers pass it over"
        )
    kinds: Counter[str] = Counter()
    try:
        for finding in verify(root, manifest, number, dumps, summary):
            kinds[finding.check] += 1
            if kinds[finding.check] <= MAX_FINDINGS:
                print(to_json(finding._asdict()) if args.json else as_text(finding))
    except Unheard as lost:
        if lost.is_enough and kinds:
            return FAILED
        raise
    if args.json:
        print(to_json({"summary": vars(summary) | {"findings": dict(kinds)}}))
    else:
        for kind, count in kinds.items():
            if count > MAX_FINDINGS:
                print(f"... and {count - MAX_FINDINGS:,} more findings of the kind {kind}")
        print(_summary(summary, kinds))
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
    if summary.dumps_checked and summary.dumps_not_given:
        parts.append(f"not given: {_names(summary.dumps_not_given)}")
    return printable("; ".join([*parts, *(f"not checked: {what}" for what in summary.not_checked)]))


def _names(names: Any) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def _log(args: argparse.Namespace, root: str) -> int:
    failed, wrong = failed_runs(root)
    for told in wrong:
        log.warning("%s", told)
    manifests = kept_manifests(root) if versions(root) or not failed else []
    for kind, each in in_order(manifests, failed):
        entry = log_entry(each) if kind == "version" else each
        print(to_json(entry) if args.json else (_entry if kind == "version" else _failed)(entry))
    return OK


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


def _entry(entry: dict[str, Any]) -> str:
    dumps = entry["dumps"]
    read = f"1 dump: {dumps[0]}" if len(dumps) == 1 else f"{len(dumps):,} dumps"
    if len(dumps) > 1:
        read += f": {_names(dumps)}"
    changes = ", ".join(f"{name} {count:+,}" for name, count in entry["changes"].items())
    return "\n".join(
        [
            printable(f"version {entry['version']}  {entry['made']}  run {entry['run']}"),
            printable(f"  read     {read}"),
            f"  changed  {changes}",
            f"  size     {entry['bytes']:,} bytes in {entry['files']:,} files",
        ]
    )


def _diff(args: argparse.Namespace, root: str) -> int:
    old, new = (Version(root, manifest_for(root, number)[1]) for number in (args.old, args.new))
    kinds: Counter[str] = Counter()
    for change in diff(old, new):
        kinds[change.kind] += 1
        print(to_json(_known(change)) if args.json else _change(change))
    counts = {kind: kinds[kind] for kind in SIGNS}
    if args.json:
        print(to_json({"summary": {"from": args.old, "to": args.new} | counts}))
    else:
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        print(f"version {args.old} to {args.new}: {told}")
    return OK


def _known(change: Change) -> dict[str, Any]:
    return {name: value for name, value in change._asdict().items() if value not in (None, ())} | {
        "updated": change.updated
    }


def _change(change: Change) -> str:
    line = f"{SIGNS[change.kind]} {change.id}  {change.updated or 'no date   '}  {change.headline}"
    if change.columns:
        line += f"  ({', '.join(change.columns)}{f'; was {change.was}' if change.was else ''})"
    return printable(line + (f"  -> {change.winner}" if change.winner else ""))


def _explain(args: argparse.Namespace, root: str) -> int:
    stories = explaining.explain(root, args.article)
    if not stories:
        log.error("no article of %s has the id, short URL or headline %r", args.dataset, args.article)
        return FAILED
    for story in stories:
        print(to_json(explaining.as_json(story)) if args.json else explaining.as_text(story))
    return OK


def _prune(args: argparse.Namespace, root: str) -> int:
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


COMMANDS = {
    "explain": _told(_explain), "verify": _told(_verify), "log": _told(_log, may_be_none=True), "diff": _told(_diff), "prune": _told(_prune), "restore": _told(restore_version), "repair": _told(repair_dataset, begin_repair),
}  # fmt: skip
