"""A server that speaks as GCS does, on loopback, that can be told to fail: fake-gcs-server behind the layer of tests/helpers/store.py.

    python -m tests.gcs.server      build it, unless it is there: it takes Go, and minutes

The server is built from its module, which go.mod and go.sum here pin.
"""

import http.client
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from werkzeug.serving import make_server

from dateline.runners.engine.parent_death import end_with_parent
from dateline.runners.engine.ports import free_ports
from tests.engines.harness import cache_folder, go_built
from tests.helpers.store import Flaky
from tests.helpers.stores import BUCKET

PACKAGE = "github.com/fsouza/fake-gcs-server"
_NAME = re.compile(rb'"name": *"([^"]*)"')


class GCS:
    """A server that is up, a client of it, and what a run needs to know. Its one bucket is empty."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._faults = folder / "faults"
        none = str(folder / "none")
        self.environ = {
            "STORAGE_EMULATOR_HOST": url, "NO_GCE_CHECK": "true", "CLOUDSDK_CONFIG": none, "HOME": none,
        }  # fmt: skip
        self.asked: list[str] = []
        """What was asked for by now: the method, the path, and the object's name where that is in the body."""
        self._client = storage.Client("none", AnonymousCredentials(), client_options={"api_endpoint": url})
        self.bucket = self._client.bucket(BUCKET)

    def reset(self) -> None:
        """Forget all objects, and all faults."""
        self.fail()
        for blob in self._client.list_blobs(BUCKET):
            blob.delete()
        self.asked.clear()

    def fail(self, *rules) -> None:
        """From now on: see tests/helpers/store.py."""
        temporary = self._faults.with_suffix(".new")
        temporary.write_text(json.dumps(rules))
        os.replace(temporary, self._faults)

    def put(self, name: str, data: bytes) -> None:
        self.bucket.blob(name).upload_from_string(data)


class _Layer(Flaky):
    """Sees the name of an object that is uploaded, which GCS has in the body."""

    def __init__(self, port: int, faults: Path, asked: list[str]) -> None:
        super().__init__(_to(port), faults, signed_by="")
        self._asked = asked

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        named = _NAME.search(body[:1000]) if environ["REQUEST_METHOD"] == "POST" else None
        environ["asked"] = unquote(environ["RAW_URI"]) + (f" {named[1].decode()}" if named else "")
        self._asked.append(f"{environ['REQUEST_METHOD']} {environ['asked']}")
        return super().__call__(environ, start_response)

    def _path(self, environ) -> str:
        return environ["asked"]


def _to(port: int):
    """A WSGI application that has a server of this machine answer."""

    def application(environ, start_response):
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        inner = http.client.HTTPConnection("127.0.0.1", port)
        try:
            inner.request(
                environ["REQUEST_METHOD"], environ["RAW_URI"], environ["wsgi.input"].read(), headers
            )
            answer = inner.getresponse()
            body = answer.read()
        except ConnectionError:  # it ends the connection where it should refuse
            start_response("502 Bad Gateway", [("Content-Length", "0")])
            return []
        left_out = ("transfer-encoding", "connection", "date", "content-length")
        told = [(name, value) for name, value in answer.getheaders() if name.lower() not in left_out]
        start_response(f"{answer.status} {answer.reason}", [*told, ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


def built() -> Path:
    return go_built(Path(__file__).parent, PACKAGE, cache_folder())


@contextmanager
def serving(folder: Path):
    """The server as a process of its own, and the layer in this one."""
    inner, port = free_ports(2)
    url = f"http://127.0.0.1:{port}"
    command = [
        built(),
        "-backend=memory",
        "-scheme=http",
        "-host=127.0.0.1",
        f"-port={inner}",
        f"-external-url={url}",
    ]
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=end_with_parent)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", inner)).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
        gcs = GCS(url, folder)
        layer = make_server("127.0.0.1", port, _Layer(inner, folder / "faults", gcs.asked), threaded=True)
        threading.Thread(target=layer.serve_forever, daemon=True).start()
        gcs._client.create_bucket(BUCKET)
        yield gcs
        layer.shutdown()
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    print(built(), file=sys.stderr)
