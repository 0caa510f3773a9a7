"""Invented articles in the layouts of real pages, for tests and for the golden pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field

BODY = (
    "The ferry left the harbor at dawn with forty passengers on board.",
    "“Nobody expected such calm water,” its captain said.",
    "It will sail three times a week until the end of October.",
)


@dataclass(frozen=True)
class Article:
    headline: str = "Ferry returns to the old harbor"
    caption: str | None = "The ferry at its berth. (AFP/File)"
    slot: str | None = None
    """None: no slot; "": an empty one; else its URL."""
    stamp: str = "07 September 2023"
    byline: str = "AFP"
    bullets: Sequence[str] = ("The line had been closed for a decade",)
    place: str | None = "KYIV"
    body: Sequence[str] = field(default=BODY)

    @property
    def text(self) -> str:
        first, *rest = self.body
        return "\n".join([f"{self.place}: {first}" if self.place else first, *rest])

    def _bullets(self) -> list[str]:
        return [f"  • {bullet}" for bullet in self.bullets]


def plain(a: Article, follow: bool = True) -> str:
    """Layout A."""
    lines = [a.headline, ""]
    lines += [a.caption] if a.caption else []
    if a.slot is not None:
        lines += ["Short Url"] + (["", a.slot, ""] if a.slot else [])
    lines += [f"Updated {a.stamp}"] + (["Follow"] if follow else [])
    lines += ["", a.headline, "", *a._bullets(), *([""] if a.bullets else []), a.text]
    return "\n".join(lines) + "\n"


def doubled(a: Article) -> str:
    """Layout B: the alt text of the picture is the headline."""
    lines = [a.headline, "", a.headline]
    lines += [a.caption] if a.caption else []
    lines += ["Short Url"] if a.slot is not None else []
    lines += [f"Updated {a.stamp}", "", a.headline, "", a.headline, *a._bullets(), "", a.text]
    return "\n".join(lines) + "\n"


def full(a: Article, crawled: str | None = None, kicker: str | None = None) -> str:
    """Layout C: an agency under the stamp, which comes twice."""
    lines = []
    if crawled:
        lines += [f" date {crawled} You are here", "", "  • Home", f"  • {a.headline}"]
        lines += [kicker, kicker] if kicker else []
        lines += [""]
    lines += [a.headline, "", a.headline]
    lines += [a.caption] if a.caption else []
    if a.slot is not None:
        lines += ["Short Url"] + (["", a.slot, ""] if a.slot else [])
    lines += [f"Updated {a.stamp}", a.byline, "", a.headline, "", a.headline, *a._bullets()]
    lines += [f"Updated {a.stamp}", a.byline, "", a.text]
    return "\n".join(lines) + "\n"


def compact(a: Article) -> str:
    """Layout F: no empty line, no repeated headline."""
    lines = [a.headline, *a.bullets, f"Updated {a.stamp}", a.byline, a.text]
    return "\n".join(lines) + "\n"


LAYOUTS = {"A": plain, "B": doubled, "C": full, "F": compact}
