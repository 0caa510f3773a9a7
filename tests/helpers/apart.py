"""Pools of workers that share nothing with the driver but a network: a folder of this machine is hidden from them.

Each pool is in a mount namespace of its own, in which an empty file system lies over that folder. Behind one door that
an engine asks for workers, two pools take turns.
"""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc

from tests.conftest import ROOT

_HIDE = 'mount -t tmpfs none "$1" && mkdir "$1/tmp" && shift && exec "$@"'


def unshare() -> list[str]:
    """The command that begins a mount namespace here.

    Raises:
        AssertionError: this machine allows none, neither to root nor to a user who is root in it alone.
    """
    for options in (["-m"], ["-r", "-m"]):
        command = ["unshare", *options]
        if not subprocess.run([*command, "true"], capture_output=True).returncode:
            return command
    raise AssertionError(
        "this machine allows no mount namespaces: what workers cannot see cannot be tried on it"
    )


@contextmanager
def pools_apart(hidden: Path, environ: dict[str, str], count: int = 2) -> Iterator[tuple[str, list[int]]]:
    """Where an engine asks for workers of pools that do not see a folder, meanwhile; and the pools' processes."""
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            command = [
                *unshare(),
                "sh",
                "-c",
                _HIDE,
                "sh",
                str(hidden),
                sys.executable,
                "-m",
                "dateline.runners.engine.pool",
            ]
            pool = subprocess.Popen(
                command,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                env=environ | {"TMPDIR": f"{hidden}/tmp"},
            )
            stack.enter_context(pool)
            stack.callback(pool.kill)
            assert pool.stdout
            started.append((pool, pool.stdout.readline().strip()))
        server = grpc.server(ThreadPoolExecutor(4))
        door = _Door([where for _, where in started])
        beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(door, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        stack.callback(server.stop, 0)
        yield f"127.0.0.1:{port}", [pool.pid for pool, _ in started]


class _Door(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Beam's service of a pool, which others do."""

    def __init__(self, pools: list[str]) -> None:
        channels = [grpc.insecure_channel(where) for where in pools]
        self._stubs = {
            where: beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
            for where, channel in zip(pools, channels, strict=True)
        }
        self._turn = cycle(pools)
        self._of: dict[str, str] = {}

    def StartWorker(self, request, context):
        self._of[request.worker_id] = where = next(self._turn)
        return self._stubs[where].StartWorker(request)

    def StopWorker(self, request, context):
        return self._stubs[self._of[request.worker_id]].StopWorker(request)
