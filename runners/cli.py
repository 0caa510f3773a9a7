"""The command line: what was asked for is checked before any work, what was done is told in a summary."""

import argparse
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from runners.options import parser

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.inputs import Unreadable
    from pipeline.rules.records import Columns
    from pipeline.run import Result

# Beam and Arrow take a second to import: only a command that works imports them.

OK, FAILED, USAGE, PARTLY, LOCKED = 0, 1, 2, 3, 4
"""Exit status: all well; failed, nothing committed; wrong usage, before any work; done, but some input could
not be read; the dataset is locked."""


class Stopped(BaseException):
    """The process was told to end."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status. See `dateline --help`."""
    args = parser().parse_args(argv)
    logging.basicConfig(format="dateline: %(message)s", level=logging.CRITICAL)  # Beam tells errors twice
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        status: int = COMMANDS[args.command](args)
        return status
    except BaseException:
        if not _stopped_by:
            raise
        _say(f"stopped by {signal.Signals(_stopped_by[0]).name}; {_what_is_committed(args)}")
        return 128 + _stopped_by[0]


def _what_is_committed(args: argparse.Namespace) -> str:
    """What a run that was stopped leaves: a signal may come when the version is already made."""
    from pipeline.dataset import latest_manifest

    if args.command == "run" and latest_manifest(args.output) is not None:
        return f"the version in {args.output} was committed before, and is whole"
    return "nothing was committed"


_stopped_by: list[int] = []
"""The signal that ended this process, once one has: a runner may turn Stopped into an error of its own."""


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # once is enough: a second must not break the cleaning up
    _stopped_by.append(number)
    raise Stopped


def _inspect(args: argparse.Namespace) -> int:
    from pipeline.inputs import UsageError
    from runners.inspect import as_json, as_text, inspect

    try:
        for found in inspect(args.file, args.offset, args.crawl_date, _columns(args)):
            print(as_json(found) if args.json else as_text(found, sys.stdout.isatty(), args.full))
    except UsageError as error:
        _say(str(error))
        return USAGE
    except OSError as error:
        _say(f"cannot read {error}")
        return FAILED
    return OK


def _explain(args: argparse.Namespace) -> int:
    import json

    from pipeline.inputs import UsageError
    from runners.explain import as_json, as_text, explain

    try:
        stories = explain(args.dataset, args.article)
    except UsageError as error:
        _say(str(error))
        return USAGE
    if not stories:
        _say(f"no article of {args.dataset} has the id, short URL or headline {args.article!r}")
        return FAILED
    for story in stories:
        print(json.dumps(as_json(story), ensure_ascii=False) if args.json else as_text(story))
    return OK


def _run(args: argparse.Namespace) -> int:
    from pipeline.inputs import UsageError
    from pipeline.run import RunFailed

    try:
        config, unreadable, workers = _plan(args)
    except UsageError as error:
        _say(str(error))
        return USAGE
    for path, why in unreadable:
        _say(f"cannot read {path}: {why}; the rest of the run goes on")
    if config is None:
        if not args.quiet:
            print(f"Nothing new: {os.path.abspath(args.output)} already is the dataset of these dumps.")
        return PARTLY if unreadable else OK
    try:
        result = _execute(config, args, workers, unreadable)
    except RunFailed as failure:
        _say(f"failed, nothing was committed: {failure}")
        return FAILED
    except OSError as error:
        _say(f"failed, nothing was committed: {error}")
        return FAILED
    except Exception as error:
        if _stopped_by:
            raise
        import traceback

        traceback.print_exc()
        _say(f"failed, nothing was committed: {_last_line(error)}")
        return FAILED
    for path, why in result.unreadable[len(unreadable) :]:
        _say(f"could not read all of {path}: {why}")
    if not args.quiet:
        from runners.summary import summary

        print(summary(result, config))
    return PARTLY if result.unreadable else OK


def _plan(args: argparse.Namespace) -> tuple["Config | None", "Sequence[Unreadable]", int]:
    """Everything that can be wrong before any work. No Config where the dataset already is what is asked for.

    Raises:
        UsageError: something is.
    """
    from pipeline.config import Config
    from pipeline.dataset import spool_folder
    from pipeline.inputs import UsageError, find_inputs, with_spools
    from pipeline.rules.blocks import Limits
    from pipeline.run import check_output, holds, new_run_id
    from runners.local import workers_for

    dumps, unreadable = find_inputs(args.input, args.source_root)
    output = os.path.abspath(args.output)
    manifest = check_output(output)
    try:
        os.makedirs(output, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--output {output} cannot be made: {error.strerror}") from error
    if not os.access(output, os.W_OK | os.X_OK):
        raise UsageError(f"--output {output} cannot be written to")
    run = new_run_id()
    config = Config(
        dumps=with_spools(dumps, spool_folder(output, run)),
        output=output,
        run=run,
        columns=_columns(args),
        limits=Limits(args.max_block_bytes, args.max_line_bytes),
        crawl_date=args.crawl_date,
        same_headline_days=args.same_headline_days,
    )
    if manifest is not None:
        if not holds(manifest, config):
            raise UsageError(
                f"--output {output} already holds a dataset, of other dumps or options; this version of Dateline "
                "adds nothing to a dataset: give a folder that is empty, or not there yet"
            )
        return None, unreadable, 0
    return config, unreadable, workers_for(config.input_bytes, args.workers)


def _execute(
    config: "Config", args: argparse.Namespace, workers: int, unreadable: "Sequence[Unreadable]"
) -> "Result":
    from pipeline.dataset import progress_folder
    from pipeline.run import execute
    from runners.local import describe, run_flow
    from runners.watch import Watch

    def watched(config: "Config") -> None:
        with Watch(progress_folder(config.output, config.run), config.input_bytes, args.quiet):
            run_flow(config, workers)

    return execute(config, watched, args.max_rejects, describe(workers), unreadable)


def _columns(args: argparse.Namespace) -> "Columns":
    from pipeline.rules.records import Columns

    asked = {"text": args.text_column, "url": args.url_column, "date": args.date_column}
    return Columns()._replace(**{name: (value,) for name, value in asked.items() if value})


def _say(message: str) -> None:
    """A message on stderr; what comes from a dump or a file name is made harmless."""
    from pipeline.rules.text import printable

    print("dateline: " + "\n".join(printable(line) for line in message.split("\n")), file=sys.stderr)


def _last_line(error: Exception) -> str:
    """What a worker raised: a runner puts the whole traceback into the message."""
    lines = [
        line for line in str(error).splitlines() if re.match(r"[A-Za-z_.]+(Error|Exception|Exit)\b", line)
    ]
    return lines[-1] if lines else f"{type(error).__name__}: {error}"


COMMANDS = {"run": _run, "inspect": _inspect, "explain": _explain}

if __name__ == "__main__":
    sys.exit(main())
