"""Safe files: what lies in a dataset's folder is opened only if it is a file or folder there, never through a link.

    _manifests/00000001.json -> /etc/passwd    DamagedFile: "... is a link where a dataset has a file of its own"
    _seen.json holds {"a": NaN}                DamagedFile: "... is not what a run writes there: the number NaN"
    _seen.json holds {"a                       None: torn, as a run leaves it that was killed

A dataset may come from anybody, and a link in it may lead anywhere. A run makes folders and files only, so where one of
the names of names.py is a link, or a pipe, or a folder for a file, nobody who works on the dataset goes on.
"""

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from dateline import schemas
from dateline.errors import DamagedFile
from dateline.pipeline.names import FILES, FOLDERS, MANIFESTS, PARTITION, RUNS, STORE, VERSIONS
from dateline.schemas.contract import contract

_LINKS_WITHIN = (MANIFESTS, RUNS, VERSIONS)
"""Folders whose entries are looked at before any work; those of partitions are as they are used."""


@contextmanager
def believed(path: str) -> Iterator[None]:
    """Blame a file for the errors that its values cause: a checksum says only that they are those that some run wrote.

    Raises:
        DamagedFile: they are not what a run writes.
    """
    try:
        yield
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise DamagedFile(f"{path} has values that no run writes: {error}") from error


def require_own(root: str, here: bool = False) -> None:
    """See that what has the name of a dataset's own folder or file is one.

    Args:
        root: the dataset; it need not be there.
        here: it is no working copy of one in a store.

    Raises:
        DamagedFile: it is a link, or something else.
    """
    for entry in _entries(root):
        is_folder = entry.name in FOLDERS or entry.name.startswith(PARTITION)
        if is_folder or entry.name in FILES:
            _require(entry.path, entry.is_dir if is_folder else entry.is_file, is_folder)
    for name in _LINKS_WITHIN:
        for entry in _entries(f"{root}/{name}"):
            if entry.is_symlink():
                _refuse(entry.path, "a link", "files and folders")
    if here and os.path.lexists(f"{root}/{STORE}"):
        raise DamagedFile(
            f"{root} has {STORE}, as the working copy of a dataset in a store has: give the address of that; "
            "a dataset that lies here has none"
        )


def require_own_file(root: str, name: str) -> None:
    """See that a file at the top of a dataset is one, where it is there.

    Raises:
        DamagedFile: it is a link, or no file.
    """
    size_in(root, name)


def require_own_run(folder: str) -> None:
    """See that nothing in a run's folder is a link.

    Raises:
        DamagedFile: something is.
    """
    for entry in _entries(folder):
        if entry.is_symlink():
            _refuse(entry.path, "a link", "files and folders")


