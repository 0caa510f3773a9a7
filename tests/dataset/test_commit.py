"""A commit makes a version whole or not at all, whatever happens in the middle, and the next run tidies up.

The commit's calls to the system are few. Each is made to fail, and at each the process is made to die; then
the folder is put in order, which is made to die at each of its calls, too. Between any two calls a reader reads.
"""

import contextlib
import errno
import json
import multiprocessing
import os
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dateline.errors import Locked, NewerDataset
from dateline.pipeline import atomic, names
from dateline.pipeline.dataset import commit, staging
from dateline.pipeline.dataset import version as dataset
from dateline.pipeline.dataset.local_dataset import LocalDataset
from dateline.pipeline.dataset.lock import lock
from tests.helpers.disk import Died, Disk, on
from tests.helpers.versions import KEEP, Folder

FIRST = {"2023-01-01": "one", "2023-01-02": "two", "2023-01-03": "three"}
SECOND = {"2023-01-01": "one, changed", "2023-01-03": None, "2023-01-04": "four"}
THIRD = {"2023-01-02": "two, changed", "2023-01-05": "five"}


def grown(root: Path) -> Folder:
    """Two versions; the first needs files that the second has replaced."""
    folder = Folder(root)
    folder.commit(*folder.stage(FIRST))
    folder.commit(*folder.stage(SECOND))
    return folder


def calls_of_a_commit(root: Path) -> list[tuple[str, str]]:
    folder = grown(root)
    staged = folder.stage(THIRD)
    with on(Disk()) as disk:
        folder.commit(*staged)
    return disk.calls


def test_versions_follow_one_another(tmp_path):
    folder = grown(tmp_path)
    folder.check_tidy()
    three = next(path for path in folder.expected[1] if "01-03" in path)
    assert (tmp_path / names.second_name(three)).exists()
    folder.commit(*folder.stage(THIRD))
    folder.check_tidy()
    assert dataset.version_numbers(folder.root) == [2, 3]
    assert not (tmp_path / names.second_name(three)).exists()


def test_every_step_is_on_the_disk_before_the_next(tmp_path):
    """The journal before the first name; all names and contents before the manifest; that before its number;
    its number before anything is put away."""
    calls = calls_of_a_commit(tmp_path)
    steps = [(name, os.path.relpath(path, tmp_path) if isinstance(path, str) else "") for name, path in calls]

    def at(name, start, nth=0):
        return [i for i, (call, path) in enumerate(steps) if call == name and path.startswith(start)][nth]

    fsyncs = [i for i, (name, _) in enumerate(steps) if name == "fsync"]
    names = [i for i, (name, path) in enumerate(steps) if name == "rename" and "/staged/" in path]
    journal = at("replace", "_runs/run-3/commit.json")
    assert any(i < journal for i in fsyncs)
    assert journal < at("open", "_runs/run-3", 1) < names[0]  # the folder that the journal is in
    flushed = at("open", ".", 0)
    assert names[-1] < flushed < at("open", "_manifests/.tmp-")
    link = at("link", "_manifests/.tmp-")
    assert any(at("open", "_manifests/.tmp-") < i < link for i in fsyncs)
    replaced = at("unlink", "date=")
    assert any(link < i < replaced for i in fsyncs)


def test_without_syncfs_each_file_and_folder_is_synced(tmp_path, monkeypatch):
    folder = grown(tmp_path)
    run, files = folder.stage(THIRD)
    monkeypatch.setattr(atomic.ctypes, "CDLL", lambda *args, **options: object())
    synced = []
    real = atomic.sync
    monkeypatch.setattr(
        atomic, "sync", lambda path: (synced.append(os.path.relpath(path, tmp_path)), real(path))
    )
    folder.commit(run, files)
    assert "_versions" in synced
    for file in files:
        assert {
            file.path,
            os.path.dirname(file.path),
            os.path.dirname(os.path.dirname(file.path)),
            ".",
        } <= set(synced)


