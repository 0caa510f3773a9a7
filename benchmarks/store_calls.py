"""What a call of an object store costs by each client that could make it, and whether the client survives a fork.

    python -m benchmarks.store_calls boto3 obstore

Each makes the same calls of the server of store_answers.py (so the extra `test` has to be installed, and obstore, which
Dateline does not use: docs/stores.md says why). CPU is that of this process alone: the server is another. The figure is the
least of some rounds, in which the clients take turns.
"""

import argparse
import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from botocore.config import Config

from dateline.runners.engine.parent_death import end_with_parent
from tests.helpers.stores import BUCKET, Store

Call = Callable[[str], Any]
ROUNDS = 3
THREADS = 10
PATIENCE_SECONDS = 10
"""How long a forked process has for one call."""


def boto3_calls(store: Store, data: bytes, **settings: Any) -> dict[str, Call]:
    """The calls as pipeline/store/s3.py makes them; settings: of botocore's Config."""
    client = store.client_that(Config(**settings))
    digest = {
        "ChecksumSHA256": base64.b64encode(sha256(data).digest()).decode(),
        "ChecksumAlgorithm": "SHA256",
    }

    def of(key: str) -> dict[str, str]:
        return {"Bucket": BUCKET, "Key": key}

    return {
        "put": lambda key: client.put_object(**of(key), Body=bytearray(data), **digest),
        "head": lambda key: client.head_object(**of(key), ChecksumMode="ENABLED"),
        "copy": lambda key: client.copy_object(**of(f"{key}~"), CopySource=of(key), ChecksumAlgorithm="SHA256"),
        "get": lambda key: client.get_object(**of(key))["Body"].read(),
    }  # fmt: skip


def bare_calls(store: Store, data: bytes) -> dict[str, Call]:
    """The same with all that can be switched off."""
    return boto3_calls(
        store, data, parameter_validation=False, request_checksum_calculation="when_required",
        response_checksum_validation="when_required", s3={"payload_signing_enabled": False},
    )  # fmt: skip


def obstore_calls(store: Store, data: bytes) -> dict[str, Call]:
    """The like; what its answers say of a checksum is nothing."""
    import obstore
    from obstore.store import S3Store

    options = {name.removeprefix("AWS_").lower(): value for name, value in store.environ.items()
               if name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")}  # fmt: skip
    bucket = S3Store(
        BUCKET, endpoint=store.url, checksum_algorithm="SHA256", client_options={"allow_http": True}, **options
    )  # fmt: skip
    return {
        "put": lambda key: obstore.put(bucket, key, data, use_multipart=False),
        "head": lambda key: obstore.head(bucket, key),
        "copy": lambda key: obstore.copy(bucket, key, f"{key}~"),
        "get": lambda key: bytes(obstore.get(bucket, key).bytes()),
    }


CLIENTS = {"boto3": boto3_calls, "bare-boto3": bare_calls, "obstore": obstore_calls}


def cpu_ms(call: Call, keys: Sequence[str]) -> float:
    """Milliseconds of CPU for each call, of some at a time."""
    begin = time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(call, keys))
    return (time.process_time() - begin) / len(keys) * 1000


def survives_fork(call: Call, key: str) -> bool:
    """Whether a process that is forked after calls were made can make one."""
    child = os.fork()
    if not child:
        try:
            end_with_parent()
            call(key)
            os._exit(0)
        finally:
            os._exit(1)
    for _ in range(PATIENCE_SECONDS * 10):
        process, status = os.waitpid(child, os.WNOHANG)
        if process:
            return status == 0
        time.sleep(0.1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clients", nargs="+", choices=CLIENTS)
    parser.add_argument("--calls", type=int, default=400, help="of each kind (400)")
    parser.add_argument("--bytes", type=int, default=4000, help="of an object (4000)")
    args = parser.parse_args(argv)
    keys = [f"object-{number:05d}" for number in range(args.calls)]
    with tempfile.TemporaryDirectory() as folder, answering(Path(folder)) as store:
        clients = {name: CLIENTS[name](store, bytes(args.bytes)) for name in args.clients}
        costs: dict[tuple[str, str], list[float]] = {}
        for _ in range(ROUNDS):
            for name, calls in clients.items():
                for kind, call in calls.items():
                    costs.setdefault((name, kind), []).append(cpu_ms(call, keys))
        for name, calls in clients.items():
            told = ", ".join(f"{kind} {min(costs[name, kind]):.2f}" for kind in calls)
            after = "works" if survives_fork(calls["head"], keys[0]) else "fails, or hangs"
            print(f"{name}: ms of CPU a call: {told}; after a fork it {after}", flush=True)


@contextmanager
def answering(folder: Path) -> Iterator[Store]:
    """The server of store_answers.py, as a process of its own."""
    command = [sys.executable, "-m", "benchmarks.store_answers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=end_with_parent) as server:
        try:
            assert server.stdout
            yield Store(folder, int(server.stdout.readline()))
        finally:
            server.kill()


if __name__ == "__main__":
    main()
