"""The package as others get it: a wheel, an sdist, an editable install; and a machine that has the folders' names already."""

import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import dateline
from tests.conftest import EXAMPLES, ROOT, files_of
from tests.helpers.pages import Article, plain
from tests.test_house import MODULES

pytestmark = pytest.mark.slow

LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "build", "dist", "*.egg-info", "news", "tests", "benchmarks"
)
STRANGER = "raise SystemExit('a module of another was taken for one of ours')\n"


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """The repository as it lies here, links and all, to be built in."""
    folder = tmp_path_factory.mktemp("clone") / "dateline"
    shutil.copytree(ROOT, folder, symlinks=True, ignore=LEFT_OUT)
    return folder


def build(clone: Path, what: str, into: Path) -> Path:
    """What setuptools builds in a clone, as pip and build have it do so."""
    code = f"import setuptools.build_meta as backend, sys; print(backend.build_{what}(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(into)], cwd=clone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stderr}\nis setuptools that of pyproject.toml?"
    return into / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(clone, tmp_path_factory) -> Path:
    return build(clone, "wheel", tmp_path_factory.mktemp("wheel"))


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist() if ".dist-info/" not in name}


def test_the_wheel_has_the_modules_and_what_they_read(wheel):
    found = contents(wheel)
    modules = {name for name in found if name.endswith(".py")}
    assert modules == {str(path.relative_to(ROOT)) for path in MODULES.values()}
    others = {f"dateline/{path.relative_to(ROOT)}" for path in ROOT.glob("schemas/*.json")} | {
        "dateline/py.typed",
        "dateline/pipeline/report/page.html.jinja",
    }
    rules = {
        f"dateline/pipeline/rules/{path.name}"
        for path in ROOT.glob("pipeline/rules/*.*")
        if path.suffix != ".py"
    }
    assert set(found) - modules == others | rules


def test_the_sdist_makes_the_same_wheel(clone, wheel, tmp_path):
    with tarfile.open(build(clone, "sdist", tmp_path)) as packed:
        packed.extractall(tmp_path, filter="data")
        assert not [member.name for member in packed if member.issym()]
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    again = tmp_path / "again"
    again.mkdir()
    assert contents(build(unpacked, "wheel", again)) == contents(wheel)


def environment(folder: Path) -> tuple[Path, Path]:
    """An environment that has what Dateline needs, from this one, and not Dateline: its Python and its packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for path in (Path(path) for path in sys.path if path.endswith("site-packages")):
        for entry in path.iterdir():
            if not entry.name.startswith(("dateline", "__editable__")) and entry.suffix != ".pth":
                with suppress(FileExistsError):
                    (packages / entry.name).symlink_to(entry)
    return folder / "bin" / "python", packages


def install(python: Path, *what: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index",
               "--no-build-isolation", "--disable-pip-version-check", "--force-reinstall", *what]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def have_names(folder: Path) -> None:
    """Modules of another that have the names of our folders."""
    for name in ("pipeline", "schemas"):
        (folder / f"{name}.py").write_text(STRANGER)
    (folder / "runners").mkdir()
    (folder / "runners" / "__init__.py").write_text(STRANGER)


class Stranger(NamedTuple):
    """An environment with our wheel, and a folder where somebody works; both have modules of our folders' names."""

    python: Path
    packages: Path
    work: Path

    def start(self, *args: object, **settings: Any) -> "subprocess.Popen[str]":
        """A program of the environment, started in the folder, which is also where Python looks first."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        return subprocess.Popen(
            [self.python.with_name(str(args[0])), *map(str, args[1:])],
            cwd=self.work,
            env=environ | {"PYTHONPATH": str(self.work)},
            text=True,
            **settings,
        )

    def done(self, *args: object, status: int = 0) -> str:
        """What a program prints."""
        with self.start(*args, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == status, err
        return str(out)


@pytest.fixture(scope="module")
def stranger(wheel, tmp_path_factory) -> Stranger:
    folder = tmp_path_factory.mktemp("stranger")
    python, packages = environment(folder / "v")
    before = {path.name for path in packages.iterdir()}
    install(python, str(wheel))
    new = {path.name for path in packages.iterdir()} - before
    assert new == {"dateline", f"dateline-{dateline.__version__}.dist-info"}
    have_names(packages)
    work = folder / "work"
    work.mkdir()
    have_names(work)
    return Stranger(python, packages, work)


@pytest.fixture(scope="module")
def news(stranger, sample) -> str:
    """A dataset that the module made, with two workers."""
    stranger.done("python", "-m", "dateline", "run", "--input", *EXAMPLES, "--output", "news", "--workers", 2)
    assert files_of(stranger.work / "news") == files_of(sample)
    return "news"


def test_the_command_beside_a_package_with_our_folders_names(stranger, news, sample):
    assert stranger.done("dateline", "--version") == f"dateline {dateline.__version__}\n"
    assert "all well" in stranger.done("dateline", "verify", news, "--dumps", *EXAMPLES)
    headline = dateline.open_dataset(sample).head(1)["headline"][0].as_py()
    for args in (("log", news), ("diff", news, 1, 1), ("explain", news, headline), ("inspect", EXAMPLES[0]),
                 ("prune", news, "--keep-versions", 1), ("repair", news)):  # fmt: skip
        assert stranger.done("dateline", *args)
    for args in (("log", "nothing"), ("restore", news, "--version", 1)):  # there is none; it is the newest
        stranger.done("dateline", *args, status=2)


SCRIPT = """
import dateline, sys

