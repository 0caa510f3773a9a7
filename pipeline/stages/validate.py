"""Validate: every record against the JSON Schema; what is wrong is rejected with the JSON pointer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from dateline.pipeline.elements import Records
from dateline.pipeline.rules.record import all_checked
from dateline.pipeline.stages.counters import progress_in
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.stage_outputs import Rejects, count_in, route, with_rejects
from dateline.schemas.contract import contract


@dataclass
class ValidateRecords(beam.PTransform):
    """Batches of records -> those that are valid, and those that were found so before; the others under REJECTED."""

    progress: str

    def expand(
        self, records: beam.PCollection[Records]
    ) -> Any:  # StageOutputs; Beam reads the annotation of a single PCollection only
        return with_rejects(records, "CheckSchema", CheckSchema(self.progress))


class CheckSchema(StageFn):
    def __init__(self, progress: str) -> None:
        self._progress = progress_in(progress)

    def setup(self) -> None:
        self._contract = contract("article")

    def process(self, batch: Records) -> Iterable[Records | Rejects]:
        records, repeats = batch
        count_in(records, repeats)
        rejects = yield from route(all_checked(records, self._contract), repeats)
        self._progress.add(records=len(records) + len(repeats) - rejects, rejects=rejects)
