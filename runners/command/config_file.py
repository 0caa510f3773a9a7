"""The file of options: `dateline.toml` in the current folder, or the one that --config names. Flags win over it.

Each command has a table, and each of its options a key, without the dashes:

    [run]
    input = ["dumps/*.txt"]
    output = "news"
    max-rejects = "2%"
    quiet = true

All of the file is checked, whatever the command. Python code that calls dateline.run() is not affected by it.
"""

import argparse
import os
from collections.abc import Sequence
from datetime import date
from typing import Any

from dateline.runners.command.usage import Parser, did_you_mean

NAME = "dateline.toml"
OPTION = "--config"
NOT_IN_IT = ("help",)


def parse(parser: Parser, argv: Sequence[str]) -> argparse.Namespace:
    """What a command line asks for, with the options of the file that it does not give itself.

    Raises:
        SystemExit: the file or the command line is wrong, which was said; or help was printed.
    """
    parser.given = argv
    path = _given_path(argv)
    if path or os.path.exists(NAME):
        _apply(parser, path or NAME)
    return parser.parse_args(argv)


def _given_path(argv: Sequence[str]) -> str | None:
    """What --config is, which stands before the command."""
    if not argv:
        return None
    option, _, path = argv[0].partition("=")
    if option != OPTION:
        return None
    return path or (argv[1] if len(argv) > 1 else None)


def _apply(parser: Parser, path: str) -> None:
    """Have the options of a file be the defaults of the commands."""
    import tomllib

    try:
        with open(path, "rb") as file:
            tables = tomllib.load(file)
    except (OSError, ValueError) as error:  # also bytes that are no UTF-8
        parser.error(f"{path}: {getattr(error, 'strerror', None) or error}")
    commands = parser.commands()
    for name, options in tables.items():
        if name not in commands:
            parser.error(f"{path}: there is no command {name!r}{did_you_mean(name, commands)}")
        if not isinstance(options, dict):
            parser.error(f"{path}: {name!r} is no table of options; begin it with [{name}]")
        command = commands[name]
        actions = {
            option.removeprefix("--"): action
            for action in command._actions
            for option in action.option_strings
            if option.startswith("--") and action.dest not in NOT_IN_IT
        }
        for key, value in options.items():
            if key not in actions:
                parser.error(f"{path}: [{name}] has no option {key!r}{did_you_mean(key, actions)}")
            try:
                found = _value(command, actions[key], value)
            except (argparse.ArgumentError, ValueError) as error:
                parser.error(f"{path}: [{name}] {key}: {getattr(error, 'message', error)}")
            actions[key].required = False
            command.set_defaults(**{actions[key].dest: found})


def _value(command: argparse.ArgumentParser, action: argparse.Action, value: Any) -> Any:
    """The value of an option, as its flag would give it.

    Raises:
        ArgumentError, ValueError: it takes no such value.
    """
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is neither true nor false")
        return value
    if action.nargs == "+":
        if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
            raise ValueError(f"{value!r} is no list of texts")
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | date):
        raise ValueError(f"{value!r} is no text, number or day")
    return command._get_values(action, [str(value)])
