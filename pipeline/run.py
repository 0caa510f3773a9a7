"""One run: build the flow, have a runner do it, settle the balance, commit."""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pipeline
from pipeline import dataset
from pipeline.balance import Balance, settle
from pipeline.config import Config
from pipeline.dataset import File
from pipeline.inputs import Unreadable, UsageError
from pipeline.limits import RejectLimit
from pipeline.report import Report, write_report
from pipeline.rules.text import printable
from pipeline.stages.spool import Locator


class RunFailed(Exception):
    """The run stopped, and nothing was committed; the message says why, for a person."""


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    files: list[File]
    balance: Balance
    version: int
    seconds: dict[str, float]
    unreadable: Sequence[Unreadable]
    """Inputs that could not be read, or not whole; also those found out only while reading."""

    def rows(self, kind: str) -> int:
        return sum(file.rows for file in self.files if file.kind == kind)

    @property
    def partitions(self) -> int:
        return sum(file.kind == "articles" for file in self.files)

    @property
    def reasons(self) -> dict[str, int]:
        reasons: Counter[str] = Counter()
        for file in self.files:
            reasons.update(file.facts.get("reasons", {}))
        return dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))

    @property
    def folded_over_a_year(self) -> list[dict[str, Any]]:
        return sorted(
            (fold for file in self.files for fold in file.facts.get("folded", ())),
            key=lambda fold: str(fold["id"]),
        )


def check_output(output: str) -> dict[str, Any] | None:
    """The manifest of the dataset that the folder holds; None if it is empty or not there yet.

    Raises:
        UsageError: it is no folder, or holds something that is no dataset.
    """
    if not os.path.lexists(output):
        return None
    if not os.path.isdir(output):
        raise UsageError(f"--output {output} is no folder; give one that is empty, or not there yet")
    manifest = dataset.latest_manifest(output)
    if manifest is None and not dataset.is_unfinished(output):
        raise UsageError(
            f"--output {output} holds something that is no dataset; give a folder that is empty, or not there yet"
        )
    return manifest


def new_run_id() -> str:
    """A name for a run that no other has: the time, and the process."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"


def execute(
    config: Config,
    run_flow: Callable[[Config], None],
    max_rejects: RejectLimit | None = None,
    runner: str = "",
    unreadable: Sequence[Unreadable] = (),
) -> Result:
    """Do a run to the commit.

    Args:
        config: the run.
        run_flow: has a runner do flow.build(config), and returns when it is done.
        max_rejects: more rejects than this fail the run, before anything is committed.
        runner: what run_flow runs on, for the report.
        unreadable: inputs that were left out, for the report.

    Raises:
        RunFailed: too many rejects, or the balance does not hold.
        Exception: whatever stops the runner.
    """
    seconds: dict[str, float] = {}
    started = datetime.now(UTC)
    clock = time.perf_counter
    begin = clock()
    dataset.prepare(config.output, config.run)
    committed = False
    try:
        with ThreadPoolExecutor(1) as beside:
            dumps = beside.submit(_dumps, config)
            run_flow(config)
            seconds["flow"] = clock() - begin
            dumps_read = dumps.result()
        then = clock()
        files = dataset.receipts(config.output, config.run)
        balance = settle(config.dumps, files)
        unreadable = [*unreadable, *_problems(config)]
        seconds["balance"] = clock() - then
        if balance.findings:
            places = "\n".join(f"  {printable(finding)}" for finding in balance.findings)
            raise RunFailed(
                f"the balance does not hold: of {balance.read:,} bytes read, some are lost or doubled\n{places}"
            )
        result = Result(files, balance, 1, seconds, unreadable)
        _check_rejects(result, max_rejects)
        then = clock()
        manifest = dataset.manifest_of(result.version, dumps_read, settings(config), files)
        dataset.commit(config.output, files, manifest)
        committed = True
        seconds["commit"] = clock() - then
        seconds["all"] = clock() - begin
        write_report(
            f"{config.output}/{dataset.RUNS}/{config.run}",
            _report(config, result, started, runner),
        )
        return result
    finally:
        dataset.clean_up(config.output, config.run, failed=not committed)


def _check_rejects(result: Result, limit: RejectLimit | None) -> None:
    rejects = result.rows("rejected")
    blocks = rejects + result.rows("articles") + result.rows("duplicates")
    if limit and limit.exceeded(rejects, blocks):
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in result.reasons.items())
        raise RunFailed(
            f"{rejects:,} of {blocks:,} blocks are rejects ({reasons}); --max-rejects allows {limit}"
        )


def sha256(path: str) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def holds(manifest: dict[str, Any], config: Config) -> bool:
    """Whether a version is of the very dumps and settings of a run, byte for byte."""
    if manifest["settings"] != settings(config):
        return False
    new = _files(config)
    old = {dump["source"]: dump for dump in manifest["dumps"]}
    return old.keys() == new.keys() and all(
        old[source]["bytes"] == os.path.getsize(path) and old[source]["sha256"] == sha256(path)
        for source, path in new.items()
    )


def _files(config: Config) -> dict[str, str]:
    """Source -> path of each input file, by source."""
    return {dump.source: dump.origin for dump in config.dumps}


def _dumps(config: Config) -> list[dict[str, Any]]:
    return [
        {"source": source, "bytes": os.path.getsize(path), "sha256": sha256(path)}
        for source, path in _files(config).items()
    ]


def _problems(config: Config) -> list[Unreadable]:
    """What was found out while inputs were unpacked."""
    locator = Locator(config.dumps)
    found = {}
    for number, dump in enumerate(config.dumps):
        if dump.part and (problem := locator.index(number).problem):
            found[dump.origin, problem] = Unreadable(dump.origin, problem)
    return list(found.values())


def _report(config: Config, result: Result, started: datetime, runner: str) -> Report:
    balance = result.balance
    return {
        "run": config.run,
        "version": result.version,
        "dateline": pipeline.__version__,
        "runner": runner,
        "started": started.isoformat(timespec="seconds"),
        "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
        "counts": {
            "articles": result.rows("articles"),
            "duplicates": result.rows("duplicates"),
            "rejects": result.rows("rejected"),
            "partitions": result.partitions,
            "files": len(result.files),
        },
        "rejects_by_reason": result.reasons,
        "balance": {
            "read": balance.read,
            "articles": balance.articles,
            "duplicates": balance.duplicates,
            "rejects": balance.rejected,
            "white_space": balance.white_space,
        },
        "unreadable": [entry._asdict() for entry in result.unreadable],
        "folded_over_a_year": result.folded_over_a_year,
    }


def settings(config: Config) -> dict[str, Any]:
    """The options that decide on the rows of a dataset, as its manifest keeps them."""
    return {
        "same_headline_days": config.same_headline_days,
        "crawl_date": config.crawl_date.isoformat() if config.crawl_date else None,
        "max_block_bytes": config.limits.block_bytes,
        "max_line_bytes": config.limits.line_bytes,
        "columns": {name: list(names) for name, names in config.columns._asdict().items()},
    }
