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
    from dateline.pipeline.dataset.staging import File
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
    files: "Sequence[File]", dumps: "Sequence[Dump]", reasons: Mapping[str, int], limit: RejectLimit | None
) -> tuple[str, str] | None:
    """The message on a run's rejects, and the source of the dump that has most; None if they are not too many.

    Args:
        files: what the run wrote.
        dumps: those that it read.
        reasons: its rejects by reason.
        limit: how many it may have.
    """
    sizes = [(file.kind, len(file.offsets)) for file in files if file.kind != "keys"]
    many, all_blocks = sum(size for kind, size in sizes if kind == "rejected"), sum(size for _, size in sizes)
    if limit is None or not limit.exceeded(many, all_blocks):
        return None
    rejects, blocks = _by_dump(files, dumps)
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


def _by_dump(files: "Sequence[File]", dumps: "Sequence[Dump]") -> tuple[Counter[str], Counter[str]]:
    """The rejects, and all blocks, by the source of their dump."""
    import numpy as np

    rejects: Counter[str] = Counter()
    blocks: Counter[str] = Counter()
    for file in files:
        if file.kind == "keys":
            continue
        for number, count in zip(*np.unique(file.dumps, return_counts=True), strict=True):
            source = dumps[number].source
            blocks[source] += int(count)
            rejects[source] += int(count) if file.kind == "rejected" else 0
    return rejects, blocks
