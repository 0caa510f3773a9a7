"""A Flink cluster on loopback, for the check: a job manager and two task managers, each a process of its own.

Flink comes from PyPI (requirements.txt), where its jars are in a source package without start scripts: nothing of it is
built, and Java is told here what the scripts would tell it.
"""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from dateline.runners.engine.ports import free_ports
from tests.engines.harness import Failed, Services, jars_from_pypi

PINNED = Path(__file__).with_name("requirements.txt")
TASK_MANAGERS = 2
SLOTS = 2
"""Of each task manager: where one is gone, the other can go on."""
START_SECONDS = 120
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
JARS = ("flink-dist-", "log4j-")
OPENED = (
    "java.io", "java.lang", "java.lang.reflect", "java.net", "java.nio", "java.text", "java.time", "java.util",
    "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks",
)  # fmt: skip
"""Packages of Java's own that Flink looks into, which Java has to be told to allow."""
JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
MEMORY = {
    "taskmanager.cpu.cores": "1.0",
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.task.heap.size": "512m",
    "taskmanager.memory.task.off-heap.size": "0",
    "taskmanager.memory.network.min": "256m",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.memory.managed.size": "256m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "192m",
}
"""What Flink's scripts work out for a task manager."""
HEAP = {JOB_MANAGER: "512m", TASK_MANAGER: "640m"}
LOG = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
"""


def fetched(cache: Path) -> Path:
    """The folder of Flink's jars, fetched unless it was before; pip refuses other bytes than those that are pinned."""
    return jars_from_pypi(PINNED, "deps/lib", cache) / "jars"


class Cluster:
    """A job manager, and task managers that have come to it."""

    def __init__(self, services: Services, jars: Path) -> None:
        """Start all of them; they end with the services.

        Raises:
            Failed: there is no Java, or not all of them came up.
        """
        if not shutil.which("java"):
            raise Failed("there is no java here to start Flink with")
        self._services = services
        self._jars = jars
        self.conf = services.folder / "conf"
        (services.folder / "tmp").mkdir()
        self.conf.mkdir()
        rpc, rest = free_ports(2)
        self.master = f"127.0.0.1:{rest}"
        lines = (f"{name}: {value}\n" for name, value in settings(rpc, rest, services.folder / "tmp").items())
        (self.conf / "config.yaml").write_text("".join(lines))
        (self.conf / "log4j.properties").write_text(LOG)
        self.job_manager = self._java(
            "jobmanager", JOB_MANAGER, "--executionMode", "cluster", "--host", "127.0.0.1"
        )
        self.task_managers: dict[str, subprocess.Popen[str]] = {}
        for number in range(TASK_MANAGERS):
            self._add(f"taskmanager-{number}")
        self._await()

    def replace(self, name: str) -> None:
        """Start another task manager for one that has ended."""
        self.task_managers.pop(name).wait()
        self._add(f"{name}-again")
        self._await()

    def _add(self, name: str) -> None:
        memory = (part for name, value in MEMORY.items() for part in ("-D", f"{name}={value}"))
        self.task_managers[name] = self._java(
            name, TASK_MANAGER, *memory, "-D", f"taskmanager.resource-id={name}"
        )

    def _java(self, name: str, main: str, *arguments: str) -> "subprocess.Popen[str]":
        opens = (f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED)
        jars = (path for path in self._jars.iterdir() if path.name.startswith(JARS))
        return self._services.start(name, [
            "java", f"-Xmx{HEAP[main]}", *opens, "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            f"-Djava.io.tmpdir={self._services.folder / 'tmp'}",
            f"-Dlog4j.configurationFile={self.conf / 'log4j.properties'}",
            "-cp", ":".join(sorted(map(str, jars))), main, "--configDir", str(self.conf), *arguments,
        ])  # fmt: skip

    def _await(self) -> None:
        """Return once all task managers have come."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with suppress(OSError):
                if self.task_managers.keys() <= {
                    found["id"] for found in self.ask("taskmanagers")["taskmanagers"]
                }:
                    return
            for process in (self.job_manager, *self.task_managers.values()):
                if process.poll() is not None:
                    raise Failed(f"a process of the cluster ended with {process.returncode}")
            time.sleep(0.2)
        raise Failed(f"the cluster did not come up in {START_SECONDS} s")

    def ask(self, what: str) -> Any:
        """What the REST API answers."""
        with NO_PROXY.open(f"http://{self.master}/{what}", timeout=5) as answer:
            return json.load(answer)

    def workers(self) -> set[str]:
        """The task managers that did a part of some job."""
        jobs = [job["jid"] for job in self.ask("jobs/overview")["jobs"]]
        stages = [(job, vertex["id"]) for job in jobs for vertex in self.ask(f"jobs/{job}")["vertices"]]
        return {
            task["taskmanager-id"] for job, stage in stages
            for task in self.ask(f"jobs/{job}/vertices/{stage}/taskmanagers")["taskmanagers"]
        }  # fmt: skip


def settings(rpc: int, rest: int, temporary: Path) -> Mapping[str, object]:
    """What config.yaml says: all on loopback; a task manager that is gone is missed soon, and its work done again."""
    return {
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": rpc,
        "jobmanager.bind-host": "127.0.0.1",
        "taskmanager.host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        "taskmanager.numberOfTaskSlots": SLOTS,
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": rest,
        "blob.server.port": '"0"',
        "io.tmp.dirs": temporary,
        "cluster.evenly-spread-out-slots": "true",
        "taskmanager.network.sort-shuffle.min-buffers": 64,
        "heartbeat.interval": 2000,
        "heartbeat.timeout": 10000,
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 3,
        "restart-strategy.fixed-delay.delay": "1 s",
    }
