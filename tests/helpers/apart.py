"""Pools of workers that share nothing with the driver but a network: a folder of this machine is hidden from them.

Each pool is in a mount namespace of its own, in which an empty file system lies over that folder. A machine of CI may be a
container that allows none: there the folder is another user's, and the pools are without root's right to enter it all the same.
Behind one door that an engine asks for workers, two pools take turns.
"""

import os
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

_OVER = 'mount -t tmpfs none "$1" && mkdir "$1/tmp" && shift && exec "$@"'
_CAPABILITIES = "-dac_override,-dac_read_search"
NOBODYS = 12345
"""A user that nobody is."""


def hidden_from(hidden: Path, folder: Path) -> tuple[list[str], Path]:
    """How a folder is hidden from a command, and from what it starts.

    Args:
        hidden: the folder.
        folder: another one, which it may write to.

    Returns:
        What stands before the command, and a folder for its temporary files.

    Raises:
        AssertionError: this machine allows none of the ways.
    """
    for options in (["-m"], ["-r", "-m"]):  # as root; or as a user who is root in a namespace
        start = ["unshare", *options]
        if not subprocess.run(
            [*start, "mount", "-t", "tmpfs", "none", str(hidden)], capture_output=True
        ).returncode:
            return [*start, "sh", "-c", _OVER, "sh", str(hidden)], hidden / "tmp"
    start = ["setpriv", f"--bounding-set={_CAPABILITIES}", f"--inh-caps={_CAPABILITIES}"]
    os.chown(hidden, NOBODYS, -1)
    hidden.chmod(0o700)
    found = subprocess.run([*start, "ls", str(hidden)], capture_output=True, text=True)
    assert "denied" in found.stderr, f"this machine hides no folder from a process: {found.stderr}"
    return start, folder


@contextmanager
def pools_apart(
    hidden: Path, folder: Path, environ: dict[str, str], count: int = 2
) -> Iterator[tuple[str, list[int]]]:
    """Where an engine asks for workers of pools that do not see a folder, meanwhile; and the pools' processes.

    Args:
        hidden, folder: see hidden_from().
        environ: of the pools.
        count: how many pools.
    """
    with ExitStack() as stack:
        started = []
        start, temporary = hidden_from(hidden, folder)
        for _ in range(count):
            pool = subprocess.Popen(
                [*start, sys.executable, "-m", "dateline.runners.engine.pool"],
                cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environ | {"TMPDIR": str(temporary)},
            )  # fmt: skip
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
