"""Versions in a store, made of small files, without a flow; and what holds of them whatever call of the store goes wrong.

For a test of one store: what makes its calls fail is the test's.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from dateline.errors import Locked, StoreError
from dateline.pipeline.dataset import staging
from dateline.pipeline.dataset.history import kept_manifests
from dateline.pipeline.dataset.interface import Repaired
from dateline.pipeline.dataset.store_dataset import StoreDataset
from dateline.pipeline.dataset.store_manifests import manifest_at, newest_manifest
from dateline.pipeline.names import POINTER
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.bucket import Bucket
from tests.conftest import ROOT
from tests.dataset.test_commit import THIRD
from tests.helpers.versions import KEEP, Folder


class Stored(Folder):
    """A dataset in a store, and all that was ever written to it."""

    def __init__(self, root: Path, address: str) -> None:
        super().__init__(root, StoreDataset(address, str(root)))
        self.address = address
        self._read: set[str] = set()

    def seen_by(self, other: "Stored") -> "Stored":
        """The same dataset, on another machine."""
        other.contents, other.expected = self.contents, self.expected
        return other

    def add(self, partitions, keep=KEEP) -> None:
        """As a run does it, to the end."""
        with self.dataset.checked_out(keep):
            run, files = self.stage(partitions)
            try:
                self.commit(run, files, keep)
            finally:
                staging.clean_up(self.root, run)

    def check_readers(self) -> int:
        """Each version that is there is whole, for who reads by manifest; the number of the newest."""
        bucket = open_bucket(self.address)
        newest = newest_manifest(bucket)
        if newest is None:
            return 0
        names = set(bucket.names())
        for number in range(1, newest["version"] + 1):
            if f"_manifests/{number:08d}.json" in names:
                manifest = manifest_at(bucket, number)
                assert {file["path"] for file in manifest["files"]} == self.expected[number]
                assert {file["stored"] for file in manifest["files"]} <= names
                for file in manifest["files"]:
                    self._check(bucket, file["stored"], file["path"])
        return newest["version"]

    def _check(self, bucket: Bucket, name: str, path: str) -> None:
        """An object has the bytes that were once written to a path; what has been read is not read again."""
        if name not in self._read:
            assert bucket.get(name)[0] == self.contents[path]
            self._read.add(name)

    def visible(self) -> set[str]:
        """What a glob finds."""
        bucket = open_bucket(self.address)
        found = {name for name in bucket.names() if name.startswith("date=")}
        for name in found:
            self._check(bucket, name, name)
        return found

    def check_tidy(self, keep=KEEP) -> None:
        """The folder shows the newest version; nothing lies about that no kept one needs."""
        newest = self.check_readers()
        bucket = open_bucket(self.address)
        names = set(bucket.names())
        assert self.visible() == self.expected[newest]
        numbers = range(max(1, newest - keep + 1), newest + 1)
        manifests = {f"_manifests/{number:08d}.json" for number in numbers}
        assert {name for name in names if name.startswith("_manifests/")} == {
            "_manifests/latest.json", *manifests,
        }  # fmt: skip
        needed = {file["stored"] for number in numbers for file in manifest_at(bucket, number)["files"]}
        assert {name for name in names if name.startswith("_versions/")} == needed

    def objects(self) -> dict[str, bytes]:
        """All that is there."""
        bucket = open_bucket(self.address)
        return {name: bucket.get(name)[0] for name in bucket.names()}

    def have(self, objects: dict[str, bytes]) -> None:
        """Have these be there, and no other."""
        bucket = open_bucket(self.address)
        now = self.objects()
        bucket.delete(sorted(now.keys() - objects.keys()))
        for name in objects:
            if now.get(name) != objects[name]:
                bucket.put(name, objects[name])

    def mend(self) -> Repaired:
        """As `repair` does it, without the dumps."""
        with self.dataset.opened() as dataset:
            return dataset.repair(kept_manifests(dataset.root), "mend", None)


KILLED = """
import os, sys
import dateline.pipeline.{module} as holder
real = holder.{name}
met = []
def call(*args):
    met.append(args)
    os.kill(os.getpid(), 9) if len(met) == {at} else None
    return real(*args)
