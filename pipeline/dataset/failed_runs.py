"""Failed runs: the records of those that made no version, as they stand in the runs' folders.

_runs/20261129T000000-0123abcd/report.json    {"state": "failed", "reason": "...", "stage": "flow", ...}
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from dateline.errors import DamagedFile
from dateline.pipeline.dataset.interface import Dataset
from dateline.pipeline.dataset.safe_files import require_shape
from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.names import RUNS, is_run

MOST_RUNS = 1000
"""The newest runs, whose reports are looked at; a run's name begins with its time."""

Record = dict[str, Any]
"""In the terms of schemas/failure.schema.json."""


def failed_runs(dataset: Dataset) -> tuple[list[Record], list[str]]:
    """The records of the failed runs of a dataset, newest first; and why some reports cannot be read.

    Raises:
        DamagedFile: there is something else in the place of the runs' folder.
        dateline.errors.StoreError: the store failed.
    """
    found, wrong = [], []
    for run, data in dataset.run_reports():
        try:
            record = _record(f"{dataset.root}/{RUNS}/{run}/report.json", run, data)
        except DamagedFile as error:
            wrong.append(str(error))
            continue
        if record:
            found.append(record)
    return sorted(found, key=lambda record: (record["started"], record["run"]), reverse=True), wrong


def in_order(manifests: Iterable[Manifest], failed: Iterable[Record]) -> Iterator[tuple[str, dict[str, Any]]]:
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


def _is_later(record: Record, manifest: Manifest) -> bool:
    """Whether a run failed after a version was made."""
    if record["version"] is None:
        return bool(record["started"] > manifest["made"])
    return bool(record["version"] >= manifest["version"])


def newest_runs(names: Iterable[str]) -> list[str]:
    """The newest MOST_RUNS of what may be the names of runs, the newest first."""
    return sorted(filter(is_run, names), reverse=True)[:MOST_RUNS]


def _record(place: str, run: str, data: bytes) -> Record | None:
    """What a report says of a run that failed; None where it made a version, or the report is torn.

    Raises:
        DamagedFile: it is no report of that run.
    """
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("state") in (None, "done"):
        return None
    require_shape(place, said, "failure")
    if said["run"] != run:
        raise DamagedFile(f"{place} says that it is of run {said['run']}")
    return said
