"""What a stage gives: batches of what goes on to the next stage, and batches of rejects, under a tag.

blocks -> ParseBlocks -> StageOutputs(good=records, rejects=blocks without a headline, ...)
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from dateline.pipeline.elements import Reject
from dateline.pipeline.stages.counters import count

REJECTED: Literal["rejected"] = "rejected"
"""Tag of a stage's rejects."""

T = TypeVar("T")
Rejects: TypeAlias = TaggedOutput[Literal["rejected"], list[Reject]]


class StageOutputs(NamedTuple):
    """What a stage's transform gives: batches of what goes on, and batches of rejects."""

    good: beam.PCollection[Any]
    rejects: beam.PCollection[list[Reject]]


def with_rejects(elements: beam.PCollection[Any], label: str, do_fn: beam.DoFn) -> StageOutputs:
    """A step that tags its rejects, and what it gives."""
    outputs = elements | label >> beam.ParDo(do_fn).with_outputs(REJECTED, main="good")
    return StageOutputs(outputs["good"], outputs[REJECTED])


def route(found: Sequence[T | Reject]) -> Iterable[list[T] | Rejects]:
    """A batch of what is good, and one of rejects under its tag; neither where it is empty."""
    good: list[T] = [item for item in found if not isinstance(item, Reject)]
    count(records_out=len(good), rejects=len(found) - len(good))
    if good:
        yield good
    if len(good) < len(found):
        yield TaggedOutput(REJECTED, [item for item in found if isinstance(item, Reject)])
