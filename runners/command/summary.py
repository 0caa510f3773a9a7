"""What a run came to, for the person who started it."""

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.open import dataset_in
from dateline.pipeline.report.numbers import partitions
from dateline.pipeline.report.stands_out import tiny_partitions
from dateline.pipeline.run import Result
from dateline.runners.command.table import aligned
from dateline.runners.command.watch import clock, megabytes


def summary(result: Result, config: Config) -> str:
    """A table of what was read, written and put aside, and where it is."""
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
    table = "\n".join(f"  {line}" for line in aligned(rows, "<><"))
    balance, records = result.balance, result.records
    rejected = "".join(f", {count:,} {kind}" for kind, count in records.rejected.items())
    account = f"  records     all {records.held:,} in the containers: {records.pages:,} pages{rejected}\n"
    articles = [file["path"] for file in result.manifest["files"] if file["kind"] == "articles"]
    tiny = tiny_partitions(result.rows("articles"), partitions(articles))
    return (
        f"{table}\n"
        f"  balance     all {balance.read:,} bytes read are in a row, a duplicate, a reject or white space\n"
        f"{account if records.held else ''}\n"
        f"The dataset is in {dataset_in(config.output).name}, version {result.version}:\n"
        f"  date=*/region=*/   the articles\n"
        f"  _duplicates/       each copy, and the article that it belongs to\n"
        f"  _rejected/         each block that could not be used, why, and its bytes\n"
        f"  _runs/{config.run}/report.html" + (f"\n\nNote: {tiny}." if tiny else "")
    )
