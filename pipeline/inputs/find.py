"""Which dumps a run reads: patterns on the command line into a sorted list of files, checked before any work."""

import glob
import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import groupby
from typing import Any, NamedTuple

from dateline.errors import Unusable, UsageError
from dateline.pipeline.elements import Dump, Part
from dateline.pipeline.inputs.formats import Damaged, parts_of
from dateline.pipeline.inputs.patterns import Listing, fixed_part, has_magic, list_pattern
from dateline.pipeline.inputs.records import base_source
from dateline.pipeline.inputs.rejects import reject_sources
from dateline.pipeline.names import REJECTED
from dateline.pipeline.store.address import SCHEMES, absolute, in_store
from dateline.pipeline.store.files import expand, map_paths, pin_of


class Unreadable(NamedTuple):
    path: str
    error: str


class Inputs(NamedTuple):
    dumps: tuple[Dump, ...]
    """Sorted by source."""
    unreadable: tuple[Unreadable, ...]
    """What the patterns match and nobody can read: reported by name; the rest of the run goes on."""


class _Candidate(NamedTuple):
    path: str
    source: str
    key: Any
    """Of the file itself, whatever links lead to it."""
    link: bool
    error: str | None


def find_inputs(
    patterns: Sequence[str],
    source_root: str | None,
    may_be_none: bool = False,
    option: str = "--input",
    dataset: str | None = None,
    read_before: Callable[[], Collection[str]] = tuple,
) -> Inputs:
    """Expand file patterns.

    Args:
        patterns: paths, of this machine or of an object store, or shell patterns where ** stands for any folders. A
            path that is there is taken as it is, even if it holds a pattern's characters.
        source_root: the folder below which a dump's path is its source; None for the base name.
        may_be_none: whether a pattern, not a path, may match nothing, as long as the folder that it is below is there.
        option: what the user gave the patterns with.
        dataset: the folder or address that is written to: what lies there is no dump.
        read_before: gives the sources that the dataset knows: of several names of one file, one of these is it.

    Raises:
        UsageError: a pattern matches nothing, a dump is not below source_root, or two have one source; or a store
            cannot be used as things are set up.
        StoreError: a store failed.
    """
    candidates: list[_Candidate] = []
    unreadable: dict[str, Unreadable] = {}
    own = _Own(dataset)
    for pattern in patterns:
        require_known(option, pattern)
        paths, unlisted = _expand(pattern, option)
        found = [
            path for path in map(absolute, paths) if path == absolute(pattern) or not os.path.isdir(path)
        ]
        foreign = [path for path in found if not own.has(path)]
        if not foreign and not unlisted:
            if found:
                raise UsageError(
                    f"{option} {pattern!r} matches nothing but files in the folder of --output, which is the dataset's own: "
                    "give --output another"
                )
            _require_match(pattern, option, may_be_none)
        for folder, why in unlisted:
            unreadable[folder] = Unreadable(absolute(folder), f"is a folder that may not be listed: {why}")
        candidates += [_candidate(path, source_root) for path in foreign]
    files: dict[str, str] = {}
    errors: dict[str, str | None] = {}
    for path, source, _, _, error in _one_of_each(candidates, read_before):
        if source in files:
            raise UsageError(
                f"two dumps would have the source {source!r}: {files[source]} and {path}; "
                "give --source-root, a folder that both are below"
            )
        files[source] = path
        errors[path] = error
    dumps: list[Dump] = []
    sources = {path: source for source, path in files.items() if not errors[path]}
    looked_at = map_paths(lambda path: _dumps(path, sources[path]), sources)
    for path, error in errors.items():
        outcome = error or looked_at[path]
        if isinstance(outcome, str):
            unreadable[path] = Unreadable(path, outcome)
        else:
            dumps += outcome
    again = {dump.source for dump in dumps if dump.part and dump.part.format == "rejects"}
    if both := again.intersection(files):
        raise UsageError(
            f"the rejects of {min(both)!r} and the dump itself are both among {option}: give one"
        )
    return Inputs(tuple(sorted(dumps, key=_order)), tuple(unreadable.values()))


def _require_match(pattern: str, option: str, may_be_none: bool) -> None:
    """Refuse a pattern that matches nothing: a folder that is not mounted would look like one without dumps."""
    message = f"{option} {pattern!r} matches no file: check the path"
    if not has_magic(pattern):
        raise UsageError(message if in_store(pattern) else _why_missing(pattern, option))
    if not may_be_none:
        allow = "; --allow-empty allows a pattern to match none" if option == "--input" else ""
        raise UsageError(message + allow)
    if not in_store(pattern) and not os.path.isdir(fixed_part(pattern)):
        raise UsageError(f"{message}; {fixed_part(pattern)} is no folder, which --allow-empty does not allow")


