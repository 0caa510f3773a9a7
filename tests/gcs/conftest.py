"""The server, for the tests of this folder; who only passes by has no Google's client."""

import pytest


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory):
    from tests.gcs.server import serving

    with serving(tmp_path_factory.mktemp("gcs")) as found:
        yield found


@pytest.fixture
def gcs(gcs_server, monkeypatch):
    """The server, with nothing in it but a bucket; this process uses it."""
    from dateline.pipeline.store import gs as bucket_gs

    gcs_server.reset()
    for name, value in gcs_server.environ.items():
        monkeypatch.setenv(name, value)
    bucket_gs._client.cache_clear()
    return gcs_server
