"""A dataset as it grows: three dumps, each with copies of the one before and something new."""

import shutil
from pathlib import Path

from tests.conftest import dateline_here
from tests.helpers.pages import Article, plain

PLACES = ("KYIV", "RIYADH", "TOKYO")


def page(number: int, dump: int) -> str:
    return plain(Article(headline=f"Lamp {number} is lit", body=(f"By {dump}.",), place=PLACES[number % 3]))


def run(output: Path, *inputs: Path, status: int = 0, options=()) -> str:
    done = dateline_here("run", "--quiet", "--input", *inputs, "--output", output, *options)
    assert done.returncode == status, done.stderr
    return done.stderr


def grow(folder: Path) -> Path:
    """Make the dumps and the dataset; after-N is as it was after dump-N."""
    for number in range(3):
        path = folder / f"dump-{number}.txt"
        pages = [page(n, number) for n in range(number * 2, number * 2 + 5)]
        path.write_text("\n\n\n".join(["Words of no article.", *pages]))
        run(folder / "news", path)
        shutil.copytree(folder / "news", folder / f"after-{number}")
    return folder
