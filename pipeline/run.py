"""One run: build the flow, have a runner do it, settle the balance, commit.

flow       the runner does flow.build(config), whose last stage settles the dumps: their blocks against their bytes
balance    what was settled adds up to what was read and written, or the run fails
commit     the manifest is published: from here on the run did not fail, whatever comes after
"""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from dateline import schemas
from dateline.errors import DamagedFile, RunFailed, StoreError
from dateline.pipeline import names
from dateline.pipeline.config import Config
from dateline.pipeline.dataset import staging
from dateline.pipeline.dataset.commit import manifest_of
from dateline.pipeline.dataset.commit_store import unless_overtaken
from dateline.pipeline.dataset.known_dumps import ChecksumCache, FilesRead
from dateline.pipeline.dataset.open import dataset_in, open_version
from dateline.pipeline.dataset.run_reports import earlier_reports
from dateline.pipeline.dataset.staging import File
from dateline.pipeline.dataset.version import Manifest, Version
from dateline.pipeline.inputs.dump_list import write_list
from dateline.pipeline.inputs.find import Unreadable
from dateline.pipeline.ledgers.tasks import tasks_of
from dateline.pipeline.reject_limit import RejectLimit, reasons_of, too_many
from dateline.pipeline.report.files import write_report
from dateline.pipeline.report.numbers import Report, Stages, report_of
from dateline.pipeline.report.page import RUNS_SHOWN
from dateline.pipeline.rules import RULES
from dateline.pipeline.rules.text import printable
from dateline.pipeline.stop import held
from dateline.pipeline.verify.balance import Balance, settle
from dateline.pipeline.verify.groups import Groups
from dateline.pipeline.verify.record_account import Records, account_for
from dateline.pipeline.verify.settled import blocks_by_dump, checksums_of, read_settled

KEEP_VERSIONS = 3
"""Versions that stay readable by default, the newest among them."""


@dataclass
class Course:
    """How far a run is, for whoever says how it ended."""

    stage: str = "start"
    """start, flow, balance or commit."""
    version: int | None = None
    """The version that it made, once it has."""
    runner: str | None = None
    so_far: dict[str, int] | None = None
    """What its workers counted, in the terms of schemas/failure.schema.json; None before they began."""
    dump: str | None = None
    """The source of the dump at which a worker failed, where that is known."""


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    files: list[File]
    balance: Balance
    records: Records
    manifest: Manifest
    seconds: dict[str, float]
    unreadable: Sequence[Unreadable]
    """Inputs that could not be read, or not whole; also those found out only while reading."""
    notes: Sequence[str] = ()
    """Warnings about the inputs, all of which were used."""
    warnings: Sequence[str] = ()
    """What went wrong once the version was there."""
    stages: Stages = field(default_factory=dict)
    """What the runner tells of each stage; for people only."""
    blocks_of_dumps: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    """Blocks by kind, of each dump by its number."""

    @property
    def version(self) -> int:
        number: int = self.manifest["version"]
        return number

    def blocks(self, kind: str) -> int:
        """Blocks of the run's dumps that came to be of a kind."""
        return sum(file.tally.blocks for file in self.files if file.kind == kind)

    def rows(self, kind: str) -> int:
        """Rows of a kind in the version."""
        return sum(file["rows"] for file in self.manifest["files"] if file["kind"] == kind)

    @property
    def partitions(self) -> int:
        """Partitions that were written."""
        return sum(file.kind == "articles" for file in self.files)

    @property
    def reasons(self) -> dict[str, int]:
        reasons: Counter[str] = Counter()
        for some in filter(None, (file.facts.get("reasons") for file in self.files)):
            reasons.update(some)
        return dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))

    @property
    def folded_over_a_year(self) -> list[dict[str, Any]]:
        return sorted(
            (fold for file in self.files for fold in file.facts.get("folded", ())),
            key=lambda fold: str(fold["id"]),
        )


