"""The contracts, as JSON Schema (draft 2020-12): what a row, a ledger, a manifest and a report hold, and each small file
of JSON that a run leaves for the next; and each line that a command prints with --json (`output`).

The keyword `arrow` names a field's Arrow type where the JSON type does not decide it, and `since` the version that
brought the field, if it was not the first; `unit` is what a number counts, and `enumDescriptions` says what each value of
an `enum` means. JSON Schema leaves keywords that it does not know alone. tools/build_reference.py prints them all.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

Name = Literal[
    "article", "reject", "duplicate", "manifest", "report", "failure",
    "journal", "lock", "output", "pointer", "receipt", "seen", "settled", "store",
]  # fmt: skip
NAMES: tuple[Name, ...] = tuple(name for name in get_args(Name) if name not in ("output", "seen"))
"""Those of objects with fields that are known; `seen` is of a map, `output` of several kinds of objects."""

VERSION = 2
"""Version of the article schema; it stands in every file and manifest."""


@cache
def load(name: Name) -> dict[str, Any]:
    """The schema of that name, as parsed JSON. Not to be changed by the caller."""
    schema: dict[str, Any] = json.loads(
        files("dateline.schemas").joinpath(f"{name}.schema.json").read_text("utf-8")
    )
    return schema


def reject_reasons() -> tuple[str, ...]:
    """The fixed list of reasons for which a block is rejected."""
    return tuple(load("reject")["properties"]["reason"]["enum"])
