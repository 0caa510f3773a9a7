"""How many rejects a run may have before it fails."""

import math
from dataclasses import dataclass


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
