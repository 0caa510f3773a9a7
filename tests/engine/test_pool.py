"""The worker pool's secret: who has none gets nothing from any of its services, another user of the machine among them."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from hypothesis import given
from hypothesis import strategies as st

from dateline.errors import UsageError
from dateline.runners.engine import pool, portable, secret
from dateline.runners.engine.ports import free_ports
from tests.conftest import EXAMPLES, ROOT, dateline_here
from tests.engine.test_portable import asked_for, is_alive, nobody, started_pool, workers_of
from tests.engine.test_sockets import NOBODY, intruder, needs_root

SECRET = b"0123456789abcdef"


@pytest.fixture
def token(tmp_path) -> Path:
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_bytes(SECRET + b"\n")
    return path


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[int, str]]:
    """A pool's process, and where it listens."""
    process, where = started_pool()
    with process:
        try:
            yield process.pid, where
        finally:
            process.kill()


def stub_of(channel: grpc.Channel) -> beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub:
    return beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)


def test_a_secret_is_read_without_white_space_around_it(token):
    assert secret.read(str(token)) == SECRET
    token.chmod(0o400)
    assert secret.read(str(token)) == SECRET


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "not there": (Path.unlink, "cannot be read: No such file or directory"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "cannot be read: Is a directory"),
    "a pipe": (lambda path: (path.unlink(), os.mkfifo(path, 0o600)), "is no file"),
    "read by a group": (lambda path: path.chmod(0o640), r"is open to other users \(mode 0640\); .*chmod 600"),
    "read by all": (lambda path: path.chmod(0o604), r"is open to other users \(mode 0604\)"),
    "written by all": (lambda path: path.chmod(0o602), r"is open to other users \(mode 0602\)"),
    "empty": (lambda path: path.write_bytes(b"\n"), "holds 0 bytes; a secret has 16 to 4096"),
    "short": (lambda path: path.write_bytes(SECRET[1:]), "holds 15 bytes"),
    "long": (lambda path: path.write_bytes(SECRET * 257), "holds 4097 bytes"),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_what_is_no_secret_of_this_user_alone_is_refused(token, change, said):
    change(token)
    with pytest.raises(UsageError, match=said):
        secret.read(str(token))


@needs_root
def test_a_file_of_another_user_is_no_secret(token):
    os.chown(token, NOBODY, NOBODY)
    with pytest.raises(UsageError, match=f"belongs to user {NOBODY}, who knows the secret"):
        secret.read(str(token))


def test_a_pass_is_good_for_its_secret_call_and_time(monkeypatch):
    shown = secret.pass_for(SECRET, pool.STARTS, 60)
    assert secret.is_good(shown, SECRET, pool.STARTS)
    assert not secret.is_good(shown, SECRET + b"x", pool.STARTS)
    assert not secret.is_good(shown, SECRET, pool.ASKS_VERSIONS)
    until, _, seal = shown.partition("-")
    assert not secret.is_good(f"{int(until) + 1}-{seal}", SECRET, pool.STARTS)
    now = time.time()
    monkeypatch.setattr(secret.time, "time", lambda: now + 61)
    assert not secret.is_good(shown, SECRET, pool.STARTS)


@given(st.text() | st.from_regex(r"[0-9]+-[0-9a-f]{64}", fullmatch=True))
def test_no_other_text_is_a_pass(text):
    assert not secret.is_good(text, SECRET, pool.STARTS)


def test_the_default_secret_is_made_once_for_its_user_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    assert secret.file_for_run(None) is None
    path = secret.file_for_pool()
    made = secret.read(path)
    assert len(made) >= 32
    assert [stat.S_IMODE(os.stat(each).st_mode) for each in (path, os.path.dirname(path))] == [0o600, 0o700]
    assert os.listdir(os.path.dirname(path)) == ["pool-token"]
    assert (secret.file_for_pool(), secret.read(path)) == (path, made)
    assert (secret.file_for_run(None), secret.file_for_run("other")) == (path, "other")


def test_the_first_pool_of_a_user_may_begin_together_with_a_run(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setattr(portable, "REACH_SECONDS", 60)  # a pool may take long to begin
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "dateline.runners.engine.pool", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            assert secret.file_for_run(None) is None
            assert portable._token_file(f"127.0.0.1:{port}", None) == secret.default_file()
        finally:
            process.kill()


def test_a_default_secret_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "settings").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    with pytest.raises(
        UsageError, match=r"pool-token, the pool's secret, cannot be made: .*; give --token-file"
    ):
        secret.file_for_pool()


