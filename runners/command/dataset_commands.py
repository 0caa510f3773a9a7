"""What the commands on a dataset that is there have in common: where it is looked at, and what ends them.

Each of them is a function of its module, from the arguments and the open dataset to an exit status.
"""

import argparse
import os
import sys
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
from dateline.runners.command.outcome import OK, end_command, plain
from dateline.runners.command.prune import prune_dataset
from dateline.runners.command.repair import begin_repair, repair_dataset
from dateline.runners.command.report import make_report
from dateline.runners.command.restore import restore_version
from dateline.runners.command.table import width_of
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
            said = plain(error)
            return said.replace(folder, args.dataset) if folder and in_store(args.dataset) else said

        try:
            require_known("DATASET", args.dataset)
            _require_folder(args.dataset, getattr(args, "article", ""))
            first(args)
            with dataset_at(args.dataset).opened(may_be_empty) as dataset:
                folder = dataset.root
                return command(args, dataset)
        except (DatelineError, OSError) as error:
            return end_command(shown(error), error, args.json)

    return run


def _require_folder(path: str, article: str) -> None:
    """Refuse what is plainly no dataset: nothing, a file, a folder within a dataset.

    Args:
        path: where the dataset is to be.
        article: what is looked for in it, if anything is; it may be the dataset, where the two were swapped.

    Raises:
        UsageError: it is none; the message names the dataset that may be meant.
    """
    if in_store(path):
        return
    if not os.path.lexists(path):
        if _is_dataset(article):
            raise UsageError(f"there is no dataset {path}: the dataset comes first, then what to look for")
        raise UsageError(f"there is no dataset {path}{near_dataset(path)}")
    if not os.path.isdir(path):
        raise UsageError(f"{path} is a file, and no dataset; give the folder that a run wrote with --output")
    if not _is_dataset(path) and (outer := dataset_at(path).enclosing()):
        raise UsageError(f"{path} is a folder of the dataset {outer}; give that")


def near_dataset(path: str) -> str:
    """A question after the dataset beside a path, where one has a name that is near."""
    parent, name = os.path.split(path.rstrip("/"))
    try:
        beside = [entry.path for entry in os.scandir(parent or ".") if _is_dataset(entry.path)]
    except OSError:
        return ""
    return did_you_mean(
        os.path.join(parent, name), [os.path.join(parent, os.path.basename(one)) for one in beside]
    )


def _is_dataset(path: str) -> bool:
    return os.path.isdir(f"{path}/{MANIFESTS}")


def _explain(args: argparse.Namespace, dataset: Dataset) -> int:
    stories, matches = explaining.explain(dataset, args.article)
    if not stories and not matches:
        raise DatelineError(
            f"no article of {args.dataset} has {args.article!r} in its headline or URLs, or at the head of its id; "
            f"give any part of a headline or URL, or the first {explaining.LEAST_OF_ID} digits of an id, or more"
        )
    width = width_of(sys.stdout)
    for line in explaining.list_matches(matches, args.json, width):
        print(line)
    for story in stories:
        print(to_json(explaining.as_json(story)) if args.json else explaining.as_text(story, width))
    return OK


COMMANDS = {
    "explain": _command(_explain), "verify": _command(verify_dataset), "log": _command(print_versions, may_be_empty=True), "diff": _command(print_changes), "prune": _command(prune_dataset), "restore": _command(restore_version), "repair": _command(repair_dataset, begin_repair), "export": _command(export_version), "report": _command(make_report, may_be_empty=True),
}  # fmt: skip
