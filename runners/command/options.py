"""The command line: which subcommands there are. How wrong usage is said: usage.py.

To add a subcommand, write its module, its options (dataset_options.py, or here if it takes no dataset), and its entry in
the table of commands (dataset_commands.py, or cli.py). Importing this module must stay cheap: `dateline --help` does.
"""

import argparse
from collections.abc import Sequence
from typing import Any

from dateline.runners.command.completions import SHELLS, PrintScript
from dateline.runners.command.dataset_options import add_dataset_commands
from dateline.runners.command.run_options import add_run
from dateline.runners.command.shared_options import add_input_options, add_json, count, day
from dateline.runners.command.usage import Parser

EXAMPLES = """\
examples:
  dateline run --input 'dumps/*.txt' --output news
  dateline report news --open
  dateline run --help           (all options of a command)
"""


class _Version(argparse.Action):
    """Prints the version, which takes a while to find out."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        from dateline import __version__

        print(f"dateline {__version__}")
        parser.exit()


def parser() -> Parser:
    """All subcommands. What it parses has `command`, and `writes`: whether that does something besides what it prints."""
    made = Parser(
        prog="dateline",
        allow_abbrev=False,
        description="Dumps of Arab News pages in, one clean Arrow dataset out.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    config = (
        "options of commands (default: dateline.toml in the current folder, where it is); before the command"
    )
    made.add_argument("--config", metavar="FILE", help=config)
    what = "print what the shell loads to complete commands, options, values and paths, and exit"
    made.add_argument("--completions", action=PrintScript, choices=SHELLS, help=what)
    made.set_defaults(writes=False)
    commands: Any = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    made._positionals.title = "commands"  # a title of their own would put them behind the options
    add_run(commands)
    _add_inspect(commands)
    add_dataset_commands(commands)
    return made


def _add_inspect(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    what = "show what is found in one file, and write nothing"
    description = "Show each block of a file: its place, layout and fields, or why it is rejected."
    look = commands.add_parser("inspect", help=what, description=description, allow_abbrev=False)
    look.add_argument("file", metavar="FILE", help="a dump, in any format that a run reads")
    look.add_argument("--offset", type=count, metavar="N", help="only the block that byte N is in")
    look.add_argument("--crawl-date", type=day, metavar="YYYY-MM-DD", help="as for a run")
    look.add_argument("--full", action="store_true", help="show all of each field")
    add_json(look)
    add_input_options(look)
