"""What options take, and the options that several commands have.

A type of argparse is a function from the text of an argument to its value; the text of its ArgumentTypeError is what the
user sees:

    >>> endpoint("localhost:8099")
    'localhost:8099'
    >>> size("0")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: '0' is no whole number from 1
"""

import argparse
from datetime import date


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """Options of all commands that read dumps: what columns are called, and how much one record may take."""
    names = parser.add_argument_group("what JSON Lines keys and Parquet columns are called")
    for option, what, default in (
        ("--text-column", "the page's text", "text, content or raw_text"),
        ("--url-column", "its URL", "url, page_url or source_url"),
        ("--date-column", "the day of its crawl", "date, timestamp, crawl_date or date_download"),
    ):
        names.add_argument(option, metavar="NAME", help=f"{what} (default: {default})")
    sizes = parser.add_argument_group("what unpacking may take")
    record = "a longer line of JSON Lines, page of a WARC or text of Parquet is a reject"
    add_limit(sizes, "--max-record-bytes", 8 << 20, record)
    window = "memory that a packed stream may ask for, as with zstd --long"
    add_limit(sizes, "--max-window-bytes", 128 << 20, window)


def add_limit(
    options: "argparse._ActionsContainer", name: str, default: int, what: str, metavar: str = "BYTES"
) -> None:
    """An option that takes a whole number from 1, and says its default."""
    options.add_argument(
        name, type=size, default=default, metavar=metavar, help=f"{what} (default: %(default)s)"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option of all commands that print what they find."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")


def day(text: str) -> date:
    """A day, as 2022-04-20."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2022-04-20") from None


def count(text: str) -> int:
    """A whole number from 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def size(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def endpoint(text: str) -> str:
    """HOST:PORT."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT, such as localhost:8099")
    return text


def store_folder(text: str) -> str:
    """A folder of an object store, as s3://BUCKET/FOLDER, without a slash at its end.

    The message does not show what was given: it may hold a password.
    """
    from dateline.errors import Unusable
    from dateline.pipeline.store.address import SCHEMES, address_of

    try:
        address = address_of(text)
    except Unusable:
        address = ""
    if not address:
        forms = " or ".join(f"{scheme}BUCKET/FOLDER" for scheme in SCHEMES)
        raise argparse.ArgumentTypeError(f"this is no folder of an object store; write it as {forms}")
    return address


def reject_limit(text: str) -> object:
    """A number of rejects, or a share of all blocks, as 2%: a RejectLimit of pipeline/reject_limit.py."""
    from dateline.pipeline.reject_limit import RejectLimit

    try:
        return RejectLimit.parse(text)
    except ValueError:
        message = f"{text!r} is neither a number of rejects nor a share such as 2%"
        raise argparse.ArgumentTypeError(message) from None
