"""Runs against the server of tests/helpers/store.py: what they need of the environment, and how they are started."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import boto3
import botocore.endpoint
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from dateline.pipeline.store import s3_client
from tests.conftest import ROOT, dateline_here
from tests.helpers.store import KEY, SECRET

BUCKET = "dumps"


class Store:
    """A server, a client of it, and what a run needs to know."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._faults = folder / "faults"
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(folder / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
            "PYTHONPATH": str(ROOT),
        }
        self.client = self.client_that()

    def client_that(self, config=None):
        """A client of it, of some configuration of botocore's."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=config,
        )

    def fail(self, *rules) -> None:
        """From now on: see tests/helpers/store.py."""
        temporary = self._faults.with_suffix(".new")
        temporary.write_text(json.dumps(rules))
        os.replace(temporary, self._faults)

    def reset(self) -> None:
        """Forget everything, faults too; then there is one bucket."""
        self.fail()
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")
        urllib.request.urlopen(request, timeout=10).close()
        self.client.create_bucket(Bucket=BUCKET)

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)

    def run(
        self, output: Path | str, *args, pattern="s3://dumps/**/*", process=False, patient=True, **environ
    ):
        """A run over what the pattern matches; what it tells holds nothing secret, and so does what it leaves.

        process: as a process of its own, as a person would; else in this one, which has loaded everything.
        patient: wait between two tries; a process always does.
        """
        command = ["run", "--input", pattern, "--output", str(output), *map(str, args)]
        environ = self.environ | environ
        if process:
            start = [sys.executable, "-m", "dateline"]
            done = subprocess.run(
                [*start, *command], capture_output=True, text=True, cwd=ROOT, timeout=240, env=environ
            )
        else:
            done = command_here(command, environ, patient)
        assert_nothing_secret(done, output)
        return done


_made_for: dict[str, str] = {}


def client_for(environ) -> None:
    """Have the next client be one of this environment. The one that was made stays if it is; to make one takes long."""
    wanted = {name: value for name, value in environ.items() if name.startswith("AWS_") and value}
    if wanted != _made_for:
        s3_client._client.cache_clear()
        _made_for.clear()
        _made_for.update(wanted)


def command_here(args, environ, patient=True) -> subprocess.CompletedProcess:
    """A command in this process."""
    client_for(environ)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        if not patient:
            patch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda seconds: None))
        return dateline_here(*args)


def line_of(done) -> str:
    """The one line of an error."""
    (line,) = done.stderr.splitlines()
    return line


def as_local(found: dict[str, bytes]) -> dict[str, bytes]:
    """What files_of() would give of it: the objects of a dataset in a store, by their names in it."""
    manifest = json.loads(
        found[f"_manifests/{json.loads(found['_manifests/latest.json'])['version']:08d}.json"]
    )
    for file in manifest["files"]:
        assert found[file.pop("stored")] == found[file["path"]]
    facts = {name: manifest[name] for name in ("dumps", "files", "settings")}
    shown = {
        name: data
        for name, data in found.items()
        if not name.startswith(("_versions", "_manifests", "_runs"))
    }
    return shown | {"manifest": json.dumps(facts).encode()}


def changed(data: bytes) -> bytes:
    """Bytes of which one is another."""
    return data[:-1] + bytes([data[-1] ^ 1])


def assert_nothing_secret(done, output: Path | str) -> None:
    left = b"".join(path.read_bytes() for path in Path(output).rglob("*") if path.is_file())
    for secret in (KEY, SECRET):
        assert secret not in done.stdout + done.stderr
        assert secret.encode() not in left


@contextlib.contextmanager
def serving(folder: Path):
    """The server, as a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.store", str(port), str(folder / "faults")],
            cwd=ROOT, stdout=log, stderr=log,
        )  # fmt: skip
    found = Store(folder, port)
    try:
        for _ in range(600):
            try:
                found.client.list_buckets()
                break
            except (BotoCoreError, ClientError):
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
        yield found
    finally:
        process.kill()
        process.wait()
