"""Runs that get a signal, forked from one process that has loaded everything and has used nothing of it.

    python -m tests.helpers.signalled < plan

A line of the plan is one run, as JSON. What it came to is a line on stdout. gRPC does not survive a fork once it is used,
so this process itself never runs anything.
"""

import importlib
import json
import logging
import os
import select
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

SECONDS = 60
"""Until a run is taken for one that hangs."""
LOADED = ("dateline.pipeline.dataset.commit_store", "dateline.runners.command.cli", "dateline.runners.engine.forked_workers", "dateline.runners.engine.local", "dateline.runners.command.metrics", "dateline.runners.engine.profile",
          "dateline.runners.command.summary", "dateline.runners.command.watch")  # fmt: skip
LATE_SECONDS = 2
"""In which the system itself ends what was left by a process that is gone."""


def main() -> int | None:
    """Do the runs of a plan, one after another.

    A run has `args`, those of the command line; `folder`, for its stdout and stderr and, below `tmp`, its temporary files;
    the `signals` that it gets; and when they come: after so many `seconds`, after so many of `cpu`, or where the lines
    `change` call send_here(). The whole group gets them, as on Ctrl-C and from systemd.
    """
    load()
    for line in sys.stdin:
        plan = json.loads(line)
        ready, tell = os.pipe()
        sys.stdout.flush()
        begun = time.monotonic()
        process = os.fork()
        if not process:
            os.close(ready)
            return run(plan, tell)
        os.close(tell)
        select.select([ready], [], [], SECONDS)
        os.read(ready, 1)
        begun = time.monotonic()
        if "seconds" in plan and not select.select([ready], [], [], plan["seconds"])[0]:  # else it has ended
            send(process, plan["signals"])
        hangs = not ended(process)
        seconds = time.monotonic() - begun
        left = of_group(process)
        if hangs or left:
            os.killpg(process, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        with os.fdopen(ready) as told:
            cpu = float(told.read() or 0)
        print(json.dumps({"status": status, "hangs": hangs, "left": left, "seconds": seconds, "cpu": cpu}))
    return None


def load() -> None:
    """Import what a run imports: in a fork that is had already."""
    logging.basicConfig(level=logging.CRITICAL)  # before Beam does it in its way
    for name in LOADED:
        importlib.import_module(name)


def run(plan: dict, tell: int) -> int:
    """Be a run; its exit status."""
    from dateline.runners.command import cli

    os.setpgid(0, 0)
    for handle, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{plan['folder']}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), handle)
    os.environ["TMPDIR"] = tempfile.tempdir = f"{plan['folder']}/tmp"
    parser, group, started = cli.parser, os.getpid(), []

    def begun():
        os.write(tell, b"!")
        started.append(time.process_time())
        if "cpu" in plan:
            signal.signal(signal.SIGPROF, lambda *args: send(group, plan["signals"]))
            signal.setitimer(signal.ITIMER_PROF, plan["cpu"])
        return parser()

    cli.parser = begun  # which is asked for once signals are looked at
    exec(plan.get("change", ""), {"send_here": lambda: send(group, plan["signals"])})
    status = cli.main(plan["args"])
    signal.setitimer(signal.ITIMER_PROF, 0)
    os.write(tell, f"{time.process_time() - started[0]}".encode())
    return status


def send(group: int, signals: list[int]) -> None:
    for number in signals:
        with suppress(ProcessLookupError):
            os.killpg(group, number)


def ended(process: int) -> bool:
    """Whether a process ends in time; it is left for whoever asks for its status."""
    until = time.monotonic() + SECONDS
    while os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


def of_group(group: int) -> list[int]:
    """The processes of a group that are there still, but for its first."""
    until = time.monotonic() + LATE_SECONDS
    while left := [number for number in processes() if number != group and group_of(number) == group]:
        if time.monotonic() > until:
            return left
        time.sleep(0.01)
    return []


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def group_of(process: int) -> int:
    """0 for one that has ended."""
    try:
        state, _, group = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return 0
    return 0 if state in "ZX" else int(group)


if __name__ == "__main__":
    sys.exit(main())
