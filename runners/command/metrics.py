"""What a run came to, as a file of metrics for Prometheus: its node exporter reads it (the textfile collector).

The file tells of the last run only, and is written anew by each. What a run did not come so far as to know is left
out; only the time of the last success is carried over, since it is what an alert watches.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from dateline.pipeline.atomic import whole_file
from dateline.pipeline.names import MANIFESTS

_START = b"# HELP dateline_"
"""How a file of ours begins."""

SUCCESSES = ("done", "nothing_new")
"""The outcomes after which the dataset is up to date; also where some input could not be used (exit status 3)."""

STATES = (*SUCCESSES, "failed", "stopped", "usage", "locked")

LAST_SUCCESS = "dateline_last_success_timestamp_seconds"

Samples = Mapping[tuple[tuple[str, str], ...], float]
"""Values by their labels, each a name and a value."""


def prometheus(outcome: Mapping[str, Any], last_success: float | None = None) -> str:
    """The metrics of a run, in Prometheus' text format.

    Args:
        outcome: what `dateline run --json` prints. Only "status" and "exit" must be there.
        last_success: the time of the last success before this run, in seconds since 1970; None if there was none.
    """
    return "".join(
        line
        for name, about, samples in _metrics(outcome, last_success)
        if samples
        for line in (
            f"# HELP {name} {_escaped(about, quotes=False)}\n",
            f"# TYPE {name} gauge\n",
            *(f"{name}{_labels(labels)} {value}\n" for labels, value in samples.items()),
        )
    )


def why_unusable(path: str, output: str, inputs: Sequence[str]) -> str | None:
    """Why a file is not to be written over; None where it may be: it is not there, is empty, or holds metrics.

    Args:
        path: where the metrics are to go.
        output: the dataset, which may not be there yet.
        inputs: the patterns of a run's dumps. What they match is none, even if it is empty.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return "is a folder; give a file in it"
        if not stat.S_ISREG(mode):
            return "is no regular file, and would be replaced by one"
        with open(path, "rb") as file:
            if file.read(len(_START)) not in (b"", _START):
                return "holds something that is no metrics of a run, and would be written over"
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"
    folder = os.path.dirname(os.path.realpath(path))
    above = list(_upwards(folder))
    if os.path.realpath(output) in above or any(os.path.isdir(f"{each}/{MANIFESTS}") for each in above):
        return "lies in a dataset, of which it would be no part; give a file elsewhere"
    if any(_matches(os.path.realpath(path), os.path.realpath(pattern)) for pattern in inputs):
        return "is one of the dumps that --input names, or would be the next time; give a file elsewhere"
    return None


def _matches(path: str, pattern: str) -> bool:
    """Whether a pattern names a path, or would if that were there."""
    if "**" in pattern:
        return fnmatch(path, pattern)
    return path.count("/") == pattern.count("/") and all(map(fnmatch, path.split("/"), pattern.split("/")))


def _upwards(folder: str) -> Iterator[str]:
    """A folder, and all that it lies in."""
    yield folder
    while folder != (folder := os.path.dirname(folder)):
        yield folder


def write_metrics(path: str, outcome: Mapping[str, Any]) -> None:
    """Put a run's metrics in the place of the last run's, at once and whole.

    Raises:
        OSError: the file cannot be written; the old one is as it was.
    """
    facts = {"started": datetime.now(UTC).isoformat(timespec="seconds")} | dict(outcome)
    content = prometheus(facts, _last_success(path)).encode()
    folder, name = os.path.split(os.path.abspath(path))
    temporary = f"{folder}/.tmp-{name}-{os.getpid()}"  # the node exporter reads what ends in .prom
    with whole_file(
        path, flushed=True, mode=0o644, temporary=temporary
    ) as file:  # the node exporter is another user
        file.write(content)


def _metrics(outcome: Mapping[str, Any], last_success: float | None) -> Iterator[tuple[str, str, Samples]]:
    """Each metric's name, what it is, and its samples; none where the run does not know."""
    ended = _ended(outcome)
    if outcome["status"] in SUCCESSES and ended is not None:
        last_success = ended
    new, held = outcome.get("new", {}), outcome.get("dataset", {})
    seconds = dict(outcome.get("seconds", {}))
    whole = seconds.pop("all", None)
    unreadable = outcome.get("unreadable")
    yield "dateline_last_run_exit_status", "Exit status of the last run.", _one(outcome["exit"])
    states = {state: int(state == outcome["status"]) for state in STATES}
    yield "dateline_last_run_state", "What the last run came to: 1 for that, else 0.", _by("state", states)
    yield "dateline_last_run_timestamp_seconds", "When the last run ended.", _one(ended)
    yield LAST_SUCCESS, "When a run last left the dataset up to date.", _one(last_success)
    yield "dateline_last_run_duration_seconds", "How long the last run took.", _one(whole)
    yield "dateline_last_run_stage_seconds", "How long each stage of it took.", _by("stage", seconds)
    worked = {name: told["seconds"] for name, told in outcome.get("stages", {}).items() if "seconds" in told}
    yield (
        "dateline_last_run_worker_seconds",
        "Of all workers, in each stage of the flow.",
        _by("stage", worked),
    )
    so_far = outcome.get("so_far") or {}
    read = outcome.get("bytes_read", so_far.get("bytes_read"))
    yield "dateline_last_run_read_bytes", "Bytes of dumps that it read.", _one(read)
    yield "dateline_last_run_dumps", "Dumps that it read.", _one(new.get("dumps"))
    yield "dateline_last_run_rows", "Rows that it added, by kind.", _by("kind", _rows(new))
    yield (
        "dateline_last_run_rejects",
        "Blocks that it could not use, by reason.",
        _by("reason", outcome.get("rejects_by_reason", {})),
    )
    yield (
        "dateline_last_run_unreadable_inputs",
        "Inputs that it could not read, or not whole.",
        _one(None if unreadable is None else len(unreadable)),
    )
    yield "dateline_dataset_version", "Version of the dataset.", _one(outcome.get("version"))
    yield "dateline_dataset_dumps", "Dumps that the dataset is made of.", _one(held.get("dumps"))
    yield "dateline_dataset_rows", "Rows of the dataset, by kind.", _by("kind", _rows(held))


def _ended(outcome: Mapping[str, Any]) -> float | None:
    """When a run ended, in seconds since 1970; None if it does not say when it started."""
    if "started" not in outcome:
        return None
    started = datetime.fromisoformat(outcome["started"]).timestamp()
    took: float = outcome.get("seconds", {}).get("all", 0.0)
    return round(started + took, 3)


def _rows(counts: Mapping[str, float]) -> dict[str, float]:
    """The counts that are of rows."""
    return {name: count for name, count in counts.items() if name != "dumps"}


def _one(value: float | None) -> Samples:
    return {} if value is None else {(): value}


def _by(label: str, values: Mapping[str, float]) -> Samples:
    return {((label, name),): value for name, value in values.items()}


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels) + "}"


def _escaped(text: str, quotes: bool) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text


def _last_success(path: str) -> float | None:
    """What an earlier run's file says; None if there is none, or it does not say."""
    try:
        found = re.search(rf"^{LAST_SUCCESS} (\d+(?:\.\d+)?)$", Path(path).read_text("utf-8"), re.M)
    except (OSError, UnicodeDecodeError):
        return None
    return float(found[1]) if found else None
