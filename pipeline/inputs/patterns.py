"""Listing: a pattern of this machine into the files that it names.

Unlike glob's, a folder that may not be listed is told, not passed over, and links never lead round in circles: each
folder is gone through once below a **, by its own name where it has one there, not by a link's.
"""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

_MAGIC = re.compile(r"[*?[]")


class Listing(NamedTuple):
    paths: list[str]
    """Sorted; folders that the last part of the pattern names are among them."""
    unlisted: list[tuple[str, str]]
    """Folders that may not be listed, and why."""


def has_magic(pattern: str) -> bool:
    """Whether a path is a pattern: it has characters that stand for others."""
    return _MAGIC.search(pattern) is not None


def fixed_part(pattern: str) -> str:
    """The folder that a pattern is below of, whatever its characters stand for."""
    parts = pattern.split("/")
    first = next((n for n, part in enumerate(parts) if has_magic(part)), len(parts))
    return "/".join(parts[:first]) or ("/" if pattern.startswith("/") else ".")


def list_pattern(pattern: str) -> Listing:
    """The paths that a shell pattern names: * and ? and [...] in a name, ** for any folders, or none. Names that begin with
    a dot are named only by a pattern that does."""
    first, *parts = [part for part in pattern.split("/") if part != "."] or [""]
    places = [first or "/"] if pattern.startswith("/") else [""]
    if not pattern.startswith("/"):
        parts = [first, *parts]
    unlisted: dict[str, str] = {}
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            places = [path for place in places for path in _below(place, last, unlisted)]
        elif has_magic(part):
            places = [path for place in places for path in _matching(place, part, unlisted)]
        elif part:
            places = [path for place in places if os.path.lexists(path := os.path.join(place, part))]
        places = list(dict.fromkeys(places))
    return Listing(sorted(path for path in places if path), sorted(unlisted.items()))


def _matching(folder: str, part: str, unlisted: dict[str, str]) -> Iterator[str]:
    for entry in _entries(folder, unlisted):
        if fnmatchcase(entry.name, part) and (part.startswith(".") or not entry.name.startswith(".")):
            yield os.path.join(folder, entry.name)


def _below(folder: str, files: bool, unlisted: dict[str, str]) -> Iterator[str]:
    """A folder and all folders below it; with all files, if asked for. What only links lead to comes last."""
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    links: list[str] = []
    while waiting or links:
        place = waiting.pop() if waiting else links.pop()
        try:
            stat = os.stat(place or ".")
        except OSError:
            continue  # it went, or its links lead nowhere but to themselves
        if (stat.st_dev, stat.st_ino) in seen:
            continue
        seen.add((stat.st_dev, stat.st_ino))
        yield place
        for entry in sorted(_entries(place, unlisted), key=lambda entry: entry.name, reverse=True):
            path = os.path.join(place, entry.name)
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                (links if entry.is_symlink() else waiting).append(path)
            elif files:
                yield path


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that lead to each other
        return False


def _entries(folder: str, unlisted: dict[str, str]) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder or ".") as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        unlisted[folder or "."] = error.strerror or str(error)
        return []
