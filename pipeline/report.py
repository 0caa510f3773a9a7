"""The run report: report.json for programs, report.html for people, both in the run's folder."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.rules.contract import require_valid
from pipeline.rules.text import to_json

Report = dict[str, Any]
"""In the terms of schemas/report.schema.json."""

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


def write_report(folder: str, report: Report) -> None:
    """Write both forms into an existing folder."""
    require_valid(report, "report")
    Path(folder, "report.json").write_text(to_json(report, indent=1) + "\n", "utf-8")
    Path(folder, "report.html").write_text(page(report), "utf-8")


def page(report: Report) -> str:
    """The report as a page of HTML that needs nothing else. All text is escaped: some of it comes from dumps."""
    balance, records = report["balance"], report["records"]
    parts = [
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
    if report["unreadable"]:
        inputs = [(entry["path"], entry["error"]) for entry in report["unreadable"]]
        parts.append(_table("Inputs that could not be read", "", inputs))
    if report["notes"]:
        parts.append(_table("Of the inputs", "", [(note,) for note in report["notes"]]))
    if report["folded_over_a_year"]:
        folds = [(f["id"], f"{f['copies']:,}", f["first"], f["last"]) for f in report["folded_over_a_year"]]
        note = "Copies more than a year apart: perhaps a column's title, not one article. See --same-headline-days."
        parts.append(_table("Articles that folded distant copies", note, folds))
    title = f"Run {_text(report['run'])}"
    about = (
        f"{_text(report['runner'])}; Dateline {_text(report['dateline'])}; started {_text(report['started'])}"
    )
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>\n'
        f"<h1>{title}</h1>\n<p>{about}</p>\n" + "\n".join(parts) + "\n</html>\n"
    )


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
