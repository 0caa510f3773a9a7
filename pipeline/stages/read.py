"""Read: the dumps, cut at their article starts, by as many workers as there are."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import gt
from typing import IO, Any, Literal, TypeAlias

import apache_beam as beam
from apache_beam.io.filebasedsource import FileBasedSource
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.iobase import RangeTracker
from apache_beam.pvalue import TaggedOutput

from dateline.pipeline.config import Config
from dateline.pipeline.elements import Piece, Pin
from dateline.pipeline.inputs.ranges import ByteRange, KeyedRanges, Ranges, plan_parts, plan_reads
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.inputs.stretches import Stretches
from dateline.pipeline.names import STRETCHES
from dateline.pipeline.progress import at_dump
from dateline.pipeline.rules.blocks import Limits
from dateline.pipeline.rules.known_units import KnownUnits
from dateline.pipeline.rules.split import CHUNK, cut_range
from dateline.pipeline.stages.counters import count
from dateline.pipeline.stages.join_parts import JoinParts
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.unpack_parts import UnpackParts
from dateline.pipeline.store.files import open_file

BEHIND_BYTES = 1 << 17
"""Bytes behind a range that are read at once."""
BATCH_BYTES = 1 << 18
"""Bytes of pieces that travel together: the cost of an element is paid once for a hundred articles."""


class DumpSource(FileBasedSource):
    """The articles of dumps as a splittable Beam source: each start is claimed before it is handed on."""

    def __init__(
        self,
        file_pattern: str,
        max_block_bytes: int = Limits().block_bytes,
        chunk: int = CHUNK,
        records: Sequence[int] = (),
        validate: bool = True,
        pin: Pin | None = None,
        known: KnownUnits | None = None,
    ) -> None:
        super().__init__(
            file_pattern, compression_type=CompressionTypes.UNCOMPRESSED, splittable=True, validate=validate
        )
        self._max_block_bytes = max_block_bytes
        self._chunk = chunk
        self._records = records
        self._pin = pin
        self._known = known

    def read_records(self, file_name: str, range_tracker: RangeTracker) -> Iterator[Piece]:
        """The pieces whose start lies in the tracker's range."""
        start, stop = range_tracker.start_position(), range_tracker.stop_position()
        for pieces in self.pieces(file_name, start, stop, partial(gt, stop)):
            for piece in pieces:
                if not range_tracker.try_claim(piece.start):
                    return
                yield piece

    def pieces(
        self, file_name: str, start: int, stop: int, claim: Callable[[int], bool], dump: int = 0
    ) -> Iterator[list[Piece]]:
        """The pieces of a range, as far as their starts may be claimed: those of a chunk together.

        Args:
            file_name: the dump's path.
            start: the range's first byte.
            stop: one past its last.
            claim: as of cut_range().
            dump: the number of the dump.
        """
        with open_file(file_name, self._pin, stop + BEHIND_BYTES) as file:
            yield from cut_range(
                _Reader(file, stop).read, start, claim, self._max_block_bytes, self._chunk, self._records, self._known, dump
            )  # fmt: skip


class _Reader:
    """Reading at an offset; seeks only where the last read did not end. Behind the range little is wanted: the rest of its
    last article."""

    def __init__(self, file: IO[bytes], stop: int) -> None:
        self._file = file
        self._stop = stop
        self._at = 0

    def read(self, offset: int, size: int) -> bytes:
        if offset != self._at:
            self._file.seek(offset)
        left = max(self._stop + BEHIND_BYTES - offset, BEHIND_BYTES)
        is_rest = left <= size + BEHIND_BYTES  # a small rest is not left for a read of its own
        data = self._file.read(left if is_rest else size)
        self._at = offset + len(data)
        return data


