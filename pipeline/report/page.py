"""The run report as a page: the numbers of report.json, and of the runs before, as one file of HTML for people.

The verdict comes first, then what stands out, then the numbers from the bytes that were read to the time it took. What
is drawn is drawn by CSS and a few lines of SVG: the page has no script, and asks no network.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from statistics import median
from typing import TYPE_CHECKING, Any

from dateline.pipeline.report.forms import brief, duration, number, share, short, size
from dateline.pipeline.report.stands_out import reject_share, stands_out
from dateline.pipeline.rules.gazetteer import table
from dateline.pipeline.rules.places import UNKNOWN

if TYPE_CHECKING:
    from jinja2 import Template

Report = dict[str, Any]

DUMPS_OPEN, DUMPS_SHOWN, FOLDS_SHOWN, INPUTS_SHOWN = 20, 200, 50, 50
RUNS_SHOWN = 24
"""Runs of a sparkline, this one among them."""
SHADES = 4
"""Of the heat map; a cell without articles has none."""


def page(report: Report, earlier: Sequence[Report] = (), newest: int | None = None) -> str:
    """The page of a run, whether it made a version or not.

    Args:
        report: in the terms of schemas/report.schema.json, or, where its `state` is not `done`, of failure.schema.json.
        earlier: reports of earlier runs that made a version, the oldest first.
        newest: the version that readers see now; None for the run's own.
    """
    done = report["state"] == "done"
    view = _done(report, earlier, newest) if done else _failed(report)
    unreadable, notes = report["unreadable"], list(report.get("notes", ()))
    return _template().render(
        report=report,
        DUMPS_OPEN=DUMPS_OPEN,
        unreadable=unreadable[:INPUTS_SHOWN],
        notes=notes[:INPUTS_SHOWN],
        inputs_more=max(0, len(unreadable) - INPUTS_SHOWN) + max(0, len(notes) - INPUTS_SHOWN),
        **view,
    )


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    environment.filters |= {"number": number, "brief": brief, "bytes": size, "short": short}
    return environment.from_string(files(__package__).joinpath("page.html.jinja").read_text("utf-8"))


def _failed(report: Report) -> dict[str, Any]:
    failed = report["state"] == "failed"
    kept = (
        f"the dataset is still at version {report['version']}"
        if report["version"]
        else "there is no dataset yet"
    )
    first, *more = report["reason"].split("\n")
    lines = [
        ("✗", first),
        *(("", line.strip()) for line in more),
        ("→", f"It {'failed' if failed else 'was stopped'} at {report['stage']}" + (f", dump {report['dump']}" if report["dump"] else "")),
        ("→", f"Nothing was committed: {kept}"),
    ]  # fmt: skip
    so_far = report["so_far"] or {}
    return {
        "title": f"Dateline: run {report['run']} {'failed' if failed else 'was stopped'}",
        "verdict": {
            "good": False,
            "headline": "The run failed; nothing was committed" if failed else "The run was stopped; nothing was committed",
            "lines": lines,
        },
        "tiles": [{"name": "took", "figure": duration(report["seconds"])}, {"name": "exit status", "figure": report["exit"]}],
        "stands_out": None,
        "so_far": ranked({name.replace("_", " "): count for name, count in so_far.items()}, sort=False),
        "bytes": {"parts": ()}, "months": {"years": (), "bars": ()}, "stages": {"rows": (), "note": ""}, "memory": "",
        **dict.fromkeys(("regions", "countries", "rejects", "groups", "folds", "dumps", "history", "seconds"), ()),
        "folds_more": 0, "dumps_more": 0,
    }  # fmt: skip


def _done(report: Report, earlier: Sequence[Report], newest: int | None) -> dict[str, Any]:
    counts, dataset, balance = report["counts"], report["dataset"], report["balance"]
    version = report["version"]
    seen = newest is None or newest == version
    all_of, new = report.get("all", {}), report.get("new", {})
    folds = report["folded_over_a_year"]
    dumps = report.get("dumps", ())
    shown = sorted(
        dumps, key=lambda dump: (dump["articles"] + dump["duplicates"] > 0, -dump["bytes"], dump["source"])
    )
    left_out = len(report["unreadable"])
    return {
        "title": f"Dateline: run {report['run']}, version {version}",
        "verdict": {
            "good": True,
            "headline": f"{_count(counts['articles'], 'article')} from {_count(counts['dumps'], 'dump')} went into version {version}",
            "lines": [
                ("✓", f"The balance holds: each of the {balance['read']:,} bytes read is in a row, a copy, a reject or white space"),
                ("✓", f"Version {version} is what readers see") if seen else ("→", f"Readers see version {newest} by now"),
                *([("!", f"{_count(left_out, 'input')} could not be read, or not whole; see below")] if left_out else []),
            ],
        },
        "tiles": [
            {"name": f"read from {_count(counts['dumps'], 'dump')}", "figure": size(balance["read"])},
            {"name": "articles", "figure": number(counts["articles"])},
            {"name": "copies folded into them", "figure": number(counts["duplicates"])},
            {"name": "rejects", "figure": number(counts["rejects"])},
            {"name": f"articles in the dataset, from {_count(dataset['dumps'], 'dump')}", "figure": number(dataset["articles"])},
            {"name": "took", "figure": duration(report["seconds"].get("all", 0))},
        ],
        "stands_out": stands_out(report, earlier),
        "bytes": _bytes(report),
        "months": _months(all_of.get("dates", {})),
        "regions": ranked(all_of.get("regions", {})),
        "countries": ranked({_country(code): count for code, count in new.get("countries", {}).items()}),
        "rejects": [
            {
                "name": reason,
                "count": count,
                "samples": [each for each in report.get("rejects_shown", ()) if each["reason"] == reason],
            }
            for reason, count in report["rejects_by_reason"].items()
        ],
        "groups": report.get("largest_groups", ()),
        "folds": sorted(folds, key=lambda fold: (-fold["copies"], fold["id"]))[:FOLDS_SHOWN],
        "folds_more": len(folds) if len(folds) > FOLDS_SHOWN else 0,
        "dumps": shown[:DUMPS_SHOWN],
        "dumps_more": len(dumps) if len(dumps) > DUMPS_SHOWN else 0,
        "history": _history(report, earlier),
        "seconds": ranked({name: seconds for name, seconds in report["seconds"].items() if name != "all"}, sort=False),
        "stages": _stages(report["stages"]),
        "memory": _memory(report.get("memory", {})),
        "so_far": (),
    }  # fmt: skip


def _bytes(report: Report) -> dict[str, Any]:
    balance, counts, records = report["balance"], report["counts"], report["records"]
    read = balance["read"]
    kinds = (
        ("articles", "articles", "a"),
        ("duplicates", "copies", "b"),
        ("rejects", "rejects", "c"),
        ("white_space", "white space between", "d"),
    )
    sentence = ""
    if records["held"]:
        rejected = "".join(f", {count:,} {reason}" for reason, count in records["rejected"].items())
        sentence = f"Containers held {records['held']:,} records: {records['pages']:,} pages{rejected}."
    return {
        "read": read,
        "records": sentence,
        "parts": [
            {
                "name": name,
                "count": balance[kind],
                "blocks": counts.get(kind),
                "share": share(balance[kind], read),
                "width": f"{100 * balance[kind] / read if read else 0:.2f}",
                "color": color,
            }
            for kind, name, color in kinds
        ],
    }


def _months(dates: Mapping[str, int]) -> dict[str, Any]:
    """The heat map: a line for each year that has articles, its months shaded by their share of the largest month."""
    dated = {date: count for date, count in dates.items() if date}
    undated = dates.get("", 0)
    note = (
        f"{_count(undated, 'article has', 'articles have')} no date."
        if undated
        else "Every article has a date."
    )
    if not dated:
        return {"years": (), "bars": (), "note": note}
    if all(len(date) == 4 for date in dated):
        return {"years": (), "bars": ranked(dated, sort=False), "note": note}
    most = max(dated.values())
    years = []
    for year in sorted({date[:4] for date in dated}, reverse=True):
        cells = [dated.get(f"{year}-{month:02d}", 0) for month in range(1, 13)]
        years.append(
            {
                "name": year,
                "all": sum(cells),
                "cells": [{"count": count, "level": -(-count * SHADES // most)} for count in cells],
            }
        )
    return {"years": years, "bars": (), "note": note}


def _history(report: Report, earlier: Sequence[Report]) -> list[dict[str, Any]]:
    """A line of course for each figure that runs are compared by; nothing for the first run."""
    runs = [*earlier, report][-RUNS_SHOWN:]
    if len(runs) < 2:
        return []
    figures: list[tuple[str, Any, Any]] = [
        ("articles", lambda each: each["counts"]["articles"], number),
        ("copies", lambda each: each["counts"]["duplicates"], number),
        (
            "rejects, of 100 blocks",
            lambda each: 100 * (reject_share(each) or 0.0),
            lambda value: f"{value:.1f}",
        ),
        ("bytes read", lambda each: each["balance"]["read"], size),
        ("seconds", lambda each: each["seconds"].get("all", 0), lambda value: f"{value:,.1f}"),
        ("articles in the dataset", lambda each: each["dataset"]["articles"], number),
    ]
    lines = []
    for name, figure, form in figures:
        values = [figure(each) for each in runs]
        low, high = min(values), max(values)
        points = [
            (
                4 + 136 * at / (len(values) - 1),
                28 - 24 * ((value - low) / (high - low) if high > low else 0.5),
            )
            for at, value in enumerate(values)
        ]
        lines.append(
            {
                "name": name,
                "runs": len(runs),
                "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
                "x": f"{points[-1][0]:.1f}",
                "y": f"{points[-1][1]:.1f}",
                "label": f"{name}: " + ", ".join(form(value) for value in values),
                "usual": form(median(values[:-1])) if name != "articles" and name != "copies" else number(round(median(values[:-1]))),
                "now": form(values[-1]),
            }
        )  # fmt: skip
    return lines


def _stages(stages: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    figures = sorted({figure for each in stages.values() for figure in each})
    note = "" if "seconds" in figures else "The runner tells no seconds of the stages."
    return {
        "note": note if stages else "The runner tells nothing of the stages.",
        "figures": [figure.replace("_", " ") for figure in figures],
        "rows": [
            {
                "name": name.replace("_", " "),
                "figures": [_figure(figure, each[figure]) if figure in each else "" for figure in figures],
            }
            for name, each in stages.items()
        ],
    }


def _figure(name: str, value: float) -> str:
    return size(int(value)) if name == "memory" else number(value)


def _memory(memory: Mapping[str, int]) -> str:
    if not memory:
        return ""
    worker = f"; the largest worker had {size(memory['largest_worker'])}" if memory["largest_worker"] else ""
    return f"The driver had {size(memory['driver'])} of memory at most{worker}. Stages that a worker does together share their memory."


def ranked(numbers: Mapping[str, float], sort: bool = True) -> list[dict[str, Any]]:
    """Numbers as bars: the largest first, and those of one number by name; or in the order that they have."""
    order = sorted(numbers.items(), key=lambda item: (-item[1], item[0])) if sort else list(numbers.items())
    most, total = max(numbers.values(), default=0) or 1, sum(numbers.values())
    return [
        {"name": name or UNKNOWN, "count": count, "share": share(count, total), "width": f"{100 * count / most:.1f}"}
        for name, count in order
    ]  # fmt: skip


def _country(code: str) -> str:
    entry = table().get(code)
    return f"{entry['name']} ({code})" if entry else UNKNOWN


def _count(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
