"""Small invented pages and dumps, each a fault seen on real ones, or a variant of it: tests/cases.

NAME.txt is the page, NAME.json what is right of it: `articles` in order, with the fields that matter; `rejects`, the
reasons in order, where they matter; `note`, what it is about. `NAME~x.txt` is a variant of NAME.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import today
from tests.helpers.reading import read
from tests.helpers.sketch import differences

CASES = sorted(Path(__file__).parents[1].joinpath("cases").glob("*.txt"))
VARIANTS = 3
"""How many variants a case has at least."""


def wrong_in(path: Path) -> str:
    """What of a case is read wrong, with its text; empty where nothing is."""
    case = json.loads(path.with_suffix(".json").read_text("utf-8"))
    items = read(path.read_bytes())
    found = differences([item for item in items if "reason" not in item], case["articles"])
    rejects = [item["reason"] for item in items if "reason" in item]
    if "rejects" in case and rejects != case["rejects"]:
        found.append(f"rejects: found {rejects}, expected {case['rejects']}")
    return "\n".join([*found, case["note"], "-----", path.read_text("utf-8")]) if found else ""


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path):
    wrong = wrong_in(path)
    today.check("cases", [path.stem] if wrong else [], lambda _: wrong, of=path.stem)


def test_every_case_has_variants():
    names = [path.stem for path in CASES]
    of = Counter(name.partition("~")[0] for name in names)
    assert all(name in names and n > VARIANTS for name, n in of.items()), of


def test_every_listed_case_is_there():
    assert set(today.listed("cases")) <= {path.stem for path in CASES}


def all_wrong() -> Iterator[tuple[str, list[str]]]:
    yield "cases", [path.stem for path in CASES if wrong_in(path)]
