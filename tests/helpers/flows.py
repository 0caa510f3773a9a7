"""Which runner the flows of tests go to: the local one, named as the command line names it, or another engine.

DATELINE_JOB_ENDPOINT and DATELINE_WORKER_POOL name an engine, and DATELINE_TOKEN_FILE its pool's secret, as `tests/engines/prism/check --tests` does. A test that names
a runner, or an option of one, keeps to it; so does one that watches the flow from within its own process.

Types are checked as a pipeline is built. Beam's checks while it runs hold every tagged output against the
type of the main one, so they cannot be used for stages that reject.
"""

import os

from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.testing.test_pipeline import TestPipeline

from dateline.pipeline.config import Config
from dateline.pipeline.report.numbers import Stages
from dateline.runners.engine import local, portable
from dateline.runners.engine.secret import file_for_run

ENGINE = (
    portable.Engine(
        os.environ["DATELINE_JOB_ENDPOINT"],
        os.environ["DATELINE_WORKER_POOL"],
        token_file=file_for_run(os.environ.get("DATELINE_TOKEN_FILE")),
    )
    if "DATELINE_JOB_ENDPOINT" in os.environ
    else None
)
OF_A_RUNNER = {"--runner", "--workers", "--profile"}


def pipeline() -> TestPipeline:
    if not ENGINE:
        return TestPipeline(runner=FnApiRunner())
    return TestPipeline(runner=PortableRunner(), options=portable.options_for(ENGINE))


def run_flow(config: Config) -> Stages:
    """The whole flow."""
    return portable.run_flow(config, ENGINE) if ENGINE else local.run_flow(config, 1)


def of_engine(*args: object) -> list[str]:
    """The options that take the run of a command line to the engine, if there is one and the run has none."""
    if not ENGINE or OF_A_RUNNER & set(map(str, args)):
        return []
    return [
        "--runner",
        "portable",
        "--job-endpoint",
        ENGINE.job_endpoint,
        "--worker-pool",
        ENGINE.worker_pool,
        *(["--token-file", ENGINE.token_file] if ENGINE.token_file else []),
    ]
