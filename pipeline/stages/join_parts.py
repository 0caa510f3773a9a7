"""Whole dumps, as a step of reading: what is told of all parts of a dump decides whether it is read; see
pipeline/inputs/parts.py.
"""

from collections.abc import Iterable

import apache_beam as beam

from dateline.pipeline.config import Config
from dateline.pipeline.inputs.parts import whole
from dateline.pipeline.inputs.ranges import Ranges, ranges_of
from dateline.pipeline.inputs.spool import Report
from dateline.pipeline.stages.unpack_parts import PartReport, quota_of


class JoinParts(beam.DoFn):
    """What is told of the parts of a dump, by its first -> the byte ranges of their spools."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._quota = quota_of(self._config)

    def process(self, group: tuple[int, Iterable[PartReport]]) -> Iterable[Ranges]:
        reports = {told[0]: Report(*told[1:]) for told in group[1]}
        numbers = sorted(reports)
        dumps = [self._config.dumps[number] for number in numbers]
        sizes = whole(dumps, [reports[number] for number in numbers], self._config.columns, self._quota)
        for number, size in zip(numbers, sizes, strict=True):
            for start, stop in ranges_of(size, self._config.range_bytes):
                yield ((number, start, stop),)
