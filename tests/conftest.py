"""Running the command line: as a person does, as a process of its own; or in this one, where that is not the point."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import settings

from dateline.pipeline.dataset.version import latest_manifest
from dateline.runners.command import cli
from tests.helpers.flows import of_engine
from tests.helpers.quick_beam import quicken

ROOT = Path(__file__).parent.parent
# How long an example takes is the machine's affair. The same examples are drawn in each run, so that a failure comes
# again; `pytest --hypothesis-profile random` draws others.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("random", deadline=None)
settings.load_profile("same")
quicken()

IN_MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 << 30
"""What has to be free there; the tests need a tenth of it."""


def pytest_configure(config: pytest.Config) -> None:
    """Have temporary files lie in memory, unless the caller says where: a commit waits for the disk at each step. And have
    lines be as long as in a pipe: the processes of pytest-xdist have a width."""
    os.environ.pop("COLUMNS", None)
    if "TMPDIR" not in os.environ and not config.option.basetemp and has_room(IN_MEMORY):
        os.environ["TMPDIR"] = str(IN_MEMORY)
        tempfile.tempdir = None  # ask again


def has_room(folder: Path) -> bool:
    """Whether files can be made in a folder, many of them, and programs be run."""
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= ROOM_BYTES and not found.f_flag & os.ST_NOEXEC


EXAMPLES = sorted(map(str, ROOT.joinpath("examples").glob("*.txt")))


def dateline(*args, **options) -> subprocess.CompletedProcess:
    more = of_engine(*args) if args[:1] == ("run",) else []
    command = [sys.executable, "-m", "dateline", *map(str, args), *more]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=240, **options)


def dateline_here(*args) -> subprocess.CompletedProcess:
    """The same in this process, which has loaded everything: a second or two less, of which most runs of tests are."""
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    more = of_engine(*args) if args[:1] == ("run",) else []
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            status = cli.main([*map(str, args), *more])
    except SystemExit as left:  # by argparse
        status = int(left.code or 0)
    finally:
        for number, handler in signals.items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess(args, status, out.getvalue(), err.getvalue())


def files_of(root: Path) -> dict[str, bytes]:
    """What a dataset is: every file of the newest version with its bytes, and what its manifest lists.

    Run reports differ from run to run, and so do the manifests' history, the links of the versions, the lock, and what a
    machine remembers of checksums.
    """
    manifest = latest_manifest(str(root))
    facts = {name: manifest[name] for name in ("dumps", "files", "settings")} if manifest else {}
    aside = {"_runs", "_manifests", "_versions", "_lock", "_seen.json"}
    files = {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] not in aside
    }
    assert files.keys() == {file["path"] for file in facts.get("files", ())}
    return files | {"manifest": json.dumps(facts).encode()}


def left(output: Path) -> list[str]:
    """What a run that failed left in a folder that was empty, but the lock that it held, and its report."""
    names = (str(path.relative_to(output)) for path in output.rglob("*"))
    return [name for name in names if not re.fullmatch(r"_lock|_runs(/[\w-]+(/report\.(json|html))?)?", name)]


@pytest.fixture(scope="session", autouse=True)
def settings_of_tests(tmp_path_factory) -> Iterator[Path]:
    """Where pools of tests keep their secret, and runs of tests look for it: not in the settings of who runs them."""
    folder = tmp_path_factory.mktemp("settings")
    for name in ("COLUMNS", "LINES"):
        os.unsetenv(name)  # readline has set them, for the processes that tests start only
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Path:
    """The dataset of the sample dumps."""
    output = tmp_path_factory.mktemp("sample") / "news"
    done = dateline("run", "--input", *EXAMPLES, "--output", output)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The real dump beside the project, where it is there."""
    folder = Path(os.environ.get("DATELINE_SEEDS", ROOT.parent / "shared" / "seeds"))
    if not list(folder.glob("*.txt")):
        pytest.skip("the real dump is not ours to ship, and is not here")
    return folder


@pytest.fixture(scope="session")
def dumps(tmp_path_factory) -> list[str]:
    """Two dumps, of which the second changes partitions of the first."""
    from tests.store.test_stores import page

    folder = tmp_path_factory.mktemp("dumps")
    for name in ("first", "second"):
        (folder / f"{name}.txt").write_text(page(name))
    return [str(folder / "first.txt"), str(folder / "second.txt")]


@pytest.fixture(scope="session")
def of_dumps(dumps, tmp_path_factory) -> dict[str, bytes]:
    """The local dataset of the two."""
    output = tmp_path_factory.mktemp("local") / "news"
    done = dateline("run", "--input", *dumps, "--output", output)
    assert done.returncode == 0, done.stderr
    return files_of(output)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """An S3 server of the tests' own; see tests/helpers/stores.py."""
    from tests.helpers.stores import serving  # which loads what no other test needs

    with serving(tmp_path_factory.mktemp("store")) as found:
        yield found


@pytest.fixture
def store(server):
    """The server, with nothing in it but a bucket."""
    server.reset()
    return server


@pytest.fixture
def here(store, monkeypatch):
    """Have this process use the store: a function that sets more of its environment."""
    from tests.helpers.stores import client_for

    def use(**environ):
        client_for(store.environ | environ)
        for name, value in (store.environ | environ).items():
            monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)

    return use


@pytest.fixture(scope="session")
def grown(tmp_path_factory) -> Path:
    """Three dumps, and a dataset after each; see tests/helpers/grown.py."""
    from tests.helpers.grown import grow

    return grow(tmp_path_factory.mktemp("grown"))
