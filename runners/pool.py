"""A worker pool: starts a worker process for whichever engine asks, and ends with all of them.

    python -m runners.pool --port 8100

Beam has one too (worker_pool_main), which listens on every network of the machine, for whoever wants code run there,
and starts the first `python` of the PATH. This one listens on loopback, and its workers are of its own interpreter.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.runners.worker.sdk_worker import SdkHarness

from pipeline.versions import VersionError, here, require_same

CALLS = 4
"""Calls that are answered at once."""

WAIT_SECONDS = 3600.0

SERVICE, VERSIONS = "dateline.Pool", "Versions"
"""A call that only this pool knows: it answers what versions its workers will be of, as a JSON list of pairs."""


def main() -> None:
    """Serve until a signal ends this process."""
    parser = argparse.ArgumentParser(prog="python -m runners.pool", description="A pool of Beam workers.")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="default: one that is free")
    args = parser.parse_args()
    server = grpc.server(ThreadPoolExecutor(CALLS))
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pool(), server)
    told = grpc.unary_unary_rpc_method_handler(lambda request, context: json.dumps(here()).encode())
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {VERSIONS: told})])
    port = server.add_insecure_port(f"{args.host}:{args.port}")
    server.start()
    print(f"{args.host}:{port}", flush=True)
    while True:
        time.sleep(WAIT_SECONDS)


class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Beam's service of the same name.

    Where it is told the versions of the run's driver, it starts no worker of others.

    Engines count their workers each for itself, and the task managers of one cluster do: two of them may ask for the
    same name. So a worker is known by the connection, too, that it was asked for on.
    """

    def __init__(self) -> None:
        self._workers: dict[tuple[str, str], subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def StartWorker(
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        try:
            if request.params:
                require_same(tuple(request.params.items()))
        except VersionError as error:
            return beam_fn_api_pb2.StartWorkerResponse(error=str(error))
        code = "import sys; from runners.pool import work; work(*sys.argv[1:])"
        command = [sys.executable, "-c", code, request.control_endpoint.url, request.worker_id]
        with self._lock:
            self._workers = {name: worker for name, worker in self._workers.items() if worker.poll() is None}
            self._workers[context.peer(), request.worker_id] = subprocess.Popen(
                command, stdin=subprocess.PIPE
            )
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(
        self, request: beam_fn_api_pb2.StopWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        with self._lock:
            worker = self._workers.pop((context.peer(), request.worker_id), None)
        if worker:
            with worker:
                worker.kill()
        return beam_fn_api_pb2.StopWorkerResponse()


def work(control: str, name: str) -> None:
    """Be a worker, until the engine is done with it or the pool is gone.

    Args:
        control: where the engine listens, as HOST:PORT.
        name: what the engine calls this worker.
    """
    threading.Thread(target=_end_with_pool, daemon=True).start()
    SdkHarness(control, worker_id=name).run()


def _end_with_pool() -> None:
    """The pool holds the other end of stdin, and lets go of it however it ends."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    main()
