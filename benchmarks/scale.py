"""What ten terabytes would cost, from what some gigabytes cost: measured, fitted, and told with what does not fit.

    python -m benchmarks.scale measure [--gb 1 2 4] [--copies 0.5 0.9] [--daily 10000 50000 200000] [--work DIR]
    python -m benchmarks.scale page

`measure` makes dumps of each size (layout A, a hundredth of the blocks under one hot headline), has the command read
them, and removes dumps and output before the next size, which takes about four times the dumps; then the parts that
no such dump fills (scale_parts.py), and days folded into datasets of several sizes (growth.py). It writes
benchmarks/scale.json: facts only, with the commit and the command. `page` makes docs/scale.md of it (scale_page.py).
"""

import argparse
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.dumps import Recipe, make
from benchmarks.growth import daily_run
from benchmarks.processes import dateline, measure
from benchmarks.results import report_of
from benchmarks.scale_page import page
from benchmarks.scale_parts import PARTS
from dateline.pipeline.config import Config
from dateline.pipeline.dataset.version import Version, latest_manifest
from dateline.pipeline.elements import Dump
from dateline.pipeline.ledgers.rows import hashes
from dateline.pipeline.names import manifest_name

ROOT = Path(__file__).parent.parent
FACTS, PAGE = ROOT / "benchmarks" / "scale.json", ROOT / "docs" / "scale.md"
HOT = 0.01
"""Share of the blocks that have the hot headline."""
BLOCK_BYTES = 2600
"""About what a block of these dumps has: so many hot ones are asked for."""
SPACE = 4
"""Times the dumps that must be free before a size begins."""
TEMPORARY = ("parsed", "shuffled", "receipts", "spool")
"""Folders of a run whose greatest size is looked at while it runs."""
LOOK_SECONDS = 0.25
PART_ROWS = (100_000, 200_000, 400_000, 800_000)
KEYS = (4, 16, 64, 512, 4096)


@contextmanager
def looking(output: Path) -> Iterator[Counter[str]]:
    """The greatest bytes that each temporary folder of the run held while this lasts."""
    most: Counter[str] = Counter()
    done = threading.Event()

    def size(folder: Path) -> int:
        total = 0
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):  # the run goes on
                total += entry.stat().st_size
        return total

    def look() -> None:
        while not done.wait(LOOK_SECONDS):
            for name in TEMPORARY:
                for folder in output.glob(f"_runs/*/{name}"):
                    with suppress(FileNotFoundError):
                        most[name] = max(most[name], size(folder))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def measured_run(work: Path, gb: float, copies: float, workers: int) -> dict[str, Any]:
    """Dumps of a size, and what one run over them comes to; nothing of it stays."""
    free = shutil.disk_usage(work).free
    if free < SPACE * gb * 1e9:
        raise SystemExit(
            f"{work}: {free / 1e9:.1f} GB are free, {SPACE * gb:.1f} are wanted for {gb} GB of dumps"
        )
    with tempfile.TemporaryDirectory(dir=work) as folder:
        dumps, output = Path(folder, "dumps"), Path(folder, "news")
        recipe = Recipe(mb=gb * 1000, layouts="A", copies=copies, hot=round(gb * 1e9 / BLOCK_BYTES * HOT))
        truth = make(dumps, recipe)
        load = os.getloadavg()[0]
        before = _read_by_calls()
        with looking(output) as most:
            usage = measure(dateline(dumps, output, workers))
        read = _read_by_calls() - before
        facts = {
            "gb": gb,
            "copies": copies,
            "load_before": load,
            "blocks": truth["blocks"],
            **usage._asdict(),
        }
        report = report_of(output)
        if report["counts"]["articles"] != truth["distinct"]:
            raise SystemExit(f"{report['counts']['articles']} articles, expected {truth['distinct']}")
        return (
            facts
            | {"read": read}
            | {f"{name}_bytes": most[name] for name in TEMPORARY}
            | dataset_facts(output)
        )


