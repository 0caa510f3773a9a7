"""`dateline repair` and `dateline restore` of a dataset in a store: from the other copy, from the dumps, whatever fails meanwhile."""

import contextlib
import json
import shutil

import pytest

from dateline.errors import Locked
from dateline.pipeline.dataset import commit_store, repair_store, republish
from dateline.pipeline.dataset.history import kept_manifests
from dateline.pipeline.dataset.restore import restore as restore_version
from dateline.pipeline.dataset.store_manifests import newest_manifest
from dateline.pipeline.dataset.store_objects import newest_complete
from dateline.pipeline.names import POINTER, object_name
from dateline.pipeline.store.address import open_bucket
from tests.conftest import files_of
from tests.dataset.test_commit import FIRST, SECOND, THIRD
from tests.dataset.test_commit_store import ADDRESS, Client, Died, using
from tests.dataset.test_commit_store import Dataset as Small
from tests.dataset.test_repair import WRONG
from tests.helpers.damage import Dataset
from tests.helpers.stored import STRAY, kill_at, mend_at_each
from tests.helpers.stores import BUCKET, as_local, changed, command_here, line_of

pytestmark = pytest.mark.slow

NEWEST = "_manifests/00000003.json"
Objects = dict[str, bytes]
_good: Objects = {}


@pytest.fixture
def environ(store, tmp_path) -> dict[str, str]:
    return store.environ | {"XDG_CACHE_HOME": str(tmp_path / "caches"), "AWS_MAX_ATTEMPTS": "1"}


def objects(store) -> Objects:
    return {
        found["Key"].removeprefix("some/news/"): store.client.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
        for found in store.client.list_objects_v2(Bucket=BUCKET, Prefix="some/news/").get("Contents", ())
    }  # fmt: skip


def have(store, found: Objects) -> None:
    now = objects(store)
    for name in now.keys() - found.keys():
        store.client.delete_object(Bucket=BUCKET, Key=f"some/news/{name}")
    for name in found:
        if now.get(name) != found[name]:
            store.put(f"some/news/{name}", found[name])


@pytest.fixture
def good(store, environ, grown) -> Objects:
    """The objects of a dataset of three versions, which are there; the runs that make it are done once."""
    if not _good:
        for number in range(3):
            assert run(environ, grown / f"dump-{number}.txt").returncode == 0
        _good.update({name: data for name, data in objects(store).items() if not name.startswith("_runs")})
    have(store, _good)
    return dict(_good)


def run(environ, dump, *options):
    return command_here(["run", "--quiet", "--input", str(dump), "--output", ADDRESS, *options], environ)


def verified(environ, *options) -> tuple[int, str]:
    done = command_here(["verify", ADDRESS, *options], environ)
    return done.returncode, done.stdout + done.stderr


def mended(environ, status=0, *options) -> str:
    done = command_here(["repair", ADDRESS, *map(str, options)], environ)
    assert (done.returncode, done.stderr) == (status, ""), done.stdout + done.stderr
    return done.stdout


def entry_of(found: Objects, kind="articles", number=3, test=lambda entry: True):
    files = json.loads(found[f"_manifests/{number:08d}.json"])["files"]
    return next(file for file in files if file["kind"] == kind and test(file))


def without(found: Objects, *names: str) -> Objects:
    return {name: data for name, data in found.items() if name not in names}


def below(found: Objects, folder: str) -> list[str]:
    return [name for name in found if name.startswith(folder)]


def of(which: str, kind: str, number=0):
    """Where the file of a kind, and a number among them, is."""
    return lambda found: [file[which] for file in json.loads(found[NEWEST])["files"] if file["kind"] == kind][
        number
    ]


def first_entry(found: Objects):
    """The entry of a file of the first version that the newest does not list."""
    listed = {file["path"] for file in json.loads(found[NEWEST])["files"]}
    return entry_of(found, number=1, test=lambda file: file["path"] not in listed)


def at(place, change):
    return lambda found: found | {place(found): change(found[place(found)])}


