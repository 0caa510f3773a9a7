"""One run: build the flow, have a runner do it, settle the balance, commit."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline import dataset
from pipeline.balance import Balance, settle
from pipeline.config import Config
from pipeline.dataset import File
from pipeline.inputs import UsageError
from pipeline.rules.text import printable


class RunFailed(Exception):
    """The run stopped, and nothing was committed; the message says why, for a person."""


@dataclass(frozen=True)
class RejectLimit:
    """How many rejects a run may have: a number, or a share of all blocks in percent."""

    count: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str) -> "RejectLimit":
        """From "20" or "2.5%".

        Raises:
            ValueError: it is neither.
        """
        number = text.strip()
        limit = cls(percent=float(number[:-1])) if number.endswith("%") else cls(count=int(number))
        if not 0 <= (limit.count if limit.percent is None else limit.percent) <= (100 if limit.percent is not None else 2**63):
            raise ValueError(f"{text!r} is out of range")
        return limit

    def exceeded(self, rejects: int, blocks: int) -> bool:
        if self.count is not None:
            return rejects > self.count
        return self.percent is not None and rejects * 100 > self.percent * blocks

    def __str__(self) -> str:
        return f"{self.percent:g} %" if self.percent is not None else f"{self.count:,}"


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    files: list[File]
    balance: Balance
    version: int
    seconds: dict[str, float]

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
        return sorted((fold for file in self.files for fold in file.facts.get("folded", ())), key=lambda fold: str(fold["id"]))


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
    if manifest is None and any(name != dataset.RUNS for name in os.listdir(output)):
        raise UsageError(f"--output {output} holds something that is no dataset; give a folder that is empty, or not there yet")
    return manifest


def new_run_id() -> str:
    """A name for a run that no other has: the time, and the process."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"


def execute(config: Config, run_flow: Callable[[Config], None], max_rejects: RejectLimit | None) -> Result:
    """Do a run to the commit.

    Args:
        config: the run.
        run_flow: has a runner do flow.build(config), and returns when it is done.
        max_rejects: more rejects than this fail the run, before anything is committed.

    Raises:
        RunFailed: too many rejects, or the balance does not hold.
        Exception: whatever stops the runner.
    """
    seconds: dict[str, float] = {}
    clock = time.perf_counter
    begin = clock()
    dataset.prepare(config.output, config.run)
    committed = False
    try:
        run_flow(config)
        seconds["flow"] = clock() - begin
        then = clock()
        files = dataset.receipts(config.output, config.run)
        balance = settle(config.dumps, files)
        seconds["balance"] = clock() - then
        if balance.findings:
            places = "\n".join(f"  {printable(finding)}" for finding in balance.findings)
            raise RunFailed(f"the balance does not hold: of {balance.read:,} bytes read, some are lost or doubled\n{places}")
        result = Result(files, balance, 1, seconds)
        _check_rejects(result, max_rejects)
        then = clock()
        manifest = dataset.manifest_of(result.version, _dumps(config), _settings(config), files)
        dataset.commit(config.output, files, manifest)
        committed = True
        seconds["commit"] = clock() - then
        seconds["all"] = clock() - begin
        return result
    finally:
        dataset.clean_up(config.output, config.run, failed=not committed)


def _check_rejects(result: Result, limit: RejectLimit | None) -> None:
    rejects = result.rows("rejected")
    blocks = rejects + result.rows("articles") + result.rows("duplicates")
    if limit and limit.exceeded(rejects, blocks):
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in result.reasons.items())
        raise RunFailed(f"{rejects:,} of {blocks:,} blocks are rejects ({reasons}); --max-rejects allows {limit}")


def _dumps(config: Config) -> list[dict[str, Any]]:
    return [{"source": dump.source, "bytes": dump.size} for dump in config.dumps]


def _settings(config: Config) -> dict[str, Any]:
    return {
        "same_headline_days": config.same_headline_days,
        "crawl_date": config.crawl_date.isoformat() if config.crawl_date else None,
        "max_block_bytes": config.limits.block_bytes,
        "max_line_bytes": config.limits.line_bytes,
    }