def test_an_error_of_syncfs_stops_the_commit(tmp_path, monkeypatch):
    folder = grown(tmp_path)
    run, files = folder.stage(THIRD)

    class Failing:
        def syncfs(self, handle):
            atomic.ctypes.set_errno(errno.EIO)
            return -1

    monkeypatch.setattr(atomic.ctypes, "CDLL", lambda *args, **options: Failing())
    with pytest.raises(OSError, match="Input/output error"):
        folder.commit(run, files)
    staging.clean_up(folder.root, run)
    folder.check_tidy()
    assert folder.latest().manifest["version"] == 2


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EACCES", "interrupt"])
def test_each_call_fails_once(tmp_path, error):
    """A call that fails: either nothing is committed and nothing shows, or the version is there and whole; the
    same run again ends as if nothing had happened."""
    count = len(calls_of_a_commit(tmp_path / "count"))
    committed = set()
    for number in range(count):
        folder = grown(tmp_path / str(number))
        staged = folder.stage(THIRD)
        raised = KeyboardInterrupt() if error == "interrupt" else OSError(getattr(errno, error), error)
        with on(Disk(number, raised)), contextlib.suppress(OSError, KeyboardInterrupt):
            folder.commit(*staged)
        newest = folder.check_versions()
        committed.add(newest)
        commit.recover(folder.root, KEEP)
        folder.check_tidy()
        if newest == 2:
            folder.commit(*folder.stage(THIRD))
            folder.check_tidy()
        assert folder.latest().manifest["version"] == 3
    assert committed == {2, 3}


def test_the_files_of_a_first_version_move_in_one_folder(tmp_path):
    folder = Folder(tmp_path)
    staged = folder.stage(FIRST)
    with on(Disk()) as disk:
        folder.commit(*staged)
    folder.check_tidy()
    assert [path for name, path in disk.calls if name == "rename"] == [f"{folder.root}/_runs/run-1/staged"]


def test_what_no_receipt_names_does_not_move_with_them(tmp_path):
    """A task that was done again has left a torn file."""
    folder = Folder(tmp_path)
    run, files = folder.stage(FIRST)
    Path(folder.root, "_runs", run, "staged", "0123456789abcdef" * 2).write_text("to")
    folder.commit(run, files)
    folder.check_tidy()


def test_death_at_each_call_of_a_first_commit(tmp_path):
    """No version is there before the manifest is, and then it is whole; what is left goes."""
    number, newest = 0, 0
    while not newest:
        folder = Folder(tmp_path / str(number))
        staged = folder.stage(FIRST)
        with on(Disk(number, Died())), contextlib.suppress(Died):
            folder.commit(*staged)
        newest = folder.check_versions()
        commit.recover(folder.root, KEEP)
        folder.check_tidy()
        if not newest:
            folder.commit(*folder.stage(FIRST))
            folder.check_tidy()
        number += 1
    assert number > 20


def test_a_file_takes_the_places_of_what_no_version_lists(tmp_path):
    """A torn one, as a folder may have that was copied by half; a link; and a torn one among those of all versions."""
    folder = grown(tmp_path)
    run, files = folder.stage(THIRD)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    place, link = (tmp_path / file.path for file in files)
    for folder_of in (place.parent, link.parent):
        folder_of.mkdir(parents=True, exist_ok=True)
    place.write_text("to")
    link.symlink_to(outside)
    (tmp_path / names.second_name(files[0].path)).write_text("to")
    folder.commit(run, files)
    assert outside.read_text() == "mine"
    outside.unlink()
    folder.check_tidy()
    for file in files:
        assert (tmp_path / names.second_name(file.path)).read_bytes() == folder.contents[file.path]


