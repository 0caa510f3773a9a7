"""The graph as an engine gets it: what Dataflow refuses, or a worker that has only the package cannot read.

Nothing here needs an account: a pipeline that is built is a message, and the message is all that an engine has.
"""

import bz2
import shutil
import subprocess
import sys
import zlib
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.portability.api import beam_runner_api_pb2
from google.protobuf import wrappers_pb2

from dateline.pipeline.config import Config
from dateline.pipeline.elements import Dump, Part
from dateline.pipeline.flow import build
from dateline.pipeline.inputs.dump_list import write_list
from tests.conftest import ROOT

GRAPH_BYTES = 10_000_000
"""Dataflow refuses the description of a job of more."""
PAYLOAD_BYTES = 1 << 20
"""What one step may have to say. Nothing of ours comes near: dumps travel as the name of their list."""
MANY_DUMPS = 100_000

EVERY_SDK = {
    "beam:coder:bytes:v1", "beam:coder:kv:v1", "beam:coder:iterable:v1", "beam:coder:nullable:v1",
    "beam:coder:string_utf8:v1", "beam:coder:varint:v1",
}  # fmt: skip
PYTHON_ONLY = {
    "beam:coder:tuple:v1": "Beam's Reshuffle keeps an element's time and pane in it",
    "RowBatchCoder": "ours, registered: batches of identity_rows.ROW, packed",
    "ListCoder": "batches of pieces, blocks, records, rejects: only rejects are ever shuffled",
    "ItemCoder": "ours, registered: what stands in these batches, pickled; it tells a size without that",
    "FastPrimitivesCoder": "tasks of reading, as plain tuples; sorted arrays of a growing run; Beam's own timestamps",
    "PaneInfoCoder": "Beam's Reshuffle",
    "MapCoder": "Beam's CoGroupByKey, between two fused steps",
    "DeterministicFastPrimitivesCoderV2": "the key None of Beam's CombineGlobally",
}
KEYS = {"beam:coder:varint:v1", "DeterministicFastPrimitivesCoderV2"}
"""Coders of keys: the same bytes for the same key, in every worker."""

PACKED = Part("jsonl", "gzip", "/dumps/in/a/folder/pages.jsonl.gz", 0, 10_000)

UNPICKLE = """
import sys
from apache_beam.internal import pickler
from apache_beam.portability.api import beam_runner_api_pb2
pipeline = beam_runner_api_pb2.Pipeline.FromString(sys.stdin.buffer.read())
for step in pipeline.components.transforms.values():
    if step.spec.urn == "beam:transform:pardo:v1":
        payload = beam_runner_api_pb2.ParDoPayload.FromString(step.spec.payload)
        if payload.do_fn.payload:  # Beam has some of its own by name
            pickler.loads(payload.do_fn.payload)
        for view in payload.side_inputs.values():
            pickler.loads(view.view_fn.payload)
    elif step.spec.urn.startswith("beam:transform:combine"):
        payload = beam_runner_api_pb2.CombinePayload.FromString(step.spec.payload)
        pickler.loads(payload.combine_fn.payload)
from apache_beam.runners.pipeline_context import PipelineContext
context = PipelineContext(pipeline.components)
for name in pipeline.components.coders:
    context.coders.get_by_id(name)
import dateline
print(dateline.__file__)
print(*sorted(name for name in sys.modules if name.split(".")[0] in ("tests", "benchmarks", "pytest")))
"""

Pipeline = beam_runner_api_pb2.Pipeline


def graph(folder: Path, output: Path, base: int, dumps: int = 2) -> Pipeline:
    """A run's graph. One dump is packed, so that all steps of reading are there."""
    listed = [Dump(f"/dumps/in/a/folder/{n:06d}.txt", f"{n:06d}.txt", 10_000) for n in range(dumps)]
    listed[-1] = listed[-1]._replace(part=PACKED)
    pipeline = beam.Pipeline()
    config = Config(write_list(listed, str(folder / f"list-{base}-{dumps}")), str(output), "run", base=base)
    build(pipeline, config)
    return pipeline.to_runner_api()


@pytest.fixture(scope="module", params=[0, 1], ids=["plain", "growing"])
def made(request, sample, tmp_path_factory) -> Pipeline:
    return graph(tmp_path_factory.mktemp("graph"), sample, request.param)


def kind(pipeline: Pipeline, name: str) -> str:
    """What a coder is: its URN, or its class where only Python knows it."""
    spec = pipeline.components.coders[name].spec
    if spec.urn != "beam:coder:pickled_python:v1":
        return spec.urn
    return wrappers_pb2.BytesValue.FromString(spec.payload).value.partition(b"$")[0].decode()


