"""How far a run is, from an engine's metrics of the running job."""

import threading
from types import SimpleNamespace

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from dateline.pipeline.progress import Counts, Progress
from dateline.pipeline.stages.counters import progress_in
from dateline.runners.engine.live import LiveCounts, counts_in


class Count(beam.DoFn):
    def __init__(self) -> None:
        self._progress = progress_in("")

    def process(self, element: int):
        self._progress.add(bytes_read=element, records=1)
        yield element


def test_workers_without_a_folder_count_by_the_engine():
    pipeline = beam.Pipeline(runner=FnApiRunner())
    _ = pipeline | beam.Create([3, 4]) | "One" >> beam.ParDo(Count()) | "Two" >> beam.ParDo(Count())
    result = pipeline.run()
    assert counts_in(result.metrics()) == Counts(bytes_read=14, records=4)


def test_workers_with_a_folder_count_there(tmp_path):
    assert type(progress_in(str(tmp_path))) is Progress


def metrics(**counts: tuple[int | None, int | None]):
    """Metrics of one step: what was tried, and what is committed."""
    counters = [
        SimpleNamespace(
            key=SimpleNamespace(metric=SimpleNamespace(name=name)), attempted=tried, committed=done
        )
        for name, (tried, done) in counts.items()
    ]
    return SimpleNamespace(query=lambda wanted: {"counters": counters})


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({}, Counts()),
        ({"records": (5, None)}, Counts(records=5)),
        ({"records": (None, 5)}, Counts(records=5)),
        ({"records": (7, 5), "another": (1, 1)}, Counts(records=7)),
    ],
)
def test_the_counts_of_an_engine(told, wanted):
    assert counts_in(metrics(**told)) == wanted


def test_no_count_goes_back_and_what_an_engine_refuses_is_passed_over():
    answers = iter([metrics(records=(5, None), files=(1, None)), metrics(records=(3, 3), files=(2, 2))])
    asked = threading.Event()

    def ask():
        try:
            return next(answers)
        except StopIteration:
            asked.set()
            raise ConnectionError("the engine went away") from None

    live = LiveCounts(ask_seconds=0.001)
    assert live() == Counts()
    with live.following(ask):
        assert asked.wait(10)
    assert live() == Counts(records=5, files=2)


def test_an_engine_that_does_not_answer_keeps_nobody():
    begun, never = threading.Event(), threading.Event()

    def hang():
        begun.set()
        never.wait()

    def failing_job() -> None:
        with LiveCounts(ask_seconds=0.001).following(hang):
            assert begun.wait(10)
            raise RuntimeError("the job failed")

    with pytest.raises(RuntimeError, match="the job failed"):
        failing_job()
    never.set()


def test_a_job_that_is_done_is_asked_once_more():
    live = LiveCounts(ask_seconds=1000)
    with live.following(lambda: metrics(records=(9, 9))):
        pass
    assert live() == Counts(records=9)
