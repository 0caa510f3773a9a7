"""Worker processes of the local runner: forked from this process before the runner starts.

A fork has Beam, Arrow and the gazetteer already, in memory that it shares; a new interpreter takes a second of CPU and
some hundred MB for them. gRPC does not survive a fork, so the workers are forked first, and wait for word of where the
runner listens, in a folder that only this user may enter (runners/engine/sockets.py). Work, results and errors then go through
Beam's own Fn API, as with any other worker.
"""

import ctypes
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, NoReturn

from apache_beam.portability.api import beam_fn_api_pb2, endpoints_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.runners.worker import sdk_worker, sdk_worker_main
from apache_beam.transforms.environments import Environment, python_sdk_capabilities
from google.protobuf import json_format, text_format

from dateline.errors import RunFailed
from dateline.pipeline.rules.gazetteer import gazetteer
from dateline.pipeline.stop import asked, at_once, blocked, held, leave_signals, let
from dateline.runners.engine.beam_shortcuts import take_shortcuts
from dateline.runners.engine.beside import leave_open
from dateline.runners.engine.parent_death import end_with_parent
from dateline.runners.engine.sockets import PrivateServer, private_sockets
from dateline.runners.engine.stage_metrics import look_often
from dateline.schemas.contract import contract

if TYPE_CHECKING:
    from dateline.runners.engine.profile import Profile

URN = "dateline:env:forked_worker:v1"
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
MALLOC = {M_ARENA_MAX: 1, M_MMAP_THRESHOLD: 4 << 20, M_TRIM_THRESHOLD: 8 << 20, M_TOP_PAD: 2 << 20}
"""What glibc's mallopt(3) is told for a worker. All threads have one arena: each keeps what was freed in it, and Beam has many
threads. It keeps what a chunk of a dump has freed for the next one, or the system would clear a thousand pages for each."""

LOOK_SECONDS = 0.5
"""How long the runner may await work of a worker that is gone, and a worker that the system ends it with the run."""

_waiting: list[tuple[int, int]] = []
"""Workers that have no work yet: the process, and the pipe by which it gets its orders."""

_forked: set[int] = set()
"""Workers that may live."""

_lost: list[str] = []
"""How workers ended that should not have ended."""


@contextmanager
def forked_workers(count: int, profile: "Profile | None" = None) -> Iterator[None]:
    """Have worker processes at hand for one run; call it while this process has a single thread.

    Args:
        count: how many; none are forked for 1, whose work this process does.
        profile: is to watch them, if given.

    Raises:
        RunFailed: the run failed, and a worker had ended before it; or there is no place where only this user could reach
            the run.
    """
    _set_malloc()
    gc.freeze()  # what is here stays, and a fork that looked at it would copy its pages
    gc.set_threshold(100_000)  # many objects are made and hardly a cycle; at 700 they are looked at in vain
    look_often()
    take_shortcuts()
    _lost.clear()
    with held():
        at_once.append(_end_all)
        try:
            if count > 1:
                gazetteer(), contract("article")  # read once, shared by all
                sys.stdout.flush()
                for number in range(count):
                    _waiting.append(_fork(number + 1, profile))
            with (
                _threads_heard_late() if count > 1 else nullcontext(),
                private_sockets() if count > 1 else nullcontext(),
                profile.watch("driver") if profile else nullcontext(),
                let(),
            ):
                yield
        except Exception:
            if _lost:  # then what the runner says are broken connections
                raise RunFailed(f"a worker process {_lost[0]}") from None
            raise
        finally:
            _end_all()
            at_once.remove(_end_all)
            while _waiting:
                os.close(_waiting.pop()[1])


@contextmanager
def _threads_heard_late() -> Iterator[None]:
    """Have what a thread raises be told once it is known whether a worker was lost: then it is a connection that broke."""
    raised: list[threading.ExceptHookArgs] = []
    hook = raised.append
    before, threading.excepthook = threading.excepthook, hook
    try:
        yield
    finally:
        if threading.excepthook is hook:
            threading.excepthook = before
        for each in () if _lost or asked else raised:
            before(each)


def _end_all() -> None:
    """End the workers that are there still: they were not needed, or the run is stopped."""
    while _forked:
        _end(_forked.pop())


def _end(process: int) -> None:
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _fork(number: int, profile: "Profile | None") -> tuple[int, int]:
    orders, word = os.pipe()
    parent = os.getpid()
    with blocked():
        process = os.fork()
        if process:
            _forked.add(process)
            os.close(orders)
            return process, word
        return _be_worker(orders, parent, number, profile)


