"""What stands out of a report."""

import pytest

from dateline.pipeline.report.stands_out import stands_out
from tests.helpers.reports import REGIONS, done

USUAL = [done(number) for number in range(1, 5)]


def dump(source: str, articles: int = 1, duplicates: int = 0) -> dict:
    return {"source": source, "bytes": 9, "articles": articles, "duplicates": duplicates, "rejects": 0}


def found(earlier=USUAL, **changes) -> list[str]:
    return stands_out(done(5) | changes, earlier)


def regions(*names: str) -> dict:
    return {"new": {"dates": {}, "countries": {}, "regions": dict.fromkeys(names, 1)}}


CASES = {
    "all is as usual": (found, []),
    "a first run": (lambda: found([]), []),
    "a dump without articles": (lambda: found(dumps=[dump("a", 0), dump("b")]), ["1 dump has no article: a"]),
    "a dump of copies": (lambda: found(dumps=[dump("a", 0, 3)]), []),
    "many without": (
        lambda: found(dumps=[dump(f"d{number}", 0) for number in range(7)]),
        ["7 dumps have no article: d0, d1, d2, d3, d4 and 2 more"],
    ),
    "a jump in rejects": (
        lambda: stands_out(done(5, rejects=200), USUAL),
        ["12.5% of the blocks were rejected; in the 4 runs before it was usually 0.7%"],
    ),
    "a little more rejects": (lambda: stands_out(done(5, rejects=25), USUAL), []),
    "many rejects at first": (
        lambda: stands_out(done(1, rejects=600), []),
        ["30% of the blocks were rejected"],
    ),
    "dates in the future": (
        lambda: found(new={"dates": {"2026-11": 5, "2026-12": 3, "2031-01": 1, "": 9}, "regions": REGIONS, "countries": {}}),
        ["4 articles are dated after the run, the last in 2031-01: a stamp that was read wrong, or a clock that was"],
    ),
    "this year, by year": (
        lambda: found(new={"dates": {"2026": 5}, "regions": REGIONS, "countries": {}}), [],
    ),
    "a region that vanished": (
        lambda: found([done(n) | regions("a", "b") for n in (1, 2, 3)], **regions("b")),
        ["no article of a, which each of the 3 runs before had"],
    ),
    "a region that comes and goes": (
        lambda: found([done(1) | regions("a"), done(2) | regions("b"), done(3) | regions("a")], **regions("b")), [],
    ),
    "two runs tell nothing of regions": (
        lambda: found([done(n) | regions("a") for n in (1, 2)], **regions("b")), [],
    ),
    "a slow run": (
        lambda: found(seconds={"all": 140.0}), ["the run took 10.0 times the usual time a byte"],
    ),
    "a slow run that is short": (lambda: found(seconds={"all": 59.0}), []),
    "tiny partitions": (
        lambda: found(partitions={"now": 8812, "month": 312, "year": 60}, dataset=done()["dataset"] | {"articles": 11426}),
        ["the 11,426 articles are in 8,812 files, 1.3 in each: slow to read. `dateline export` packs them; a dataset made anew "
         "would have 312 with --date-granularity month and 60 with --date-granularity year"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_stands_out(name):
    told, expected = CASES[name]
    assert told() == expected
