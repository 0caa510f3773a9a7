"""What `tests/engines/spark/check` is made of; that itself needs Beam's job server, and has no run in CI."""

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest

from tests.conftest import ROOT
from tests.engines.harness import Failed, Services

MASTER = """\
import http.server, json, sys

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"aliveworkers": 2, "activeapps": [], "completedapps": []}).encode())

ports = [word.removeprefix("--job-port=") for word in sys.argv if word.startswith("--job-port=")]
if "org.apache.spark.deploy.worker.Worker" in sys.argv:
    sys.stdin.read()
http.server.HTTPServer(("127.0.0.1", int((ports or sys.argv)[-1])), Page).serve_forever()
"""
"""Stands in for java: a master whose workers have come, workers that do nothing, and a job server that listens."""


@pytest.fixture(scope="module")
def check():
    loader = SourceFileLoader("check_spark", str(ROOT / "tests" / "engines" / "spark" / "check"))
    module = module_from_spec(spec_from_loader("check_spark", loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def java(tmp_path, monkeypatch):
    """Put a `java` on the PATH that is a shell script."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))

    def is_now(script):
        (tmp_path / "java").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "java").chmod(0o755)

    return is_now


@pytest.mark.parametrize(
    ("options", "said"),
    [([], "--job-server JAR is missing"), (["--job-server", "gone.jar"], "--job-server gone.jar is no file")],
)
def test_without_a_job_server_it_says_where_there_is_one(check, options, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["check", *options])
    assert check.main() == 1
    assert capsys.readouterr().out == f"check: failed: {said}: fetch {check.JOB_SERVER} from Maven Central\n"


def test_a_cluster_that_does_not_start_is_told(check, java, tmp_path):
    java("exit 3")
    with (
        pytest.raises(Failed, match="the cluster did not start: a process ended with 3"),
        Services(tmp_path) as services,
    ):
        check.cluster(services, 1)


def test_work_that_no_cluster_saw_is_no_proof(check, java, tmp_path, monkeypatch, capsys):
    (tmp_path / "master.py").write_text(MASTER)
    java(f'exec {sys.executable} {tmp_path}/master.py "$@"')
    monkeypatch.setattr(sys, "argv", ["check", "--job-server", str(tmp_path / "java")])
    monkeypatch.setattr(check.os, "environ", dict(check.os.environ))  # which the check sets for its children
    monkeypatch.setattr(check, "jars_from_pypi", lambda *rest: tmp_path)
    monkeypatch.setattr(check, "leave_the_network", lambda *rest: None)
    monkeypatch.setattr(check, "compared", lambda engine, *rest: " ".join(engine.options))
    assert check.main() == 1
    assert "seen no application" in capsys.readouterr().out
