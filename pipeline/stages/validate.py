"""Validate: every record against the JSON Schema; what is wrong is rejected with the JSON pointer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from dateline.pipeline.elements import ParsedRecord, Reject, RepeatedBlock
from dateline.pipeline.progress import Progress
from dateline.pipeline.stages.counters import count
from dateline.pipeline.stages.stage_outputs import REJECTED, Rejects, part, route
from dateline.schemas.contract import Contract, contract


@dataclass
class ValidateRecords(beam.PTransform):
    """Batches of records -> those that are valid, and those that were found so before; the others under REJECTED."""

    progress: str

    def expand(
        self, records: beam.PCollection[list[ParsedRecord | RepeatedBlock]]
    ) -> Any:  # StageOutputs; Beam reads the annotation of a single PCollection only
        return part(
            records
            | "CheckSchema" >> beam.ParDo(CheckSchema(self.progress)).with_outputs(REJECTED, main="good")
        )


class CheckSchema(beam.DoFn):
    def __init__(self, progress: str) -> None:
        self._progress = Progress(progress)

    def setup(self) -> None:
        self._contract = contract("article")

    def process(
        self, records: list[ParsedRecord | RepeatedBlock]
    ) -> Iterable[list[ParsedRecord | RepeatedBlock] | Rejects]:
        count(records_in=len(records), bytes_in=sum(record.length for record in records))
        checked = [
            record if isinstance(record, RepeatedBlock) else check(record, self._contract)
            for record in records
        ]
        yield from route(checked)
        rejects = sum(isinstance(record, Reject) for record in checked)
        self._progress.add(records=len(checked) - rejects, rejects=rejects)


def check(parsed: ParsedRecord, schema: Contract) -> ParsedRecord | Reject:
    """The record itself if it is valid, or a reject that says which field is not, and why."""
    if schema.is_valid(parsed.record):
        return parsed
    pointer, message = schema.violation(parsed.record)
    return Reject(parsed.dump, parsed.offset, parsed.length, "validate", "schema", pointer, message)
