"""What a run costs whose dumps, dataset and scratch are in a store: calls, seconds and CPU, of the driver and of the workers.

    python -m benchmarks.store_run DUMPS
    python -m benchmarks.store_run DUMPS --readers manifest           without copies for readers of the folder
    python -m benchmarks.store_run DUMPS --code CLONE --common        of a clone that has no --run-folder

The server is the tests', in this process; Beam's job service and the pool of workers are processes of their own. Each names itself
in what it asks (AWS_SDK_UA_APP_ID), so a call is the driver's or the workers'. The server closes each connection after its
answer, which costs its client 0.4 ms more than S3 does.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from dateline.runners.engine.parent_death import end_with_parent
from tests.conftest import ROOT
from tests.helpers.stores import BUCKET, Store

DATASET = f"s3://{BUCKET}/news"
DRIVER, WORKER = "driver", "worker"
NAME = "AWS_SDK_UA_APP_ID"
SERVICE = "apache_beam.runners.portability.local_job_service_main"


class Counted:
    """A WSGI application whose requests are counted: who asked, and what for."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.calls: Counter[tuple[str, str]] = Counter()
        self.sent: Counter[tuple[str, str]] = Counter()
        """Bytes of the answers to GETs of dumps."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        agent = environ.get("HTTP_USER_AGENT", "")
        who = next((who for who in (DRIVER, WORKER) if f"app/{who}" in agent), "")
        kind = "copy" if "HTTP_X_AMZ_COPY_SOURCE" in environ else environ["REQUEST_METHOD"].lower()
        self.calls[who, kind] += 1
        answer = list(self._inner(environ, start_response))
        if kind == "get" and "/in/" in environ["PATH_INFO"]:
            self.sent[who, "dumps"] += sum(map(len, answer))
        return answer


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


@contextmanager
def counting(folder: Path) -> Iterator[tuple[Store, Counted]]:
    """A store in this process, with nothing in it but a bucket, and what it counts."""
    app = Counted(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    store = Store(folder, server.server_port)
    store.reset()
    yield store, app
    server.shutdown()


@contextmanager
def engine(folder: Path, code: Path, environ: dict[str, str]) -> Iterator[tuple[list[str], int]]:
    """Beam's job service and a pool of workers: the options of a run there, and the pool's process."""
    port = folder / "port"
    service = [sys.executable, "-m", SERVICE, "--port_file", str(port), "--staging_dir", str(folder)]
    pool = [sys.executable, "-m", "dateline.runners.engine.pool"]
    quiet: dict[str, Any] = {"cwd": code, "env": environ | {NAME: WORKER}, "preexec_fn": end_with_parent}
    with (
        subprocess.Popen(service, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **quiet) as first,
        subprocess.Popen(pool, stdout=subprocess.PIPE, text=True, **quiet) as second,
    ):
        try:
            assert second.stdout
            where = second.stdout.readline().strip()
            while not port.exists():
                time.sleep(0.1)
            endpoint = f"localhost:{port.read_text()}"
            yield ["--runner", "portable", "--job-endpoint", endpoint, "--worker-pool", where], second.pid
        finally:
            first.kill()
            second.kill()


class Watched:
    """The CPU of a process and of all that it starts, looked at five times a second: of what has ended nothing more is known."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._cpu: dict[int, float] = {}
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    def seconds(self) -> float:
        """All that was used by now; ends the watch."""
        self._done.set()
        self._watcher.join()
        return sum(self._cpu.values())

    def _watch(self) -> None:
        while not self._done.wait(0.2):
            self._look(self._process)

    def _look(self, process: int) -> None:
        with suppress(OSError):  # it has just ended
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            self._cpu[process] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            for child in Path(f"/proc/{process}/task").glob("*/children"):
                for number in child.read_text().split():
                    self._look(int(number))


def measure(dumps: Path, code: Path, options: Sequence[str]) -> dict[str, Any]:
    """A run, and what it cost; options: of `dateline run`."""
    with tempfile.TemporaryDirectory() as name, counting(folder := Path(name)) as (store, counted):
        size = 0
        for path in sorted(dumps.glob("*.txt")):
            store.put(f"in/{path.name}", data := path.read_bytes())
            size += len(data)
        environ = store.environ | {
            "PYTHONPATH": str(code), "XDG_CACHE_HOME": str(folder / "caches"), "XDG_CONFIG_HOME": str(folder / "config"),
        }  # fmt: skip
        command = [sys.executable, "-m", "dateline", "run", "--json", "--quiet", "--input", f"s3://{BUCKET}/in/*.txt",
                   "--output", DATASET, *(option.replace("FOLDER", name) for option in options)]  # fmt: skip
        with engine(folder, code, environ) as (where, pool):
            counted.calls.clear()
            watched, begin = Watched(pool), time.perf_counter()
            process = subprocess.Popen(
                [*command, *where], cwd=code, env=environ | {NAME: DRIVER}, stdout=subprocess.PIPE, text=True
            )
            assert process.stdout
            outcome = json.loads(process.stdout.read().splitlines()[-1])
            _, status, used = os.wait4(process.pid, 0)
            seconds, workers = time.perf_counter() - begin, watched.seconds()
        if status:
            raise SystemExit(f"the run failed: {outcome}")
        kinds = {who: {kind: count for (of, kind), count in counted.calls.items() if of == who} for who in (DRIVER, WORKER)}  # fmt: skip
        files = len(json.loads(store.client.get_object(Bucket=BUCKET, Key="news/_manifests/00000001.json")["Body"].read())["files"])  # fmt: skip
        return {
            "bytes": size,
            "files": files,
            "seconds": seconds,
            "cpu": {DRIVER: used.ru_utime + used.ru_stime, WORKER: workers},
            "calls": kinds,
            "read": {who: counted.sent[who, "dumps"] for who in (DRIVER, WORKER)},
            "stages": outcome["seconds"],
        }


def table(cost: dict[str, Any]) -> str:
    """What a run cost, for the docs."""
    files, size = cost["files"], cost["bytes"]
    lines = [
        f"{size / 1e6:,.0f} MB of dumps, {files:,} files, {cost['seconds']:.1f} s",
        "",
        "| who | CPU | a file | a GB | calls | calls a file | bytes of the dumps |",
        "| --- | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for who in (DRIVER, WORKER):
        cpu, calls = cost["cpu"][who], cost["calls"][who]
        told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(calls.items()))
        lines.append(
            f"| {who} | {cpu:.1f} s | {cpu / files * 1000:.2f} ms | {cpu / size * 1e9:.0f} s | {told} "
            f"| {sum(calls.values()) / files:.2f} | {cost['read'][who] / size:.2f} times |"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dumps", type=Path, help="a folder of plain dumps: *.txt")
    parser.add_argument("--code", type=Path, default=ROOT, help="a clone, whose code is measured (this one)")
    parser.add_argument(
        "--common",
        action="store_true",
        help="driver and workers share a folder (or else the store alone: --run-folder)",
    )
    parser.add_argument("--readers", choices=("any", "manifest"), help="who reads the dataset")
    args = parser.parse_args(argv)
    options = ["--work-dir", "FOLDER/work"] if args.common else ["--run-folder", DATASET]
    options += ["--readers", args.readers] if args.readers else []
    print(table(measure(args.dumps.absolute(), args.code.absolute(), options)))


if __name__ == "__main__":
    main()