@dataclass
class ReadDumps(beam.PTransform):
    """Dumps -> batches of pieces, each the bytes from one article start to the next."""

    config: Config

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[list[Piece]]:
        config = self.config
        planned = (
            begin
            | "Start" >> beam.Impulse()
            | "PlanReads" >> beam.ParDo(PlanReads(config)).with_outputs("parts", main="ranges")
        )
        ranges = planned.ranges
        if any(dump.part for dump in config.dumps):
            unpacked = (
                planned.parts
                | "SpreadParts" >> beam.Reshuffle()
                | "UnpackParts" >> beam.ParDo(UnpackParts(config))
                | "GatherParts" >> beam.GroupByKey()
                | "JoinParts" >> beam.ParDo(JoinParts(config))
            )
            ranges = (ranges, unpacked) | "AllRanges" >> beam.Flatten()
        return (
            ranges
            | "GroupByTask" >> beam.GroupByKey()
            | "OfTask" >> beam.Values()
            | "InOrder" >> beam.FlatMap(sorted).with_output_types(Ranges)
            | "ReadRanges" >> beam.ParDo(ReadRanges(config))
        )


Parts: TypeAlias = TaggedOutput[Literal["parts"], Ranges]


class PlanReads(StageFn):
    """The tasks of reading, and of unpacking. (Given to Create they would lie in the pipeline, and each be asked for its
    type.)"""

    def __init__(self, config: Config) -> None:
        self._config = config

    def process(self, _: bytes) -> Iterable[KeyedRanges | Parts]:
        config = self._config
        for number, task in enumerate(plan_reads(config.dumps, config.range_bytes)):
            if task:
                yield number, _plain(task)
        for parts in plan_parts(config.dumps, config.part_bytes):
            yield TaggedOutput("parts", _plain(parts))


def _plain(task: Iterable[ByteRange]) -> Ranges:
    return tuple((part.dump, part.start, part.stop) for part in task)


class ReadRanges(StageFn):
    """The pieces of byte ranges of one task; where the workers are on one machine, also of what others have left."""

    def __init__(self, config: Config) -> None:
        self._max_block_bytes = config.limits.block_bytes
        self._dumps = config.dumps
        self._locator = Locator(config.dumps)
        self._progress = config.progress
        self._known = KnownUnits()  # of the worker: none is known when this is packed
        is_shared = config.workers > 1 and config.has_common_folder
        self._stretches = Stretches(f"{config.scratch}/{STRETCHES}") if is_shared else None

    def process(self, task: Ranges) -> Iterable[list[Piece]]:
        count(bytes_in=sum(stop - start for _, start, stop in task))
        if self._stretches:
            return self._read(self._stretches.begin(task))
        return self._read((*each, partial(gt, each[2])) for each in task)

    def finish_bundle(self) -> Iterator[Any]:
        while self._stretches and (taken := self._stretches.take()):
            yield from map(beam.transforms.window.GlobalWindows.windowed_value, self._read(taken))

    def _read(self, ranges: Iterable[tuple[int, int, int, Callable[[int], bool]]]) -> Iterator[list[Piece]]:
        """The pieces of byte ranges, each given with what is asked whether a start may be read."""
        batch: list[Piece] = []
        size = 0
        for dump, start, stop, claim in ranges:
            path, pin = self._dumps[dump].path, self._dumps[dump].pin
            source = DumpSource(
                path,
                self._max_block_bytes,
                records=self._locator.records(dump),
                validate=False,
                pin=pin,
                known=self._known,
            )
            with at_dump(self._progress, self._dumps[dump].source):
                for pieces in source.pieces(path, start, stop, claim, dump):
                    ends = [piece.end for piece in pieces]
                    done, at = 0, pieces[0].start - size  # the batch is as large as if it began there
                    while (place := bisect_left(ends, at + BATCH_BYTES, done)) < len(ends):
                        batch += pieces[done : place + 1]
                        count(records_out=len(batch))
                        yield batch
                        batch, done, at = [], place + 1, ends[place]
                    batch += pieces[done:]
                    size = ends[-1] - at
        if batch:
            count(records_out=len(batch))
            yield batch