def _why_missing(path: str, option: str) -> str:
    """What is told of a path at which nothing is, or where nobody may look; with the file beside it whose name is near."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        with suppress(OSError):
            beside = os.listdir(os.path.dirname(path) or ".")
            if near := get_close_matches(os.path.basename(path), beside, 1):
                nearest = os.path.join(os.path.dirname(path), near[0])
                return f"{option} {path!r} matches no file: did you mean {nearest}?"
    except OSError as error:
        return f"{option} {path!r} cannot be looked at: {error.strerror}"
    return f"{option} {path!r} matches no file: check the path"


def _candidate(path: str, source_root: str | None) -> _Candidate:
    source = source_name(path, source_root)
    if in_store(path):
        return _Candidate(path, source, path, False, None)
    try:
        seen = os.stat(path)
    except OSError as error:
        return _Candidate(path, source, path, False, error.strerror or type(error).__name__)
    link = stat.S_ISLNK(os.lstat(path).st_mode)
    return _Candidate(path, source, (seen.st_dev, seen.st_ino), link, _why_unreadable(path, seen.st_mode))


def _one_of_each(
    candidates: Sequence[_Candidate], read_before: Callable[[], Collection[str]]
) -> Iterator[_Candidate]:
    """Each file once, by one of its names: that which was read before, or one that is no link, or the first."""
    groups: dict[Any, list[_Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.key, []).append(candidate)
    read: Collection[str] | None = None
    for group in groups.values():
        if len({candidate.source for candidate in group}) > 1:
            read = set(read_before()) if read is None else read
            group.sort(key=lambda candidate: (candidate.source not in read, candidate.link))
        yield group[0]


class _Own:
    """The files of the dataset that is written to."""

    def __init__(self, dataset: str | None) -> None:
        self._dataset = dataset if dataset is None or in_store(dataset) else os.path.realpath(dataset)
        self._folders: dict[str, bool] = {}

    def has(self, path: str) -> bool:
        if self._dataset is None or in_store(path) != in_store(self._dataset):
            return False
        if in_store(path):
            return path.startswith(f"{self._dataset}/")
        if os.path.islink(path):
            path = os.path.realpath(path)
        folder = os.path.dirname(path)
        if folder not in self._folders:
            self._folders[folder] = f"{os.path.realpath(folder)}/".startswith(f"{self._dataset}/")
        return self._folders[folder]


def require_known(option: str, path: str, schemes: Sequence[str] = SCHEMES) -> None:
    """Refuse the address of what is not read or written: taken for a path, it would name a folder here. The address
    itself is not in the message: it may hold a password or a signature.

    Raises:
        UsageError: it is one.
    """
    scheme, mark, _ = path.partition("://")
    if mark and scheme.isalnum() and scheme + mark not in schemes and not os.path.lexists(path):
        accepted = " or ".join(("a path", *schemes))
        raise UsageError(f"{option} is an address of {scheme}://, and takes {accepted}")


def _expand(pattern: str, option: str) -> Listing:
    if in_store(pattern):
        try:
            return Listing(expand(pattern), [])
        except Unusable as error:
            raise UsageError(f"{option}: {error}") from error
    if os.path.basename(os.path.normpath(pattern)) == REJECTED and os.path.isdir(pattern):
        return Listing(sorted(glob.glob(f"{glob.escape(pattern)}/*.arrow")), [])  # of a dataset, read again
    return Listing([pattern], []) if os.path.lexists(pattern) else list_pattern(pattern)


def _dumps(path: str, source: str) -> list[Dump] | str:
    """A file as one dump, or, where it has to be unpacked, as one for each part of it; or why it cannot be read."""
    try:
        return _parted(path, source)
    except (OSError, Damaged) as problem:
        return str(problem)


def _parted(path: str, source: str) -> list[Dump]:
    size, tag = pin = pin_of(path)
    parts = parts_of(path, pin) if size else []
    if parts and parts[0].format == "rejects":
        return _reject_dumps(parts[0], size)
    if not parts:
        return [Dump(path, source, size, None, tag)]
    share = size // len(parts)
    return [
        Dump("", source, share + (size % len(parts) if not n else 0), part) for n, part in enumerate(parts)
    ]


def _reject_dumps(part: Part, size: int) -> list[Dump]:
    """A file of rejects as a dump for each dump that they came from: they keep their first source."""
    groups = [
        (source, len(list(rows)))
        for source, rows in groupby(map(base_source, reject_sources(part.path, part.pin)))
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


def _why_unreadable(path: str, mode: int) -> str | None:
    try:
        if stat.S_ISDIR(mode):
            return f"is a folder; give a pattern of its files, such as '{path}/*.txt'"
        if not stat.S_ISREG(mode):
            return "is no regular file"
        with open(path, "rb", buffering=0) as file:
            file.read(1)
    except OSError as error:
        return error.strerror or type(error).__name__
    return None
