"""Workers that share nothing with the driver but an object store make the same dataset, byte by byte."""

import gzip
import json
import os
from pathlib import Path

import pytest
import zstandard

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


def run(apart, *dumps_and_options: str):
    store, hidden, options = apart
    environ = store.environ | {"XDG_CACHE_HOME": str(hidden / "caches"), "TMPDIR": str(hidden)}
    folders = ("--output", ADDRESS, "--run-folder", ADDRESS)
    return command_here(["run", "--input", *dumps_and_options, *folders, *options], environ)


def lines_of(text: str) -> bytes:
    """The text as JSON Lines: a page, and what cannot be used."""
    rows = [{"text": text, "url": "https://arab.news/ab2cd"}, {"text": 7}, {"other": "x"}]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def dumps() -> list[dict[str, bytes]]:
    """Of each run, its dumps by their names."""
    texts = {Path(name).name: Path(name).read_bytes() for name in EXAMPLES}
    first, second, *more = sorted(texts)
    one = {
        first: texts[first] + b"\n\nno article at all\n",
        f"{second}.gz": gzip.compress(texts[second]),
        "lines.jsonl.zst": zstandard.compress(lines_of(texts[more[0]].decode())),
        "wide.txt": texts[more[1]].decode().encode("utf-16"),
    }
    return [one, {name: texts[name] for name in more}]


def test_they_make_the_same_dataset(apart, two_workers, tmp_path):
    store, *_ = apart
    store.reset()
    local = tmp_path / "local"
    for day, names in enumerate(dumps()):
        for name, data in names.items():
            store.put(f"in/{day}/{name}", data)
            (tmp_path / str(day)).mkdir(exist_ok=True)
            (tmp_path / str(day) / name).write_bytes(data)
        done = run(apart, f"s3://dumps/in/{day}/*")
        assert done.returncode == 0, done.stderr
        assert dateline_here("run", "--input", f"{tmp_path}/{day}/*", "--output", local).returncode == 0
    assert as_local(objects(store)) == files_of(local)
    assert not [name for name in objects(store) if name.startswith("_runs/0")]


def test_rejects_are_fed_back(apart, two_workers, tmp_path):
    """The rejects of one dataset are read once more, into another."""
    store, *_ = apart
    store.reset()
    local, again = tmp_path / "local", tmp_path / "again"
    (tmp_path / "a.txt").write_bytes(b"no article \x00 at all\n")
    assert dateline_here("run", "--input", *EXAMPLES, tmp_path / "a.txt", "--output", local).returncode == 0
    rejects = sorted(local.glob("_rejected/*.arrow"))
    assert rejects
    for path in rejects:
        store.put(f"in/{path.name}", path.read_bytes())
    done = run(apart, "s3://dumps/in/*", "--max-rejects", "100%")
    assert done.returncode == 0, done.stderr
    more = ("--output", again, "--max-rejects", "100%")
    assert dateline_here("run", "--input", *rejects, *more).returncode == 0
    assert as_local(objects(store)) == files_of(again)
