"""Where a dump is worth a reading: the lines that hardly stand in a body.

    Ferry returns to the harbor        an anchor: it stands twice
    _
    Ferry returns to the harbor
    Short Url                          an anchor: no body has this line
    Updated 07 September 2023          an anchor

Most lines of a dump are body and are passed over here, in a few sweeps over columns. That a line is an anchor says
only that it is worth a look: what is around it, and whether an article starts there, a reading tells.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from dateline.pipeline.rules.line_kinds import kind_of, line_of
from dateline.pipeline.rules.line_table import NO_ZONES, SPACE, LineTable, Places, Zones, pairs_of
from dateline.pipeline.rules.places import dateline, is_known
from dateline.pipeline.rules.site import ANCHOR_CODES, ANCHOR_WORDS, FEED_MARK, STAMP_LINE, USUAL_STAMP

_STAMP = re.compile(SPACE + rb"(?:" + STAMP_LINE.encode() + rb")" + SPACE + rb"(?=\n|\Z)")
_USUAL_STAMP = re.compile(rf"{USUAL_STAMP} *(?=\n|\Z)".encode())
"""Most stamps, told sooner."""
_STAMP_PAIRS = pairs_of((b"Updated", b"Published", "Publié".encode()), any_space=True)
_STAMP_ENDS = np.zeros(256, bool)
_STAMP_ENDS[[*b"0123456789o \t\xa0"]] = True
"""The last bytes of stamps: of a year, of "ago", of white space."""
_WORDS = tuple(word.encode() for word in ANCHOR_WORDS)
_CRAWL = b"date "
_WORD = re.compile(rb"[ \t\xc2\xa0]*(" + b"|".join(map(re.escape, _WORDS)) + rb")")
_FEED = FEED_MARK.encode()
_KIND_PAIRS = pairs_of([word for word in _WORDS if len(word) > 1], any_space=True)
_KIND_PAIRS.reshape(256, 256)[ord("0") : ord("9") + 1, [*b"0123456789 /"]] = True
_LONG_KIND_PAIRS = pairs_of((b"date ", b"{{"), any_space=True)
"""Of lines that may end in a full stop; of other kinds none does."""
_CAPITALS = np.zeros(1 << 16, bool)
_CAPITALS.reshape(256, 256)[65:91, [*range(65, 91), ord("-"), ord("'"), ord(".")]] = True
_CAPITALS.reshape(256, 256)[0xC3, 0x80:0x9F] = True
_DASH = pairs_of([b"- "], any_space=False)
_BULLET = re.compile(SPACE + rb"(?:- |\xe2\x80\xa2)")

Outside: TypeAlias = Callable[[Places], Places]

NEAR = 10
"""Lines between two anchors that are read together, at most."""
BODY_LINES = 4
"""Paragraphs in a row that tell that a body is under way: beyond them nothing is read."""
MIN_TWICE, MAX_TWICE = 10, 300
"""Bytes of a headline that stands twice."""


def may_be_stamps(table: LineTable) -> Places:
    """The numbers of the lines that begin and end as stamps do, rising: most are stamps. (With CRLF an empty line does so, too.)"""
    lines = table.beginning(_STAMP_PAIRS)
    return lines[_STAMP_ENDS.take(table.last[lines]) & ~table.empty[lines]]


def is_stamp(text: bytes, start: int) -> bool:
    """Whether the line that starts there is a stamp."""
    return bool(_USUAL_STAMP.match(text, start) or _STAMP.match(text, start))


def anchors(text: bytes, table: LineTable, zones: Zones = NO_ZONES) -> list[int]:
    """The numbers of the lines that are worth a reading, stamps aside; rising.

    Args:
        text: lines parted by LF.
        table: its lines.
        zones: the plain headers, with what is known of their bodies. Nothing in one is worth a reading.
    """
    begins, ends = zones[0], np.append(-1, zones[1])

    def outside(lines: Places) -> Places:
        if not len(lines):
            return lines
        starts = table.starts[lines]
        return lines[starts > ends[begins.searchsorted(starts, "right")]]

    found = set(_kinds(text, table, outside))
    if len(table.starts) > 2:
        found.update(stand_twice(table, outside))
        found.update(_behind_gaps(text, table, outside))
        found.update(_datelines(table, outside))
        found.update(_feeds(text, table))
    return sorted(found)


def _kinds(text: bytes, table: LineTable, outside: Outside) -> list[int]:
    """Lines of a kind that no body has."""
    found = []
    numbers = outside(table.beginning(_KIND_PAIRS))
    numbers = numbers[(table.last[numbers] != ord(".")) | _LONG_KIND_PAIRS.take(table.pairs[numbers])]
    for number, start in zip(numbers.tolist(), table.starts[numbers].tolist(), strict=True):
        if not (match := _WORD.match(text, start)):
            continue
        line = table.line(number)
        if len(line) > MAX_TWICE:
            if match[1] != _CRAWL:
                continue
            line = line[:MAX_TWICE]  # a paragraph may stand behind the day
        if kind_of(line_of(line).strip()) in ANCHOR_CODES:
            found.append(number)
    return found


def stand_twice(table: LineTable, outside: Outside) -> list[int]:
    """Lines that stand twice in a row, empty ones aside."""
    filled = (~table.empty).nonzero()[0]
    if len(filled) < 2:
        return []
    pairs, lengths = table.pairs[filled], table.lengths[filled]
    same = (
        (pairs[1:] == pairs[:-1])
        & (np.abs(lengths[1:] - lengths[:-1]) <= 3)
        & (lengths[:-1] >= MIN_TWICE)
        & (lengths[:-1] <= MAX_TWICE)
    )
    found = []
    lines = outside(filled[:-1][same])
    for one, other in zip(lines.tolist(), filled[filled.searchsorted(lines) + 1].tolist(), strict=True):
        if table.line(one).strip() == table.line(other).strip():
            found.append(one)
    return found


def _behind_gaps(text: bytes, table: LineTable, outside: Outside) -> list[int]:
    """Short lines behind two empty ones, with an empty one or a bullet below: a page may start so."""
    lines = table.behind_empty(2)
    lines = lines[lines + 1 < len(table.starts)]
    lines = lines[(table.lengths[lines] <= MAX_TWICE) & (table.lengths[lines] >= 2)]
    return [
        line
        for line in outside(lines).tolist()
        if table.empty[line + 1] or _BULLET.match(text, int(table.starts[line + 1]))
    ]


def _datelines(table: LineTable, outside: Outside) -> list[int]:
    """Paragraphs that a known place in capitals opens, behind an empty line or a bullet."""
    lines = table.beginning(_CAPITALS)
    lines = lines[lines > 1]
    lines = lines[table.empty[lines - 1] | table.empty[lines - 2] | _DASH.take(table.pairs[lines - 1])]
    found = []
    for line in outside(lines).tolist():
        head = table.line(line)[:130]
        if b":" in head:
            place = dateline(line_of(head))
            if place and is_known(place):
                found.append(line)
    return found


def _feeds(text: bytes, table: LineTable) -> list[int]:
    """Lines that are items of a feed."""
    found = []
    at = text.find(b"<")  # one byte is found sooner, and most dumps have none
    at = text.find(_FEED, at) if at >= 0 else at
    while at >= 0:
        line = int(table.starts.searchsorted(at, "right")) - 1
        found.append(line)
        at = text.find(_FEED, int(table.starts[line + 1])) if line + 1 < len(table.starts) else -1
    return found
