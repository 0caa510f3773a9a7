"""The Flex Template: what is published of it, what it is launched with, and the job that its program makes."""

import doctest
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dateline.runners.command import dataflow_template
from tests.conftest import EXAMPLES, ROOT, files_of
from tests.dataflow.discovery import problems
from tests.dataflow.job import IMAGE, PROJECT, REGION
from tests.dataflow.service import named
from tests.dataflow.service import service as messages
from tests.engine.test_dataflow import METADATA, PARAMETERS
from tests.helpers.stores import BUCKET, as_local

pytestmark = pytest.mark.filterwarnings("ignore")  # Google's, of packages that it would like to have
GIVEN = {
    "input": f"gs://{BUCKET}/dumps/*.txt", "output": f"gs://{BUCKET}/news", "run-folder": f"gs://{BUCKET}/runs",
    "worker-image": IMAGE,
}  # fmt: skip
"""The parameters that have to be given."""


def test_the_template_is_as_the_service_has_it():
    assert not problems("TemplateMetadata", METADATA)
    spec = {"image": IMAGE, "metadata": METADATA, "sdkInfo": {"language": "PYTHON"}}
    assert not problems("ContainerSpec", spec)


def test_a_launch_is_as_the_service_has_it():
    assert GIVEN.keys() == {name for name, each in PARAMETERS.items() if not each["isOptional"]}
    for name, value in GIVEN.items():
        assert all(re.fullmatch(each, value) for each in PARAMETERS[name].get("regexes", ()))
    launch = {"jobName": "dateline-daily", "containerSpecGcsPath": f"gs://{BUCKET}/dateline.json", "parameters": GIVEN,
              "environment": {"tempLocation": f"gs://{BUCKET}/temp", "sdkContainerImage": IMAGE}}  # fmt: skip
    assert not problems("LaunchFlexTemplateRequest", {"launchParameter": launch})


def test_the_examples_of_the_module():
    assert doctest.testmod(dataflow_template).failed == 0


def launched(endpoint: str, folder: Path, **more: str) -> subprocess.CompletedProcess:
    """The program, as the launcher starts it; where it leaves the job, the launcher finds it."""
    image = ROOT.joinpath("runners", "dataflow", "Dockerfile").read_text("utf-8")
    (text,) = re.findall(r"^RUN echo '(.+)' > /opt/dateline/template.py$", image, re.M)
    program = folder / "template.py"
    program.write_text(text)
    launchers = {
        "runner": "DataflowRunner", "project": PROJECT, "region": REGION, "job_name": "dateline-daily",
        "staging_location": f"gs://{BUCKET}/staging", "temp_location": f"gs://{BUCKET}/temp",
        "template_location": str(folder / "job_object"), "dataflow_endpoint": endpoint,
    }  # fmt: skip
    words = [f"--{name}={value}" for name, value in (GIVEN | more | launchers).items()]
    return subprocess.run([sys.executable, "-W", "ignore", program, *words, "--no_auth"], cwd=ROOT,
                          env=None, capture_output=True, text=True, check=False)  # fmt: skip


def test_a_launched_template_makes_the_dataset(dataflow, gcs, sample, tmp_path, monkeypatch):
    """The service does the job of the template, whose one step has it do the job of the run."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    endpoint, service = dataflow
    for path in EXAMPLES:
        gcs.put(f"dumps/{Path(path).name}", Path(path).read_bytes())
    more = {"dataflow-options": f"no_auth dataflow_endpoint={endpoint}"}
    done = launched(endpoint, tmp_path, **more)
    assert done.returncode == 0, done.stderr
    made = named(messages.Job, json.loads((tmp_path / "job_object").read_text()))
    assert not problems("Job", made)
    (pool,) = made["environment"]["workerPools"]
    assert (pool["numWorkers"], pool["autoscalingSettings"]["maxNumWorkers"]) == (1, 1)
    status, _ = service.answer("POST", f"/v1b3/projects/{PROJECT}/locations/{REGION}/jobs", made)
    assert status == 200
    launcher, *_ = service.jobs.values()
    launcher.ended.wait()
    assert (launcher.state, launcher.error) == ("JOB_STATE_DONE", "")
    assert [job.state for job in service.jobs.values()] == ["JOB_STATE_DONE"] * 2
    found = {
        blob.name.removeprefix("news/"): blob.download_as_bytes()
        for blob in gcs.bucket.list_blobs(prefix="news/")
    }
    assert as_local(found) == files_of(sample)


def test_parameters_that_are_wrong_stop_the_launch(dataflow, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    done = launched(
        dataflow[0], tmp_path, **{"run-folder": "s3://bucket/runs", "dataflow-options": "no_auth"}
    )
    assert done.returncode == 2
    assert "give --staging-location gs://BUCKET/FOLDER, or a --run-folder there" in done.stderr
    assert not (tmp_path / "job_object").exists()
