"""The layout grammar: how an article's header looks, and where it starts.

A header is found from its stamp line ("Updated 07 September 2023"), never from empty lines, which
end nothing by themselves. From the stamp the rule looks down for the headline that comes back, and
up for its topmost copy, over slot, captions and gallery counters; furniture that announces the
article (breadcrumb, kicker) belongs to it. A start needs evidence from several lines:

    A plain, B doubled, C full    a stamp, and one line both above and below it
    C, header cut off             a stamp, an agency, and one line twice below
    F compact                     an unpunctuated line, a stamp, a name, each directly under the other
    A without its repeat          a line between empty lines, a stamp, "Follow"

What a line can be stands in lines.py; the limits here say why they are what they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.rules.furniture import furniture_above
from pipeline.rules.lines import MAX_LINE, MAX_NAME, is_headline, is_name, kind_of
from pipeline.rules.text import normalise

MAX_HEADER_LINES = 120
"""Lines above a stamp that a header can have: a gallery of 24 pictures, its captions and headlines."""
MAX_HEADER_BYTES = 16 * 1024
"""Bytes from the first line of a header to its stamp, and from there to its end, at most."""
MAX_LINES_BELOW = 40
"""Lines below the stamp in which the header must end."""
MAX_CAPTIONS = 3
"""Text lines between headline and stamp where no gallery counter explains more."""


@dataclass(slots=True)
class Header:
    """What stands above the body of one article; all line numbers count from 0 in the given lines."""

    layout: str
    """The letter of the layout: A, B, C or F."""
    start: int
    """The first line, furniture included."""
    stamp: int
    end: int
    """The line after the last: the body starts here."""
    headline: str
    stamp_text: str = ""
    slot: str = "absent"
    url: str | None = None
    byline: str | None = None
    captions: list[str] = field(default_factory=list)
    bullets: list[str] = field(default_factory=list)
    summary: str | None = None
    """A summary without a glyph, as F has it."""
    crawled: str | None = None
    """The day in the crawler's line above, as YYYY-MM-DD."""


def find_header(lines: Sequence[str], stamp: int) -> Header | None:
    """The header that the stamp on line `stamp` belongs to, or None where the evidence is too thin.

    Args:
        lines: consecutive lines of a dump, without their ends. What stands more than
            MAX_HEADER_LINES above the stamp, or above another stamp, makes no difference.
        stamp: the number of a line of kind "stamp".
    """
    below = _Below(lines, stamp)
    header = _by_repeated_line(lines, stamp, below) or _by_lone_line(lines, stamp, below)
    if header is None:
        return None
    header.stamp_text = lines[stamp].strip()[len("Updated") :].lstrip(" :")
    _read_slot(lines, header)
    header.start, header.crawled = furniture_above(lines, header.start)
    return header


class _Below:
    """The few lines under a stamp: the button or name directly under it, then the first text lines."""

    def __init__(self, lines: Sequence[str], stamp: int) -> None:
        self.follow = False
        self.name: int | None = None
        self.texts: list[int] = []
        direct = True
        for i in range(stamp + 1, min(len(lines), stamp + 10)):
            kind = kind_of(lines[i])
            if kind == "follow" and not self.texts:
                self.follow = True
            elif kind == "text":
                if direct and self.name is None and not self.texts and is_name(lines[i]):
                    self.name = i
                self.texts.append(i)
                if len(self.texts) == 3:
                    break
            elif kind != "blank":
                break
            direct = direct and kind == "follow"


def _by_repeated_line(lines: Sequence[str], stamp: int, below: _Below) -> Header | None:
    """Layouts A, B and C: the headline stands above the stamp and comes back below it."""
    candidates = below.texts[:1]
    if below.name is not None:
        # Under a name stands the headline, but in F the body, which may say what stands above, too. Only
        # where neither comes back, the "name" may be a short headline itself.
        _, *under = below.texts[:2]
        candidates = [i for i in under if not lines[i - 1].strip() or is_headline(lines[i])] + candidates
    for repeat in candidates:
        wanted = normalise(lines[repeat])
        top = _copy_above(lines, stamp, wanted)
        if top is None or _is_repeat_of_earlier(lines, top):
            continue
        copies = 1
        while (higher := _copy_higher(lines, top, wanted)) is not None:
            top, copies = higher, copies + 1
        name = below.name if below.name != repeat else None
        header = Header("A", top, stamp, repeat + 1, lines[top].strip())
        header.captions = _captions(lines, top, stamp, wanted)
        doubled = copies > 1 or len(header.captions) > len(set(header.captions))
        header.layout = "C" if name is not None else "B" if doubled else "A"
        header.byline = lines[name].strip() if name is not None else None
        _read_to_body(lines, header, wanted, doubled)
        return header
    if below.name is not None and len(below.texts) == 3:  # C whose first lines the extractor dropped
        _, first, second = below.texts
        if normalise(lines[first]) == normalise(lines[second]):
            header = Header("C", stamp, stamp, second + 1, lines[first].strip())
            header.byline = lines[below.name].strip()
            _read_to_body(lines, header, normalise(lines[first]), doubled=True)
            return header
    return None


def _by_lone_line(lines: Sequence[str], stamp: int, below: _Below) -> Header | None:
    """Layout F, and A whose headline does not come back: weaker, so more must fit."""
    above = stamp - 1
    if below.name is not None and above >= 0 and _starts_text(lines, below.name + 1):
        # F: headline / [summary] / stamp / name / body, with no empty line among them.
        header = Header("F", above, stamp, below.name + 1, "")
        header.byline = lines[below.name].strip()
        higher = lines[above - 1] if above else ""
        if is_headline(lines[above]) and not is_headline(higher):
            header.headline = lines[above].strip()
        elif is_headline(higher) and kind_of(lines[above]) == "text" and len(lines[above]) <= MAX_LINE:
            header.start, header.headline, header.summary = above - 1, higher.strip(), lines[above].strip()
        else:
            return None
        return header
    return _by_button(lines, stamp, below)