@pytest.mark.slow
def test_death_at_each_call_and_again_at_each_call_of_the_recovery(tmp_path):
    """Exhaustive: the commit dies at each call, the recovery after it at each of its own, then all is well."""
    count = len(calls_of_a_commit(tmp_path / "count"))
    tried = 0
    for number in range(count + 1):
        again = 0
        while True:
            folder = grown(tmp_path / f"{number}-{again}")
            staged = folder.stage(THIRD)
            with on(Disk(number, Died())), contextlib.suppress(Died):
                folder.commit(*staged)
            folder.check_versions()
            with on(Disk(again, Died())) as disk:
                try:
                    commit.recover(folder.root, KEEP)
                    ended = True
                except Died:
                    ended = False
            newest = folder.check_versions()
            commit.recover(folder.root, KEEP)
            folder.check_tidy()
            if newest == 2:
                folder.commit(*folder.stage(THIRD))
            folder.check_tidy()
            assert folder.latest().manifest["version"] == 3
            tried += 1
            again += 1
            if ended:
                assert len(disk.calls) < again
                break
    assert tried > 2 * count


def test_a_reader_at_any_moment_and_any_later_one(tmp_path):
    """A reader that looks at the manifest before one call and at the files before another sees its version whole."""
    folder = grown(tmp_path)
    staged = folder.stage(THIRD)
    opened: list[dataset.Version] = []

    def read(number: int) -> None:
        latest = folder.latest()
        assert latest is not None
        opened.append(latest)
        for version in opened:
            for path in folder.expected[version.manifest["version"]]:
                assert _read(folder.root, path) == folder.contents[path]

    with on(Disk(before=read)) as disk:
        folder.commit(*staged)
    assert len(opened) == len(disk.calls) > 20
    assert {version.manifest["version"] for version in opened} == {2, 3}


def _read(root: str, path: str) -> bytes:
    return Path(LocalDataset(root)._kept_file(path)).read_bytes()


def test_a_second_writer_is_refused_at_any_moment(tmp_path):
    folder = grown(tmp_path)
    staged = folder.stage(THIRD)
    refused = []

    def second(number: int) -> None:
        with (
            pytest.raises(Locked, match=r"run first, process \d+ on .+, since 20"),
            lock(folder.root, "second"),
        ):
            pass
        refused.append(number)

    with lock(folder.root, "first"), on(Disk(before=second)) as disk:
        folder.commit(*staged)
    assert len(refused) == len(disk.calls) > 20
    with lock(folder.root, "third"):
        pass


def _hold(root: str, held) -> None:
    with lock(root, "dead"):
        held.set()
        import time

        time.sleep(60)


def test_the_lock_of_a_dead_process_holds_nobody_up(tmp_path):
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=_hold, args=(str(tmp_path), held))
    process.start()
    assert held.wait(30)
    with (
        pytest.raises(Locked, match=f"run dead, process {process.pid}"),
        lock(str(tmp_path), "next"),
    ):
        pass
    process.kill()
    process.join()
    with lock(str(tmp_path), "next"):
        pass


def test_a_torn_manifest_is_no_version(tmp_path):
    folder = grown(tmp_path)
    for number, text in ((3, '{"version": 3, "fi'), (4, ""), (5, "[]"), (6, '{"version": 6}')):
        (tmp_path / names.manifest_name(number)).write_text(text)
    assert folder.latest().manifest["version"] == 2
    assert commit.next_version(folder.root) == 7


def test_files_that_a_version_replaced_come_back_when_it_is_torn(tmp_path):
    """The newest manifest is lost after its run died: the version before is the newest again, and whole."""
    folder = grown(tmp_path)
    staged = folder.stage(THIRD)
    calls = calls_of_a_commit(tmp_path / "count")
    taken = next(
        i for i, (name, path) in enumerate(calls) if name == "unlink" and "/date=2023-01-02/" in path
    )
    with on(Disk(taken + 1, Died())), pytest.raises(Died):
        folder.commit(*staged)
    assert folder.check_versions() == 3
    assert not all((tmp_path / path).exists() for path in folder.expected[2])
    (tmp_path / names.manifest_name(3)).write_text("")
    commit.recover(folder.root, KEEP)
    latest = folder.latest()
    assert latest.manifest["version"] == 2
    for path in folder.expected[2]:
        assert Path(folder.root, path).read_bytes() == folder.contents[path]


