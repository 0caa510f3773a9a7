"""Whether a program of the project takes a command line: its own parser is asked, and nothing else is done.

accept(["dateline", "log", "news"])             # nothing happens
accept(["dateline", "log", "--ouput", "news"])  # Refused: log has no option '--ouput': did you mean --output?
"""

import argparse
import importlib
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn
from unittest.mock import patch

from dateline.errors import UsageError
from dateline.runners.command.options import parser
from dateline.runners.engine.registry import require_fitting

ROOT = Path(__file__).parents[2]
JOB_SERVICE = "apache_beam.runners.portability.local_job_service_main"
WITHOUT_OPTIONS = {
    ".ci/run",
    "examples/schedule/check_airflow",
    "examples/schedule/check_systemd",
    "tests.helpers.today",
    "tests.rules.test_golden",
    "tools.build_reference",
    "tools/build_gazetteer.py",
}
"""Programs that take no arguments: they have no parser to ask."""
WITH_ONE = {"examples/consumers/check", "tools/build_wheel", *(
    f"examples/consumers/{path.name}" for path in ROOT.glob("examples/consumers/*_*.py")
)}  # fmt: skip
"""Programs that take one argument, without a parser."""
OF_THE_CLONE = re.compile(r"(?:\.ci|benchmarks|docs|examples|pipeline|runners|schemas|tests|tools)/[^\s'\"]*")
PROGRAM = re.compile(
    r"""(?:^|(?<=[\s;&|"'=]))
        ( (?:[\w./-]*/)?dateline[ ](?:--(?:config|completions|help|version)\b|[a-z]+(?=\s|$)) | (?:[\w./-]*/)?python3?[ ]-m[ ]
        | (?:(?:[\w./-]*/)?python3?[ ])?(?:tools|examples|tests/engines)/[\w/]*(?:check\w*|\.py|build_wheel)(?=\s|$)
        ).*""",
    re.X,
)


class Refused(Exception):
    """A program does not take a command line; the message is the program's."""


class _Read(Exception):
    """A parser has read a command line; nothing comes after that."""


def lines_of(text: str) -> list[str]:
    """The lines of a block, continued ones joined."""
    return re.sub(r"\\\n\s*", " ", text).splitlines()


def commands_in(line: str) -> Iterator[list[str]]:
    """The words of each command line of the project's own programs in a line of a shell, of a crontab or of YAML."""
    if found := PROGRAM.search(line):
        lexer = shlex.shlex(found[0].replace(r"\%", "%"), posix=True, punctuation_chars=True)
        lexer.wordchars += "%{}:,"
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set("|&;<>()"):
                if words and PROGRAM.match(shlex.join(words)):
                    yield words
                words = []
            else:
                words.append(word)


def accept(words: list[str]) -> None:
    """Have a program's own parser read its command line. Files of this repository that it names have to be there.

    Raises:
        Refused: the program does not take it, or there is no such program or file.
    """
    for path in (path for word in words for path in OF_THE_CLONE.findall(word) if path == word):
        if not list(ROOT.glob(path.rstrip("/"))):
            raise Refused(f"there is no {path}")
    program, *rest = words
    if re.search(r"(^|/)python3?$", program):
        program, *rest = rest
        if program == "-m":
            program, *rest = rest
    if re.search(r"(^|/)dateline$", program):
        _read(lambda: _dateline(rest))
    elif program == "pytest":
        _pytest(rest)
    elif program in WITHOUT_OPTIONS | WITH_ONE:
        if len(rest) > (program in WITH_ONE):
            raise Refused(f"{program} does not take {shlex.join(rest)}")
    elif program == JOB_SERVICE:
        module: Any = importlib.import_module(program)
        _read(lambda: module.run(rest))
    else:
        with patch.object(sys, "argv", [program, *rest]):
            _read(_main_of(program))


def _main_of(program: str) -> Callable[[], object]:
    """The function of a module, or of a script, that reads sys.argv."""
    if "/" not in program:
        try:
            return importlib.import_module(program).main
        except ModuleNotFoundError as error:
            raise Refused(str(error)) from error
    loader = SourceFileLoader(re.sub(r"\W", "_", program), str(ROOT / program))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module.main


def _dateline(rest: list[str]) -> None:
    args = _parse_args(parser(), rest)
    if args.command == "run":
        with patch.dict(
            sys.modules, {"dateline.runners.engine.dataflow": SimpleNamespace(require_usable=len)}
        ):
            require_fitting(args)  # Google's clients, and an account, are not here


def _pytest(rest: list[str]) -> None:
    """pytest takes a file that is there (accept() has looked), and the options that the docs use."""
    options = argparse.ArgumentParser(prog="pytest")
    options.add_argument("files", nargs="*")
    options.add_argument("-k")
    options.add_argument("-m", choices=["slow", "not slow"])
    options.add_argument("-n", type=int)
    options.add_argument("--dist", choices=["worksteal"])
    options.parse_args(rest)


def _read(program: Callable[[], object]) -> None:
    """Call a program, which ends once its parser has read the command line."""
    said = StringIO()
    with redirect_stderr(said), redirect_stdout(StringIO()):
        try:
            with patch.object(argparse.ArgumentParser, "parse_args", _parse_and_stop):
                program()
        except _Read:
            return
        except UsageError as error:
            raise Refused(str(error)) from error
        except SystemExit as left:
            if left.code:
                raise Refused(said.getvalue()) from left


_parse_args = argparse.ArgumentParser.parse_args


def _parse_and_stop(self: argparse.ArgumentParser, args: Any = None, namespace: Any = None) -> NoReturn:
    _parse_args(self, args, namespace)
    raise _Read
