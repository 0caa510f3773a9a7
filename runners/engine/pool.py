"""A worker pool: starts a worker process for whichever engine may ask, and ends with all of them.

    python -m dateline.runners.engine.pool --port 8100

Beam has one too (worker_pool_main), which listens on every network of the machine, for whoever wants code run there,
and starts the first `python` of the PATH. This one listens on loopback, its workers are of its own interpreter, and it
does what is asked by who knows its secret, a file that `dateline run` is given, too (runners/engine/secret.py).
"""

import argparse
import ipaddress
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.runners.worker.sdk_worker import SdkHarness

from dateline.errors import UsageError, VersionError
from dateline.pipeline.versions import here, require_same
from dateline.runners.engine import secret
from dateline.runners.engine.proxies import spare_this_machine

CALLS = 4
"""Calls that are answered at once."""

SERVICE, VERSIONS = "dateline.Pool", "Versions"
"""A call that only this pool knows: it answers what versions its workers will be of, as a JSON list of pairs."""
ASKS_VERSIONS = f"/{SERVICE}/{VERSIONS}"

_BEAM = "/org.apache.beam.model.fn_execution.v1.BeamFnExternalWorkerPool"
STARTS, STOPS = f"{_BEAM}/StartWorker", f"{_BEAM}/StopWorker"


def main() -> None:
    """Serve until a signal ends this process. Exits with 2 where --host reaches beyond loopback and there is no secret, or where
    it cannot listen."""
    parser = argparse.ArgumentParser(
        prog="python -m dateline.runners.engine.pool", description="A pool of Beam workers."
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="default: one that is free")
    parser.add_argument(
        secret.OPTION,
        metavar="FILE",
        help="the secret that runs have to know, a file of mode 0600; beyond loopback there has to be one "
        "(default: ~/.config/dateline/pool-token, made if it is not there)",
    )
    args = parser.parse_args()
    try:
        if not args.token_file and not is_loopback(args.host):
            raise UsageError(
                f"--host {args.host} is reached from other machines, and who has a worker started can run code: beyond "
                f"loopback the pool needs {secret.OPTION} FILE, whose secret runs have to know"
            )
        path = args.token_file or secret.file_for_pool()
        own_secret = secret.read(path)
    except UsageError as error:
        parser.error(str(error))
    spare_this_machine(socket.gethostname(), socket.getfqdn())
    try:
        where, server = serve(f"[{args.host}]" if ":" in args.host else args.host, args.port, own_secret)
    except RuntimeError:
        parser.error(f"--port {args.port} of --host {args.host} cannot be had: is something there already?")
    print(where, flush=True)
    print(f"{parser.prog}: takes work from who knows the secret in {path}", file=sys.stderr, flush=True)
    server.wait_for_termination()


def is_loopback(host: str) -> bool:
    """Whether only processes of this machine reach a host's every address.

    Raises:
        UsageError: it has none.
    """
    try:
        found = socket.getaddrinfo(host, None)
    except OSError as error:
        raise UsageError(f"--host {host}: {error.strerror}") from None
    return all(ipaddress.ip_address(str(each[4][0]).partition("%")[0]).is_loopback for each in found)


def serve(host: str, port: int, own_secret: bytes) -> tuple[str, Any]:
    """Begin to serve who knows a secret.

    Returns:
        Where, as HOST:PORT, and the server, which serves as long as there is a reference to it.

    Raises:
        RuntimeError: it cannot listen there.
    """
    alone = (
        ("grpc.so_reuseport", 0),
    )  # else a second pool on a port of its own user's takes half of the calls
    server = grpc.server(ThreadPoolExecutor(CALLS), interceptors=[Gatekeeper(own_secret)], options=alone)
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pool(), server)
    versions = grpc.unary_unary_rpc_method_handler(lambda request, context: json.dumps(here()).encode())
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {VERSIONS: versions})])
    port = server.add_insecure_port(f"{host}:{port}")
    server.start()
    return f"{host}:{port}", server


class Gatekeeper(grpc.ServerInterceptor):
    """Answers who shows a pass, whatever the service: in the call's metadata, or where an engine calls, which cannot put
    one there, in the parameters of its request, which it has from the job.

    A request to stop a worker has none, so it is answered on a connection only where a worker was asked for with one.
    """

    def __init__(self, own_secret: bytes) -> None:
        self._secret = own_secret
        self._connections: set[str] = set()

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        handler = continuation(details)
        if handler is None or not handler.unary_unary:  # there is no such service
            return None
        call = details.method
        carried = dict(details.invocation_metadata).get(secret.PASS, "")

        def answer(request: Any, context: Any) -> Any:
            shown = carried or getattr(request, "params", {}).get(secret.PASS, "")
            if secret.is_good(shown, self._secret, call):
                self._connections.add(context.peer())
            elif call != STOPS or context.peer() not in self._connections:
                context.abort(
                    grpc.StatusCode.UNAUTHENTICATED,
                    f"this pool takes work from who knows its secret: give {secret.OPTION} with the file that it was "
                    "started with (or a copy), and see that the clocks of both machines agree",
                )
            return handler.unary_unary(request, context)

        return grpc.unary_unary_rpc_method_handler(
            answer, handler.request_deserializer, handler.response_serializer
        )


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
        versions = tuple((name, value) for name, value in request.params.items() if name != secret.PASS)
        try:
            if versions:
                require_same(versions)
        except VersionError as error:
            return beam_fn_api_pb2.StartWorkerResponse(error=str(error))
        code = "import sys; from dateline.runners.engine.pool import work; work(*sys.argv[1:])"
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
