"""The portable runner: an engine behind a job service does the flow, with workers of a pool (runners/engine/pool.py).

The job service speaks Beam's Job API, whatever the engine. Inputs, lock, balance and commit stay with this process;
dumps and output lie in folders that it and the workers see under the same names.
"""

import json
import socket
import threading
from contextlib import suppress
from typing import Any, NamedTuple

import apache_beam as beam
import grpc
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability.portable_runner import PortableMetrics, PortableRunner

from dateline.errors import RunFailed, VersionError
from dateline.pipeline.config import Config
from dateline.pipeline.flow import build
from dateline.pipeline.report.numbers import Stages
from dateline.pipeline.versions import REFUSED, compare, here
from dateline.runners.engine import pool, secret
from dateline.runners.engine.beam_options import BeamOptions
from dateline.runners.engine.live import LiveCounts
from dateline.runners.engine.proxies import spare_this_machine
from dateline.runners.engine.stage_metrics import pipeline_on, stages_of

ANSWER_SECONDS = 10
"""How long a job service or a worker pool may take to answer a call."""

REACH_SECONDS = 3
"""How long this process looks for the worker pool, which only the engine has to reach."""

LOOK_SECONDS = 600
"""How long the pass for that is good: the clocks of two machines may differ."""

LONGEST_RUN_SECONDS = 7 * 24 * 3600
"""Beam gives a job's whole life the time that it gives a call, a minute by default."""


class Engine(NamedTuple):
    """Where a run is done; both as HOST:PORT."""

    job_endpoint: str
    """Of the job service, as this process sees it."""
    worker_pool: str
    """As the engine sees it."""
    flags: tuple[str, ...] = ()
    """Options that the engine alone knows."""
    token_file: str | None = None
    """Of the pool's secret; by default the one of this user's pools, if there is one once the pool answers."""
    pool_refuses: bool = False
    """Whether the pool is given the versions of this process, and starts no worker of others. The workers refuse in any
    case; Flink waits three minutes for one that does, and Prism breaks down over a pool that does."""

    def __str__(self) -> str:
        return (
            f"Beam {beam.__version__} PortableRunner, job service {self.job_endpoint}, "
            f"worker pool {self.worker_pool}"
        )


def options_for(engine: Engine) -> BeamOptions:
    """The options of Beam for an engine."""
    params = dict(here()) if engine.pool_refuses else {}
    if (
        engine.token_file
    ):  # engines pass on to the pool what a job has them ask a worker with, and nothing else
        pool_secret = secret.read(engine.token_file)
        params[secret.PASS] = secret.pass_for(pool_secret, pool.STARTS, LONGEST_RUN_SECONDS)
    environment = {"url": engine.worker_pool, "params": params}
    return BeamOptions(
        list(engine.flags),
        job_endpoint=engine.job_endpoint,
        job_server_timeout=LONGEST_RUN_SECONDS,
        environment_type="EXTERNAL",
        environment_config=json.dumps(environment),
    )


def run_flow(config: Config, engine: Engine, live: LiveCounts | None = None) -> Stages:
    """Have an engine do the whole flow, and return when it is done, with what it tells of each stage.

    Args:
        config: the run.
        engine: where it is done.
        live: is kept up to date with what the workers counted, if the engine tells.

    Raises:
        RunFailed: nothing answers as a job service, it went away, the pool wants another secret, or the workers are of
            other versions.
        UsageError: the secret cannot be read.
        RuntimeError: the job failed; the text is the engine's.
    """
    live = live or LiveCounts()
    spare_this_machine(socket.gethostname(), socket.getfqdn())
    _await(engine.job_endpoint)
    engine = engine._replace(token_file=_token_file(engine.worker_pool, engine.token_file))
    _require_same(engine.worker_pool, engine.token_file)
    threading.excepthook = _print_unless_grpc
    try:
        with pipeline_on(PortableRunner(), options_for(engine)) as pipeline:
            build(pipeline, config)
            result = pipeline.run()
            try:
                with live.following(lambda: _metrics_now(result)):
                    result.wait_until_finish()
            except BaseException:  # a job that nobody waits for would write on
                with suppress(grpc.RpcError):
                    result.cancel()
                raise
            return stages_of(result)
    except RuntimeError as error:
        _, refused, why = str(error).partition(REFUSED)
        if refused:
            raise RunFailed(refused + why.splitlines()[0]) from error
        raise
    except grpc.RpcError as error:
        raise RunFailed(
            f"the job service at --job-endpoint {engine.job_endpoint} failed: {error.code().name}, {error.details()}"
        ) from error


def _metrics_now(result: Any) -> PortableMetrics:
    """What the job service tells of a running job; the result's own metrics() would keep that for the job's last."""
    request = beam_job_api_pb2.GetJobMetricsRequest(job_id=result._job_id)
    return PortableMetrics(result._job_service.GetJobMetrics(request, timeout=ANSWER_SECONDS))


def _print_unless_grpc(raised: threading.ExceptHookArgs) -> None:
    """Print what one of Beam's threads raised, unless it is the broken connection that run_flow() raises."""
    if not isinstance(raised.exc_value, grpc.RpcError):
        threading.__excepthook__(raised)


def _token_file(where: str, asked: str | None) -> str | None:
    """The file of a pool's secret: the one that the run was given, or the default one if it is there.

    It is looked for once the pool answers: a pool that begins together with the run may be the first of this user, and makes its
    secret before it listens.
    """
    if not asked:
        with grpc.insecure_channel(where) as channel, suppress(grpc.FutureTimeoutError):
            grpc.channel_ready_future(channel).result(timeout=REACH_SECONDS)
    return secret.file_for_run(asked)


def _require_same(where: str, token_file: str | None) -> None:
    """Have a pool say its workers' versions, if it can be reached from here: what an engine makes of a worker that
    refuses the work may take minutes, and Spark never says why.

    Raises:
        RunFailed: they are others than those of this process, or the pool wants another secret.
    """
    metadata = []
    if token_file:
        pool_secret = secret.read(token_file)
        metadata.append((secret.PASS, secret.pass_for(pool_secret, pool.ASKS_VERSIONS, LOOK_SECONDS)))
    with grpc.insecure_channel(where) as channel:
        call = channel.unary_unary(pool.ASKS_VERSIONS)
        try:
            versions = json.loads(call(b"", timeout=REACH_SECONDS, metadata=metadata))
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                raise RunFailed(f"--worker-pool {where} refuses: {error.details()}") from None
            return  # out of reach, or a pool of Beam's: the workers themselves look
    try:
        compare(tuple(map(tuple, versions)), here())
    except VersionError as error:
        raise RunFailed(str(error)) from None


def _await(endpoint: str) -> None:
    """Return once something there speaks gRPC."""
    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=ANSWER_SECONDS)
        except grpc.FutureTimeoutError:
            raise RunFailed(f"no job service answers at --job-endpoint {endpoint}") from None
