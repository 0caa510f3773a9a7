"""The local runner: Beam's FnApiRunner, named outright.

Beam's own DirectRunner first tries to fetch another engine (Prism) and falls back to this one when it
cannot, so that one command runs on different engines with and without a network.
"""

import os
from dataclasses import replace

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from dateline.pipeline.config import Config
from dateline.pipeline.flow import build
from dateline.pipeline.report.numbers import Stages
from dateline.runners.engine.beam_options import BeamOptions
from dateline.runners.engine.forked_workers import ForkedEnvironment
from dateline.runners.engine.stage_metrics import pipeline_on, stages_of

BYTES_FOR_WORKERS = 32 << 20
"""Bytes of input from which worker processes pay: two of them take a third of a second more of the processor."""


def workers_for(input_bytes: int, asked: int | None) -> int:
    """How many processes do the work; 1 is this process itself."""
    if asked:
        return asked
    return len(os.sched_getaffinity(0)) if input_bytes >= BYTES_FOR_WORKERS else 1


def describe(workers: int) -> str:
    """The runner and its workers, for the report."""
    where = "in this process" if workers == 1 else f"in {workers} worker processes"
    return f"Beam {beam.__version__} FnApiRunner, {where}"


def run_flow(config: Config, workers: int) -> Stages:
    """Do the whole flow on this machine, and return when it is done, with what is known of each stage.

    Args:
        config: the run.
        workers: how many processes do the work; if more than one, those of forked_workers().

    Raises:
        RuntimeError: a stage raised; the text holds the worker's traceback.
    """
    environment = ForkedEnvironment.default() if workers > 1 else None
    options = BeamOptions([], direct_num_workers=workers)
    with pipeline_on(FnApiRunner(default_environment=environment), options) as pipeline:
        build(pipeline, replace(config, workers=workers))
        result = pipeline.run()
        result.wait_until_finish()
        return stages_of(result)
