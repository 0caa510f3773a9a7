"""Split: pieces of dumps into blocks of text, and into rejects where they are no text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipeline.elements import Block, Piece, Reject
from pipeline.progress import Progress
from pipeline.rules.blocks import Limits, block_of
from pipeline.stages.routing import REJECTED, Rejects, part, route


@dataclass
class SplitPages(beam.PTransform):
    """Batches of pieces -> batches of blocks; rejects under the tag REJECTED."""

    limits: Limits
    progress: str

    def expand(
        self, pieces: beam.PCollection[list[Piece]]
    ) -> Any:  # Parted; Beam reads the annotation of a single PCollection only
        return part(
            pieces
            | "CutBlocks"
            >> beam.ParDo(CutBlocks(self.limits, self.progress)).with_outputs(REJECTED, main="good")
        )


class CutBlocks(beam.DoFn):
    def __init__(self, limits: Limits, progress: str) -> None:
        self._limits = limits
        self._progress = Progress(progress)

    def process(self, pieces: list[Piece]) -> Iterable[list[Block] | Rejects]:
        found = [block_of(piece, self._limits) for piece in pieces]
        yield from route(block for block in found if block is not None)
        self._progress.add(
            bytes_read=sum(piece.end - piece.start for piece in pieces),
            rejects=sum(isinstance(block, Reject) for block in found),
        )
