"""Parse: blocks into the fields of their articles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import apache_beam as beam

from pipeline.elements import Block, Dump, Parsed, Reject
from pipeline.rules.parse import Failure, parse_block
from pipeline.rules.rows import provisional_id
from pipeline.stages.routing import REJECTED, Rejects, part, route


@dataclass
class ParseBlocks(beam.PTransform):
    """Batches of blocks -> batches of records, each with a provisional id; rejects under REJECTED."""

    dumps: Sequence[Dump]
    crawl_date: date | None

    def expand(
        self, blocks: beam.PCollection[list[Block]]
    ) -> Any:  # Parted; Beam reads the annotation of a single PCollection only
        return part(
            blocks
            | "ReadFields"
            >> beam.ParDo(ReadFields(self.dumps, self.crawl_date)).with_outputs(REJECTED, main="good")
        )


class ReadFields(beam.DoFn):
    def __init__(self, dumps: Sequence[Dump], crawl_date: date | None) -> None:
        self._sources = [dump.source for dump in dumps]
        self._crawl_date = crawl_date

    def process(self, blocks: list[Block]) -> Iterable[list[Parsed] | Rejects]:
        yield from route(record_of(block, self._sources[block.dump], self._crawl_date) for block in blocks)


def record_of(block: Block, source: str, crawl_date: date | None) -> Parsed | Reject:
    """The record of a block as it would be written if no other were of the same article."""
    fields = parse_block(block.text, crawl_date)
    if isinstance(fields, Failure):
        return Reject(block.dump, block.offset, block.length, "parse", fields.reason, None, fields.detail)
    fields["source"] = source
    fields["source_offset"] = block.offset
    fields["source_length"] = block.length
    fields["id"] = provisional_id(fields)
    fields["copies"] = 1
    return Parsed(block.dump, fields)
