"""What the commands on a dataset that is there have in common: where it is looked at, and what ends them.

Each of them is a function of its module, from the arguments and the open dataset to an exit status.
"""

import argparse
import os
from collections.abc import Callable

from dateline.errors import DatelineError, UsageError
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.open import dataset_at
from dateline.pipeline.inputs.find import require_known
from dateline.pipeline.names import MANIFESTS
from dateline.pipeline.rules.text import to_json
from dateline.pipeline.store.address import in_store
from dateline.runners.command import explain as explaining
from dateline.runners.command.diff import print_changes
from dateline.runners.command.export import export_version
from dateline.runners.command.log import print_versions
from dateline.runners.command.outcome import OK, end_command
from dateline.runners.command.prune import prune_dataset
from dateline.runners.command.repair import begin_repair, repair_dataset
from dateline.runners.command.report import make_report
from dateline.runners.command.restore import restore_version
from dateline.runners.command.usage import did_you_mean
from dateline.runners.command.verify import verify_dataset


def _command(
    command: Callable[[argparse.Namespace, Dataset], int],
    first: Callable[[argparse.Namespace], None] = lambda args: None,
    may_be_empty: bool = False,
) -> Callable[[argparse.Namespace], int]:
    """A command that says what is wrong, with the exit status that fits. Of a dataset in a store it sees a working copy.

    Args:
        command: of the arguments, and the dataset.
        first: is called before anybody looks at the dataset.
        may_be_empty: whether a dataset in a store may have no version yet.
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
            with dataset_at(args.dataset).opened(may_be_empty) as dataset:
                folder = dataset.root
                return command(args, dataset)
        except (DatelineError, OSError) as error:
            nearest = near_dataset(args.dataset) if isinstance(error, UsageError) else ""
            return end_command(shown(error) + nearest, error, args.json)

    return run


def near_dataset(path: str) -> str:
    """A question after the dataset beside a path, where nothing is there but something whose name is near."""
    if in_store(path) or os.path.lexists(path):
        return ""
    parent, name = os.path.split(path.rstrip("/"))
    try:
        beside = [
            entry.path for entry in os.scandir(parent or ".") if os.path.isdir(f"{entry.path}/{MANIFESTS}")
        ]
    except OSError:
        return ""
    return did_you_mean(
        os.path.join(parent, name), [os.path.join(parent, os.path.basename(one)) for one in beside]
    )


def _explain(args: argparse.Namespace, dataset: Dataset) -> int:
    stories, matches = explaining.explain(dataset, args.article)
    if not stories and not matches:
        raise DatelineError(
            f"no article of {args.dataset} has {args.article!r} in its headline or URLs, or at the head of its id\n"
            f"  give any part of a headline or URL, or the first {explaining.LEAST_OF_ID} digits of an id, or more"
        )
    for line in explaining.list_matches(matches, args.json):
        print(line)
    for story in stories:
        print(to_json(explaining.as_json(story)) if args.json else explaining.as_text(story))
    return OK


COMMANDS = {
    "explain": _command(_explain), "verify": _command(verify_dataset), "log": _command(print_versions, may_be_empty=True), "diff": _command(print_changes), "prune": _command(prune_dataset), "restore": _command(restore_version), "repair": _command(repair_dataset, begin_repair), "export": _command(export_version), "report": _command(make_report, may_be_empty=True),
}  # fmt: skip
