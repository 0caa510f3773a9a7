"""Headers without a stamp: what a block's lines are, and which of grammar.STAMPLESS they fit."""

import re
from collections.abc import Sequence

from pipeline.rules.dates import stamp_of
from pipeline.rules.grammar import COMPILED_STAMPLESS, LISTING
from pipeline.rules.layout import CREDIT_ONLY, MAX_LINES_ABOVE, Header, is_copy, read_slot
from pipeline.rules.lines import code_of, crawl_line, is_author, is_text, without_label
from pipeline.rules.places import dateline
from pipeline.rules.text import normalise

KICKER_WORDS = 4
"""Words of a section or a running theme, at most; of a short line with more a headline can be made."""


def read_stampless(lines: Sequence[str]) -> Header | None:
    """The header of a block that has none with a stamp, or None where no layout fits.

    Args:
        lines: the lines of one block; the header must start on the first.
    """
    crawled, rest = crawl_line(lines[0]) if code_of(lines[0]) == "d" else (None, lines[0])
    lines = [rest, *lines[1:MAX_LINES_ABOVE]]
    codes = [_code(line) for line in lines]
    if crawled:
        codes[0] = "y" if rest in ("", "You are here") or rest.startswith("•") else codes[0]
        codes[0] = "D" if codes[0] in "nh" else codes[0]
    _mark_copies(lines, codes)
    text = "".join(codes)
    if LISTING.match(text):
        return None
    for layout, pattern in COMPILED_STAMPLESS:
        match = pattern.match(text)
        if not match:
            continue
        groups = {name: lines[start:end] for name, (start, end) in _spans(match)}
        header = Header(layout.letter, 0, match.end(), _headline(lines, codes, match.start("headline")))
        header.crawled = crawled
        header.byline = next((line.strip().rstrip("|").rstrip() for line in groups.get("author", ())), None)
        header.captions = [line.strip() for line in groups.get("caption", ())]
        header.bullets = [line.strip()[1:].strip() for line in groups.get("bullets", ()) if line.strip()]
        header.stamp = next(map(stamp_of, groups.get("stamp", ())), None)
        if "before" in groups:
            header.before = match.span("before")
        read_slot(lines, header, 0, match.end())
        return header
    return None


def _spans(match: re.Match[str]) -> list[tuple[str, tuple[int, int]]]:
    """The groups that matched something, and where."""
    return [(name, match.span(name)) for name, found in match.groupdict().items() if found]


def _headline(lines: Sequence[str], codes: Sequence[str], at: int) -> str:
    """The headline, from a copy of it without a label where there is one."""
    copies = [lines[i] for i in range(at, len(lines)) if codes[i] == "H"] if codes[at] == "H" else []
    return next((line for line in copies if without_label(line) is None), lines[at]).strip()


def _code(line: str) -> str:
    """The code of a line, in the finer letters of headers without a stamp."""
    code = code_of(line)
    if not is_text(code):
        return code
    text = line.strip()
    if dateline(text):
        return "P"
    if code == "g":
        if any(c.isdigit() for c in text[max(text.rfind("("), text.rfind("[")) :]):
            return "t"  # a sum of money, no credit
        return "r" if CREDIT_ONLY.match(text) else "g"
    if code == "n":
        if is_author(text):
            return "N"
        return "h" if len(text.split()) > KICKER_WORDS else "n"
    return code


def _mark_copies(lines: Sequence[str], codes: list[str]) -> None:
    """Mark headlines that come again, with no more than the slot between, and every other copy of the first."""
    wanted = None
    for i in range(len(codes) - 1):
        if codes[i] not in "nh":
            continue
        j = next((j for j in range(i + 1, min(i + 6, len(codes))) if codes[j] not in "_suU"), i)
        if codes[j] not in "nh" or j == i or codes[i + 1 : j].count("_") > 2 + ("U" in codes[i:j]):
            continue
        headline = normalise(lines[j])
        if is_copy(lines[i], headline) or is_copy(lines[j], normalise(lines[i])):
            kicker = j == i + 1 and codes[i] == "n" and i > 0 and not is_text(codes[i - 1])
            codes[i] = codes[j] = "k" if kicker else "H"
            wanted = wanted or (None if kicker else headline)
    if wanted:
        for i, code in enumerate(codes):
            if code in "nhN" and is_copy(lines[i], wanted):
                codes[i] = "H"
            elif code == "b" and normalise(lines[i].strip()[1:]) == wanted:
                codes[i] = "B"
