"""Authors, agencies, stamps, slots, the button."""

import re
from collections.abc import Iterable, Iterator

from tests.helpers.mutations.base import (
    URL,
    bracketed,
    certain,
    of_article,
    of_page,
    repeated,
    slot_lines,
)
from tests.helpers.sketch import BLANK, Line, OneOf, Page, Part

NAMES = ("Mara Selin", "JONAS AL-KARIM", "Rida Orman")


def bylines(part: Part) -> list[int]:
    """The author lines of a header, if there are such under its first stamp and nowhere above it."""
    found = [i for i in part.at("byline") if i in part.head]
    return found if part.stamp is not None and found and found[0] == part.stamp + 1 else []


def together(names: Iterable[str]) -> OneOf:
    """Several names as one byline, whatever parts them."""
    return OneOf(mark.join(names) for mark in (", ", " and ", " & ", "; ", " | ", " / ", " ", "\n"))


@of_article
def agency_above_the_stamp(a: Part) -> Iterator[Part]:
    """The agency above the stamp instead of below it."""
    names = bylines(a)
    if names and repeated(a) and a.stamp is not None:
        moved = a.without([i for i in names if i < a.below[0]])
        yield moved.with_lines(a.stamp, a.stamp, [a.lines[names[0]]])


@of_article
def agency_above_added(a: Part) -> Iterator[Part]:
    """An agency above the stamp of a page that has none: it is the byline."""
    if repeated(a) and not a.want["byline"] and a.stamp is not None:
        for name in "AFP", "Arab News", "Reuters", "SPA":
            yield a.with_lines(a.stamp, a.stamp, [name], "byline", byline=name)


@of_article
def author_above_added(a: Part) -> Iterator[Part]:
    """A person above the stamp, below a caption with its credit: the byline."""
    if repeated(a) and not a.want["byline"] and a.stamp is not None and bracketed(a) is not None:
        for name in NAMES:
            yield a.with_lines(a.stamp, a.stamp, [name], "byline", byline=name)


@of_article
def authors_under_the_stamp(a: Part) -> Iterator[Part]:
    """One to three authors under the stamp, a line each; under the second stamp the same, or all on one line, or none."""
    lines = bylines(a)
    if not lines or not repeated(a):
        return
    first = [i for i in lines if i < a.below[0]]
    second = [i for i in lines if i > a.below[-1]]
    for n in 1, 2, 3:
        names = NAMES[:n]
        for again in (names, (" ".join(names),), ()) if second else ((),):
            want = together(names) if n > 1 else OneOf(names)
            part = a.with_lines(second[0], second[-1] + 1, again, "byline") if second else a
            yield part.with_lines(first[0], first[-1] + 1, names, "byline", byline=want)


@of_article
def authors_added(a: Part) -> Iterator[Part]:
    """One to three authors, or an agency, under the stamp of a page that has none."""
    if repeated(a) and not a.want["byline"] and a.stamp is not None:
        at = a.stamp + 1
        for names in (NAMES[:1], NAMES[1:2], NAMES[:2], NAMES, ("Arab News",), ("AFP",)):
            want = together(names) if len(names) > 1 else names[0]
            yield a.with_lines(at, at, names, "byline", byline=want)


def second_stamp(part: Part) -> int | None:
    """The stamp below the bullets."""
    stamps = [i for i in part.at("stamp") if i in part.head]
    return stamps[1] if len(stamps) == 2 and part.below and stamps[1] > part.below[-1] else None


@of_article
def second_stamp_missing(a: Part) -> Iterator[Part]:
    """The stamp does not come again below the bullets."""
    if (at := second_stamp(a)) is not None and repeated(a) and bylines(a):
        yield a.without(i for i in range(at, a.body) if a.lines[i].role in ("stamp", "byline", "follow"))


@of_article
def second_stamp_without_agency(a: Part) -> Iterator[Part]:
    """The stamp comes again, without the agency."""
    if (at := second_stamp(a)) is not None and repeated(a) and bylines(a):
        yield a.without(i for i in range(at, a.body) if a.lines[i].role == "byline")


def end_of_header(part: Part) -> int:
    """One past the last bullet, or the last headline, of a header."""
    return max([i for i in part.at("bullet") if i in part.head] + part.below) + 1


