"""The files of a report: report.json for programs, report.html for people, both in the run's folder; a failed run has them, too."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dateline.pipeline.names import REPORTS
from dateline.pipeline.report.numbers import Report
from dateline.pipeline.report.page import page
from dateline.pipeline.rules.text import to_json
from dateline.schemas.contract import require_valid


def write_report(folder: str, report: Report, earlier: Sequence[Report] = ()) -> None:
    """Write both forms into a run's folder, or none.

    Args:
        folder: the run's.
        report: in the terms of schemas/report.schema.json, or, where its `state` is not `done`, of failure.schema.json.
        earlier: reports of earlier runs that made a version, the oldest first.

    Raises:
        OSError: they cannot be written.
    """
    report = _writable(report)
    require_valid(report, "report" if report["state"] == "done" else "failure")
    forms = (to_json(report, indent=1) + "\n", page(report, earlier))
    try:
        for name, text in zip(REPORTS, forms, strict=True):
            Path(folder, name).write_text(text, "utf-8")
    except OSError:
        for name in REPORTS:
            with suppress(OSError):
                os.unlink(f"{folder}/{name}")
        raise


def _writable(value: Any) -> Any:
    """The same with what of a name is not UTF-8 as an escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_writable(name): _writable(each) for name, each in value.items()}
    return [_writable(each) for each in value] if isinstance(value, list | tuple) else value
