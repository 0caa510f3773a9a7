"""What the commands on a dataset that is there have in common: where it is looked at, and what ends them.

Each of them is a function of its module, from the arguments and the folder to look at to an exit status.
"""

import argparse
from collections.abc import Callable

from dateline.errors import DatelineError
from dateline.pipeline.dataset.store_manifests import looked_at
from dateline.pipeline.inputs.find import require_known
from dateline.pipeline.rules.text import to_json
from dateline.pipeline.store.files import in_store
from dateline.runners.command import explain as explaining
from dateline.runners.command.diff import tell_changes
from dateline.runners.command.log import tell_versions
from dateline.runners.command.outcome import FAILED, OK, log
from dateline.runners.command.prune import prune_dataset
from dateline.runners.command.repair import begin_repair, repair_dataset
from dateline.runners.command.restore import restore_version
from dateline.runners.command.verify import verify_dataset


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
        except DatelineError as error:
            log.error("%s", shown(error))
            return error.exit_status
        except OSError as error:
            log.error("%s", shown(error))
            return FAILED

    return run


def _explain(args: argparse.Namespace, root: str) -> int:
    stories = explaining.explain(root, args.article)
    if not stories:
        log.error("no article of %s has the id, short URL or headline %r", args.dataset, args.article)
        return FAILED
    for story in stories:
        print(to_json(explaining.as_json(story)) if args.json else explaining.as_text(story))
    return OK


COMMANDS = {
    "explain": _told(_explain), "verify": _told(verify_dataset), "log": _told(tell_versions, may_be_none=True), "diff": _told(tell_changes), "prune": _told(prune_dataset), "restore": _told(restore_version), "repair": _told(repair_dataset, begin_repair),
}  # fmt: skip
