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
from itertools import pairwise
from typing import NamedTuple

import ftfy
import numpy as np

from pipeline.elements import Record
from pipeline.rules.body import body_lines, read_body, without_boxes
from pipeline.rules.dates import read_stamp
from pipeline.rules.grammar import LISTING
from pipeline.rules.layout import MAX_LINES_ABOVE, Header, find_header, only_furniture
from pipeline.rules.lines import code_of, crawl_line
from pipeline.rules.places import dateline, locate, opening_dateline
from pipeline.rules.plain import Spans, read_plain
from pipeline.rules.stampless import read_stampless

_CREDIT = re.compile(r"[(\[]([^()\[\]]{2,100})[)\]]\.?$")
_AGENCY = (
    r"(?:AFP|AP|Reuters|REUTERS|SPA|WAM|AN|Shutterstock|Supplied|Instagram|Twitter|File|Getty(?: Images)?)"
)
_PERSON = r"[A-Z][\w’'.-]*(?: [A-Z][\w’'.-]*){0,4}"
_SOURCE = rf"(?:(?:File|Photos?|Supplied)/)?{_AGENCY}(?:/{_PERSON}| [Pp]hotos?)?"
_BARE_CREDIT = re.compile(rf"(?<=[.!?”\"])\s+({_SOURCE})\.?$")
_WHOLE_CREDIT = re.compile(
    r"((?:Photos?/|AN photos? by |Supplied/|File photo: |Image: |Photo: )[^.]{2,80}"
    rf"|{_AGENCY}/{_PERSON}|(?:Shutterstock|Supplied|Getty Images))\.?$"
)
_NO_CREDIT = re.compile(
    r"(?:left|right|cent(?:er|re)|top|bottom|above|below|front|back|not pictured|[LRC])$", re.I
)
_SHORT_URL = re.compile(r"https?://(?:www\.)?arab\.news/([A-Za-z0-9]{1,12})/?$")
_NODE = re.compile(r"/node/(\d{1,18})(?![^/?#])")
_NAME = re.compile(
    r"(?:(?:Dr|Prof|Sir)\.? )?[A-Z][\w’'-]+(?: (?:[A-Z]\.|al|bin|de|van|von|[A-Z][\w’'-]+)){1,3}$"
)


class Failure(NamedTuple):
    """Why a block is no article that can be read."""

    reason: str
    detail: str


def parse_block(
    data: bytes, crawl_date: date | None, repairs: Sequence[str] = (), spans: Spans | None = None
) -> Record | Failure:
    """The record of one block, without what only its dump tells (source, offset, length, id).

    Args:
        data: the block in UTF-8, lines parted by LF.
        crawl_date: the day of the crawl where the block itself does not say it.
        repairs: what was mended to get at the text, to be told in the record with what is mended here.
        spans: of the plain header that was found as the block was cut, if one was.
    """
    common = is_common(data)
    mended: Sequence[str] = ()
    plain = read_plain(data, spans) if common and spans else None
    if plain:
        header, at = plain
        data = data[at:]
        lines = [line.strip() for line in data.decode().split("\n")]
        below = without_boxes(lines)
    else:
        text = data.decode()
        text, mended = (text, ()) if common else mend(text)
        lines = text.split("\n")
        found = header_of(lines)
        if found is None:
            return _no_header(lines)
        header, below = found, body_lines(lines, found)
    paragraphs, subheadings, body_captions = read_body(below)
    if not paragraphs:
        return Failure("no_body", "a header and nothing below it; expected at least one paragraph")
    body = "\n\n".join(paragraphs)
    is_whole = plain and len(paragraphs) == len(lines) - lines.count("")  # no line was left out
    words = count_words(data) if is_whole else len(body.split())
    crawled = _day(header.crawled) or crawl_date
    updated, updated_source = read_stamp(header.stamp, crawled) if header.stamp else (None, "none")
    caption, credit = _split_credit(*header.captions[:2])
    place = opening_dateline(paragraphs[0])
    byline = header.byline
    if caption and not (credit or place or byline) and header.slot == "absent" and _NAME.match(caption):
        caption, byline = None, caption  # J, an opinion: the author's name stands where a caption would
    country, region, region_source = locate(place, header.headline, paragraphs[0])
    return {
        "headline": header.headline,
        "short_url": short_url(header.url) if header.url else None,
        "short_url_slot": header.slot,
        "updated": updated.isoformat() if updated else None,
        "updated_text": header.stamp,
        "updated_source": updated_source,
        "caption": caption,
        "credit": credit,
        "byline": byline,
        "summary": header.bullets,
        "place": place,
        "country": country,
        "region": region,
        "region_source": region_source,
        "body": body,
        "subheadings": subheadings,
        "body_captions": body_captions,
        "word_count": words,
        "page_url": None,
        "node": None,
        "crawled": crawled.isoformat() if crawled else None,
        "text_repairs": [*repairs, *mended],
    }


