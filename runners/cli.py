"""The command line: a command is a function from its arguments to an exit status."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # no algebra is done, and workers are forked: from one thread

from runners import job
from runners.job import bounds, columns, log, stopped_by
from runners.options import parser
from runners.outcome import FAILED, OK, USAGE, begin
from runners.saying import Stream, Unheard, said

DOING = ("run", "restore", "repair", "prune")
"""The commands that do something besides what they print: where that is lost, what they did is not."""


class Stopped(BaseException):
    """The process was told to end."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status. See `dateline --help`."""
    with said() as out:
        try:
            return _command(argv, out)
        except Unheard as lost:
            if lost.is_enough:
                return OK
            log.error("cannot write to stdout: %s", lost)
            return FAILED
        except BaseException:
            if not stopped_by:
                raise
            log.error("stopped by %s", signal.Signals(stopped_by[0]).name)
            return 128 + stopped_by[0]


def _command(argv: Sequence[str] | None, out: Stream | None) -> int:
    """The same; raises Unheard where what it prints is all that a command is for, and nobody gets it."""
    _log_to_stderr("info")
    if out:
        out.ends_command = True
    try:
        args = parser().parse_args(argv)
    except SystemExit:  # wrong usage, or what was asked for is said
        sys.stdout.flush()
        raise
    if out:
        out.ends_command = args.command not in DOING
    _log_to_stderr(getattr(args, "log_level", "info"))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    status: int = COMMANDS[args.command](args)
    try:
        sys.stdout.flush()
    except Unheard as lost:
        if not lost.is_enough:
            raise
    if out and out.lost and not out.lost.is_enough:
        log.warning("what it came to could not be told on stdout: %s", out.lost)
    return status


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # once is enough: a second must not break the cleaning up
    stopped_by.append(number)
    raise Stopped


class _Line(logging.Formatter):
    """One message: the level in words, but for what is only told; text of dumps and names is made harmless."""

    def format(self, record: logging.LogRecord) -> str:
        from pipeline.rules.text import printable

        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return f"dateline: {level}" + "\n".join(map(printable, record.getMessage().split("\n")))


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(format="dateline: %(message)s", level=logging.CRITICAL)  # Beam tells errors twice
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(level.upper())


def _run(args: argparse.Namespace) -> int:
    from runners.metrics import why_unusable, write_metrics

    outcome = begin()
    refused = why_unusable(args.metrics, args.output, args.input) if args.metrics else None
    try:
        status = (
            job.refuse(outcome, f"--metrics {args.metrics} {refused}") if refused else job.run(args, outcome)
        )
    except BaseException:
        if not stopped_by:
            raise
        status = job.stopped(args, outcome, stopped_by[0], signal.Signals(stopped_by[0]).name)
    if args.metrics and not refused:
        try:
            write_metrics(args.metrics, outcome)
        except OSError as error:
            log.warning("--metrics %s cannot be written: %s", args.metrics, error.strerror or error)
    if args.json:
        from pipeline.rules.text import to_json

        print(to_json(outcome))
    return status


def _inspect(args: argparse.Namespace) -> int:
    from pipeline.inputs import UsageError
    from pipeline.stores import StoreError
    from runners.inspect import as_json, as_text, inspect

    try:
        for found in inspect(args.file, args.offset, args.crawl_date, columns(args), bounds(args)):
            print(as_json(found) if args.json else as_text(found, sys.stdout.isatty(), args.full))
    except UsageError as error:
        log.error("%s", error)
        return USAGE
    except (StoreError, OSError) as error:
        log.error("cannot read %s", error)
        return FAILED
    return OK


def _checking(args: argparse.Namespace) -> int:
    from runners.checking import COMMANDS as commands

    return commands[args.command](args)


COMMANDS = {"run": _run, "inspect": _inspect} | dict.fromkeys(
    ("explain", "verify", "log", "diff", "prune", "restore", "repair"), _checking
)

if __name__ == "__main__":
    sys.exit(main())