DAMAGES = {
    "each in another way": (
        lambda found: without(found, of("path", "articles")(found)),
        at(of("path", "articles", 1), changed),
        at(of("path", "articles", 2), lambda data: b"other bytes"),
        lambda found: without(found, *below(found, "_keys/")),
        lambda found: without(found, of("stored", "duplicates")(found)),
        at(of("stored", "duplicates", 1), changed),
        at(of("stored", "rejected"), lambda data: b"other bytes"),
    ),
    "all places are gone": (lambda found: without(found, *below(found, "date="), *below(found, "_rejected/")),),
    "an older object is gone, and its place is left": (
        lambda found: without(found, first_entry(found)["stored"])
        | {first_entry(found)["path"]: found[first_entry(found)["stored"]]},
    ),
    "objects and the pointer are gone": (
        lambda found: without(found, POINTER, *below(found, "_versions/00000003/")),
    ),
    "the pointer is torn": (lambda found: found | {POINTER: b'{"version"'},),
    "the pointer is ahead": (lambda found: found | {POINTER: b'{"version": 77, "tidied": 77}'},),
}  # fmt: skip


@pytest.mark.parametrize("damages", DAMAGES.values(), ids=DAMAGES)
def test_from_the_other_copy(store, environ, good, damages):
    wrong = good
    for damage in damages:
        wrong = damage(wrong)
    differ = {name for name in good if wrong.get(name) != good[name]}
    assert len(differ) >= len(damages)
    have(store, wrong)
    status, told = verified(environ)
    assert status in (1, 2)
    if POINTER not in differ:
        files = [
            file
            for number in (1, 2, 3)
            for file in json.loads(good[f"_manifests/{number:08d}.json"])["files"]
        ]
        paths = {file["stored"]: file["path"] for file in files}
        for name in differ:
            assert f"{paths.get(name, name)}: " in told
    told = mended(environ)
    assert {line.removeprefix("copied anew: ") for line in told.splitlines()[:-1]} == differ
    assert told.splitlines()[-1] == "version 3: all well"
    found = objects(store)
    assert json.loads(found.pop(POINTER)) == json.loads(good[POINTER])
    assert found == without(good, POINTER)


def test_from_the_dumps(store, environ, good, grown):
    """A file of each kind is whole nowhere."""
    older = first_entry(good)
    entries = [entry_of(good, kind) for kind in ("articles", "keys", "duplicates", "rejected")]
    wrong = without(good, older["stored"], *(entry["path"] for entry in entries)) | {
        entry["stored"]: b"other bytes" for entry in entries
    }
    have(store, wrong)
    status, told = verified(environ)
    for entry in entries:
        assert (status, f"{entry['path']}: " in told) == (1, True), told
    refused = run(environ, grown / "dump-0.txt")  # which has nothing new
    assert refused.returncode == 1
    assert "4 of " in line_of(refused)
    assert "are not there, or not of their size, first _versions/" in line_of(refused)
    assert "`dateline repair` mends" in line_of(refused)
    refused = command_here(["prune", ADDRESS, "--keep-versions", "1"], environ)
    assert (refused.returncode, "`dateline repair` mends" in line_of(refused)) == (1, True)
    told = mended(environ, 1)
    for entry in (older, *entries):
        assert f"whole nowhere: {entry['path']}" in told
        assert entry is older or f"not mended: {entry['path']}" in told
    assert objects(store) == wrong
    for number in range(3):
        store.put(f"in/dump-{number}.txt", (grown / f"dump-{number}.txt").read_bytes())
    told = mended(environ, 0, "--dumps", "s3://dumps/in/dump-*.txt")
    for entry in (older, *entries):
        assert f"made again from its dumps: {entry['path']}" in told
    assert objects(store) == good


def test_no_version_is_restored_that_is_not_whole(store, environ, good):
    entry = first_entry(good)
    for wrong, words in (
        (without(good, entry["stored"]), "are not there"),
        (
            good | {entry["stored"]: changed(good[entry["stored"]])},
            f"have other bytes, first {entry['stored']}",
        ),
    ):
        have(store, wrong)
        done = command_here(["restore", ADDRESS, "--version", "1"], environ)
        assert (done.returncode, words in line_of(done)) == (1, True), done.stderr
        assert "`dateline repair` mends" in line_of(done)
        assert objects(store) == wrong


STRAYS = {
    "a copied part": lambda path: path.replace("part-", "copy-of-part-"),
    "a part of no version": lambda path: f"{path[:-38]}{'0' * 32}.arrow",
    "an invented partition": lambda path: f"date=1999-01-01/region=unknown/part-{'0' * 32}.arrow",
    "a ledger's copy": lambda path: f"_keys/part-99-{'0' * 32}.arrow",
    "a nested dataset": lambda path: f"old/{path}",
    "a note": lambda path: "notes.txt",
}


