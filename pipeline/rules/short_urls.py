"""Short URLs: one form for each, however a page spells it, and the slug that stands for it in a row.

    "http://www.arab.news/AB2cd/"   -> "https://arab.news/ab2cd"      slug b"ab2cd"

What one looks like is said in site.py, and once more, as data, in the JSON Schemas; a test holds them together.
"""

import re

from dateline.pipeline.rules.site import MAX_SLUG, SHORT_URL_HOST, SHORT_URL_PREFIX

_SHORT_URL = re.compile(rf"{SHORT_URL_HOST}([A-Za-z0-9]{{1,{MAX_SLUG}}})/?$")
PATTERN = rf"^{re.escape(SHORT_URL_PREFIX)}[a-z0-9]{{1,{MAX_SLUG}}}$"
"""The normalised form, as the JSON Schemas have it."""


def short_url(url: str) -> str | None:
    """A URL in the one form: https, no www, no trailing slash, lower case; None for one that is no short URL.

    >>> short_url("http://www.arab.news/AB2cd/")
    'https://arab.news/ab2cd'
    """
    match = _SHORT_URL.match(url)
    return f"{SHORT_URL_PREFIX}{match[1].lower()}" if match else None


def slug_of(short: str | None) -> bytes:
    """The slug of a normalised short URL; empty for None.

    >>> slug_of("https://arab.news/ab2cd"), slug_of(None)
    (b'ab2cd', b'')
    """
    return short[len(SHORT_URL_PREFIX) :].encode() if short else b""
