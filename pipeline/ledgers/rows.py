"""Rows of a ledger: what it keeps of older records, as the rules of identity look at them."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dateline.pipeline.inputs.records import base_source
from dateline.pipeline.rules.identity_rows import (
    NO_DATE,
    REGION_NUMBERS,
    ROW,
    UPDATED_SOURCES,
    Rows,
    older_rank,
)  # fmt: skip
from dateline.pipeline.rules.short_urls import slug_of

MAX_RAW_BYTES = 65_536
"""Bytes of a block that its reject keeps."""


def hashes(column: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """A column of 32 hexadecimal digits as pairs of numbers, as identity_rows.ROW has them.

    Raises:
        ValueError: it has other values.
    """
    pairs = [np.empty((0, 2), "<u8")]
    for chunk in column.chunks:
        offsets = np.frombuffer(chunk.buffers()[1], "<i4", len(chunk) + 1, chunk.offset * 4)
        if (np.diff(offsets) != 32).any():
            raise ValueError("an id or headline's key that has not 32 digits")
        text = memoryview(chunk.buffers()[2])[offsets[0] : offsets[-1]]
        pairs.append(np.frombuffer(bytes.fromhex(str(text, "ascii")), "<u8").reshape(-1, 2))
    return np.concatenate(pairs)


LEDGER_COLUMNS = ["id", "source", "source_length", "headline_key", "short_url", "updated", "updated_source",
                  "fields", "body_length", "region", "position"]  # fmt: skip


class OlderRanks:
    """The ranks of older dumps among those of a run."""

    def __init__(self, older: Sequence[str], new: Sequence[str]) -> None:
        """Both sorted."""
        self._older = older
        self._new = new

    def rank(self, source: str) -> int:
        """Of the dump of a row's source, which may name a record of it."""
        name = base_source(source)
        return older_rank(bisect_left(self._new, name), bisect_left(self._older, name))


def rows_of_ledger(table: pa.Table, kind: int, ranks: OlderRanks) -> Rows:
    """The rows of records in a ledger.

    Args:
        table: LEDGER_COLUMNS of them.
        kind: OLDER_ARTICLE for articles, OLDER_DUPLICATE for copies.
        ranks: of the dumps.
    """
    rows = np.zeros(len(table), ROW)
    for columns, name in ((("id_hi", "id_lo"), "id"), (("head_hi", "head_lo"), "headline_key")):
        pairs = hashes(table[name])
        rows[columns[0]], rows[columns[1]] = pairs[:, 0], pairs[:, 1]
    rows["was"] = rows["id_hi"]
    rows["slug"] = list(map(slug_of, table["short_url"].to_pylist()))
    days = table["updated"].cast(pa.int32()).fill_null(NO_DATE).to_numpy()
    for name in ("updated", "first", "last"):
        rows[name] = days
    rows["dated"] = [UPDATED_SOURCES.index(source) for source in table["updated_source"].to_pylist()]
    rows["region"] = [REGION_NUMBERS[region] for region in table["region"].to_pylist()]
    for name, column in (
        ("fields", "fields"),
        ("body", "body_length"),
        ("offset", "position"),
        ("length", "source_length"),
    ):
        rows[name] = table[column].to_numpy()
    rows["rank"] = [ranks.rank(source) for source in table["source"].to_pylist()]
    rows["dump"] = kind
    rows["copies"] = 1
    return rows
