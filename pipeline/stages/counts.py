"""Counts: what each stage takes and gives, as counters of Beam, which every runner adds up.

A counter belongs to the step that counts, and a step's name begins with its stage's: so one call will do for all. It
counts a batch, not a record, and costs a microsecond. Counts explain a run; the balance decides on it.
"""

from apache_beam.metrics import Metrics

NAMESPACE = "dateline"
FIGURES = ("records_in", "records_out", "rejects", "repeats", "bytes_in", "bytes_out")
"""What is counted; schemas/report.schema.json says what each is. A stage counts those that it has."""

SHUFFLED = "shuffled_bytes"
"""Bytes of rows that were packed for another worker; which step packs them depends on the runner."""

_counters = {name: Metrics.counter(NAMESPACE, name) for name in (*FIGURES, SHUFFLED)}


def count(**counts: int) -> None:
    """Add to the figures of the step that is at work in this thread; outside of any it counts nothing."""
    for name, number in counts.items():
        _counters[name].inc(number)
