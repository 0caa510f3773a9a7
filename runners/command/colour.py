"""Colour: on terminals only, where nobody said no to it, and never the only thing that tells something.

NO_COLOR, if it is set to anything, says no (https://no-color.org); so does a terminal that calls itself dumb.
"""

import os
from typing import TextIO

BOLD, RED, YELLOW, CYAN = "1", "31", "33", "36"


def has_colour(out: TextIO) -> bool:
    """Whether what is written to a stream may be coloured."""
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def painted(text: str, colour: str, out: TextIO) -> str:
    """A text for a stream, coloured where that may be.

    >>> import io
    >>> painted("error", RED, io.StringIO())
    'error'
    """
    return in_colour(text, colour) if has_colour(out) else text


def in_colour(text: str, colour: str) -> str:
    """A text with what has a terminal colour it."""
    return f"\x1b[{colour}m{text}\x1b[0m"
