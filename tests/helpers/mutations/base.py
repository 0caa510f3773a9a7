"""What real pages show in their headers, as mutations: each makes other pages of a golden page, and says how they read.

A mutation is a generator over one article; its docstring is its reason. What is right of the article stays as it
is, or is given anew beside the lines. Where a mutation does not fit, it yields nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tests.helpers.sketch import Item, Page, Part

URL = "https://arab.news/q7xvz"


class Mutation(NamedTuple):
    name: str
    why: str
    apply: Callable[[Page], Iterable[Page]]


MUTATIONS: list[Mutation] = []


def of_article(mutate: Callable[[Part], Iterator[Part]]) -> Callable[[Part], Iterator[Part]]:
    """Register a mutation of one article: it is tried on each article of a page by itself."""

    def apply(page: Page) -> Iterator[Page]:
        for i, part in enumerate(page.parts):
            if "reason" not in part.want:
                for mutant in mutate(part):
                    yield page._replace(parts=(*page.parts[:i], mutant, *page.parts[i + 1 :]))

    MUTATIONS.append(Mutation(mutate.__name__, mutate.__doc__ or "", apply))
    return mutate


def of_page(mutate: Callable[[Page], Iterator[Page]]) -> Callable[[Page], Iterator[Page]]:
    """Register a mutation of a whole page."""
    MUTATIONS.append(Mutation(mutate.__name__, mutate.__doc__ or "", mutate))
    return mutate


def repeated(part: Part) -> bool:
    """Whether the header is a full one: a stamp, with the headline above and below it."""
    return part.stamp is not None and bool(part.above and part.below)


def certain(part: Part) -> bool:
    """Whether more than a lone line speaks for the headline."""
    return repeated(part) or len(part.above) > 1


def at_top(part: Part) -> bool:
    """Whether nothing above the article could be taken for its own lines."""
    return part.first or part.gap.count("\n") > 2


def caption_line(part: Part) -> int | None:
    """The one caption of a header, if it has just one."""
    captions = [i for i in part.head if part.lines[i].role == "caption"]
    alone = len(captions) == 1 and not part.at("counter")
    return captions[0] if alone and part.want["caption"] else None


def bracketed(part: Part) -> int | None:
    """The one caption, if a credit in brackets ends it."""
    at = caption_line(part)
    return (
        at if at is not None and part.want["credit"] and part.lines[at].text.rstrip().endswith(")") else None
    )


def mended(want: Item, name: str) -> Item:
    """What is right of an article in whose text this was mended, too."""
    if "reason" in want:
        return want
    order = ("byte-order-mark", "windows-1252", "mojibake", "zero-width", "no-break-space")
    return want | {"text_repairs": sorted({*want["text_repairs"], name}, key=order.index)}


def slot_lines(part: Part) -> list[int]:
    """The slot's lines, the empty ones around its URL among them."""
    found = [i for i in part.head if part.lines[i].role in ("slot", "url")]
    return list(range(found[0], found[-1] + 1)) if found else []
