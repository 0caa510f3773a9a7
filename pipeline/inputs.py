"""Which dumps a run reads: patterns on the command line into a sorted list of files, checked before any work."""

import glob
import os
import stat
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.elements import Dump


class UsageError(Exception):
    """What was asked for cannot be done; the message says what was found, what was expected, what to do."""


class Unreadable(NamedTuple):
    path: str
    error: str


class Inputs(NamedTuple):
    dumps: tuple[Dump, ...]
    """Sorted by source."""
    unreadable: tuple[Unreadable, ...]
    """What the patterns match and nobody can read: reported by name; the rest of the run goes on."""


def find_inputs(patterns: Sequence[str], source_root: str | None) -> Inputs:
    """Expand file patterns.

    Args:
        patterns: paths, or shell patterns where ** stands for any folders. A path that is there is taken
            as it is, even if it holds a pattern's characters.
        source_root: the folder below which a dump's path is its source; None for the base name.

    Raises:
        UsageError: a pattern matches nothing, a dump is not below source_root, or two have one source.
    """
    dumps: dict[str, Dump] = {}
    unreadable: dict[str, Unreadable] = {}
    for pattern in patterns:
        paths = [pattern] if os.path.lexists(pattern) else sorted(glob.glob(pattern, recursive=True))
        if not paths:
            raise UsageError(f"--input {pattern!r} matches no file: check the path, and quote patterns")
        for path in map(os.path.abspath, paths):
            if os.path.isdir(path) and path != os.path.abspath(pattern):
                continue  # a folder that a pattern came across is no input of the user's
            error = _why_unreadable(path)
            if error:
                unreadable[path] = Unreadable(path, error)
                continue
            source = source_name(path, source_root)
            known = dumps.get(source)
            if known and not os.path.samefile(known.path, path):
                raise UsageError(
                    f"two dumps would have the source {source!r}: {known.path} and {path}; "
                    "give --source-root, a folder that both are below"
                )
            dumps.setdefault(source, Dump(path, source, os.path.getsize(path)))
    return Inputs(tuple(dumps[source] for source in sorted(dumps)), tuple(unreadable.values()))


def source_name(path: str, source_root: str | None) -> str:
    """The name of a dump in the rows; bytes of a file name that are not UTF-8 are written as escapes.

    Raises:
        UsageError: the dump is not below source_root.
    """
    if source_root is None:
        name = os.path.basename(path)
    else:
        name = os.path.relpath(path, os.path.abspath(source_root))
        if name.startswith(".."):
            raise UsageError(f"{path} is not below --source-root {source_root}")
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _why_unreadable(path: str) -> str | None:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return "is a folder; give a pattern such as FOLDER/*.txt"
        if not stat.S_ISREG(mode):
            return "is no regular file"
        with open(path, "rb", buffering=0) as file:
            file.read(1)
    except OSError as error:
        return error.strerror or type(error).__name__
    return None
