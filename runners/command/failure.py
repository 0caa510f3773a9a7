"""How a run ends that an error or a signal ended: what is told, the exit status, and the record that it leaves.

Whether it made a version is decided from what is there, and from nothing else: once the manifest is published the run did
not fail, whatever came after.
"""

import os
import re
import signal
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeGuard

from dateline import __version__, errors
from dateline.errors import DamagedFile, DatelineError, NewerDataset, StoreError, Uncertain, Unusable
from dateline.pipeline.dataset.open import dataset_in
from dateline.pipeline.dataset.safe_files import require_folders
from dateline.pipeline.dataset.version import read_manifest, version_numbers
from dateline.pipeline.names import REPORT, run_folder, run_path
from dateline.pipeline.report.files import write_report
from dateline.pipeline.run import Course
from dateline.pipeline.stop import asked
from dateline.runners.command import outcome as statuses
from dateline.runners.command.outcome import Outcome, by_signal, end, end_refused, log

_OURS = re.compile(r"^dateline\.errors\.(\w+): (.*?)( \[while running .*\])?$")
"""An error of dateline.errors that a worker raised, as a runner tells it."""
_OF_SYSTEM = re.compile(r"^(?:RuntimeError: )?\w*Error: (\[Errno \d+\] .*?)( \[while running .*\])?$")
"""What the system refused, as a runner tells it."""
AFTERWARDS = "version %d is committed, and whole; what came after went wrong: %s"
_STEP = re.compile(r"\[while running '([^']*)'")


def by_error(outcome: Outcome, output: str, error: BaseException, course: Course) -> int:
    """What a run came to that ended with an error or a signal; the exit status. Its lock is still held.

    Raises:
        BaseException: what is neither a signal nor an error is raised again.
    """
    made = course.version or version_made(output, outcome["run"])
    if asked:
        reason = f"stopped by {signal.Signals(asked[0]).name}"
        status = by_signal(outcome, made, str(error) if isinstance(error, Uncertain) else "")
    elif not isinstance(error, Exception):
        raise error
    elif made:
        outcome["version"] = made
        log.warning(AFTERWARDS, made, _cause_of(error)[0])
        return end(outcome, "done", statuses.PARTLY if outcome.get("unreadable") else statuses.OK, None)
    elif is_refusal(error) and not (course.runner and isinstance(error, Unusable)):
        # a store that refuses what it took before is no wrong usage
        return end_refused(outcome, error)
    else:
        what = "failed" if isinstance(error, Uncertain) else "failed, nothing was committed"
        reason, cause = _cause_of(error)
        status = end(outcome, "failed", statuses.FAILED, f"{what}: {reason}", cause)
    if not made:
        _leave_record(outcome, output, error, reason, course)
    return status


def is_refusal(error: Exception) -> TypeGuard[DatelineError]:
    """Whether an error is of those that are found before any work, or that another run was faster."""
    return isinstance(error, DatelineError) and error.exit_status != statuses.FAILED


def version_made(output: str, run: str | None) -> int | None:
    """The version that a run made, by the manifests that are there; None if it made none."""
    for number in reversed(version_numbers(output)):
        with suppress(DamagedFile, NewerDataset, OSError):  # then it is none of this run's
            manifest = read_manifest(output, number)
            if manifest is not None and manifest["run"] == run:
                return number
    return None


def _cause_of(error: Exception) -> tuple[str, Exception]:
    """What a worker or this process raised, in one line, and as the error that it was. Where it is a mistake of the
    program, its traceback is printed."""
    if isinstance(error, DatelineError | OSError):
        return re.sub(r" \[while running .*\]$", "", str(error)), error  # Beam says in which step
    last = last_line(error)
    if match := _OURS.match(last):
        return match[2], getattr(errors, match[1], DatelineError)(match[2])
    if match := _OF_SYSTEM.match(last):
        return match[1], error
    traceback.print_exception(error)
    return last, error


def last_line(error: Exception) -> str:
    """The line of an error that says what a worker raised: a runner puts the worker's traceback into the message.

    >>> last_line(RuntimeError("Traceback ..\\nValueError: no such day [while running 'Parse']\\n\\n"))
    "ValueError: no such day [while running 'Parse']"
    """
    of_classes = rf"(dateline\.errors\.({'|'.join(errors.__all__)})|[A-Za-z_.]+(Error|Exception|Exit)):"
    lines = [line for line in str(error).splitlines() if re.match(of_classes, line)]
    return lines[-1] if lines else f"{type(error).__name__}: {error}"


def _leave_record(outcome: Outcome, output: str, error: BaseException, reason: str, course: Course) -> None:
    """Write down what is known of a run that made no version; where it cannot be written, a warning says so."""
    run = outcome["run"]
    steps = _STEP.findall(str(error)) if course.stage == "flow" else []
    took = datetime.now(UTC) - datetime.fromisoformat(outcome["started"])
    progress = {
        "stage": _stage_of(steps[-1]) if steps else course.stage,
        "dump": getattr(error, "dump", None) or course.dump,
        "so_far": course.so_far,
    }
    outcome |= progress | {"seconds": {"all": round(max(took.total_seconds(), 0.0), 3)}}
    record = progress | {
        "run": run,
        "state": outcome["status"],
        "version": outcome["version"],
        "exit": outcome["exit"],
        "reason": reason,
        "dateline": __version__,
        "runner": course.runner,
        "started": outcome["started"],
        "seconds": outcome["seconds"]["all"],
        "unreadable": outcome.get("unreadable", []),
    }
    folder = run_folder(output, run)
    try:
        require_folders(output, run_path(run, REPORT), set())
        os.makedirs(folder, exist_ok=True)
        write_report(folder, record)
        if not isinstance(error, Uncertain):
            dataset_in(output).send_report(run)
    except (OSError, StoreError, DamagedFile) as failure:
        log.warning("what is known of this run could not be written down: %s", failure)
        for empty in (folder, os.path.dirname(folder)):
            with suppress(OSError):
                os.rmdir(empty)


def _stage_of(step: str) -> str:
    from dateline.runners.engine.stage_metrics import STAGES, stage_of

    stage = stage_of(step)
    return stage if stage in STAGES else "flow"
