"""Scratch: what the tasks of a run leave for one another, whole, under names that are written once or with the same bytes.

    place = "/data/news/_runs/20261130T..."                    a folder that all workers see
    place = "s3://bucket/news/_runs/00000007/20261130T..."     objects, where they see no common folder
    write(f"{place}/receipts/articles-3.arrow", data)
    with read(f"{place}/parsed/5f0c") as source: ...

So whatever a task leaves is a path, and store/files.py opens it at any offset.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from typing import IO, Any

import pyarrow as pa

from dateline.pipeline.atomic import whole_file
from dateline.pipeline.names import RUNS, scratch_version
from dateline.pipeline.store.address import in_store, object_at, open_bucket


@contextmanager
def new_file(path: str) -> Iterator[IO[bytes]]:
    """A file of this machine to write to, which is at the path once the body is done; if that fails, nothing is.

    Args:
        path: of a folder that is there, or of an object. What is there of that name is replaced.

    Raises:
        OSError: it cannot be written.
        StoreError: its store failed.
    """
    if not in_store(path):
        with whole_file(path) as file:
            yield file
        return
    with tempfile.NamedTemporaryFile(prefix="dateline-") as file:
        yield file
        file.flush()
        with open(file.name, "rb") as written:
            digest = file_digest(written, "sha256").hexdigest()
        bucket, name = object_at(path)
        bucket.upload(file.name, name, digest)


def write(path: str, data: bytes) -> None:
    """Write a small file; raises what new_file() does."""
    if in_store(path):
        bucket, name = object_at(path)
        bucket.put(name, data)
    else:
        with whole_file(path) as file:
            file.write(data)


def read(path: str) -> Any:
    """All of a file, as pyarrow reads it: mapped, or, of an object, fetched into memory; to be closed.

    Raises:
        FileNotFoundError: it is not there.
        StoreError: its store failed.
    """
    if not in_store(path):
        return pa.memory_map(path)
    found = find(path)
    if found is None:
        raise FileNotFoundError(f"{path} is not there: was the scratch of this run removed while it ran?")
    return pa.BufferReader(found)


def find(path: str) -> bytes | None:
    """The bytes of a file; None where there is none."""
    if not in_store(path):
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
    bucket, name = object_at(path)
    found = bucket.get(name)
    return found and found[0]


def own_folder(owner: object) -> str:
    """A new folder of this machine, which goes when its owner does, or this process."""
    folder = tempfile.mkdtemp(prefix="dateline-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return folder


def remove_older(place: str) -> None:
    """Remove the scratch of runs that were to make earlier versions than the run of this scratch: none of them can end well.

    Args:
        place: an address, with what names.scratch_folder() gives at its end.
    """
    base, _, rest = place.rpartition(f"/{RUNS}/")
    number = int(rest.partition("/")[0])
    bucket = open_bucket(base)
    there = bucket.names(f"{RUNS}/")
    bucket.delete([name for name in there if (of := scratch_version(name)) is not None and of < number])


def remove(place: str) -> None:
    """Remove all of a run's scratch in a store, as far as that lists it; the rest is the next run's to remove."""
    bucket = open_bucket(place)
    bucket.delete(list(bucket.names()))
