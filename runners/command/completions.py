"""Completions: a script by which a shell completes commands, options, their values, and paths; docs/reference/command-line.md says how to load it.

    $ dateline --completions bash > ~/.local/share/bash-completion/completions/dateline

The script is made from the parser by shtab, and starts no Dateline when a key is pressed.
"""

import argparse
from typing import Any

from dateline.runners.command.usage import Parser

SHELLS = ("bash", "zsh", "fish")

PATHS = ("DATASET", "DIR", "FILE", "JAR", "PATH", "PATTERN")
"""What --help calls values that are paths."""


def script(parser: Parser, shell: str) -> str:
    """What a shell is to load.

    Args:
        parser: of the command line.
        shell: one of SHELLS.
    """
    import shtab

    for command in (parser, *parser.commands().values()):
        for action in command._actions:
            if action.metavar in PATHS:
                path: Any = action
                path.complete = shtab.DIRECTORY if action.metavar in ("DATASET", "DIR") else shtab.FILE
    text: str = shtab.complete(parser, shell)
    return text


class PrintScript(argparse.Action):
    """Prints the script of a shell."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        print(script(parser, values), end="")
        parser.exit()
