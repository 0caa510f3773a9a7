"""The command line: a command is a function from its arguments to an exit status."""

import argparse
import atexit
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

if __name__ == "__main__" or os.path.basename(sys.argv[0]) == "dateline":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until main(): Python's way has a traceback
os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # no algebra is done, and workers are forked: from one thread

from dateline.pipeline.stop import asked, hold, leave, look, take_signals
from dateline.runners.command import run as job
from dateline.runners.command.colour import RED, YELLOW, has_colour, painted
from dateline.runners.command.config_file import parse
from dateline.runners.command.options import parser
from dateline.runners.command.outcome import (
    FAILED,
    OK,
    begin,
    end_command,
    end_refused,
    end_stopped,
    log,
)
from dateline.runners.command.run import bounds, columns
from dateline.runners.command.stdio import OutputLost, Stream, own_streams
from dateline.runners.engine import own_process
from dateline.runners.engine.proxies import spare_this_machine


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status. See `dateline --help`."""
    status = _guarded(argv)
    leave(status)
    return status


def program() -> NoReturn:
    """Run a command, and end this process with its exit status; who called main() goes on.

    Python would free all that it has first, one by one, which takes 0.04 s, and await threads that have nothing to do.
    """
    own_process.is_ours = True
    status = main()
    atexit._run_exitfuncs()
    os._exit(status)


def _guarded(argv: Sequence[str] | None) -> int:
    """The same. A signal, or an output that cannot be written, ends the command with a message."""
    given = sys.argv[1:] if argv is None else argv
    as_json = "--json" in given
    with own_streams() as out:
        try:
            args = _parsed(given, out)
            as_json = args.json
            return _done(args, out)
        except OutputLost as lost:
            hold()
            if lost.is_enough:
                return OK
            log.error("cannot write to stdout: %s", lost)
            return FAILED
        except BaseException:
            hold()
            if not asked:
                raise
            if out:
                out.ends_command = False
            return end_stopped(as_json)


def _parsed(argv: Sequence[str], out: Stream | None) -> argparse.Namespace:
    """What is asked for, once signals and streams are taken care of.

    Raises:
        SystemExit: wrong usage, or what was asked for is said.
        OutputLost: that cannot be written.
    """
    take_signals()
    _log_to_stderr("info")
    spare_this_machine()
    if out:
        out.ends_command = True
    try:
        args = parse(parser(), argv)
    except SystemExit:
        sys.stdout.flush()
        raise
    if out:
        out.ends_command = not args.writes  # where what one prints is lost, what it wrote is not
    _log_to_stderr(getattr(args, "log_level", "info"))
    return args


def _done(args: argparse.Namespace, out: Stream | None) -> int:
    """Run the command; the exit status.

    Raises:
        OutputLost: what the command prints is all that it is for, and it cannot be written.
    """
    command: Callable[[argparse.Namespace], int] = COMMANDS.get(args.command, _on_dataset)
    status = command(args)
    hold()
    try:
        sys.stdout.flush()
    except OutputLost as lost:
        if not lost.is_enough:
            raise
    if out and out.lost and not out.lost.is_enough:
        log.warning("what it came to could not be told on stdout: %s", out.lost)
    return status


class _Line(logging.Formatter):
    """One message: the level in words, but for what is only told; text of dumps and names is made harmless. It is one
    line, but for a list below it, which is indented."""

    def format(self, record: logging.LogRecord) -> str:
        from dateline.pipeline.rules.text import printable

        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        if level:
            level = painted(level, RED if record.levelno >= logging.ERROR else YELLOW, sys.stderr)
        return f"dateline: {level}" + "\n  ".join(map(printable, record.getMessage().split("\n  ")))


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(format="dateline: %(message)s", level=logging.CRITICAL)  # Beam tells errors twice
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(level.upper())


def _run(args: argparse.Namespace) -> int:
    from dateline.errors import UsageError
    from dateline.runners.command.metrics import why_unusable, write_metrics

    outcome = begin()
    refused = why_unusable(args.metrics, args.output, args.input) if args.metrics else None
    try:
        if refused:
            status = end_refused(outcome, UsageError(f"--metrics {args.metrics} {refused}"))
        else:
            status = job.run(args, outcome)
        hold()
    except BaseException:
        hold()
        if not asked:
            raise
        status = FAILED
    if asked and status == FAILED:
        status = job.stopped(args, outcome)
    if args.metrics and not refused:
        try:
            write_metrics(args.metrics, outcome)
        except OSError as error:
            log.warning("--metrics %s cannot be written: %s", args.metrics, error.strerror or error)
    if args.json:
        from dateline.pipeline.rules.text import to_json

        print(to_json(outcome))
    return status


def _inspect(args: argparse.Namespace) -> int:
    from dateline.errors import DatelineError, UsageError
    from dateline.runners.command.inspect import as_json, as_text, inspect
    from dateline.runners.command.table import width_of

    width, count = width_of(sys.stdout), 0
    try:
        for found in inspect(args.file, args.offset, args.crawl_date, columns(args), bounds(args)):
            count += 1
            print(as_json(found) if args.json else as_text(found, has_colour(sys.stdout), args.full, width))
        if args.offset is not None and not count:
            raise UsageError(
                f"--offset {args.offset}: no block of {args.file} has that byte; leave it out to see all blocks"
            )
    except DatelineError as error:
        return end_command(str(error), error, args.json)
    except OSError as error:
        return end_command(f"cannot read {error}", error, args.json)
    return OK


def _on_dataset(args: argparse.Namespace) -> int:
    from dateline.runners.command.dataset_commands import COMMANDS as commands

    status = commands[args.command](args)
    if status == FAILED:
        look()  # what failed may have done so over a signal
    return status


COMMANDS = {"run": _run, "inspect": _inspect}
"""Those that need no dataset yet; the others are in dataset_commands.py."""

if __name__ == "__main__":
    program()
