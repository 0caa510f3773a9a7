"""What a run came to, for the person who started it."""

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.open import dataset_in
from dateline.pipeline.report.numbers import partitions
from dateline.pipeline.report.stands_out import tiny_partitions
from dateline.pipeline.run import Result
from dateline.runners.command.table import aligned, wrapped
from dateline.runners.command.watch import clock, megabytes

FOLDERS = (
    "  date=*/region=*/   the articles",
    "  _duplicates/       each copy, and the article that it belongs to",
    "  _rejected/         each block that could not be used, why, and its bytes",
)
"""Where a reader of the folder finds what."""
BY_MANIFEST = ("  _manifests/        names its files: open it with dateline.open_dataset",)
"""The same of a dataset that is made for readers of its manifest alone."""
INDENT = " " * 14
"""Of what does not fit in a line."""


def summary(result: Result, config: Config, width: int | None = None) -> str:
    """A table of what was read, written and put aside, and where it is.

    Args:
        result: what the run came to.
        config: the run.
        width: the most characters of a line; None for no limit.
    """
    seconds = result.seconds["all"]
    rate = config.input_bytes / 1e6 / seconds
    rows = [
        ("dumps", f"{len({dump.source for dump in config.dumps}):,}", f"{megabytes(config.input_bytes)}"),
        (
            "articles",
            f"{result.blocks('articles'):,}",
            f"in {result.partitions:,} partitions of date and region",
        ),
        ("duplicates", f"{result.blocks('duplicates'):,}", "copies folded into them"),
        ("rejects", f"{result.blocks('rejected'):,}", "blocks that could not be used"),
        *(("", f"{count:,}", f"  {reason}") for reason, count in result.reasons.items()),
        ("files", f"{len(result.files):,}", megabytes(sum(file.bytes for file in result.files))),
        (
            "time",
            clock(seconds) if seconds >= 60 else f"{seconds:.1f} s",
            f"{rate:,.1f} MB/s" if seconds >= 10 else "",
        ),
    ]
    if result.unreadable:
        rows.insert(1, ("unreadable", f"{len(result.unreadable):,}", "named above, or in the report"))
    if config.base:
        rows.append(
            ("in all", f"{result.rows('articles'):,}", f"articles of {len(result.manifest['dumps']):,} dumps")
        )
    balance, records = result.balance, result.records
    lines = [f"  {line}" for line in aligned(rows, "<><")]
    lines.append(
        f"  balance     all {balance.read:,} bytes read are in a row, a duplicate, a reject or white space"
    )
    if records.held:
        rejected = "".join(f", {count:,} {kind}" for kind, count in records.rejected.items())
        lines.append(
            f"  records     all {records.held:,} in the containers: {records.pages:,} pages{rejected}"
        )
    lines += [
        "",
        f"The dataset is in {dataset_in(config.output).name}, version {result.version}:",
        *(FOLDERS if config.readers == "any" else BY_MANIFEST),
        f"  _runs/{config.run}/report.html",
    ]
    articles = [file["path"] for file in result.manifest["files"] if file["kind"] == "articles"]
    if tiny := tiny_partitions(result.rows("articles"), partitions(articles)):
        lines += ["", f"Note: {tiny}."]
    return "\n".join(
        part
        for line in lines
        for part in wrapped(line, width, INDENT if line.startswith(" ") else "  ", "") or [""]
    )
