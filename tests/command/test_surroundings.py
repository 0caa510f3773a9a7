"""What a machine has that is not as usual: proxies, and file systems that lack something."""

import errno
import fcntl
import os
import shutil
from urllib.request import proxy_bypass_environment

import pytest

from dateline.pipeline.dataset.version import latest_manifest
from dateline.runners.engine.proxies import spare_this_machine
from tests.conftest import EXAMPLES, dateline_here, files_of, left

pytestmark = pytest.mark.slow

OWN = "localhost,127.0.0.1,127.0.0.0/8,::1,[::1]"
DEAD = "http://127.0.0.1:9"
"""Nothing answers there: no connection to this machine may take it."""

SPARED = [
    # what is set, and what no_grpc_proxy, no_proxy and NO_PROXY are then
    ({}, (None, None, None)),
    ({"no_proxy": "a"}, (None, "a", None)),
    ({"http_proxy": DEAD}, (OWN, OWN, OWN)),
    ({"https_proxy": DEAD}, (OWN, OWN, OWN)),
    ({"ALL_PROXY": DEAD}, (OWN, OWN, OWN)),
    ({"all_proxy": DEAD, "no_proxy": "a, b"}, (f"a,b,{OWN}",) * 3),
    ({"HTTP_PROXY": DEAD, "NO_PROXY": "a"}, (f"a,{OWN}",) * 3),
    ({"http_proxy": DEAD, "NO_PROXY": "a", "no_proxy": "b"}, (f"b,{OWN}", f"b,{OWN}", f"a,{OWN}")),
    ({"http_proxy": DEAD, "no_grpc_proxy": "a"}, (f"a,{OWN}", OWN, OWN)),
    ({"http_proxy": DEAD, "no_proxy": "*"}, (f"*,{OWN}", "*", None)),
    ({"http_proxy": DEAD, "AWS_ENDPOINT_URL": "http://127.0.0.2:9000"}, (f"{OWN},127.0.0.2",) * 3),
    ({"http_proxy": DEAD, "STORAGE_EMULATOR_HOST": "127.0.1.1:9000"}, (f"{OWN},127.0.1.1",) * 3),
    ({"http_proxy": DEAD, "AWS_ENDPOINT_URL": "http://store.example:9000"}, (OWN,) * 3),
    ({"http_proxy": DEAD, "AWS_ENDPOINT_URL": "http://[::1"}, (OWN,) * 3),
]


@pytest.mark.parametrize(("surroundings", "spared"), SPARED)
def test_no_proxy_is_for_this_machine(surroundings, spared):
    found = dict(surroundings)
    for _ in range(2):  # a second time changes nothing
        spare_this_machine(surroundings=found)
        assert tuple(map(found.get, ("no_grpc_proxy", "no_proxy", "NO_PROXY"))) == spared
    assert {name: found[name] for name in surroundings if "NO" not in name.upper()} == {
        name: value for name, value in surroundings.items() if "NO" not in name.upper()
    }


def test_python_takes_it_so():
    found = {"http_proxy": DEAD, "NO_PROXY": "a"}
    spare_this_machine(surroundings=found)
    for host in ("localhost:80", "127.0.0.1:80", "[::1]:80", "a"):
        assert proxy_bypass_environment(host, {"no": found["no_proxy"]})
    assert not proxy_bypass_environment("b", {"no": found["no_proxy"]})


def test_a_store_on_this_machine_is_reached_directly(store, tmp_path):
    with open(EXAMPLES[0], "rb") as dump:
        store.put("a.txt", dump.read())
    done = store.run(tmp_path / "news", process=True, patient=False, http_proxy=DEAD)
    assert done.returncode == 0, done.stderr


NONE = [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EACCES]


@pytest.fixture
def begun(tmp_path, sample):
    """A dataset with two versions."""
    shutil.copytree(sample, tmp_path / "news")
    (tmp_path / "more.txt").write_text("Nothing of use here\n")
    done = dateline_here("run", "--input", tmp_path / "more.txt", "--output", tmp_path / "news")
    assert done.returncode == 0, done.stderr
    return tmp_path / "news"


def without_links(monkeypatch, number: int) -> None:
    def link(source, target, **options):
        raise OSError(number, os.strerror(number), source, None, target)

    monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("number", NONE, ids=errno.errorcode.get)
def test_a_file_system_without_hard_links_is_told_before_any_work(tmp_path, monkeypatch, number):
    without_links(monkeypatch, number)
    monkeypatch.setattr("dateline.pipeline.run.execute", lambda *args, **options: 1 / 0)
    done = dateline_here("run", "--input", EXAMPLES[0], "--output", tmp_path / "news")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"is on a file system without hard links ({os.strerror(number)})" in done.stderr
    assert "give a folder of another disk" in done.stderr
    assert os.listdir(tmp_path / "news") == ["_lock"]


COMMANDS = [("run", "--input", EXAMPLES[0], "--output"), ("restore", "--version", "1"), ("repair",)]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_dataset_that_was_moved_to_one_is_left_as_it_is(begun, monkeypatch, command):
    before = files_of(begun)
    without_links(monkeypatch, errno.EPERM)
    done = dateline_here(*command, begun)
    assert done.returncode == 2
    assert "without hard links" in done.stderr
    assert files_of(begun) == before
    assert latest_manifest(str(begun))["version"] == 2
    assert [path.name for path in begun.glob("_runs/*/*") if path.stem != "report"] == []


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP], ids=errno.errorcode.get)
def test_a_file_system_without_locks_is_told_before_any_work(begun, monkeypatch, number):
    def flock(file, how):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    for command in COMMANDS:
        done = dateline_here(*command, begun)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert f"is on a file system without locks ({os.strerror(number)})" in done.stderr
    assert latest_manifest(str(begun))["version"] == 2


def test_a_full_disk_is_not_taken_for_one(tmp_path, monkeypatch):
    without_links(monkeypatch, errno.ENOSPC)
    done = dateline_here("run", "--input", EXAMPLES[0], "--output", tmp_path / "news")
    assert done.returncode == 1
    assert "nothing was committed: " in done.stderr
    assert "No space left on device" in done.stderr
    assert left(tmp_path / "news") == []
