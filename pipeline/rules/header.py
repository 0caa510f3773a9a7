"""From a reading to headers: where each starts and ends, and the fields that its lines hold."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from dateline.pipeline.rules.dates import stamp_of
from dateline.pipeline.rules.line_forms import Line, lines_of
from dateline.pipeline.rules.line_kinds import crawl_line
from dateline.pipeline.rules.reading import Reading, read
from dateline.pipeline.rules.roles import STEPS
from dateline.pipeline.rules.site import LABELS
from dateline.pipeline.rules.text import normalise

NEAR_ROWS = (12, 40, 320)
"""Lines of a block that are read at first, and where these do not settle it: most headers are short, but a gallery is
long, and so is a body that stands above its header."""

_STARTS = frozenset(
    (before, after)
    for step in STEPS
    if step.starts
    for before in step.before.split()
    for after in step.after.split()
)
"""The pairs of roles between which an article, a page or a list starts."""
_BODY = frozenset(["first", "opening", "dated", "dated2", "late", "body", "bare", "list", "behind_text"])
_HEADLINES = ("headline", "top_headline", "crawl_headline", "found", "behind")
_TITLES = frozenset(
    ["headline", "top_headline", "crawl_headline", "alt_headline", "again", "found", "behind", "behind_again"]
)
_LABEL_KEYS = frozenset(map(normalise, LABELS))
_PICTURES = frozenset(["caption", "caption2", "cut_caption", "picture", "alt", "echo", "brief"])


@dataclass(slots=True)
class Header:
    """What stands above the body of one article; all line numbers count from 0 in the given lines."""

    layout: str
    """A letter, as in the catalogue of layouts, for people."""
    start: int
    """The first line, furniture included."""
    end: int
    """The first line of the body; where there is none, one past the last line."""
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


class Part(NamedTuple):
    """The lines of one header, from its first to the one before its body."""

    lines: Sequence[Line]
    roles: Sequence[str]
    end: int
    """The number of the row where the body starts."""

    @property
    def start(self) -> int:
        return self.lines[0].at

    @property
    def is_headed(self) -> bool:
        return any(role in _HEADLINES for role in self.roles)


def parts_of(lines: Sequence[Line], reading: Reading, rows: int) -> Iterator[Part]:
    """The headers of a reading, in order; also those without a headline, and lists.

    Args:
        lines: what was read.
        reading: their roles.
        rows: one past the last row.
    """
    roles = reading.roles
    starts = [i for i, pair in enumerate(pairwise(["start", *roles])) if pair in _STARTS]
    for begin, following in pairwise([*starts, len(lines)]):
        stop = next((i for i in range(begin, following) if roles[i] in _BODY), following)
        end = lines[stop].at if stop < len(lines) else rows
        yield (
            Part(lines[begin:stop], roles[begin:stop], end)
            if stop > begin
            else Part(lines[begin : begin + 1], roles[begin : begin + 1], lines[begin].at)
        )


def first_part(rows: Sequence[str]) -> Part | None:
    """The header that a block starts with; None where it starts with none.

    Args:
        rows: the lines of the block.
    """
    for many in NEAR_ROWS:
        lines = lines_of(rows[:many])
        whole = len(rows) <= many
        reading = read(lines, "start", whole, first=True)
        if whole or len(reading.roles) < len(lines):
            break
    part = next(parts_of(lines[: len(reading.roles)], reading, len(rows)), None)
    return part if part and part.start == 0 else None


def header_from(part: Part) -> Header:
    """The fields of a header that has a headline."""
    by_role: dict[str, list[Line]] = {}
    for line, role in zip(part.lines, part.roles, strict=True):
        by_role.setdefault(role, []).append(line)

    def texts(*roles: str) -> list[str]:
        return [line.text for role in roles if role in by_role for line in by_role[role]]

    header = Header(_letter(by_role), part.start, part.end, _headline(part))
    header.stamp = next(map(stamp_of, texts("stamp", "stamp2", "behind_stamp")), None)
    urls = texts("url", "bare_url", "late_url", "behind_url", "page_url")
    header.slot = (
        "filled" if urls else "empty" if by_role.keys() & {"slot", "late_slot", "behind_slot"} else "absent"
    )
    header.url = next(iter(urls), None)
    header.byline = _byline(texts("name", "behind_name"), texts("name2"), texts("writer"))
    header.captions = _captions(part)
    header.bullets = [
        text.lstrip("•-").strip() for text in texts("bullet", "lead_bullet", "point", "behind_bullet")
    ]
    if _is_compact(part, by_role):
        header.bullets, header.captions = header.captions, []
    header.crawled = next(
        (crawl_line(text)[0] for line in by_role.get("top", ()) if line.code == "d" for text in [line.text]),
        None,
    )
    if "before" in by_role:
        paragraphs = by_role["before"]
        header.before = paragraphs[0].at, paragraphs[-1].at + 1
    return header


def _headline(part: Part) -> str:
    """The headline, from the shortest of its copies above the stamp: labels stand in front of some."""
    first = next(line for line, role in zip(part.lines, part.roles, strict=True) if role in _HEADLINES)
    copies = [line for line, role in zip(part.lines, part.roles, strict=True) if role in _TITLES and line.key]
    return min([first, *copies], key=lambda line: (len(line.key), len(line.text))).text


def _byline(names: list[str], again: list[str], writers: list[str]) -> str | None:
    """Who wrote, of the lines below the stamp, below the second one, and above the first."""
    for found in names, again, writers:
        people = [name.rstrip("|").strip() for name in found if name not in ("Follow", "0")]
        if people:
            return ", ".join(dict.fromkeys(people))
    return None


def _captions(part: Part) -> list[str]:
    """The captions, each once; of copies with and without a credit the one with it, without a label in front."""
    found: dict[str, Line] = {}
    for line, role in zip(part.lines, part.roles, strict=True):
        if role in _PICTURES:
            known = found.get(line.stem)
            if known is None or (line.code == "g" and known.code != "g"):
                found[line.stem] = line
    return [line.text for stem, line in found.items() if not _is_labelled(stem, found)]


def _is_labelled(stem: str, others: Container[str]) -> bool:
    """Whether a caption is another one with a label such as "Update" in front."""
    label, space, rest = stem.partition(" ")
    return bool(space) and rest in others and label in _LABEL_KEYS


def _is_compact(part: Part, by_role: dict[str, list[Line]]) -> bool:
    """F: no empty line, and what stands between headline and stamp is a summary without glyphs."""
    return (
        "name" in by_role
        and not by_role.keys() & {"again", "found", "slot", "bullet"}
        and "stamp" in by_role
        and all(line.code not in "gr" for line in by_role.get("caption", ()))
        and all(
            line.gap == 0
            for line, role in zip(part.lines, part.roles, strict=True)
            if role not in ("top", "crumb", "kicker", "headline", "top_headline")
        )
    )


def _letter(by_role: dict[str, list[Line]]) -> str:
    """The layout, as the catalogue has it: for people, nothing depends on it."""
    summary = by_role.get("lead_bullet")
    if "behind" in by_role or (summary and not summary[0].gap):
        return "E"
    if "writer" in by_role and any(line.code == "a" for line in by_role["writer"]):
        return "H"
    if "stamp" in by_role:
        if by_role.keys() & {"name", "name2"}:
            return "C" if by_role.keys() & {"again", "found"} else "F"
        return "B" if "alt_headline" in by_role or "alt" in by_role else "A"
    if "again" in by_role or "alt_headline" in by_role:
        return "J"
    return "D" if "top" in by_role else "G"
