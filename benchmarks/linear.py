"""What hostile dumps cost: the work of a whole run, counted, for dumps of one size and of twice that.

    python -m benchmarks.linear [--mb 1] [--only WORD]

Each shape of tests/helpers/hostile.py goes through the stages of a run, in this process and without an engine. Its work is
counted as in tests/helpers/meter.py, and is the same on any machine; the seconds are those of the larger dump, uncounted. The
status is 1 if any takes more than 2.2 times the work for twice the bytes. Some forty minutes for 1 MB.
"""

import argparse
import tempfile
import time
from importlib import import_module
from pathlib import Path

from tests.helpers.hostile import MODULES, SHAPES, Run, counted

MOST = 2.2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mb", type=float, default=1, help="size of the smaller dump (1)")
    parser.add_argument("--only", default="", help="only the shapes with this word in their name")
    options = parser.parse_args()
    size = int(options.mb * 1_000_000)
    shapes = {name: shape for name, shape in SHAPES.items() if options.only in name}
    with tempfile.TemporaryDirectory() as folder:
        modules = {name.rpartition(".")[2]: import_module(f"dateline.pipeline.{name}") for name in MODULES}
        run = Run(Path(folder), modules)
        seconds = {name: _seconds(run, shape(2 * size)) for name, shape in shapes.items()}
    print(
        f"| shape | work, {options.mb:g} MB | work, {2 * options.mb:g} MB | times | seconds |\n| --- | --- | --- | --- | --- |"
    )
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder, counted(Path(folder)) as work:
        for name, shape in shapes.items():
            once, twice = work(shape(size)), work(shape(2 * size))
            worst = max(worst, twice / once)
            print(f"| {name} | {once:,} | {twice:,} | {twice / once:.2f} | {seconds[name]:.1f} |", flush=True)
    return int(worst > MOST)


def _seconds(run: Run, data: bytes) -> float:
    start = time.process_time()
    run(data)
    return time.process_time() - start


if __name__ == "__main__":
    raise SystemExit(main())
