"""Where articles start that have no stamp: a look at bytes, for the layouts in grammar.STAMPLESS.

Each look finds a line that hardly stands in a body, and from there the first line of its article or list:

    Ferry returns to the harbor          <- the start
    _
    The ferry at its berth. (AFP/File)
      • It took two years                <- found: a headline, a credit, bullets, a dateline, behind two empty lines

What a look finds depends on MAX_HEADER_BYTES around it and on the headers with a stamp there, never on what it
found before.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.rules.layout import MAX_HEADER_BYTES, is_copy
from pipeline.rules.lines import code_of, line_of
from pipeline.rules.table import SPACE, LineTable, pairs_of
from pipeline.rules.text import normalise

Zone = tuple[int, int]
"""Start and end of a header that has a stamp, in bytes."""

_DATELINE = rb"[A-Z]{2}[^\n:a-z]{0,60}(?:, [^\n:]{2,40})?: "
_BULLET = rb"(?:- |" + SPACE + rb"\xe2\x80\xa2 )"
_EMPTY = SPACE + rb"\n"
ANCHORS = (
    rb"|(?P<slot>Short Url)" + SPACE + rb"(?=\n|\Z)"
    rb"|(?P<url>https?://(?:www\.)?arab\.news/\w{1,12}/?)" + SPACE + rb"(?=\n|\Z)"
    rb"|(?P<template>\{\{#bullets\}\})"
    rb"|(?P<author>Latest published)" + SPACE + rb"(?=\n|\Z)"
    rb"|(?P<teaser>By [^\n\xc2]{2,80} \xc2\xb7)" + SPACE + rb"(?=\n|\Z)"
)  # fmt: skip
"""Lines that tell of a header or list around them, whatever stands above: branches of one pattern."""
ANCHOR_WORDS = (b"Short Url", b"http", b"{{#bullets}}", b"Latest published", b"By ")
"""What they begin with."""
_LOOKS = {
    # E: a headline twice; then a bullet, a dateline, or the trailing article's headline and its bullet or dateline.
    # Or such a trailing article: headline, bullets, dateline.
    "close": re.compile(
        rb"\n(?P<start>[^\n]{10,300}+)(?=\n(?:(?P=start)\n(?:" + _BULLET + rb"|" + _DATELINE
        + rb"|[^\n]{10,300}\n(?:- |" + _DATELINE + rb"))|(?:- [^\n]*\n){1,20}" + _DATELINE + rb"))"
    ),
    # J: a headline twice, between empty lines, behind two of them, and a slot, bullet, caption or paragraph below;
    # G: a headline, a caption with a credit or bullets or both, a dateline, behind two empty lines.
    "apart": re.compile(
        rb"\n" + _EMPTY + _EMPTY + rb"(?P<start>[^\n]{10,300}+)(?=\n" + _EMPTY + rb"(?:(?P=start)" + _EMPTY
        + rb"(?:" + _EMPTY + rb")?(?:[^\n]{60}|[^\n]{10,60}[)\]]\.?\n|Short Url|" + _BULLET + rb")"
        + rb"|(?:[^\n]{10,500}[)\]]\.?" + _EMPTY + rb"(?:" + _EMPTY + rb")?)?"
        + rb"(?:" + _BULLET + rb"[^\n]*\n){1,20}(?:" + _EMPTY + rb")?" + _DATELINE
        + rb"|[^\n]{10,500}[)\]]\.?" + _EMPTY + rb"(?:" + _EMPTY + rb")?" + _DATELINE + rb"))"
    ),
}  # fmt: skip
"""What is found first, each by a line `start`. What follows it is only looked at, so that where a match was
found before does not decide on the next."""

_UPWARD = {
    "slot": re.compile(r"[^_]*_+(?P<first>[nh])(?:_|\Z)"),  # a caption, the headline
    "url": re.compile(r"_(?P<first>[nh])__"),  # the headline behind two empty lines
    "author": re.compile(r".*?(?P<first>[^_])__"),  # whatever is behind two empty lines
    "teaser": re.compile(r"b{1,5}_(?P<first>[nh])__+(?:[^_i]|\Z)"),  # not behind another teaser
}
"""The codes of the lines above one of ANCHORS, the nearest first."""

_BODY_EDGE = re.compile(rb"\n(?:" + _EMPTY + rb")+|\n(?=" + SPACE + rb"date \d{4}-\d\d-\d\d[ \n])")
"""What a body without empty lines does not reach across."""
_TRAILING = re.compile(rb"(?:- [^\n]*\n){0,20}(?P<start>[^\n]{10,300}+)\n" + _DATELINE)
"""E: below the second headline, its bullets and the headline of a trailing article, which has none."""
MIN_DOUBLED = 20
"""Characters of a headline that stands twice in a row; names and themes do so, too."""
MIN_PARAGRAPH = 60
"""Characters of a line that is a paragraph for sure."""
LINES_BELOW = 5
"""Lines below a slot that are looked at."""
MAX_LISTING_LINES = 14
"""Lines above the label of an author's page, or the author in an index, at which that can start."""


def stampless_starts(
    text: bytes,
    table: LineTable,
    anchors: Sequence[tuple[str, int]],
    zones: Sequence[Zone],
    plain: Sequence[Zone],
) -> set[int]:
    """The offsets at which an article without a stamp starts, or a page that is a list of articles.

    Args:
        text: lines parted by LF.
        table: the lines of the text.
        anchors: where lines start that match one of ANCHORS, and which.
        zones: the headers that have a stamp, rising.
        plain: those of them that none of the others reaches into.
    """
    found = [
        *anchors,
        *(
            (look, match.start("start"))
            for look, at in _looked_at(table, plain)
            if (match := _LOOKS[look].match(text, at))
            and code_of(line_of(match["start"])) in "nh"  # a sentence that stands twice heads nothing
        ),
    ]
    starts: set[int] = set()
    for look, at in found:
        near = zones[
            bisect_left(zones, (at - MAX_HEADER_BYTES,)) : bisect_left(zones, (at + MAX_HEADER_BYTES,))
        ]
        if not any(start <= at < end for start, end in near):
            starts.update(_starts(text, look, at, near))
    return starts


