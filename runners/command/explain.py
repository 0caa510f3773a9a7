"""`dateline explain`: the whole story of one article of a dataset: its row, its copies, and why each of them lost.

lost      b.txt bytes 0 to 812  2023-09-07 (stamp)  9 fields  640 characters
          to the winner: it has a short URL
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dateline.errors import DamagedFile, UsageError
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.safe_files import require_shape
from dateline.pipeline.dataset.version import SCHEMAS, Version, latest_manifest
from dateline.pipeline.names import partition_folder
from dateline.pipeline.rules.identity_rows import ROW, UPDATED_SOURCES, days, fields_of, headline_key
from dateline.pipeline.rules.short_urls import short_url, slug_of
from dateline.pipeline.rules.text import normalise, printable, to_json
from dateline.pipeline.rules.winner import why_it_won
from dateline.runners.command.table import shortened, wrapped
from dateline.schemas.columns import from_batch

Row = dict[str, Any]


KEYS = ("id", "short_url", "page_url", "headline", "updated", "region")
"""The columns by which articles are found."""
LEAST_OF_ID = 5
"""Digits of an id by which it is looked for."""
MATCHES_SHOWN = 20


class Copy(NamedTuple):
    """One record of the article, as the rules of identity look at it."""

    source: str
    source_offset: int
    source_length: int
    short_url: str | None
    updated: str | None
    updated_source: str
    fields: int
    body_length: int
    same_headline: bool


class Story(NamedTuple):
    row: Row
    file: str
    winner: Copy
    losers: Sequence[Copy]


def why(winner: Copy, loser: Copy) -> str:
    """What the winner has before the loser, in words."""
    sources = sorted({winner.source, loser.source})
    rows = np.zeros(2, ROW)
    for row, copy in zip(rows, (winner, loser), strict=True):
        row["slug"] = slug_of(copy.short_url)
        row["updated"], row["dated"] = days(copy.updated), UPDATED_SOURCES.index(copy.updated_source)
        row["fields"], row["body"] = copy.fields, copy.body_length
        row["rank"], row["offset"] = sources.index(copy.source), copy.source_offset
    return why_it_won(rows[:1], rows[1:])


class Explained(NamedTuple):
    """What an id, a URL, a headline or a part of one leads to: stories, or several articles to choose from."""

    stories: list[Story]
    matches: list[Row]
    """Their key columns, the newest first."""


def explain(dataset: Dataset, wanted: str) -> Explained:
    """The articles of an id, a short URL or a headline; or of a part of one, where none has it whole.

    Args:
        dataset: the dataset.
        wanted: the id, URL or headline, or the part.

    Raises:
        UsageError: there is no dataset there.
        DamagedFile: a file of it is not what a run writes.
    """
    from dateline.pipeline.dataset.reader import arrow_dataset  # the other commands do not need it

    manifest = latest_manifest(dataset.root)
    if manifest is None:
        raise UsageError(f"{dataset.name} holds no dataset")
    version = dataset.version(manifest)
    articles = arrow_dataset(dataset, manifest["version"])
    try:
        keys = articles.to_table(columns=list(KEYS))
        keys.validate(full=True)  # before a value is looked at
    except pa.ArrowException as error:
        raise DamagedFile(
            f"{dataset.name}: a file of the articles is not what a run writes: {error}"
        ) from error
    found, is_part = matching(from_batch(keys), wanted)
    if is_part and len(found) > 1:
        return Explained([], sorted(found, key=lambda key: (key["updated"] or "", key["id"]), reverse=True))
    ids = sorted({key["id"] for key in found})
    rows: list[Row] = []
    granularity = manifest["settings"]["date_granularity"]
    for folder in sorted(
        {partition_folder(key["updated"], key["region"] or "", granularity) for key in found}
    ):
        if entry := version.partition(folder):
            rows += _rows_of(version, entry, ids)
    copies: list[Row] = []
    for entry in version.files("duplicates"):
        copies += _rows_of(version, entry, ids)
    stories = [_story(version, row, [copy for copy in copies if copy["id"] == row["id"]]) for row in rows]
    return Explained(stories, [])


def matching(keys: Sequence[Row], wanted: str) -> tuple[list[Row], bool]:
    """The articles that have an id, URL or headline; where none has, those that have it as a part; whether it is a part.

    >>> keys = [{"id": "0123abcd", "headline": "Bees of the roof", "short_url": "https://arab.news/fr7xq", "page_url": None}]
    >>> [len(matching(keys, text)[0]) for text in ("bees OF the", "fr7", "0123a", "abc", "wasps")]
    [1, 1, 1, 0, 0]
    """
    url, text, plain = short_url(wanted), normalise(wanted), wanted.strip().casefold()
    headlines = [normalise(key["headline"] or "") for key in keys]
    whole = [
        key
        for key, headline in zip(keys, headlines, strict=True)
        if wanted == key["id"] or (url and url == key["short_url"]) or headline == text
    ]
    if whole or not text:
        return whole, False

    def has_part(key: Row) -> bool:
        urls = (key["short_url"] or "", key["page_url"] or "")
        # Words such as "dead" are hexadecimal, too, and seldom the head of an id.
        of_id = len(plain) >= LEAST_OF_ID and key["id"].startswith(plain)
        return of_id or any(plain in url.casefold() for url in urls)

    return [
        key for key, headline in zip(keys, headlines, strict=True) if text in headline or has_part(key)
    ], True


def _rows_of(version: Version, entry: dict[str, Any], ids: Sequence[str]) -> list[Row]:
    """The rows of a file that are of some articles.

    Raises:
        DamagedFile: one is not valid.
    """
    table = version.read(entry)
    rows = from_batch(table.filter(pc.is_in(table["id"], pa.array(ids, pa.string()))))
    for row in rows:
        require_shape(entry["path"], row, SCHEMAS[entry["kind"]])
    return rows


def _story(version: Version, row: Row, copies: Sequence[Row]) -> Story:
    key = headline_key(row["headline"]).hex()
    winner = Copy(
        row["source"], row["source_offset"], row["source_length"], row["short_url"], row["updated"],
        row["updated_source"], fields_of(row), len(row["body"]), True,
    )  # fmt: skip
    names = Copy._fields[:-1]
    losers = [
        Copy(**{name: copy[name] for name in names}, same_headline=copy["headline_key"] == key)
        for copy in copies
    ]
    granularity = version.manifest["settings"]["date_granularity"]
    entry = version.partition(partition_folder(row["updated"], row["region"], granularity))
    return Story(
        row,
        entry["path"] if entry else "",
        winner,
        sorted(losers, key=lambda copy: (copy.source, copy.source_offset)),
    )


def list_matches(found: Sequence[Row], as_lines: bool, width: int | None = None) -> Iterator[str]:
    """Articles of which one is to be chosen, a line each: of JSON, or aligned for a person, and cut at a width."""
    if as_lines or not found:
        yield from (to_json({"match": key}) for key in found)
        return
    for key in found[:MATCHES_SHOWN]:
        yield shortened(printable(f"{key['id']}  {key['updated'] or 'no date   '}  {key['headline']}"), width)
    more = f", {len(found) - MATCHES_SHOWN:,} of them not shown" if len(found) > MATCHES_SHOWN else ""
    last = f"{len(found):,} articles match{more}: give one of these ids, or more of the text"
    yield from wrapped(last, width, "  ", "")


def as_json(story: Story) -> Row:
    """The story in JSON terms."""
    return {
        "article": story.row,
        "file": story.file,
        "copies": [loser._asdict() | {"lost_because": why(story.winner, loser)} for loser in story.losers],
    }


def as_text(story: Story, width: int | None = None) -> str:
    """The story for a person, in lines that fit; text of dumps is made harmless for a terminal."""
    row = story.row
    facts = [
        ("id", row["id"]),
        ("short URL", f"{printable(row['short_url'] or '-')}  slot {row['short_url_slot']}"),
        ("file", story.file),
        ("won", _place(story.winner)),
        ("copies", f"{row['copies']}, itself included"),
    ]
    for loser in story.losers:
        headline = "" if loser.same_headline else "  under another headline"
        facts.append(("lost", f"{_place(loser)}{headline}"))
        facts.append(("", f"to the winner: {why(story.winner, loser)}"))
    lines = wrapped(printable(row["headline"]), width, "  ", "")
    for name, what in facts:
        lines += wrapped(what, width, " " * 12, f"  {name:<10}")
    return "\n".join(lines)


def _place(copy: Copy) -> str:
    end = copy.source_offset + copy.source_length
    url = f"  {copy.short_url}" if copy.short_url else ""
    return (
        f"{printable(copy.source)} bytes {copy.source_offset:,} to {end:,}  "
        f"{copy.updated or 'no date'} ({copy.updated_source})  {copy.fields} fields  {copy.body_length:,} characters{url}"
    )
