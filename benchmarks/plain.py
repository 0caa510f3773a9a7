"""The baseline: the same job by hand. Layout A only; no Beam, no ledgers, no manifest, no balance, no second run.

    python -m benchmarks.plain INPUT_DIR OUTPUT_DIR [--workers 2]

It is what one would write for dumps that are known to be well-formed, as fast as that gets: fields are found by
cutting strings, a block that was there before, byte for byte, is only counted, rows are checked by jsonschema-rs
against the same schema, each partition is encoded in memory and written at once. All rows stay in memory until
the end. Nothing in it is shared with the pipeline but the schemas and the names of places.

Identity as in Dateline, without its finer points: a short URL is an article; a record without one belongs to the
short URL that its headline has elsewhere, or else to its headline.
"""

import argparse
import gc
import json
import multiprocessing
import os
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from itertools import groupby, starmap
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import pyarrow as pa

from dateline import schemas
from dateline.schemas.columns import arrow_schema

MONTHS = "January February March April May June July August September October November December"
MONTH = {name: number for number, name in enumerate(MONTHS.split(), start=1)}
COUNTRIES = json.loads(Path(schemas.__file__).parents[1].joinpath("pipeline/rules/places.json").read_text())
PLACES = {place: (code, facts["region"]) for code, facts in COUNTRIES.items() for place in facts["places"]}
PUNCTUATION = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
SCHEMA = arrow_schema("article")
is_valid = jsonschema_rs.validator_for(schemas.load("article"), validate_formats=True).is_valid

Row = dict[str, Any]


class Record(NamedTuple):
    rank: tuple[bool, str, int, int, int]
    """The greatest of an article wins: with a short URL, latest, longest, first dump, first byte."""
    url: str | None
    headline: str
    """Normalised."""
    row: Row


@cache
def iso(stamp: str) -> str:
    day, month, year = stamp.split()
    return f"{year}-{MONTH[month]:02d}-{day}"


def folded(headline: str) -> str:
    if not headline.isascii():
        headline = unicodedata.normalize("NFKC", headline).translate(PUNCTUATION)
    return " ".join(headline.casefold().split())


def identify(key: str) -> str:
    return blake2b(key.encode(), digest_size=16).hexdigest()


def record(block: str, number: int, source: str, offset: int, length: int) -> Record | None:
    """A block of layout A, or None where it is another."""
    top, _, below = block.partition("\nUpdated ")
    stamp, button, below = below.partition("\nFollow\n\n")
    again, _, text = below.partition("\n\n")
    headline, _, picture = top.partition("\n")
    if not button or again != headline:
        return None
    caption, slot, url = (part.strip() for part in picture.partition("Short Url"))
    bullets, credit = "", ""
    if text.startswith("  • "):
        bullets, _, text = text.partition("\n\n")
    if caption.endswith(")"):
        caption, _, credit = caption[:-1].rpartition(" (")
    text = text.strip("\n")
    place, colon, _ = text[:80].partition(": ")
    dateline = place if colon and place.isupper() else None
    country, region = PLACES.get(dateline, (None, "unknown"))
    updated, normalised = iso(stamp), folded(headline)
    row = {
        "id": identify(url or normalised),
        "headline": headline,
        "short_url": url or None,
        "short_url_slot": "filled" if url else "empty" if slot else "absent",
        "updated": updated,
        "updated_text": stamp,
        "updated_source": "stamp",
        "caption": caption or None,
        "credit": credit or None,
        "byline": None,
        "summary": bullets.removeprefix("  • ").split("\n  • ") if bullets else [],
        "place": dateline,
        "country": country,
        "region": region,
        "region_source": "dateline" if country else "none",
        "body": text.replace("\n\n", "\n").replace("\n", "\n\n"),
        "subheadings": [part.partition("\n")[0] for part in text.split("\n\n")[1:]],
        "body_captions": [],
        "word_count": len(text.split()),
        "source": source,
        "source_offset": offset,
        "source_length": length,
        "page_url": None,
        "node": None,
        "crawled": None,
        "text_repairs": [],
        "copies": 1,
    }
    if not is_valid(row):
        return None
    return Record((bool(url), updated, len(text), -number, -offset), url or None, normalised, row)


