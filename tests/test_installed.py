"""The package as others get it: a wheel, an sdist, an editable install; and a machine that has the folders' names already."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import dateline
from tests.conftest import EXAMPLES, ROOT, files_of
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
        "dateline/py.typed"
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
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "zz-needed.pth").write_text("".join(f"{path}\n" for path in ours))
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


def test_the_wheel_beside_a_package_with_our_folders_names(wheel, sample, tmp_path):
    python, packages = environment(tmp_path / "v")
    before = {path.name for path in packages.iterdir()}
    have_names(packages)
    work = tmp_path / "work"
    work.mkdir()
    have_names(work)
    install(python, str(wheel))
    theirs = {"pipeline.py", "schemas.py", "runners"}
    assert {path.name for path in packages.iterdir()} - before - theirs == {
        "dateline",
        f"dateline-{dateline.__version__}.dist-info",
    }
    command = tmp_path / "v" / "bin" / "dateline"

    def done(*args: object, start: tuple[str, ...] = (str(command),)) -> str:
        """What a command prints, in the folder that has such files, which is also where Python looks first."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")} | {
            "PYTHONPATH": str(work)
        }
        result = subprocess.run(
            [*start, *map(str, args)], cwd=work, env=environ, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    assert done("--version") == f"dateline {dateline.__version__}\n"
    module = (str(python), "-m", "dateline")
    done("run", "--input", *EXAMPLES, "--output", "news", "--workers", 2, start=module)
    assert files_of(work / "news") == files_of(sample)
    assert "all well" in done("verify", "news", "--dumps", *EXAMPLES)
    for args in (("log", "news"), ("diff", "news", 1, 1), ("inspect", EXAMPLES[0]), ("prune", "news", "--keep-versions", 1),
                 ("repair", "news")):  # fmt: skip
        done(*args)
    look = "import dateline; version = dateline.open_dataset('news'); print(version.count_rows(), dateline.__file__)"
    count, where = done("-c", look, start=(str(python),)).split()
    assert int(count) == dateline.open_dataset(sample).count_rows()
    assert where == str(packages / "dateline" / "__init__.py")
    done("-m", "dateline.runners.engine.pool", "--help", start=(str(python),))


def test_an_editable_install(clone, tmp_path):
    python, _ = environment(tmp_path / "v")
    install(python, "--editable", str(clone))
    look = (
        "import importlib.util, dateline.pipeline.flow as flow; print(flow.__name__, flow.__file__); "
        "print([name for name in ('pipeline', 'runners', 'schemas') if importlib.util.find_spec(name)])"
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
