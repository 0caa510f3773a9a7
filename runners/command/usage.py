"""Wrong usage: two lines say what is wrong and what to do, and name the nearest right word.

    $ dateline run --input 'dumps/*.txt' --ouput news
    dateline: error: run has no option '--ouput': did you mean --output?
      `dateline run --help` shows what it takes

This module stays cheap to import: `dateline --help` does so.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from dateline.runners.command.colour import RED, painted

_REQUIRED = "the following arguments are required: "
"""How argparse begins to say what is not there."""
_UNKNOWN = "unrecognized arguments: "


class Parser(argparse.ArgumentParser):
    """One whose errors are as above; text of the command line is made harmless for a terminal."""

    given: Sequence[str] = ()
    """The command line."""

    # argparse's own hints have overloads of no use here
    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does; but what a subcommand does not know is an error of the subcommand, which has its options."""
        self.given = sys.argv[1:] if args is None else list(args)
        parsed, rest = super().parse_known_args(self.given, namespace)
        if rest:
            self.error(_UNKNOWN + " ".join(rest))
        return parsed, rest

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, and exit with the status of wrong usage."""
        from dateline.errors import UsageError
        from dateline.pipeline.rules.text import printable

        plain = self._plain(message)
        text, advice = printable(plain), f"`{self.prog} --help` shows what it takes"
        if "--json" in self.given:
            print(json_of_error(UsageError.__name__, plain, advice, UsageError.exit_status), flush=True)
        level = painted("error: ", RED, sys.stderr)
        self.exit(UsageError.exit_status, f"dateline: {level}{text}\n  {advice}\n")

    def commands(self) -> "dict[str, argparse.ArgumentParser]":
        """The parsers of the subcommands, by name."""
        (action,) = (each for each in self._actions if isinstance(each, argparse._SubParsersAction))
        return dict(action.choices)

    def _plain(self, message: str) -> str:
        """What argparse says, in our words."""
        name = self.prog.rpartition(" ")[2]
        if message.startswith((_REQUIRED, _UNKNOWN)):
            if wrong := self._unknown_option():
                return f"{name} has no option {wrong!r}{did_you_mean(wrong, self._option_string_actions)}"
            if message.startswith(_UNKNOWN):
                return f"{name} has no place for {message.removeprefix(_UNKNOWN)!r}"
            missing = message.removeprefix(_REQUIRED)
            return f"{name} needs {'a COMMAND, such as run' if missing == 'COMMAND' else missing}"
        return message.removeprefix("argument ")

    def _unknown_option(self) -> str | None:
        """The first word that was given as an option and is none."""
        for word in self.given:
            if word == "--":
                return None
            option = word.partition("=")[0]
            if option.startswith("--") and option not in self._option_string_actions:
                return option
        return None

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        nearest = did_you_mean(str(value), action.choices)
        if isinstance(action, argparse._SubParsersAction):
            self.error(f"there is no command {value!r}{nearest}")
        choices = ", ".join(map(str, action.choices))
        raise argparse.ArgumentError(action, f"{value!r} is none of {choices}{nearest}")


def json_of_error(kind: str, message: str, advice: str, status: int) -> str:
    """The line of JSON that tells of an error; see `error` in schemas/output.schema.json."""
    from dateline.pipeline.rules.text import to_json

    return to_json({"error": {"kind": kind, "message": message, "advice": advice, "exit": status}})


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A question after the nearest of some words; empty where none is near.

    >>> did_you_mean("exlpain", ["run", "explain"]), did_you_mean("x", ["run", "explain"])
    (': did you mean explain?', '')
    """
    from difflib import get_close_matches

    near = get_close_matches(word, list(choices), 1)
    return f": did you mean {near[0]}?" if near else ""
