"""The options of `dateline run`. Which engine takes which of them: runners/engine/registry.py."""

import argparse

from dateline.runners.command.shared_options import (
    add_input_options,
    add_limit,
    count,
    day,
    endpoint,
    reject_limit,
    size,
    store_folder,
)
from dateline.runners.engine.registry import ENGINES, OPTIONS, takers

EXAMPLES = """\
examples:
  dateline run --input 'dumps/*.txt' --output news
  dateline run --input 'dumps/**/*.txt' --source-root dumps --output news --max-rejects 2%
  dateline run --input page.txt --output news --crawl-date 2022-04-20
  dateline run --input 'dumps/*.txt' --output news --json     (every day: reads what is new)

exit status:
  0  all well
  1  failed, nothing was committed
  2  wrong usage or configuration; nothing was done
  3  done, but some input could not be used
  4  the dataset is locked by another run
"""

UNPACKED = (
    ("--max-unpacked-bytes", 64 << 30, "BYTES", "a packed dump that unpacks to more is not read"),
    ("--max-unpacked-run-bytes", 4 << 40, "BYTES", "of dumps that unpack to more together, some are not read"),
    ("--max-unpacked-ratio", 1000, "N", "a packed dump that unpacks to more than N times its size, and to more than "
     "64 MiB, is taken for a bomb and not read"),
)  # fmt: skip

OF_ENGINES = {"HOST:PORT": endpoint, "ADDRESS": store_folder}
"""What checks the options of engines, by what --help calls their values."""


def add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The subcommand and its options, in the groups that --help shows."""
    run = commands.add_parser(
        "run",
        help="read dumps, write a dataset",
        usage="%(prog)s --input PATTERN... --output DIR [OPTION...]",
        description="Read dumps of pages, part them into articles, fold the copies, write a dataset.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    run.set_defaults(writes=True)
    _add_files(run)
    add_input_options(run)
    _add_rules(run)
    _add_limits(run)
    _add_engine(run)
    _add_output(run)


def _add_files(run: argparse.ArgumentParser) -> None:
    files = run.add_argument_group("what to read and write")
    files.add_argument(
        "--input",
        nargs="+",
        required=True,
        metavar="PATTERN",
        help="dumps: paths, s3:// or gs:// too, or quoted patterns, where ** is any folders",
    )
    files.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="the dataset, to be made or added to: a dataset, or a folder that is empty, or not there yet; or s3:// or gs://BUCKET/FOLDER",
    )
    files.add_argument(
        "--work-dir",
        metavar="DIR",
        help="where a run works whose dataset is in a store (default: this user's caches); another runner than direct "
        "needs one that all workers see, or --run-folder",
    )
    root = "name dumps in the rows by their path below DIR (default: by their base name)"
    files.add_argument("--source-root", metavar="DIR", help=root)
    files.add_argument(
        "--allow-empty",
        action="store_true",
        help="a pattern of --input may match nothing, as long as the folder that it is below is there",
    )


def _add_rules(run: argparse.ArgumentParser) -> None:
    rules = run.add_argument_group("how articles are read and distinguished")
    crawl = 'the day of the crawl, for stamps such as "13 sec ago" on pages that do not say it'
    rules.add_argument("--crawl-date", type=day, metavar="YYYY-MM-DD", help=crawl)
    same = "records of one headline more than N days apart are different articles (default: never)"
    rules.add_argument("--same-headline-days", type=count, metavar="N", help=same)
    rules.add_argument(
        "--date-granularity",
        choices=("day", "month", "year"),
        help="how fine the partitions by date are, decided when a dataset is made (default: day)",
    )
    rules.add_argument(
        "--readers",
        choices=("any", "manifest"),
        help="who reads a dataset in a store, decided when it is made: any also gives its files places in date=*/region=*/, "
        "for readers of the folder; manifest takes half the storage and half the calls (default: any)",
    )


def _add_limits(run: argparse.ArgumentParser) -> None:
    limits = run.add_argument_group("limits")
    rejects = "fail, and commit nothing, if more blocks than that are rejects (default: no limit)"
    limits.add_argument("--max-rejects", type=reject_limit, metavar="N|N%", help=rejects)
    add_limit(limits, "--max-block-bytes", 4 << 20, "a longer article is a reject")
    add_limit(limits, "--max-line-bytes", 1 << 20, "an article with a longer line is a reject")
    for option, default, metavar, what in UNPACKED:
        add_limit(limits, option, default, what, metavar)


def _add_engine(run: argparse.ArgumentParser) -> None:
    group = run.add_argument_group("who does the work")
    names = "; ".join(f"{name}: {engine.what}" for name, engine in ENGINES.items())
    group.add_argument(
        "--runner",
        choices=tuple(ENGINES),
        default=next(iter(ENGINES)),
        help=f"{names} (default: %(default)s)",
    )
    for name, option in OPTIONS.items():
        group.add_argument(
            name,
            type=OF_ENGINES.get(option.metavar, str),
            nargs="+" if option.many else None,
            metavar=option.metavar,
            help=f"{', '.join(takers(name))}: {option.what}",
        )
    machine = run.add_argument_group("this machine")
    workers = "processes that do the work (default: one for each core, 1 for small input)"
    machine.add_argument("--workers", type=size, metavar="N", help=workers)
    add_limit(machine, "--keep-versions", 3, "versions that stay readable, the new one among them", "N")


def _add_output(run: argparse.ArgumentParser) -> None:
    output = run.add_argument_group("output")
    output.add_argument(
        "--json", action="store_true", help="one line of JSON at the end instead of the summary"
    )
    output.add_argument(
        "--metrics", metavar="FILE", help="write the outcome of the run for Prometheus' node exporter"
    )
    profile = "write a profile of the run there: flame.html and others"
    output.add_argument("--profile", metavar="DIR", help=profile)
    output.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="the lowest level of messages on stderr (default: %(default)s)",
    )
    output.add_argument(
        "--quiet", action="store_true", help="no progress, no summary; errors are still printed"
    )
