"""The run report: report.json for programs, report.html for people, both in the run's folder; a failed run has one, too."""

import html
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dateline import __version__ as VERSION
from dateline.pipeline.dataset.known_dumps import files_by_source
from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.rules.text import to_json
from dateline.schemas.contract import require_valid

if TYPE_CHECKING:
    from dateline.pipeline.config import Config
    from dateline.pipeline.run import Result
    from dateline.pipeline.verify.record_account import Records

Report = dict[str, Any]
"""In the terms of schemas/report.schema.json, or, where its `state` is not `done`, of failure.schema.json."""

FILES = ("report.json", "report.html")

Stages = dict[str, dict[str, float]]
"""What a runner tells of each stage, in the terms of `stages` there; empty where it tells nothing."""

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd; font-weight: normal }
td.n { text-align: right; font-variant-numeric: tabular-nums }
td.bar { width: 40% } td.bar div { background: #3a7ca5; height: .8rem; border-radius: 2px }
p { color: #555 } code { overflow-wrap: anywhere }
"""


def totals(manifest: Manifest) -> dict[str, int]:
    """What a version has: its rows by kind, and how many dumps it was made of."""
    rows = Counter[str]()
    for file in manifest["files"]:
        rows[file["kind"]] += file["rows"]
    return {
        "articles": rows["articles"],
        "duplicates": rows["duplicates"],
        "rejects": rows["rejected"],
        "dumps": len(manifest["dumps"]),
    }


def told_records(records: "Records") -> dict[str, Any]:
    """The account of the containers, for programs."""
    return {"held": records.held, "pages": records.pages, "rejected": records.rejected}


def report_of(config: "Config", result: "Result", started: datetime, runner: str) -> Report:
    """The report of a run that made a version."""
    balance = result.balance
    return {
        "run": config.run,
        "state": "done",
        "version": result.version,
        "dateline": VERSION,
        "runner": runner,
        "started": started.isoformat(timespec="seconds"),
        "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
        "stages": result.stages,
        "counts": {
            "dumps": len(files_by_source(config.dumps)),
            "articles": result.blocks("articles"),
            "duplicates": result.blocks("duplicates"),
            "rejects": result.blocks("rejected"),
            "partitions": result.partitions,
            "files": len(result.files),
        },
        "dataset": totals(result.manifest) | {"files": len(result.manifest["files"])},
        "rejects_by_reason": result.reasons,
        "balance": {
            "read": balance.read,
            "articles": balance.articles,
            "duplicates": balance.duplicates,
            "rejects": balance.rejected,
            "white_space": balance.white_space,
        },
        "records": told_records(result.records),
        "unreadable": [entry._asdict() for entry in result.unreadable],
        "notes": list(result.notes),
        "folded_over_a_year": result.folded_over_a_year,
    }


def write_report(folder: str, report: Report) -> None:
    """Write both forms into a run's folder, or none.

    Raises:
        OSError: they cannot be written.
    """
    report = _writable(report)
    require_valid(report, "report" if report["state"] == "done" else "failure")
    forms = (to_json(report, indent=1) + "\n", page(report))
    try:
        for name, text in zip(FILES, forms, strict=True):
            Path(folder, name).write_text(text, "utf-8")
    except OSError:
        for name in FILES:
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


def page(report: Report) -> str:
    """The report as a page of HTML that needs nothing else. All text is escaped: some of it comes from dumps."""
    title = f"Run {_text(report['run'])}"
    about = f"Dateline {_text(report['dateline'])}; started {_text(report['started'])}"
    if report["runner"]:
        about = f"{_text(report['runner'])}; {about}"
    parts = _done(report) if report["state"] == "done" else _failed(report)
    if report["unreadable"]:
        inputs = [(entry["path"], entry["error"]) for entry in report["unreadable"]]
        parts.append(_table("Inputs that could not be read", "", inputs))
    if report.get("notes"):
        parts.append(_table("Of the inputs", "", [(note,) for note in report["notes"]]))
    if report.get("folded_over_a_year"):
        folds = [(f["id"], f"{f['copies']:,}", f["first"], f["last"]) for f in report["folded_over_a_year"]]
        note = "Copies more than a year apart: perhaps a column's title, not one article. See --same-headline-days."
        parts.append(_table("Articles that folded distant copies", note, folds))
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>\n'
        f"<h1>{title}</h1>\n<p>{about}</p>\n" + "\n".join(parts) + "\n</html>\n"
    )


def _failed(report: Report) -> list[str]:
    """What there is to say of a run that made no version."""
    facts = [(name, str(report[name])) for name in ("reason", "stage", "dump") if report[name]]
    note = "Counts of the workers up to then; nothing of it was committed."
    return [
        _table("It failed" if report["state"] == "failed" else "It was stopped", "", facts),
        _section("So far", note, report["so_far"] or {}),
    ]


def _done(report: Report) -> list[str]:
    """What there is to say of a run that made a version."""
    balance, records = report["balance"], report["records"]
    return [
        _section("What the run brought", "", report["counts"]),
        _section("What the dataset has now", "", report["dataset"]),
        _section(
            "Rejects by reason", "Their bytes and details stand in _rejected.", report["rejects_by_reason"]
        ),
        _section(
            "The balance, in bytes",
            f"{balance['read']:,} bytes were read; each is in exactly one of these.",
            {name: count for name, count in balance.items() if name != "read"},
        ),
        _section(
            "Records of containers",
            f"{records['held']:,} are in them; each is a page that was read, or put aside.",
            {"pages": records["pages"]} | records["rejected"] if records["held"] else {},
        ),
        _section("Seconds", "", report["seconds"]),
        *_stages(report["stages"]),
    ]


def _section(title: str, note: str, numbers: Mapping[str, float]) -> str:
    """A table of numbers with bars; nothing where there are none."""
    if not numbers:
        return ""
    most = max(numbers.values()) or 1
    rows = "".join(
        f'<tr><th>{_text(name.replace("_", " "))}<td class="n">{_number(value)}'
        f'<td class="bar"><div style="width:{100 * value / most:.1f}%"></div>'
        for name, value in numbers.items()
    )
    return f"<h2>{_text(title)}</h2>{_note(note)}<table>{rows}</table>"


def _stages(stages: Stages) -> list[str]:
    """The seconds of the stages with bars, and all that is known of each as a table."""
    seconds = {name: figures["seconds"] for name, figures in stages.items() if "seconds" in figures}
    known = sorted({figure for figures in stages.values() for figure in figures})
    if not known:
        return [_note("The runner tells nothing of the stages.")]
    heads = "".join(f"<th>{_text(figure.replace('_', ' '))}" for figure in known)
    rows = "".join(
        f"<tr><th>{_text(name)}"
        + "".join(f'<td class="n">{_number(figures[n]) if n in figures else ""}' for n in known)
        for name, figures in stages.items()
    )
    return [
        _section("Seconds of the stages", "Of all workers together, without their waiting.", seconds)
        or _note("The runner tells no seconds of the stages."),
        f"<h2>What went through the stages</h2><table><tr><th>{heads}{rows}</table>",
    ]


def _table(title: str, note: str, rows: Sequence[Sequence[str]]) -> str:
    cells = "".join("<tr>" + "".join(f"<td><code>{_text(cell)}</code>" for cell in row) for row in rows)
    return f"<h2>{_text(title)}</h2>{_note(note)}<table>{cells}</table>"


def _note(note: str) -> str:
    return f"<p>{_text(note)}</p>" if note else ""


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _text(value: object) -> str:
    return html.escape(str(value))
