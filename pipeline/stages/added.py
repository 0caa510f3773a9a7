"""What the new articles of a write task add up to, for the report: their countries, and those with the most copies."""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dateline.pipeline.samples import MOST_COPIES, most_copies


class Added:
    """Counts the records that a task writes."""

    def __init__(self) -> None:
        self._countries: Counter[str] = Counter()
        self._groups: list[dict[str, Any]] = []

    def count(self, records: pa.RecordBatch) -> None:
        """records: new rows of schemas/article.schema.json."""
        for found in pc.value_counts(records["country"]).to_pylist():
            self._countries[found["values"] or ""] += found["counts"]
        shown = records.select(["id", "headline", "copies"])
        large = shown.filter(pc.greater(shown["copies"], 1))
        if large.num_rows:
            most = pc.select_k_unstable(large, MOST_COPIES, [("copies", "descending"), ("id", "ascending")])
            self._groups = most_copies([*self._groups, *large.take(most).to_pylist()])

    def facts(self) -> dict[str, Any]:
        """The counts, in the terms of schemas/receipt.schema.json."""
        return {"countries": dict(sorted(self._countries.items())), "groups": self._groups}
