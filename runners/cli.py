"""The command line: what was asked for is checked before any work, what was done is told in a summary."""

import argparse
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from datetime import date
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import pipeline

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.inputs import Unreadable
    from pipeline.rules.formats import Columns
    from pipeline.run import Result

# Beam and Arrow take a second to import: only a command that works imports them.

OK, FAILED, USAGE, PARTLY, LOCKED = 0, 1, 2, 3, 4
"""Exit status: all well; failed, nothing committed; wrong usage, before any work; done, but some input could
not be read; the dataset is locked."""

EXAMPLES = """\
examples:
  dateline run --input 'dumps/*.txt' --output news
  dateline run --input 'dumps/**/*.txt' --source-root dumps --output news --max-rejects 2%
  dateline run --input page.txt --output news --crawl-date 2022-04-20

exit status:
  0  all well
  1  failed, nothing was committed
  2  wrong usage or configuration, told before any work
  3  done, but some input could not be read
"""


class Stopped(BaseException):
    """The process was told to end."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status. See `dateline --help`."""
    args = _parser().parse_args(argv)
    logging.basicConfig(format="dateline: %(message)s", level=logging.CRITICAL)  # Beam tells errors twice
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        return _run(args)
    except BaseException:
        if not _stopped_by:
            raise
        _say(f"stopped by {signal.Signals(_stopped_by[0]).name}; nothing was committed")
        return 128 + _stopped_by[0]


_stopped_by: list[int] = []
"""The signal that ended this process, once one has: a runner may turn Stopped into an error of its own."""


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # once is enough: a second must not break the cleaning up
    _stopped_by.append(number)
    raise Stopped


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dateline",
        description="Dumps of Arab News pages in, one clean Arrow dataset out.",
        epilog="dateline run --help tells the options of a run.",
    )
    parser.add_argument("--version", action="version", version=f"dateline {pipeline.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="read dumps, write a dataset",
        description="Read dumps of pages, part them into articles, fold the copies, write a dataset.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    files = run.add_argument_group("what to read and write")
    files.add_argument(
        "--input",
        nargs="+",
        required=True,
        metavar="PATTERN",
        help="dumps: paths, or quoted patterns, where ** is any folders",
    )
    files.add_argument(
        "--output", required=True, metavar="DIR", help="the dataset: a folder that is empty, or not there yet"
    )
    files.add_argument(
        "--source-root",
        metavar="DIR",
        help="name dumps in the rows by their path below DIR (default: by their base name)",
    )
    names = run.add_argument_group("what JSON Lines keys and Parquet columns are called")
    names.add_argument(
        "--text-column", metavar="NAME", help="the page's text (default: text, content or raw_text)"
    )
    names.add_argument("--url-column", metavar="NAME", help="its URL (default: url, page_url or source_url)")
    names.add_argument(
        "--date-column",
        metavar="NAME",
        help="the day of its crawl (default: date, timestamp, crawl_date or date_download)",
    )
    rules = run.add_argument_group("how articles are read and told apart")
    rules.add_argument(
        "--crawl-date",
        type=_day,
        metavar="YYYY-MM-DD",
        help='the day of the crawl, for stamps such as "13 sec ago" on pages that do not say it',
    )
    rules.add_argument(
        "--same-headline-days",
        type=_count,
        metavar="N",
        help="records of one headline more than N days apart are different articles (default: never)",
    )
    limits = run.add_argument_group("limits")
    limits.add_argument(
        "--max-rejects",
        type=_limit,
        metavar="N|N%",
        help="fail, and commit nothing, if more blocks than that are rejects (default: no limit)",
    )
    limits.add_argument(
        "--max-block-bytes",
        type=_size,
        default=4 << 20,
        metavar="BYTES",
        help="a longer article is a reject (default: %(default)s)",
    )
    limits.add_argument(
        "--max-line-bytes",
        type=_size,
        default=1 << 20,
        metavar="BYTES",
        help="an article with a longer line is a reject (default: %(default)s)",
    )
    machine = run.add_argument_group("this machine")
    machine.add_argument(
        "--workers",
        type=_size,
        metavar="N",
        help="processes that do the work (default: one for each core, 1 for small input)",
    )
    machine.add_argument(
        "--quiet", action="store_true", help="no progress, no summary; errors are still told"
    )
    return parser  # fmt: skip


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
    from pipeline.rules.formats import Columns

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


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2022-04-20") from None


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def _size(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def _limit(text: str) -> object:
    from pipeline.limits import RejectLimit

    try:
        return RejectLimit.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a number of rejects nor a share such as 2%"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
