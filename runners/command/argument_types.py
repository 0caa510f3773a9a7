"""What options take: a number, a day, an address; and the options that several commands have."""

import argparse
from datetime import date


def add_columns(parser: argparse.ArgumentParser) -> None:
    names = parser.add_argument_group("what JSON Lines keys and Parquet columns are called")
    names.add_argument(
        "--text-column", metavar="NAME", help="the page's text (default: text, content or raw_text)"
    )
    names.add_argument("--url-column", metavar="NAME", help="its URL (default: url, page_url or source_url)")
    names.add_argument("--date-column", metavar="NAME",
                       help="the day of its crawl (default: date, timestamp, crawl_date or date_download)")  # fmt: skip
    sizes = parser.add_argument_group("what unpacking may take")
    sizes.add_argument(
        "--max-record-bytes",
        type=whole_number,
        default=8 << 20,
        metavar="BYTES",
        help="a longer line of JSON Lines, page of a WARC or text of Parquet is a reject (default: %(default)s)",
    )
    sizes.add_argument(
        "--max-window-bytes",
        type=whole_number,
        default=128 << 20,
        metavar="BYTES",
        help="memory that a packed stream may ask for, as with zstd --long (default: %(default)s)",
    )


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2022-04-20") from None


def number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def whole_number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def endpoint(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT, such as localhost:8099")
    return text


def reject_limit(text: str) -> object:
    from dateline.pipeline.reject_limit import RejectLimit

    try:
        return RejectLimit.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a number of rejects nor a share such as 2%"
        ) from None