def _entries(folder: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _require(path: str, is_right: Any, is_folder: bool) -> None:
    if not is_right(follow_symlinks=False):
        what = "a link" if os.path.islink(path) else "something else"
        _refuse(path, what, "a folder" if is_folder else "a file")


def _refuse(path: str, found: str, expected: str) -> NoReturn:
    raise DamagedFile(
        f"{path} is {found} where a dataset has {expected} of its own: remove it, or put in its place what it stands for"
    )


def partition_folders(root: str) -> set[str]:
    """The folders of partitions, and those above them, that are no links, for require_folders(): where many are asked for, to
    list each date takes a third of the time that a look at each folder takes."""
    dates = [entry for entry in _entries(root) if entry.name.startswith(PARTITION)]
    found = {date.name for date in dates if date.is_dir(follow_symlinks=False)}
    for date in found.copy():
        regions = _entries(f"{root}/{date}")
        found.update(f"{date}/{entry.name}" for entry in regions if entry.is_dir(follow_symlinks=False))
    return found


def require_folders(root: str, path: str, checked: set[str]) -> None:
    """See that the folders on the way to a file are folders, as far as they are there.

    Args:
        root: the dataset.
        path: in it.
        checked: the folders that are known to be; those of this path are added.

    Raises:
        DamagedFile: one is a link, or no folder.
    """
    if path.rpartition("/")[0] in checked:
        return
    folder = ""
    for part in path.split("/")[:-1]:
        folder = f"{folder}/{part}" if folder else part
        if folder in checked:
            continue
        try:
            mode = os.lstat(f"{root}/{folder}").st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISDIR(mode):
            _refuse(f"{root}/{folder}", "a link" if stat.S_ISLNK(mode) else "something else", "a folder")
        checked.add(folder)


def size_in(root: str, path: str) -> int | None:
    """Bytes of a file of a dataset; None where there is none.

    Raises:
        DamagedFile: it is a link, or no file.
    """
    try:
        found = os.lstat(f"{root}/{path}")
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        _refuse(f"{root}/{path}", "a link" if stat.S_ISLNK(found.st_mode) else "something else", "a file")
    return found.st_size


def read_own(root: str, path: str) -> bytes:
    """All of a small file of a dataset.

    Raises:
        FileNotFoundError: there is none.
        DamagedFile: it is a link, or no file, or a folder on the way is none.
    """
    require_folders(root, path, set())
    place = f"{root}/{path}"
    try:
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe holds nobody up
    except OSError as error:
        if error.errno == errno.ELOOP:
            _refuse(place, "a link", "a file")
        if error.errno == errno.ENXIO:
            _refuse(place, "something else", "a file")
        raise
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            _refuse(place, "something else", "a file")
        return file.read()


def read_json(root: str, path: str, schema: schemas.Name) -> Any:
    """What a file of JSON of a dataset says; None where there is none, or one that is torn.

    Raises:
        DamagedFile: see read_own() and parse_json().
    """
    try:
        data = read_own(root, path)
    except FileNotFoundError:
        return None
    found = parse_json(f"{root}/{path}", data)
    if found is not None:
        require_shape(f"{root}/{path}", found, schema)
    return found


class _Number(Exception):
    """A number that nothing of ours has."""


def _no_number(text: str) -> NoReturn:
    raise _Number(text)


def parse_json(place: str, data: bytes | str, texts: bool = True) -> Any:
    """What JSON says, in which numbers are integers and texts can be written; None where it is torn: no whole JSON.

    Args:
        place: where it stands, for the message.
        data: the JSON.
        texts: whether half of a character is refused; a file's name may have one, for bytes that are not UTF-8.

    Raises:
        DamagedFile: it is whole, and nothing that a run writes.
    """
    try:
        found = json.loads(data, parse_float=_no_number, parse_constant=_no_number)
        half: tuple[Any, Any] = (b"\\ud", b"\\uD") if isinstance(data, bytes) else ("\\ud", "\\uD")
        if texts and (half[0] in data or half[1] in data):
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise DamagedFile(f"{place} is not what a run writes there: half of a character") from None
    except _Number as number:
        raise DamagedFile(f"{place} is not what a run writes there: the number {str(number)[:20]}") from None
    except RecursionError:
        raise DamagedFile(f"{place} is not what a run writes there: nested without end") from None
    except ValueError:
        return None
    if found is None:
        raise DamagedFile(f"{place} is not what a run writes there: null")
    return found


def require_shape(place: str, found: Any, schema: schemas.Name) -> None:
    """Hold what JSON says against its schema.

    Args:
        place: where it stands, for the message.
        found: what it says.
        schema: what it has to be.

    Raises:
        DamagedFile: it is not valid.
    """
    try:
        if contract(schema).is_valid(found):
            return
        pointer, message = contract(schema).violation(found)
    except (
        ValueError,
        OverflowError,
        RecursionError,
    ):  # a number, or a depth, that the validators do not take
        pointer, message = "", "it is far from what a run writes there"
    raise DamagedFile(f"{place} is not valid at {pointer or '/'}: {message}")
