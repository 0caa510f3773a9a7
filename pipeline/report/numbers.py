"""The numbers of a run report: what a run brought, what the dataset has, and where each dump's blocks went.

They come from the receipts, from what was settled, and the manifest: no file of the dataset is opened for them.
"""

import resource
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dateline import __version__ as VERSION
from dateline.pipeline.dataset.known_dumps import files_by_source
from dateline.pipeline.dataset.version import Manifest
from dateline.pipeline.names import GRANULARITIES, NULL_PARTITION
from dateline.pipeline.samples import first_rejects, most_copies

if TYPE_CHECKING:
    from dateline.pipeline.config import Config
    from dateline.pipeline.elements import Dump
    from dateline.pipeline.run import Result
    from dateline.pipeline.verify.record_account import Records

Report = dict[str, Any]
"""In the terms of schemas/report.schema.json."""
Stages = dict[str, dict[str, float]]
"""What a runner tells of each stage, in the terms of `stages` there; empty where it tells nothing."""

MONTH = GRANULARITIES["month"]


def report_of(config: "Config", result: "Result", started: datetime, runner: str) -> Report:
    """The report of a run that made a version."""
    balance = result.balance
    articles = [file for file in result.manifest["files"] if file["kind"] == "articles"]
    written = [file for file in result.files if file.kind == "articles"]
    return {
        "run": config.run,
        "state": "done",
        "version": result.version,
        "dateline": VERSION,
        "runner": runner,
        "started": started.isoformat(timespec="seconds"),
        "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
        "stages": result.stages,
        "memory": memory(),
        "counts": {
            "dumps": len(files_by_source(config.dumps)),
            "articles": result.blocks("articles"),
            "duplicates": result.blocks("duplicates"),
            "rejects": result.blocks("rejected"),
            "partitions": result.partitions,
            "files": len(result.files),
        },
        "dataset": totals(result.manifest) | {"files": len(result.manifest["files"])},
        "new": by_partition((file.path, file.tally.blocks) for file in written)
        | {"countries": _summed(file.facts.get("countries", {}) for file in written)},
        "all": by_partition((file["path"], file["rows"]) for file in articles),
        "partitions": partitions([file["path"] for file in articles]),
        "dumps": dumps_of(config.dumps, result.blocks_of_dumps),
        "rejects_by_reason": result.reasons,
        "rejects_shown": first_rejects(each for file in result.files for each in file.facts.get("shown", ())),
        "balance": {
            "read": balance.read,
            "articles": balance.articles,
            "duplicates": balance.duplicates,
            "rejects": balance.rejected,
            "white_space": balance.white_space,
        },
        "records": account(result.records),
        "largest_groups": most_copies(each for file in written for each in file.facts.get("groups", ())),
        "unreadable": [entry._asdict() for entry in result.unreadable],
        "notes": list(result.notes),
        "folded_over_a_year": result.folded_over_a_year,
    }


def memory() -> dict[str, int]:
    """The most memory that this process had, and the largest of those that it started and that have ended, in bytes.

    0 for no such process, as where an engine does the work.
    """
    kilo = 1 if sys.platform == "darwin" else 1024  # getrusage(2) counts bytes there, KiB on Linux
    who = {"driver": resource.RUSAGE_SELF, "largest_worker": resource.RUSAGE_CHILDREN}
    return {name: resource.getrusage(number).ru_maxrss * kilo for name, number in who.items()}


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


def account(records: "Records") -> dict[str, Any]:
    """The account of the containers, for programs."""
    return {"held": records.held, "pages": records.pages, "rejected": records.rejected}


def by_partition(files: Iterable[tuple[str, int]]) -> dict[str, dict[str, int]]:
    """Rows by month and by region, from the paths of files.

    >>> by_partition([("date=2023-09-07/region=eastern-europe/part-0.arrow", 3)])
    {'dates': {'2023-09': 3}, 'regions': {'eastern-europe': 3}}
    """
    by_date, by_region = Counter[str](), Counter[str]()
    for path, rows in files:
        date, region, _ = path.split("/")
        by_date[date] += rows
        by_region[region] += rows
    months = Counter[str]()
    for date, rows in by_date.items():
        months[_value(date)[:MONTH]] += rows
    return {
        "dates": _positive(months),
        "regions": _positive(Counter({_value(region): rows for region, rows in by_region.items()})),
    }


def partitions(paths: Sequence[str]) -> dict[str, int]:
    """How many partitions there are, and how many there would be if dates were coarser.

    >>> partitions(["date=2023-09-07/region=a/part-0.arrow", "date=2023-09-08/region=a/part-0.arrow"])
    {'now': 2, 'month': 1, 'year': 1}
    """
    keys = [(_value(date), region) for date, region, _ in (path.split("/") for path in paths)]
    fine = max((len(date) for date, _ in keys), default=0)
    coarser = {
        name: len({(date[:length], region) for date, region in keys})
        for name, length in GRANULARITIES.items()
        if length < fine
    }
    return {"now": len(keys)} | coarser


def dumps_of(
    dumps: "Sequence[Dump]", blocks_of_dumps: Mapping[str, npt.NDArray[np.int64]]
) -> list[dict[str, Any]]:
    """What became of the blocks of each dump, by source.

    Args:
        dumps: those that the run read.
        blocks_of_dumps: blocks by kind, of each dump by its number.
    """
    kinds = {"articles": "articles", "duplicates": "duplicates", "rejected": "rejects"}
    blocks = {name: blocks_of_dumps[kind] for kind, name in kinds.items()}
    found: dict[str, dict[str, Any]] = {}
    for number, dump in enumerate(dumps):
        entry = found.setdefault(dump.source, {"source": dump.source, "bytes": 0} | dict.fromkeys(blocks, 0))
        entry["bytes"] += dump.size
        for name, counts in blocks.items():
            entry[name] += int(counts[number])
    return list(found.values())


def _value(folder: str) -> str:
    """What a folder of partitions says of its date or region; "" for no date."""
    value = folder.split("=", 1)[1]
    return "" if value == NULL_PARTITION else value


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for each in filter(None, counts):  # most files have none of their own
        total.update(each)
    return _positive(total)


def _positive(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}