def test_what_is_not_listed_is_seen_and_moved_away(store, environ, good):
    entry = entry_of(good)
    strays = {place(entry["path"]): good[entry["path"]] for place in STRAYS.values()}
    have(store, good | strays | {"date=1999-01-01/": b""})  # which only stands for a folder
    status, told = verified(environ)
    assert (status, "6 findings;" in told) == (1, True), told
    for name in strays:
        assert f"{name}: there, and not listed" in told
    told = mended(environ)
    found = objects(store)
    (run,) = {name.split("/")[1] for name in found if name.startswith("_runs/")}
    for name, data in strays.items():
        assert f"not listed, moved to _runs/{run}/strays: {name}" in told
        assert found.pop(f"_runs/{run}/strays/{name}") == data
    assert without(found, "date=1999-01-01/") == good
    assert mended(environ) == "version 3: all well\n"


@pytest.mark.parametrize("lost", ["torn", "gone"])
def test_after_a_lost_manifest_the_version_before_is_shown(store, environ, good, grown, lost):
    have(store, good | {NEWEST: good[NEWEST][:500]} if lost == "torn" else without(good, NEWEST))
    status, told = verified(environ)
    assert (status, "`dateline repair`" in told) == (1, True)
    refused = run(environ, grown / "dump-2.txt")
    assert (refused.returncode, "`dateline repair`" in line_of(refused)) == (1, True)
    assert mended(environ).splitlines()[-1] == "version 2: all well"
    found = {name: data for name, data in objects(store).items() if not name.startswith("_runs")}
    assert as_local(found) == files_of(grown / "after-1")
    if lost == "gone":
        return
    assert run(environ, grown / "dump-2.txt").returncode == 0
    assert as_local(
        {name: data for name, data in objects(store).items() if "strays" not in name}
    ) == files_of(grown / "after-2")


def test_rows_that_a_manifest_vouches_for(store, environ, good, grown, tmp_path):
    """Checksums are right, and rows are not: nothing but the dumps has right ones, and they make a version more."""
    local = Dataset(shutil.copytree(grown / "after-2", tmp_path / "news"))
    WRONG["copies"](local)
    WRONG["rows of a manifest"](local)
    stored = {file["path"]: file["stored"] for file in json.loads(good[NEWEST])["files"]}
    wrong = without(good, *stored)
    for entry in local.manifest["files"]:
        entry["stored"] = stored.get(entry["path"], object_name(3, entry["path"]))
        data = (local.root / entry["path"]).read_bytes()
        wrong |= {entry["path"]: data, entry["stored"]: data}
    have(store, wrong | {NEWEST: json.dumps(local.manifest).encode()})
    assert "not mended: " in mended(environ, 1)
    told = mended(environ, 0, "--dumps", grown / "dump-*.txt")
    assert "version 4: all well\nversion 3 was made again from its dumps, as this one\n" in told
    assert as_local(objects(store)) == files_of(grown / "after-2")


def test_in_json(store, environ, good):
    have(store, without(good, entry_of(good)["path"]))
    said = json.loads(mended(environ, 0, "--json"))
    assert said["linked"] == [entry_of(good)["path"]]
    assert (said["made"], said["moved"], said["lost"], said["findings"]) == ([], [], [], [])


def test_a_killed_repair(store, environ, good):
    """As it has copied the stray, before that is removed; at each other call: below."""
    stray = {"notes.txt": b"not listed"}
    have(store, without(good, *below(good, "_keys/"), *below(good, "date=")) | stray)
    kill_at(1, "store.s3", "S3Bucket.delete", ["repair", ADDRESS], environ)
    mended(environ)
    found = objects(store)
    assert {name: data for name, data in found.items() if "strays" not in name} == good
    assert set(found.values()) >= set(stray.values())


def test_what_fails_is_told_and_the_next_repair_mends(store, environ, good):
    have(store, without(good, *below(good, "date=")))
    store.fail(["PUT", "/date=", 2, 0, "denied"])
    done = command_here(["repair", ADDRESS], environ)
    assert (done.returncode, "cannot be written" in line_of(done)) == (2, True)
    store.fail()
    mended(environ)
    assert objects(store) == good


# --- beside others -------------------------------------------------------------------------------------


