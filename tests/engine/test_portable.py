"""Another engine: a job service and a pool of workers, each a process of its own, as the README tells."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from dateline.pipeline.dataset.version import latest_manifest
from dateline.runners.engine import pool as pool_module
from dateline.runners.engine import secret
from tests.conftest import EXAMPLES, ROOT, dateline, dateline_here, files_of

SECONDS = 60
"""Until a service that should be there, or gone, is taken for one that fails."""


PROXY = {"http_proxy": "http://127.0.0.1:9"}
"""Nothing answers there: no connection may take it."""


class Services(NamedTuple):
    job_endpoint: str
    worker_pool: str

    @property
    def options(self) -> tuple[str, ...]:
        return (
            "--runner",
            "portable",
            "--job-endpoint",
            self.job_endpoint,
            "--worker-pool",
            self.worker_pool,
        )


def started_pool(env=None, mute=False) -> tuple[subprocess.Popen, str]:
    """A pool, and where it listens. mute: it does not tell its versions, like Beam's."""
    command = [sys.executable, "-m", "dateline.runners.engine.pool"]
    if mute:
        command[1:] = [
            "-c",
            "from dateline.runners.engine import pool; pool.SERVICE = 'nobody.asks'; pool.main()",
        ]
    pool = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=env)
    assert pool.stdout
    return pool, pool.stdout.readline().strip()


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Iterator[Services]:
    pool, where = started_pool(os.environ | PROXY)
    with pool:
        try:
            with job_service(tmp_path_factory.mktemp("services")) as (endpoint, _):
                yield Services(endpoint, where)
        finally:
            pool.kill()


@contextmanager
def job_service(folder: Path) -> Iterator[tuple[str, int]]:
    """Where Beam's own job service listens, meanwhile, and its process."""
    port = folder / "port"
    command = [sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main",
               "--port_file", str(port), "--staging_dir", str(folder)]  # fmt: skip
    env = os.environ | {"no_grpc_proxy": "localhost,127.0.0.1"}  # Beam's own does not see to that itself
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env) as service:
        try:
            wait_until(port.exists)
            yield f"localhost:{port.read_text()}", service.pid
        finally:
            service.kill()


def wait_until(condition) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.05)


def asked_for(name: str, **params: str):
    """An engine's request for a worker, with a pass made of the secret of the pools of these tests."""
    from apache_beam.portability.api import beam_fn_api_pb2

    known = secret.read(secret.default_file())
    params[secret.PASS] = secret.pass_for(known, pool_module.STARTS, SECONDS)
    request = beam_fn_api_pb2.StartWorkerRequest(worker_id=name, params=params)
    request.control_endpoint.url = nobody()
    return request


def nobody() -> str:
    """Where nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{bound.getsockname()[1]}"


def run(output: Path, *options: object, dumps=EXAMPLES):
    return dateline("run", "--input", *dumps, "--output", output, *options, env=os.environ | PROXY)


def workers_of(pool: int) -> list[int]:
    """The processes that have been started by one, but for those that ended."""
    children = Path(f"/proc/{pool}/task").glob("*/children")
    found = [int(name) for path in children for name in path.read_text().split()]
    return [process for process in found if is_alive(process)]


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.slow
def test_the_dataset_is_the_same_byte_for_byte(services, sample, tmp_path):
    done = run(tmp_path / "news", "--json", *services.options)
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "news") == files_of(sample)


@pytest.mark.slow
def test_runs_of_both_runners_add_up(services, sample, tmp_path):
    news = tmp_path / "news"
    for dumps, options in ((EXAMPLES[::2], ()), (EXAMPLES[1::2], services.options)):
        done = run(news, *options, dumps=dumps)
        assert done.returncode == 0, done.stderr
    made, wanted = files_of(news), files_of(sample)
    assert {name: made[name] for name in made.keys() - {"manifest"}} == {
        name: wanted[name] for name in wanted.keys() - {"manifest"}
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--runner", "portable"], "--runner portable needs --job-endpoint HOST:PORT and --worker-pool HOST:PORT"),
        (["--runner", "portable", "--job-endpoint", "a:1"], "--runner portable needs --worker-pool HOST:PORT"),
        (["--worker-pool", "a:1"], "--worker-pool goes with --runner portable or flink, and this is direct"),
        (
            ["--runner", "portable", "--job-endpoint", "a:1", "--worker-pool", "a:2", "--workers", "2"],
            "--workers goes with --runner direct, and this is portable",
        ),
        (["--job-endpoint", "8099"], "'8099' is no HOST:PORT, such as localhost:8099"),
        (["--job-endpoint", "a:99999"], "'a:99999' is no HOST:PORT, such as localhost:8099"),
        (["--runner", "spark"], "'spark' is none of direct, portable, flink"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(options, said, tmp_path):
    done = dateline_here("run", "--input", *EXAMPLES, "--output", tmp_path / "news", *options)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "news").exists()


@pytest.mark.slow
def test_no_job_service_is_one_line_and_leaves_the_version(services, tmp_path):
    news, endpoint = tmp_path / "news", nobody()
    assert run(news, dumps=EXAMPLES[:1]).returncode == 0
    before = files_of(news)
    done = run(news, "--quiet", *services._replace(job_endpoint=endpoint).options)
    assert done.returncode == 1
    assert done.stderr == (
        f"dateline: error: failed, nothing was committed: no job service answers at --job-endpoint {endpoint}\n"
    )
    assert files_of(news) == before
    assert len(list(news.glob("_runs/*"))) == 2  # that of the version, and that of the run which failed


@pytest.mark.slow
def test_something_else_that_listens_is_no_job_service(services, tmp_path):
    done = run(tmp_path / "news", "--quiet", *services._replace(job_endpoint=services.worker_pool).options)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"the job service at --job-endpoint {services.worker_pool} failed: UNIMPLEMENTED" in done.stderr


@pytest.mark.slow
def test_a_job_that_fails_commits_nothing(services, tmp_path):
    done = run(tmp_path / "news", *services._replace(worker_pool=nobody()).options)
    assert done.returncode == 1
    assert "dateline: error: failed, nothing was committed" in done.stderr
    assert latest_manifest(str(tmp_path / "news")) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.slow
def test_workers_end_with_their_pool(number):
    import grpc
    from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

    pool, where = started_pool()
    with pool, grpc.insecure_channel(where) as channel:
        stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
        for name in ("one", "two"):
            assert not stub.StartWorker(asked_for(name)).error
        one, two = workers_of(pool.pid)
        stub.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="one"))
        assert not is_alive(one)
        os.kill(pool.pid, number)
        wait_until(lambda: not is_alive(two))


@pytest.mark.slow
def test_two_engines_may_call_their_workers_the_same():
    import grpc
    from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

    apart = [("grpc.use_local_subchannel_pool", 1)]  # else both channels are one connection
    pool, where = started_pool()
    with pool, grpc.insecure_channel(where, apart) as first, grpc.insecure_channel(where, apart) as second:
        try:
            stubs = [beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(each) for each in (first, second)]
            for stub in stubs:
                assert not stub.StartWorker(asked_for("1-1")).error
            one, two = workers_of(pool.pid)
            stubs[0].StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="1-1"))
            assert (is_alive(one), is_alive(two)) == (False, True)
        finally:
            pool.kill()
