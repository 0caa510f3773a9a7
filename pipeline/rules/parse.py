"""From the text of a block to the fields of its article.

KYIV opens a bridge                       headline
_
The bridge at dusk. (AFP/File)            caption, credit
Short Url                                 slot: empty
Updated 07 September 2023                 updated
Follow
_
KYIV opens a bridge                       (the headline again)
_
  • It took two years                     summary
_
KYIV: Traffic crossed it on Monday.       place; the body starts here
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from dateline.pipeline.elements import HeaderParts, Record
from dateline.pipeline.rules.body import body_lines, read_body, without_boxes
from dateline.pipeline.rules.common_text import count_words, is_common
from dateline.pipeline.rules.credits import split_credit
from dateline.pipeline.rules.dates import UpdatedSource, read_stamp
from dateline.pipeline.rules.header import Part, first_part, header_from
from dateline.pipeline.rules.line_kinds import code_of
from dateline.pipeline.rules.places import dateline, locate, opening_dateline
from dateline.pipeline.rules.plain_body import plain_body
from dateline.pipeline.rules.plain_header import read_plain
from dateline.pipeline.rules.short_urls import short_url
from dateline.pipeline.rules.text import normalise
from dateline.pipeline.rules.text_repairs import mend

_NODE = re.compile(r"/node/(\d{1,18})(?![^/?#])")
_NAME = re.compile(
    r"(?:(?:Dr|Prof|Sir)\.? )?[A-Z][\w’'-]+(?: (?:[A-Z]\.|al|bin|de|van|von|[A-Z][\w’'-]+)){1,3}$"
)

UNDECIDED = "0" * 32
"""In place of an id: a run decides on identity once all records are known, from their rows."""
_FIELDS = (
    "headline", "short_url", "short_url_slot", "updated", "updated_text", "updated_source", "caption", "credit", "byline",
    "summary", "place", "country", "region", "region_source", "body", "subheadings", "body_captions", "word_count", "page_url",
    "node", "crawled", "text_repairs", "source", "source_offset", "source_length",
)  # fmt: skip
_NEW: Record = dict.fromkeys(_FIELDS) | {"id": UNDECIDED, "copies": 1}
"""What a record is before its fields are known: to fill a copy costs two thirds of making a dict that grows."""


class Failure(NamedTuple):
    """Why a block is no article that can be read."""

    reason: str
    detail: str


def parse_block(
    data: bytes,
    crawl_date: date | None,
    repairs: Sequence[str] = (),
    plain_header: HeaderParts | None = None,
    known_common: bool = False,
    words: int = 0,
) -> tuple[Record, bytes] | Failure:
    """The record of one block, but for what only its dump tells (source, offset, length, id); and its body, in UTF-8.

    In the record stands the first paragraph of the body only, which is what the schema needs to decide on it. The body comes in
    bytes, as it goes to the dataset: as text it would be decoded and encoded for each block.

    Args:
        data: the block in UTF-8, lines parted by LF.
        crawl_date: the day of the crawl where the block itself does not say it.
        repairs: what was mended to get at the text; the record has it together with what is mended here.
        plain_header: that was found as the block was cut, if one was.
        known_common: whether the text is known to be common.
        words: below the plain header, where they were counted.
    """
    common = known_common or is_common(data)
    mended: Sequence[str] = ()
    lines: Sequence[str] = ()
    plain = read_plain(data, plain_header) if common and plain_header else None
    if plain:
        header, at = plain
        below = data
    else:
        text = data.decode()
        text, mended = (text, ()) if common else mend(text)
        lines = text.split("\n")
        part = first_part(lines)
        if part is None or not part.is_headed:
            return _no_header(lines, part)
        header, at = header_from(part), 0
        is_below = common and not header.before
        below = b"".join(data.split(b"\n", header.end)[header.end :]).lstrip(b"\n") if is_below else b""
    if simple := plain_body(below, at):
        body, subheadings = simple
        body_captions: list[str] = []
        end = body.find(b"\n")  # to part the body there would copy all of it
        opening = (body if end < 0 else body[:end]).decode()
        words = words or count_words([body], [0])[0]
    else:
        stripped = (
            without_boxes([line.strip() for line in data[at:].decode().split("\n")])
            if plain
            else body_lines(lines, header)
        )
        paragraphs, subheadings, body_captions = read_body(stripped)
        if not paragraphs:
            return Failure("no_body", "a header and nothing below it; expected at least one paragraph")
        opening = paragraphs[0]
        text = "\n\n".join(paragraphs)
        body = text.encode()
        words = count_words([body], [0])[0] if common else len(text.split())
    if header.layout == "F" and header.bullets and _stand_in(body, (header.headline, *header.bullets)):
        return Failure(
            "no_headline",
            "a stamp and a summary, whose lines come again in the body, and no headline above them",
        )
    crawled = _day(header.crawled) or crawl_date
    updated, updated_source = _updated(header.stamp, crawled) if header.stamp else (None, "none")
    caption, credit = _picture(header.captions) if header.captions else (None, None)
    place = opening_dateline(opening)
    byline = header.byline
    if caption and not (credit or place or byline) and header.slot == "absent" and _NAME.match(caption):
        caption, byline = None, caption  # J, an opinion: the author's name stands where a caption would
    country, region, region_source = locate(place, header.headline, opening)
    record = _NEW.copy()
    record["headline"] = header.headline
    record["short_url"] = header.url and (short_url(header.url) or header.url)  # the schema refuses any other
    record["short_url_slot"] = header.slot
    record["updated"] = updated
    record["updated_text"] = header.stamp
    record["updated_source"] = updated_source
    record["caption"] = caption
    record["credit"] = credit
    record["byline"] = byline
    record["summary"] = header.bullets
    record["place"] = place
    record["country"] = country
    record["region"] = region
    record["region_source"] = region_source
    record["body"] = opening
    record["subheadings"] = subheadings
    record["body_captions"] = body_captions
    record["word_count"] = words
    record["crawled"] = crawled.isoformat() if crawled else None
    record["text_repairs"] = [*repairs, *mended]
    return record, body


def node_of(page_url: str) -> int | None:
    """The site's number of a page's lead article.

    >>> node_of("https://www.arabnews.com/node/2067116/world")
    2067116
    """
    match = _NODE.search(page_url)
    return int(match[1]) if match else None


def _no_header(lines: Sequence[str], part: Part | None) -> Failure:
    """Tell an article whose headline is not there from text that is no article."""
    head = [line for line in lines[:30] if line.strip()]
    codes = [code_of(line) for line in head]
    if part and not {"listed", "feed"}.isdisjoint(part.roles):
        return Failure("not_an_article", "a list of articles: an author's page, an index or a feed")
    signs = (
        ("a crawler's line", codes[:1] == ["d"]),
        ("a stamp", "S" in codes),
        ("a slot", "s" in codes or "U" in codes),
        ("a headline twice", any(a.strip() == b.strip() for a, b in pairwise(head))),
        ("a dateline", any(dateline(line.strip()) for line in head)),
    )
    found = [name for name, there in signs if there]
    if found:
        return Failure("no_headline", f"{' and '.join(found)}, but no line that is known for a headline")
    return Failure("not_an_article", "no stamp, no slot, no dateline: text that belongs to no article")


def _stand_in(body: bytes, lines: Sequence[str]) -> bool:
    """Whether a body says what each of some lines says, word for word: a summary's do, a headline does not."""
    text = normalise(body.decode())
    return all(normalise(line).rstrip(".") in text for line in lines)


def _picture(captions: Sequence[str]) -> tuple[str | None, str | None]:
    """The first caption, and its credit, which may stand on the line below it."""
    caption, credit = split_credit(captions[0])
    if not credit and len(captions) > 1:
        alone, below = split_credit(captions[1].lstrip(" ."))
        credit = below if not alone else None
    return caption, credit


@lru_cache(maxsize=4096)
def _updated(stamp: str, crawled: date | None) -> tuple[str | None, UpdatedSource]:
    """What read_stamp() tells, the day as the row has it: most articles share their day with others."""
    day, source = read_stamp(stamp, crawled)
    return day.isoformat() if day else None, source


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