def new_run_id() -> str:
    """A name for a run that no other has: the second, its thousandth as three hexadecimal digits, and something random.

    So names sort as the runs began.
    """
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}-{now.microsecond // 1000:03x}{uuid.uuid4().hex[:5]}"


def execute(
    config: Config,
    run_flow: Callable[[Config], Stages | None],
    cache: ChecksumCache | None = None,
    keep_versions: int = KEEP_VERSIONS,
    max_rejects: RejectLimit | None = None,
    runner: str = "",
    unreadable: Sequence[Unreadable] = (),
    rejects_only: bool = True,
    course: Course | None = None,
) -> Result:
    """Do a run to the commit. The caller holds the dataset's lock.

    Args:
        config: the run.
        run_flow: has a runner do flow.build(config), and returns when it is done, with what the runner knows of the stages.
        cache: the checksums of files that are remembered; by default those of the dataset.
        keep_versions: how many versions stay, the new one among them.
        max_rejects: more rejects than this fail the run, before anything is committed.
        runner: what run_flow runs on, for the report.
        unreadable: inputs that were left out, for the report.
        rejects_only: whether a first version may hold nothing but rejects; it may if it is made of rejects.
        course: is kept up to date with how far the run is.

    Raises:
        RunFailed: too many rejects, or the balance does not hold.
        Exception: whatever stops the runner; none once the version is there.
    """
    course = course or Course()
    seconds: dict[str, float] = {}
    started = datetime.now(UTC)
    clock = time.perf_counter
    begin = clock()
    cache = cache or ChecksumCache(config.output)
    dataset, before = dataset_in(config.output), open_version(config.output, config.base)
    with (
        staging.prepared(config.output, config.run, config.scratch_address),
        unless_overtaken(config.address, config.version, lambda: course.stage != "commit"),
    ):
        config = replace(config, dumps=write_list(config.dumps, names.dumps_list(config.scratch)))
        files_read = FilesRead(config.dumps)
        course.stage = "flow"
        stages = run_flow(config) or {}
        seconds["flow"] = clock() - begin
        groups = Groups(config.dumps)
        settled = read_settled(config.scratch, config.dumps, groups)
        files_read.finish(checksums_of(config.dumps, groups, settled), cache)
        then = clock()
        course.stage = "balance"
        files = staging.read_receipts(config.scratch, tasks_of(config), config.address, config.version)
        balance = settle(config.dumps, groups, files, settled, before)
        records, problems, notes, lost = account_for(
            config.dumps, [group.parts for group in settled if group], config.columns
        )
        seconds["balance"] = clock() - then
        if balance.findings:
            places = "\n".join(f"  {printable(finding)}" for finding in balance.findings)
            raise RunFailed(
                f"the balance does not hold: of {balance.read:,} bytes read, some are lost or doubled\n{places}",
                _dump_of(balance.findings[0], config),
            )
        if records.findings:
            places = "\n".join(f"  {printable(finding)}" for finding in records.findings)
            raise RunFailed(
                f"the account of records does not hold: some are lost\n{places}",
                _dump_of(records.findings[0], config),
            )
        then = clock()
        dumps = _dumps(config, files_read.by_source())
        dumps = [dump for dump in dumps if dump["source"] not in lost and dump["bytes"]]
        manifest = manifest_of(
            before.manifest if before else None, _facts(config, files, before, started, dumps), files, dumps
        )
        result = Result(
            files, balance, records, manifest, seconds, [*unreadable, *problems], notes, stages=stages,
            blocks_of_dumps=blocks_by_dump(settled),
        )  # fmt: skip
        if course.so_far is not None:
            used = result.blocks("articles") + result.blocks("duplicates")
            course.so_far |= {"records": used, "rejects": result.blocks("rejected")}
        if too := too_many(result.blocks_of_dumps, config.dumps, result.reasons, max_rejects):
            raise RunFailed(*too)
        rejects_only |= all(dump.part is not None and dump.part.format == "rejects" for dump in config.dumps)
        if before is None and not rejects_only and result.blocks("rejected") and not result.rows("articles"):
            raise RunFailed(
                f"all blocks are rejects ({reasons_of(result.reasons)}), and there is no "
                "dataset yet: are these dumps of Arab News pages? `dateline inspect FILE` shows what is found in one; "
                "--max-rejects 100% makes a dataset of nothing but rejects"
            )
        course.stage = "commit"
        warnings: list[str] = []
        with held():  # a signal waits until the version is whole, and its report is written
            dataset.commit(manifest, before.manifest if before else None, files)
            course.version = manifest["version"]
            with _warned(warnings, "what it replaced could not be put away, the next run does it"):
                dataset.finish(config.run, keep_versions)
            with _warned(warnings, "the checksums of its dumps could not be remembered"):
                cache.save()
            seconds["commit"] = clock() - then
            seconds["all"] = clock() - begin
            earlier: list[Report] = []
            with _warned(warnings, "its report says nothing of earlier runs"):
                earlier = earlier_reports(dataset, manifest["version"], RUNS_SHOWN - 1)
            with _warned(warnings, "its report could not be written"):
                report = report_of(config, result, started, runner)
                write_report(names.run_folder(config.output, config.run), report, earlier)
        return replace(result, warnings=warnings)


@contextmanager
def _warned(warnings: list[str], what: str) -> Iterator[None]:
    """Turn an error into a warning: the version is there, so whatever goes wrong, the run did not fail."""
    try:
        yield
    except Exception as error:
        is_known = isinstance(error, OSError | StoreError | DamagedFile)
        warnings.append(f"{what}: {error if is_known else repr(error)}")


def _dump_of(finding: str, config: Config) -> str | None:
    """The source of the dump that a finding of the balance begins with, if it does."""
    fitting = (dump.source for dump in config.dumps if finding.startswith(f"{dump.source}: "))
    return max(fitting, key=len, default=None)


def _dumps(config: Config, sums: dict[str, tuple[int, str]]) -> list[dict[str, Any]]:
    """The manifest's entries of the dumps that a run reads."""
    day = config.crawl_date.isoformat() if config.crawl_date else None
    return [
        {"source": source, "bytes": size, "sha256": digest, "crawl_date": day, "rules": RULES}
        for source, (size, digest) in sums.items()
    ]


def _facts(
    config: Config,
    files: Sequence[File],
    before: Version | None,
    started: datetime,
    dumps: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """What this run says in its manifest beyond the files and dumps."""
    grown: Counter[str] = Counter()
    for file in files:
        older = before.same_place(file.path) if before else None
        grown[file.kind] += file.rows - (older["rows"] if older else 0)
    return {
        "schema_version": schemas.VERSION,
        "version": config.version,
        "run": config.run,
        "made": started.isoformat(timespec="seconds"),
        "changes": {
            "dumps": [dump["source"] for dump in dumps],
            "articles": grown["articles"],
            "duplicates": grown["duplicates"],
            "rejects": grown["rejected"],
            "files": sum(file.rows > 0 for file in files),
        },
        "settings": settings(config),
    }


def settings(config: Config) -> dict[str, Any]:
    """What is decided once for a dataset, as its manifest keeps it."""
    made = {"same_headline_days": config.same_headline_days, "date_granularity": config.granularity}
    return made | ({"readers": config.readers} if config.readers != "any" else {})
