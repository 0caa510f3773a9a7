"""The options of the subcommands on a dataset that is there. What each does: dataset_commands.py."""

import argparse

from dateline.runners.command.shared_options import add_input_options, add_json, size

COMMANDS = {
    "explain": (
        "show where an article comes from, its copies, and why one won",
        "Show the file of an article, the bytes that it came from, its copies, and why each of them lost.",
    ),
    "verify": (
        "check all of a dataset, and write nothing",
        "Read all of one version again, and list what is wrong: by file and row, with what was found "
        "and what was expected. Exit status: 0 all well, 1 damage found, 2 wrong usage.",
    ),
    "log": ("list the versions of a dataset", "List the versions that are kept, the newest first."),
    "diff": (
        "show what changed from one version to another",
        "Show the articles of two versions that are not the same: + added, - removed, ~ changed, > folded into another.",
    ),
    "prune": (
        "remove old versions of a dataset",
        "Remove all versions but the newest, and the files that only they needed.",
    ),
    "restore": (
        "make an older version the newest again",
        "Make a new version with the files of an older one. Dumps that came after the older one count as unread.",
    ),
    "repair": (
        "repair what verify finds, as far as possible",
        "Restore the files of all versions, from their second names or from the dumps, and move away files that no "
        "manifest lists. Exit status: 0 all is well, 1 something is left.",
    ),
    "export": (
        "write a version as few, compact files",
        "Write the articles of a version as Parquet, an Arrow stream or JSON Lines, sorted by date, region and id.",
    ),
    "report": (
        "make the report page of a run again",
        "Make the report of a run again, as one file of HTML, with the runs before it for comparison.",
    ),
}
"""What each is for, in a line of `dateline --help`, and in its own --help."""

WRITING = ("prune", "restore", "repair", "export", "report")
"""Those that do something besides what they print."""


def add_dataset_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The subcommands, as --help lists them; each takes the dataset first, and --json."""
    made = {}
    for name, (what, description) in COMMANDS.items():
        made[name] = commands.add_parser(name, help=what, description=description, allow_abbrev=False)
        made[name].add_argument("dataset", metavar="DATASET")
        made[name].set_defaults(writes=name in WRITING)
    made["explain"].add_argument(
        "article",
        metavar="ID|URL|HEADLINE",
        help="or a part of one; where that fits several articles, they are listed",
    )
    newest = "the version (default: the newest)"
    made["verify"].add_argument("--version", type=size, metavar="N", help=newest)
    _add_dumps(made["verify"], "hold the rows against the dumps, too: as --input of a run")
    made["diff"].add_argument("old", type=size, metavar="V1")
    made["diff"].add_argument("new", type=size, metavar="V2")
    stay = "how many stay"
    made["prune"].add_argument("--keep-versions", type=size, required=True, metavar="N", help=stay)
    made["restore"].add_argument("--version", type=size, required=True, metavar="N", help="the version")
    _add_dumps(made["repair"], "read these again, where a file is nowhere whole")
    formats = ("parquet", "ipc-stream", "jsonl")
    made["export"].add_argument("--format", choices=formats, default="parquet", help="(default: %(default)s)")
    made["export"].add_argument(
        "--to", required=True, metavar="PATH", help="a new folder, or with --one-file a new file"
    )
    made["export"].add_argument("--one-file", action="store_true", help="one file, however large")
    made["export"].add_argument("--version", type=size, metavar="N", help=newest)
    made["report"].add_argument("--run", metavar="ID", help="the run (default: the newest that has a report)")
    made["report"].add_argument(
        "--to", metavar="FILE", help="where to (default: the run's folder; of a store the current folder)"
    )
    made["report"].add_argument("--open", action="store_true", help="open it in the browser")
    for each in made.values():
        add_json(each)


def _add_dumps(command: argparse.ArgumentParser, what: str) -> None:
    """The dumps of the dataset, and how they were read."""
    command.add_argument("--dumps", nargs="+", metavar="PATTERN", help=what)
    command.add_argument("--source-root", metavar="DIR", help="as for the run that read the dumps")
    add_input_options(command)
