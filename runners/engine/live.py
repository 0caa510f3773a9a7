"""How far a run is whose workers share no folder with this process: from what its engine tells of the running job.

    counts = LiveCounts()
    with counts.following(result.metrics):      # asked now and then, beside whoever waits for the job
        result.wait_until_finish()
    counts()                                    # Counts(bytes_read=1200, records=40, ...)

Workers count with Beam's own counters then (stages/counters.py). Prism and Dataflow tell of a running job; Beam's own job
service and the job servers of Flink and Spark tell once it is done: until then all counts are 0.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from apache_beam.metrics import MetricsFilter

from dateline.pipeline.progress import Counts
from dateline.pipeline.stages.counters import PROGRESS

ASK_SECONDS = 2.0
"""Between two questions: each is a call of the engine, and nobody looks more often."""


class LiveCounts:
    """What the workers of a run counted, as the engine told last."""

    def __init__(self, ask_seconds: float = ASK_SECONDS) -> None:
        self._ask_seconds = ask_seconds
        self._counts = Counts()

    def __call__(self) -> Counts:
        return self._counts

    @contextmanager
    def following(self, metrics: Callable[[], Any]) -> Iterator[None]:
        """Ask for a job's metrics while the body of the `with` runs, and once more if it ends well.

        Args:
            metrics: gives Beam's MetricResults of now; what it raises is passed over.
        """
        through = threading.Event()

        def ask() -> None:
            while not through.wait(self._ask_seconds):
                self._look(metrics)

        # An engine that does not answer must not keep the run: nobody waits for this thread.
        threading.Thread(target=ask, daemon=True).start()
        try:
            yield
            self._look(metrics)
        finally:
            through.set()

    def _look(self, metrics: Callable[[], Any]) -> None:
        try:
            self._counts = Counts(*map(max, self._counts, counts_in(metrics())))
        except Exception:
            return  # whatever is wrong with it: it decides nothing, and the job's own end says what matters


def counts_in(metrics: Any) -> Counts:
    """The counts of all steps in an engine's metrics.

    Args:
        metrics: Beam's MetricResults. Of a running job most engines have only what was tried, not what is committed.
    """
    found: Counter[str] = Counter()
    for counter in metrics.query(MetricsFilter().with_namespace(PROGRESS))["counters"]:
        found[counter.key.metric.name] += max(int(counter.attempted or 0), int(counter.committed or 0))
    return Counts(**{name: found[name] for name in Counts._fields})
