"""Workers that share nothing with the driver but an object store make the same dataset, byte by byte."""

import os
from pathlib import Path

import pytest

from dateline.runners.engine import portable
from tests.conftest import EXAMPLES, dateline_here, files_of
from tests.engine.test_portable import job_service
from tests.helpers.apart import pools_apart
from tests.helpers.stores import BUCKET, as_local, command_here, serving

pytestmark = pytest.mark.slow

ADDRESS = "s3://dumps/some/news"


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """A store, and what a run needs to know of workers that cannot see `hidden`, where driver and dumps are."""
    hidden = tmp_path_factory.mktemp("hidden")
    with serving(tmp_path_factory.mktemp("server")) as store:
        environ = store.environ | {"XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"]}
        with (
            pools_apart(hidden, environ) as (door, _),
            job_service(tmp_path_factory.mktemp("service")) as (endpoint, _),
        ):
            yield store, hidden, ("--runner", "portable", "--job-endpoint", endpoint, "--worker-pool", door)


@pytest.fixture
def two_workers(monkeypatch):
    """Beam's job service has one worker, if it is not told."""
    real = portable.options_for
    monkeypatch.setattr(
        portable, "options_for", lambda engine: real(engine._replace(flags=("--direct_num_workers=2",)))
    )


def objects(store) -> dict[str, bytes]:
    found = store.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="some/news/")
    keys = [each["Key"] for page in found for each in page.get("Contents", ())]
    return {
        key.removeprefix("some/news/"): store.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        for key in keys
    }


def test_they_make_the_same_dataset(apart, two_workers, tmp_path):
    store, hidden, options = apart
    store.reset()
    first, second = EXAMPLES[:3], EXAMPLES[3:]
    for name in first:
        store.put(f"in/{Path(name).name}", Path(name).read_bytes())
    environ = store.environ | {"XDG_CACHE_HOME": str(hidden / "caches"), "TMPDIR": str(hidden)}
    for _ in range(2):
        done = command_here(
            ["run", "--input", "s3://dumps/in/*", "--output", ADDRESS, *options, "--run-folder", ADDRESS],
            environ,
        )
        assert done.returncode == 0, done.stderr
        for name in second:
            store.put(f"in/{Path(name).name}", Path(name).read_bytes())
    for names in (first, EXAMPLES):
        assert dateline_here("run", "--input", *names, "--output", tmp_path / "local").returncode == 0
    found = objects(store)
    assert as_local(found) == files_of(tmp_path / "local")
    assert not [name for name in found if name.startswith("_runs/0")]
