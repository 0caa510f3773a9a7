"""Where the time and the memory of a run went, by stage: what Beam's workers tell of each step, put together.

A worker's thread notes which step it is in; beside it Beam looks there at intervals and adds up the time. Beam looks
five times a second, which is too rare for batches of milliseconds, and ends each bundle by waiting for the next look:
so workers of ours look a hundred times a second.

Memory is looked at as a bundle ends. A bundle does the steps of several stages, and its memory counts for each of them. It
travels as a metric of Beam's, a distribution of a step of each stage.
"""

import os
import re
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apache_beam import Pipeline
from apache_beam.metrics import MetricsFilter
from apache_beam.metrics.metricbase import MetricName
from apache_beam.metrics.monitoring_infos import TOTAL_MSECS_URN, extract_counter_value
from apache_beam.runners.portability.fn_api_runner.fn_runner import RunnerResult
from apache_beam.runners.worker import statesampler

from dateline.pipeline.report.numbers import Stages
from dateline.pipeline.stages import counters
from dateline.pipeline.stages.counters import KEY_BYTES, NAMESPACE, SHUFFLED
from dateline.pipeline.stop import held, let

STAGES = ("read", "split", "parse", "validate", "deduplicate", "write", "settle")
SHUFFLES = "shuffles"
"""What went from worker to worker, in the report; each shuffle of its own is called `shuffle_` and its name."""
LOOK_EVERY_MS = 10
MEMORY = "memory"
"""The figure of a stage, and the metric that it comes from."""
_MEMORY = MetricName(NAMESPACE, MEMORY)
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Sampler(statesampler.StateSampler):
    """Beam's account of the time of a bundle, which begins with start() and ends with stop()."""

    watch: "Any" = None
    """If set, begin(sampler) and end(sampler) of it are called for each bundle of this process, in the bundle's thread."""

    def __init__(self, prefix: str, counters: Any, period_ms: int = LOOK_EVERY_MS) -> None:
        super().__init__(prefix, counters, period_ms)
        self._most = 0
        self._memory: list[Any] | None = None

    def start(self) -> None:
        super().start()
        self._most = most_memory()
        if Sampler.watch:
            Sampler.watch.begin(self)

    def stop(self) -> None:
        if Sampler.watch:
            Sampler.watch.end(self)
        self._tell_memory()
        super().stop()

    def _tell_memory(self) -> None:
        """Tell what the process has now; or had at its most, if that was in this bundle."""
        if not (found := memory_now()):
            return
        if (most := most_memory()) > self._most:
            found = most
        if self._memory is None:  # the steps of a sampler are those of each of its bundles
            steps = {stage_of(state.name.step_name): state for state in self._states_by_name.values()}
            self._memory = [steps[stage].metrics_container for stage in STAGES if stage in steps]
        for container in filter(None, self._memory):
            container.get_distribution(_MEMORY).update(found)


def most_memory() -> int:
    """The most memory that this process had up to now, in bytes. On Linux, where memory_now() tells, too."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def memory_now() -> int:
    """The memory that this process has, in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * _PAGE
    except OSError:
        return 0


@contextmanager
def pipeline_on(runner: Any, options: Any) -> Iterator[Any]:
    """A pipeline without anything in it, whose folder for temporary files goes with it: Beam removes it only if it is run."""
    with held():
        pipeline = Pipeline(runner, options)
        try:
            with let():
                yield pipeline
        finally:
            shutil.rmtree(pipeline.local_tempdir, ignore_errors=True)


def look_often() -> None:
    """Have this process, and those forked from it, tell the time of steps more exactly."""
    statesampler.StateSampler = Sampler


def stages_of(result: Any) -> Stages:
    """What a pipeline's result tells of each stage.

    Args:
        result: of any runner. Counts are Beam's own metrics, of steps by their names or, as Prism has it, by what they
            are called in the pipeline's proto; seconds, of all workers together, are taken from the FnApiRunner only.
    """
    stages: Stages = {stage: {} for stage in STAGES}
    if isinstance(result, RunnerResult):
        for info in result.monitoring_infos():
            stage = stages.get(stage_of(info.labels.get("PTRANSFORM", "")))
            if stage is not None and info.urn == TOTAL_MSECS_URN:
                stage["seconds"] = stage.get("seconds", 0.0) + extract_counter_value(info) / 1000
    stages[SHUFFLES] = {}
    metrics = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))
    for counter in metrics["counters"]:
        name, stage = counter.key.metric.name, stages.get(stage_of(counter.key.step))
        if name == SHUFFLED:  # Beam may pack what a step gives while another step's name stands
            name, stage = "bytes_out", stages[SHUFFLES]
        if stage is not None:
            stage[name] = stage.get(name, 0) + int(counter.result or 0)
    keys = {entry.key.metric.name: entry.result for entry in metrics["distributions"] if entry.result}
    for entry in metrics["distributions"]:
        stage = stages.get(stage_of(entry.key.step)) if entry.key.metric.name == MEMORY else None
        if stage is not None and entry.result and entry.result.count:
            stage[MEMORY] = max(stage.get(MEMORY, 0), entry.result.max)
    for shuffle in counters.SHUFFLES:
        found = keys.get(KEY_BYTES + shuffle)
        if found and found.count:
            figures = {"keys": found.count, "bytes_in": found.sum, "largest_key_bytes": found.max}
            stages[f"shuffle_{shuffle}"] = figures
    return {
        name: {key: round(value, 3) for key, value in sorted(stage.items())}
        for name, stage in stages.items()
        if stage
    }


def stage_of(step: str | None) -> str:
    """The stage of a step, by the name that a runner gives the step; of one that is in none, something else.

    >>> stage_of("Parse/ReadFields/ParDo(ReadFields)"), stage_of("ref_AppliedPTransform_Parse-ReadFields-ParDo_18")
    ('parse', 'parse')
    """
    return re.split("[/_-]", (step or "").removeprefix("ref_AppliedPTransform_"))[0].lower()
