"""The outcome of a run, as `dateline run --json` prints it and --metrics tells it."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.run import Result

OK, FAILED, USAGE, PARTLY, LOCKED = 0, 1, 2, 3, 4
"""Exit status: all well; failed, nothing committed; wrong usage, before any work; done, but some input could
not be used; the dataset is locked by another run."""

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
    from pipeline.dataset import totals
    from pipeline.run import told_records

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


def last_line(error: Exception) -> str:
    """What a worker raised: a runner puts the whole traceback into the message."""
    lines = [
        line
        for line in str(error).splitlines()
        if re.match(r"[A-Za-z_.]+(Error|Exception|Exit|File)\b", line)
    ]
    return lines[-1] if lines else f"{type(error).__name__}: {error}"
