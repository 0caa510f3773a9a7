"""The lines of a stretch of text as a reading needs them: each with its code, its keys, and the empty lines above it.

To the kinds and forms of line_kinds.py come finer ones, by a line's text alone:

    K  a paragraph that a known place in capitals opens     P  one that other capitals open
    Q  such a paragraph right below another line
    r  a credit and nothing else                            g  text that a credit ends, bare or in brackets
    N  an author's line: a known agency, a name in capitals D  what follows the crawler's day on its line
    k  a short line that stands twice in a row              L  a video player's words
    F  an item of a feed, with its HTML
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from dateline.pipeline.rules.credits import has_no_credit, is_credit, split_credit
from dateline.pipeline.rules.line_kinds import code_of, crawl_line, is_author, is_text, kind_of
from dateline.pipeline.rules.places import MAX_DATELINE, dateline, is_known
from dateline.pipeline.rules.site import FEED_MARK, PATH_TAIL
from dateline.pipeline.rules.text import normalise

KICKER_WORDS = 4
"""Words of a section or a running theme, at most; of a short line with more a headline can be made."""
MAX_KEYED = 600
"""Characters of a line that may come again in a header; a longer one is not compared."""
MAX_NORMALISED = 200
"""Characters of a line whose copies may differ in quotes, case and white space."""
TWIN_LINES = 14
"""Lines within which a line that comes again speaks for a header."""


_OF_CREDITS = frozenset("/([.")
"""A name without one of these has no credit."""


class Line(NamedTuple):
    """A line that is not empty."""

    at: int
    """Its number among the lines of the stretch, from 0; what follows the crawler's day has that line's."""
    text: str
    """Stripped."""
    code: str
    gap: int
    """Empty lines above it, 3 at most."""
    key: str
    """Its text as copies of a headline are compared; empty for a line that is too long, or no text."""
    stem: str
    """The same without a credit at its end, as copies of a caption are compared."""


class Form(NamedTuple):
    code: str
    key: str
    stem: str


def lines_of(rows: Sequence[str], gap: int = 3) -> list[Line]:
    """The lines of a stretch that are not empty.

    Args:
        rows: the lines, empty ones among them.
        gap: empty lines above the first.
    """
    found: list[Line] = []
    for at, row in enumerate(rows):
        text = row.strip()
        if not text:
            gap = min(gap + 1, 3)
            continue
        code, key, stem = _known_form(text) if len(text) <= MAX_KEYED else _form(text)
        if code == "d":
            found.append(Line(at, text, code, gap, key, stem))
            rest = crawl_line(text)[1]
            if rest:
                code, key, stem = form_of(rest)
                found.append(Line(at, rest, "D" if code in "nh" else code, 0, key, stem))
        else:
            if gap == 0:
                if code == "K":
                    code = "Q"
                elif code == "n" and found and found[-1].text == text:
                    found[-1] = found[-1]._replace(code="k")
                    code = "k"
            found.append(Line(at, text, code, gap, key, stem))
        gap = 0
    return found


def form_of(text: str) -> Form:
    """The finer code of a stripped line that is not empty, and its keys."""
    return _known_form(text) if len(text) <= MAX_KEYED else _form(text)


def _form(text: str) -> Form:
    if FEED_MARK in text:
        return Form("F", "", "")
    is_sentence = text[-1] == "." and text[-2:-1].isalpha() and len(text) <= MAX_KEYED
    code = (kind_of(text) or "t") if is_sentence else code_of(text)  # most lines: neither name nor headline
    if is_sentence and code == "t" and ":" not in text[:MAX_DATELINE] and has_no_credit(text):
        key = _key_of(text)
        return Form("t", key, key.rstrip("."))
    if not is_text(code):
        return Form(code, normalise(text.lstrip("•- ")) if code == "b" else "", "")
    if code == "x" or len(text) > MAX_KEYED:
        return Form("K" if _is_known(text) else "P" if dateline(text) else code, "", "")
    capitals = text[1:2].isupper() or text[1:2] in "-'’ ."
    if capitals and (place := dateline(text)):
        key = _key_of(text)
        return Form("K" if is_known(place) else "P", key, key)
    if is_credit(text.lstrip(". ")):
        key = _key_of(text)
        return Form("r", key, key)
    if code != "n" or not _OF_CREDITS.isdisjoint(text):
        caption, credit = split_credit(text)
        if credit and not any(c.isdigit() for c in credit):  # a sum of money is none
            return Form("g", _key_of(text), _key_of(caption or "").rstrip("."))
    if code == "g":
        code = "t"
    if code == "n":
        code = "N" if is_author(text) else "h" if len(text.split()) > KICKER_WORDS else "n"
    key = _key_of(text)
    return Form(code, key, key.rstrip("."))


_known_form = lru_cache(maxsize=1 << 14)(_form)
"""For lines that may come again: those of a window do in the block below it, and in copies. Long ones are kept by no cache."""


def _key_of(text: str) -> str:
    """The form in which copies are compared; a caption's, which is long, comes again letter by letter."""
    if len(text) > MAX_NORMALISED:
        return text
    return normalise(PATH_TAIL.sub("", text) if "/node/" in text else text)


def _is_known(text: str) -> bool:
    place = dateline(text)
    return place is not None and is_known(place)


_NEIGHBOURS = re.compile("[hn][hn]")
"""Codes of two lines of which one may be a copy of the other but for a label."""


def twins(lines: Sequence[Line]) -> tuple[list[int], list[int]]:
    """For each line, how many lines above it and below it the same stands, or 0 where it does not near by."""
    above, below = [0] * len(lines), [0] * len(lines)
    stems = [line.stem for line in lines if line.stem]
    if len({*stems}) == len(stems) and not _NEIGHBOURS.search("".join([line.code for line in lines])):
        return above, below  # most lines stand once
    last: dict[str, int] = {}
    for i, line in enumerate(lines):
        if not line.stem:
            continue
        j = last.get(line.stem)
        if (
            j is None
            and i
            and line.code in "hn"
            and lines[i - 1].code in "hn"
            and is_copy(line.stem, lines[i - 1].stem)
        ):
            j = i - 1  # but for a label
        if j is not None and i - j <= TWIN_LINES:
            above[i] = below[j] = i - j
        last[line.stem] = i
    return above, below


MAX_LABEL_WORDS = 3


def is_copy(one: str, other: str) -> bool:
    """Whether two keys are those of one headline, a label of up to three words in front of either or not.

    >>> is_copy("analysis can the ferry be saved?", "can the ferry be saved?")
    True
    """
    if one == other:
        return True
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    more = len(longer) - len(shorter)
    return (
        1 < more <= 40
        and len(shorter) >= 12
        and longer.endswith(" " + shorter)
        and longer[: more - 1].count(" ") < MAX_LABEL_WORDS
    )
