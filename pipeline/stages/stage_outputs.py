"""What a stage gives: batches of what goes on to the next stage, and batches of rejects, under a tag.

blocks -> ParseBlocks -> StageOutputs(good=records, rejects=blocks without a headline, ...)

With each batch go the blocks that were parsed before, which the stages only count.
"""

from collections.abc import Generator, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from dateline.pipeline.elements import Block, ParsedRecord, Reject, Repeats
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


def count_in(items: Sequence[Block | ParsedRecord], repeats: Repeats) -> None:
    """Count a batch that a stage takes."""
    size = sum([item.length for item in items]) + repeats.length
    count(records_in=len(items) + len(repeats), bytes_in=size)


def route(
    found: Sequence[T | Reject], repeats: Repeats
) -> Generator[tuple[list[T], Repeats] | Rejects, None, int]:
    """A batch of what is good, with the blocks that go with it, and one of rejects under its tag; neither where it is empty.

    Returns:
        How many rejects there are.
    """
    good: list[T] = [item for item in found if not isinstance(item, Reject)]
    rejects = len(found) - len(good)
    count(records_out=len(good) + len(repeats), rejects=rejects)
    if good or repeats:
        yield good, repeats
    if rejects:
        yield TaggedOutput(REJECTED, [item for item in found if isinstance(item, Reject)])
    return rejects
