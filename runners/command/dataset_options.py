"""The options of the commands on a dataset that is there."""

import argparse

from dateline.runners.command.argument_types import add_columns, whole_number


def add_checking(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands on a dataset that is there."""

    def command(name: str, what: str, description: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=what, description=description, allow_abbrev=False)
        added.add_argument("dataset", metavar="DATASET")
        return added

    check = command(
        "verify",
        "check all of a dataset, and write nothing",
        "Read all of one version again, and tell what is not as it must be: by file and row, with what was found "
        "and what was expected. Exit status: 0 all well, 1 damage found, 2 wrong usage.",
    )
    check.add_argument("--version", type=whole_number, metavar="N", help="the version (default: the newest)")
    check.add_argument(
        "--dumps",
        nargs="+",
        metavar="PATTERN",
        help="hold the rows against the dumps, too: as --input of a run",
    )
    check.add_argument("--source-root", metavar="DIR", help="as for the run that read the dumps")
    add_columns(check)
    past = command(
        "log", "list the versions of a dataset", "List the versions that are kept, the newest first."
    )
    both = command(
        "diff", "show what changed from one version to another",
        "Show the articles of two versions that are not the same: + added, - removed, ~ changed, > folded into another.",
    )  # fmt: skip
    both.add_argument("old", type=whole_number, metavar="V1")
    both.add_argument("new", type=whole_number, metavar="V2")
    less = command(
        "prune",
        "remove old versions of a dataset",
        "Remove all versions but the newest, and the files that only they needed.",
    )
    less.add_argument("--keep-versions", type=whole_number, required=True, metavar="N", help="how many stay")
    back = command(
        "restore",
        "have an older version be the newest once more",
        "Publish what a version was as the next one. Dumps that came after it count as unread.",
    )
    back.add_argument("--version", type=whole_number, required=True, metavar="N", help="the version")
    mend = command(
        "repair",
        "mend what verify finds and can be mended",
        "Have the files of all versions be what their manifests say: from their second names, or from the dumps; and move "
        "what no manifest lists out of the readers' sight. Exit status: 0 all is well, 1 something is left.",
    )
    mend.add_argument(
        "--dumps", nargs="+", metavar="PATTERN", help="read these again, where a file is nowhere whole"
    )
    mend.add_argument("--source-root", metavar="DIR", help="as for the run that read the dumps")
    add_columns(mend)
    for each in (check, past, both, less, back, mend):
        each.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
