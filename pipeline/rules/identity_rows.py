"""Rows: what the rules of identity look at in a record, in 115 bytes of a numpy array.

What is shuffled is small, and what is compared is compared in one sweep. No text of an article is among it
but the slug of its short URL. A row stands for one record, or for several that were folded: then it
describes the best of them and counts all.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from dateline.pipeline.elements import BlockPlace, Record
from dateline.pipeline.rules.places import regions
from dateline.pipeline.rules.short_urls import slug_of
from dateline.pipeline.rules.site import MAX_SLUG, SHORT_URL_PREFIX
from dateline.pipeline.rules.text import normal_form

Rows = npt.NDArray[Any]
"""A one-dimensional array of dtype ROW."""

ROW = np.dtype(
    [
        ("head_hi", "<u8"), ("head_lo", "<u8"),     # hash of the normalised headline
        ("slug", f"S{MAX_SLUG}"),                       # of the short URL; empty where there is none
        ("updated", "<i4"),                         # days since 1970-01-01, or NO_DATE
        ("dated", "u1"),                            # place in UPDATED_SOURCES: smaller is better
        ("fields", "u1"),                           # how many fields hold something
        ("body", "<i4"),                            # characters
        ("region", "u1"),                           # place in places.regions()
        ("rank", "<i8"),                            # of its dump, in the order of the sources: see new_rank()
        ("dump", "<i4"), ("offset", "<i8"), ("length", "<i8"),      # dump is OLDER_ARTICLE or OLDER_DUPLICATE for older records
        ("copies", "<i4"),                          # records folded into this row; 0 for one that lost
        ("first", "<i4"), ("last", "<i4"),          # their earliest and latest date, or NO_DATE
        ("id_hi", "<u8"), ("id_lo", "<u8"),         # of the article, once it is known
        ("file", "<u8"), ("at", "<i4"),             # where its record waits: see stages/record_files.py
        ("was", "<u8"),                             # id_hi in the version before, for older records
    ]
)  # fmt: skip

OLDER_ARTICLE, OLDER_DUPLICATE = -1, -2
"""In place of a dump's number: an article of the version that the run builds on, and a copy folded there."""
ONLY_COUNTED = 9
"""In `dated`, of a row with the short URL of its article instead of its own: it counts, and never wins."""

ID_DIGITS = 32
"""Hexadecimal digits of an id, or of a headline's key."""

NO_DATE = -(2**31)
LATE = 2**31 - 1
UPDATED_SOURCES = ("stamp", "crawl", "none")

_EPOCH = date(1970, 1, 1).toordinal()
SOURCE_NUMBERS = {source: i for i, source in enumerate(UPDATED_SOURCES)}
REGION_NUMBERS = {region: i for i, region in enumerate(regions())}


def headline_key(headline: str) -> bytes:
    """16 bytes that stand for the normalised headline."""
    hashed = _HEADLINE.copy()
    hashed.update(normal_form(headline).encode("utf-8", "surrogatepass"))
    return hashed.digest()


_HEADLINE = blake2b(digest_size=16, person=b"headline")
"""Of no headline yet: a copy costs less than a new one."""


def url_id(slug: bytes) -> bytes:
    """The id of the article of a short URL."""
    return blake2b(SHORT_URL_PREFIX.encode() + slug, digest_size=16, person=b"short_url").digest()


def chain_id(headline: bytes, first: int) -> bytes:
    """The id of an article without a short URL, where a headline can have several chains.

    Args:
        headline: its headline_key.
        first: the earliest date of its chain, in days since 1970-01-01, or NO_DATE.
    """
    return blake2b(
        headline + first.to_bytes(4, "little", signed=True), digest_size=16, person=b"chain"
    ).digest()


def provisional_id(record: Record) -> str:
    """The id, in hexadecimal, that a record has if no other is of its article."""
    slug = slug_of(record["short_url"])
    return (url_id(slug) if slug else headline_key(record["headline"])).hex()


@lru_cache(maxsize=1 << 12)
def days(iso: str | None) -> int:
    """Days since 1970-01-01 of YYYY-MM-DD; NO_DATE for None."""
    return date.fromisoformat(iso).toordinal() - _EPOCH if iso else NO_DATE


