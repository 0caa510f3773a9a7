"""Records: the pages in JSON Lines, Parquet, WARC, and the blocks in a dataset's rejects.

What a container holds is counted by another way than the one that reads it (see Account): so a record that is dropped
between the two is found out.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple

from dateline.pipeline.inputs.streams import Bounds

SEPARATOR = b"\n" * 6
"""Between two records of a spool: more empty lines than any header reaches across."""
MAX_SHOWN = 60
"""Characters of a value that are told."""
KEPT_BYTES = 1 << 17
"""Bytes that are kept of a record that cannot be used: twice what a reject shows of it."""

EARLIEST = date(1996, 1, 1)
"""No page was crawled before."""
MAX_DIGITS = 20
MAX_DATE = 40
"""Characters of a date as HTTP has it, at most."""
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:[T \d]|\Z)")

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
    no_days: int = 0
    """Records whose day of the crawl is none that can be; `no_day` is the first of them, as it stands."""
    no_day: str = ""
    seen: list[str] = field(default_factory=list)
    """Of the columns that were named by option, the fields of Columns that any record has."""
    first: int | None = None
    """Where the part's first record begins in the file; None where none does in the part."""
    end: int = 0
    """Where the record begins that is the first one behind the part; at the end the file's size."""


def crawl_day(row: Mapping[str, Any], columns: Columns, bounds: Bounds, account: Account) -> date | None:
    """The day of a record's crawl, from the first of its columns that says one; what is no day is counted."""
    said = None
    for name in columns.date:
        value = row.get(name)
        if value is not None and value != "" and value != b"":
            day = day_of(value, bounds.latest)
            if day:
                return day
            said = value if said is None else said
    if said is not None:
        account.no_days += 1
        account.no_day = account.no_day or repr(said)[:MAX_SHOWN]
    return None


def look_for(row: Mapping[str, Any], columns: Columns, account: Account) -> None:
    """Note which of the columns that were named by option a record has."""
    for role in named(columns):
        if role not in account.seen and any(row.get(name) is not None for name in getattr(columns, role)):
            account.seen.append(role)


def named(columns: Columns) -> list[str]:
    """The fields of columns that were named by option."""
    return (
        []
        if columns == Columns()
        else [role for role, usual in Columns()._asdict().items() if getattr(columns, role) != usual]
    )


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


def day_of(value: Any, latest: date | None = None) -> date | None:
    """The day of a crawl that a record's date means; None where it means none that can be.

    Eight or fourteen digits are a calendar day, and the time in it; ten or thirteen are seconds or milliseconds since 1970;
    whether they are a number or a text. Else it is ISO 8601, or a date as HTTP has it.

    Args:
        value: as it stands in the record.
        latest: the last day that can be; None for any.

    >>> day_of("2022-04-20T10:00:00Z"), day_of(20220420), day_of("1650448800"), day_of("Wed, 20 Apr 2022 10:00:00 GMT")
    (datetime.date(2022, 4, 20), datetime.date(2022, 4, 20), datetime.date(2022, 4, 20), datetime.date(2022, 4, 20))
    >>> day_of(True), day_of(0), day_of("soon"), day_of("1970-01-01")
    (None, None, None, None)
    """
    try:
        day = _day(value)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None
    return day if day and day >= EARLIEST and (latest is None or day <= latest) else None


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float):
        value = int(value)
    text = value.strip() if isinstance(value, str) else str(value)[:MAX_DIGITS]
    if text.isascii() and text.isdigit():
        if len(text) in (8, 14):
            return date.fromisoformat(text[:8])
        if len(text) in (10, 13):
            return datetime.fromtimestamp(int(text[:10]), UTC).date()
        return None
    if _ISO_DAY.match(text):
        return date.fromisoformat(text[:10])
    return parsedate_to_datetime(text[:MAX_DATE]).date()
