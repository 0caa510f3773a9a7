"""Stamps: what the text after "Updated" says about the day.

"07 September 2023"  -> 2023-09-07, from the stamp
"13 sec ago"         -> the day of the crawl, where that is known
"3 days 2 hours ago" -> three days before the day of the crawl
"""

import re
from datetime import date, timedelta
from typing import Literal

from dateline.pipeline.rules.site import ABSOLUTE, DAYS_PER_UNIT, FIRST_YEAR, MONTH, MONTHS

UpdatedSource = Literal["stamp", "crawl", "none"]

_LABEL = re.compile(rf"(?:Published: {ABSOLUTE} )?Updated:? +|Publié le (?:[A-Za-z]+ )?")
_PARTS = re.compile(r"(\d{1,3}) ([a-z]+)")
_DAY_FIRST = re.compile(rf"(\d{{1,2}}) ({MONTH})\.? (\d{{4}})")
_MONTH_FIRST = re.compile(rf"({MONTH})\.? (\d{{1,2}}), (\d{{4}})")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def stamp_of(line: str) -> str:
    """The stamp of a stamp line: the text after "Updated".

    >>> stamp_of("Updated 07 September 2023")
    '07 September 2023'
    """
    stripped = line.strip()
    match = _LABEL.match(stripped)
    return stripped[match.end() :] if match else stripped


def read_stamp(stamp: str, crawled: date | None) -> tuple[date | None, UpdatedSource]:
    """The day that a stamp means, and where it comes from.

    Args:
        stamp: the text after "Updated", matching STAMP.
        crawled: the day of the crawl, or None where nothing tells it.

    Returns:
        (day, "stamp") for an absolute date, (day, "crawl") for a relative one with a known crawl
        day, (None, "none") for a relative one without, and for a date that cannot be (31 February,
        the year 1023, more than a day after the crawl).
    """
    try:
        if stamp.endswith(" ago"):
            if crawled is None:
                return None, "none"
            days = sum(int(n) * DAYS_PER_UNIT[unit.rstrip("s")] for n, unit in _PARTS.findall(stamp))
            return crawled - timedelta(days), "crawl"
        found = _absolute(stamp)
    except (ValueError, OverflowError):
        return None, "none"
    if found.year < FIRST_YEAR or (crawled and found > crawled + timedelta(days=1)):
        return None, "none"
    return found, "stamp"


def _absolute(stamp: str) -> date:
    """The day of an absolute stamp; ValueError where there is no such day."""
    if match := _ISO.search(stamp):
        return date(*map(int, match.groups()))
    if match := _DAY_FIRST.search(stamp):
        day, month, year = match.groups()
    elif match := _MONTH_FIRST.search(stamp):
        month, day, year = match.groups()
    else:
        raise ValueError(f"{stamp!r} is no date")
    return date(int(year), MONTHS[month.lower()], int(day))
