"""Where a local run listens for its worker processes: Unix sockets in a folder that nobody else may enter.

Beam's own server for workers opens a port each for control, data, state and logging, on every network of the machine,
and asks nobody who they are: whoever reaches one can have code run. It has no option for another place, so
PrivateServer takes its place. It serves what forked workers use: control, data and state. What they do not use,
logging, provision and artifacts, is not served at all.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc as services
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.runners.worker.data_plane import BeamFnDataServicer
from apache_beam.utils.thread_pool_executor import shared_unbounded_instance

from dateline.errors import RunFailed
from dateline.pipeline.stop import at_once, held, let

OPTIONS = (
    ("grpc.max_receive_message_length", -1),  # what Beam sends at once it bounds itself
    ("grpc.max_send_message_length", -1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
)
"""Those of Beam's server."""

PREFIX = "dateline-run-"
"""What a run's folder for sockets is called, before eight characters by chance."""

LONGEST_BASE = 76
"""Bytes of a folder's name: a socket's path has 107 at most, and this leaves 30 for what is put below the folder."""

END_SECONDS = 5
"""How long what is under way may take once a run is over."""

_folder: list[str] = []
"""Where the sockets of the run are, while there is one."""


class PrivateServer(worker_handlers.GrpcServer):
    """Serves the workers of one run; a "port" of it is a socket's URL."""

    def __init__(self, state: Any, provision_info: Any, worker_manager: Any) -> None:
        self._servers: list[Any] = []
        self.control_handler = worker_handlers.BeamFnControlServicer(worker_manager)
        self.data_plane_handler = BeamFnDataServicer(worker_handlers.DATA_BUFFER_TIME_LIMIT_MS)
        states = worker_handlers.GrpcStateServicer(state)
        self.control_port = self._serve(
            "control", services.add_BeamFnControlServicer_to_server, self.control_handler
        )
        self.data_port = self._serve(
            "data", services.add_BeamFnDataServicer_to_server, self.data_plane_handler
        )
        self.state_port = self._serve("state", services.add_BeamFnStateServicer_to_server, states)

    def _serve(self, name: str, add: Callable[[Any, Any], None], servicer: Any) -> str:
        """Listen on a socket of its own; its URL."""
        path = os.path.join(_folder[-1], name)
        url = f"unix:{quote(path)}"
        server = grpc.server(shared_unbounded_instance(), options=OPTIONS)
        add(servicer, server)
        server.add_insecure_port(url)
        os.chmod(path, 0o600)
        server.start()
        self._servers.append(server)
        return url

    def close(self) -> None:
        self.control_handler.done()
        for stopping in [server.stop(END_SECONDS) for server in self._servers]:
            stopping.wait()


@contextmanager
def private_sockets() -> Iterator[None]:
    """Have Beam listen for workers in a new private folder, which is gone afterwards, and nowhere else.

    Raises:
        RunFailed: there is no place for such a folder.
    """
    theirs = worker_handlers.GrpcServer
    with held():
        place = place_for_sockets()
        _remove_dead(place)
        folder, lock = _new_folder(place)
        remove = partial(shutil.rmtree, folder, ignore_errors=True)
        at_once.append(remove)
        _folder.append(folder)
        worker_handlers.GrpcServer = PrivateServer  # Beam makes its server itself, by this name
        try:
            with let():
                yield
        finally:
            worker_handlers.GrpcServer = theirs
            _folder.pop()
            remove()
            at_once.remove(remove)
            os.close(lock)


def _new_folder(place: str) -> tuple[str, int]:
    """A folder of mode 0700 with a name by chance, and a handle of it: a lock that tells that its run lives."""
    while True:
        folder = tempfile.mkdtemp(prefix=PREFIX, dir=place)
        with suppress(FileNotFoundError):  # a run that begins just now took it for that of a dead one
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.path.exists(folder):
                return folder, lock
            os.close(lock)


def _remove_dead(place: str) -> None:
    """Remove the folders of this user's runs that were killed, and could not do it themselves."""
    for path in Path(place).glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is another user's, a live run's, or gone
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_uid == os.geteuid():
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path)
            finally:
                os.close(handle)


def place_for_sockets() -> str:
    """The first of the usual folders for temporary things that a socket's path has room for, and in which nobody else can
    put something in place of what this user makes.

    Raises:
        RunFailed: there is none.
    """
    asked = tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR"), "/tmp", "/var/tmp", "/dev/shm"
    for base in map(os.path.realpath, filter(None, asked)):
        if len(os.fsencode(base)) <= LONGEST_BASE and os.access(base, os.W_OK | os.X_OK) and is_safe(base):
            return base
    raise RunFailed(
        f"there is no folder for the sockets of a run's workers: {asked[0]} is writable to others, or its name is longer "
        f"than {LONGEST_BASE} bytes; set TMPDIR to one that is not, or give --workers 1"
    )


def is_safe(folder: str) -> bool:
    """Whether only this user and root can rename or remove what this user makes in a folder, given by its real path: it
    and all above it belong to one of the two, and who else may write there may not touch what is others' (the sticky bit).
    """
    trusted = {0, os.geteuid(), os.stat("/").st_uid}  # in a namespace of users root may have another number
    for each in (Path(folder), *Path(folder).parents):
        status = each.stat()
        shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX
        if shared or status.st_uid not in trusted:
            return False
    return True
