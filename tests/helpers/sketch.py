"""A golden page as a sketch: its articles, each line with its role, and what is right of each article.

The roles come from the page's expectation, never from the code that is tested. A mutation changes the lines, and
what is right of them where that changes; so mutations can be put one on another.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dateline.pipeline.rules.text import normalise
from tests.helpers.reading import PLACE, Item, told

GOLDEN = sorted(Path(__file__).parents[1].joinpath("golden").glob("*.txt"))


class Line(NamedTuple):
    role: str
    """blank, crawl, crumb, token, headline, caption, counter, slot, url, stamp, follow, byline, bullet, body, other"""
    text: str


BLANK = Line("blank", "")


class Part(NamedTuple):
    """An article or a reject."""

    gap: str
    """The white space above it."""
    lines: tuple[Line, ...]
    want: Item
    """The fields of the article, or the reason of the reject."""
    first: bool
    """Whether it is the first of its page."""

    def at(self, role: str) -> list[int]:
        return [i for i, line in enumerate(self.lines) if line.role == role]

    @property
    def body(self) -> int:
        """The first line of the body."""
        return next((i for i, line in enumerate(self.lines) if line.role == "body"), len(self.lines))

    @property
    def head(self) -> range:
        """The lines of the header, where it stands above the body; furniture included."""
        headlines = self.at("headline")
        return range(self.body) if headlines and headlines[0] < self.body else range(0)

    @property
    def stamp(self) -> int | None:
        """The first stamp of a header above a body."""
        return next((i for i in self.at("stamp") if i in self.head), None)

    @property
    def above(self) -> list[int]:
        """The copies of the headline above the stamp, or all of them where there is no stamp."""
        return [i for i in self.at("headline") if i in self.head and (self.stamp is None or i < self.stamp)]

    @property
    def below(self) -> list[int]:
        """The copies of the headline below the stamp."""
        return [i for i in self.at("headline") if i in self.head and i not in self.above]

    def with_lines(
        self, at: int, end: int, lines: Iterable[Line | str], role: str = "other", **want: Any
    ) -> "Part":
        """The part with lines[at:end] replaced; a plain string gets the role."""
        new = tuple(
            line if isinstance(line, Line) else Line(role if line.strip() else "blank", line)
            for line in lines
        )
        return self._replace(lines=self.lines[:at] + new + self.lines[end:], want=self.want | want)

    def without(self, drop: Iterable[int], **want: Any) -> "Part":
        gone = set(drop)
        kept = tuple(line for i, line in enumerate(self.lines) if i not in gone)
        return self._replace(lines=kept, want=self.want | want)

    def retold(self, **want: Any) -> "Part":
        return self._replace(want=self.want | want)


class Page(NamedTuple):
    parts: tuple[Part, ...]
    newline: str = "\n"

    @property
    def data(self) -> bytes:
        text = "".join(part.gap + "\n".join(line.text for line in part.lines) for part in self.parts) + "\n"
        return text.replace("\n", self.newline).encode()

    @property
    def want(self) -> list[Item]:
        return [part.want for part in self.parts]


class OneOf(tuple):
    """Any of these values is right."""

    def __eq__(self, other: object) -> bool:
        return any(value == other for value in self)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__


def differences(found: Sequence[Item], wanted: Sequence[Item]) -> list[str]:
    """What is not as wanted, a line each; fields that `wanted` does not name may be anything."""
    found = told(found)
    if [item.get("reason") for item in found] != [item.get("reason") for item in wanted]:
        names = [[item.get("reason") or item.get("headline") for item in items] for items in (found, wanted)]
        return [f"found {names[0]}, expected {names[1]}"]
    return [
        f"{name} of {item.get('headline')!r}: found {item.get(name)!r}, expected {value!r}"
        for item, want in zip(found, wanted, strict=True)
        for name, value in want.items()
        if name not in PLACE and value != item.get(name)
    ]


_KINDS = (
    ("crawl", r"date \d{4}-\d\d-\d\d\b"),
    ("crumb", r"(?:• +)?(?:Search form|You are here|Home)$|Last updated: "),
    ("stamp", r"(?:Updated|Published:?) (?:\d|[A-Z][a-z]{2} \d)"),
    ("follow", r"Follow$"),
    ("slot", r"Short Url$"),
    ("url", r"https://arab\.news/\w+$"),
    ("counter", r"\d+ ?/ ?\d+$"),
    ("token", r"[^\x00-\x7f]{3,12}$"),
)


def role_of(text: str, want: Item, above: bool) -> str:
    """What a line is, by the article that it belongs to; `above` says that no headline stands above it."""
    bare = text.strip()
    if not bare:
        return "blank"
    kind = next((name for name, pattern in _KINDS if re.match(pattern, bare)), None)
    if kind:
        return kind
    if "reason" in want:
        return "other"
    same, headline = normalise(bare), normalise(want["headline"])
    if above and bare[0] == "•":
        return "crumb"
    if same == headline or (same.endswith(headline) and same.count(" ") <= headline.count(" ") + 3):
        return "headline"
    if bare.lstrip("•- ") in want["summary"]:
        return "bullet"
    if want["byline"] and bare.rstrip("| ") == want["byline"]:
        return "byline"
    if any(bare == text[: len(bare)] for text in want["body"].split("\n\n")):
        return "body"
    if want["caption"] and same.startswith(normalise(want["caption"].rstrip("."))):
        return "caption"
    if want["credit"] and re.fullmatch(rf"\W*{re.escape(want['credit'])}\W*", bare):
        return "caption"
    return "other"


def sketch(path: Path) -> Page:
    """The sketch of a golden page."""
    data = path.read_bytes()
    parts: list[Part] = []
    end = 0
    for item, want in zip(
        items := json.loads(path.with_suffix(".json").read_text("utf-8")), told(items), strict=True
    ):
        start = item.get("offset", item.get("source_offset"))
        stop = start + item.get("length", item.get("source_length"))
        lines: list[Line] = []
        for text in data[start:stop].decode().split("\n"):
            above = not any(line.role == "headline" for line in lines)
            lines.append(Line(role_of(text, want, above), text))
        parts.append(Part(data[end:start].decode(), tuple(lines), want, not parts))
        end = stop
    return Page(tuple(parts))
