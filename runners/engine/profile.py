"""--profile: which functions the processor's time of a run went to, in all its processes.

In each process a thread looks a hundred times a second at what the others do, and writes down where each is and how
much of the processor's time it had since the last look; waiting is no such time. As all is written at once, nothing is
lost when a worker is ended by SIGKILL, as each is. What is made of it: flame_graph.py.

A thread sees the others when Python's lock passes to it. Left alone, that is where a function gives the lock away, as
those that read, write or hash do: these would seem to take all the time. So it asks for the lock within microseconds.
"""

import ctypes
import json
import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import FrameType
from typing import IO, Any

from dateline.errors import UsageError
from dateline.pipeline.stop import held, let
from dateline.runners.engine.flame_graph import Process, Stack, draw
from dateline.runners.engine.stage_metrics import STAGES, Sampler, stage_of

LOOK_SECONDS = 0.01
LOCK_SECONDS = 1e-5
"""After so long without Python's lock the thread that has it is asked to give it away."""
LEAST_NS = 100_000
"""A thread that had less of the processor's time only woke to see that there is nothing to do."""
PR_SET_TIMERSLACK = 29
ROOT = Path(__file__).parents[2]

GROUP_OF = dict(zip(STAGES, STAGES, strict=True)) | {
    "row_batches": "shuffle", "shuffle_keys": "shuffle", "older_records": "deduplicate",
    "block_memo": "parse", "record_files": "parse", "unpack_parts": "read", "join_parts": "read",
    "write_task": "write", "write_articles": "write", "partitions": "write", "write_ledgers": "write", "write_rejects": "write", "added": "write",
    "fetch_records": "write", "base_version": "write",
}  # fmt: skip
"""Where the time belongs that Beam spent in a module of pipeline/stages."""

BUNDLE = "apache_beam.runners.worker.bundle_processor."
"""Whose functions call those of a stage; elsewhere they are called to build the flow."""


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
            open(self._parts / f"{name}.stacks", "w", encoding="utf-8") as stacks,
            open(self._parts / f"{name}.bundles", "w", encoding="utf-8") as bundles,
        ):
            looker = Looker(stacks)
            switch = sys.getswitchinterval()
            sys.setswitchinterval(LOCK_SECONDS)
            Sampler.watch = Bundles(bundles)
            looker.start()
            try:
                yield
            finally:
                looker.stop()
                Sampler.watch = None
                sys.setswitchinterval(switch)

    def draw(self) -> None:
        """Make the pictures of what was seen.

        Raises:
            OSError: they cannot be written.
        """
        try:
            found = []
            for path in sorted(self._parts.glob("*.stacks")):
                with open(path, encoding="utf-8") as lines:
                    stacks = read_stacks(lines)
                bundles = path.with_suffix(".bundles").read_text("utf-8").splitlines()
                found.append(Process(path.stem, stacks, [json.loads(line) for line in bundles]))
            draw(self._folder, found)
        finally:
            shutil.rmtree(self._parts, ignore_errors=True)


@contextmanager
def profiling(folder: str | None) -> Iterator[Profile | None]:
    """A profile of what is done in the body of the `with`, drawn at its end; None without a folder.

    Raises:
        UsageError: the folder cannot be written to.
    """
    with held():
        profile = Profile(folder) if folder else None
        try:
            with let():
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
        bundle: dict[str, Any] = {
            "pid": os.getpid(),
            "tid": threading.get_native_id(),
            "begin_ns": wall,
            "wall_ns": time.time_ns() - wall,
            "cpu_ns": time.thread_time_ns() - cpu,
            "stages": [stage for stage in STAGES if stage in map(stage_of, steps)],
            "steps": list(steps),
        }
        self._out.write(json.dumps(bundle) + "\n")
        self._out.flush()


class Looker(threading.Thread):
    """Writes a line for each thread of this process that was at work since the last look: its stack, and for how many
    microseconds."""

    def __init__(self, out: IO[str]) -> None:
        """To be made in the process's first thread."""
        super().__init__(name="profile", daemon=True)
        self._out = out
        self._done = threading.Event()
        self._before = {os.getpid(): time.thread_time_ns()}
        self._roots = {"threading.Thread._bootstrap", names_of(sys._getframe())[0]}

    def stop(self) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        with suppress(OSError, AttributeError):  # else it waits for the lock some ten microseconds longer
            ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
        while not self._done.wait(LOOK_SECONDS):
            lines = self._look()
            with suppress(OSError):  # the disk is full: the run says so itself
                self._out.write("".join(lines))
                self._out.flush()

    def _look(self) -> list[str]:
        frames = sys._current_frames()
        lines = []
        for thread in threading.enumerate():
            # The first thread's number is the process's; before 3.12 Python has the old one after a fork.
            number = os.getpid() if thread is threading.main_thread() else thread.native_id
            frame = frames.get(thread.ident or 0)
            if number is None or frame is None or thread is self:
                continue
            with suppress(OSError):  # it has ended
                now = _cpu_ns(number)
                spent = now - self._before.get(number, 0)
                names = names_of(frame)
                # Half a stack is of a thread that ran on as we looked: the next look has its time.
                if spent >= LEAST_NS and names[0] in self._roots:
                    self._before[number] = now
                    lines.append(f"{';'.join(stack_of(names))} {spent // 1000}\n")
        return lines


def _cpu_ns(thread: int) -> int:
    """The processor's time that a thread of this process had, by the clock that Linux has for each.

    Raises:
        OSError: there is no such thread.
    """
    return time.clock_gettime_ns((~thread << 3) | 6)


def read_stacks(lines: IO[str]) -> Counter[Stack]:
    """The microseconds of each stack, from the lines of a Looker; the last may be cut off."""
    stacks: Counter[Stack] = Counter()
    for line in lines:
        stack, _, spent = line.rpartition(" ")
        if line.endswith("\n"):
            stacks[tuple(stack.split(";"))] += int(spent)
    return stacks


def names_of(frame: FrameType | None) -> list[str]:
    """The functions of a frame and its callers, from the first caller to the frame's own."""
    names: list[str] = []
    while frame is not None:
        function = frame.f_code.co_qualname.replace(".<locals>", "")
        names.append(f"{_module(frame.f_code.co_filename)}.{function}".replace(";", ","))
        frame = frame.f_back
    return names[::-1]


def stack_of(names: list[str]) -> Stack:
    """The stage or what else a thread works for, then its functions, from caller to called."""
    in_bundle = max((n for n, name in enumerate(names) if name.startswith(BUNDLE)), default=len(names))
    for n, name in enumerate(names[in_bundle:], in_bundle):
        group = GROUP_OF.get(name.split(".")[1]) if name.startswith("stages.") else None
        if group:
            return group, *names[n:]
    return "beam" if any(name.startswith("apache_beam.") for name in names) else "run", *names


@cache
def _module(path: str) -> str:
    """What a file is called as a module, as far as its path tells; ours without "dateline.pipeline"."""
    parts = Path(path).with_suffix("").parts
    if Path(path).is_relative_to(ROOT) and "site-packages" not in path.removeprefix(str(ROOT)):
        parts = parts[len(ROOT.parts) :]
        parts = parts[1:] if parts[0] == "pipeline" else parts
    elif "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    else:
        parts = parts[-1:]
    return ".".join(parts)
