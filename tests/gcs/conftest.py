"""The server, for the tests of this folder."""

import pytest

from pipeline import bucket_gs
from tests.gcs.server import serving


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("gcs")) as found:
        yield found


@pytest.fixture
def gcs(gcs_server, monkeypatch):
    """The server, with nothing in it but a bucket; this process uses it."""
    gcs_server.reset()
    for name, value in gcs_server.environ.items():
        monkeypatch.setenv(name, value)
    bucket_gs._client.cache_clear()
    return gcs_server
