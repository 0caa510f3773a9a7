"""The body below a header: its paragraphs, without what is not the article's; which of them are none.

A first sentence of the body.

The Lamp Fair                                     a subheading: a short line that heads what follows
_
A sentence of what it heads.
_
_
_
_
The lamps of the second night. (Supplied)         a caption: below the empty lines that a picture leaves
_
The last sentence.

Both stand in the body, too, where they stood: they are lists of what a reader may want to leave out.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dateline.pipeline.rules.header import Header
from dateline.pipeline.rules.line_kinds import MAX_NAME, code_of, crawl_line, is_text, kind_of
from dateline.pipeline.rules.site import AGENCIES, CAPTION_SOURCES, LINE_KINDS

MAX_BOX_LINES = 2
"""Lines of a box above its "Enter": a title and a line under it."""
MAX_SPECIAL = 100
"""Characters of a line that is no paragraph, at most; but a template that nobody filled in may be longer."""
MAX_SUBHEADING = 80
"""Characters of a subheading; longer is a paragraph."""
MAX_CAPTION = 300
"""Characters of a caption amid the body."""
PICTURE_GAP = 4
"""Empty lines that a picture amid the body leaves, at least."""
MIN_SENTENCE = 40
"""Characters of each of the two sentences that a subheading without empty lines stands between."""
_NO_PARAGRAPH = tuple(
    begin for kind in LINE_KINDS if kind.name in ("end", "template") for begin in kind.begins
)
_NO_PARAGRAPH_INITIALS = frozenset(begin[0] for begin in _NO_PARAGRAPH)
"""How lines begin that are no paragraphs, though they stand among them: most lines are told by their first letter."""
QUOTES = "‘’“”'\""
SENTENCE_ENDS, NO_HEAD_ENDS = ".!?…:;" + QUOTES, ".,:;!…)"

_BARE_CREDIT = re.compile(rf"(?<=[.!?”\"]) (?:{CAPTION_SOURCES})(?:/[\w /’'-]{{2,40}})?\.?$")
_CREDIT = re.compile(
    rf"(?<=[.!?”’'\"]) ?[(\[](?!With |Reporting |Additional )[^()\[\]]{{0,60}}\b(?:{CAPTION_SOURCES}|[Pp]hotos?|[Cc]ourtesy)\b[^()\[\]]{{0,60}}[)\]]$"
)
"""Behind a caption's last sentence; what a report is signed with, and an agency's short name in a sentence, are none."""
_EMBED = re.compile(
    r"^(?:View this post on Instagram$|A post shared by .{1,80} \(@[\w.]+\)"
    r"|— .{1,80} \(@\w{1,15}\) [A-Z][a-z]+ \d{1,2}, \d{4}$)"
)
"""What is left of a post that a page shows, beside its text with an address of a picture in it."""
_NAME = re.compile(r"^[A-Z][\w’'-]+\.?(?: (?:[A-Z][\w.’'-]*|al|bin|de|van|von)){1,3}(?=$|, )")
"""A person's, and perhaps what she is, behind a comma."""
_WRITER = re.compile(
    r"^The (?:writer|author)|@\w|\b(?:writer|author|columnist|editor|journalist|correspondent|professor|lecturer|analyst"
    r"|researcher|scholar|fellow|reporter|critic|novelist|poet|blogger|Twitter)\b"
)
"""What the line below a signature says."""


class Body(NamedTuple):
    paragraphs: list[str]
    subheadings: list[str]
    captions: list[str]
    """Those of the paragraphs that are captions of pictures, or texts of what is embedded."""


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


def read_body(lines: Sequence[str]) -> Body:
    """Paragraphs, and which of them are subheadings or captions; tags at the end are furniture.

    Args:
        lines: stripped.
    """
    paragraphs, gaps = _paragraphs(lines)
    odd = [i for i, text in enumerate(paragraphs) if len(text) <= MAX_SPECIAL or text[-1] in ")]"]
    if gaps and max(gaps.values()) >= PICTURE_GAP:
        odd = sorted({*odd, *(i for i, gap in gaps.items() if gap >= PICTURE_GAP)})
    captions = [i for i in odd if i and _is_caption(paragraphs, gaps, i)]
    open_ended = [i for i in odd if paragraphs[i][-1] not in NO_HEAD_ENDS]
    short = {i for i in open_ended if i not in captions and is_subheading(paragraphs[i])}
    if not short:
        return Body(paragraphs, [], [paragraphs[i] for i in captions])
    short -= {i for i in short if i + 1 in short and _is_signature(paragraphs[i], paragraphs[i + 1])}
    lone = sorted(i for i in short if not {i - 1, i + 1} & short)  # short lines in a row are a list
    heads = [i for i in lone if i and _heads(paragraphs, gaps, i)]
    if 0 in lone and _heads_all(paragraphs, gaps, bool(heads)):
        heads.insert(0, 0)
    return Body(paragraphs, [paragraphs[i] for i in heads], [paragraphs[i] for i in captions])


