"""Bodies, what follows them, line ends, mirrors."""

import re
from collections.abc import Iterator

from tests.helpers.mutations.base import URL, at_top, certain, mended, of_article, of_page, repeated
from tests.helpers.sketch import BLANK, Line, OneOf, Page, Part

# Bodies and what follows them


@of_article
def topics_below(a: Part) -> Iterator[Part]:
    """Tags at a body's end."""
    if len(a.head) and all(line.role in ("body", "blank") for line in a.lines[a.body :]):
        yield a.with_lines(len(a.lines), len(a.lines), ["Topics: River Dam Lamp makers"])


@of_article
def paragraphs_apart(a: Part) -> Iterator[Part]:
    """An empty line between paragraphs, or none."""
    rest = a.lines[a.body :]
    if not len(a.head) or any(line.role != "body" and line != BLANK for line in rest):
        return
    if "\n\n\n\n" in "\n".join(line.text for line in rest):
        return
    texts = [line for line in rest if line.role == "body"]
    yield a.with_lines(a.body, len(a.lines), [x for line in texts for x in (line, BLANK)][:-1])
    yield a.with_lines(a.body, len(a.lines), texts)


@of_article
def picture_in_the_body(a: Part) -> Iterator[Part]:
    """A picture amid a body: four empty lines and its caption, which is no subheading; in the body or kept out of it."""
    texts = [i for i in a.at("body") if i >= a.body]
    certain_body = isinstance(a.want["body"], str)
    if len(a.head) and len(texts) > 1 and not a.want["subheadings"] and certain_body:
        first, rest = a.want["body"].split("\n\n", 1)
        for caption in "The first lamp of the street. (Supplied)", "Nadim Sorel, keeper of the lamps":
            body = OneOf((a.want["body"], f"{first}\n\n{caption}\n\n{rest}"))
            want = {
                name: value for name, value in a.want.items() if name not in ("word_count", "body_captions")
            }
            part = a.with_lines(texts[0] + 1, texts[0] + 1, [*[BLANK] * 4, caption, BLANK])
            yield part._replace(want=want | {"body": body})


# Line ends and mirrors


def every_line(page: Page, end: str, repair: str | None) -> Page:
    parts = [
        part._replace(
            lines=tuple(line._replace(text=line.text + end * bool(line.text.strip())) for line in part.lines),
            want=mended(part.want, repair) if repair else part.want,
        )
        for part in page.parts
    ]
    return page._replace(parts=tuple(parts))


@of_page
def spaces_at_line_ends(page: Page) -> Iterator[Page]:
    """Spaces and no-break spaces at the ends of lines."""
    yield every_line(page, "  ", None)
    yield every_line(page, "\u00a0", "no-break-space")
    yield every_line(page, " \u00a0 ", "no-break-space")


@of_page
def other_newlines(page: Page) -> Iterator[Page]:
    """CRLF and lone CR."""
    yield page._replace(newline="\r\n")
    yield page._replace(newline="\r")


@of_page
def wider_gaps(page: Page) -> Iterator[Page]:
    """More empty lines between the articles of a page, lines of one space among them."""
    for gap in "\n\n\n", "\n\n\n\n\n", "\n \n\n \n\n\n":
        if len(page.parts) > 1 and all(at_top(part) for part in page.parts):
            yield page._replace(
                parts=tuple(part if i == 0 else part._replace(gap=gap) for i, part in enumerate(page.parts))
            )


@of_article
def token_in_the_body(a: Part) -> Iterator[Part]:
    """A mirror's token in place of a word of the body; also with mojibake beside it, which is mended."""
    if not isinstance(a.want["body"], str):
        return
    last = a.want["body"].split("\n\n")[-1]
    at = next((i for i in a.at("body") if a.lines[i].text == last and i >= a.body), None)
    words = last.split(" ")
    if not len(a.head) or at is None or len(words) < 4 or a.body == at:
        return
    for token, right in (("º£½ÇÖ±²¥", None), ("海角直播", None), ("Ƶ", None), ("º£½ÇÖ±²¥â€™s", "º£½ÇÖ±²¥’s")):
        old, new = (" ".join([words[0], text, *words[2:]]) for text in (token, right or token))
        part = a.with_lines(at, at + 1, [old], "body", body=a.want["body"].removesuffix(last) + new)
        yield part._replace(want=mended(part.want, "mojibake")) if right else part