def dataset_facts(output: Path) -> dict[str, Any]:
    """What a run's report and dataset tell."""
    report, manifest = report_of(output), latest_manifest(str(output)) or {}
    version = Version(str(output), manifest)
    dumps = tuple(Dump("", dump["source"], dump["bytes"]) for dump in manifest["dumps"])
    keys = Config(dumps, str(output), "").shuffle_keys
    ledgers = [*version.files("keys"), *version.files("duplicates")]
    tables = [version.read(entry, ["id", "headline_key"]) for entry in ledgers]
    ids = np.concatenate([hashes(table["id"])[:, 0] for table in tables])
    heads = np.concatenate([hashes(table["headline_key"])[:, 0] for table in tables])
    stages = report["stages"]
    return {
        "bytes": report["balance"]["read"],
        "records": report["counts"]["articles"] + report["counts"]["duplicates"],
        "articles": report["counts"]["articles"],
        "parsed": stages["split"]["records_out"] - stages["split"].get("repeats", 0),
        "shuffled": stages["shuffles"]["bytes_out"],
        "seconds": {name: stage["seconds"] for name, stage in stages.items() if "seconds" in stage},
        "files": sum(1 for _ in version.files("articles")),
        "entries": len(manifest["files"]),
        "article_bytes": sum(entry["bytes"] for entry in version.files("articles")),
        "ledger_bytes": sum(entry["bytes"] for entry in ledgers),
        "ledger_files": len(ledgers),
        "manifest_bytes": (output / manifest_name(manifest["version"])).stat().st_size,
        "key_bytes": sum(_bytes(table) for table in tables),
        "keys": keys,
        "largest_key": int(np.bincount((heads % np.uint64(keys)).astype(np.int64)).max()),
        "hot_rows": int(np.unique(ids, return_counts=True)[1].max()),
    }  # fmt: skip


def _bytes(table: pa.Table) -> int:
    return sum(batch.nbytes for batch in table.to_batches())


def _read_by_calls() -> int:
    """Bytes that the ended children of this process read by system calls; what they mapped is not among them, and
    what this process read is a few MB."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("rchar:"))


def measured_part(part: str, count: int, work: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scale_parts", part, str(count), str(work)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def measured_day(work: Path, articles: int, rounds: int, workers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=work) as folder:
        day = daily_run(Path(folder), articles, rounds, workers)
    return {"articles": articles, **day.usage._asdict()} | {
        name: getattr(day, name) for name in ("files", "bytes", "ledger_bytes")
    }


def commit() -> str:
    """The commit that is measured, and whether files that it has were changed since."""
    git = ["git", "-C", str(ROOT)]
    name = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    changed = subprocess.run(
        [*git, "diff", "--quiet", "HEAD", "--", "dateline", "pipeline", "runners", "schemas"]
    ).returncode
    return f"{name} and changes" if changed else name


def measure_all(args: argparse.Namespace, command: Sequence[str]) -> dict[str, Any]:
    work = Path(args.work)
    facts: dict[str, Any] = {
        "command": shlex.join(command), "commit": commit(), "conditions": args.conditions,
        "python": platform.python_version(), "beam": metadata.version("apache-beam"), "cores": os.cpu_count(),
        "workers": args.workers, "runs": [], "parts": [], "days": [],
    }  # fmt: skip

    def note(kind: str, found: dict[str, Any]) -> None:
        facts[kind].append(found)
        print(json.dumps(found), file=sys.stderr, flush=True)

    for part in (*PARTS, "keys"):
        for count in KEYS if part == "keys" else PART_ROWS:
            note("parts", measured_part(part, count, work))
    for gb in args.gb:
        for copies in args.copies:
            note("runs", measured_run(work, gb, copies, args.workers))
    for articles in args.daily:
        note("days", measured_day(work, articles, args.rounds, args.workers))
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("todo", choices=["measure", "page"])
    parser.add_argument("--gb", type=float, nargs="+", default=[1, 2, 4])
    parser.add_argument("--copies", type=float, nargs="+", default=[0.5, 0.9])
    parser.add_argument(
        "--daily", type=int, nargs="+", default=[10_000, 50_000, 200_000], help="articles before"
    )
    parser.add_argument("--rounds", type=int, default=2, help="of each day")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--conditions", default="nothing else ran", help="a word on the machine, for the page"
    )
    parser.add_argument("--work", default=tempfile.gettempdir(), help="a folder to work in")
    args = parser.parse_args()
    if args.todo == "measure":
        told = [word for word in sys.argv[1:] if word not in ("--work", args.work)]
        facts = measure_all(args, ["python", "-m", "benchmarks.scale", *told])
        FACTS.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(json.loads(FACTS.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
