"""How many rejects a run may have before it fails, and the message where it has more.

--max-rejects 20      at most 20 blocks
--max-rejects 2.5%    at most 2.5 % of all blocks
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dateline.pipeline.elements import Dump

WORST = 5
"""Dumps that are named."""


@dataclass(frozen=True)
class RejectLimit:
    """A number of rejects, or a share of all blocks in percent; one of the two is None."""

    count: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str) -> "RejectLimit":
        """From "20" or "2.5%".

        Raises:
            ValueError: it is neither.
        """
        if text.endswith("%"):
            percent = float(text[:-1])
            if not (math.isfinite(percent) and 0 <= percent <= 100):
                raise ValueError(f"{text!r} is no share of 0 to 100 %")
            return cls(percent=percent)
        if not text.isdecimal():
            raise ValueError(f"{text!r} is no whole number from 0")
        return cls(count=int(text))

    def exceeded(self, rejects: int, blocks: int) -> bool:
        """Whether so many rejects among so many blocks are too many."""
        if self.count is not None:
            return rejects > self.count
        return self.percent is not None and rejects * 100 > self.percent * blocks

    def __str__(self) -> str:
        return f"{self.percent:g} %" if self.percent is not None else f"{self.count:,}"


def too_many(
    blocks_of_dumps: "Mapping[str, npt.NDArray[np.int64]]",
    dumps: "Sequence[Dump]",
    reasons: Mapping[str, int],
    limit: RejectLimit | None,
) -> tuple[str, str] | None:
    """The message on a run's rejects, and the source of the dump that has most; None if they are not too many.

    Args:
        blocks_of_dumps: blocks by kind, of each dump by its number.
        dumps: those that the run read.
        reasons: its rejects by reason.
        limit: how many it may have.
    """
    many = int(blocks_of_dumps["rejected"].sum())
    all_blocks = sum(int(counts.sum()) for counts in blocks_of_dumps.values())
    if limit is None or not limit.exceeded(many, all_blocks):
        return None
    rejects = _by_source(blocks_of_dumps["rejected"], dumps)
    blocks = sum((_by_source(counts, dumps) for counts in blocks_of_dumps.values()), Counter[str]())
    worst = sorted(filter(rejects.get, rejects), key=lambda source: (-rejects[source], source))
    named = ", ".join(f"{source} ({rejects[source]:,} of {blocks[source]:,})" for source in worst[:WORST])
    more = f" and {len(worst) - WORST:,} more" if len(worst) > WORST else ""
    return (
        f"{many:,} of {all_blocks:,} blocks are rejects ({reasons_of(reasons)}); --max-rejects allows {limit}; "
        f"most are in {named}{more}",
        worst[0],
    )


def reasons_of(reasons: Mapping[str, int]) -> str:
    """How many rejects there are for each reason."""
    return ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())


def _by_source(counts: "npt.NDArray[np.int64]", dumps: "Sequence[Dump]") -> Counter[str]:
    """Counts of dumps, added up by the dumps' sources."""
    found: Counter[str] = Counter()
    for dump, count in zip(dumps, counts.tolist(), strict=True):
        found[dump.source] += count
    return found
