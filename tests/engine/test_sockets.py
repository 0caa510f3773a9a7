"""Who else gets at a run: another user of the machine tries, while worker processes are at work."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from dateline.errors import RunFailed
from dateline.runners.engine import sockets
from tests.conftest import ROOT
from tests.engine.test_forked_workers import WORKERS, begun, wait_for
from tests.helpers.pages import Article, plain

NOBODY = 65534
SERVED = {"OK", "DEADLINE_EXCEEDED", "UNKNOWN", "CANCELLED"}
"""gRPC's status of calls that reached what they were for; UNKNOWN is an error that the service raised."""

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become another user, who tries to get in"
)


class Run(NamedTuple):
    """A run whose workers are at work, and will be."""

    processes: list[int]
    """The run's own, and its workers'."""
    folder: Path
    """What it was told to take for temporary files."""


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """With proxies set that nothing answers at: a connection that took one would not come to be."""
    folder = Path(tempfile.mkdtemp(prefix="a b%20#é", dir="/tmp"))  # short, and odd in a URL
    dump = folder / "0.txt"
    dump.write_text(plain(Article(headline="Lamp is lit")))
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "grpc_proxy"), "http://127.0.0.1:9")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (proxies | {"TMPDIR": str(folder)}).items():
            patch.setenv(name, value)
        process = begun(WORKERS["at work"], [dump], 2)
    with process:
        try:
            wait_for(folder, "worker-*")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield Run([process.pid, *map(int, children)], folder)
        finally:
            process.kill()
    shutil.rmtree(folder)


def sockets_of(process: int) -> set[str]:
    """The inodes of a process' sockets."""
    links = [os.readlink(path) for path in Path(f"/proc/{process}/fd").iterdir()]
    return {found[1] for found in (re.fullmatch(r"socket:\[(\d+)\]", link) for link in links) if found}


def ports_of(processes: list[int]) -> list[str]:
    """Where they listen for TCP, or take UDP, on whatever network."""
    found = []
    for process in processes:
        own = sockets_of(process)
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
                _, local, _, state, *_, inode = line.split()[:10]
                if inode in own and (state == "0A" or table.startswith("udp")):  # 0A: listening
                    found.append(f"127.0.0.1:{int(local.rpartition(':')[2], 16)}")
    return found


def paths_of(process: int) -> list[str]:
    """Where a process listens in the file system, or (with an @ ahead) beside it."""
    own = sockets_of(process)
    lines = [line.split(maxsplit=7) for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return sorted(
        line[7] for line in lines if len(line) == 8 and line[6] in own and int(line[3], 16) & 0x10000
    )


def intruder(user: int, *addresses: str) -> dict[str, set[str]]:
    """The services that take a call from a user, by address."""
    command = [sys.executable, "-m", "tests.helpers.intruder", str(user), *addresses]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100)
    told = json.loads(done.stdout)
    return {
        address: {method for method, code in calls.items() if code in SERVED}
        for address, calls in told.items()
    }


def test_a_run_listens_on_no_network(run):
    assert len(run.processes) == 3
    assert ports_of(run.processes) == []


def test_a_run_listens_in_one_folder_that_nobody_else_may_enter(run):
    paths = [Path(path) for path in paths_of(run.processes[0])]
    assert [path.name for path in paths] == ["control", "data", "state"]
    (folder,) = {path.parent for path in paths}
    assert folder.parent == run.folder
    for path, mode in ((folder, 0o700), *((path, 0o600) for path in paths)):
        assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (os.geteuid(), mode)
    assert not any(map(paths_of, run.processes[1:]))


@needs_root
def test_another_user_is_refused_by_every_service_of_a_run(run):
    addresses = [f"unix:{quote(path)}" for path in paths_of(run.processes[0])] + ports_of(run.processes)
    assert addresses
    run.folder.chmod(0o755)  # as /tmp: only the run's own folder keeps the other out
    assert set().union(*intruder(NOBODY, *addresses).values()) == set()
    served = set().union(*intruder(0, *addresses).values())  # so it was the user that made the difference
    assert {method.rpartition("/")[2] for method in served} == {
        "GetProcessBundleDescriptor",
        "Control",
        "Data",
        "State",
    }


@pytest.fixture
def place(monkeypatch) -> Iterator[Path]:
    """A folder that Python takes for temporary files, and no other place at all."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_each_run_has_a_folder_of_its_own_which_goes_with_it(place):
    names = set()
    for _ in range(2):
        with sockets.private_sockets():
            (folder,) = place.iterdir()
            names.add(folder.name)
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert not list(place.iterdir())
    assert len(names) == 2


def test_what_a_killed_run_left_the_next_removes(place):
    kept = place / "dateline-other"
    dead = place / f"{sockets.PREFIX}dead"
    for folder in (kept, dead):
        folder.mkdir(mode=0o700)
        (folder / "control").touch()
    with sockets.private_sockets():
        assert not dead.exists()
        (mine,) = place.glob(f"{sockets.PREFIX}*")
        with sockets.private_sockets():  # another run, which finds this one alive
            assert mine.exists()
            assert len(list(place.iterdir())) == 3
    assert list(place.iterdir()) == [kept]


@needs_root
def test_the_folder_of_another_user_is_left_to_him(place):
    other = place / f"{sockets.PREFIX}other"
    other.mkdir(mode=0o700)
    os.chown(other, NOBODY, NOBODY)
    with sockets.private_sockets():
        assert other.exists()


def test_where_others_could_replace_the_folder_it_is_not_made(place, monkeypatch):
    below = place / "below"
    below.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(below))
    assert sockets.place_for_sockets() == str(below)
    for mode, safe in ((0o777, False), (0o770, False), (0o1777, True), (0o755, True)):
        place.chmod(mode)  # who may write above it can put another in its place
        assert (sockets.place_for_sockets() == str(below)) is safe, oct(mode)
        assert sockets.is_safe(str(below)) is safe


@needs_root
def test_a_folder_of_another_user_is_not_taken(place):
    os.chown(place, NOBODY, NOBODY)
    assert not sockets.is_safe(str(place))
    assert sockets.place_for_sockets() != str(place)


def test_a_name_that_is_too_long_for_a_socket_is_not_taken(place, monkeypatch):
    for length, taken in ((sockets.LONGEST_BASE, True), (sockets.LONGEST_BASE + 1, False)):
        folder = place / ("x" * (length - len(str(place)) - 1))
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        assert (sockets.place_for_sockets() == str(folder)) is taken
    monkeypatch.setattr(sockets, "is_safe", lambda folder: False)
    with pytest.raises(RunFailed, match=r"set TMPDIR to one that is not, or give --workers 1"):
        sockets.place_for_sockets()


def test_a_run_that_beam_gave_another_server_fails(tmp_path):
    """Should a Beam that is to come make its server by another name."""
    dump = tmp_path / "0.txt"
    dump.write_text(plain(Article(headline="Lamp is lit")))
    process = begun("forked.private_sockets = __import__('contextlib').nullcontext", [dump], 2)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 1
    assert "RuntimeError: Beam made another server for the workers than the private one" in err
