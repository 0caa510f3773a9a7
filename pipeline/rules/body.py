"""The body below a header: its paragraphs and subheadings, without what is not the article's."""

import re
from collections.abc import Sequence

from pipeline.rules.layout import Header
from pipeline.rules.lines import MAX_NAME, code_of, crawl_line, is_text

MAX_BOX_LINES = 2
"""Lines of a box above its "Enter": a title and a line under it."""
MAX_SPECIAL = 100
"""Characters of a line that is no paragraph, at most; but a template that nobody filled in may be longer."""
MAX_SUBHEADING = 80
"""Characters of a subheading; longer is a paragraph."""


def body_lines(lines: Sequence[str], header: Header) -> list[str]:
    """The lines below a header, or around it where it stands behind its own body (E); stripped."""
    below = without_boxes([line.strip() for line in lines[header.end :]])
    if not header.before:
        return below
    above = [line.strip() for line in lines[slice(*header.before)]]
    if code_of(above[0]) == "d":
        above[0] = crawl_line(above[0])[1]
    again = next((i for i, line in enumerate(below) if line), None)
    if again is not None and below[again] == above[0]:
        del below[again]  # the first paragraph comes again under the bullets
    return above + below


def without_boxes(lines: list[str]) -> list[str]:
    """Stripped lines without boxes that point elsewhere: a title, a line under it, "Enter", "keywords"."""
    if "Enter" not in lines:
        return lines
    kept: list[str] = []
    inside = -1
    for i, line in enumerate(lines):
        if i <= inside:
            continue
        if line == "Enter":
            foot = next((j for j in range(i + 1, min(i + 4, len(lines))) if code_of(lines[j]) == "q"), None)
            if foot is not None:
                inside = foot
                while kept and not kept[-1]:
                    kept.pop()
                title = kept[-MAX_BOX_LINES:]
                gap = next((n for n, above in enumerate(reversed(title)) if not above), len(title))
                del kept[len(kept) - gap :]
                kept.append("")
                continue
        kept.append(line)
    return kept


def read_body(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Paragraphs and, among them, subheadings; tags at the end are furniture.

    Args:
        lines: stripped.
    """
    paragraphs: list[str] = []
    subheadings: list[str] = []
    broken: list[
        str
    ] = []  # the last paragraph's pieces, if it has several: joined one by one they take their square
    after_blank = True
    for text in lines:
        if not text:
            after_blank = True
            continue
        if len(text) <= MAX_SPECIAL or text[0] in "-{":  # most are longer, and no code need be found
            code = code_of(text)
            if paragraphs and code == "e":
                break  # a box behind the last paragraph, and what it lists
            if code == "V":
                continue
        if not after_blank and paragraphs and text[0].islower() and _is_cut(paragraphs[-1], broken):
            broken = broken or [paragraphs[-1]]  # the extractor broke a sentence in two
            broken.append(text)
            continue
        if broken:
            paragraphs[-1], broken = " ".join(broken), []
        if subheadings and paragraphs[-1] == subheadings[-1] and _is_subheading(text):
            subheadings.pop()  # two short lines in a row head nothing: a list, a quote's speaker
        elif after_blank and paragraphs and _is_subheading(text):
            subheadings.append(text)
        paragraphs.append(text)
        after_blank = False
    if broken:
        paragraphs[-1] = " ".join(broken)
    while paragraphs and code_of(paragraphs[-1]) in "pfz":
        paragraphs.pop()
    if subheadings and paragraphs and paragraphs[-1] == subheadings[-1]:
        subheadings.pop()  # nothing follows it
    return paragraphs, subheadings


def _is_cut(first: str, pieces: Sequence[str]) -> bool:
    """Whether a paragraph ends in the midst of a sentence: no short line, and no mark at its end.

    Args:
        first: the paragraph, or the first piece of it.
        pieces: all of them, if there are several.
    """
    last = pieces[-1] if pieces else first
    return len(first) > MAX_NAME and (last[-1].isalnum() or last[-1] in ",-")


_ODD_END = re.compile(r"(?<=[.!?])[^\x00-\x7f‘’“”]{1,3}$")
"""What mirrors make of a no-break space behind a full stop."""


def _is_subheading(text: str) -> bool:
    """A short line that no sentence's end closes, and no bullet, label or number opens."""
    if len(text) > MAX_SPECIAL:
        return False
    bare = _ODD_END.sub("", text).strip("‘’“”'\"")
    return (
        1 < len(bare) <= MAX_SUBHEADING
        and bare[-1] not in ".,:;!…)"
        and bare[0].isupper()
        and ": " not in bare
        and is_text(code_of(text))
    )
