"""The Flink runner: a cluster that is there does the flow, with workers of a pool (runners/engine/pool.py).

What Beam's Python SDK cannot, a job server of Beam's does: it turns the flow into a job of Flink's. It is a process of
Java, started from its jar for the time of the run. Inputs, lock, balance and commit stay with this process.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import grpc

from dateline.errors import RunFailed
from dateline.pipeline.config import Config
from dateline.pipeline.report.numbers import Stages
from dateline.pipeline.stop import held, let
from dateline.runners.engine import portable
from dateline.runners.engine.live import LiveCounts
from dateline.runners.engine.parent_death import end_with_parent
from dateline.runners.engine.ports import free_ports
from dateline.runners.engine.registry import JOB_SERVER

ANSWER_SECONDS = 10
"""How long a cluster may take to answer a call."""
START_SECONDS = 60
"""How long a job server may take to listen."""
END_SECONDS = 60
"""How long a job that is cancelled may take to end."""
ENDED = {"FINISHED", "CANCELED", "FAILED"}
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
OPENED = (
    "java.io", "java.lang", "java.lang.reflect", "java.net", "java.nio", "java.text", "java.time", "java.util",
    "java.util.concurrent",
)  # fmt: skip
"""Packages of Java's own that Flink's client looks into, which Java allows only if an option says so."""


class Flink(NamedTuple):
    """Where a run is done."""

    master: str
    """The job manager's REST address, as HOST:PORT."""
    job_server: str
    """The jar of Beam's job server."""
    worker_pool: str
    """As the task managers see it, as HOST:PORT."""
    token_file: str | None = None
    """Of the pool's secret; see portable.Engine."""

    def __str__(self) -> str:
        return f"Beam {beam.__version__} on Flink, {self.master}, worker pool {self.worker_pool}"


def run_flow(config: Config, flink: Flink, live: LiveCounts | None = None) -> Stages:
    """Have a cluster do the whole flow, and return when it is done, with what it tells of each stage.

    A job of an earlier run of this dataset, of which nothing was left but the job, is cancelled before; the caller
    holds the dataset's lock. However this returns, no job of this run is left on the cluster, if that answers.

    Args:
        config: the run.
        flink: where it is done; all slots of the cluster take part.
        live: is kept up to date with what the workers counted, as far as the job server tells.

    Raises:
        RunFailed: there is no cluster or no job server, they do not go together, or one went away.
        RuntimeError: the job failed; the text is the engine's.
    """
    slots = slots_of(flink)
    dataset = f"dateline {config.output} "
    _cancel(flink.master, dataset)
    flags = (
        f"--job_name={dataset}{config.run}",
        "--execution_mode_for_batch=BATCH",  # what a stage gives stays, so that what is lost is done again alone
    )
    with job_server(flink, slots) as (endpoint, server):
        try:
            engine = portable.Engine(endpoint, flink.worker_pool, flags, flink.token_file, pool_refuses=True)
            return portable.run_flow(config, engine, live)
        except RunFailed as failure:
            if not isinstance(failure.__cause__, grpc.RpcError):
                raise
            raise RunFailed(f"Beam's job server {_end_of(server)}") from failure
        finally:
            with suppress(RunFailed):
                _cancel(flink.master, dataset)


def _end_of(server: "subprocess.Popen[bytes]") -> str:
    """What became of a job server that does not answer any more."""
    try:
        return f"ended amid the run, with {server.wait(ANSWER_SECONDS)}"
    except subprocess.TimeoutExpired:
        return "does not answer any more"


def slots_of(flink: Flink) -> int:
    """How many tasks the cluster does at once.

    Raises:
        RunFailed: none, or it is of another Flink than the job server.
    """
    overview = _ask(flink.master, "overview")
    if not overview.get("slots-total"):
        raise RunFailed(f"the Flink cluster at --flink-master {flink.master} has no task manager")
    there, ours = overview["flink-version"], flink_of(flink.job_server)
    if ours and _minor(there) != _minor(ours):
        raise RunFailed(
            f"the cluster at --flink-master {flink.master} is Flink {there}, and the job server {flink.job_server} is "
            f"for Flink {_minor(ours)}: take {JOB_SERVER.format(_minor(there))}"
        )
    return int(overview["slots-total"])


def flink_of(jar: str) -> str | None:
    """The Flink that a job server is for; None where the jar does not say."""
    with suppress(KeyError, zipfile.BadZipFile), zipfile.ZipFile(jar) as file:
        for line in file.read(".flink-runtime.version.properties").decode().splitlines():
            name, _, value = line.partition("=")
            if name == "project.version":
                return value.strip()
    return None


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _ask(master: str, what: str, method: str = "GET") -> Any:
    """What the cluster's REST API answers.

    Raises:
        RunFailed: nothing, or an error.
    """
    request = urllib.request.Request(f"http://{master}/{what}", method=method)
    try:
        with NO_PROXY.open(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)
    except (OSError, ValueError) as error:
        raise RunFailed(f"no Flink cluster answers at --flink-master {master}: {error}") from None


def _cancel(master: str, name: str) -> None:
    """Cancel the jobs whose names begin so, and return when they have ended: no worker writes on for them."""
    until = time.monotonic() + END_SECONDS
    asked: set[str] = set()
    while True:
        jobs = [job for job in _ask(master, "jobs/overview")["jobs"] if job["name"].startswith(name)]
        live = {job["jid"] for job in jobs if job["state"] not in ENDED}
        for job in live - asked:
            with suppress(RunFailed):  # it has ended just now
                _ask(master, f"jobs/{job}?mode=cancel", "PATCH")
        asked |= live
        if not live:
            return
        if time.monotonic() > until:
            raise RunFailed(
                f"the job {live.pop()} on the cluster at --flink-master {master} cannot be cancelled"
            )
        time.sleep(0.2)


@contextmanager
def job_server(flink: Flink, slots: int) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A job server meanwhile: where it listens, and its process. It ends with this process, however that ends.

    Args:
        flink: where its jobs go.
        slots: how many tasks of a job are done at once.
    """
    java = shutil.which("java", path=_java_path())
    if not java:
        raise RunFailed("there is no java here to start Beam's job server with")
    jobs, artifacts = free_ports(2)
    with held(), tempfile.TemporaryDirectory(prefix="dateline-flink-") as folder:
        command = [
            java, *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED), f"-Djava.io.tmpdir={folder}",
            "-jar", flink.job_server, "--job-host=127.0.0.1", f"--job-port={jobs}", f"--artifact-port={artifacts}",
            "--expansion-port=-1", f"--flink-master={flink.master}", f"--artifacts-dir={folder}/artifacts",
            f"--flink-conf-dir={folder}",
        ]  # fmt: skip
        Path(folder, "config.yaml").write_text(f"parallelism.default: {slots}\n")
        log = Path(folder, "log")
        with (
            open(log, "wb") as output,
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=end_with_parent
            ) as server,
        ):
            try:
                with let():
                    _await(server, jobs, log)
                    yield f"127.0.0.1:{jobs}", server
            finally:
                server.kill()


def _java_path() -> str:
    """Where to look for java."""
    home = os.environ.get("JAVA_HOME")
    return os.pathsep.join([*([f"{home}/bin"] if home else []), os.environ.get("PATH", os.defpath)])


def _await(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Return once a job server listens.

    Raises:
        RunFailed: it ended, or takes too long; the message has the last line that it printed.
    """
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    lines = log.read_text(errors="replace").splitlines()
    raise RunFailed(f"Beam's job server did not start: {lines[-1] if lines else 'it printed nothing'}")