def kinds(pipeline: Pipeline, name: str) -> set[str]:
    """What a coder and those that it is made of are."""
    parts = pipeline.components.coders[name].component_coder_ids
    return {kind(pipeline, name)}.union(*(kinds(pipeline, part) for part in parts))


def steps(pipeline: Pipeline, urn: str) -> Iterator[beam_runner_api_pb2.PTransform]:
    return (step for step in pipeline.components.transforms.values() if step.spec.urn == urn)


def unpacked(packed: bytes) -> bytes:
    """A pickle as Beam packs it."""
    data = b64decode(packed)
    return bz2.decompress(data) if data[:2] == b"BZ" else zlib.decompress(data)


def pickles(pipeline: Pipeline) -> dict[str, bytes]:
    """What each step that runs code has to say, by the step's id; Beam has some of its own by name only."""
    packed = {
        name: beam_runner_api_pb2.ParDoPayload.FromString(step.spec.payload).do_fn.payload
        for name, step in pipeline.components.transforms.items()
        if step.spec.urn == "beam:transform:pardo:v1"
    }
    found = {name: unpacked(payload) for name, payload in packed.items() if payload}
    assert len(found) > 20
    return found


def test_each_collection_has_a_coder_that_is_known(made):
    found = set()
    for collection in made.components.pcollections.values():
        found |= kinds(made, collection.coder_id)
    assert found >= EVERY_SDK - {"beam:coder:nullable:v1"}
    assert found - EVERY_SDK <= PYTHON_ONLY.keys()


def test_no_coder_that_is_listed_is_out_of_use(sample, tmp_path):
    growing = graph(tmp_path, sample, 1)
    used = {kind(growing, name) for name in growing.components.coders}
    assert PYTHON_ONLY.keys() <= used


def test_keys_have_the_same_bytes_everywhere(made):
    groups = list(steps(made, "beam:transform:group_by_key:v1"))
    assert len(groups) >= 7
    keys = {}
    for step in groups:
        (name,) = step.inputs.values()
        coder = made.components.coders[made.components.pcollections[name].coder_id]
        assert coder.spec.urn == "beam:coder:kv:v1"
        keys[step.unique_name] = kind(made, coder.component_coder_ids[0])
    assert set(keys.values()) <= KEYS
    of_beam = {name for name, coder in keys.items() if coder != "beam:coder:varint:v1"}
    assert all("/Unite_" in name for name in of_beam), of_beam


def test_no_step_has_a_main_session_or_a_test_in_it(made):
    for name, pickle in pickles(made).items():
        for module in (b"__main__", b"tests.", b"main_session"):
            assert module not in pickle, (name, module)
    (environment,) = made.components.environments.values()
    assert not environment.dependencies


def test_each_step_of_ours_checks_the_versions_that_it_comes_with(made):
    """By what it holds, or by the coder of what it takes or gives."""
    coders = {name for name in made.components.coders if "RowBatchCoder" in kinds(made, name)}
    unchecked = set()
    of_ours = 0
    for name, pickle in pickles(made).items():
        step = made.components.transforms[name]
        collections = [*step.inputs.values(), *step.outputs.values()]
        held = {made.components.pcollections[each].coder_id for each in collections} & coders
        if b"pipeline." in pickle:
            of_ours += 1
            if not held and b"apache-beam" not in pickle:
                unchecked.add(step.unique_name.split("/")[-1])
    assert of_ours >= 15
    assert not unchecked


def test_a_worker_that_has_only_the_package_reads_every_step(made, tmp_path):
    shutil.copytree(ROOT / "dateline", tmp_path / "dateline")  # as it is packed: the links are folders
    worker = subprocess.run(
        [sys.executable, "-c", UNPICKLE],
        input=made.SerializeToString(),
        capture_output=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert worker.returncode == 0, worker.stderr.decode()
    assert worker.stdout.decode().splitlines() == [f"{tmp_path}/dateline/__init__.py", ""]


@pytest.mark.parametrize("base", [0, 1])
def test_a_graph_does_not_grow_with_the_dumps(base, sample, tmp_path):
    few, many = graph(tmp_path, sample, base), graph(tmp_path, sample, base, MANY_DUMPS)
    assert many.ByteSize() < GRAPH_BYTES / 20
    assert abs(many.ByteSize() - few.ByteSize()) < 2000
    for step in many.components.transforms.values():
        assert len(step.spec.payload) < PAYLOAD_BYTES / 20, step.unique_name
