"""Empty lines, the top of a page, bullets."""

from collections.abc import Iterator

from tests.helpers.mutations.base import bracketed, certain, mended, of_article, of_page, repeated, slot_lines
from tests.helpers.sketch import BLANK, Line, OneOf, Page, Part

# Empty lines


def spaces(part: Part) -> list[int]:
    """The empty lines of a header from its first headline on, those above the body too."""
    return [i for i in part.head if part.lines[i].role == "blank" and i > part.above[0]] if part.above else []


@of_article
def empty_lines_removed(a: Part) -> Iterator[Part]:
    """Some extractors leave no empty line in a header, but the one above the body; or none at all."""
    if repeated(a):
        found = spaces(a)
        above_body = {i for i in found if all(a.lines[j].role == "blank" for j in range(i, a.body))}
        yield a.without(set(found) - above_body)
        yield a.without(found)


@of_article
def empty_line_removed(a: Part) -> Iterator[Part]:
    """The same for one empty line."""
    if repeated(a):
        for i in spaces(a):
            yield a.without([i])


@of_article
def empty_line_added(a: Part) -> Iterator[Part]:
    """An empty line more, between any two lines of a header."""
    if repeated(a):
        for i in a.head:
            if i >= a.above[0]:
                yield a.with_lines(i + 1, i + 1, [BLANK])


@of_article
def empty_lines_everywhere(a: Part) -> Iterator[Part]:
    """Each line of a header a paragraph of its own."""
    if repeated(a):
        lines = [line for i in a.head for line in ([a.lines[i], BLANK] if i >= a.above[0] else [a.lines[i]])]
        yield a.with_lines(0, a.body, lines)


@of_article
def empty_lines_above_the_body(a: Part) -> Iterator[Part]:
    """Two to six empty lines where a picture stood, between header and body."""
    if certain(a) and len(a.head):
        for n in 2, 4, 6:
            yield a.with_lines(a.body, a.body, [BLANK] * n)


@of_article
def empty_lines_of_spaces(a: Part) -> Iterator[Part]:
    """Empty lines that hold a space or a no-break space."""
    if repeated(a) and spaces(a):
        for text in " ", "\u00a0":
            lines = [Line("blank", text) if line.role == "blank" else line for line in a.lines]
            want = mended(a.want, "no-break-space") if text == "\u00a0" else a.want
            yield a._replace(lines=tuple(lines), want=want)


# The top of a page


def cut_off(part: Part, at: int, **want: object) -> Part:
    """The part from a line on; with the crawler's line its day is lost."""
    lost: dict[str, object] = {}
    if part.at("crawl"):
        lost = {"crawled": None}
        if part.want["updated_source"] == "crawl":
            lost |= {"updated": None, "updated_source": "none"}
    return part._replace(lines=part.lines[at:], gap="", want=part.want | lost | want)


@of_article
def top_cut_off_at_the_stamp(a: Part) -> Iterator[Part]:
    """The page begins at its stamp; what stood above it is lost."""
    if a.first and repeated(a) and a.stamp is not None:
        kept = any(a.lines[i].role == "caption" for i in range(a.stamp, a.body))
        names = [i for i in a.at("byline") if a.stamp < i < a.body]
        want: dict[str, object] = {"short_url": None, "short_url_slot": "absent"}
        want |= {} if kept else {"caption": None, "credit": None}
        want |= {} if names else {"byline": None}
        yield cut_off(a, a.stamp, **want)


@of_article
def top_cut_off_at_the_slot(a: Part) -> Iterator[Part]:
    """The page begins at its slot."""
    at = slot_lines(a)
    if a.first and repeated(a) and at:
        yield cut_off(a, at[0], caption=None, credit=None)


@of_article
def top_cut_off_at_the_caption(a: Part) -> Iterator[Part]:
    """The first headline is lost, what follows it is not."""
    at = bracketed(a)
    if a.first and repeated(a) and at is not None and a.stamp is not None and a.above[-1] < at < a.stamp:
        yield cut_off(a, at)


