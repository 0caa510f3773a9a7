"""Dumps in GCS, read from an emulator of it.

Not among the tests that run by themselves: where Google's client is installed, every process that imports Beam loads
it. `pip install '.[gs]' gcp-storage-emulator`, then `python -m pytest tests/gcs.py`; CI does it last.
"""

import socket

import pytest
from gcp_storage_emulator.server import create_server
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.conftest import files_of
from tests.stores import BUCKET, command_here, line_of
from tests.test_stores import DUMPS, expected

pytestmark = pytest.mark.filterwarnings("ignore")  # Google's, of packages that it would like to have

__all__ = ["expected"]


@pytest.fixture
def environ(tmp_path):
    """What a run needs to know of the emulator, which asks for no credentials."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET)
    server.start()
    url = f"http://127.0.0.1:{port}"
    try:
        client = storage.Client("none", AnonymousCredentials(), client_options={"api_endpoint": url})
        for name, data in DUMPS.items():
            client.bucket(BUCKET).blob(name).upload_from_string(data)
        none = str(tmp_path / "none")
        yield {"STORAGE_EMULATOR_HOST": url, "NO_GCE_CHECK": "true", "CLOUDSDK_CONFIG": none, "HOME": none}
    finally:
        server.stop()


def test_the_same_dataset_as_from_local_files(environ, tmp_path, expected):
    """Beam asks for credentials again and again before it does without: not patiently here."""
    output = tmp_path / "news"
    args = ("run", "--input", "gs://dumps/**/*", "--source-root", "gs://dumps", "--output", output)
    done = command_here(args, environ, patient=False)
    assert done.returncode == 0, done.stderr
    assert files_of(output) == expected
    again = command_here(args, environ, patient=False)
    assert f"Nothing new: {output} stays at version 1 ({len(DUMPS)} dumps, all read before)" in again.stdout


def test_what_is_not_there_is_told(environ, tmp_path):
    for pattern, words in [
        ("gs://nowhere/*", "gs://nowhere/* is not there: there is no such bucket"),
        ("gs://dumps/none.txt", "matches no file"),
    ]:
        args = ("run", "--input", pattern, "--output", tmp_path / "news")
        done = command_here(args, environ, patient=False)
        assert done.returncode == 2
        assert words in line_of(done)
