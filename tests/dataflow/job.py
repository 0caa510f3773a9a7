"""Jobs of Dataflow, as far as they can be done without an account: see service.py for what stands in its place."""

import doctest
import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2

from dateline.errors import RunFailed, UsageError
from dateline.pipeline import stop
from dateline.pipeline.config import Config
from dateline.pipeline.inputs.find import find_inputs
from dateline.pipeline.run import execute
from dateline.runners.command.options import parser
from dateline.runners.engine import dataflow as engine
from dateline.runners.engine.dataflow import Dataflow, name_of, require_usable, run_flow
from dateline.runners.engine.start import engine_of
from tests.conftest import EXAMPLES, files_of
from tests.dataflow.discovery import problems
from tests.dataflow.service import Job
from tests.helpers.stores import BUCKET, as_local, command_here

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # Google's, of packages that it would like to have
    pytest.mark.timeout(90),  # a worker that does not come is waited for
]
RUN = "20261130T015626-1a2bcdef"
PROJECT, REGION = "some-project", "europe-west1"
IMAGE = "europe-west1-docker.pkg.dev/some-project/dateline/worker:0.1.0"
GRAPH_BYTES = 10_000_000
"""The service refuses a description of more."""


def on(endpoint: str, *options: str) -> Dataflow:
    given = ("no_auth", f"dataflow_endpoint={endpoint}", *options)
    return Dataflow(PROJECT, REGION, IMAGE, f"gs://{BUCKET}/runs", given)


@pytest.fixture
def config(tmp_path) -> Config:
    (tmp_path / "news").mkdir()
    return Config(find_inputs(EXAMPLES, None).dumps, str(tmp_path / "news"), RUN)


@pytest.fixture
def ended(dataflow):
    """The service, whose jobs end at once, as if they were done."""
    dataflow[1].end = "JOB_STATE_DONE"
    return dataflow


def test_a_job_writes_the_same_bytes(dataflow, gcs, sample, config):
    """The graph lies where the request says, the container's entry finds all that it needs, and nothing is left."""
    endpoint, service = dataflow
    result = execute(config, lambda config: run_flow(config, on(endpoint)))
    assert files_of(Path(config.output)) == files_of(sample)
    (job,) = service.jobs.values()
    assert (job.state, len(job.booted)) == ("JOB_STATE_DONE", 1)
    assert result.stages["read"] == {"bytes_in": config.input_bytes, "records_out": 74}
    assert result.stages["shuffle_articles"]["keys"] > 0
    assert any("pipeline.pb" in call for call in gcs.asked)
    assert not list(gcs._client.list_blobs(BUCKET))


def test_a_request_says_all_that_a_job_needs(ended, config):
    endpoint, service = ended
    more = ("max_num_workers=7", "machine_type=n2-highmem-4", "no_use_public_ips", "labels=team=news")
    run_flow(config, on(endpoint, *more))
    (job,) = service.jobs.values()
    assert not problems("Job", job.request)
    name = job.request["name"]
    assert name == f"{name_of(config.output)}{RUN.lower()}"
    assert len(name) <= 63
    assert name.replace("-", "").isalnum()
    assert (job.request["type"], job.request["labels"]) == ("JOB_TYPE_BATCH", {"team": "news"})
    environment = job.request["environment"]
    assert environment["userAgent"]["name"].startswith("Apache Beam Python 3.")
    assert environment["tempStoragePrefix"].startswith(f"storage.googleapis.com/{BUCKET}/runs/{name}.")
    (pool,) = environment["workerPools"]
    assert "packages" not in pool  # nothing is staged that a worker would have to install
    assert pool["workerHarnessContainerImage"] == IMAGE
    assert [image["containerImage"] for image in pool["sdkHarnessContainerImages"]] == [IMAGE]
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 7
    assert (pool["machineType"], pool["ipConfiguration"]) == ("n2-highmem-4", "WORKER_IP_PRIVATE")


