"""What became of the articles from one version of a dataset to another.

    added, removed      an article that only the one version has
    changed             one that both have, with other values: by its id, or else by its record's place in its dump
    folded              one whose record is a copy of another article now

Files are named by their content, so only those are read that one version lists and the other does not.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from dateline.pipeline.dataset.version import Version
from dateline.schemas.columns import arrow_schema

LIGHT = ["id", "source", "source_offset", "updated", "headline"]
"""The columns of articles that are read first."""


class Change(NamedTuple):
    """What became of one article.

    `columns` of a changed article are those that are not as they were, and `was` is its id before, where it had another.
    `winner` of a folded one is the id of the article that its record belongs to now.
    """

    kind: Literal["added", "removed", "changed", "folded"]
    id: str
    updated: str | None
    headline: str
    columns: tuple[str, ...] = ()
    winner: str | None = None
    was: str | None = None


class _Row(NamedTuple):
    """Where an article stands in a version, and what a change says of it."""

    file: tuple[str, int]
    """Its path, and the number of the row in it."""
    id: str
    place: tuple[str, int]
    """Source and offset of its record."""
    updated: str | None
    headline: str


def diff(old: Version, new: Version) -> Iterator[Change]:
    """The articles that are not the same in both, by id.

    Raises:
        DamagedFile: a file cannot be read.
    """
    before, after = ({row.id: row for row in _articles(*pair)} for pair in ((old, new), (new, old)))
    places = {row.place: row for row in after.values() if row.id not in before}
    renamed = {
        row.id: places[row.place] for row in before.values() if row.id not in after and row.place in places
    }
    named = {row.id for row in renamed.values()}
    gone = {row.place for row in before.values() if row.id not in after and row.id not in renamed}
    duplicates = _duplicates(new, old, gone) if gone else {}
    pairs = [
        (row, after.get(row.id) or renamed[row.id])
        for row in before.values()
        if row.id in after or row.id in renamed
    ]
    changes = [
        Change("added", row.id, row.updated, row.headline)
        for row in after.values()
        if row.id not in before and row.id not in named
    ]
    for row in before.values():
        if row.place in gone and row.id not in after and row.id not in renamed:
            winner = duplicates.get(row.place)
            changes.append(
                Change("folded" if winner else "removed", row.id, row.updated, row.headline, winner=winner)
            )
    yield from sorted([*changes, *_changed(old, new, pairs)], key=lambda change: (change.id, change.kind))


def _only(version: Version, other: Version, kind: str) -> Iterator[dict[str, Any]]:
    """The entries of files of a kind that only the first version lists."""
    others = {file["path"] for file in other.files(kind)}
    return (file for file in version.files(kind) if file["path"] not in others)


def _articles(version: Version, other: Version) -> Iterator[_Row]:
    for file in _only(version, other, "articles"):
        rows = version.read(file, LIGHT).to_pylist()
        for number, row in enumerate(rows):
            day = row["updated"].isoformat() if row["updated"] else None
            place = row["source"], row["source_offset"]
            yield _Row((file["path"], number), row["id"], place, day, row["headline"])


def _duplicates(version: Version, other: Version, places: set[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Of some records those that are duplicates, with the id of their article."""
    found = {}
    for file in _only(version, other, "duplicates"):
        table = version.read(file, ["source", "source_offset", "id"])
        columns = (table[name].to_pylist() for name in ("source", "source_offset", "id"))
        for source, offset, name in zip(*columns, strict=True):
            if (source, offset) in places:
                found[source, offset] = name
    return found


def _changed(old: Version, new: Version, pairs: list[tuple[_Row, _Row]]) -> Iterator[Change]:
    """Of articles that are in both those that differ. Pairs of the same two files are compared together."""
    entries = {file["path"]: file for version in (old, new) for file in version.files("articles")}

    @lru_cache(8)
    def table(version: Version, path: str) -> pa.Table:
        return version.read(entries[path])

    def row_of(version: Version, path: str, row: int) -> pa.Table:
        return table(version, path).slice(row, 1)

    for one, other in sorted(pairs, key=lambda pair: (pair[0].file[0], pair[1].file[0])):
        was = row_of(old, *one.file)
        now = row_of(new, *other.file)
        columns = tuple(name for name in arrow_schema("article").names if was[name] != now[name])
        if columns:
            yield Change(
                "changed", other.id, other.updated, other.headline, columns,
                was=one.id if one.id != other.id else None,
            )  # fmt: skip