def _by_button(lines: Sequence[str], stamp: int, below: _Below) -> Header | None:
    """Layout A whose headline does not come back, or comes back edited: a slot or "Follow" must vouch."""
    top, texts, slot = stamp - 1, 0, False
    while top >= 0 and stamp - top <= 8 and texts <= MAX_CAPTIONS:
        kind = kind_of(lines[top])
        if kind == "text":
            texts += 1
            if is_headline(lines[top]) and (top == 0 or kind_of(lines[top - 1]) == "blank"):
                break
        elif kind not in ("blank", "slot", "url"):
            return None
        slot = slot or kind == "slot"
        top -= 1
    else:
        return None
    if not (slot or (below.follow and texts == 1)):
        return None
    header = Header("A", top, stamp, stamp + 1, lines[top].strip())
    header.captions = _captions(lines, top, stamp, normalise(header.headline))
    _read_to_body(lines, header, normalise(header.headline), doubled=False)
    first = header.end
    while first < len(lines) and kind_of(lines[first]) == "blank":
        first += 1
    if first + 1 < len(lines) and is_headline(lines[first]) and kind_of(lines[first + 1]) == "blank":
        header.end = first + 1  # the same headline, edited since
        _read_to_body(lines, header, normalise(lines[first]), doubled=False)
    return header


def _copy_above(lines: Sequence[str], stamp: int, wanted: str) -> int | None:
    """The nearest copy of the headline above the stamp, with nothing but header lines between."""
    texts = counters = size = 0
    for i in range(stamp - 1, max(-1, stamp - 1 - MAX_HEADER_LINES), -1):
        line = lines[i]
        kind = kind_of(line)
        size += len(line)
        if size > MAX_HEADER_BYTES or len(line) > MAX_LINE:
            return None
        if kind == "text":
            if normalise(line) == wanted:
                return i
            texts += 1
            if texts > MAX_CAPTIONS + 2 * counters:
                return None
        elif kind == "counter":
            counters += 1
        elif kind not in ("blank", "slot", "url"):
            return None
    return None


def _copy_higher(lines: Sequence[str], top: int, wanted: str) -> int | None:
    """A further copy above `top` that is of the same header: alt texts and galleries repeat it."""
    texts = blanks = counters = 0
    for i in range(top - 1, max(-1, top - 1 - MAX_HEADER_LINES), -1):
        kind = kind_of(lines[i])
        if kind == "blank":
            blanks += 1
            if blanks == 2:
                return None
            continue
        blanks = 0
        if kind == "counter":
            counters += 1
        elif kind != "text" or len(lines[i]) > MAX_LINE:
            return None
        elif normalise(lines[i]) == wanted:
            return None if _is_repeat_of_earlier(lines, i) else i
        else:
            texts += 1
            if texts > 1 + counters:
                return None
    return None


def _is_repeat_of_earlier(lines: Sequence[str], i: int) -> bool:
    """Whether line i is what stands under an earlier article's stamp: its name, or its headline again."""
    for j in range(i - 1, max(-1, i - 6), -1):
        kind = kind_of(lines[j])
        if kind == "stamp":
            return True
        if kind not in ("blank", "follow") and not is_name(lines[j]):
            return False
    return False


def _captions(lines: Sequence[str], top: int, stamp: int, wanted: str) -> list[str]:
    """The text lines between headline and stamp that are not the headline, in order."""
    return [
        lines[i].strip()
        for i in range(top, stamp)
        if kind_of(lines[i]) == "text" and normalise(lines[i]) != wanted
    ]


def _read_to_body(lines: Sequence[str], header: Header, wanted: str, doubled: bool) -> None:
    """Walk from the headline below the stamp to the body, over alt text, bullets and C's second stamp."""
    captions = {normalise(caption) for caption in header.captions}
    i = header.end
    last = min(len(lines), header.stamp + MAX_LINES_BELOW)
    while i < last:
        line = lines[i]
        kind = kind_of(line)
        if kind == "bullet" and not _is_list_item(lines, i) and len(line) <= MAX_LINE:
            header.bullets.append(line.strip()[1:].strip())
        elif kind == "stamp" and header.layout == "C" and line.strip() == lines[header.stamp].strip():
            if i + 1 < len(lines) and lines[i + 1].strip() == header.byline:
                i += 1
        elif kind == "text":
            text = normalise(line)
            if header.bullets or not (text == wanted or (doubled and text in captions)):
                break
        elif kind not in ("blank", "follow"):
            break
        i += 1
        if kind != "blank":
            header.end = i


def _is_list_item(lines: Sequence[str], i: int) -> bool:
    """A bullet that is a title in the body of a list article: its indented text follows it."""
    return i + 2 < len(lines) and not lines[i + 1].strip() and lines[i + 2].startswith("    ")


def _read_slot(lines: Sequence[str], header: Header) -> None:
    """The slot between headline and stamp: absent, empty or filled."""
    for i in range(header.start, header.stamp):
        kind = kind_of(lines[i])
        if kind == "slot":
            header.slot = "empty"
        elif kind == "url" and header.slot == "empty":
            header.slot, header.url = "filled", lines[i].strip()


def _starts_text(lines: Sequence[str], i: int) -> bool:
    """Whether body text stands on line i: a paragraph, not another short line."""
    return i < len(lines) and kind_of(lines[i]) in ("text", "bullet") and len(lines[i].strip()) > MAX_NAME