if __name__ == "__main__":
    outcome = dateline.run(sys.argv[1:], "by-script", workers=2)
    version = dateline.open_dataset("by-script")
    print(outcome["version"], version.count_rows(), dateline.verify("by-script"), len(dateline.log("by-script")))
    print(dateline.diff("by-script", 1, 1), dateline.__file__)
    try:
        dateline.run(["nothing*"], "by-script")
    except dateline.errors.UsageError as error:
        print(error.exit_status)
"""


def test_a_script_beside_modules_of_our_folders_names(stranger, sample):
    """Its folder is the first where Python looks, also in the workers that its run forks."""
    (stranger.work / "script.py").write_text(SCRIPT)
    told = stranger.done("python", "script.py", *EXAMPLES).splitlines()
    rows = dateline.open_dataset(sample).count_rows()
    assert told == [f"1 {rows} [] 1", f"[] {stranger.packages / 'dateline' / '__init__.py'}", "2"]
    assert files_of(stranger.work / "by-script") == files_of(sample)


def test_another_engine_and_a_pool_beside_modules_of_our_folders_names(stranger, sample, tmp_path):
    """The pool starts its workers in the folder where it was started."""
    port = tmp_path / "port"
    service = ("-m", "apache_beam.runners.portability.local_job_service_main", "--port_file", port, "--staging_dir", tmp_path)  # fmt: skip
    mute = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with (
        stranger.start("python", "-m", "dateline.runners.engine.pool", stdout=subprocess.PIPE) as pool,
        stranger.start("python", *service, **mute) as job_service,
    ):
        try:
            wait_until(port.exists)
            assert pool.stdout
            stranger.done(
                "dateline", "run", "--input", *EXAMPLES, "--output", "portable", "--runner", "portable",
                "--worker-pool", pool.stdout.readline().strip(), "--job-endpoint", f"localhost:{port.read_text()}",
            )  # fmt: skip
        finally:
            pool.kill()
            job_service.kill()
    assert files_of(stranger.work / "portable") == files_of(sample)


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.05)


def test_an_editable_install(clone, tmp_path):
    python, _ = environment(tmp_path / "v")
    install(python, "--editable", str(clone))
    look = (
        "import importlib.util, dateline.pipeline.flow as flow; print(flow.__name__, flow.__file__); "
        "print([name for name in ('pipeline', 'runners', 'schemas') if importlib.util.find_spec(name)])"
    )
    (tmp_path / "a.txt").write_text(plain(Article()), "utf-8")
    command = [str(python.with_name("dateline")), "run", "--input", "a.txt", "--output", "news"]
    assert (
        "version 1"
        in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    )
    done = subprocess.run(
        [str(python), "-c", look], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [f"dateline.pipeline.flow {clone}/dateline/pipeline/flow.py", "[]"], (
        done.stderr
    )


def test_the_links_are_relative_and_lead_to_the_folders():
    for name in ("pipeline", "runners", "schemas"):
        assert os.readlink(ROOT / "dateline" / name) == f"../{name}"
        assert not list(ROOT.joinpath(name).rglob("py.typed"))
