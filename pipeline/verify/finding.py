"""Findings: what is wrong, where, what was found there and what was expected.

Finding("word_count", "date=.../part-1f38.arrow", 4, "word_count", "12", "13") as a line:
date=.../part-1f38.arrow row 4: word_count: found 12, expected 13
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dateline.pipeline.rules.text import printable

VALUE_SHOWN = 160
"""Characters of a value that a finding shows."""


class Finding(NamedTuple):
    """One thing that is wrong. Its texts may come from dumps: a terminal gets them through as_text()."""

    check: str
    """The kind of damage, as one word."""
    file: str
    """Where: a file's path in the dataset, or a dump."""
    row: int | None
    """The row of the file, from 0 as Arrow counts; None where it is the file as a whole."""
    what: str
    found: str = ""
    expected: str = ""


@dataclass
class Summary:
    """What was looked at, filled in while it is."""

    dataset: str
    version: int
    files: int = 0
    rows: int = 0
    bytes: int = 0
    """Of the dataset's files and of the dumps, all that were read."""
    dumps: int = 0
    """Those of the version."""
    dumps_checked: int = 0
    dumps_not_given: Sequence[str] = ()
    """Their sources; with no dumps at all these are all."""
    not_checked: list[str] = field(default_factory=list)
    """What could not be checked, since something that it needs is damaged."""


def shortened(value: Any) -> str:
    """A value as a finding shows it, with both ends where it is long."""
    text = value if isinstance(value, str) else repr(value)
    half = VALUE_SHOWN // 2
    return text if len(text) <= VALUE_SHOWN else f"{text[:half]} ... {text[-half:]}"


def differs(check: str, file: str, row: int | None, what: str, found: Any, expected: Any) -> Finding:
    """A finding of a value that is not the one expected."""
    return Finding(check, file, row, what, shortened(found), shortened(expected))


def as_text(finding: Finding) -> str:
    """A finding in one line, made harmless for a terminal."""
    row = f" row {finding.row}" if finding.row is not None else ""
    found = f": found {finding.found}" if finding.found else ""
    expected = f"{',' if found else ':'} expected {finding.expected}" if finding.expected else ""
    return printable(f"{finding.file}{row}: {finding.what}{found}{expected}")
