"""The Flink runner, up to where it needs a cluster: `tests/engines/flink/check` goes on from there, and needs a job server."""

import json
import os
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PortableOptions

from dateline.pipeline.versions import here
from dateline.runners.engine import flink as submit
from dateline.runners.engine import portable
from tests.conftest import EXAMPLES, ROOT, dateline_here
from tests.engine.test_portable import PROXY, is_alive, nobody
from tests.engines.flink import cluster
from tests.engines.harness import Failed, Services

CHECK = ROOT / "tests" / "engines" / "flink" / "check"

ARTIFACT = "org.apache.beam:beam-runners-flink-1.19-job-server:2.68.0 of Maven Central"


class Master(BaseHTTPRequestHandler):
    """A job manager's REST API, as far as a run asks it; what it was told to do is in `asked`."""

    slots = 4
    jobs: dict[str, tuple[str, str]]
    asked: list[str]

    def do_GET(self):
        if self.path == "/overview":
            self._answer({"flink-version": "1.19.3", "slots-total": type(self).slots})
        else:
            jobs = [{"jid": jid, "name": name, "state": state} for jid, (name, state) in self.jobs.items()]
            self._answer({"jobs": jobs})

    def do_PATCH(self):
        self.asked.append(self.path)
        jid = self.path.split("/")[2].split("?")[0]
        self.jobs[jid] = (self.jobs[jid][0], "CANCELED")
        self._answer({})

    def _answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def master():
    handler = type("ThisMaster", (Master,), {"jobs": {}, "asked": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        handler.where = f"127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()


def jar(folder: Path, flink: str | None = "1.19.3", main: str | None = None) -> str:
    path = folder / "job-server.jar"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("META-INF/MANIFEST.MF", f"Main-Class: {main}\n" if main else "Manifest-Version: 1.0\n")
        if flink:
            file.writestr(".flink-runtime.version.properties", f"# of the build\nproject.version={flink}\n")
    return str(path)


def on(master: str, path: str) -> list[str]:
    return ["--runner", "flink", "--flink-master", master, "--job-server", path, "--worker-pool", "a:2"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--runner", "flink"],
            "--runner flink needs --flink-master HOST:PORT and --worker-pool HOST:PORT and --job-server JAR: "
            f"Beam's job server, {ARTIFACT}",
        ),
        (on("a:1", "no.jar"), f"--job-server no.jar is no file; it is Beam's job server, {ARTIFACT}"),
        (["--flink-master", "a:1"], "--flink-master goes with --runner flink, and this is direct"),
        (["--job-server", "a.jar"], "--job-server goes with --runner flink, and this is direct"),
        ([*on("a:1", "no.jar"), "--job-endpoint", "a:3"], "--job-endpoint goes with --runner portable, and this is flink"),
        ([*on("a:1", "no.jar"), "--workers", "2"], "--workers goes with --runner direct, and this is flink"),
        (["--flink-master", "8081"], "'8081' is no HOST:PORT"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(options, said, tmp_path):
    done = dateline_here("run", "--input", *EXAMPLES, "--output", tmp_path / "news", *options)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "news").exists()


@pytest.fixture(autouse=True)
def a_proxy(monkeypatch):
    """Runs of these tests never ask it for anything of this machine."""
    for name, value in PROXY.items():
        monkeypatch.setenv(name, value)


def refused(tmp_path: Path, master: str, path: str) -> str:
    """What a run says that fails in one line before it does anything."""
    words = ("--input", *EXAMPLES, "--output", tmp_path / "news", "--quiet", *on(master, path))
    done = dateline_here("run", *words)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert not list(tmp_path.glob("news/_manifests/*"))
    return done.stderr


def test_no_cluster_is_one_line(tmp_path):
    where = nobody()
    assert f"no Flink cluster answers at --flink-master {where}: " in refused(tmp_path, where, jar(tmp_path))


def test_a_cluster_without_task_managers_is_refused(master, tmp_path):
    master.slots = 0
    assert "has no task manager" in refused(tmp_path, master.where, jar(tmp_path))


def test_a_job_server_of_another_flink_is_refused(master, tmp_path):
    said = refused(tmp_path, master.where, jar(tmp_path, "1.17.2"))
    assert f"the cluster at --flink-master {master.where} is Flink 1.19.3, and the job server " in said
    assert f"is for Flink 1.17: take {ARTIFACT.split()[0]}" in said


def test_what_is_no_job_server_is_one_line(master, tmp_path):
    assert "Beam's job server did not start: " in refused(tmp_path, master.where, jar(tmp_path))


def test_a_file_that_is_no_jar_is_one_line(master, tmp_path):
    path = tmp_path / "text.jar"
    path.write_text("not a jar")
    assert "Beam's job server did not start: Error: Invalid or corrupt jarfile" in refused(
        tmp_path, master.where, str(path)
    )


def test_what_a_killed_run_left_on_the_cluster_is_cancelled(master, tmp_path):
    news = tmp_path / "news"
    master.jobs |= {
        "1": (f"dateline {news} an earlier run", "RUNNING"),
        "2": (f"dateline {news} a run that ended", "FINISHED"),
        "3": (f"dateline {news}-of-others a run", "RUNNING"),
        "4": ("another program", "RUNNING"),
    }
    refused(tmp_path, master.where, jar(tmp_path))
    assert master.asked == ["/jobs/1?mode=cancel"]


def test_a_jar_says_which_flink_it_is_for(tmp_path):
    assert submit.flink_of(jar(tmp_path, "1.19.3")) == "1.19.3"
    assert submit.flink_of(jar(tmp_path, None)) is None


def test_the_cluster_listens_on_loopback_only(tmp_path):
    settings = cluster.settings(1, 2, tmp_path)
    told = {name: value for name, value in settings.items() if name.endswith(("host", "address"))}
    assert set(told.values()) == {"127.0.0.1"}
    assert len(told) == 6


def test_flink_is_pinned_by_its_bytes():
    (line,) = (ROOT / "tests" / "engines" / "flink" / "requirements.txt").read_text().splitlines()
    assert line.startswith("apache-flink-libraries==1.19.3 --hash=sha256:")


@pytest.mark.parametrize(
    ("options", "said"),
    [([], "--job-server JAR is missing"), (["--job-server", "no.jar"], "--job-server no.jar is no file")],
)
def test_the_check_without_a_job_server_says_what_to_fetch(options, said):
    done = subprocess.run([sys.executable, CHECK, *options], capture_output=True, text=True)
    wanted = f"check: failed: {said}: fetch {ARTIFACT.split()[0]} from Maven Central, or see --cluster-only\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, wanted, "")


def test_without_java_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with Services(tmp_path) as services, pytest.raises(Failed, match="no java here"):
        cluster.Cluster(services, tmp_path)


def test_a_task_manager_that_ends_is_told_and_nothing_is_left_running(tmp_path, monkeypatch, capfd):
    java = tmp_path / "java"
    java.write_text(
        '#!/bin/sh\ncase "$*" in *taskmanager-1*) echo why; exit 7;; esac\n'
        f"echo $$ >> {tmp_path}/pids; exec sleep 600\n"
    )
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(Failed, match="a process of the cluster ended with 7"), Services(tmp_path) as services:
        cluster.Cluster(services, tmp_path)
    assert not any(is_alive(int(pid)) for pid in (tmp_path / "pids").read_text().split())
    assert "why" in capfd.readouterr().err


def test_only_a_pool_that_may_refuse_is_told_the_versions():
    for may in (True, False):
        engine = portable.Engine("a:1", "b:2", pool_refuses=may)
        told = json.loads(portable.options_for(engine).view_as(PortableOptions).environment_config)
        assert told == {"url": "b:2", "params": dict(here()) if may else {}}
