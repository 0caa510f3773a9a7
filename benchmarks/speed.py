"""All ratios on one page: Dateline against the plain script and against Polars, on dumps of one layout and of several.

    python -m benchmarks.speed measure --work /dev/shm     # half an hour on two cores that nobody else uses
    python -m benchmarks.speed page                        # only the page, from the facts that are there

`measure` has compare.py do each kind of dumps, writes what it found to benchmarks/speed.json, and makes the page: docs/speed.md,
and the line of the README that quotes it. It needs Polars, which the extra `test` brings.
"""

import argparse
import json
import os
import platform
import shlex
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.compare import compare
from benchmarks.dumps import Recipe
from benchmarks.scale import commit
from benchmarks.speed_page import README_LINE, page, quote

ROOT = Path(__file__).parents[1]
FACTS = ROOT / "benchmarks" / "speed.json"
PAGE = ROOT / "docs" / "speed.md"
README = ROOT / "README.md"

CONTENDERS = ("plain-1", "plain-2", "polars", "dateline-1", "dateline-2")
LAYOUTS = ("A", "AABCF")
COPIES = (0.5, 0.8)


def measure_all(mb: float, rounds: int, work: str, command: str) -> dict[str, Any]:
    """Every contender on every kind of dumps that it can read."""
    facts: dict[str, Any] = {
        "command": command, "commit": commit(), "mb": mb, "rounds": rounds, "cores": os.cpu_count(),
        "python": platform.python_version(), "beam": metadata.version("apache-beam"),
        "polars": metadata.version("polars"), "lines": [],
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="dateline-", dir=work) as folder:
        for layouts in LAYOUTS:
            for copies in COPIES:
                recipe = Recipe(mb=mb, layouts=layouts, copies=copies)
                name = f"{layouts}-{copies}"
                for line in compare(Path(folder, name), recipe, name, CONTENDERS, rounds, disk=False):
                    runs = [run.usage._asdict() | {"load": run.load} for run in line.runs]
                    facts["lines"].append(
                        {"layouts": layouts, "copies": copies, "contender": line.contender, "runs": runs}
                    )
    return facts


def write_pages(facts: dict[str, Any]) -> None:
    PAGE.write_text(page(facts), "utf-8")
    lines = README.read_text("utf-8").split("\n")
    (at,) = (at for at, line in enumerate(lines) if line.startswith(README_LINE))
    lines[at] = quote(facts)
    README.write_text("\n".join(lines), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("todo", choices=["measure", "page"])
    parser.add_argument("--mb", type=float, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", default=tempfile.gettempdir(), help="a folder to work in, best on tmpfs")
    args = parser.parse_args()
    if args.todo == "measure":
        command = shlex.join(["python", "-m", "benchmarks.speed", *sys.argv[1:]])
        facts = measure_all(args.mb, args.rounds, args.work, command)
        FACTS.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    write_pages(json.loads(FACTS.read_text("utf-8")))


if __name__ == "__main__":
    main()