@pytest.fixture
def small(here, tmp_path):
    """Two versions of small texts; the first needs files that the second has replaced."""
    here()
    dataset = Small(tmp_path / "copy")
    dataset.add(FIRST)
    dataset.add(SECOND)
    return dataset


@pytest.fixture
def dying(monkeypatch):
    @contextlib.contextmanager
    def at(number):
        died = []
        with monkeypatch.context() as patch:
            using(patch, Client(number, Died()))
            try:
                yield died
            except Died:
                died.append(True)

    return at


def test_a_repair_that_dies_at_any_call_makes_nothing_worse(small, dying):
    mend_at_each(small, dying)


MOMENTS = {
    "as it has read all": (repair_store, "check_bytes"),
    "as it knows the strays": (repair_store, "unlisted"),
    "as it puts the folder right": (repair_store, "tidy"),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_run_beside_it_loses_nothing(small, tmp_path, monkeypatch, moment):
    """Its files are no strays; and what it has removed is not named as lost."""
    other = small.seen_by(Small(tmp_path / "other"))
    small.contents[STRAY] = b"there, and not listed"
    small.have(without(small.objects(), *small.visible()) | {STRAY: b"there, and not listed"})
    real = getattr(*moment)

    def beside(*args):
        found = real(*args)
        if "_manifests/00000003.json" not in other.objects():
            other.add(THIRD, 1)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(moment[0], moment[1], beside)
        with pytest.raises(Locked, match="versions of s3://dumps/some/news were made or removed meanwhile"):
            small.mend()
    assert small.visible() - {STRAY} == small.expected[3]
    assert small.mend().lost == []
    small.check_tidy(1)


def test_versions_that_are_removed_meanwhile_are_not_named_as_lost(small, monkeypatch):
    real = repair_store.check_bytes

    def beside(bucket, names):
        commit_store.tidy(bucket, newest_manifest(bucket), 1)
        return real(bucket, names)

    with monkeypatch.context() as patch:
        patch.setattr(repair_store, "check_bytes", beside)
        with pytest.raises(Locked, match="were made or removed meanwhile"):
            small.mend()
    assert small.mend().lost == []
    small.check_tidy(1)


def test_the_command_says_that_another_was_faster(store, environ, good, grown, monkeypatch):
    dump = grown / "other.txt"
    dump.write_text((grown / "dump-2.txt").read_text().replace("Lamp 8", "Lamp 9"))
    real = repair_store.unlisted

    def beside(*args):
        monkeypatch.setattr(repair_store, "unlisted", real)
        assert run(environ, dump).returncode == 0  # beside it, as another machine's
        return real(*args)

    monkeypatch.setattr(repair_store, "unlisted", beside)
    done = command_here(["repair", ADDRESS], environ)
    assert done.returncode == 4
    assert verified(environ)[0] == 0


def test_a_run_takes_a_version_that_is_made_as_it_looks(small):
    """The objects of the one that it found may be gone by then."""
    bucket = open_bucket(ADDRESS)
    before = newest_manifest(bucket)
    small.add(THIRD, 1)
    assert newest_complete(bucket, before)["version"] == 3


def test_a_restore_that_dies_at_any_call(small, dying):
    """It has made the version or not; the next command that writes puts the folder right."""
    whole, number, died = small.objects(), 0, [True]
    expected = dict(small.expected)
    while died:
        small.have(whole)
        with dying(number) as died:
            restore(small)
        small.expected = expected | {3: expected[1]}
        made = small.check_readers()
        assert made in (2, 3)
        if made == 2:
            restore(small)
        small.mend()
        assert small.visible() == expected[1]
        assert small.check_readers() == 3
        number += 1
    assert number > 4


def restore(dataset) -> None:
    with dataset.dataset.opened() as found:
        newest, older = kept_manifests(found.root)
        restore_version(found, older, newest, "back")


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (3, "another run has made version 3 of .* meanwhile"),
        (1, "made or removed meanwhile: nothing was restored"),
    ],
)
def test_of_a_run_and_a_restore_one_makes_the_version(small, tmp_path, monkeypatch, keep, words):
    other = small.seen_by(Small(tmp_path / "other"))
    real = republish.require_bytes

    def beside(*args):
        other.add(THIRD, keep)
        return real(*args)

    monkeypatch.setattr(republish, "require_bytes", beside)
    with pytest.raises(Locked, match=words):
        restore(small)
    other.check_tidy(keep)