def test_a_staged_file_that_is_torn_is_not_committed(tmp_path):
    folder = grown(tmp_path)
    run, files = folder.stage(THIRD)
    os.truncate(files[0].staged, 1)
    with pytest.raises(OSError, match="1 bytes on disk"):
        folder.commit(run, files)
    staging.clean_up(folder.root, run)
    folder.check_tidy()


def test_a_version_is_published_once(tmp_path):
    folder = grown(tmp_path)
    run, files = folder.stage(THIRD)
    manifest = folder.latest().manifest
    with pytest.raises(FileExistsError):
        commit.commit(folder.root, manifest, manifest, files)
    staging.clean_up(folder.root, run)
    folder.check_tidy()


def test_a_manifest_that_is_not_valid_is_not_published(tmp_path):
    folder = grown(tmp_path)
    _run, files = folder.stage(THIRD)
    before = folder.latest().manifest
    with pytest.raises(ValueError, match="/made"):
        commit.commit(folder.root, before | {"version": 3, "made": "soon"}, before, files)
    assert folder.latest().manifest["version"] == 2


def test_a_newer_dataset_is_refused(tmp_path):
    folder = grown(tmp_path)
    path = tmp_path / names.manifest_name(2)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 99}))
    with pytest.raises(NewerDataset, match="schema version 99"):
        folder.latest()


class Life(RuleBasedStateMachine):
    """Any life of a dataset: runs that end, die or fail, recoveries, prunings, and readers throughout."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self._place = tempfile.TemporaryDirectory()
        self.folder = Folder(Path(self._place.name) / "news")
        self.dirty = False
        self.no_empty_folders = True

    changes = st.dictionaries(
        st.sampled_from(["2023-01-01", "2023-01-02", "2023-01-03"]),
        st.one_of(st.none(), st.sampled_from(["a", "b", "c"])),
        min_size=1,
    )

    @initialize(changes=changes)
    def begin(self, changes):
        self.run(changes)

    @rule(changes=changes)
    def run(self, changes):
        commit.recover(self.folder.root, KEEP)
        self.folder.commit(*self.folder.stage(changes))
        self.dirty = False

    @rule(changes=changes, at=st.integers(0, 40), death=st.booleans())
    def run_badly(self, changes, at, death):
        commit.recover(self.folder.root, KEEP)
        staged = self.folder.stage(changes)
        error = Died() if death else OSError(errno.ENOSPC, "full")
        with on(Disk(at, error)), contextlib.suppress(Died, OSError):
            self.folder.commit(*staged)
        self.dirty = True
        self.no_empty_folders &= death

    @rule(at=st.integers(0, 20))
    def recover_badly(self, at):
        with on(Disk(at, Died())):
            try:
                commit.recover(self.folder.root, KEEP)
            except Died:
                self.dirty = True

    @rule()
    def recover(self):
        commit.recover(self.folder.root, KEEP)
        self.dirty = False

    @rule()
    def prune(self):
        commit.recover(self.folder.root, KEEP)
        commit.prune(self.folder.root, 1)
        self.dirty = True  # older versions are gone before their time

    @invariant()
    def kept_versions_are_whole(self):
        self.folder.check_versions()

    @invariant()
    def the_folder_is_tidy(self):
        if not self.dirty:
            self.folder.check_tidy(folders=self.no_empty_folders)

    def teardown(self):
        self._place.cleanup()


TestLife = pytest.mark.slow(Life.TestCase)
TestLife.settings = settings(max_examples=200, stateful_step_count=12)


@pytest.mark.parametrize(
    ("updated", "granularity", "expected"),
    [
        ("2023-09-07", "day", "2023-09-07"),
        ("2023-09-07", "month", "2023-09"),
        ("2023-09-07", "year", "2023"),
        (None, "month", "__HIVE_DEFAULT_PARTITION__"),
    ],
)
def test_partition_folder(updated, granularity, expected):
    folder = names.partition_folder(updated, "eastern-europe", granularity)
    assert folder == f"date={expected}/region=eastern-europe"
