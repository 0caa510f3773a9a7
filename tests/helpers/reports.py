"""Reports of invented runs, and their pages: `python -m tests.helpers.reports FOLDER` writes them there to be looked at."""

import sys
from pathlib import Path
from typing import Any

from dateline.pipeline.report.page import page

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><h1>mine</h1>",
    "{{ report.run }}{% raw %}",
    "مرحبا بالعالم، هذا عنوان",
    "evil \u202e txt.exe \u2066 \x1b[31m\x00",
    "W" * 10_000,
    "بعيد" * 2_500,
    "javascript:alert(1) &amp; &#60;b&#62;",
)
"""Texts of dumps that try to be more than text, or more than fits."""

DATES = {
    f"{year}-{month:02d}": 40 * month + year % 7 for year in (2021, 2022, 2023) for month in range(1, 13)
}
REGIONS = {"western-asia": 41_234, "southern-asia": 9_100, "eastern-europe": 8_012, "unknown": 4_211}
STAGES = ("read", "split", "parse", "validate", "deduplicate", "write", "settle")


def done(number: int = 1, articles: int = 1_000, rejects: int = 10, **changes: Any) -> dict[str, Any]:
    """The report of a run that made a version, in the terms of schemas/report.schema.json."""
    report = {
        "run": f"202611{number:02d}T010000-0000{number:04x}",
        "state": "done",
        "version": number,
        "dateline": "0.1.0",
        "runner": "direct, 2 workers",
        "started": f"2026-11-{number:02d}T01:00:00+00:00",
        "seconds": {"flow": 12.5, "balance": 0.25, "commit": 1.25, "all": 14.0},
        "stages": {name: {"seconds": 2.5, "records_in": 1_000, "bytes_in": 9_000_000} for name in STAGES},
        "memory": {"driver": 210_000_000, "largest_worker": 350_000_000},
        "counts": {
            "dumps": 2, "articles": articles, "duplicates": 400, "rejects": rejects, "partitions": 70, "files": 76,
        },
        "dataset": {"dumps": 2 * number, "articles": articles * number, "duplicates": 4, "rejects": 1, "files": 90},
        "new": {"dates": DATES | {"": 12}, "regions": dict(REGIONS), "countries": {"SA": 700, "UA": 200, "": 100}},
        "all": {"dates": DATES | {"": 123}, "regions": dict(REGIONS)},
        "partitions": {"now": 144, "month": 36, "year": 3},
        "dumps": [
            {"source": f"part-{n}.txt", "bytes": 4_500_000 + n, "articles": 500, "duplicates": 200, "rejects": 5}
            for n in range(2)
        ],
        "rejects_by_reason": {"no_headline": rejects - 2, "schema": 2},
        "rejects_shown": [
            {"reason": "no_headline", "source": "part-0.txt", "offset": 9_876, "line": "Share this article"},
        ],
        "balance": {
            "read": 9_000_000, "articles": 8_000_000, "duplicates": 900_000, "rejects": 90_000, "white_space": 10_000,
        },
        "records": {"held": 1_200, "pages": 1_100, "rejected": {"not_text": 100}},
        "largest_groups": [{"id": "ab" * 16, "headline": "What the harbour reads today", "copies": 31}],
        "unreadable": [],
        "notes": [],
        "folded_over_a_year": [
            {"id": "cd" * 16, "headline": "The week in salt", "copies": 5, "first": "2021-01-02", "last": "2023-05-06"},
        ],
    }  # fmt: skip
    return report | changes


def failed(**changes: Any) -> dict[str, Any]:
    """The record of a run that made no version, in the terms of schemas/failure.schema.json."""
    counts = {"dumps": 2, "bytes": 9_000_000, "bytes_read": 4_000_000, "records": 400, "rejects": 3}
    report = {
        "run": "20261109T010000-00000009",
        "state": "failed",
        "version": 8,
        "exit": 1,
        "reason": "the balance does not hold: of 9,000,000 bytes read, some are lost or doubled\n  part-0.txt: 12 bytes",
        "stage": "balance",
        "dump": "part-0.txt",
        "dateline": "0.1.0",
        "runner": "direct, 2 workers",
        "started": "2026-11-09T01:00:00+00:00",
        "seconds": 71.5,
        "so_far": counts | {"rows_written": 390, "files": 80},
        "unreadable": [],
    }
    return report | changes


def hostile(text: str) -> dict[str, Any]:
    """A report that has a text in each place that a dump or a folder can fill."""
    dump = {"source": text, "bytes": 9, "articles": 0, "duplicates": 0, "rejects": 1}
    return done(
        dumps=[dump],
        rejects_shown=[{"reason": "schema", "source": text, "offset": 0, "line": text}],
        largest_groups=[{"id": "ab" * 16, "headline": text, "copies": 2}],
        folded_over_a_year=[
            {"id": "cd" * 16, "headline": text, "copies": 2, "first": "2021-01-02", "last": "2023-05-06"}
        ],
        unreadable=[{"path": text, "error": text}],
        notes=[text],
    )


def many_dumps(count: int = 10_000) -> dict[str, Any]:
    """A report of many dumps, every hundredth of them without an article."""
    dumps = [
        {
            "source": f"crawl/2022/part-{number:05d}.txt.gz",
            "bytes": 1_000 + number,
            "articles": min(1, number % 100),
            "duplicates": 0,
            "rejects": 0,
        }
        for number in range(count)
    ]
    return done(dumps=dumps, counts=done()["counts"] | {"dumps": count})


def pages() -> dict[str, str]:
    """Pages of all kinds, by name."""
    earlier = [done(number, 900 + 40 * number) for number in range(1, 8)]
    return {
        "first": page(done()),
        "eighth": page(done(8, 1_200, rejects=300), earlier),
        "older": page(earlier[3], earlier[:3], newest=7),
        "by-year": page(done(all={"dates": {"2021": 5, "2023": 9, "": 1}, "regions": {}})),
        "many-dumps": page(many_dumps()),
        "failed": page(failed()),
        "stopped": page(failed(state="stopped", reason="SIGTERM", version=None, dump=None, so_far=None)),
        **{f"hostile-{number}": page(hostile(text)) for number, text in enumerate(HOSTILE)},
    }


if __name__ == "__main__":
    for name, text in pages().items():
        Path(sys.argv[1], f"{name}.html").write_text(text, "utf-8")
