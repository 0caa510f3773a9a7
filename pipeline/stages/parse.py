"""Parse: blocks into the fields of their articles."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import apache_beam as beam

from dateline.pipeline.elements import Block, Dump, ParsedRecord, Reject, RepeatedBlock
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.progress import at_dump
from dateline.pipeline.rules.record import record_of
from dateline.pipeline.stages.counters import count, progress_in
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.stage_outputs import Rejects, route, with_rejects


@dataclass
class ParseBlocks(beam.PTransform):
    """Batches of blocks -> batches of records, their ids undecided; rejects under REJECTED. Blocks that were parsed
    before pass."""

    dumps: Sequence[Dump]
    crawl_date: date | None
    progress: str

    def expand(
        self, blocks: beam.PCollection[list[Block | RepeatedBlock]]
    ) -> Any:  # StageOutputs; Beam reads the annotation of a single PCollection only
        return with_rejects(blocks, "ReadFields", ReadFields(self.dumps, self.crawl_date, self.progress))


class ReadFields(StageFn):
    def __init__(self, dumps: Sequence[Dump], crawl_date: date | None, progress: str) -> None:
        self._locator = Locator(dumps)
        self._dumps = dumps
        self._crawl_date = crawl_date
        self._progress = progress_in(progress)
        self._folder = progress

    def teardown(self) -> None:
        self._locator.close()

    def process(
        self, blocks: list[Block | RepeatedBlock]
    ) -> Iterable[list[ParsedRecord | RepeatedBlock] | Rejects]:
        place = self._locator.place
        count(records_in=len(blocks), bytes_in=sum(block.length for block in blocks))
        at = 0
        found: list[ParsedRecord | RepeatedBlock | Reject] = []
        with at_dump(self._folder, lambda: self._dumps[at].source):
            for block in blocks:
                at = block.dump
                if isinstance(block, RepeatedBlock):
                    found.append(block)
                else:
                    where = place(block.dump, block.offset, block.length)
                    found.append(record_of(block, where, self._crawl_date))
        yield from route(found)
        self._progress.add(rejects=Counter(map(type, found))[Reject])
