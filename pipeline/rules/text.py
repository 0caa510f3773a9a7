"""Plain text helpers that more than one rule needs: newlines, normalised headlines, safe printing."""

import json
import re
import unicodedata
from functools import lru_cache
from typing import Any

MAX_KNOWN = 2_000
"""Characters of a text that a cache may keep: a longer one is no headline."""
WHITE_SPACE = b" \t\n\r\f\v"
"""The bytes that may stand between blocks without belonging to one."""

_FOLD = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„‟″«»", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
                        "\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")  # fmt: skip

_PIECE = 4096


def unify_newlines(data: bytes) -> bytes:
    """Make every line end one LF without moving a byte: CRLF becomes " \\n", a lone CR "\\n".

    >>> unify_newlines(b"a\\r\\nb\\rc\\n")
    b'a \\nb\\nc\\n'
    """
    if b"\r" not in data:
        return data
    return data.replace(b"\r\n", b" \n").replace(b"\r", b"\n")


def normalise(headline: str) -> str:
    """The normal form of a headline, or of another line, that may be asked for more than once."""
    return _known_form(headline) if len(headline) <= MAX_KNOWN else normal_form(headline)


def normal_form(headline: str) -> str:
    """The form in which two headlines are compared (design: Identity).

    Unicode NFKC, case folded, quotes and dashes unified, invisible characters dropped, white space
    collapsed and stripped.

    >>> normal_form(" Riyadh’s  “Green”—plan ") == normal_form("RIYADH'S \\"green\\"-plan")
    True
    """
    if not headline.isascii():  # most lines only for their quotes
        headline = headline.replace("“", '"').replace("”", '"').replace("’", "'").replace("‘", "'")
        if not headline.isascii():
            headline = _nfkc(_INVISIBLE.sub("", headline)).translate(_FOLD)
    folded = headline.casefold()
    if not folded.isascii():  # NFKC and case folding can each undo the other's form, for few letters
        folded = _nfkc(folded).translate(_FOLD)
    folded = folded.replace("`", "'")
    if folded.isprintable() and folded.isascii() and "  " not in folded:
        return folded.strip()
    return " ".join(folded.split())


_known_form = lru_cache(maxsize=1 << 12)(normal_form)


def _nfkc(text: str) -> str:
    """Unicode NFKC, in pieces where a text is longer than any headline: putting marks in order takes their square."""
    if len(text) <= _PIECE:
        return unicodedata.normalize("NFKC", text)
    return "".join(
        unicodedata.normalize("NFKC", text[at : at + _PIECE]) for at in range(0, len(text), _PIECE)
    )


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON that can be read, but is harmless: what could steer a terminal, or turn its text around, is an escape.

    >>> print(to_json({"é": "a\\x9b\\u202eb"}))
    {"é": "a\\u009b\\u202eb"}
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def printable(text: str) -> str:
    """The text with everything that could steer a terminal or break a line shown as an escape.

    >>> printable("a\\x1b[31mb\\n")
    'a\\\\x1b[31mb\\\\n'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii") for c in text
    )