def iso(day: int) -> str | None:
    """The inverse of days()."""
    return None if day == NO_DATE else date.fromordinal(int(day) + _EPOCH).isoformat()


_COUNTED = ("short_url", "updated", "caption", "credit", "byline", "summary", "place", "country", "subheadings",
            "page_url", "node", "crawled")  # fmt: skip


def fields_of(record: Record) -> int:
    """How many of the fields that a copy may lack hold something."""
    return sum(1 for name in _COUNTED if record[name])


def new_rank(dump: Any) -> Any:
    """The rank of the run's dump of that number, or of each of some; between two of them there is room for all older ones."""
    return (dump + 1) << 32


def older_rank(dump: int, place: int) -> int:
    """The rank of an older dump.

    Args:
        dump: how many of the run's dumps stand before it in the order of the sources.
        place: how many of the older ones do.
    """
    return (dump << 32) + 1 + place


def rows_of(
    places: Sequence[BlockPlace],
    bodies: Sequence[int] | npt.NDArray[np.int32],
    columns: Mapping[str, Sequence[Any]],
) -> Rows:
    """One row for each of some records.

    Args:
        places: where the block of each stands.
        bodies: characters of each one's body.
        columns: by name, the other fields that a row tells of.
    """
    rows = np.zeros(len(places), ROW)
    set_places(rows, places)
    _set_pairs(rows, "head", list(map(headline_key, columns["headline"])))
    rows["slug"] = list(map(slug_of, columns["short_url"]))
    rows["updated"] = list(map(days, columns["updated"]))
    rows["first"] = rows["last"] = rows["updated"]
    rows["dated"] = [SOURCE_NUMBERS[source] for source in columns["updated_source"]]
    for name in _COUNTED:
        rows["fields"] += np.frombuffer(bytes(map(bool, columns[name])), np.uint8)
    rows["body"] = bodies
    rows["region"] = [REGION_NUMBERS[region] for region in columns["region"]]
    rows["copies"] = 1
    return rows


def from_bytes(rows: Iterable[bytes]) -> Rows:
    """Rows whose bytes were kept one by one."""
    return np.frombuffer(bytearray().join(rows), ROW)


def set_places(rows: Rows, places: Sequence[BlockPlace]) -> None:
    """Have rows stand for the blocks at some places: their own, or later copies of these."""
    numbers = np.fromiter(chain.from_iterable(places), np.int64, 3 * len(places))
    dumps, rows["offset"], rows["length"] = numbers.reshape(-1, 3).T
    rows["dump"], rows["rank"] = dumps, new_rank(dumps)


def concat(parts: Iterable[Rows]) -> Rows:
    """All rows in one array; an empty one for no parts."""
    # As bytes: else numpy compares the types of all fields, or spells them out, for each part anew.
    as_bytes: Iterable[Any] = (part.view(np.uint8) for part in parts)
    return np.frombuffer(bytearray().join(as_bytes), ROW)


def set_url_ids(rows: Rows, slugs: npt.NDArray[np.bytes_]) -> None:
    """Give each row the id of the article of a short URL."""
    unique, inverse = np.unique(slugs, return_inverse=True)
    ids = [url_id(slug) for slug in unique.tolist()]
    set_ids(rows, [ids[i] for i in inverse.tolist()])


def set_ids(rows: Rows, ids: Sequence[bytes]) -> None:
    """Give each row its id, of 16 bytes."""
    _set_pairs(rows, "id", ids)


def _set_pairs(rows: Rows, name: str, values: Sequence[bytes]) -> None:
    """Give each row its value, of 16 bytes, of a 128-bit column pair."""
    pairs = np.frombuffer(b"".join(values), "<u8").reshape(-1, 2)
    rows[f"{name}_hi"], rows[f"{name}_lo"] = pairs[:, 0], pairs[:, 1]


def hexes(rows: Rows, high: str, low: str) -> list[str]:
    """The 32 hexadecimal digits of a 128-bit column pair, for each row."""
    text = digits(rows, high, low)
    return [text[i : i + ID_DIGITS] for i in range(0, len(text), ID_DIGITS)]


def digits(rows: Rows, high: str, low: str) -> str:
    """The same, one behind the other."""
    return np.stack([rows[high], rows[low]], axis=1).astype("<u8").tobytes().hex()
