"""Wrong usage: two lines say what is wrong and what to do, and name the nearest right word.

    $ dateline run --input 'dumps/*.txt' --ouput news
    dateline: error: run has no option '--ouput': did you mean --output?
      `dateline run --help` shows what it takes

This module stays cheap to import: `dateline --help` does so.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from dateline.runners.command.colour import RED, painted

_REQUIRED = "the following arguments are required: "
"""How argparse begins to say what is not there."""
_UNKNOWN = "unrecognized arguments: "
_OPTION = re.compile("--|-[A-Za-z]")
"""How a word begins that is meant for an option."""
WORDS_SHOWN = 3
"""Words without a place that are shown: an unquoted pattern of a shell may come to thousands."""


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
                return f"{name} has no option {wrong!r}{self._nearest_option(wrong)}"
            if message.startswith(_UNKNOWN):
                return f"{name} has no place for {_first_words(message.removeprefix(_UNKNOWN).split(' '))}"
            missing = message.removeprefix(_REQUIRED)
            if missing == "COMMAND":
                return f"{name} needs a COMMAND, such as run"
            needed = [action for action in self._actions if action.required]
            return f"{name} needs {missing}" + (
                f", as in `{self._example(needed)}`" if len(needed) > 1 else ""
            )
        return message.removeprefix("argument ")

    def _example(self, needed: Sequence[argparse.Action]) -> str:
        """A command line that has what is needed."""
        words = (" ".join([*action.option_strings[-1:], str(action.metavar)]) for action in needed)
        return f"{self.prog} {' '.join(words)}"

    def _unknown_option(self) -> str | None:
        """The first word that was given as an option and is none."""
        for word in self.given:
            if word == "--":
                return None
            option = word.partition("=")[0]
            if option not in self._option_string_actions and _OPTION.match(option):
                return option
        return None

    def _nearest_option(self, wrong: str) -> str:
        """What to say of an option that is none: the one that was meant, or where it stands."""
        if wrong == "--config":
            return ": it stands before the command"
        if wrong.startswith("--"):
            return did_you_mean(wrong, self._option_string_actions)
        long = f"-{wrong[:2]}"  # as -i for --input
        near = (option for option in self._option_string_actions if option.startswith(long))
        return next((f": did you mean {option}?" for option in near), "")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        nearest = did_you_mean(str(value), action.choices)
        if isinstance(action, argparse._SubParsersAction):
            behind = next((word for word in self.given if word in action.choices), None)
            if f"--{value}" in self._option_string_actions:
                nearest = f": did you mean --{value}?"
            elif behind:
                nearest = f": the command comes first, as in `{self.prog} {behind} {value}`"
            self.error(f"there is no command {value!r}{nearest}")
        choices = ", ".join(map(str, action.choices))
        raise argparse.ArgumentError(action, f"{value!r} is none of {choices}{nearest}")


def _first_words(words: Sequence[str]) -> str:
    """The first few of some words, quoted, and how many more there are."""
    more = f" and {len(words) - WORDS_SHOWN:,} more words" if len(words) > WORDS_SHOWN else ""
    return ", ".join(map(repr, words[:WORDS_SHOWN])) + more


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
