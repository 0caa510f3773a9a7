"""Which options and places of a run go together, whatever the engine."""

import sys

import pytest

from dateline.errors import UsageError
from dateline.runners.command.options import parser
from dateline.runners.engine.registry import require_fitting

PORTABLE = ("--runner", "portable", "--job-endpoint", "localhost:1", "--worker-pool", "localhost:2")
STORE = "s3://dumps/news"


def asked(*words: str, output: str = STORE):
    return parser().parse_args(["run", "--input", "s3://dumps/*.txt", "--output", output, *words])


DATAFLOW = ("--runner", "dataflow", "--project", "p", "--region", "r", "--worker-image", "i")
RUNS = ("--run-folder", "gs://dumps/runs")


@pytest.mark.parametrize(
    ("output", "words", "said"),
    [
        (STORE, DATAFLOW[:4], "needs --run-folder ADDRESS"),
        (STORE, (*DATAFLOW[:4], *RUNS), "--runner dataflow needs --region NAME and --worker-image IMAGE"),
        (STORE, (*DATAFLOW, *RUNS, "--input", "a.txt"), "--input a.txt: Dataflow's machines do not see it"),
        (STORE, (*DATAFLOW, "--run-folder", "s3://dumps/runs"), "give --staging-location gs://BUCKET/FOLDER, or a --run-folder there"),
        (STORE, (*DATAFLOW, *RUNS), "needs google-cloud-dataflow-client: install Dateline with its extra dataflow"),
        (STORE, (*PORTABLE, *RUNS, "--region", "r"), "--region goes with --runner dataflow, and this is portable"),
        (STORE, PORTABLE, "needs --run-folder ADDRESS, a folder in a store, or --work-dir DIR, a folder that all workers see"),
        ("news", ("--work-dir", "work"), "--work-dir goes with --output in an object store"),
        ("news", (*PORTABLE, "--run-folder", "s3://dumps/runs"), "--run-folder goes with --output in an object store"),
        (STORE, ("--run-folder", "s3://dumps/runs"), "--run-folder goes with --runner portable or flink or dataflow, and this is direct"),
        (STORE, (*PORTABLE, "--run-folder", f"{STORE}/date=2022-04-20"), "--run-folder s3://dumps/news/date=2022-04-20 lies in the dataset"),
        (f"{STORE}/", (*PORTABLE, "--run-folder", f"{STORE}/x/"), "--run-folder s3://dumps/news/x lies in the dataset"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(output, words, said, monkeypatch):
    monkeypatch.setitem(
        sys.modules, "dateline.runners.engine.dataflow", None
    )  # as where the extra is not installed
    with pytest.raises(UsageError) as error:
        require_fitting(asked(*words, output=output))
    assert said in str(error.value)


def test_a_run_folder_has_one_form():
    assert asked(*PORTABLE).run_folder is None
    for text in ("gs://dumps/runs", "gs://dumps/runs/", "gs://dumps/runs///"):
        assert asked(*PORTABLE, "--run-folder", text).run_folder == "gs://dumps/runs"


@pytest.mark.parametrize("text", ["", "runs", "/runs", "s3://dumps", "s3://dumps/", "gs://a/../b", "hdfs://a/b", "s3://me:secret@a/b"])  # fmt: skip
def test_what_is_no_run_folder(text, capsys):
    with pytest.raises(SystemExit):
        asked(*PORTABLE, "--run-folder", text)
    said = capsys.readouterr().err
    assert (
        "--run-folder: this is no folder of an object store; write it as s3://BUCKET/FOLDER or gs://BUCKET/FOLDER"
        in said
    )
    assert "secret" not in said