_DASH = pairs_of([b"- "], any_space=False)


def _looked_at(table: LineTable, plain: Sequence[Zone]) -> Iterator[tuple[str, int]]:
    """The looks that are worth a try, and the newline at which each begins; none in a plain header."""
    if len(table.starts) < 4:
        return
    sized = (table.lengths >= 10) & (table.lengths <= 300)
    below = (table.pairs[1:] == table.pairs[:-1]) & (table.lengths[1:] == table.lengths[:-1]) | _DASH[
        table.pairs[1:]
    ]
    close = np.flatnonzero(sized[:-1] & below)
    apart = table.behind_empty(2)
    apart = apart[apart + 1 < len(sized)]
    apart = apart[sized[apart] & table.empty[apart + 1]]
    begins, ends = np.array(plain, np.intp).reshape(-1, 2).T
    for look, lines, lead in ("close", close, 0), ("apart", apart, 2):
        starts = table.starts[lines]
        zone = np.searchsorted(begins, starts, "right") - 1
        outside = (zone < 0) | (starts >= ends[zone]) if len(ends) else np.ones(len(lines), bool)
        for at in (table.starts[lines[outside] - lead] - 1).tolist():
            if at >= 0:  # a line that no newline is before may be part of one
                yield look, at


def _starts(text: bytes, look: str, at: int, near: Sequence[Zone]) -> Iterator[int]:
    """The starts that the line at `at` tells of."""
    above = _above(text, at)
    if look == "apart":
        yield at
    elif look == "close":
        headline = _line(text, at)
        if _line(text, _end(text, at)) == headline:
            if len(headline) < MIN_DOUBLED:
                return
            yield from _body_first(text, at, _end(text, _end(text, at)), near)
        elif not above or (above[0][1] != headline and code_of(above[0][1]) not in "sU"):
            yield at  # otherwise it is the second headline of E
    elif look == "template":
        for start, line in above[:2]:
            if line != "-":
                yield from _body_first(text, start, None, near)
                break
    elif look in ("author", "teaser"):
        first = _first(look, above)
        if first is not None:
            yield first
    else:
        yield from _slotted(text, look, at, above, near)


def _body_first(text: bytes, headline: int, end: int | None, near: Sequence[Zone]) -> Iterator[int]:
    """E: where the body begins that stands above its own header; and the trailing article right below that.

    Args:
        text: lines.
        headline: where the first headline starts.
        end: where the line below the second starts, if there is one.
        near: the headers with a stamp around it.
    """
    edges = list(_BODY_EDGE.finditer(text, max(0, headline - MAX_HEADER_BYTES), headline))
    start = edges[-1].end() if edges else headline
    yield headline if any(start < stop and zone < headline for zone, stop in near) else start
    trailing = _TRAILING.match(text, end) if end else None
    if trailing and code_of(line_of(trailing["start"])) in "nh":
        yield trailing.start("start")


def _slotted(
    text: bytes, look: str, at: int, above: Sequence[tuple[int, str]], near: Sequence[Zone]
) -> Iterator[int]:
    """A header that has a slot but no stamp: E with the slot between its headlines, G or J with it below them."""
    if look == "url" and any(line == "Short Url" for _, line in above[:2]):
        return  # then the label tells
    below = [(start, line) for start, line in _below(text, at) if line]
    if any(code_of(line) == "S" for _, line in below):
        return
    copy = next(((start, line) for start, line in below if code_of(line) not in "uU"), None)
    if above and above[0][1] and copy and is_copy(copy[1], normalise(above[0][1])):
        yield from _body_first(text, above[0][0], _end(text, copy[0]), near)
        return
    start = _first(look, above)
    if start is None:
        return
    if look == "url" and len(_line(text, _end(text, at))) < MIN_PARAGRAPH:
        return  # in a body an empty line stands below it
    higher = _first("slot", _above(text, start))
    is_second = higher is not None and is_copy(_line(text, higher), normalise(_line(text, start)))
    yield higher if is_second and higher is not None else start


def _first(look: str, above: Sequence[tuple[int, str]]) -> int | None:
    """The start of the first line of a header or list, by the lines above the one that told of it."""
    match = _UPWARD[look].match("".join(code_of(line) for _, line in above))
    return above[match.start("first")][0] if match else None


def _line(text: bytes, at: int) -> str:
    return line_of(text[at : _end(text, at)]).strip()


def _end(text: bytes, at: int) -> int:
    """Where the line below the one at `at` starts; if that is longer than any header, as far as one can reach."""
    end = text.find(b"\n", at, at + MAX_HEADER_BYTES)
    return min(at + MAX_HEADER_BYTES, len(text)) if end < 0 else end + 1


def _above(text: bytes, at: int) -> list[tuple[int, str]]:
    """The lines above the one at `at`, the nearest first, stripped, each with its start."""
    rows = text[max(0, at - MAX_HEADER_BYTES) : at].rsplit(b"\n", MAX_LISTING_LINES + 2)[1:-1]
    found = []
    for row in reversed(rows):
        at -= len(row) + 1
        found.append((at, line_of(row).strip()))
    return found


def _below(text: bytes, at: int) -> list[tuple[int, str]]:
    """The lines below the one at `at`, stripped, each with its start."""
    found = []
    for _ in range(LINES_BELOW):
        at = _end(text, at)
        found.append((at, _line(text, at)))
    return found
