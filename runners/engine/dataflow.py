"""The Dataflow runner: Google's service does the flow, with machines that it starts from an image of this package.

    dateline run --runner dataflow --project my-project --region europe-west1 --worker-image IMAGE \\
        --input 'gs://bucket/dumps/*.txt' --output gs://bucket/news --run-folder gs://bucket/runs

The graph is built here, and laid into a folder of GCS, from which the service takes it. Inputs, lock, balance and commit
stay with this process, which waits for the job, and cancels it if it is stopped itself.
"""

import argparse
import hashlib
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, NoReturn

import apache_beam as beam
import google.auth
from apache_beam.options.pipeline_options import (
    DebugOptions,
    GoogleCloudOptions,
    PipelineOptions,
    WorkerOptions,
)
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner, DataflowRuntimeException
from apache_beam.runners.dataflow.internal import apiclient
from apache_beam.runners.runner import PipelineState
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import dataflow as service

from dateline.errors import RunFailed, StoreError, UsageError
from dateline.pipeline.config import Config
from dateline.pipeline.flow import build
from dateline.pipeline.report.numbers import Stages
from dateline.pipeline.stop import held, let
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.versions import REFUSED
from dateline.runners.engine.live import LiveCounts
from dateline.runners.engine.stage_metrics import pipeline_on, stages_of

OWN = (
    "create_from_snapshot", "job_name", "project", "region", "sdk_container_image", "staging_location",
    "temp_location", "template_location", "transform_name_mapping", "update",
)  # fmt: skip
"""Options of Beam's that are decided here."""


class Dataflow(NamedTuple):
    """Where a run is done."""

    project: str
    region: str
    image: str
    """The image of a worker, by the name that its registry has it by."""
    staging: str
    """The folder of GCS where the service finds the graph, as gs://BUCKET/FOLDER; nothing is left there."""
    options: tuple[str, ...] = ()
    """Further options of Beam's for Dataflow, each as NAME=VALUE or NAME."""

    def __str__(self) -> str:
        return (
            f"Beam {beam.__version__} on Dataflow, project {self.project}, {self.region}, image {self.image}"
        )


def require_usable(options: Sequence[str]) -> None:
    """Find out before any work what would stop a job.

    Args:
        options: as Dataflow has them.

    Raises:
        UsageError: Beam has no such option or it takes no such value; or there are no credentials of Google's.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    for group in (GoogleCloudOptions, WorkerOptions, DebugOptions):
        group._add_argparse_args(parser)
    names = {name for action in parser._actions for name in action.option_strings}
    for given in options:
        name = given.partition("=")[0]
        if f"--{name}" not in names:
            raise UsageError(f"--dataflow-options {name}: Beam has no such option for Dataflow")
        if name in OWN:
            raise UsageError(f"--dataflow-options {name}: this is Dateline's to decide")
    found = parser.parse_args(_flags(options))
    if not found.no_auth:
        try:
            google.auth.default()
        except DefaultCredentialsError as error:
            raise UsageError(f"--runner dataflow finds no credentials of Google's: {error}") from None


class _Parser(argparse.ArgumentParser):
    """Beam's options, without its way to end the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"--dataflow-options: {message.removeprefix('argument --')}")


def options_for(config: Config, dataflow: Dataflow) -> PipelineOptions:
    """The options of Beam for a job."""
    return PipelineOptions(
        _flags(("experiments=disable_logging_submission_environment", *dataflow.options)),
        runner="DataflowRunner",
        project=dataflow.project,
        region=dataflow.region,
        job_name=f"{name_of(config.output)}{config.run.lower()}",
        staging_location=dataflow.staging,
        temp_location=dataflow.staging,
        sdk_container_image=dataflow.image,
        sdk_location="container",  # the image has all that a worker needs: nothing is staged but the graph
    )


def _flags(options: Sequence[str]) -> list[str]:
    return [f"--{option}" for option in options]


def name_of(output: str) -> str:
    """What the names of a dataset's jobs begin with, of those that this machine started: a to z, 0 to 9 and dashes."""
    place = f"{socket.gethostname()} {output}"
    return f"dateline-{hashlib.sha256(place.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}-"


def run_flow(config: Config, dataflow: Dataflow, live: LiveCounts | None = None) -> Stages:
    """Have Dataflow do the whole flow, and return when it is done, with what it tells of each stage.

    A job of an earlier run of this dataset, which this machine started and nobody waits for any more, is cancelled before;
    the caller holds the dataset's lock.

    Args:
        config: the run. Nothing in it may lie on this machine.
        dataflow: where it is done.
        live: is kept up to date with what the workers counted.

    Raises:
        RunFailed: the service refuses, or ended the job for a reason of its own; or the workers are of other versions.
        RuntimeError: a worker failed; the text is the service's, with the worker's traceback.
    """
    live = live or LiveCounts()
    options = options_for(config, dataflow)
    runner = DataflowRunner()
    try:
        with _staged(runner, dataflow.staging), pipeline_on(runner, options) as pipeline:
            build(pipeline, config)
            _cancel(apiclient.DataflowApplicationClient(options), dataflow, name_of(config.output))
            with held():  # a job that nobody knows of would go on, and cost
                result = pipeline.run()
                try:
                    with let(), live.following(result.metrics):
                        DataflowRunner.poll_for_job_completion(runner, result, None)
                except BaseException:
                    with suppress(GoogleAPICallError, DataflowRuntimeException):
                        result.cancel()
                    raise
            if result.state != PipelineState.DONE:
                raise failure_of(result.state, runner.last_error_msg or "nobody said why")
            return stages_of(result)
    except GoogleAPICallError as error:
        raise RunFailed(
            f"Dataflow, project {dataflow.project}, {dataflow.region}: {error.message}"
        ) from error


def failure_of(state: str, text: str) -> Exception:
    """What a job's end is for who waited for it.

    >>> failure_of("FAILED", "Workflow failed. Causes: there is no quota\\nfor so many machines.")
    RunFailed('the job on Dataflow is FAILED: Workflow failed. Causes: there is no quota for so many machines.')
    """
    _, refused, why = text.partition(REFUSED)
    if refused:
        return RunFailed(refused + why.splitlines()[0])
    return (
        RuntimeError(text)
        if "Traceback" in text
        else RunFailed(f"the job on Dataflow is {state}: {' '.join(text.split())}")
    )


@contextmanager
def _staged(runner: DataflowRunner, staging: str) -> Iterator[None]:
    """What Beam leaves in a folder of GCS for a job is removed after it, if the store lets it be removed."""
    try:
        yield
    finally:
        if hasattr(runner, "job"):  # Beam had got so far as to choose a folder in it
            with suppress(StoreError, OSError):
                bucket = open_bucket(staging)
                used = runner.job.google_cloud_options.staging_location.removeprefix(f"{staging}/")
                bucket.delete(list(bucket.names(f"{used}/")))


def _cancel(client: Any, dataflow: Dataflow, name: str) -> None:
    """Cancel the jobs whose names begin so."""
    active = service.ListJobsRequest(
        project_id=dataflow.project, location=dataflow.region, filter=service.ListJobsRequest.Filter.ACTIVE
    )
    for job in client._jobs_client.list_jobs(request=active):
        if job.name.startswith(name):
            client.modify_job_state(job.id, "JOB_STATE_CANCELLED")
