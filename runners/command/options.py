"""The command line's options: what each is called, what it takes, and what it is for."""

import argparse
from typing import NoReturn

from dateline import __version__
from dateline.pipeline.rules.text import printable
from dateline.runners.command.argument_types import (
    add_columns,
    day,
    endpoint,
    number,
    reject_limit,
    whole_number,
)

EXAMPLES = """\
examples:
  dateline run --input 'dumps/*.txt' --output news
  dateline run --input 'dumps/**/*.txt' --source-root dumps --output news --max-rejects 2%
  dateline run --input page.txt --output news --crawl-date 2022-04-20
  dateline run --input 'dumps/*.txt' --output news --json     (every day: reads what is new)

exit status:
  0  all well
  1  failed, nothing was committed
  2  wrong usage or configuration, told before any work
  3  done, but some input could not be used
  4  the dataset is locked by another run
"""


class Parser(argparse.ArgumentParser):
    """Text of the command line is made harmless for a terminal, and stays on one line."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def parser() -> argparse.ArgumentParser:
    commands_parser: argparse.ArgumentParser = Parser(
        prog="dateline",
        description="Dumps of Arab News pages in, one clean Arrow dataset out.",
        epilog="dateline run --help tells the options of a run.",
    )
    commands_parser.add_argument("--version", action="version", version=f"dateline {__version__}")
    commands = commands_parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
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
        "needs one that all workers see",
    )
    files.add_argument(
        "--source-root",
        metavar="DIR",
        help="name dumps in the rows by their path below DIR (default: by their base name)",
    )
    files.add_argument(
        "--allow-empty",
        action="store_true",
        help="a pattern of --input may match nothing, as long as the folder that it is below is there",
    )
    add_columns(run)
    rules = run.add_argument_group("how articles are read and told apart")
    rules.add_argument(
        "--crawl-date",
        type=day,
        metavar="YYYY-MM-DD",
        help='the day of the crawl, for stamps such as "13 sec ago" on pages that do not say it',
    )
    rules.add_argument(
        "--same-headline-days",
        type=number,
        metavar="N",
        help="records of one headline more than N days apart are different articles (default: never)",
    )
    rules.add_argument(
        "--date-granularity",
        choices=("day", "month", "year"),
        help="how fine the partitions by date are, decided when a dataset is made (default: day)",
    )
    limits = run.add_argument_group("limits")
    limits.add_argument(
        "--max-rejects",
        type=reject_limit,
        metavar="N|N%",
        help="fail, and commit nothing, if more blocks than that are rejects (default: no limit)",
    )
    limits.add_argument(
        "--max-block-bytes",
        type=whole_number,
        default=4 << 20,
        metavar="BYTES",
        help="a longer article is a reject (default: %(default)s)",
    )
    limits.add_argument(
        "--max-line-bytes",
        type=whole_number,
        default=1 << 20,
        metavar="BYTES",
        help="an article with a longer line is a reject (default: %(default)s)",
    )
    for option, default, metavar, what in (
        ("--max-unpacked-bytes", 64 << 30, "BYTES", "a packed dump that unpacks to more is not read"),
        ("--max-unpacked-run-bytes", 4 << 40, "BYTES", "of dumps that unpack to more together, some are not read"),
        ("--max-unpacked-ratio", 1000, "N", "a packed dump that unpacks to more than N times its size, and to more than "
         "64 MiB, is taken for a bomb and not read"),
    ):  # fmt: skip
        limits.add_argument(
            option, type=whole_number, default=default, metavar=metavar, help=f"{what} (default: %(default)s)"
        )
    engine = run.add_argument_group("who does the work")
    engine.add_argument(
        "--runner",
        choices=("direct", "portable", "flink"),
        default="direct",
        help="direct: processes of this machine; portable: the engine of a Beam job service; flink: a Flink cluster "
        "(default: %(default)s)",
    )
    engine.add_argument(
        "--job-endpoint", type=endpoint, metavar="HOST:PORT", help="portable: where the job service listens"
    )
    engine.add_argument(
        "--flink-master",
        type=endpoint,
        metavar="HOST:PORT",
        help="flink: the REST address of the job manager",
    )
    engine.add_argument(
        "--job-server", metavar="JAR", help="flink: Beam's job server for the cluster's Flink"
    )
    engine.add_argument(
        "--worker-pool",
        type=endpoint,
        metavar="HOST:PORT",
        help="portable, flink: where the engine asks for workers",
    )
    engine.add_argument(
        "--token-file",
        metavar="FILE",
        help="portable, flink: the secret that the worker pool was started with (default: what a pool of this user makes "
        "by itself: ~/.config/dateline/pool-token)",
    )
    machine = run.add_argument_group("this machine")
    machine.add_argument(
        "--workers",
        type=whole_number,
        metavar="N",
        help="processes that do the work (default: one for each core, 1 for small input)",
    )
    machine.add_argument(
        "--keep-versions",
        type=whole_number,
        default=3,
        metavar="N",
        help="versions that stay readable, the new one among them (default: %(default)s)",
    )
    telling = run.add_argument_group("what is told")
    telling.add_argument(
        "--json", action="store_true", help="one line of JSON at the end instead of the summary"
    )
    telling.add_argument(
        "--metrics", metavar="FILE", help="write what the run came to for Prometheus' node exporter"
    )
    telling.add_argument(
        "--profile", metavar="DIR", help="write there which functions the time went to: flame.html and others"
    )
    telling.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="the least of what is told on stderr (default: %(default)s)",
    )
    telling.add_argument(
        "--quiet", action="store_true", help="no progress, no summary; errors are still told"
    )
    look = commands.add_parser(
        "inspect",
        help="show what is found in one file, and write nothing",
        description="Show each block of a file: its place, layout and fields, or why it is rejected.",
        allow_abbrev=False,
    )
    look.add_argument("file", metavar="FILE", help="a dump, in any format that a run reads")
    look.add_argument("--offset", type=number, metavar="N", help="only the block that byte N is in")
    look.add_argument("--crawl-date", type=day, metavar="YYYY-MM-DD", help="as for a run")
    look.add_argument("--full", action="store_true", help="show all of each field")
    look.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    add_columns(look)
    story = commands.add_parser(
        "explain",
        help="tell the whole story of one article of a dataset",
        description="Tell of an article where it stands, which copies it has, and why its winner won.",
        allow_abbrev=False,
    )
    story.add_argument("dataset", metavar="DATASET")
    story.add_argument("article", metavar="ID|URL|HEADLINE")
    story.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    from dateline.runners.command.dataset_options import add_checking

    add_checking(commands)
    return commands_parser  # fmt: skip
