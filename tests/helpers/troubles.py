"""Commands whose stdout or stderr is in trouble, each a process of its own that is forked from one that has loaded all.

    python -m tests.helpers.troubles < CASES        [[name, [arguments...], trouble]...] as JSON

What each came to is a line of JSON: name, trouble, exit status, stdout, stderr.
"""

import gc
import io
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from dateline.runners.command import cli

LOADED = ("command.dataset_commands", "command.inspect", "command.summary", "command.watch", "engine.local")
"""Modules of runners/ that commands import when they need them: imported once here, not again in each forked process."""


def to(handle: int, path: str) -> None:
    os.dup2(os.open(path, os.O_WRONLY), handle)


def to_nobody(handle: int) -> None:
    """A pipe whose reader has gone."""
    read, write = os.pipe()
    os.close(read)
    os.dup2(write, handle)


def close(handle: int) -> None:
    os.close(handle)
    name = {1: "stdout", 2: "stderr"}[handle]
    setattr(sys, name, None)
    setattr(sys, f"__{name}__", None)


def encode(name: str) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=name, errors="strict")


def unhurried(handle: int) -> None:
    """A pipe that is read slowly, and written to without waiting."""
    read, write = os.pipe()
    if not os.fork():
        os.close(write)
        while os.read(read, 256):
            pass
        os._exit(0)
    os.close(read)
    os.set_blocking(write, False)
    os.dup2(write, handle)


TROUBLES: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "stdout is full": lambda: to(1, "/dev/full"),
    "stdout is closed": lambda: close(1),
    "stdout has no reader": lambda: to_nobody(1),
    "stdout is not waited for": lambda: unhurried(1),
    "stderr is full": lambda: to(2, "/dev/full"),
    "stderr is closed": lambda: close(2),
    "stderr has no reader": lambda: to_nobody(2),
    "both are closed": lambda: (close(1), close(2))[0],
    "neither has a reader": lambda: (to_nobody(1), to_nobody(2))[0],
    "both are ASCII": lambda: encode("ascii"),
}


def ended(arguments: Sequence[str]) -> NoReturn:
    """Do a command, and end as Python does, without all that it would put away first."""
    try:
        status = cli.main(arguments)
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
        status = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except OSError as error:
            os.write(2, f"Exception ignored in {stream}: {error}".encode())
            status = 120
    os._exit(status)


def main() -> None:
    for name in LOADED:
        import_module(f"dateline.runners.{name}")
    gc.freeze()  # a fork that looked at all that is loaded would copy it
    for name, arguments, trouble in json.load(sys.stdin):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if not child:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                TROUBLES[trouble]()
                ended(arguments)
            _, status = os.waitpid(child, 0)
            told = []
            for file in (out, err):
                file.seek(0)
                told.append(file.read().decode("utf-8", "replace"))
        print(json.dumps([name, trouble, os.waitstatus_to_exitcode(status), *told]), flush=True)


if __name__ == "__main__":
    main()