holder.{name} = call
from dateline.runners.command.cli import main
sys.exit(main())
"""


def kill_at(at: int, module: str, name: str, args: Sequence[str], environ: dict[str, str]) -> None:
    """Have a command killed as it calls a function of ours for the time of that number."""
    code = KILLED.format(module=module, name=name, at=at)
    command = [sys.executable, "-W", "ignore", "-c", code, *args]
    done = subprocess.run(command, env=os.environ | environ, cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode == -9


def texts(number) -> dict[str, str | None]:
    """Two partitions, which a run of another number replaces."""
    return {"2023-01-06": f"text {number}", "2023-01-08": f"more {number}"}


def die_at_each(
    count: int, dataset: Stored, other: Stored, dying: Callable[[int], AbstractContextManager[None]]
) -> None:
    """No half version is ever shown, and the next run, which is the other's, mends what is left.

    To die after a call is to die before the next. Where one version is kept, a wrong order would lose it.

    Args:
        count: how many calls of the store a run makes that writes texts() and keeps one version.
        dying: within it, a run dies as it makes the call of that number.
    """
    for number in range(count):
        before = dataset.check_readers()
        with dying(number):
            dataset.add(texts(number), 1)
        made, shown = dataset.check_readers(), dataset.visible()
        if made == before:
            assert shown == dataset.expected[before]
        else:  # of each partition it shows the new file, or still the old one, or both
            folders = {os.path.dirname(path) for path in shown}
            assert {
                os.path.dirname(path) for path in dataset.expected[made] & dataset.expected[before]
            } <= folders
            assert shown <= dataset.expected[made] | dataset.expected[before]
            for path in dataset.expected[made] - shown:
                assert os.path.dirname(path) in folders or not any(
                    old.startswith(os.path.dirname(path)) for old in dataset.expected[before]
                )
        other.add({"2023-01-07": f"text {number}"} if made > before else texts(number), 1)
        other.check_tidy(1)


STRAY = "date=1999-01-01/region=unknown/copy.arrow"


def damaged(objects: dict[str, bytes]) -> dict[str, bytes]:
    """Of each file of the newest version one of its two objects is gone or has other bytes; and there is a stray."""
    manifest = json.loads(objects["_manifests/00000002.json"])
    objects = objects | {STRAY: b"there, and not listed"}
    one, other, *rest = manifest["files"]
    del objects[one["path"]], objects[other["stored"]]
    for number, file in enumerate(rest):
        objects[file["path" if number % 2 else "stored"]] = b"other bytes"
    return objects


def mend_at_each(dataset: Stored, dying: Callable[[int], AbstractContextManager[list[bool]]]) -> None:
    """A repair that dies as it makes a call of the store has made nothing worse, and the next one mends the rest.

    Args:
        dataset: of two versions, the first of which needs objects that the second has replaced.
        dying: within it, a process dies as it makes the call of that number; gives a list with something in it if it did.
    """
    whole = dataset.objects()
    wrong = damaged(whole)
    number, died = 0, [True]
    while died:
        dataset.have(wrong)
        with dying(number) as died:
            dataset.mend()
        left = dataset.objects()
        aside = left.pop(f"_runs/mend/strays/{STRAY}", None)
        assert b"there, and not listed" in (aside, left.get(STRAY))
        for name in wrong.keys() | whole.keys():
            if name not in (STRAY, POINTER):
                assert left.get(name) in (wrong.get(name), whole.get(name))
        dataset.mend()
        mended = dataset.objects()
        assert mended.pop(f"_runs/mend/strays/{STRAY}") == b"there, and not listed"
        assert mended == whole
        number += 1
    assert number > len(json.loads(whole["_manifests/00000002.json"])["files"]) + 4


def fail_at_each(
    count: int,
    dataset: Stored,
    failing: Callable[[int], AbstractContextManager[None]],
    published: int,
    late: bool,
) -> None:
    """A run says that it failed if its version is not there, and the next ends as if nothing had been.

    Args:
        count: how many calls of the store a run makes that writes texts().
        failing: within it, the call of that number fails.
        published: the number of the call that makes the version.
        late: what fails is the answer, to what was done.
    """
    for number in range(count):
        before = dataset.check_readers()
        with failing(number):
            try:
                dataset.add(texts(number))
            except StoreError:
                failed = True
            else:
                failed = False
        if number == published:
            assert failed is not late  # the answer was lost, but the version is there
        made = dataset.check_readers()
        assert made == before + (number > published or not failed)
        dataset.add({"2023-01-07": f"text {number}"})
        dataset.check_tidy()


def write_at_a_time(dataset: Stored, other: Stored) -> None:
    """Of two writers the second loses nothing, and is told. The dataset has two versions."""
    with other.dataset.checked_out(KEEP):
        run, files = other.stage({"2023-01-09": "nine"})
        dataset.add(THIRD)
        expected = dict(dataset.expected)
        with pytest.raises(Locked, match=f"another run has made version 3 of {other.address} meanwhile"):
            other.commit(run, files)
    other.expected.update(expected)
    dataset.check_readers()
    assert dataset.visible() == expected[3]
    other.add({"2023-01-09": "nine"})
    other.check_tidy()
