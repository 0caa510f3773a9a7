"""What a call of an object store costs by each client that could make it, and whether the client survives a fork.

    python -m benchmarks.store_calls boto3 obstore

Each makes the same calls of the tests' S3 server on loopback (so the extra `test` has to be installed, and obstore, which
Dateline does not use: docs/stores.md says why). CPU is that of this process alone: the server is another.
"""

import argparse
import base64
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from dateline.runners.engine.parent_death import end_with_parent
from tests.helpers.stores import BUCKET, Store, serving

Call = Callable[[str], Any]
THREADS = 10
PATIENCE_SECONDS = 10
"""How long a forked process has for one call."""


def boto3_calls(store: Store, data: bytes) -> dict[str, Call]:
    """The calls as pipeline/store/s3.py makes them."""
    client = store.client
    digest = {
        "ChecksumSHA256": base64.b64encode(sha256(data).digest()).decode(),
        "ChecksumAlgorithm": "SHA256",
    }

    def of(key: str) -> dict[str, str]:
        return {"Bucket": BUCKET, "Key": key}

    return {
        "put": lambda key: client.put_object(**of(key), Body=data, **digest),
        "head": lambda key: client.head_object(**of(key), ChecksumMode="ENABLED"),
        "copy": lambda key: client.copy_object(**of(f"{key}~"), CopySource=of(key), ChecksumAlgorithm="SHA256"),
        "get": lambda key: client.get_object(**of(key))["Body"].read(),
    }  # fmt: skip


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


CLIENTS = {"boto3": boto3_calls, "obstore": obstore_calls}


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
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as store, closing(store.client):
        for name in args.clients:
            store.reset()
            calls = CLIENTS[name](store, bytes(args.bytes))
            calls["put"]("warm")
            costs = ", ".join(f"{kind} {cpu_ms(call, keys):.2f}" for kind, call in calls.items())
            after = "works" if survives_fork(calls["head"], "warm") else "fails, or hangs"
            print(f"{name}: ms of CPU a call: {costs}; after a fork it {after}", flush=True)


if __name__ == "__main__":
    main()
