"""Containers: what holds records, each read by the module of its format."""

from collections.abc import Iterator

from dateline.pipeline.elements import Part
from dateline.pipeline.inputs.json_lines import json_lines
from dateline.pipeline.inputs.parquet import parquet
from dateline.pipeline.inputs.records import Account, Columns, Entry
from dateline.pipeline.inputs.rejects import rejects
from dateline.pipeline.inputs.streams import Bounds, Tell, tell_nobody
from dateline.pipeline.inputs.warc import warc


def entries(
    part: Part, columns: Columns, bounds: Bounds, account: Account, tell: Tell = tell_nobody
) -> Iterator[Entry]:
    """The records of a part whose format has any, in order.

    Args:
        part: what is read.
        columns: what JSON Lines keys and Parquet columns are called.
        bounds: what it may take.
        account: to be filled in; right once all entries were taken.
        tell: is told of the bytes of the file as they are read; of Parquet, of a row's share of them. Not of rejects.

    Raises:
        Damaged: the file cannot be read to the part's end.
    """
    if part.format == "jsonl":
        return json_lines(part, columns, bounds, account, tell)
    if part.format == "parquet":
        return parquet(part, columns, bounds, account, tell)
    if part.format == "warc":
        return warc(part, bounds, account, tell)
    return rejects(part, account)
