"""The blocks of the dumps: one article in the layout of a real page, as a lead or as a trailing one.

    A  plain: headline, caption, slot, stamp and button, headline, bullets, body
    B  doubled: the same with each headline twice
    C  full: B with an agency under the stamp, and both once more behind the bullets
    D  stripped: the crawler's line with the headline on it, body; every other article has lost its headline
    E  body first: the header behind its own body, no empty lines; trailing, the headline first, its bullets, the body
    F  compact: headline, stamp, author, body, no empty lines
    G  amp page: A without stamp and second headline
    H  2017: the crawler's line and the search form, section, headline, author and a bar, body, MOST POPULAR
    I  body only: the crawler's line, and no headline at all
    J  opinion: the headline twice, no author and no stamp

A block of D, H or I begins with the crawler's line, as the top of a page does: nothing else tells where it starts.
What has no headline is to be a reject, `no_headline`, each copy of it.
"""

from typing import NamedTuple

MONTHS = b"January February March April May June July August September October November December".split()


class Form(NamedTuple):
    """What blocks look like, trailing ones by default as a lead; `top` is a lead's caption and slot."""

    lead: bytes
    trailing: bytes = b""
    min_headline: int = 0
    """Bytes of a headline, at least, by which the block can be told."""

    @property
    def has_headline(self) -> bool:
        return b"%(headline)s" in self.lead

    @property
    def has_url(self) -> bool:
        """Whether a lead shows its short URL, where it has one."""
        return b"%(top)s" in self.lead


_CRAWLED = b" date %(crawled)s"
LAYOUTS = {
    "A": (
        Form(
            b"%(headline)s\n\n%(top)sUpdated %(stamp)s\nFollow\n\n%(headline)s\n\n%(bullets)s\n%(text)s\n"
        ),
    ),
    "B": (
        Form(
            b"%(headline)s\n\n%(headline)s\n%(top)sUpdated %(stamp)s\nFollow\n\n%(headline)s\n\n%(headline)s\n"
            b"%(bullets)s\n%(text)s\n"
        ),
    ),
    "C": (
        Form(
            b"%(headline)s\n\n%(headline)s\n%(top)sUpdated %(stamp)s\nReuters\n\n%(headline)s\n\n%(headline)s\n"
            b"%(bullets)sUpdated %(stamp)s\nReuters\n\n%(text)s\n"
        ),
    ),
    "D": (
        Form(
            _CRAWLED + b" You are here\n\n%(caption)sAFP\n\n%(bullets)sAFP\n\n%(text)s\n"
        ),
        Form(_CRAWLED + b" %(headline)s\n\n%(text)s\n"),
    ),
    "E": (
        Form(
            b"%(close_text)s\n%(headline)s\n%(headline)s\n%(dashes)s",
            b"%(headline)s\n%(dashes)s%(close_text)s\n",
            min_headline=20,
        ),
    ),
    "F": (Form(b"%(headline)s\nUpdated %(stamp)s\nLayla Haddad\n%(text)s\n"),),
    "G": (Form(b"%(headline)s\n\n%(top)s%(bullets)s\n%(text)s\n"),),
    "H": (
        Form(
            _CRAWLED + b"   \xe2\x80\xa2 Search form\n\nWorld\n\n%(headline)s\n\nARAB NEWS |\n%(caption)s%(text)s\n"
            b"MOST POPULAR\n"
        ),
    ),
    "I": (Form(_CRAWLED + b"\n\n%(text)s\n"),),
    "J": (Form(b"%(headline)s\n\n%(headline)s\n\n%(top)s%(bullets)s%(text)s\n"),),
}  # fmt: skip
"""By letter, the forms that its articles take in turn."""


class Article(NamedTuple):
    headline: bytes
    day: int
    """From 0; see stamp_of()."""
    caption: bytes
    slug: bytes
    """Of its short URL; empty where it has none."""
    bullets: bytes
    text: bytes
    form: Form


def form_of(layout: str, number: int) -> Form:
    """The form of an article of a layout, by the article's number."""
    forms = LAYOUTS[layout]
    return forms[number % len(forms)]


def stamp_of(day: int) -> bytes:
    """The day as it is printed, of 28 in each month: 0 is the first of 2019."""
    return b"%02d %s %d" % (day % 28 + 1, MONTHS[day // 28 % 12], 2019 + day // 336)


def block_of(article: Article, lead: bool) -> bytes:
    """A copy of the article, up to a newline."""
    form = article.form
    parts = {
        b"headline": article.headline,
        b"stamp": stamp_of(article.day),
        b"crawled": b"%d-%02d-%02d" % (2019 + article.day // 336, article.day // 28 % 12 + 1, article.day % 28 + 1),
        b"caption": b"",
        b"top": b"",
        b"bullets": article.bullets,
        b"text": article.text,
    }  # fmt: skip
    if lead:
        url = b"\nhttps://arab.news/%s\n\n" % article.slug if article.slug else b""
        parts[b"caption"] = article.caption
        parts[b"top"] = b"%sShort Url\n%s" % (article.caption, url)
    if form.trailing:  # E
        parts[b"dashes"] = article.bullets.replace(b"  \xe2\x80\xa2 ", b"- ")
        parts[b"close_text"] = article.text.replace(b"\n\n", b"\n")
    return (form.lead if lead or not form.trailing else form.trailing) % parts
