"""The local runner: Beam's FnApiRunner, named outright.

Beam's own DirectRunner first tries to fetch another engine (Prism) and falls back to this one when it
cannot, so that one command runs on different engines with and without a network.
"""

import logging
import os

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.config import Config
from pipeline.flow import build

BYTES_FOR_WORKERS = 32 << 20
"""Bytes of input from which worker processes pay: starting them takes about a second."""


def workers_for(input_bytes: int, asked: int | None) -> int:
    """How many worker processes to start; 1 means none, the work is done in this one."""
    if asked:
        return asked
    return len(os.sched_getaffinity(0)) if input_bytes >= BYTES_FOR_WORKERS else 1


def run_flow(config: Config, workers: int) -> None:
    """Do the whole flow on this machine, and return when it is done.

    Raises:
        RuntimeError: a stage raised; the text holds the worker's traceback.
    """
    logging.getLogger("apache_beam").setLevel(logging.ERROR)    # a worker's start is no news to the user
    mode = "multi_processing" if workers > 1 else "in_memory"
    options = PipelineOptions(
        ["--direct_running_mode", mode, "--direct_num_workers", str(workers), "--default_sdk_harness_log_level", "ERROR"]
    )
    pipeline = beam.Pipeline(FnApiRunner(), options)
    build(pipeline, config)
    pipeline.run().wait_until_finish()