def garbled(page: Page, garble: dict[str, str]) -> Iterator[Page]:
    """The page with its typographic characters garbled, if it has any and no others."""
    text = "\n".join(line.text for part in page.parts for line in part.lines)
    odd = {c for c in text if ord(c) > 0x7F and c not in "•\u00a0"}
    if odd and odd <= garble.keys():
        parts = [
            part._replace(
                lines=tuple(
                    line._replace(text=re.sub("[’‘“”—]", lambda match: garble[match[0]], line.text))
                    for line in part.lines
                ),
                want=mended(part.want, "mojibake")
                if any(c in line.text for line in part.lines for c in odd)
                else part.want,
            )
            for part in page.parts
        ]
        yield page._replace(parts=tuple(parts))


@of_page
def mojibake_1252(page: Page) -> Iterator[Page]:
    """UTF-8 that was read as Windows-1252."""
    yield from garbled(page, {"’": "â€™", "‘": "â€˜", "“": "â€œ", "”": "â€\x9d", "—": "â€”"})


def as_gbk(match: re.Match[str]) -> str:
    """A typographic character and the one behind it, as UTF-8 that was read as GBK; what is no GBK is lost."""
    odd, behind = match[0][0], match[0][1:]
    try:
        return match[0].encode().decode("gbk")
    except UnicodeDecodeError:
        return odd.encode()[:2].decode("gbk") + behind


@of_page
def mojibake_gbk(page: Page) -> Iterator[Page]:
    """UTF-8 that was read as GBK: a quote garbles the letter behind it, too, or loses a byte; bullets as well or not."""
    for odd in "[’‘“”—]", "[’‘“”—•]":
        parts, changed = [], False
        for part in page.parts:
            lines = [line._replace(text=re.sub(f"{odd}.?", as_gbk, line.text)) for line in part.lines]
            hit = tuple(lines) != part.lines
            changed |= hit
            parts.append(
                part._replace(lines=tuple(lines), want=mended(part.want, "mojibake") if hit else part.want)
            )
        roles = {line.role for part in page.parts for line in part.lines}
        if changed and not roles & ({"token", "crawl", "crumb"} if "•" in odd else {"token"}):
            yield page._replace(parts=tuple(parts))


def body_lines(part: Part) -> list[int]:
    """The lines of a body, where it has no others between them."""
    at = [i for i in part.at("body") if i >= part.body]
    plain = all(line.role in ("body", "blank") for line in part.lines[part.body :])
    plain &= isinstance(part.want["body"], str)
    return at if len(part.head) and plain else []


@of_article
def subheading_first(a: Part) -> Iterator[Part]:
    """The first line of the body is a subheading."""
    at = body_lines(a)
    if at and repeated(a) and not a.want["place"]:
        for text in "The first of them", "‘The Red Heron’":
            want = {"body": f"{text}\n\n{a.want['body']}", "subheadings": [text, *a.want["subheadings"]]}
            part = a.with_lines(at[0], at[0], [text, BLANK], **want)
            yield part._replace(
                want={name: value for name, value in part.want.items() if name != "word_count"}
            )


@of_article
def signature_last(a: Part) -> Iterator[Part]:
    """The last line of the body is its contributor's name, which is no subheading."""
    at = body_lines(a)
    if at and certain(a):
        for gap in [], [BLANK]:
            part = a.with_lines(len(a.lines), len(a.lines), [*gap, "Lina Haddad"])
            want = {name: value for name, value in a.want.items() if name != "word_count"}
            yield part._replace(
                want=want | {"body": OneOf((a.want["body"], f"{a.want['body']}\n\nLina Haddad"))}
            )


@of_page
def header_lost(page: Page) -> Iterator[Page]:
    """The page begins with its body: nothing tells its headline, and what stands above it does not take it in."""
    for i, a in enumerate(page.parts):
        known = a.want.get("region_source") == "dateline" and a.want["place"].split(",")[0].isupper()
        close = any(
            "\n\n" not in part.gap for part in page.parts[i + 1 : i + 2]
        )  # its header would be this body's
        if known and not close and body_lines(a) and at_top(a):
            lost = a._replace(lines=a.lines[a.body :], want={"reason": "no_headline"})
            yield page._replace(parts=(*page.parts[:i], lost, *page.parts[i + 1 :]))


@of_article
def headline_lost_below_a_url(a: Part) -> Iterator[Part]:
    """An amp page without its headline: it begins at its short URL, the bullets follow, or the body."""
    at = body_lines(a)
    if at and at_top(a) and not a.at("crawl") and a.stamp is None:
        bullets = [line for line in a.lines[: a.body] if line.role == "bullet"]
        for top in [Line("url", URL)], [Line("url", URL), *bullets]:
            yield a._replace(lines=(*top, *a.lines[a.body :]), want={"reason": "no_headline"})
