"""Captions and their credits.

"A bridge at dusk. (AFP/File)"                -> "A bridge at dusk.", "AFP/File"
"A bridge at dusk. AP Photo/Jane Doe/File"    -> "A bridge at dusk.", "AP Photo/Jane Doe/File"
"(Supplied)"                                  -> None, "Supplied"
"""

import re
from functools import lru_cache

from dateline.pipeline.rules.site import CREDIT_SOURCES

_BRACKETS = re.compile(r"[(\[]([^()\[\]]{2,100})(?:[)\]]\.?| photos?)?$")
_SOURCE = rf"(?:{CREDIT_SOURCES})"
_PERSON = r"[A-Z][\w’'.-]*(?: [A-Z][\w’'.-]*){0,4}"
_PARTS = rf"(?:(?:Files?|Photos?|Supplied)/)?{_SOURCE}(?: [Pp]hotos?| [Ff]ile(?: [Pp]hotos?)?)?(?:/{_PERSON}){{0,2}}"
_BARE = re.compile(rf"(?<=[.!?”\"’])(?:\s+|(?!X\b|File\b))({_PARTS})\.?$")
_WHOLE = re.compile(
    r"((?:Photos?/|(?:AN |AFP |AP |Reuters )?[Pp]hotos? by |Supplied/|File photo: |Images?: |Photos?: |Photo credit: |Credit: "
    r"|Photos? courtesy:? |Courtesy:? |Screengrab |Screenshot )[^.]{2,80}"
    rf"|{_SOURCE}(?: [Pp]hotos?)?/{_PERSON}(?:/{_PERSON})?|{_SOURCE} [Pp]hotos?|(?:Shutterstock|Supplied|Getty Images)"
    r"|(?:Instagram|X|Twitter|Facebook)/@?\w{2,30}|@\w{2,30})\.?$"
)
_NO_CREDIT = re.compile(
    r"(?:left|right|cent(?:er|re)|top|bottom|above|below|front|back|not pictured|[LRC]|[\d\s–-]+)$", re.I
)
_SMALL_ENDS = frozenset(("dpa", "photo", "photos", "file", "media"))
"""Words in small letters that a credit without brackets can end in."""
MAX_WHOLE = 110
"""Characters of a line that is a credit without brackets, at most."""
MAX_BRACKETS = 110
"""Characters of a credit and its brackets, and what may stand behind these, at most."""
MAX_CREDIT_ONLY = 64
"""Characters of a line that is a credit and nothing else."""


@lru_cache(maxsize=1 << 12)
def _in_brackets(text: str) -> str | None:
    """The credit in the brackets that a caption ends in."""
    match = _BRACKETS.match(text)
    if not match:
        return None
    inside = match[1].strip()
    closed = match.end(1) < len(text) and text[match.end(1)] in ")]"
    is_credit = not _NO_CREDIT.match(inside) and (closed or (len(inside) <= 40 and inside[:1].isupper()))
    return inside if is_credit else None


def is_credit(text: str) -> bool:
    """Whether a stripped line is a credit and nothing else."""
    if not text or len(text) > 90:
        return False
    if text[0] in "([":
        return len(text) <= MAX_CREDIT_ONLY and _BRACKETS.fullmatch(text) is not None
    return _WHOLE.fullmatch(text) is not None


def has_no_credit(sentence: str) -> bool:
    """Whether a line surely neither is a credit nor ends in one: most sentences are told by their last word.

    Args:
        sentence: stripped, with a full stop at its end.
    """
    last = sentence[sentence.rfind(" ") + 1 : -1]
    return (
        last.isalpha()
        and last.islower()
        and last not in _SMALL_ENDS
        and "(" not in sentence
        and "[" not in sentence
        and sentence[0] != "."
        and (len(sentence) > MAX_WHOLE or not _WHOLE.fullmatch(sentence))
    )


def split_credit(text: str) -> tuple[str | None, str | None]:
    """A caption without its credit, and the credit without brackets; None for what is not there.

    A bracket at the end that is never closed holds the credit, too.
    """
    if len(text) <= MAX_WHOLE and (match := _WHOLE.fullmatch(text)):
        return None, match[1]
    at = text.rfind("(")
    if "[" in text:
        at = max(at, text.rfind("["))
    if at >= 0 and at >= len(text) - MAX_BRACKETS and (credit := _in_brackets(text[at:])):
        return text[:at].rstrip() or None, credit
    last = text.rstrip(".").rpartition(" ")[2]
    if not (last[:1].isupper() or "." in last or last in _SMALL_ENDS):
        return text, None  # most lines end so
    if match := _BARE.search(text, max(0, len(text) - 120)):
        return text[: match.start()].rstrip() or None, match[1].strip()
    return text, None
