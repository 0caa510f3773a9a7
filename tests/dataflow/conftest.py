"""A service that speaks as Dataflow does, and GCS's server, for the tests of this folder."""

import time
from types import SimpleNamespace

import pytest

from tests.gcs.conftest import gcs, gcs_server

__all__ = ["gcs", "gcs_server"]


@pytest.fixture
def dataflow(gcs, tmp_path, monkeypatch):
    """Where the service listens, and its jobs; who waits for one does not wait long."""
    from apache_beam.runners.dataflow import dataflow_runner
    from apache_beam.utils import retry

    from tests.dataflow.service import serving

    soon = SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / 50), time=time.time)
    monkeypatch.setattr(dataflow_runner, "time", soon)
    monkeypatch.setattr(retry, "time", soon)
    (tmp_path / "machines").mkdir()
    with serving(tmp_path / "machines") as found:
        yield found
