"""The same job as plain.py, by the expressions of Polars, which spreads them over all cores.

    python -m benchmarks.polars_script INPUT_DIR OUTPUT_DIR

It needs Polars 2, which the extra `test` brings. Layout A only; no ledgers, no manifest, no balance, no second run. All blocks are
in memory at once. Blocks that are the same, byte for byte, are told before they are looked at. There is no JSON Schema in it:
a block is used if it has the header of layout A, a date and a body. An id is a hash of Polars' own, of 64 bits.
"""

import argparse
import json
from pathlib import Path

import polars as pl
from polars import col

from dateline import schemas

COUNTRIES = json.loads(Path(schemas.__file__).parents[1].joinpath("pipeline/rules/places.json").read_text())
PLACES = {place: (code, facts["region"]) for code, facts in COUNTRIES.items() for place in facts["places"]}
PUNCTUATION = {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"}
BLOCK = "\n\n\n"
BULLET = "  • "
HEADER = (
    r"^(?P<headline>.+)\n\n(?P<picture>(?:.*\n)*?)Updated (?P<updated_text>\d+ \w+ \d{4})\nFollow\n\n.+\n\n"
    r"(?P<bullets>(?:  • .*\n)*)\n*(?P<text>(?s:.+))$"
)


def blocks(dumps: list[Path]) -> pl.LazyFrame:
    """One row for all blocks of the same bytes: where the first of them stands, and how many there are."""
    texts = {
        "source": [dump.name for dump in dumps],
        "block": [dump.read_bytes().decode("utf-8", "replace") for dump in dumps],
    }
    split = pl.LazyFrame(texts).with_columns(col("block").str.split(BLOCK)).explode("block")
    length = col("block").str.len_bytes().cast(pl.Int64)
    step = col("source_length") + len(BLOCK)
    placed = split.with_columns(source_length=length).with_columns(
        source_offset=step.cum_sum().over("source") - step
    )
    return placed.group_by("block").agg(
        col("source", "source_offset", "source_length").first(), copies=pl.len().cast(pl.Int32)
    )


def records(found: pl.LazyFrame) -> pl.LazyFrame:
    """Blocks -> the fields of their articles, but for ids."""
    found = found.with_columns(col("block").str.extract_groups(HEADER)).unnest("block")
    picture, text = col("picture"), col("text").str.strip_chars("\n")
    caption = picture.str.extract(r"^([^\n]+)\n").replace("Short Url", None)
    place = text.str.extract(r"^([A-Z][A-Z .'-]{0,78}): ")
    country = place.replace_strict(
        {name: code for name, (code, _) in PLACES.items()}, default=None, return_dtype=pl.String
    )
    region = place.replace_strict({name: slug for name, (_, slug) in PLACES.items()}, default="unknown")
    bullets = col("bullets").str.strip_prefix(BULLET).str.strip_suffix("\n").str.split("\n" + BULLET)
    url = picture.str.extract(r"(?:^|\n)Short Url\n+(https://\S+)")
    body = text.str.replace_all("\n\n", "\n", literal=True)
    return found.select(
        "source", "source_offset", "source_length", "copies", "headline", "updated_text",
        updated=col("updated_text").str.to_date("%d %B %Y", strict=False),
        short_url=url,
        short_url_slot=pl.when(url.is_not_null()).then(pl.lit("filled"))
        .when(picture.str.contains("Short Url", literal=True)).then(pl.lit("empty")).otherwise(pl.lit("absent")),
        updated_source=pl.lit("stamp"),
        caption=caption.str.replace(r" \([^()]*\)$", ""),
        credit=caption.str.extract(r" \(([^()]*)\)$"),
        byline=pl.lit(None, pl.String),
        summary=pl.when(col("bullets") == "").then(pl.lit([], pl.List(pl.String))).otherwise(bullets),
        place=place,
        country=country,
        region=region,
        region_source=pl.when(country.is_not_null()).then(pl.lit("dateline")).otherwise(pl.lit("none")),
        body=body.str.replace_all("\n", "\n\n", literal=True),
        subheadings=text.str.extract_all(r"\n\n[^\n]+").list.eval(pl.element().str.strip_prefix("\n\n")),
        word_count=text.str.count_matches(r"\S+").cast(pl.Int32),
        normalised=col("headline").str.normalize("NFKC").str.to_lowercase().str.replace_many(PUNCTUATION)
        .str.replace_all(r"\s+", " ").str.strip_chars(),
    ).filter(col("updated").is_not_null() & (col("body") != ""))  # fmt: skip


def articles(found: pl.LazyFrame) -> pl.LazyFrame:
    """The best record of each article: with a short URL, latest, longest, first by its place; with the copies of all."""
    key = pl.coalesce("short_url", col("short_url").drop_nulls().first().over("normalised"), "normalised")
    found = found.with_columns(
        key=key, has_url=col("short_url").is_not_null(), size=col("body").str.len_chars()
    )
    best = ["has_url", "updated", "size", "source", "source_offset"]
    return (
        found.with_columns(copies=col("copies").sum().over("key"))
        .sort(best, descending=[True, True, True, False, False])
        .unique("key", keep="first", maintain_order=True)
        .with_columns(id=col("key").hash().cast(pl.String), date=col("updated"))
        .drop("key", "has_url", "size", "normalised")
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    args = parser.parse_args()
    rows = articles(records(blocks(sorted(args.input.glob("*.txt"))))).collect()
    partitions = pl.PartitionBy(args.output, key=["date", "region"], include_key=False)
    rows.lazy().sort("date", "region", "id").sink_ipc(partitions, compression="uncompressed", mkdir=True)
    print(len(rows), "rows")


if __name__ == "__main__":
    main()