@needs_root
def test_another_user_is_refused_by_every_service_of_a_pool(running):
    process, where = running
    with grpc.insecure_channel(where) as channel:
        assert not stub_of(channel).StartWorker(asked_for("one")).error
        (mine,) = workers_of(process)
        assert intruder(NOBODY, where) == {where: set()}
        assert workers_of(process) == [mine]
        stub_of(channel).StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="one"))
        assert not is_alive(mine)


# A pass is made within the test: it holds the time, and each process of pytest has to find the same names of tests.
PASSES = {
    "none": lambda known: {},
    "an empty one": lambda known: {secret.PASS: ""},
    "of another secret": lambda known: {secret.PASS: secret.pass_for(SECRET, pool.STARTS, 60)},
    "of another call": lambda known: {secret.PASS: secret.pass_for(known, pool.ASKS_VERSIONS, 60)},
    "that is over": lambda known: {secret.PASS: secret.pass_for(known, pool.STARTS, -1)},
}


@pytest.mark.parametrize("make", PASSES.values(), ids=PASSES)
def test_without_a_pass_no_worker_is_started(running, make):
    process, where = running
    shown = make(secret.read(secret.default_file()))
    request = beam_fn_api_pb2.StartWorkerRequest(worker_id="two", params=shown)
    request.control_endpoint.url = nobody()
    with grpc.insecure_channel(where) as channel, pytest.raises(grpc.RpcError) as refused:
        stub_of(channel).StartWorker(request, metadata=list(shown.items()))
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert "give --token-file" in refused.value.details()
    assert workers_of(process) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_beyond_loopback_a_pool_does_not_listen_without_a_secret(host, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["pool", "--host", host])
    with pytest.raises(SystemExit, match="2"):
        pool.main()
    told = capsys.readouterr()
    assert told.out == ""
    assert f"--host {host} is reached from other machines" in told.err
    assert "the pool needs --token-file FILE" in told.err


def test_which_hosts_are_loopback():
    assert all(map(pool.is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(pool.is_loopback, ("0.0.0.0", "::", "10.0.0.1", "fe80::1")))
    with pytest.raises(UsageError, match=r"--host nowhere\.invalid: "):
        pool.is_loopback("nowhere.invalid")


def test_a_port_that_is_taken_is_told(running):
    port = running[1].rpartition(":")[2]
    command = [sys.executable, "-m", "dateline.runners.engine.pool", "--port", port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(
        f"--port {port} of --host 127.0.0.1 cannot be had: is something there already?\n"
    )


def test_a_run_with_another_secret_ends_before_there_is_a_job(running, token, tmp_path):
    """The pool stands in for the job service, too, and would not take a job."""
    where = running[1]
    options = ["--runner", "portable", "--job-endpoint", where, "--worker-pool", where, "--token-file", token]
    done = dateline_here("run", "--input", *EXAMPLES, "--output", tmp_path / "news", "--quiet", *options)
    assert done.returncode == 1
    assert done.stderr == (
        f"dateline: error: failed, nothing was committed: --worker-pool {where} refuses: this pool takes work from who "
        "knows its secret: give --token-file with the file that it was started with (or a copy), and see that the clocks "
        "of both machines agree\n"
    )


def test_a_secret_that_others_may_read_ends_a_run_before_any_work(token, tmp_path):
    token.chmod(0o644)
    options = ["--runner", "portable", "--job-endpoint", "a:1", "--worker-pool", "a:2", "--token-file", token]
    done = dateline_here("run", "--input", *EXAMPLES, "--output", tmp_path / "news", *options)
    assert done.returncode == 2
    assert f"--token-file {token} is open to other users (mode 0644)" in done.stderr
    assert not (tmp_path / "news").exists()


@pytest.mark.slow
def test_a_job_holds_a_pass_and_not_the_secret(token):
    options = portable.options_for(portable.Engine("a:1", "b:2", token_file=str(token)))
    told = str(options.get_all_options())
    assert secret.PASS in told
    assert SECRET.decode() not in told