@of_article
def second_stamp_added(a: Part) -> Iterator[Part]:
    """A second stamp below the bullets, without an agency: no body text."""
    if repeated(a) and second_stamp(a) is None and a.stamp is not None:
        at = end_of_header(a)
        yield a.with_lines(at, at, [a.lines[a.stamp]])
        yield a.with_lines(at, at, [BLANK, a.lines[a.stamp]])
        yield a.with_lines(at, at, [a.lines[a.stamp], Line("follow", "Follow")])


@of_article
def second_stamp_with_agency(a: Part) -> Iterator[Part]:
    """A second stamp with an agency, and no agency under the first."""
    if repeated(a) and second_stamp(a) is None and a.stamp is not None and not a.want["byline"]:
        at = end_of_header(a)
        for name in "AFP", "Arab News":
            yield a.with_lines(at, at, [a.lines[a.stamp], Line("byline", name)], byline=name)


# The slot


def above_the_stamp(part: Part) -> int:
    """Where the slot stands: above the stamp, and an author's line above that."""
    stamp = part.stamp or 0
    return stamp - (part.lines[stamp - 1].role == "byline")


@of_article
def slot_missing(a: Part) -> Iterator[Part]:
    """Pages before December 2019, and any page's copy without it."""
    if slot_lines(a) and certain(a):
        yield a.without(slot_lines(a), short_url=None, short_url_slot="absent")


@of_article
def slot_empty(a: Part) -> Iterator[Part]:
    """The label, and no URL."""
    at = slot_lines(a)
    if repeated(a):
        start, end = (at[0], at[-1] + 1) if at else (above_the_stamp(a),) * 2
        label = Line("slot", "Short Url")
        yield a.with_lines(start, end, [label], short_url=None, short_url_slot="empty")


@of_article
def slot_filled(a: Part) -> Iterator[Part]:
    """The label and a URL, with empty lines or without; or a URL alone."""
    at = slot_lines(a)
    if not (at or repeated(a)):
        return
    start, end = (at[0], at[-1] + 1) if at else (above_the_stamp(a),) * 2
    label, url = Line("slot", "Short Url"), Line("url", URL)
    for lines in (
        [label, BLANK, url, BLANK],
        [label, url],
        [label, BLANK, BLANK, url, BLANK],
        [url],
        [url, BLANK],
    ):
        yield a.with_lines(start, end, lines, short_url=URL, short_url_slot="filled")


# Buttons and relative stamps


@of_article
def button(a: Part) -> Iterator[Part]:
    """The button under the stamp is there, or not, or is its count."""
    if repeated(a) and a.stamp is not None:
        after = a.stamp + 1
        follows = [i for i in a.at("follow") if i in a.head]
        yield a.without(follows)
        for text in ("0", "Follow") if not follows and a.lines[after].role == "blank" else ():
            yield a.with_lines(after, after, [text], "follow")


@of_page
def relative_stamp(page: Page) -> Iterator[Page]:
    """A relative stamp counts from the crawl's day at the top of its own page, also in a trailing article."""
    day = None
    for i, a in enumerate(page.parts):
        days = [re.search(r"date (\S+)", a.lines[n].text) for n in a.at("crawl")]
        day = next((match[1] for match in days if match), day)
        if "reason" in a.want or a.stamp is None:
            continue
        for text in "13 sec ago", "2 min 59 sec ago", "4 min ago":
            lines = [Line("stamp", f"Updated {text}") if line.role == "stamp" else line for line in a.lines]
            want = {"updated": day, "updated_source": "crawl" if day else "none", "updated_text": text}
            want["crawled"] = OneOf((a.want["crawled"], day))
            new = a._replace(lines=tuple(lines), want=a.want | want)
            yield page._replace(parts=(*page.parts[:i], new, *page.parts[i + 1 :]))


@of_article
def day_above_the_slot(a: Part) -> Iterator[Part]:
    """The day on which an opinion first appeared, alone under its headline: neither caption nor stamp."""
    if (
        repeated(a)
        and a.stamp is not None
        and not any(line.role in ("caption", "byline", "other") for line in a.lines[: a.stamp])
    ):
        at = a.above[-1] + 1
        if a.lines[at].role == "blank" and not a.at("counter"):
            yield a.with_lines(at + 1, at + 1, ["17 February 2013"])
