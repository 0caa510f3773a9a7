"""Parse: blocks into the fields of their articles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import apache_beam as beam

from dateline.pipeline.elements import Blocks, Dump, ParsedRecord, Records, Reject
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.progress import at_dump
from dateline.pipeline.rules.record import record_of, words_below
from dateline.pipeline.stages.counters import progress_in
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.stage_outputs import Rejects, count_in, route, with_rejects


@dataclass
class ParseBlocks(beam.PTransform):
    """Batches of blocks -> batches of records, their ids undecided; rejects under REJECTED. Blocks that were parsed
    before pass."""

    dumps: Sequence[Dump]
    crawl_date: date | None
    progress: str

    def expand(
        self, blocks: beam.PCollection[Blocks]
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

    def process(self, batch: Blocks) -> Iterable[Records | Rejects]:
        blocks, repeats = batch
        count_in(blocks, repeats)
        place = self._locator.place
        at = 0
        found: list[ParsedRecord | Reject] = []
        with at_dump(self._folder, lambda: self._dumps[at].source):
            for block, words in zip(blocks, words_below(blocks), strict=True):
                at = block.dump
                where = place(at, block.offset, block.length)
                found.append(record_of(block, where, self._crawl_date, words))
        rejects = yield from route(found, repeats)
        self._progress.add(rejects=rejects)
