"""Split: pieces of dumps into blocks of text, and into rejects where they are no text."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from dateline.pipeline.config import Config
from dateline.pipeline.elements import Block, Piece, Reject, RepeatedBlock
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.progress import at_dump
from dateline.pipeline.rules.blocks import trimmed
from dateline.pipeline.rules.known_units import digest_of
from dateline.pipeline.rules.plain_header import spans_of
from dateline.pipeline.rules.record import block_of_piece
from dateline.pipeline.stages.block_memo import memo_of
from dateline.pipeline.stages.counters import count, progress_in
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.stage_outputs import Rejects, route, with_rejects


@dataclass
class SplitPages(beam.PTransform):
    """Batches of pieces -> batches of blocks, those that were parsed before as such; rejects under the tag
    REJECTED."""

    config: Config

    def expand(
        self, pieces: beam.PCollection[list[Piece]]
    ) -> Any:  # StageOutputs; Beam reads the annotation of a single PCollection only
        return with_rejects(pieces, "CutBlocks", CutBlocks(self.config))


class CutBlocks(StageFn):
    def __init__(self, config: Config) -> None:
        self._config = config
        self._locator = Locator(config.dumps)
        self._is_text = [not dump.part or dump.part.format == "text" for dump in config.dumps]
        """Of each dump, whether the bytes of its blocks alone tell their records."""
        self._folder = config.progress
        self._progress = progress_in(self._folder)

    def setup(self) -> None:
        self._memo = memo_of(self._config.output, self._config.run)

    def start_bundle(self) -> None:
        self._memo.waiting.clear()  # of a bundle that failed

    def teardown(self) -> None:
        self._locator.close()

    def process(self, pieces: list[Piece]) -> Iterable[list[Block | RepeatedBlock] | Rejects]:
        at = 0
        found = []
        with at_dump(self._folder, lambda: self._config.dumps[at].source):
            for piece in pieces:
                at = piece.dump
                found.append(self._block(piece))
        read = sum(piece.end - piece.start for piece in pieces)
        kinds = Counter(map(type, found))
        count(records_in=len(pieces), bytes_in=read, repeats=kinds[RepeatedBlock])
        yield from route([block for block in found if block is not None])
        self._progress.add(bytes_read=read, rejects=kinds[Reject])

    def _block(self, piece: Piece) -> Block | RepeatedBlock | Reject | None:
        dump, start, _, data, header, digest, page_day, _ = piece
        if page_day or not self._is_text[dump]:
            return block_of_piece(piece, self._config.limits, self._locator)
        if not digest:
            start, data = trimmed(piece)
            digest = digest_of(data)
        row = self._memo.get(digest)
        if row is not None or digest in self._memo.waiting:
            return RepeatedBlock(dump, start, len(data or b""), digest, row)
        if piece.digest and header is None:  # known where it was cut, and not yet here
            piece = piece._replace(header=spans_of(piece.data or b""))
        return block_of_piece(piece, self._config.limits, self._locator, digest)
