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
            "January Jan", "February Feb", "March Mar", "April Apr", "May", "June Jun", "July Jul",
            "August Aug", "September Sept Sep", "October Oct", "November Nov", "December Dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

# Drupal writes an interval in at most two units, largest first. A month and a year count as its
# formatter counts them: 30 and 365 days.
DAYS_PER_UNIT = {"sec": 0, "min": 0, "hour": 0, "day": 1, "week": 7, "month": 30, "year": 365}

ABSOLUTE = rf"\d{{1,2}} (?:{'|'.join(MONTHS)})\.? \d{{4}}"
RELATIVE = rf"\d{{1,3}} (?:{'|'.join(DAYS_PER_UNIT)})s?(?: \d{{1,3}} (?:{'|'.join(DAYS_PER_UNIT)})s?)? ago"
STAMP = rf"(?:{ABSOLUTE}|{RELATIVE})"
"""What may follow "Updated" on a stamp line, as a regular expression."""

_PARTS = re.compile(r"(\d+) ([A-Za-z]+)")

FIRST_YEAR = 1975
"""Arab News first appeared in 1975; a stamp before that is a mistake."""


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
    if stamp.endswith(" ago"):
        if crawled is None:
            return None, "none"
        days = sum(int(n) * DAYS_PER_UNIT[unit.rstrip("s")] for n, unit in _PARTS.findall(stamp))
        try:
            return crawled - timedelta(days), "crawl"
        except OverflowError:
            return None, "none"
    day, month, year = stamp.replace(".", "").split()
    try:
        found = date(int(year), MONTHS[month], int(day))
    except ValueError:
        return None, "none"
    if found.year < FIRST_YEAR or (crawled and found > crawled + timedelta(days=1)):
        return None, "none"
    return found, "stamp"
