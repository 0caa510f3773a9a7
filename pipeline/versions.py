"""Versions: a run's driver and its workers have to be of the same ones, or its files are of neither.

What travels from the one to the other says the versions of the process that it comes from, and cannot be unpickled in
one of others. A worker looks once; a run of one machine compares its own versions with themselves.
"""

import platform
from functools import lru_cache
from importlib.metadata import version
from typing import Any, TypeAlias

from dateline.errors import VersionError

DECISIVE = ("dateline", "apache-beam", "pyarrow", "ftfy", "jsonschema")
"""The packages that bytes depend on: the rules, what is shuffled, the files, mended text, a reject's detail."""

REFUSED = "this worker has "
"""How a refusal begins."""

Versions: TypeAlias = tuple[tuple[str, str], ...]
"""(Package, version) of each; Python, whose Unicode tables fold headlines, is one of them."""


@lru_cache(maxsize=1)
def here() -> Versions:
    """The versions of this process."""
    python = ".".join(platform.python_version_tuple()[:2])
    return (("python", python), *((name, version(name)) for name in DECISIVE))


@lru_cache(maxsize=1)
def require_same(driver: Versions) -> None:
    """Hold the versions of the driver against those of this process, a worker; see compare()."""
    compare(here(), driver)


def compare(worker: Versions, driver: Versions) -> None:
    """Hold the versions of a worker and of the driver against each other.

    Raises:
        VersionError: they differ; the message says in what, and what to do.
    """
    mine, wanted = dict(worker), dict(driver)
    if mine == wanted:
        return
    names = [name for name in wanted | mine if mine.get(name) != wanted.get(name)]
    found = ", ".join(f"{name} {mine.get(name, 'unknown')}" for name in names)
    expected = ", ".join(f"{name} {wanted.get(name, 'unknown')}" for name in names)
    raise VersionError(
        f"{REFUSED}{found}; the run was started with {expected}. "
        "Install the same versions on workers and driver, start the workers anew, and run again"
    )


class SameVersions:
    """Pickles with the versions of its process."""

    def __getstate__(self) -> tuple[Versions, Any]:
        return here(), super().__getstate__()

    def __setstate__(self, state: tuple[Versions, dict[str, Any] | None]) -> None:
        versions, own = state
        require_same(versions)
        self.__dict__.update(own or {})
