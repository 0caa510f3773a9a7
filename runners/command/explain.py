"""`dateline explain`: the whole story of one article of a dataset: its row, its copies, and why each of them lost.

lost      b.txt bytes 0 to 812  2023-09-07 (stamp)  9 fields  640 characters
          to the winner: it has a short URL
"""

from collections.abc import Sequence
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
from dateline.pipeline.rules.text import normalise, printable
from dateline.pipeline.rules.winner import why_it_won
from dateline.schemas.columns import from_batch

Row = dict[str, Any]


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


def explain(dataset: Dataset, wanted: str) -> list[Story]:
    """The articles of an id, a short URL or a headline.

    Args:
        dataset: the dataset.
        wanted: the id, URL or headline.

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
        keys = articles.to_table(columns=["id", "short_url", "headline", "updated", "region"])
        keys.validate(full=True)  # before a value is looked at
    except pa.ArrowException as error:
        raise DamagedFile(
            f"{dataset.name}: a file of the articles is not what a run writes: {error}"
        ) from error
    url, headline = short_url(wanted), normalise(wanted)
    found = [
        key
        for key in from_batch(keys)
        if wanted == key["id"]
        or (url and url == key["short_url"])
        or headline == normalise(key["headline"] or "")
    ]
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
    return [_story(version, row, [copy for copy in copies if copy["id"] == row["id"]]) for row in rows]


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


def as_json(story: Story) -> Row:
    """The story in JSON terms."""
    return {
        "article": story.row,
        "file": story.file,
        "copies": [loser._asdict() | {"lost_because": why(story.winner, loser)} for loser in story.losers],
    }


def as_text(story: Story) -> str:
    """The story for a person; text of dumps is made harmless for a terminal."""
    row = story.row
    lines = [
        printable(row["headline"]),
        f"  id        {row['id']}",
        f"  short URL {printable(row['short_url'] or '-')}  slot {row['short_url_slot']}",
        f"  file      {story.file}",
        f"  won       {_place(story.winner)}",
        f"  copies    {row['copies']}, itself included",
    ]
    for loser in story.losers:
        headline = "" if loser.same_headline else "  under another headline"
        lines.append(f"  lost      {_place(loser)}{headline}")
        lines.append(f"            to the winner: {why(story.winner, loser)}")
    return "\n".join(lines)


def _place(copy: Copy) -> str:
    end = copy.source_offset + copy.source_length
    url = f"  {copy.short_url}" if copy.short_url else ""
    return (
        f"{printable(copy.source)} bytes {copy.source_offset:,} to {end:,}  "
        f"{copy.updated or 'no date'} ({copy.updated_source})  {copy.fields} fields  {copy.body_length:,} characters{url}"
    )
