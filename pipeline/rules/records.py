"""Records: the pages in JSON Lines, Parquet, WARC, and the blocks in a dataset's rejects.

What a container holds is counted by another way than the one that reads it (see Account): so a record that is dropped
between the two is found out.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

SEPARATOR = b"\n" * 6
"""Between two records of a spool: more empty lines than any header reaches across."""
KEPT_BYTES = 1 << 17
"""Bytes that are kept of a record that cannot be used: twice what a reject shows of it."""

_COMPACT_DAY = re.compile(r"\d{8}")

Reason = Literal["bad_record", "record_too_large"]


class Columns(NamedTuple):
    """What JSON Lines keys and Parquet columns are called: the first of each that a record has counts."""

    text: tuple[str, ...] = ("text", "content", "raw_text")
    url: tuple[str, ...] = ("url", "page_url", "source_url")
    date: tuple[str, ...] = ("date", "timestamp", "crawl_date", "date_download")


class Entry(NamedTuple):
    """One record of a part."""

    place: str
    """What is put behind the dump's name to name the record: "#" and its line, row, or byte."""
    size: int
    """What it takes of its container: bytes; of Parquet and rejects, rows."""
    text: bytes
    url: str | None = None
    crawled: date | None = None
    error: str | None = None
    """Why the record cannot be used; `text` is what stands there, or its beginning."""
    reason: Reason | None = None
    """Goes with `error`."""
    source: str | None = None
    """The dump that the text came from first, and its offset there: for rejects that are read again."""
    offset: int = 0


@dataclass
class Account:
    """What a part holds, and what became of it: filled in as the part is read, to be held against each other."""

    held: int = 0
    """Records, as they are counted from the container's own bytes or its footer."""
    size: int = 0
    """Bytes of the container, or rows: the sizes of all entries, of `others` and `blank` together come to it."""
    blank: int = 0
    """Bytes of empty lines between records."""
    others: Counter[str] = field(default_factory=Counter)
    """Records that hold no page, by what they are."""
    others_size: int = 0
    first: int | None = None
    """Where the part's first record begins in the file; None where none does in the part."""
    end: int = 0
    """Where the record begins that is the first one behind the part; at the end the file's size."""


def unusable(place: str, size: int, raw: bytes, error: str, reason: Reason = "bad_record") -> Entry:
    """A record that cannot be used, with the beginning of its bytes."""
    return Entry(place, size, raw[:KEPT_BYTES], error=error, reason=reason)


def too_large(place: str, size: int, raw: bytes, found: int, limit: int) -> Entry:
    """A record over the limit."""
    error = f"a record of {found:,} bytes; a record may have {limit:,} (--max-record-bytes)"
    return unusable(place, size, raw, error, "record_too_large")


def base_source(source: str) -> str:
    """The dump of a row's source: what stands before the # of a record."""
    return source.partition("#")[0]


def text_of(value: Any) -> bytes | None:
    """A text as bytes; None where it is none, or white space only.

    Raises:
        UnicodeEncodeError: it holds half a character (a surrogate).
    """
    if isinstance(value, str):
        value = value.encode()
    return value if isinstance(value, bytes) and value.strip() else None


def first_of(row: Mapping[str, Any], names: Sequence[str], use: Callable[[Any], Any]) -> Any:
    """What can be used of the first of some columns that has it; None where none has."""
    return next((found for name in names if (found := use(row.get(name))) is not None), None)


def url_of(value: Any) -> str | None:
    """A URL, or None where it is none."""
    if not isinstance(value, str):
        return None
    return value.strip().encode("utf-8", "ignore").decode() or None


def day_of(value: Any) -> date | None:
    """The day that a record's date means: ISO 8601, 14 digits, seconds since 1970, or a date; else None.

    >>> day_of("2022-04-20T10:00:00Z"), day_of("20220420100000"), day_of(1650448800), day_of("soon")
    (datetime.date(2022, 4, 20), datetime.date(2022, 4, 20), datetime.date(2022, 4, 20), None)
    """
    try:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC).date()
        if isinstance(value, str):
            text = value.strip()
            return date.fromisoformat(text[:8] if _COMPACT_DAY.match(text) else text[:10])
    except (ValueError, OverflowError, OSError):
        return None
    return None
