"""--profile: which functions the processor's time of a run went to, in all its processes.

A hundred times a second of a process's own time, Linux interrupts the thread that the processor is at (SIGPROF), and
Python's faulthandler writes down there and then where that thread is. A thread of Python that looked at the others
would see little but where they let it: at those calls that release Python's lock. As all is written at once, nothing is
lost when a worker is ended by SIGKILL, as each is. What is made of it: picture.py.
"""

import faulthandler
import json
import logging
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any

from pipeline.inputs import UsageError
from runners.picture import Process, Stack, draw
from runners.stages import STAGES, Sampler, stage_of

INTERRUPT_SECONDS = 0.01
ROOT = Path(__file__).parent.parent

GROUP_OF = dict(zip(STAGES, STAGES, strict=True)) | {
    "copies": "shuffle", "shares": "shuffle", "kept": "deduplicate", "ledgers": "write", "parsed": "parse",
    "ranges": "read", "rejects": "write", "spool": "read", "tasks": "write",
}  # fmt: skip
"""Where the time belongs that Beam spent in a module of pipeline/stages."""

BUNDLE = "apache_beam.runners.worker.bundle_processor."
"""Whose functions call those of a stage; elsewhere they are called to build the flow."""

_FRAME = re.compile(r'  File "(.*)", line \d+ in (.*)')


class Profile:
    """A run's profile, kept in a folder until it is drawn."""

    def __init__(self, folder: str) -> None:
        """
        Args:
            folder: where the pictures go; it is made.

        Raises:
            UsageError: it cannot be written to.
        """
        self._folder = Path(folder)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._parts = Path(tempfile.mkdtemp(prefix=".parts-", dir=self._folder))
        except OSError as error:
            raise UsageError(f"--profile {folder} cannot be written to: {error.strerror}") from error

    @contextmanager
    def watch(self, name: str) -> Iterator[None]:
        """Watch this process during the body of the `with`; it may be killed there.

        Args:
            name: what the process is called.
        """
        with (
            open(self._parts / f"{name}.stacks", "wb") as stacks,
            open(self._parts / f"{name}.bundles", "w", encoding="utf-8") as bundles,
        ):
            faulthandler.register(signal.SIGPROF, stacks, all_threads=False)
            signal.setitimer(signal.ITIMER_PROF, INTERRUPT_SECONDS, INTERRUPT_SECONDS)
            Sampler.watch = Bundles(bundles)
            try:
                yield
            finally:
                Sampler.watch = None
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.signal(signal.SIGPROF, signal.SIG_IGN)  # one may be on its way
                faulthandler.unregister(signal.SIGPROF)

    def draw(self) -> None:
        """Make the pictures of what was seen.

        Raises:
            OSError: they cannot be written.
        """
        try:
            found = []
            for path in sorted(self._parts.glob("*.stacks")):
                with open(path, encoding="utf-8", errors="replace") as lines:
                    stacks = read_stacks(lines)
                told = path.with_suffix(".bundles").read_text("utf-8").splitlines()
                found.append(Process(path.stem, stacks, [json.loads(line) for line in told]))
            draw(self._folder, found, INTERRUPT_SECONDS)
        finally:
            shutil.rmtree(self._parts, ignore_errors=True)


@contextmanager
def profiling(folder: str | None) -> Iterator[Profile | None]:
    """A profile of what is done in the body of the `with`, drawn at its end; None without a folder.

    Raises:
        UsageError: the folder cannot be written to.
    """
    profile = Profile(folder) if folder else None
    try:
        yield profile
    finally:
        if profile:
            try:
                profile.draw()
            except OSError as error:  # nothing to the run, which may be committed already
                logging.getLogger("dateline").error("--profile %s cannot be written: %s", folder, error)


def require_usable(folder: str, output: str) -> None:
    """Check what can be wrong with the folder before any work.

    Raises:
        UsageError: it is a file, or in the dataset.
    """
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise UsageError(f"--profile {folder} is no folder; give one, or a name that is not there yet")
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(output)):
        raise UsageError(f"--profile {folder} is in the dataset {output}; give a folder beside it")


class Bundles:
    """Writes a line of JSON for each bundle of this process: see Process.bundles."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._begun: dict[int, tuple[int, int]] = {}

    def begin(self, sampler: Sampler) -> None:
        """A bundle begins in this thread."""
        self._begun[threading.get_ident()] = time.time_ns(), time.thread_time_ns()

    def end(self, sampler: Sampler) -> None:
        """It ends."""
        wall, cpu = self._begun.pop(threading.get_ident())
        steps = dict.fromkeys(
            reversed([step for state in sampler._states_by_name if (step := state.step_name)])
        )
        told: dict[str, Any] = {
            "pid": os.getpid(),
            "tid": threading.get_native_id(),
            "begin_ns": wall,
            "wall_ns": time.time_ns() - wall,
            "cpu_ns": time.thread_time_ns() - cpu,
            "stages": [stage for stage in STAGES if stage in map(stage_of, steps)],
            "steps": list(steps),
        }
        self._out.write(json.dumps(told) + "\n")
        self._out.flush()


def read_stacks(lines: IO[str]) -> Counter[Stack]:
    """How often faulthandler saw each stack.

    Args:
        lines: what it wrote; the last of them may be cut off.

    Returns:
        By stack: the stage or what else there is, then functions, from caller to called.
    """
    stacks: Counter[tuple[str, ...]] = Counter()
    frames: list[str] = []
    for line in lines:
        if line.startswith("Stack"):
            stacks[tuple(frames)] += 1
            frames = []
        else:
            frames.append(line)
    stacks[tuple(frames)] += 1
    named: Counter[Stack] = Counter()
    for stack, count in stacks.items():
        if stack:
            named[_named(stack)] += count
    return named


def _named(lines: tuple[str, ...]) -> Stack:
    """A stack from its lines, which are from called to caller."""
    frames = [found.groups() for line in reversed(lines) if (found := _FRAME.match(line))]
    names = [f"{_module(path)}.{function}".replace(";", ",") for path, function in frames]
    in_bundle = max((n for n, name in enumerate(names) if name.startswith(BUNDLE)), default=len(names))
    for n, name in enumerate(names[in_bundle:], in_bundle):
        group = GROUP_OF.get(name.split(".")[1]) if name.startswith("stages.") else None
        if group:
            return group, *names[n:]
    return "beam" if any(name.startswith("apache_beam.") for name in names) else "run", *names


@cache
def _module(path: str) -> str:
    """What a file is called as a module, as far as its path tells; ours without "pipeline"."""
    parts = Path(path).with_suffix("").parts
    if Path(path).is_relative_to(ROOT) and "site-packages" not in path.removeprefix(str(ROOT)):
        parts = parts[len(ROOT.parts) :]
        parts = parts[1:] if parts[0] == "pipeline" else parts
    elif "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    else:
        parts = parts[-1:]
    return ".".join(parts)
