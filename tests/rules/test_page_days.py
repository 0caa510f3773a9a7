"""A relative stamp counts from the day at the top of its own page, wherever on the page it stands."""

from datetime import date
from itertools import chain, pairwise

import pytest

from dateline.pipeline.elements import Piece
from dateline.pipeline.rules.page_days import PAGE, PageDays
from dateline.pipeline.rules.split import cut_range
from tests.helpers.pages import LAYOUTS, Article, compact, full, plain
from tests.helpers.reading import read

LEAD = full(Article("Old harbor gets a new wall"), crawled="2022-04-20")
OTHER = full(Article("Night market opens at the quay"), crawled="2023-01-05")
DAYLESS = plain(Article("Lamp fair draws a crowd", slot="https://arab.news/ab1cd"))
AGO = Article("Ferry returns to the old harbor", stamp="2 days 3 hours ago")
NOW = Article("The heron is back on its roof", stamp="9 sec ago", bullets=())
FOOT = (
    "© 2024 SAUDI RESEARCH & PUBLISHING COMPANY, All Rights Reserved And subject to Terms of Use Agreement.\n"
)


def updated(*texts: str) -> list[str | None]:
    """The days of the articles with a relative stamp."""
    items = read("\n\n".join(texts).encode())
    assert not [item for item in items if "reason" in item]
    return [item["updated"] for item in items if item["updated_text"].endswith("ago")]


@pytest.mark.parametrize("trailing", LAYOUTS.values(), ids=LAYOUTS)
def test_a_trailing_article_is_dated_by_its_page(trailing):
    assert updated(LEAD, trailing(AGO), plain(Article()), trailing(NOW)) == ["2022-04-18", "2022-04-20"]
    assert updated(LEAD, OTHER, trailing(AGO)) == ["2023-01-03"]
    assert updated(LEAD, trailing(AGO), OTHER, trailing(AGO)) == ["2022-04-18", "2023-01-03"]


def test_no_other_page_dates_it():
    assert updated(plain(AGO), LEAD) == [None]
    assert updated(LEAD, DAYLESS, plain(AGO)) == [None]
    assert updated(LEAD + FOOT, plain(AGO)) == [None]
    assert updated(LEAD, plain(Article("A lead of its own", slot="", stamp="1 min ago"))) == [None]


def test_a_lead_is_dated_by_its_own_day():
    assert updated(LEAD, full(AGO, crawled="2023-01-05")) == ["2023-01-03"]


def days(data: bytes, begin: int = 0, stop: int = 1 << 40, **options) -> list[Piece]:
    found = cut_range(lambda at, n: data[at : at + n], begin, lambda start: start < stop, 1 << 20, **options)
    return [cut._replace(header=None) for cut in chain.from_iterable(found)]


def test_it_is_the_same_day_wherever_the_dump_is_split():
    data = "\n\n".join([LEAD, plain(AGO), DAYLESS, compact(NOW), OTHER, plain(NOW)]).encode()
    whole = days(data)
    assert [cut.page_day for cut in whole] == [None, date(2022, 4, 20), None, None, None, date(2023, 1, 5)]
    for at in range(0, len(data), 17):
        assert days(data, 0, at) + days(data, at) == whole


def test_a_day_holds_for_a_stretch_of_the_dump():
    filler = [
        plain(
            Article(
                f"Lamp {n} is lit at last",
                body=[f"Night {i} is as long as the one before it." for i in range(90)],
            )
        )
        for n in range(200)
    ]
    for size, day in (PAGE // 2, date(2022, 4, 20)), (PAGE + 9000, None):
        data = "\n\n".join([LEAD, *filler[: size // len(filler[-1])], plain(NOW)]).encode()
        whole = days(data)
        assert whole[-1].page_day == day
        for one, other in pairwise(whole[-4:]):
            assert days(data, one.start + 1, chunk=5000) == [cut for cut in whole if cut.start >= other.start]


def test_a_record_has_nothing_from_the_one_before_it():
    first = (LEAD + "\n\n").encode()
    data = first + plain(AGO).encode()
    assert [cut.page_day for cut in days(data)] == [None, date(2022, 4, 20)]
    assert [cut.page_day for cut in days(data, records=[0, len(first)])] == [None, None]


def test_pieces_that_are_too_far_above_wait_no_longer():
    size = PAGE // 8
    pieces = [Piece(0, n * size, (n + 1) * size, b"Text.", digest=b"digest") for n in range(300)]
    waiting = PageDays(lambda start, end: (), ())
    assert waiting.dated(pieces[:200]) == pieces[:200]
    assert waiting.dated(pieces[200:]) == pieces[200:]
    assert waiting._waiting == pieces[-9:]
