"""Worker processes of the local runner: forked from this process before the runner starts.

A fork has Beam, Arrow and the gazetteer already, in memory that it shares; a new interpreter takes a second of CPU and
some hundred MB for them. gRPC does not survive a fork, so the workers are forked first, and wait for word of where the
runner listens. Work, results and errors then go through Beam's own Fn API, as with any other worker.
"""

import gc
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from apache_beam.portability.api import endpoints_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.runners.worker import sdk_worker_main
from apache_beam.transforms.environments import Environment, python_sdk_capabilities
from google.protobuf import json_format, text_format

from pipeline.rules.contract import contract
from pipeline.rules.places import gazetteer
from runners.stages import look_often

if TYPE_CHECKING:
    from runners.profile import Profile

URN = "dateline:env:forked_worker:v1"
ELEMENTS_BETWEEN_COLLECTIONS = 100_000
"""A run makes many objects and hardly a cycle: Python's collector, left at 700, would look at them for nothing."""

MAX_OPEN = 1 << 12
"""Files that are looked for to be closed in a worker; so early no more are open."""

_waiting: list[tuple[int, int]] = []
"""Workers that have no work yet: process, and where it is told what to do."""


@contextmanager
def forked_workers(count: int, profile: "Profile | None" = None) -> Iterator[None]:
    """Have worker processes at hand for one run; call it while this process has a single thread.

    Args:
        count: how many; none are forked for 1, whose work this process does.
        profile: is to watch them, if given.
    """
    gc.freeze()  # what is here stays, and a fork that looked at it would copy its pages
    gc.set_threshold(ELEMENTS_BETWEEN_COLLECTIONS)
    look_often()
    if count > 1:
        gazetteer(), contract("article")  # read once, shared by all
        sys.stdout.flush()
        for number in range(count):
            _waiting.append(_fork(number + 1, profile))
    try:
        with profile.watch("driver") if profile else nullcontext():
            yield
    finally:
        while _waiting:  # they were not needed: the run failed before
            process, word = _waiting.pop()
            os.close(word)
            os.waitpid(process, 0)


def _fork(number: int, profile: "Profile | None") -> tuple[int, int]:
    told, word = os.pipe()
    process = os.fork()
    if process:
        os.close(told)
        return process, word
    status = 1
    try:
        _work(told, number, profile)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)  # what the parent would do as it ends is not for a worker to do


def _work(told: int, number: int, profile: "Profile | None") -> None:
    """Wait for word of where the runner is, then serve it until it is done."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the run decides what follows
    os.closerange(3, told)  # the dataset's lock among them, which only the run itself may hold
    os.closerange(told + 1, min(os.sysconf("SC_OPEN_MAX"), MAX_OPEN))
    with open(told, encoding="utf-8") as word:
        text = word.read()
    if not text:
        return  # the run ended without it
    logging.disable(logging.WARNING)  # what Beam tells of a worker's coming and going is nothing to a user
    os.environ.update(json.loads(text))
    with profile.watch(f"worker {number}") if profile else nullcontext():
        sdk_worker_main.main(sys.argv)


@Environment.register_urn(URN, bytes)
class ForkedEnvironment(Environment):
    """Stages run in the workers of forked_workers()."""

    def to_runner_api_parameter(self, context: Any) -> tuple[str, bytes]:
        return URN, b""

    @staticmethod
    def from_runner_api_parameter(
        payload: bytes, capabilities: Any, artifacts: Any, context: Any
    ) -> "ForkedEnvironment":
        return ForkedEnvironment(capabilities=capabilities, artifacts=artifacts)

    @classmethod
    def default(cls) -> "ForkedEnvironment":
        return cls(capabilities=python_sdk_capabilities(), artifacts=())


@WorkerHandler.register_environment(URN, bytes)
class ForkedWorkerHandler(GrpcWorkerHandler):
    """Tells a waiting worker where the runner listens."""

    def __init__(self, payload: bytes, state: Any, provision_info: Any, grpc_server: Any) -> None:
        super().__init__(state, provision_info, grpc_server)
        self._process = 0

    def start_worker(self) -> None:
        if not _waiting:
            raise RuntimeError("the runner wants more workers than forked_workers() made")
        self._process, word = _waiting.pop()

        def at(url: str) -> str:
            return str(text_format.MessageToString(endpoints_pb2.ApiServiceDescriptor(url=url)))

        options = self.provision_info.provision_info.pipeline_options
        surroundings = {
            "CONTROL_API_SERVICE_DESCRIPTOR": at(self.control_address),
            "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(
                self.logging_api_service_descriptor()
            ),
            "PIPELINE_OPTIONS": json_format.MessageToJson(options),
            "WORKER_ID": self.worker_id,
        }
        with suppress(BrokenPipeError), open(word, "w", encoding="utf-8") as file:
            json.dump(surroundings, file)  # a worker that is gone is missed when it should work

    def stop_worker(self) -> None:
        os.kill(
            self._process, signal.SIGKILL
        )  # idle, or at work for a run that failed: nothing that it has counts
        os.waitpid(self._process, 0)
