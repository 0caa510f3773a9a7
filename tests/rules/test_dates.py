from datetime import date

import pytest

from dateline.pipeline.rules.dates import read_stamp

CRAWLED = date(2022, 4, 20)


@pytest.mark.parametrize(
    ("stamp", "crawled", "day", "source"),
    [
        ("07 September 2023", None, date(2023, 9, 7), "stamp"),
        ("7 Sep 2023", None, date(2023, 9, 7), "stamp"),
        ("18 February 2026", None, date(2026, 2, 18), "stamp"),
        ("13 sec ago", CRAWLED, CRAWLED, "crawl"),
        ("2 min 59 sec ago", CRAWLED, CRAWLED, "crawl"),
        ("3 days 2 hours ago", CRAWLED, date(2022, 4, 17), "crawl"),
        ("1 week 1 day ago", CRAWLED, date(2022, 4, 12), "crawl"),
        ("2 years 4 months ago", CRAWLED, date(2019, 12, 22), "crawl"),
        ("13 sec ago", None, None, "none"),
        ("31 February 2022", None, None, "none"),
        ("01 January 1023", None, None, "none"),
        ("21 April 2022", CRAWLED, date(2022, 4, 21), "stamp"),
        ("22 April 2022", CRAWLED, None, "none"),
        ("999 years ago", date(900, 1, 1), None, "none"),
    ],
)
def test_stamp(stamp, crawled, day, source):
    assert read_stamp(stamp, crawled) == (day, source)
