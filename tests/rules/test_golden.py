"""Golden pages: invented articles in the layouts of the wild, with all that must be read from them.

After a change that is meant, `python -m tests.rules.test_golden` writes the expectations anew; read the diff.
"""

import json
from pathlib import Path

import pytest

from tests.helpers.reading import Item, read

GOLDEN = sorted(Path(__file__).parents[1].joinpath("golden").glob("*.txt"))
LETTERS = set("ABCDEFGHIJ")


def read_page(path: Path) -> list[Item]:
    """Everything that comes out of one page, in order."""
    return read(path.read_bytes(), path.name)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_page(path):
    assert read_page(path) == json.loads(path.with_suffix(".json").read_text("utf-8"))


def test_every_layout_has_a_golden_page():
    assert {path.name[0] for path in GOLDEN} == LETTERS


if __name__ == "__main__":
    for page in GOLDEN:
        text = json.dumps(read_page(page), indent=1, ensure_ascii=False)
        page.with_suffix(".json").write_text(text + "\n", "utf-8")
