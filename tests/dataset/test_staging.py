"""A run's files wait under their second names, so that the commit of a first version can move them all at once."""

import os
from itertools import repeat
from pathlib import Path

import pyarrow as pa
import pytest

from dateline.pipeline.dataset.staging import Writer, prepare
from dateline.pipeline.names import hash_of, run_folder

BATCH = pa.record_batch({"id": pa.array(["a", "b"])})


@pytest.fixture
def scratch(tmp_path):
    prepare(str(tmp_path), "run-1")
    return run_folder(str(tmp_path), "run-1")


@pytest.mark.parametrize("batches", [1, 2])
def test_a_file_waits_under_its_second_name(scratch, batches):
    written = Writer(scratch).write("_keys", 3, BATCH.schema, repeat(BATCH, batches))
    assert os.listdir(f"{scratch}/staged") == [hash_of(written["path"])]
    assert written["staged"] == f"{scratch}/staged/{hash_of(written['path'])}"
    with pa.ipc.open_file(written["staged"]) as file:
        assert file.read_all().num_rows == written["rows"] == 2 * batches


def test_a_task_that_is_done_again_writes_its_file_again(scratch):
    """What is there may be torn, or written to still."""
    torn = Path(scratch, "staged", hash_of(Writer(scratch).write_bytes("_keys", 3, 1, b"rows")["path"]))
    torn.write_bytes(b"ro")
    written = Writer(scratch).write_bytes("_keys", 3, 1, b"rows")
    assert Path(written["staged"]).read_bytes() == b"rows"
    assert torn.read_bytes() == b"ro"
