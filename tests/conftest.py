"""Running the command line as a person does: as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(map(str, ROOT.joinpath("examples").glob("*.txt")))


def dateline(*args, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "runners.cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=240, **options)


def files_of(root: Path) -> dict[str, bytes]:
    """Every file of a dataset but the run reports, with its bytes."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "_runs" not in path.relative_to(root).parts
    }


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
