"""The block of runners/README.md that runs on Beam's job service is run as it stands, in a namespace of its own where that is
allowed; elsewhere, as in most containers, without its first two lines and its last, on ports that are free."""

import os
import re
import shutil
import subprocess

import pytest

from dateline.runners.engine.ports import free_ports
from tests.conftest import EXAMPLES, ROOT, files_of
from tests.docs.test_snippets import blocks_of, put_programs
from tests.docs.test_stand_ins import RUN_ELSEWHERE


def has_namespaces() -> bool:
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0


@pytest.mark.slow
def test_the_block_writes_the_same_dataset(sample, tmp_path):
    page, title = RUN_ELSEWHERE
    (code,) = (block.code for block in blocks_of(page) if block.title == title)
    if not has_namespaces():
        code = re.sub(r"^(?:unshare|ip|exit).*\n", "", code, flags=re.M)
        for told, free in zip(("8099", "8100"), free_ports(2), strict=True):
            code = code.replace(told, str(free))
    tmp_path.joinpath("dumps").mkdir()
    for dump in EXAMPLES:
        shutil.copy(dump, tmp_path / "dumps")
    done = subprocess.run(
        [
            "bash",
            "-euo",
            "pipefail",
        ],  # on stdin, as it is typed: what comes after `unshare` is for the shell within
        input=code,
        capture_output=True,
        text=True,
        timeout=200,
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{put_programs(tmp_path)}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done
    assert files_of(tmp_path / "news") == files_of(sample)
