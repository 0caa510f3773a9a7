"""The stage that settles: a runner that loses or doubles an element anywhere behind the winners is found out, and what is
left of a group depends on its dumps and blocks alone."""

import json
import re
from functools import wraps
from hashlib import sha256
from pathlib import Path

import pytest

from dateline.pipeline.config import Config
from dateline.pipeline.dataset import known_dumps, staging
from dateline.pipeline.dataset.staging import Writer
from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.inputs.dump_list import write_list
from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.names import dumps_list
from dateline.pipeline.stages import settle, write
from dateline.pipeline.verify import groups
from tests.conftest import dateline_here, files_of, left
from tests.helpers.flows import run_flow
from tests.helpers.pages import Article, plain

pytestmark = pytest.mark.slow

PAGES = [plain(Article(headline=f"Ferry {n} returns to the old harbor", slot="")) for n in range(6)]
BAD = plain(Article(slot="https://example.com/a", headline="A third headline of it"))
TEXT = "\n\n".join([*PAGES, PAGES[0], PAGES[1], BAD])


@pytest.fixture
def dumps(tmp_path, monkeypatch) -> Path:
    """Two groups of one dump each: text, and records in two empty lines more."""
    monkeypatch.setattr(groups, "GROUP_BYTES", 1)
    folder = tmp_path / "dumps"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT)
    rows = [{"text": plain(Article(headline=f"Raft {n} leaves")), "date": "2023-01-02"} for n in range(3)]
    (folder / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def run(dumps: Path, name: str = "news"):
    return dateline_here("run", "--input", dumps / "*", "--output", dumps.parent / name, "--workers", "1")


def require_found_out(dumps: Path, *findings: str) -> None:
    done = run(dumps)
    assert done.returncode == 1, done.stdout
    assert "nothing was committed" in done.stderr
    assert left(dumps.parent / "news") == []
    for finding in findings:
        assert re.search(finding, done.stderr), done.stderr


def of_first(real, lose: bool):
    """The process() of a step, as if the runner lost the first element that it gives, or took it twice."""
    met = []

    @wraps(real)
    def process(*args):
        for element in real(*args):
            met.append(element)
            if len(met) > 1:
                yield element
            elif not lose:
                yield from (element, element)

    return process


STEPS = (
    write.KeyByPartition, write.WriteArticles, write.KeyByShard, write.WriteLedgers, write.KeyRejects,
    write.WriteRejects,
)  # fmt: skip


@pytest.mark.parametrize("lose", [True, False], ids=["lost", "doubled"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_an_element_of_a_step_that_is_lost_or_doubled(dumps, monkeypatch, step, lose):
    monkeypatch.setattr(step, "process", of_first(step.process, lose))
    require_found_out(dumps)


@pytest.mark.parametrize("step", [write.WriteArticles, write.WriteLedgers, write.WriteRejects])
def test_places_that_are_lost_or_doubled_are_told_by_dump_and_by_kind(dumps, monkeypatch, step):
    kind = {"WriteArticles": "articles", "WriteLedgers": "duplicates", "WriteRejects": "rejected"}[
        step.__name__
    ]
    with monkeypatch.context() as patch:
        patch.setattr(step, "process", of_first(step.process, lose=True))
        require_found_out(
            dumps,
            r"(a\.txt|b\.jsonl): bytes \d+ to \d+ are text, and stand in no block",
            f"{kind}: the receipts",
        )
    monkeypatch.setattr(step, "process", of_first(step.process, lose=False))
    require_found_out(dumps, "stand in two blocks", f"{kind}: the receipts")


@pytest.mark.parametrize("lost", ["articles", "ledgers", "rejected"])
def test_a_receipt_that_is_lost(dumps, monkeypatch, lost):
    """Its task's places arrived."""
    real = Writer.receipt
    monkeypatch.setattr(
        Writer, "receipt", lambda self, task, files: task.startswith(lost) or real(self, task, files)
    )
    require_found_out(dumps, "the receipts are of")


def test_a_receipt_that_is_there_twice(dumps, monkeypatch):
    real = Writer.receipt

    def twice(self, task, files):
        real(self, task, files)
        real(self, f"{task}-again", files)

    monkeypatch.setattr(Writer, "receipt", twice)
    require_found_out(dumps, "the receipts are of 18 blocks of .* and 9 of")


def test_a_group_that_nobody_settled(dumps, monkeypatch):
    real = settle.leave
    monkeypatch.setattr(settle, "leave", lambda writer, group, found: group or real(writer, group, found))
    require_found_out(dumps, r"b\.jsonl: no worker told what became of it")


def test_a_group_without_blocks_that_nobody_settled(dumps, monkeypatch):
    """Nothing else would tell of a dump of white space."""
    (dumps / "c.txt").write_text("\n \n")
    assert run(dumps, "good").returncode == 0
    monkeypatch.setattr(settle.EachGroup, "process", lambda self, _: [])
    require_found_out(dumps, r"c\.txt: no worker told what became of it")


def test_a_group_that_comes_in_two_halves(dumps, monkeypatch):
    """As a runner would give it that does not group."""
    real = settle.SettleGroups.process

    @wraps(real)
    def halves(self, group):
        number, batches = group
        batches = [batch for batch in batches if batch]
        yield from real(self, (number, batches[:1]))
        yield from real(self, (number, batches[1:]))

    monkeypatch.setattr(settle.SettleGroups, "process", halves)
    require_found_out(dumps, "are text, and stand in no block", "the receipts are of")


def test_a_group_that_came_under_another_key(dumps, monkeypatch):
    real = settle.SettleGroups.process
    monkeypatch.setattr(
        settle.SettleGroups, "process", wraps(real)(lambda self, group: real(self, (1 - group[0], group[1])))
    )
    require_found_out(dumps, "blocks came to it that are of other dumps")


def test_the_command_itself_takes_no_checksum(dumps, monkeypatch):
    """Of dumps that the dataset does not know: the stage does."""
    monkeypatch.setattr(known_dumps, "sha256_of", lambda path: pytest.fail(f"{path} is read by the command"))
    assert run(dumps).returncode == 0
    listed = {dump["source"]: dump["sha256"] for dump in latest_manifest(str(dumps.parent / "news"))["dumps"]}
    assert listed == {path.name: sha256(path.read_bytes()).hexdigest() for path in dumps.iterdir()}


def test_a_task_that_is_done_twice_does_no_harm(dumps, monkeypatch):
    """As after a worker died: only one of its outputs counts, and its files have the same names and bytes."""
    assert run(dumps).returncode == 0
    bytes_of = {}

    def again(real, keep):
        @wraps(real)
        def process(self, element):
            element = (element[0], list(element[1]))
            first = list(real(self, element))
            if keep:
                receipts = Path(self._config.output, "_runs", self._config.run, "receipts")
                bytes_of.update((path, path.read_bytes()) for path in receipts.glob("settled-*"))
            yield from real(self, (element[0], element[1][::-1]))
            del first
            assert all(path.read_bytes() == data for path, data in bytes_of.items())

        return process

    for step in (write.WriteArticles, write.WriteLedgers, write.WriteRejects, settle.SettleGroups):
        monkeypatch.setattr(step, "process", again(step.process, step is settle.SettleGroups))
    done = run(dumps, "again")
    assert done.returncode == 0, done.stderr
    assert len(bytes_of) == 2
    assert files_of(dumps.parent / "again") == files_of(dumps.parent / "news")


def test_what_is_left_of_a_group_does_not_depend_on_bundles_keys_or_ranges(dumps, tmp_path):
    found = []
    for number, (keys, ranges) in enumerate([(1, 0), (5, 0), (3, 300)]):
        run_id, output = f"run-{number}", str(tmp_path / "out")
        with staging.prepared(output, run_id):
            listed = with_spools(find_inputs([f"{dumps}/*"], None).dumps, f"{output}/_runs/{run_id}/spool")
            read = write_list(listed, dumps_list(f"{output}/_runs/{run_id}"))
            run_flow(Config(read, output, run_id, keys=keys, ranges=ranges))
            receipts = Path(output, "_runs", run_id, "receipts")
            found.append({path.name: path.read_bytes() for path in receipts.glob("settled-*")})
    assert found[0].keys() == {"settled-0.json", "settled-1.json"}
    assert found[0] == found[1] == found[2]
    assert json.loads(found[0]["settled-0.json"])["blocks"] == [[6], [2], [1]]
