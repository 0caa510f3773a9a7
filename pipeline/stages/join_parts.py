"""The step of reading that joins the parts of a dump: it is read whole or not at all; see pipeline/inputs/parts.py.

part 1: 12 MB unpacked, part 2: 9 MB unpacked   -> the byte ranges of both, by task
part 1: 12 MB unpacked, part 2: damaged         -> nothing
"""

from collections.abc import Iterable
from itertools import accumulate

from dateline.pipeline.config import Config
from dateline.pipeline.inputs.parts import whole
from dateline.pipeline.inputs.ranges import KeyedRanges, shares_of
from dateline.pipeline.inputs.spool import Report
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.unpack_parts import PartReport, quota_of


class JoinParts(StageFn):
    """The reports of the parts of a dump, under the number of its first part -> the byte ranges of their spools,
    under the numbers of the tasks that read them."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._quota = quota_of(self._config)
        self._before = list(accumulate((dump.size for dump in self._config.dumps), initial=0))

    def process(self, group: tuple[int, Iterable[PartReport]]) -> Iterable[KeyedRanges]:
        reports = {report[0]: Report(*report[1:]) for report in group[1]}
        numbers = sorted(reports)
        dumps = [self._config.dumps[number] for number in numbers]
        sizes = whole(dumps, [reports[number] for number in numbers], self._config.columns, self._quota)
        for number, size in zip(numbers, sizes, strict=True):
            before, packed = self._before[number], self._config.dumps[number].size
            for task, start, stop in shares_of(before, packed, size, self._config.range_bytes):
                yield task, ((number, start, stop),)
