"""A service that speaks as Dataflow does, as far as its runner asks it, and does the jobs that it is given.

It holds each request against the schema that Google publishes (discovery.py), takes the graph from where the request says
that it lies, and has Beam's FnApiRunner do it, with workers that the container's own entry starts: Beam's boot, built from
its module, as a process that finds in its environment what it would find in the image.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability import common_urns
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_runner_api_pb2,
)
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.fn_runner import ExtendedProvisionInfo
from apache_beam.transforms.environments import ExternalEnvironment
from google.cloud import dataflow as service
from google.protobuf import json_format

from dateline.pipeline.store.address import object_at
from dateline.runners.engine.parent_death import end_with_parent
from tests.conftest import ROOT
from tests.dataflow.discovery import problems
from tests.engines.harness import cache_folder, go_built

PACKAGE = "github.com/apache/beam/sdks/v2/python/container"
JOBS = re.compile(r"/v1b3/projects/([\w-]+)/locations/([\w-]+)/jobs(?:/([\w-]+))?(?:/(messages|metrics))?")
STOPPED = ("JOB_STATE_DONE", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED")


def boot() -> Path:
    """Beam's entry of a worker's container, of the module that Prism is of, too."""
    return go_built(ROOT / "tests" / "engines" / "prism", PACKAGE, cache_folder())


def named(message: Any, body: dict[str, Any]) -> dict[str, Any]:
    """A message as Google's client sends it, with names in place of the numbers of enums."""
    sent = message.from_json(json.dumps(body))
    made: dict[str, Any] = json.loads(json_format.MessageToJson(message.pb(sent)))
    return made


class Job:
    """A job: what was asked for, and how far it is."""

    def __init__(self, request: dict[str, Any], name: str) -> None:
        self.request = request
        self.id = name
        self.state = "JOB_STATE_PENDING"
        self.error = ""
        self.ended = threading.Event()
        self.graph = beam_runner_api_pb2.Pipeline()
        self.result: Any = None
        self.booted: list[list[str]] = []
        """The command lines that the container's entry was started with."""

    def body(self) -> dict[str, Any]:
        return self.request | {"id": self.id, "currentState": self.state}


class Dataflow:
    """The jobs of a service, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: dict[str, Job] = {}
        self.refuse = ""
        """Why a job is refused, if the next one is."""
        self.end, self.reason = "", ""
        """The state in which each job ends without being done, if it does, and why."""
        self.on_job: Callable[[], object] = lambda: None
        """What happens when a job has come."""
        self.hold = threading.Event()
        """Jobs begin once this is set."""
        self.hold.set()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer to a request."""
        where, _, query = path.partition("?")
        match = JOBS.fullmatch(where)
        assert match, path
        _, _, name, of_job = match.groups()
        if method == "POST":
            body = named(service.Job, body)
            if wrong := [self.refuse] if self.refuse else problems("Job", body):
                return 400, {"error": {"code": 400, "message": wrong[0], "status": "INVALID_ARGUMENT"}}
            return 200, self._begin(Job(body, f"job-{len(self.jobs)}")).body()
        if name is None:
            active = [job.body() for job in self.jobs.values() if job.state not in STOPPED]
            return 200, {"jobs": active if "filter=3" in query or "ACTIVE" in query else []}
        job = self.jobs[name]
        if method == "PUT":
            job.state = named(service.Job, body)["requestedState"]
        answers = {"messages": _messages, "metrics": _metrics, None: Job.body}
        found = answers[of_job](job)
        message = {"messages": "ListJobMessagesResponse", "metrics": "JobMetrics", None: "Job"}[of_job]
        assert not problems(message, found)
        return 200, found

    def _begin(self, job: Job) -> Job:
        self.jobs[job.id] = job
        options = job.request["environment"]["sdkPipelineOptions"]["options"]
        bucket, key = object_at(options["pipelineUrl"])
        data, _ = bucket.get(key)
        assert hashlib.sha256(data).hexdigest() == options["pipelineProtoHash"]
        job.graph.ParseFromString(data)
        self.on_job()
        if self.end:
            job.state, job.error = self.end, self.reason
            return job
        threading.Thread(target=self._do, args=(job,), daemon=True).start()
        return job

    def _do(self, job: Job) -> None:
        self.hold.wait()
        if job.state in STOPPED:
            return
        job.state = "JOB_STATE_RUNNING"
        try:
            with self._workers(job) as where:
                job.result = done_by(job.graph, where, job.request["environment"]["sdkPipelineOptions"])
            job.state = "JOB_STATE_DONE"
        except Exception as error:
            job.error, job.state = str(error), "JOB_STATE_FAILED"
        job.ended.set()

    @contextmanager
    def _workers(self, job: Job) -> Iterator[str]:
        """Where workers of a job are to be had."""
        server = grpc.server(ThreadPoolExecutor(4))
        machines = Machines(self.folder, job)
        beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(machines, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None)
            machines.stop()


