"""Quota: how many bytes a run may unpack, of a dump and of all of them.

Each worker keeps what it has unpacked in a small file of its own beside the spools, and adds them all up now and then. So
the limit of a run holds to within a step of each worker; which of several large dumps is the one too many depends on who
came first. It is named, counts as not read, and is welcome to the next run. Where the workers have no common folder, the
limit holds for each of them by itself.
"""

import fcntl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dateline.pipeline.atomic import whole_file
from dateline.pipeline.elements import Part
from dateline.pipeline.inputs.streams import RATIO_FLOOR_BYTES, Bounds, Damaged

STEP_BYTES = 8 << 20
"""Bytes that a worker unpacks before it looks at what the others have."""
_SUFFIX = ".taken"
_ALONE = threading.Lock()
"""Held by who takes much memory, where the threads of this process are all that can be asked."""


class Quota:
    """What one worker may still unpack."""

    def __init__(self, folder: str, bounds: Bounds) -> None:
        """folder: that of the spools; "" where there is none that all workers see."""
        self.bounds = bounds
        self._folder = folder
        self._name = uuid.uuid4().hex
        self._step = min(STEP_BYTES, bounds.run_bytes // 64)
        self._taken = self._unwritten = 0

    def of_dump(self, part: Part) -> int:
        """The bytes that a part's dump may come to."""
        if not part.compression and part.format != "parquet":
            return 1 << 62  # it is no smaller as it lies there
        return min(self.bounds.dump_bytes, max(self.bounds.ratio * part.size, RATIO_FLOOR_BYTES))

    def too_much(self, part: Part) -> str:
        """What is told of a dump that comes to more."""
        if self.of_dump(part) == self.bounds.dump_bytes:
            return f"it unpacks to more than {self.bounds.dump_bytes:,} bytes, which --max-unpacked-bytes allows a dump"
        return (
            f"it has {part.size:,} bytes and unpacks to more than {self.of_dump(part):,}, and is taken for a bomb; "
            "--max-unpacked-ratio says from where on"
        )

    def take(self, size: int) -> None:
        """Count bytes that are about to be written.

        Raises:
            Damaged: the run has come to its limit.
        """
        self._taken += size
        self._unwritten += size
        if self._unwritten > self._step:
            self._write_total()
            if self._all() > self.bounds.run_bytes:
                raise Damaged(
                    f"the dumps of this run unpack to more than {self.bounds.run_bytes:,} bytes, which "
                    "--max-unpacked-run-bytes allows; give it to a run of its own, or allow more"
                )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have no other worker of this machine do what takes much memory, as far as they have a common folder."""
        if not self._folder:
            with _ALONE:
                yield
            return
        with open(f"{self._folder}/alone", "w") as file:
            with suppress(OSError):  # a file system that has no locks
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def give_back(self, size: int) -> None:
        """Bytes that were written are gone."""
        self._taken -= size
        self._write_total()

    def _write_total(self) -> None:
        self._unwritten = 0
        if not self._folder:
            return
        with whole_file(f"{self._folder}/{self._name}{_SUFFIX}") as file:
            file.write(b"%d" % self._taken)

    def _all(self) -> int:
        if not self._folder:
            return self._taken
        return sum(int(path.read_text()) for path in Path(self._folder).glob(f"*{_SUFFIX}"))
