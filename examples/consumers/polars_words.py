"""Which words of headlines came up most?

python polars_words.py DATASET
"""

import sys

import polars as pl

import dateline

COMMON = [
    "a",
    "after",
    "again",
    "and",
    "at",
    "by",
    "for",
    "from",
    "in",
    "into",
    "is",
    "its",
    "of",
    "on",
    "own",
    "the",
    "their",
    "to",
    "with",
]

articles = pl.scan_pyarrow_dataset(dateline.open_dataset(sys.argv[1]))
words = (
    articles.select(word=pl.col("headline").str.to_lowercase().str.extract_all(r"[a-z]+"))
    .explode("word")
    .filter(~pl.col("word").is_in(COMMON))
    .group_by("word")
    .len()
    .sort(["len", "word"], descending=[True, False])
    .head(10)
    .collect()
)
for word, count in words.iter_rows():
    print(f"{count:3}  {word}")
