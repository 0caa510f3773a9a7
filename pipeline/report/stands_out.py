"""What stands out: the sentences of a run report that an operator reads first.

    2 dumps have no article: a.txt, b.txt
    18 % of the blocks were rejected; in the 6 runs before it was 2 % (the median)
    14 articles are dated after the day of the run, the last in 2031-01

Each rule looks at the report's numbers alone, and at those of earlier runs: the same report gives the same sentences.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

Report = dict[str, Any]

NAMED = 5
"""Dumps or regions that a sentence names; of the rest it says how many there are."""
REJECTS_FACTOR, REJECTS_MORE = 2.0, 0.02
"""A share of rejects stands out that is so many times the usual one, and by so much above it."""
REJECTS_FIRST = 0.2
"""The share that stands out where there is no earlier run."""
SLOWER = 3.0
"""Times the usual seconds a byte."""
SLOW_SECONDS = 60
"""A run that took less is not called slow."""
RUNS_OF_A_REGION = 3
"""A region has vanished that brought articles in each of so many runs before, and none now."""
ROWS_OF_A_FILE, MANY_FILES = 4, 1000
"""Partitions are tiny where so many files hold fewer articles each than this."""


def stands_out(report: Report, earlier: Sequence[Report]) -> list[str]:
    """Sentences about a run that made a version; none where all is as usual.

    Args:
        report: in the terms of schemas/report.schema.json.
        earlier: those of earlier runs that made a version, the oldest first; of an older Dateline they may lack fields.
    """
    return [
        *_without_articles(report),
        *_rejects(report, earlier),
        *_future(report),
        *_vanished(report, earlier),
        *_slow(report, earlier),
        *_tiny(report),
    ]


def reject_share(report: Report) -> float | None:
    """Rejects of all blocks; None where there are none."""
    counts = report["counts"]
    blocks = counts["articles"] + counts["duplicates"] + counts["rejects"]
    return counts["rejects"] / blocks if blocks else None


def _without_articles(report: Report) -> Iterator[str]:
    empty = [
        dump["source"] for dump in report.get("dumps", ()) if not dump["articles"] and not dump["duplicates"]
    ]
    if empty:
        yield f"{_count(len(empty), 'dump has', 'dumps have')} no article: {_named(empty)}"


def _rejects(report: Report, earlier: Sequence[Report]) -> Iterator[str]:
    share = reject_share(report)
    before = [found for each in earlier if (found := reject_share(each)) is not None]
    if share is None:
        return
    if not before:
        if share >= REJECTS_FIRST:
            yield f"{share:.0%} of the blocks were rejected"
        return
    usual = median(before)
    if share > REJECTS_FACTOR * usual and share > usual + REJECTS_MORE:
        runs = (
            "the run before it was" if len(before) == 1 else f"the {len(before)} runs before it was usually"
        )
        yield f"{share:.1%} of the blocks were rejected; in {runs} {usual:.1%}"


def _future(report: Report) -> Iterator[str]:
    """Months and years are compared as text: what has the form YYYY-MM sorts as it should."""
    late = {
        date: count
        for date, count in report.get("new", {}).get("dates", {}).items()
        if date and date > report["started"][: len(date)]
    }
    if late:
        yield (
            f"{_count(sum(late.values()), 'article is', 'articles are')} dated after the run, the last in {max(late)}: "
            "a stamp that was read wrong, or a clock that was"
        )


def _vanished(report: Report, earlier: Sequence[Report]) -> Iterator[str]:
    before = [each["new"]["regions"] for each in earlier if each.get("new")][-RUNS_OF_A_REGION:]
    if len(before) < RUNS_OF_A_REGION or not report.get("new"):
        return
    gone = sorted(set.intersection(*map(set, before)) - set(report["new"]["regions"]))
    if gone:
        yield f"no article of {_named(gone)}, which each of the {len(before)} runs before had"


def _slow(report: Report, earlier: Sequence[Report]) -> Iterator[str]:
    now = report["seconds"].get("all", 0)
    before = [
        each["seconds"]["all"] / each["balance"]["read"]
        for each in earlier
        if each["balance"]["read"] and each["seconds"].get("all")
    ]
    read = report["balance"]["read"]
    if before and read and now > SLOW_SECONDS and now / read > SLOWER * (usual := median(before)):
        yield f"the run took {now / read / usual:.1f} times the usual time a byte"


def _tiny(report: Report) -> Iterator[str]:
    tiny = (
        tiny_partitions(report["dataset"]["articles"], report["partitions"])
        if "partitions" in report
        else None
    )
    if tiny:
        yield tiny


def tiny_partitions(rows: int, partitions: Mapping[str, int]) -> str | None:
    """What to say of a dataset whose files are tiny; None where they are not.

    Args:
        rows: its articles.
        partitions: how many there are, and would be, as `partitions` of the report.
    """
    files = partitions["now"]
    if files <= MANY_FILES or rows >= ROWS_OF_A_FILE * files:
        return None
    coarser = " and ".join(
        f"{partitions[name]:,} with --date-granularity {name}"
        for name in ("month", "year")
        if name in partitions
    )
    return (
        f"the {rows:,} articles are in {files:,} files, {rows / files:.1f} in each: slow to read. `dateline export` packs them"
        + (f"; a dataset made anew would have {coarser}" if coarser else "")
    )


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