def test_the_graph_is_one_that_the_service_takes(ended, config):
    endpoint, service = ended
    run_flow(config, on(endpoint))
    (job,) = service.jobs.values()
    graph = job.graph
    assert 0 < graph.ByteSize() < GRAPH_BYTES
    (environment,) = {
        each.SerializeToString(): each for each in graph.components.environments.values()
    }.values()
    assert environment.urn == common_urns.environments.DOCKER.urn
    assert beam_runner_api_pb2.DockerPayload.FromString(environment.payload).container_image == IMAGE
    assert not environment.dependencies
    collections = graph.components.pcollections.values()
    assert {each.is_bounded for each in collections} == {beam_runner_api_pb2.IsBounded.BOUNDED}
    assert {each.coder_id for each in collections} <= graph.components.coders.keys()
    for step in graph.components.transforms.values():
        assert set(step.inputs.values()) | set(step.outputs.values()) <= graph.components.pcollections.keys()


def test_the_schema_finds_what_is_wrong():
    for body, wrong in [
        ({"nmae": "a"}, "'nmae' was unexpected"),
        ({"type": "JOB_TYPE_DAILY"}, "type: 'JOB_TYPE_DAILY' is not one of"),
        (
            {"environment": {"workerPools": [{"numWorkers": "many"}]}},
            "environment.workerPools.0.numWorkers: ",
        ),
    ]:
        (found,) = problems("Job", body)
        assert wrong in found


def test_what_a_worker_raises_is_told(dataflow, config, tmp_path):
    gone = tmp_path / "gone.txt"
    gone.write_text("Headline\n")
    config = replace(config, dumps=find_inputs([str(gone)], None).dumps)
    gone.unlink()
    with pytest.raises(RuntimeError, match=r"FileNotFoundError: .*gone\.txt"):
        run_flow(config, on(dataflow[0]))


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        ("JOB_STATE_FAILED", "Workflow failed. Causes: no quota", "the job on Dataflow is FAILED: Workflow failed. Causes: no quota"),
        ("JOB_STATE_CANCELLED", "", "the job on Dataflow is CANCELLED: nobody said why"),
        ("JOB_STATE_FAILED", "dateline.errors.VersionError: this worker has beam 2.76; mend it\nmore", "this worker has beam 2.76; mend it"),
    ],
)  # fmt: skip
def test_a_job_that_the_service_ends_fails_the_run(ended, config, state, reason, said):
    endpoint, service = ended
    service.end, service.reason = state, reason
    with pytest.raises(RunFailed) as failed:
        run_flow(config, on(endpoint))
    assert str(failed.value).endswith(said)
    assert "\n" not in str(failed.value)


def test_a_service_that_refuses_fails_the_run(dataflow, gcs, config):
    endpoint, service = dataflow
    service.refuse = "the API is not enabled"
    with pytest.raises(RunFailed, match=r"^Dataflow, project some-project, europe-west1: .*is not enabled"):
        run_flow(config, on(endpoint))
    assert not list(gcs._client.list_blobs(BUCKET))


@pytest.fixture
def signals():
    """The signals of a run, which are taken as on the command line."""
    before = [signal.getsignal(number) for number in stop.NUMBERS]
    stop.take_signals()
    yield
    stop.asked.clear()
    for number, handler in zip(stop.NUMBERS, before, strict=True):
        signal.signal(number, handler)


def test_a_run_that_is_stopped_stops_its_job(dataflow, config, signals):
    """Even while the service has just taken the job, and this process does not know yet."""
    endpoint, service = dataflow
    service.hold.clear()
    service.on_job = lambda: signal.raise_signal(signal.SIGTERM)
    with pytest.raises(stop.Stopped):
        run_flow(config, on(endpoint))
    assert [job.state for job in service.jobs.values()] == ["JOB_STATE_CANCELLED"]