_COMMON = bytes((0x0A, *range(0x20, 0x7F)))
_ODD = re.compile(
    rb"[\x00-\x09\x0b-\x1f]|\xc2[\x85\xa0\xad]|\xc3[\x82\x83\xa2]|\xe1\x9a\x80|\xe2\x80[\x80-\x8f\xa8-\xaf]"
    rb"|\xe2\x81[\x9f\xa0]|\xe3\x80\x80|\xef\xbb\xbf"
)
"""In UTF-8: controls, white space other than space and newline, and the first of what mend() looks for."""


def is_common(data: bytes) -> bool:
    """Whether nothing in a text is to be mended, and of controls and white space it has space and newline only.

    Args:
        data: UTF-8.

    >>> is_common("Riyadh’s plan".encode()), is_common("Riyadh’s\u00a0plan".encode())
    (True, False)
    """
    return _ODD.search(data.translate(None, _COMMON)) is None


def count_words(data: bytes) -> int:
    """What len(data.split()) is, at a fifth of the cost, in a common text.

    >>> count_words(b"Two words,\\n\\nthen  three more.\\n")
    5
    """
    space = np.frombuffer(data, np.uint8) <= ord(" ")
    return int(np.count_nonzero(space[:-1] < space[1:])) + (not space[-1:].all())


_MOJIBAKE = re.compile("[ÂÃâ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_NO_BREAK = re.compile("[\u00a0\u2007\u202f]")


def mend(text: str) -> tuple[str, list[str]]:
    """Undo what extractors did to a text: UTF-8 read as Windows-1252, invisible and no-break characters.

    Returns:
        The text, and the names of what was mended.

    >>> mend("Riyadh\u00e2\u20ac\u2122s\u00a0plan")
    ('Riyadh’s plan', ['mojibake', 'no-break-space'])
    """
    if text.isascii():
        return text, []
    repairs = []
    if ("Â" in text or "Ã" in text or "â" in text) and _MOJIBAKE.search(text):
        fixed = "\n".join(ftfy.fix_encoding(line) for line in text.split("\n"))
        if fixed != text:
            text = fixed
            repairs.append("mojibake")
    if _ZERO_WIDTH.search(text):
        text = _ZERO_WIDTH.sub("", text)
        repairs.append("zero-width")
    if _NO_BREAK.search(text):
        text = _NO_BREAK.sub(" ", text)
        repairs.append("no-break-space")
    return text, repairs


def short_url(url: str) -> str:
    """A slot's URL, normalised: https, no www, no trailing slash, lower case.

    One that is no short URL of the site comes back as it is, for the JSON Schema to refuse.

    >>> short_url("http://www.arab.news/AB2cd/")
    'https://arab.news/ab2cd'
    """
    match = _SHORT_URL.match(url)
    return f"https://arab.news/{match[1].lower()}" if match else url


def lead_short_url(page_url: str) -> str | None:
    """The short URL of a page's lead article, where the page was fetched by it."""
    match = _SHORT_URL.match(page_url)
    return short_url(page_url) if match else None


def node_of(page_url: str) -> int | None:
    """The site's number of a page's lead article.

    >>> node_of("https://www.arabnews.com/node/2067116/world")
    2067116
    """
    match = _NODE.search(page_url)
    return int(match[1]) if match else None


def header_of(lines: Sequence[str]) -> Header | None:
    """The header that the block starts with; only furniture may stand above it."""
    stamps = (i for i, line in enumerate(lines[: MAX_LINES_ABOVE + 40]) if code_of(line) == "S")
    stamp = next(stamps, None)  # no header reaches up across another
    header = find_header(lines, stamp) if stamp is not None else None
    if header and code_of(lines[0]) == "d" and only_furniture(lines[: header.start or 1]):
        header.crawled, header.start = crawl_line(lines[0])[0], 0
    return header if header and header.start == 0 else read_stampless(lines)


def _no_header(lines: Sequence[str]) -> Failure:
    """Tell an article whose headline is not there from text that is no article."""
    head = [line for line in lines[:30] if line.strip()]
    codes = [code_of(line) for line in head]
    if LISTING.match("".join(map(code_of, lines[:30]))):
        return Failure("not_an_article", "a list of articles: an author's page or an index")
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


def _split_credit(caption: str | None = None, below: str | None = None) -> tuple[str | None, str | None]:
    """Caption and credit: "A bridge. (AFP/File)" -> "A bridge.", "AFP/File".

    Args:
        caption: the header's first.
        below: the line under it, which may be its credit alone: ". (Supplied)".
    """
    if not caption:
        return None, None
    if match := _WHOLE_CREDIT.match(caption):
        return None, match[1]
    bracket = max(caption.rfind("("), caption.rfind("["), 0)  # nothing but the credit may stand behind it
    for match in (_CREDIT.match(caption, bracket), _BARE_CREDIT.search(caption)):
        if match and not _NO_CREDIT.match(match[1]):
            return caption[: match.start()].rstrip() or None, match[1].strip()
    credit = _CREDIT.fullmatch(below.lstrip(" .")) if below else None
    return caption, credit[1].strip() if credit else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
