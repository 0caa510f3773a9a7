"""Settle: the blocks that were written are held against the bytes of their dumps, which are read once more for that, and for
their checksums.

    places of blocks, from all write tasks --+
    every group of dumps, without a place ---+-> by group of dumps -> what came of the group, in a file beside the receipts

A group is also there that no block is of: its dumps may be all white space, and if not, text stands in no block.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.tally import in_order, unpack
from dateline.pipeline.progress import at_dump
from dateline.pipeline.stages.counters import count, count_key
from dateline.pipeline.stages.stage_fn import StageFn
from dateline.pipeline.stages.write_task import KeyedPlaces
from dateline.pipeline.verify.balance import settle_group
from dateline.pipeline.verify.groups import Groups
from dateline.pipeline.verify.record_account import settle_parts
from dateline.pipeline.verify.settled import leave, own_files


@dataclass
class SettleDumps(beam.PTransform):
    """Packed places of blocks, each batch under the group of their dumps -> the numbers of the groups that were settled."""

    config: Config

    def expand(self, places: beam.PCollection[KeyedPlaces]) -> beam.PCollection[int]:
        all_groups = (
            places.pipeline | "Start" >> beam.Impulse() | "EachGroup" >> beam.ParDo(EachGroup(self.config))
        )
        return (
            (places, all_groups)
            | "PlacesAndGroups" >> beam.Flatten()
            | "GroupByDumps" >> beam.GroupByKey()
            | "SettleGroups" >> beam.ParDo(SettleGroups(self.config))
        )


class EachGroup(StageFn):
    """Every group of dumps, with an empty batch. (Given to Create they would lie in the pipeline.)"""

    def __init__(self, config: Config) -> None:
        self._config = config

    def process(self, _: bytes) -> Iterable[KeyedPlaces]:
        return ((group, b"") for group in range(len(Groups(self._config.dumps))))


class SettleGroups(StageFn):
    """All places of a group's blocks -> what came of its dumps, where the run's end looks for it."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def setup(self) -> None:
        self._groups = Groups(self._config.dumps)
        self._own_files = own_files(self._config.dumps, self._groups)

    def process(self, group: tuple[int, Iterable[bytes]]) -> Iterator[int]:
        number, batches = group
        first, end = self._groups.span(number)
        dumps = self._config.dumps[first:end]
        places = in_order(unpack(batch for batch in batches if batch))
        count_key("dumps", places.nbytes)
        at = [dumps[0].source]
        with at_dump(self._config.progress, lambda: at[-1]):
            settled = settle_group(dumps, first, places, self._own_files[number], at.append)
            settled.parts = settle_parts(dumps, first, places)
        count(records_in=len(places), bytes_in=settled.read)
        leave(self._config.scratch, number, settled)
        yield number