def _paragraphs(lines: Sequence[str]) -> tuple[list[str], Mapping[int, int]]:
    """The paragraphs; and, by its place, how many empty lines stand above each that has some there."""
    paragraphs: list[str] = []
    gaps: dict[int, int] = {}
    broken: list[
        str
    ] = []  # the last one's pieces, if it has several: joined one by one they take their square
    gap = 0
    for text in lines:
        if not text:
            gap += 1
            continue
        first = text[0]
        if first in _NO_PARAGRAPH_INITIALS and text.startswith(_NO_PARAGRAPH):
            kind = kind_of(text)
            if paragraphs and kind == "e":
                break  # a box behind the last paragraph, and what it lists
            if kind == "V":
                continue
        if gap:
            gaps[len(paragraphs)] = gap
            gap = 0
        elif first >= "a" and first.islower() and paragraphs and _is_cut(paragraphs[-1], broken):
            broken = broken or [paragraphs[-1]]  # the extractor broke a sentence in two
            broken.append(text)
            continue
        if broken:
            paragraphs[-1], broken = " ".join(broken), []
        paragraphs.append(text)
    if broken:
        paragraphs[-1] = " ".join(broken)
    while paragraphs and kind_of(paragraphs[-1]) in ("p", "f", "z"):
        gaps.pop(len(paragraphs) - 1, None)
        paragraphs.pop()
    return paragraphs, gaps


def _is_caption(paragraphs: Sequence[str], gaps: Mapping[int, int], i: int) -> bool:
    """Whether a paragraph behind the first is a picture's caption, or the text of what is embedded.

    A sentence and a known credit is one wherever it stands apart. Below a picture's empty lines so is a line with any
    credit, or one that no sentence's end closes, unless it is the last, or looks like a title.
    """
    text = paragraphs[i]
    if "pic.twitter.com/" in text or _EMBED.match(text):
        return True
    if i not in gaps or len(text) > MAX_CAPTION:
        return False
    if text[-1] in ")]" and _CREDIT.search(text):
        return True
    if gaps[i] < PICTURE_GAP:
        return False
    if code_of(text) == "g" or _BARE_CREDIT.search(text):
        return True
    is_title = text != text.strip(QUOTES) or text.isupper() or text[0].isdigit()
    return not is_title and i + 1 < len(paragraphs) and text[0].isupper() and text[-1] not in SENTENCE_ENDS


def _is_signature(text: str, below: str) -> bool:
    """Whether a line is the name of who wrote the part above it, and below it a title heads the next."""
    return bool(_NAME.fullmatch(text)) and below[0] in QUOTES and below[-1] in QUOTES


def _heads(paragraphs: Sequence[str], gaps: Mapping[int, int], i: int) -> bool:
    """Whether a short line amid the body heads what follows."""
    if i + 1 == len(paragraphs):
        return False
    before, text, after = paragraphs[i - 1 : i + 2]
    return heads(text, before, after, i in gaps, i + 2 == len(paragraphs))


def heads(text: str, before: str, after: str, is_apart: bool, is_end: bool) -> bool:
    """Whether a short line heads the paragraph below it.

    An agency, a signature (a name, and below it who that is, or nothing), and a quotation's speaker do not.
    Without an empty line above it, it stands between two sentences that are not short.

    Args:
        text: the line.
        before: the paragraph above it.
        after: the one below.
        is_apart: whether there is an empty line above it.
        is_end: whether the body ends below `after`.
    """
    if text in AGENCIES:
        return False
    name = _NAME.match(text)
    if name and is_end and _WRITER.search(after):
        return False
    if is_apart:
        return not (name and name.end() < len(text) and before[0] in QUOTES and before[-1] in QUOTES)
    return all(len(side) >= MIN_SENTENCE and side[-1] in SENTENCE_ENDS for side in (before, after))


def _heads_all(paragraphs: Sequence[str], gaps: Mapping[int, int], others: bool) -> bool:
    """Whether the body's first line, which is short, is a subheading.

    It is where others are; alone it stands apart from a sentence and is no person's name, or it is in quotes.
    """
    text = paragraphs[0]
    if len(paragraphs) == 1 or text in AGENCIES:
        return False
    after = paragraphs[1]
    if others or after[-1] not in SENTENCE_ENDS or len(after) <= len(text):
        return others
    return (text[0] in QUOTES and text[-1] in QUOTES) or (1 in gaps and not _NAME.match(text))


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


_NUMBER = re.compile(r"^\d{1,2}[.)] (?=\S+ )")
"""What each subheading of a list in prose begins with; a word alone behind it is an entry of a plain list."""


def is_subheading(text: str) -> bool:
    """Whether a line can be a subheading: a short one that no sentence's end closes, and no bullet or label opens; a number may, and a title in quotes may hold a colon."""
    if len(text) > MAX_SPECIAL:
        return False
    bare = (_ODD_END.sub("", text) if text[-1] > "\x7f" else text).strip(QUOTES)
    if bare and bare[0].isdigit():
        bare = _NUMBER.sub("", bare).strip(QUOTES)
    return (
        1 < len(bare) <= MAX_SUBHEADING
        and bare[-1] not in NO_HEAD_ENDS
        and bare[0].isupper()
        and (": " not in bare or (text[0] in QUOTES and text[-1] in QUOTES))
        and "|" not in bare
        and is_text(code_of(text))
    )
