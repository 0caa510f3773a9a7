"""Counts: what each stage takes and gives, as counters of Beam, which every runner adds up.

A counter belongs to the step that counts, and a step's name begins with its stage's: so one call will do for all. It
counts a batch, not a record, and costs a microsecond. Counts explain a run; the balance decides on it.
"""

from typing import Literal, TypeAlias, get_args

from apache_beam.metrics import Metrics

from dateline.pipeline.progress import Counts, Progress

NAMESPACE = "dateline"
FIGURES = ("records_in", "records_out", "rejects", "repeats", "bytes_in", "bytes_out")
"""What is counted; schemas/report.schema.json says what each is. A stage counts those that it has."""

SHUFFLED = "shuffled_bytes"
"""Bytes of rows and places that were packed for another worker; which step packs them depends on the runner."""

Shuffle: TypeAlias = Literal["headlines", "urls", "articles", "partitions", "ledgers", "rejects", "dumps"]
"""What the keys of a shuffle are shares of."""
SHUFFLES: tuple[Shuffle, ...] = get_args(Shuffle)
KEY_BYTES = "bytes_of_a_key_of_"
"""What a distribution of a shuffle's keys is called, before the shuffle's name."""

PROGRESS = "dateline_progress"
"""The namespace of the counts of pipeline/progress.py, where workers and driver share no folder."""

_counters = {name: Metrics.counter(NAMESPACE, name) for name in (*FIGURES, SHUFFLED)}
_keys = {name: Metrics.distribution(NAMESPACE, KEY_BYTES + name) for name in SHUFFLES}


def count(**counts: int) -> None:
    """Add to the figures of the step that is at work in this thread; outside of any it counts nothing."""
    for name, number in counts.items():
        _counters[name].inc(number)


def count_key(shuffle: Shuffle, size: int) -> None:
    """Tell of a key of a shuffle how many bytes came under it, unpacked: the largest one bounds what a worker holds."""
    _keys[shuffle].update(size)


_progress = {name: Metrics.counter(PROGRESS, name) for name in Counts._fields}


def progress_in(folder: str) -> Progress:
    """What a worker says how far it is with.

    Args:
        folder: that of the progress, which the driver reads; "" where there is none that both see. Then the engine is told,
            whose counters the driver asks for.
    """
    return Progress(folder) if folder else ProgressByEngine("")


class ProgressByEngine(Progress):
    """Counts of one worker process that the engine adds up."""

    def add(self, **counts: int) -> None:
        """Add to the counts, of the step that is at work in this thread."""
        for name, number in counts.items():
            _progress[name].inc(number)
