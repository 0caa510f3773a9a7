"""Tables for a person: columns stand below each other, and a narrow terminal gets the first of them only.

version  made (UTC)        articles  duplicates
2        2026-11-30 01:54       +25         +18
1        2026-11-30 01:53       +20          +7
"""

import os
import textwrap
from collections.abc import Sequence
from typing import TextIO

GAP = "  "
"""What stands between two columns."""


def width_of(out: TextIO) -> int | None:
    """How many characters a line may have: what COLUMNS says, else the terminal; None for a file or a pipe."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(out.fileno()).columns or None
    except (OSError, ValueError):
        return None


def aligned(rows: Sequence[Sequence[str]], sides: str, width: int | None = None) -> list[str]:
    """The rows as lines.

    Args:
        rows: each has a text for each column.
        sides: how each column is aligned: "<" to the left, ">" to the right.
        width: the most characters of a line; columns at the right that do not fit are left out. None for no limit.

    >>> aligned([("name", "rows"), ("a", "1,000")], "<>")
    ['name   rows', 'a     1,000']
    >>> aligned([("name", "rows"), ("a", "1,000")], "<>", 10)
    ['name', 'a']
    """
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    shown, end = 1, wide[0]
    for each in wide[1:]:
        end += len(GAP) + each
        if width is not None and end > width:
            break
        shown += 1
    return [
        GAP.join(
            f"{text:{side}{size}}"
            for text, side, size in zip(row[:shown], sides[:shown], wide[:shown], strict=True)
        ).rstrip()
        for row in rows
    ]


def shortened(text: str, width: int | None) -> str:
    """The text, or as much of it as fits, with a sign that there is more.

    >>> shortened("Ferry of Kalba", 8), shortened("Ferry", 8)
    ('Ferry o…', 'Ferry')
    """
    return text if width is None or len(text) <= width else f"{text[: width - 1]}…"


def wrapped(text: str, width: int | None, indent: str, first: str | None = None) -> list[str]:
    """A text as lines that fit; as one where there is no limit. A word that is longer than a line stays whole.

    Args:
        text: of one line.
        width: the most characters of a line; None for no limit.
        indent: what the lines begin with.
        first: what the first line begins with instead.
    """
    first = indent if first is None else first
    if width is None or len(first) + len(text) <= width:
        return [first + text]
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,  # an id or a path can still be copied
    )