class Machines(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts the entry of a worker's container, as a machine of the service does."""

    def __init__(self, folder: Path, job: Job) -> None:
        self._folder = folder
        self._job = job
        self._started: list[subprocess.Popen[bytes]] = []

    def StartWorker(self, request: Any, context: Any) -> Any:
        folder = self._folder / f"{self._job.id}-{request.worker_id}"
        folder.mkdir()
        command = [
            str(boot()), f"--id={request.worker_id}", f"--provision_endpoint={request.provision_endpoint.url}",
            f"--control_endpoint={request.control_endpoint.url}", f"--artifact_endpoint={request.artifact_endpoint.url}",
            f"--logging_endpoint={request.logging_endpoint.url}", f"--semi_persist_dir={folder}",
        ]  # fmt: skip
        self._job.booted.append(command)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environ = os.environ | {
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "XDG_CACHE_HOME": str(folder),
            "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT": "1",
        }
        with open(folder / "log", "wb") as log:
            self._started.append(
                subprocess.Popen(
                    command, cwd=folder, env=environ, stdout=log, stderr=log, preexec_fn=end_with_parent
                )
            )
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, context: Any) -> Any:
        return beam_fn_api_pb2.StopWorkerResponse()

    def stop(self) -> None:
        for process in self._started:
            process.terminate()
        for process in self._started:
            process.wait()


def done_by(graph: Any, where: str, options: dict[str, Any]) -> Any:
    """Have Beam's own runner do a graph with workers of an address in place of the image's containers, which are told the
    job's options and fetch nothing."""
    graph = type(graph).FromString(graph.SerializeToString())
    outside = ExternalEnvironment(where).to_runner_api(None)
    for environment in graph.components.environments.values():
        assert environment.urn == common_urns.environments.DOCKER.urn
        environment.urn, environment.payload = outside.urn, outside.payload
    provision = beam_provision_api_pb2.ProvisionInfo()
    json_format.ParseDict(options, provision.pipeline_options)
    runner = FnApiRunner(provision_info=ExtendedProvisionInfo(provision))
    return runner.run_via_runner_api(graph, PipelineOptions([]))


def _messages(job: Job) -> dict[str, Any]:
    if not job.error:
        return {}
    said = {
        "id": "1",
        "time": "2026-11-30T00:00:00Z",
        "messageImportance": "JOB_MESSAGE_ERROR",
        "messageText": job.error,
    }
    return {"jobMessages": [said]}


def _metrics(job: Job) -> dict[str, Any]:
    """What the service tells of a job's counters, by the steps' ids in the graph."""
    if job.result is None:
        return {"metrics": []}
    ids = {step.unique_name: name for name, step in job.graph.components.transforms.items()}
    found = job.result.metrics().query()
    told = []
    for each in (*found["counters"], *found["distributions"]):
        if each in found["counters"]:
            value = {"scalar": each.committed}
        else:
            value = {
                "distribution": {
                    name: getattr(each.committed, name) for name in ("count", "min", "max", "sum")
                }
            }
        step = {"step": ids.get(each.key.step, each.key.step), "namespace": each.key.metric.namespace}
        for context in (step, step | {"tentative": "true"}):
            told.append(
                {"name": {"origin": "user", "name": each.key.metric.name, "context": context}} | value
            )
    return {"metrics": told}


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Dataflow]]:
    """Where the service listens, and its jobs."""
    jobs = Dataflow(folder)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, answer = jobs.answer(self.command, self.path, body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_address[1]}", jobs
    finally:
        server.shutdown()
        server.server_close()
