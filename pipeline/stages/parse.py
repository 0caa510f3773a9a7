"""Parse: blocks into the fields of their articles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import apache_beam as beam

from dateline.pipeline.elements import Block, Dump, ParsedRecord, Reject, RepeatedBlock
from dateline.pipeline.inputs.spool import Locator, Place
from dateline.pipeline.progress import Progress, at_dump
from dateline.pipeline.rules.identity_rows import provisional_id
from dateline.pipeline.rules.parse import Failure, node_of, parse_block
from dateline.pipeline.rules.short_urls import short_url
from dateline.pipeline.stages.counters import count
from dateline.pipeline.stages.stage_outputs import REJECTED, Rejects, part, route


@dataclass
class ParseBlocks(beam.PTransform):
    """Batches of blocks -> batches of records, each with a provisional id; rejects under REJECTED. Blocks that
    were parsed before pass."""

    dumps: Sequence[Dump]
    crawl_date: date | None
    progress: str

    def expand(
        self, blocks: beam.PCollection[list[Block | RepeatedBlock]]
    ) -> Any:  # StageOutputs; Beam reads the annotation of a single PCollection only
        return part(
            blocks
            | "ReadFields"
            >> beam.ParDo(ReadFields(self.dumps, self.crawl_date, self.progress)).with_outputs(
                REJECTED, main="good"
            )
        )


class ReadFields(beam.DoFn):
    def __init__(self, dumps: Sequence[Dump], crawl_date: date | None, progress: str) -> None:
        self._locator = Locator(dumps)
        self._dumps = dumps
        self._crawl_date = crawl_date
        self._progress = Progress(progress)
        self._folder = progress

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
        self._progress.add(rejects=sum(isinstance(block, Reject) for block in found))


def record_of(block: Block, place: Place, crawl_date: date | None) -> ParsedRecord | Reject:
    """The record of a block as it would be written if no other were of the same article.

    Args:
        block: the block, placed in what was read.
        place: where it stands in its dump, and what its page's envelope says.
        crawl_date: the day of the crawl, for pages that nothing else dates.
    """
    fields = parse_block(
        block.data,
        block.page_day or place.crawled or crawl_date,
        (*place.repairs, *block.repairs),
        block.header,
    )
    if isinstance(fields, Failure):
        return Reject(block.dump, block.offset, block.length, "parse", fields.reason, None, fields.detail)
    fields["source"] = place.source
    fields["source_offset"] = place.offset
    fields["source_length"] = place.length
    fields["page_url"] = place.page_url
    if place.lead and place.page_url:
        fields["node"] = node_of(place.page_url)
        fields["short_url"] = fields["short_url"] or short_url(place.page_url)
    fields["id"] = provisional_id(fields)
    fields["copies"] = 1
    return ParsedRecord(block.dump, block.offset, block.length, fields, block.digest)
