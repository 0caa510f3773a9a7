"""Finding and reading a header by its stamp: the engine; the layouts themselves are in grammar.py.

A header is found from its stamp, never from empty lines, which end nothing by themselves. A start needs
evidence from several lines, and every layout says which.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import NamedTuple

from pipeline.rules.dates import stamp_of
from pipeline.rules.grammar import COMPILED, Compiled
from pipeline.rules.lines import LABELS, MAX_LINE, code_of, crawl_line, is_text, without_label
from pipeline.rules.text import normalise

MAX_LINES_ABOVE = 120
"""Lines above a stamp that a header can have: a gallery of 24 pictures, its captions and headlines."""
MAX_LINES_BELOW = 40
"""Lines below the stamp in which the header must end."""
NEAR_LINES_BELOW = 14
"""Lines below the stamp that are looked at first; no header seen in the wild has more."""
MAX_HEADER_BYTES = 16 * 1024
"""Bytes from the first line of a header to its stamp, and from there to its end, at most."""
EDITED_RATIO = 0.5
"""How much of a headline must stay for the one below the stamp to be the same, edited."""

CREDIT_ONLY = re.compile(r"[(\[][^()\[\]]{2,60}[)\]]\.?$")

_BARRIER = re.compile(r"[Sfpxe]|[nhgt](?:_*[nhgt]){7}|___|[htgx]__")
"""What no layout's `above` can reach across: by it a few lines above a header are known to be enough."""


def is_barred(lines: Sequence[str]) -> bool:
    """Whether lines above a header keep whatever stands above them out of it."""
    return _BARRIER.search("".join(map(code_of, lines))) is not None


def only_furniture(lines: Sequence[str]) -> bool:
    """Whether lines that a crawler's line heads announce what follows them, and hold nothing else."""
    rest = crawl_line(lines[0])[1]
    return (not rest or rest == "You are here" or rest.startswith("•")) and all(
        code_of(line) in "_yvnobmw" for line in lines[1:]
    )


@dataclass(slots=True)
class Header:
    """What stands above the body of one article; all line numbers count from 0 in the given lines."""

    layout: str
    """The letter of the layout."""
    start: int
    """The first line, furniture included."""
    end: int
    """The line after the last: the body starts here."""
    headline: str
    stamp: str | None = None
    """The text after "Updated"."""
    slot: str = "absent"
    url: str | None = None
    byline: str | None = None
    captions: list[str] = field(default_factory=list)
    bullets: list[str] = field(default_factory=list)
    crawled: str | None = None
    """The day in the crawler's line, as YYYY-MM-DD."""
    before: tuple[int, int] | None = None
    """The lines of a body that stands above its header (E)."""


def find_header(lines: Sequence[str], stamp: int) -> Header | None:
    """The header that the stamp on line `stamp` belongs to, or None where the evidence is too thin.

    Args:
        lines: consecutive lines of a dump, without their ends. What stands more than MAX_LINES_ABOVE above
            the stamp, or above another stamp, makes no difference.
        stamp: the number of a line whose code is S.
    """
    for reach in NEAR_LINES_BELOW, MAX_LINES_BELOW:  # body lines need no codes: nearly always the first do
        header = _find(lines, stamp, reach)
        if header is None or header.end - stamp < reach - 3:
            break
    return header


def _find(lines: Sequence[str], stamp: int, reach: int) -> Header | None:
    """The header as far as `reach` lines below the stamp tell."""
    top = max(0, stamp - MAX_LINES_ABOVE)
    above = [code_of(line) for line in lines[top:stamp]]
    below = [code_of(line) for line in lines[stamp + 1 : stamp + 1 + reach]]
    for i, code in enumerate(below[:-2]):
        if code == "b" and below[i + 1] == "_" and lines[stamp + 3 + i].startswith("    "):
            below[i] = "l"
    _mark_kickers(lines, top, above)
    _mark_second_name(lines, stamp + 1, below)
    page = _Page(lines, top, stamp)
    marked: dict[int | None, tuple[str, str]] = {None: ("".join(above), "".join(below))}
    for compiled in COMPILED:
        wanted = _headline_line(compiled, below)
        if wanted is None and compiled.layout.headline != "above":
            continue
        if wanted is not None and wanted not in marked:
            marked[wanted] = page.marked(above, below, stamp + 1 + wanted)
        header = page.read(compiled, *marked[wanted])
        if header:
            return header
    return None


def _headline_line(compiled: Compiled, below: Sequence[str]) -> int | None:
    """Which of the lines below the stamp must be the headline for this layout; None for one above."""
    if compiled.layout.headline == "above":
        return None
    texts = [i for i, code in enumerate(below[:10]) if is_text(code)]
    named = compiled.named
    if named and "n" not in below[:2]:
        return None
    if len(texts) <= named or (
        "unpunctuated" in compiled.layout.headline and below[texts[named]] not in "nh"
    ):
        return None
    return texts[named]


