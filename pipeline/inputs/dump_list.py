"""The list of dumps: a run's dumps travel to its workers as the name of the file that lists them.

Every stage knows all dumps. Pickled into each of them, the list of a hundred thousand files was most of what such a
run did.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from dateline.pipeline.elements import Dump, Part
from dateline.pipeline.store.files import open_file
from dateline.pipeline.store.scratch import write
from dateline.pipeline.versions import Versions, here, require_same


class DumpList(tuple[Dump, ...]):
    """The dumps of a list; pickles as the list's path, and is read once in each process."""

    path: str

    def __reduce__(self) -> tuple[Any, ...]:
        return _read_list_of, (here(), self.path)


def write_list(dumps: Iterable[Dump], path: str) -> DumpList:
    """List the dumps in a new file of the run's scratch."""
    write(path, json.dumps(list(dumps)).encode())
    return read_list(path)


def _read_list_of(driver: Versions, name: str) -> DumpList:
    require_same(driver)
    return read_list(name)


@lru_cache(maxsize=1)
def read_list(name: str) -> DumpList:
    """The dumps of a list."""
    with open_file(name) as file:
        rows = json.load(file)
    dumps = DumpList(
        Dump(path, source, size, part and Part(*part), tag) for path, source, size, part, tag in rows
    )
    dumps.path = name
    return dumps