@of_page
def crawl_line_above(page: Page) -> Iterator[Page]:
    """The crawler's line above the page: its day is the crawl's, and dates relative stamps."""
    a = page.parts[0]
    if a.at("crawl") or not len(a.head) or "reason" in a.want or a.at("token") or a.at("crumb"):
        return
    relative = a.want["updated_text"] and "ago" in a.want["updated_text"]
    want = {"crawled": "2026-05-06"} | (
        {"updated": "2026-05-06", "updated_source": "crawl"} if relative else {}
    )
    home = [Line("crumb", "  • Home"), Line("crumb", f"  • {a.want['headline']}")]
    kicker = [Line("other", "River talks")] * 2
    crawl = Line("crawl", " date 2026-05-06 You are here")
    tops = ([crawl, BLANK], [crawl, BLANK, *home, BLANK], [crawl, BLANK, *home, *kicker, BLANK])
    for top in tops if repeated(a) else tops[:1] if certain(a) else ():
        rest = [part.retold(crawled=OneOf((None, "2026-05-06", part.want.get("crawled")))) if "reason" not in part.want else part
                for part in page.parts[1:]]  # fmt: skip
        yield page._replace(parts=(a.with_lines(0, 0, top, **want), *rest))


@of_page
def form_above(page: Page) -> Iterator[Page]:
    """The search form and the breadcrumb's label above the page."""
    a = page.parts[0]
    if (
        "reason" not in a.want
        and len(a.head)
        and certain(a)
        and not (a.at("crawl") or a.at("token") or a.at("crumb"))
    ):
        for texts in ("Search form||You are here|", "  • Search form||You are here|", "You are here|"):
            top = [Line("crumb" if text else "blank", text) for text in texts.split("|")]
            yield page._replace(parts=(a._replace(lines=(*top, *a.lines), gap=""), *page.parts[1:]))


TOKENS = ("º£½ÇÖ±²¥", "海角直播", "Ƶ", "șÚÁÏÉçÇű", "ÂíÍ¼ºÚÁÏ")


@of_page
def token_above(page: Page) -> Iterator[Page]:
    """A mirror's token is the first line of a page."""
    a = page.parts[0]
    if not a.at("crawl") and not a.at("token"):
        for token in TOKENS:
            top = [Line("token", token), BLANK]
            yield page._replace(parts=(a._replace(lines=(*top, *a.lines), gap=""), *page.parts[1:]))


# Bullets


def bullets(part: Part) -> list[int]:
    return [i for i in part.at("bullet") if i in part.head and part.lines[i].text.strip()[0] in "•-"]


@of_article
def bullet_forms(a: Part) -> Iterator[Part]:
    """Bullets with and without indent, with a dash, with no-break spaces."""
    found = bullets(a)
    for mark in ("• ", "- ", "  - ", "    • ", "•\u00a0", "\u00a0\u00a0•\u00a0") if found else ():
        lines = [
            Line("bullet", mark + line.text.strip()[1:].strip()) if i in found else line
            for i, line in enumerate(a.lines)
        ]
        yield a._replace(
            lines=tuple(lines), want=mended(a.want, "no-break-space") if "\u00a0" in mark else a.want
        )


@of_article
def bullets_without_glyph(a: Part) -> Iterator[Part]:
    """The glyph is lost, with the indent or without it; a dateline below tells that they are no body."""
    found = bullets(a)
    if found and repeated(a) and a.want["place"] and a.lines[a.body - 1].role == "blank":
        for mark in "", "  ":
            lines = [
                Line("bullet", mark + line.text.strip()[1:].strip()) if i in found else line
                for i, line in enumerate(a.lines)
            ]
            yield a._replace(lines=tuple(lines))


@of_article
def bullets_apart(a: Part) -> Iterator[Part]:
    """An empty line above each bullet, and below the last."""
    found = bullets(a)
    if found and repeated(a):
        lines = [
            x
            for i, line in enumerate(a.lines)
            for x in ([BLANK, line, *[BLANK] * (i == found[-1])] if i in found else [line])
        ]
        yield a._replace(lines=tuple(lines))


@of_article
def bullets_missing(a: Part) -> Iterator[Part]:
    """No summary."""
    if bullets(a) and repeated(a):
        yield a.without(bullets(a), summary=[])


@of_article
def bullets_added(a: Part) -> Iterator[Part]:
    """A summary of one to three lines."""
    if repeated(a) and not a.want["summary"]:
        summary = [
            "Nine keepers signed the letter",
            "The lamps were dark for a year",
            "Nobody asked the old ones.",
        ]
        at = a.below[-1] + 1
        for n in 1, 2, 3:
            lines = [f"  • {text}" for text in summary[:n]]
            yield a.with_lines(at, at, lines, "bullet", summary=summary[:n])
            yield a.with_lines(
                at, at, [BLANK, *(Line("bullet", line) for line in lines)], summary=summary[:n]
            )
