"""Split: pieces of dumps into blocks of text, and into rejects where they are no text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipeline.config import Config
from pipeline.dataset import progress_folder
from pipeline.elements import Block, Piece, Reject
from pipeline.progress import Progress
from pipeline.rules.blocks import block_of
from pipeline.stages.routing import REJECTED, Rejects, part, route
from pipeline.stages.spool import Locator


@dataclass
class SplitPages(beam.PTransform):
    """Batches of pieces -> batches of blocks; rejects under the tag REJECTED."""

    config: Config

    def expand(
        self, pieces: beam.PCollection[list[Piece]]
    ) -> Any:  # Parted; Beam reads the annotation of a single PCollection only
        return part(
            pieces | "CutBlocks" >> beam.ParDo(CutBlocks(self.config)).with_outputs(REJECTED, main="good")
        )


class CutBlocks(beam.DoFn):
    def __init__(self, config: Config) -> None:
        self._config = config
        self._locator = Locator(config.dumps)
        self._progress = Progress(progress_folder(config.output, config.run))

    def process(self, pieces: list[Piece]) -> Iterable[list[Block] | Rejects]:
        found = [self._block(piece) for piece in pieces]
        yield from route(block for block in found if block is not None)
        self._progress.add(
            bytes_read=sum(piece.end - piece.start for piece in pieces),
            rejects=sum(isinstance(block, Reject) for block in found),
        )

    def _block(self, piece: Piece) -> Block | Reject | None:
        block = block_of(piece, self._config.limits)
        if isinstance(block, Block) and self._config.dumps[piece.dump].part:
            error = self._locator.place(*block[:3]).error
            if error:
                return Reject(*block[:3], "split", "bad_record", None, error[:1000])
        return block
