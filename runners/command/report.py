"""`dateline report`: the page of a run, made anew from its numbers."""

import argparse
import os
import webbrowser
from pathlib import Path

from dateline.errors import UsageError
from dateline.pipeline.atomic import whole_file
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.run_reports import earlier_reports, report_of_run
from dateline.pipeline.names import run_folder
from dateline.pipeline.report.page import RUNS_SHOWN, page
from dateline.pipeline.rules.text import printable, to_json
from dateline.pipeline.store.address import in_store
from dateline.runners.command.outcome import OK
from dateline.runners.command.paths import require_target


def make_report(args: argparse.Namespace, dataset: Dataset) -> int:
    """Write the page of a run, and open it if that is asked for; the exit status.

    It goes to `--to`, by default into the run's folder; of a dataset in a store into the current folder.
    """
    if args.to:
        require_target(args.to, dataset)
        folder = os.path.dirname(args.to) or "."
        if not os.path.isdir(folder):
            raise UsageError(f"--to {args.to}: there is no folder {folder}; make it, or give another place")
        if os.path.isdir(args.to):
            raise UsageError(
                f"--to {args.to} is a folder; give the file, such as {os.path.join(args.to, 'report.html')}"
            )
    report = report_of_run(dataset, args.run)
    newest = dataset.newest_number()
    text = page(report, earlier_reports(dataset, report["version"] or 0, RUNS_SHOWN - 1), newest)
    to = args.to or (
        f"report-{report['run']}.html"
        if in_store(args.dataset)
        else f"{run_folder(dataset.root, report['run'])}/report.html"
    )
    try:
        with whole_file(to) as file:
            file.write(text.encode())
    except PermissionError as error:
        if args.to:
            raise
        raise UsageError(
            f"the report cannot be written to {to}: {error.strerror}; --to FILE puts it elsewhere"
        ) from error
    if args.open:
        webbrowser.open(Path(to).absolute().as_uri())
    print(to_json({"run": report["run"], "report": to}) if args.json else printable(to))
    return OK