def test_a_job_that_nobody_waits_for_is_stopped_by_the_next_run(ended, config):
    endpoint, service = ended
    for name in (f"{name_of(config.output)}earlier", f"{name_of('/another')}earlier"):
        service.jobs[name] = Job({"name": name}, name)
    run_flow(config, on(endpoint))
    assert [job.state for job in service.jobs.values()] == [
        "JOB_STATE_CANCELLED",
        "JOB_STATE_PENDING",
        "JOB_STATE_DONE",
    ]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("max_workers=5", "--dataflow-options max_workers: Beam has no such option for Dataflow"),
        ("max_num_workers=five", "--dataflow-options: max_num_workers: invalid int value: 'five'"),
        ("region=us-east1", "--dataflow-options region: this is Dateline's to decide"),
    ],
)
def test_options_that_beam_does_not_take(option, said):
    with pytest.raises(UsageError) as error:
        require_usable(["no_auth", option])
    assert str(error.value) == said


def test_credentials_are_looked_for_before_any_work(gcs):
    with pytest.raises(UsageError, match="finds no credentials of Google"):
        require_usable([])


def test_the_examples_of_the_module():
    assert doctest.testmod(engine).failed == 0


def test_the_command_line_starts_it():
    words = ("--project", PROJECT, "--region", REGION, "--worker-image", IMAGE, "--run-folder", "gs://dumps/runs/",
             "--dataflow-options", "no_auth", "max_num_workers=5", "--input", "gs://dumps/*.txt")  # fmt: skip
    args = parser().parse_args(["run", "--runner", "dataflow", "--output", "gs://dumps/news", *words])
    workers, _, told = engine_of(args, Config((), "b", "run"))
    assert workers == 1
    assert told.endswith(f"on Dataflow, project {PROJECT}, {REGION}, image {IMAGE}")
    args.staging_location = "gs://dumps/staging"
    made = engine.options_for(
        Config((), "/news", RUN), on("x")._replace(options=tuple(args.dataflow_options))
    )
    assert made.get_all_options()["max_num_workers"] == 5


def words_of(endpoint: str) -> list[str]:
    """The options that take a run to the service."""
    return [
        "--runner", "dataflow", "--project", PROJECT, "--region", REGION, "--worker-image", IMAGE,
        "--run-folder", f"gs://{BUCKET}/runs", "--dataflow-options", "no_auth", f"dataflow_endpoint={endpoint}",
    ]  # fmt: skip


def test_a_run_of_the_command_shares_nothing_with_its_workers(dataflow, gcs, sample, tmp_path):
    """Dumps, dataset and the run's folder are in GCS, and nothing is left of the run. That workers cannot even see the
    driver's folders is tested elsewhere."""
    endpoint, service = dataflow
    for path in EXAMPLES:
        gcs.put(f"dumps/{Path(path).name}", Path(path).read_bytes())
    words = ["run", "--input", f"gs://{BUCKET}/dumps/*.txt", "--output", f"gs://{BUCKET}/news", "--work-dir", tmp_path / "here",
             *words_of(endpoint)]  # fmt: skip
    done = command_here(words, gcs.environ)
    assert done.returncode == 0, done.stderr
    found = {
        blob.name.removeprefix("news/"): blob.download_as_bytes()
        for blob in gcs.bucket.list_blobs(prefix="news/")
    }
    assert as_local(found) == files_of(sample)
    assert not list(gcs.bucket.list_blobs(prefix="runs/"))
    assert [job.state for job in service.jobs.values()] == ["JOB_STATE_DONE"]


def test_the_progress_is_what_the_service_tells(dataflow, gcs, tmp_path):
    """There is no folder in which the workers could say it."""
    endpoint, _ = dataflow
    data = Path(EXAMPLES[-1]).read_bytes()
    gcs.put("dumps/one.txt", data)
    words = ["run", "--input", f"gs://{BUCKET}/dumps/*.txt", "--output", f"gs://{BUCKET}/news", "--work-dir", tmp_path / "here",
             *words_of(endpoint), "--max-rejects", "0", "--json"]  # fmt: skip
    done = command_here(words, gcs.environ)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["so_far"]["bytes_read"] == len(data)
    assert told["so_far"]["rows_written"] > 0
