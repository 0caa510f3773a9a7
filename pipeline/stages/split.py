"""Split: pieces of dumps into blocks of text, and into rejects where they are no text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from dateline.pipeline.config import Config
from dateline.pipeline.elements import Blocks, Piece, Repeats
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.progress import at_dump
from dateline.pipeline.rules.blocks import block_of, trimmed
from dateline.pipeline.rules.known_units import digest_of
from dateline.pipeline.rules.plain_header import known_parts
from dateline.pipeline.rules.record import block_of_piece
from dateline.pipeline.stages.block_memo import memo_of
from dateline.pipeline.stages.counters import count, progress_in
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.stage_outputs import Rejects, route, with_rejects


@dataclass
class SplitPages(beam.PTransform):
    """Batches of pieces -> batches of blocks, apart from those that were parsed before; rejects under the tag REJECTED."""

    config: Config

    def expand(
        self, pieces: beam.PCollection[list[Piece]]
    ) -> Any:  # StageOutputs; Beam reads the annotation of a single PCollection only
        return with_rejects(pieces, "CutBlocks", CutBlocks(self.config))


class CutBlocks(StageFn):
    def __init__(self, config: Config) -> None:
        self._config = config
        self._limits = config.limits
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

    def process(self, pieces: list[Piece]) -> Iterable[Blocks | Rejects]:
        at = 0
        found = []
        repeats = Repeats()
        row_of, waiting, is_text, limits = self._memo.get, self._memo.waiting, self._is_text, self._limits
        add_place, add_row = repeats.places.append, repeats.rows.append
        with at_dump(self._folder, lambda: self._config.dumps[at].source):
            for piece in pieces:
                at, start, _, data, _, digest, page_day, _ = piece
                if page_day or not is_text[at]:
                    found.append(block_of_piece(piece, limits, self._locator))
                    continue
                if not digest:
                    start, data = trimmed(piece)
                    digest = digest_of(data)
                row = row_of(digest)
                if row is not None:
                    add_place((at, start, len(data or b"")))
                    add_row(row)
                elif digest in waiting:
                    repeats.waiting.append((at, start, len(data or b"")))
                    repeats.digests.append(digest)
                else:
                    if piece.digest and piece.header is None:  # known where it was cut, and not yet here
                        piece = piece._replace(header=known_parts(piece.data or b""))
                    # only records have errors, and a text has none
                    found.append(block_of(piece, limits, digest))
        read = sum([piece[2] - piece[1] for piece in pieces])
        count(records_in=len(pieces), bytes_in=read, repeats=len(repeats))
        rejects = yield from route([block for block in found if block is not None], repeats)
        self._progress.add(bytes_read=read, rejects=rejects)
