"""What one run is to do, decided before any work: the only thing that flows down to every stage."""

from dataclasses import dataclass, field
from datetime import date

from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.inputs.streams import Bounds
from dateline.pipeline.names import Granularity, Readers, progress_folder, run_folder
from dateline.pipeline.rules.blocks import Limits
from dateline.pipeline.store.address import in_store
from dateline.pipeline.versions import SameVersions

TASKS = 16
"""Tasks of reading that there are at least where the workers are not known, so that these end together, unless the tasks
would be tiny."""
MIN_RANGE_BYTES, MAX_RANGE_BYTES = 8 << 20, 64 << 20
"""Bytes of one task of reading: copies stand near each other, and a worker knows those that it has met. Where the workers
are known each has one task."""

FILE_BYTES = 16 << 20
"""Of bodies in a file of records that wait. Nearly each task of writing opens nearly each of these files."""

PARTITION_BYTES = 64 << 20
"""Bytes of input for each key of a shuffle: what one worker folds or writes at once."""


@dataclass(frozen=True)
class Config(SameVersions):
    """A run. Nothing here may depend on the machine that a stage runs on."""

    dumps: tuple[Dump, ...]
    """Those to be read, sorted by source: a dump's place here is its number in every shuffle."""
    output: str
    """The dataset's folder, as an absolute path; of a dataset in a store the driver's working copy."""
    run: str
    """The id of this run: names what it writes until it is committed, never what stays."""
    limits: Limits = field(default_factory=Limits)
    columns: Columns = field(default_factory=Columns)
    bounds: Bounds = field(default_factory=Bounds)
    crawl_date: date | None = None
    same_headline_days: int | None = None
    workers: int = 0
    """Processes that do the work, where their number is known before; 0 where it is not. No row depends on it."""
    ranges: int = 0
    """Bytes of a task of reading; 0 lets the size of the input decide. No row depends on it."""
    granularity: Granularity = "day"
    """How fine the partitions by date are."""
    readers: Readers = "any"
    """Whether the files of a dataset in a store also get their places in date=*/region=*/."""
    base: int = 0
    """The version that the run builds on; 0 for none."""
    keys: int = 0
    """Keys of each shuffle; 0 lets the size of the input decide. No row depends on it."""
    address: str = ""
    """That of the dataset, if it lies in a store: then the workers upload their files there."""
    version: int = 1
    """The number of the version that the run is about to make."""
    scratch_address: str = ""
    """In a store: where the run's scratch is, so that workers and driver need no common folder. "" for a folder of `output`."""

    @property
    def scratch(self) -> str:
        """Where tasks leave what other tasks, or the driver, need of them: a folder, or an address; see store/scratch.py."""
        return self.scratch_address or run_folder(self.output, self.run)

    @property
    def has_common_folder(self) -> bool:
        """Whether driver and workers all see `output`, and the run's folder in it."""
        return not in_store(self.scratch)

    @property
    def progress(self) -> str:
        """The folder in which workers say how far they are; "" where there is none that all see."""
        return progress_folder(self.output, self.run) if self.has_common_folder else ""

    @property
    def input_bytes(self) -> int:
        return sum(dump.size for dump in self.dumps)

    @property
    def range_bytes(self) -> int:
        """Bytes of dumps for each task of reading."""
        if self.workers and not self.ranges:
            return max(MIN_RANGE_BYTES, -(-self.input_bytes // self.workers))
        return self.part_bytes

    @property
    def part_bytes(self) -> int:
        """Bytes for each task of unpacking, of which a worker knows nothing afterwards."""
        return self.ranges or max(MIN_RANGE_BYTES, min(MAX_RANGE_BYTES, self.input_bytes // TASKS))

    @property
    def shuffle_keys(self) -> int:
        """Keys of each shuffle; where the workers are known all get as many."""
        keys = max(4, min(4096, self.input_bytes // PARTITION_BYTES))
        return self.keys or keys + -keys % (self.workers or 1)
