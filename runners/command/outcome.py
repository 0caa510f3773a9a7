"""The outcome of a run, as `dateline run --json` prints it and --metrics tells it."""

import logging
import re
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dateline.pipeline.stop import asked

if TYPE_CHECKING:
    from dateline.pipeline.config import Config
    from dateline.pipeline.run import Result

OK, FAILED, USAGE, PARTLY, LOCKED = 0, 1, 2, 3, 4
"""Exit status: all well; failed, nothing committed; wrong usage, before any work; done, but some input could
not be used; the dataset is locked by another run."""

log = logging.getLogger("dateline")

Outcome = dict[str, Any]
"""What a run came to, as --json prints it and --metrics tells it; see docs/scheduling.md."""


def begin() -> Outcome:
    """The outcome of a run that has done nothing yet."""
    return {
        "status": "failed",
        "exit": FAILED,
        "run": None,
        "version": None,
        "message": None,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def tell(result: "Result", config: "Config", outcome: Outcome) -> None:
    """What a run that was committed came to."""
    from dateline.pipeline.report import told_records, totals

    outcome |= {
        "version": result.version,
        "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
        "stages": result.stages,
        "new": {
            "dumps": len(result.manifest["changes"]["dumps"]),
            "articles": result.blocks("articles"),
            "duplicates": result.blocks("duplicates"),
            "rejects": result.blocks("rejected"),
        },
        "dataset": totals(result.manifest),
        "rejects_by_reason": result.reasons,
        "records": told_records(result.records),
        "bytes_read": result.balance.read,
        "unreadable": [entry._asdict() for entry in result.unreadable],
        "notes": list(result.notes),
    }


def end(outcome: Outcome, status: str, code: int, message: str | None, told: bool = False) -> int:
    """Note how a run ended, and say why where it was no success."""
    outcome |= {"status": status, "exit": code, "message": message}
    if message and not told and not (asked and code == FAILED):  # the signal is told, not what it broke
        log.error("%s", message)
    return code


def by_signal(outcome: Outcome, made: int | None, unknown: str = "") -> int:
    """Note that a signal ended a run: it may come when the version is already made; the exit status.

    Args:
        outcome: of the run.
        made: the version that it made.
        unknown: what is told where it is not known whether it made one.
    """
    if made:
        outcome["version"] = made
    whole = f"version {made} was committed before, and is whole" if made else "nothing was committed"
    name = signal.Signals(asked[0]).name
    return end(outcome, "stopped", 128 + asked[0], f"stopped by {name}; {unknown or whole}")


def last_line(error: Exception) -> str:
    """What a worker raised: a runner puts the whole traceback into the message."""
    lines = [
        line
        for line in str(error).splitlines()
        if re.match(r"[A-Za-z_.]+(Error|Exception|Exit|File)\b", line)
    ]
    return lines[-1] if lines else f"{type(error).__name__}: {error}"
