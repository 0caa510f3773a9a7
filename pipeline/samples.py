"""The few of many that a report shows: the articles with the most copies, and the first rejects of each reason.

Each task of a run picks its own, and the run picks from theirs: what is left is the same whoever did which task.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

MOST_COPIES = 10
"""Articles that are shown for their copies."""
REJECTS_SHOWN = 3
"""Rejects of each reason that are shown."""
MAX_TEXT = 1_000
"""Characters of a headline or a line."""


def most_copies(articles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The articles with the most copies, their headlines cut; of as many copies, by id.

    Args:
        articles: each with `id`, `headline` and `copies`.

    >>> most_copies([{"id": "b", "headline": "B", "copies": 2}, {"id": "a", "headline": "A", "copies": 2}])[0]["id"]
    'a'
    """
    most = sorted(articles, key=lambda article: (-article["copies"], article["id"]))[:MOST_COPIES]
    return [article | {"headline": article["headline"][:MAX_TEXT]} for article in most]


def first_rejects(rejects: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first few rejects of each reason, by reason and place.

    Args:
        rejects: each with `reason`, `source` and `offset`.

    >>> [each["offset"] for each in first_rejects([{"reason": "a", "source": "x", "offset": n} for n in (5, 1, 9, 3)])]
    [1, 3, 5]
    """
    seen: Counter[str] = Counter()
    shown = []
    for reject in sorted(rejects, key=lambda each: (each["reason"], each["source"], each["offset"])):
        seen[reject["reason"]] += 1
        if seen[reject["reason"]] <= REJECTS_SHOWN:
            shown.append(reject)
    return shown


def first_line(raw: bytes) -> str:
    """The first line of a block that is not blank, cut.

    >>> first_line(b"\\n  Share\\xff this \\nMore")
    'Share\\ufffd this'
    """
    lines = (line.strip() for line in raw.decode("utf-8", "replace").split("\n"))
    return next(filter(None, lines), "")[:MAX_TEXT]