class _Page(NamedTuple):
    """The lines around one stamp: `top` is the first that counts, `stamp` the stamp's."""

    lines: Sequence[str]
    top: int
    stamp: int

    def marked(self, above: Sequence[str], below: Sequence[str], headline: int) -> tuple[str, str]:
        """The codes above and below the stamp, with the copies of the headline on a line marked."""
        wanted = normalise(self.lines[headline])
        length, slack = len(wanted), length_slack(len(wanted))
        up, down = list(above), list(below)
        for codes, first in (up, self.top), (down, self.stamp + 1):
            for i, code in enumerate(codes):
                line = self.lines[first + i]
                if abs(len(line) - length) > slack or code not in "nhgtxkb":
                    continue
                if code == "b":
                    if codes is up and normalise(line.strip()[1:]) == wanted:
                        up[i] = "B"
                elif normalise(line) == wanted or (line.startswith(LABELS) and is_copy(line, wanted)):
                    codes[i] = "H"
        return "".join(up), "".join(down)

    def read(self, compiled: Compiled, above: str, below: str) -> Header | None:
        """The header, if the codes above and below the stamp match this layout."""
        up = compiled.above.search(above) if compiled.possible(above) else None
        if not up:
            return None
        head = self.top + up.start("head")
        captions = [self.lines[i].strip() for i in range(head, self.stamp) if above[i - self.top] in "nhgtk"]
        if compiled.layout.headline == "above":
            captions = captions[1:]
        alt = up["head"].count("H") > 1 or len(set(captions)) < len(captions)
        down = compiled.below.match(self._with_captions(below, captions if alt else []))
        if not down:
            return None
        groups = down.groupdict()
        headline = self.lines[head] if up["head"] else self._below(down[0].index("H"))
        if "H" in down[0] and without_label(headline) is not None:
            headline = self._below(down[0].index("H"))
        if groups.get("edited") and not _is_edited(headline, self._below(down.start("edited"))):
            return None
        letter = compiled.layout.letter
        if letter == "A" and groups.get("again"):
            letter = "C"
        elif letter == "A" and alt and ("c" not in up["head"] or up["head"].count("H") > 1):
            letter = "B"  # a gallery repeats its caption; only an alt text makes it B
        header = Header(letter, self.top + up.start(), self.stamp + 1 + down.end(), headline.strip())
        header.stamp = stamp_of(self.lines[self.stamp])
        if name := next((name for name in ("name", "again") if groups.get(name)), None):
            header.byline = self._below(down.start(name))
        if letter == "F":
            header.bullets = captions  # a summary without a glyph
        else:
            header.captions = captions
            start, end = down.span("bullets")
            header.bullets = [self._below(i)[1:].strip() for i in range(start, end) if below[i] == "b"]
        read_slot(self.lines, header, head, self.stamp)
        for line in self.lines[header.start : head]:
            if code_of(line) == "d":
                header.crawled = crawl_line(line)[0]
        if alt and header.start == head:
            header.start = _alt_text_above(self.lines, self.top, head, captions)
        return header

    def _below(self, i: int) -> str:
        return self.lines[self.stamp + 1 + i].strip()

    def _with_captions(self, below: str, captions: Sequence[str]) -> str:
        """The codes below, with copies of captions and lone credits marked as far as a header can reach."""
        wanted = {normalise(caption) for caption in captions}
        codes = list(below)
        for i, code in enumerate(below[:12]):
            if code in "nhgt":
                if wanted and normalise(self._below(i)) in wanted:
                    codes[i] = "C"
                elif CREDIT_ONLY.match(self._below(i)):
                    codes[i] = "r"
        return "".join(codes)


def _mark_kickers(lines: Sequence[str], top: int, codes: list[str]) -> None:
    """Mark short lines that stand twice in a row."""
    for i in range(len(codes) - 1):
        if codes[i] in "nk" and codes[i + 1] == "n" and lines[top + i].strip() == lines[top + i + 1].strip():
            codes[i] = codes[i + 1] = "k"


def _mark_second_name(lines: Sequence[str], first: int, codes: list[str]) -> None:
    """Mark the second of two equal names under the stamp, so that it is not taken for the headline."""
    for i in range(min(2, len(codes) - 1)):
        if codes[i] == codes[i + 1] == "n" and lines[first + i].strip() == lines[first + i + 1].strip():
            codes[i + 1] = "k"


def length_slack(length: int) -> int:
    """By how many characters a copy of a headline of that length may differ: other lines are not worth normalising."""
    return 12 + length // 8


def is_copy(line: str, wanted: str) -> bool:
    """Whether a line is the headline that is `wanted` once normalised, a label in front of it or not."""
    if normalise(line) == wanted:
        return True
    rest = without_label(line)
    return rest is not None and normalise(rest) == wanted


def _is_edited(headline: str, other: str) -> bool:
    """Whether the line under the stamp is the headline in another wording."""
    pair = normalise(headline).split(), normalise(other).split()
    return SequenceMatcher(None, *pair, autojunk=False).ratio() >= EDITED_RATIO


def read_slot(lines: Sequence[str], header: Header, start: int, end: int) -> None:
    """The slot in a header's lines: absent, empty or filled. The site's short URL needs no label."""
    for line in lines[start:end]:
        code = code_of(line)
        if code == "s" and header.slot == "absent":
            header.slot = "empty"
        elif header.slot != "filled" and (code == "U" or (code == "u" and header.slot == "empty")):
            header.slot, header.url = "filled", line.strip()


def _alt_text_above(lines: Sequence[str], top: int, start: int, captions: Sequence[str]) -> int:
    """Where the picture's alt text, its caption, stands above the first headline, the header starts there."""
    wanted = {normalise(caption) for caption in captions}
    for i in range(start - 1, max(top, start - 3) - 1, -1):
        if lines[i].strip():
            return i if len(lines[i]) <= MAX_LINE and normalise(lines[i]) in wanted else start
    return start
