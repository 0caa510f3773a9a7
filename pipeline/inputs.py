"""Which dumps a run reads: patterns on the command line into a sorted list of files, checked before any work."""

import glob
import os
import stat
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from pipeline.elements import Dump
from pipeline.names import REJECTED
from pipeline.rules.formats import Damaged, Part, parts_of
from pipeline.rules.records import base_source
from pipeline.rules.rejected import reject_sources
from pipeline.stores import SCHEMES, Unusable, absolute, expand, in_store, size_of


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


def find_inputs(
    patterns: Sequence[str], source_root: str | None, may_be_none: bool = False, option: str = "--input"
) -> Inputs:
    """Expand file patterns.

    Args:
        patterns: paths, of this machine or of an object store, or shell patterns where ** stands for any folders. A
            path that is there is taken as it is, even if it holds a pattern's characters.
        source_root: the folder below which a dump's path is its source; None for the base name.
        may_be_none: whether a pattern, not a path, may match nothing: tomorrow it may.
        option: what the user gave the patterns with.

    Raises:
        UsageError: a pattern matches nothing, a dump is not below source_root, or two have one source; or a store
            cannot be used as things are set up.
        StoreError: a store failed.
    """
    files: dict[str, str] = {}
    dumps: list[Dump] = []
    unreadable: dict[str, Unreadable] = {}
    for pattern in patterns:
        require_known(option, pattern)
        paths = _expand(pattern, option)
        if os.path.basename(os.path.normpath(pattern)) == REJECTED and os.path.isdir(pattern):
            paths = sorted(
                glob.glob(f"{glob.escape(pattern)}/*.arrow")
            )  # the rejects of a dataset, read again
        if not paths and not (may_be_none and glob.has_magic(pattern)):
            raise UsageError(f"{option} {pattern!r} matches no file: check the path, and quote patterns")
        for path in map(absolute, paths):
            if os.path.isdir(path) and path != absolute(pattern):
                continue  # a folder that a pattern came across is no input of the user's
            error = None if in_store(path) else _why_unreadable(path)
            source = source_name(path, source_root)
            known = files.get(source)
            if known and not _same(known, path):
                raise UsageError(
                    f"two dumps would have the source {source!r}: {known} and {path}; "
                    "give --source-root, a folder that both are below"
                )
            if error is None and not known:
                try:
                    dumps += _dumps(path, source)
                    files[source] = path
                except (OSError, Damaged) as problem:
                    error = str(problem)
            if error:
                unreadable[path] = Unreadable(path, error)
    again = {dump.source for dump in dumps if dump.part and dump.part.format == "rejects"}
    if both := again.intersection(files):
        raise UsageError(
            f"the rejects of {min(both)!r} and the dump itself are both among {option}: give one"
        )
    return Inputs(tuple(sorted(dumps, key=_order)), tuple(unreadable.values()))


def require_known(option: str, path: str, schemes: Sequence[str] = SCHEMES) -> None:
    """Refuse the address of what is not read or written: taken for a path, it would name a folder here. The address
    itself is not told: it may hold a password or a signature.

    Raises:
        UsageError: it is one.
    """
    scheme, mark, _ = path.partition("://")
    if mark and scheme.isalnum() and scheme + mark not in schemes and not os.path.lexists(path):
        known = " or ".join(("a path", *schemes))
        raise UsageError(f"{option} is an address of {scheme}://, and takes {known}")


def _expand(pattern: str, option: str) -> list[str]:
    if in_store(pattern):
        try:
            return expand(pattern)
        except Unusable as error:
            raise UsageError(f"{option}: {error}") from error
    return [pattern] if os.path.lexists(pattern) else sorted(glob.glob(pattern, recursive=True))


def _same(one: str, other: str) -> bool:
    """Whether two paths name one file."""
    if in_store(one) or in_store(other):
        return one == other
    return os.path.samefile(one, other)


def _dumps(path: str, source: str) -> list[Dump]:
    """A file as one dump, or, where it has to be unpacked, as one for each part of it."""
    size = size_of(path)
    parts = parts_of(path, size) if size else []
    if parts and parts[0].format == "rejects":
        return _reject_dumps(parts[0], size)
    if not parts:
        return [] if size and path.endswith(".parquet") else [Dump(path, source, size)]
    share = size // len(parts)
    return [
        Dump("", source, share + (size % len(parts) if not n else 0), part) for n, part in enumerate(parts)
    ]


def _reject_dumps(part: Part, size: int) -> list[Dump]:
    """A file of rejects as a dump for each dump that they came from: they keep their first source."""
    groups = [
        (source, len(list(rows))) for source, rows in groupby(map(base_source, reject_sources(part.path)))
    ]
    dumps, row = [], 0
    for source, rows in groups:
        share = size * (row + rows) // part.stop - size * row // part.stop
        dumps.append(Dump("", source, share, part._replace(start=row, stop=row + rows)))
        row += rows
    return dumps


def _order(dump: Dump) -> tuple[str, int]:
    return dump.source, dump.part.start if dump.part else 0


def with_spools(dumps: Sequence[Dump], folder: str) -> tuple[Dump, ...]:
    """The dumps, each that has to be unpacked with the path of its spool in a folder."""
    return tuple(
        dump._replace(path=f"{folder}/{number:08d}.txt") if dump.part else dump
        for number, dump in enumerate(dumps)
    )


def source_name(path: str, source_root: str | None) -> str:
    """The name of a dump in the rows; bytes of a file name that are not UTF-8 are written as escapes, and so is
    #, which stands before the place of a record.

    Raises:
        UsageError: the dump is not below source_root.
    """
    if source_root is None:
        name = os.path.basename(path)
    else:
        root = absolute(source_root)
        if in_store(path):
            inside = path.startswith(root.rstrip("/") + "/")
            name = path[len(root.rstrip("/")) + 1 :]
        else:
            name = os.path.relpath(path, root)
            inside = not name.startswith("..")
        if not inside:
            raise UsageError(f"{path} is not below --source-root {source_root}")
    return os.fsencode(name).decode("utf-8", "backslashreplace").replace("#", "%23")


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
