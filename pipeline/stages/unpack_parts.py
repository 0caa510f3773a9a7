"""The step of reading that unpacks: each part of a dump is unpacked by one task; see pipeline/inputs/spool.py.

    pages.jsonl.gz, part 2   ->  a spool, which is plain text, and a report: its bytes, and what was wrong with it

A dump is read once all of its parts are whole; of a damaged one nothing is read (see join_parts.py).
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import TypeAlias

from dateline.pipeline.config import Config
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.ranges import Ranges
from dateline.pipeline.inputs.spool import unpack
from dateline.pipeline.names import SPOOL
from dateline.pipeline.progress import Progress, at_dump
from dateline.pipeline.stages.counters import progress_in
from dateline.pipeline.stages.stage_fn import StageFn

PartReport: TypeAlias = tuple[int, int, str | None, int | None, int]
"""A part's number, and the fields of its Report: plain values, whose coder is a fast one."""


class UnpackParts(StageFn):
    """Unpacks the parts of a task, and reports each under the number of its dump's first part."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._folder = config.progress
        self._progress = progress_in(self._folder)

    def setup(self) -> None:
        self._quota = quota_of(self._config)

    def process(self, task: Ranges) -> Iterable[tuple[int, PartReport]]:
        dumps = self._config.dumps
        for number, _, _ in task:
            dump = dumps[number]
            if dump.part is not None:
                told = Told(self._progress, dump.size)
                with at_dump(self._folder, dump.source):
                    report = unpack(dump.part, dump.path, self._config.columns, self._quota, told.read)
                told.end(report.size)
                first = bisect_left(dumps, dump.source, key=lambda dump: dump.source)
                yield first, (number, *report)


class Told:
    """How far a part is unpacked: its bytes are counted as they are read, and in the end they are all of them."""

    def __init__(self, progress: Progress, size: int) -> None:
        """
        Args:
            progress: of this worker.
            size: bytes of the part. Reading it may take more, to the end of its last record, or fewer.
        """
        self._progress = progress
        self._left = size

    def read(self, size: int) -> None:
        """Count bytes that were read."""
        size = min(size, self._left)
        self._left -= size
        self._progress.add(packed_read=size)

    def end(self, unpacked: int) -> None:
        """Count what is left, and the bytes that the part came to."""
        self._progress.add(packed_read=self._left, unpacked=unpacked)
        self._left = 0


def quota_of(config: Config) -> Quota:
    """What the workers of a run may unpack together."""
    return Quota(f"{config.scratch}/{SPOOL}" if config.has_common_folder else "", config.bounds)