def _be_worker(orders: int, parent: int, number: int, profile: "Profile | None") -> NoReturn:
    status = 1
    try:
        _work(orders, parent, number, profile)
        status = 0
    except BaseException:
        time.sleep(LOOK_SECONDS)  # a run that is gone, and so a connection, takes this process with it
        traceback.print_exc()
    finally:
        os._exit(status)  # what the parent would do as it ends is not for a worker to do


def _work(orders: int, parent: int, number: int, profile: "Profile | None") -> None:
    """Wait for word of where the runner is, then serve it until it is done."""
    leave_signals()  # Ctrl-C reaches the whole group, and systemd's SIGTERM, too; the run decides what follows
    threading.excepthook = _print_late
    end_with_parent()
    if os.getppid() != parent:
        return  # it ended before
    leave_open(orders)
    with open(orders, encoding="utf-8") as word:
        text = word.read()
    if not text:
        return  # the run ended without it
    logging.disable()  # Beam tells of a worker's coming and going; what a stage raises reaches the run as a result,
    vars(sdk_worker)["print"] = lambda *args, **options: None  # and is printed as well
    os.environ.update(json.loads(text))
    with profile.watch(f"worker {number}") if profile else nullcontext():
        sdk_worker_main.main(sys.argv)


def _set_malloc() -> None:
    """Set glibc's malloc(3) as MALLOC says; other systems have no mallopt()."""
    call = getattr(ctypes.CDLL(None), "mallopt", None)
    if call is not None:
        for option, value in MALLOC.items():
            call(option, value)


def _print_late(raised: threading.ExceptHookArgs) -> None:
    """Tell what one of Beam's threads raised, unless that is a connection to a run that is gone."""
    time.sleep(LOOK_SECONDS)
    threading.__excepthook__(raised)


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
    """Tells a waiting worker where the runner listens, and the runner when the worker is gone."""

    def __init__(self, payload: bytes, state: Any, provision_info: Any, grpc_server: Any) -> None:
        if not isinstance(grpc_server, PrivateServer):
            raise RuntimeError("Beam made another server for the workers than the private one")
        super().__init__(state, provision_info, grpc_server)
        self._process = 0
        self._closing = threading.Event()

    def port_from_worker(self, port: str) -> str:
        """Where a worker finds a service: what is a port to Beam is a socket's URL here."""
        return port

    def start_worker(self) -> None:
        if not _waiting:
            raise RuntimeError("the runner wants more workers than forked_workers() made")
        self._process, word = _waiting.pop()

        def at(url: str) -> str:
            return str(text_format.MessageToString(endpoints_pb2.ApiServiceDescriptor(url=url)))

        options = self.provision_info.provision_info.pipeline_options
        surroundings = {
            "CONTROL_API_SERVICE_DESCRIPTOR": at(self.control_address),
            "PIPELINE_OPTIONS": json_format.MessageToJson(options),
            "WORKER_ID": self.worker_id,
        }
        with suppress(BrokenPipeError), open(word, "w", encoding="utf-8") as file:
            json.dump(surroundings, file)  # a worker that is gone is missed when it should work

        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()

    def _watch(self, process: int) -> None:
        """Answer for a worker that has ended: Beam would await for ever what it asked of it."""
        with suppress(ChildProcessError):  # stop_worker() was faster
            os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        answer = beam_fn_api_pb2.InstructionResponse(error="the worker process is gone")
        while not self._closing.wait(LOOK_SECONDS):
            for awaited in list(self.control_conn._futures_by_id.values()):
                awaited.set(answer)

    def close(self) -> None:
        if self._process:
            ended = os.waitid(os.P_PID, self._process, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if ended:
                _lost.append(_how(ended))
        self._closing.set()
        try:
            super().close()
        finally:  # its connections may be broken
            self.stop_worker()

    def stop_worker(self) -> None:
        process, self._process = self._process, 0
        if process:  # idle, or at work for a run that failed: nothing that it has counts
            _forked.discard(process)
            _end(process)


def _how(ended: os.waitid_result) -> str:
    """How a process ended."""
    if ended.si_code == os.CLD_EXITED:
        return f"ended with status {ended.si_status}"
    return f"was ended by {signal.Signals(ended.si_status).name}"