def winners(records: Iterable[Record], urls: dict[str, str]) -> dict[str, Record]:
    """The best record of each article, by its key, with the copies of all."""
    best: dict[str, Record] = {}
    for one in records:
        key = one.url or urls.get(one.headline, one.headline)
        other = best.setdefault(key, one)
        if other is not one:
            copies = one.row["copies"] + other.row["copies"]
            best[key] = max(one, other)
            best[key].row["copies"] = copies
    return best


def read(number: int, path: Path) -> tuple[list[Record], dict[str, str]]:
    """The records of a dump, copies folded as far as the dump itself tells; the short URLs of its headlines."""
    data, begin = path.read_bytes(), 0
    seen: dict[bytes, Record | None] = {}
    while begin < len(data):
        found = data.find(b"\n\n\n", begin)
        end = found if found >= 0 else len(data)
        block = data[begin:end]
        if block not in seen:
            text = block.decode("utf-8", "replace")
            seen[block] = record(text, number, path.name, begin, len(block))
        elif (known := seen[block]) is not None:
            known.row["copies"] += 1
        begin = end + 3
    records = [one for one in seen.values() if one]
    urls = {one.headline: one.url for one in records if one.url}  # of those that lose, too
    return list(winners(records, urls).values()), urls


def write(partitions: Sequence[list[Row]], output: Path) -> None:
    """One file for each partition."""

    def column(field: pa.Field) -> pa.Array:
        values = [row[field.name] for rows in partitions for row in rows]
        array = pa.array(values, pa.string() if pa.types.is_date(field.type) else field.type)
        return array.cast(field.type)

    whole = pa.record_batch([column(field) for field in SCHEMA], schema=SCHEMA)
    lists = [(place, field) for place, field in enumerate(SCHEMA) if pa.types.is_list(field.type)]
    at = 0
    for rows in partitions:
        part = whole.slice(at, len(rows))
        for place, field in lists:  # a slice of lists that are empty would be written with the items of all
            part = part.set_column(place, field, pa.array([row[field.name] for row in rows], field.type))
        encoded = pa.BufferOutputStream()
        with pa.ipc.new_file(encoded, SCHEMA) as file:
            file.write_batch(part)
        folder = f"{output}/date={rows[0]['updated']}/region={rows[0]['region']}"
        os.makedirs(folder)
        with open(f"{folder}/part.arrow", "wb", buffering=0) as out:
            out.write(encoded.getvalue())
        at += len(rows)


def run(dumps: Sequence[Path], output: Path, workers: int) -> int:
    """The number of rows."""
    fork = multiprocessing.get_context("fork")
    if workers > 1:
        with fork.Pool(workers) as pool:
            parts = pool.starmap(read, enumerate(dumps), chunksize=1)
    else:
        parts = list(starmap(read, enumerate(dumps)))
    urls = {headline: url for _, of_dump in parts for headline, url in of_dump.items()}
    found = winners((one for records, _ in parts for one in records), urls)
    for key, one in found.items():
        one.row["id"] = identify(key)

    rows = sorted((one.row for one in found.values()), key=itemgetter("updated", "region", "id"))
    partitions = [list(group) for _, group in groupby(rows, itemgetter("updated", "region"))]
    shares = [partitions[n::workers] for n in range(workers)]
    writers = [fork.Process(target=write, args=(share, output)) for share in shares[1:]]
    for process in writers:
        process.start()  # a fork: it sees the rows without a copy of them
    write(shares[0], output)
    for process in writers:
        process.join()
    if any(process.exitcode for process in writers):
        raise SystemExit("a writer failed")
    return len(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    gc.disable()  # there are many rows, and no cycles
    print(run(sorted(args.input.glob("*.txt")), args.output, args.workers), "rows")


if __name__ == "__main__":
    main()
