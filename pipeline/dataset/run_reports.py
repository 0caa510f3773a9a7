"""Reports of runs: what the runs' folders say of those that made a version, and of those that failed.

_runs/20261129T000000-0123abcd/report.json    {"state": "failed", "reason": "...", "stage": "flow", ...}
_runs/20261129T010000-4567cdef/report.json    {"state": "done", "version": 7, "counts": {...}, ...}
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from dateline.errors import DamagedFile, UsageError
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.safe_files import require_shape
from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.names import REPORT, is_run, run_path

MOST_RUNS = 1000
"""The newest runs, whose reports are looked at; a run's name begins with its time."""

Report = dict[str, Any]
"""In the terms of schemas/report.schema.json; of a run that made no version, of failure.schema.json."""


def failed_runs(dataset: Dataset) -> tuple[list[Report], list[str]]:
    """The records of the failed runs of a dataset, newest first; and why some reports cannot be read.

    Raises:
        DamagedFile: there is something else in the place of the runs' folder.
        dateline.errors.StoreError: the store failed.
    """
    found, wrong = [], []
    for run, data in dataset.run_reports(MOST_RUNS):
        if not (said := _said(data)) or said["state"] == "done":
            continue
        try:
            found.append(_checked(dataset, run, said))
        except DamagedFile as error:
            wrong.append(str(error))
    return sorted(found, key=lambda record: (record["started"], record["run"]), reverse=True), wrong


def in_order(manifests: Iterable[Manifest], failed: Iterable[Report]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Versions and failed runs as one list, newest first; each as "version" or "failed", and what is told of it.

    Args:
        manifests: of the versions, newest first; they keep their order, whatever the clocks said.
        failed: as of failed_runs().
    """
    rest = list(failed)
    for manifest in manifests:
        while rest and _is_later(rest[0], manifest):
            yield "failed", rest.pop(0)
        yield "version", manifest
    yield from (("failed", record) for record in rest)


def _is_later(record: Report, manifest: Manifest) -> bool:
    """Whether a run failed after a version was made."""
    if record["version"] is None:
        return bool(record["started"] > manifest["made"])
    return bool(record["version"] >= manifest["version"])


def newest_runs(names: Iterable[str], most: int) -> list[str]:
    """The newest of what may be the names of runs, the newest first; at most so many."""
    return sorted(filter(is_run, names), reverse=True)[:most]


def earlier_reports(dataset: Dataset, version: int, most: int) -> list[Report]:
    """The reports of runs that made a version before this one, the oldest first. What is no report is passed over.

    Args:
        dataset: whose.
        version: the number of a version.
        most: how many, at most; among twice as many runs that are looked at.
    """
    found = []
    for run, data in dataset.run_reports(2 * most):
        if not (said := _said(data)) or said["state"] != "done":
            continue
        with suppress(DamagedFile):
            found.append(_checked(dataset, run, said))
    found = [report for report in found if report["version"] < version]
    return sorted(found, key=lambda report: report["version"])[-most:]


def report_of_run(dataset: Dataset, run: str | None) -> Report:
    """The report of a run; of the newest that has one where no run is named.

    Raises:
        UsageError: there is none.
        DamagedFile: it is not what a run writes.
    """
    for name, data in dataset.run_reports(MOST_RUNS):
        if run in (None, name) and (said := _said(data)):
            return _checked(dataset, name, said)
    known = "`dateline log` lists the runs"
    raise UsageError(
        f"{dataset.name} has no report of run {run}; {known}"
        if run
        else f"{dataset.name} has no report of any run"
    )


def _said(data: bytes) -> dict[str, Any] | None:
    """What is written in a report, valid or not; None where it is torn."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and said.get("state") is not None else None


def _checked(dataset: Dataset, run: str, said: dict[str, Any]) -> Report:
    """The same once it is known to be valid.

    Raises:
        DamagedFile: it is no report of that run.
    """
    place = f"{dataset.root}/{run_path(run, REPORT)}"
    require_shape(place, said, "report" if said["state"] == "done" else "failure")
    if said["run"] != run:
        raise DamagedFile(f"{place} says that it is of run {said['run']}")
    return said
