"""Stamps: what the text after "Updated" says about the day.

"07 September 2023"  -> 2023-09-07, told by the stamp
"13 sec ago"         -> the day of the crawl, where that is known
"3 days 2 hours ago" -> three days before the day of the crawl
"""

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

UpdatedSource = Literal["stamp", "crawl", "none"]

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier", "february feb février", "march mar mars", "april apr avril", "may mai",
            "june jun juin", "july jul juillet", "august aug août", "september sept sep septembre",
            "october oct octobre", "november nov novembre", "december dec décembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
"""Month names in lower case: English and its short forms, and French, for the French edition."""

# Drupal writes an interval in at most two units, largest first. A month and a year count as its
# formatter counts them: 30 and 365 days.
DAYS_PER_UNIT = {"sec": 0, "min": 0, "hour": 0, "day": 1, "week": 7, "month": 30, "year": 365}

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_MONTH = f"(?i:{_MONTH})"
_UNIT = "|".join(DAYS_PER_UNIT)
_CLOCK = r"(?: \d{1,2}:\d\d)?"
ABSOLUTE = (
    rf"(?:\d{{1,2}} {_MONTH}\.? \d{{4}}"                # 07 September 2023: the site, since 2014
    rf"|{_MONTH}\.? \d{{1,2}}, \d{{4}}"                 # Apr 29, 2012; June 25, 2018: copies of 2012, author pages
    rf"|(?:[A-Z][a-z]{{2}}, )?\d{{4}}-\d\d-\d\d){_CLOCK}"   # Tue, 2025-07-29 21:31: feeds
)  # fmt: skip
RELATIVE = rf"\d{{1,3}} (?:{_UNIT})s?(?: \d{{1,3}} (?:{_UNIT})s?)? ago"
DAY_LINE = rf"\d{{1,2}} {_MONTH} \d{{4}}"
"""A line that is a day and nothing else, as a regular expression."""
STAMP = rf"(?:{ABSOLUTE}|{RELATIVE})"
"""What may follow "Updated" on a stamp line, as a regular expression."""
STAMP_LINE = (
    rf"(?:(?:Published: {ABSOLUTE} )?Updated:? +{STAMP}"
    rf"|Publié le (?:[A-Za-z]+ )?{ABSOLUTE})"           # the French edition
)  # fmt: skip
"""A whole stamp line, as a regular expression."""

_LABEL = re.compile(rf"(?:Published: {ABSOLUTE} )?Updated:? +|Publié le (?:[A-Za-z]+ )?")
_PARTS = re.compile(r"(\d{1,3}) ([a-z]+)")
_DAY_FIRST = re.compile(rf"(\d{{1,2}}) ({_MONTH})\.? (\d{{4}})")
_MONTH_FIRST = re.compile(rf"({_MONTH})\.? (\d{{1,2}}), (\d{{4}})")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")

FIRST_YEAR = 1975
"""Arab News first appeared in 1975; a stamp before that is a mistake."""


def stamp_of(line: str) -> str:
    """The stamp of a stamp line: the text after "Updated".

    >>> stamp_of("Updated 07 September 2023")
    '07 September 2023'
    """
    stripped = line.strip()
    match = _LABEL.match(stripped)
    return stripped[match.end() :] if match else stripped


@lru_cache(maxsize=4096)
def read_stamp(stamp: str, crawled: date | None) -> tuple[date | None, UpdatedSource]:
    """The day that a stamp means, and what told it.

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
