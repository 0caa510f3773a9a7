"""A disk that fails: every call that changes something is counted, and one of them can go wrong."""

import builtins
import os
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from dateline.pipeline import atomic
from dateline.pipeline.dataset import commit, links, relink, staging

CHANGES = ("rename", "replace", "link", "unlink", "mkdir", "makedirs", "rmdir", "open", "fsync")
"""The calls of os that the commit makes; the built-in open is counted with them."""


class Died(BaseException):
    """The process was killed: from here on it can do nothing at all."""


class Disk:
    """Counts calls; raises `error` at call `fail_at`. After Died every later call raises it, too."""

    def __init__(self, fail_at: int | None = None, error: BaseException | None = None,
                 before: Callable[[int], None] | None = None) -> None:  # fmt: skip
        self.calls: list[tuple[str, Any]] = []
        self._fail_at = fail_at
        self._error = error
        self._before = before
        self._dead = False
        self._looking = False

    def wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if self._dead:
                raise Died
            if self._looking:
                return real(*args, **options)
            number = len(self.calls)
            self.calls.append((name, args[0] if args else None))
            if self._before:
                self._looking = True
                self._before(number)
                self._looking = False
            if number == self._fail_at and self._error is not None:
                self._dead = isinstance(self._error, Died)
                raise self._error
            return real(*args, **options)

        return call


class _Os:
    def __init__(self, disk: Disk) -> None:
        for name in CHANGES:
            setattr(self, name, disk.wrapped(name, getattr(os, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


@contextmanager
def on(disk: Disk):
    """Have the commit use a disk."""
    modules = (commit, atomic, links, relink, staging)
    try:
        for module in modules:
            module.os = _Os(disk)
            module.open = disk.wrapped("open", builtins.open)
        yield disk
    finally:
        for module in modules:
            module.os = os
            del module.open
