"""Datelines: which country a place is in, and which region the country is in.

    "KYIV"                      -> UA, eastern-europe     (from the dateline)
    "IMOLA, Italy"              -> IT, southern-europe
    "RIYADH/JEDDAH"             -> SA, western-asia       (the first place that is known)
    "NORTHERN SYRIA"            -> SY, western-asia       (what is left without "NORTHERN")
    "ABOARD AIR FORCE ONE"      -> nowhere, unknown

Countries are ISO 3166-1 alpha-2, with the user-assigned XK for Kosovo; regions are the sub-regions of the UN's M49
standard, and its intermediate regions in Africa and the Americas, as slugs. United Nations counts as New York.

gazetteer.py tells which countries have a place of a name.
"""

import re
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from dateline.pipeline.rules.gazetteer import countries_with, gazetteer, spelling, table
from dateline.pipeline.rules.line_kinds import MAX_NAME
from dateline.pipeline.rules.site import COLON_LABELS

RegionSource = Literal["dateline", "dateline_text", "headline", "none"]
UNKNOWN = "unknown"


class Location(NamedTuple):
    country: str | None
    region: str
    source: RegionSource


_SMALL = re.compile(r"\b(?:and|of|in|near|off|the|el|al|de|la|du)\b|(?<=\bM)a?c(?=[A-Z])")
"""What may be in small letters amid a dateline's capitals: "LONDON and CAIRO", "SHARM el-SHEIKH", "McALLEN"."""
_SIGNS = frozenset(" .,'’‘`´′-‐‑–/&")
"""What stands in a dateline beside letters."""
_AND = re.compile(r"[/&]| and ", re.I)
"""Between the cities of a dateline of several."""
_ABOARD = re.compile(r"(?:ABOARD|ON ?BOARD) ")
"""Before the name of a ship or plane, which is nowhere, whatever country its name or the headline has."""

MAX_DATELINE = 120
"""Characters of a paragraph among which its dateline's colon stands."""
MIN_SENTENCE = 40
"""Characters behind the colon of a dateline that is not in capitals, at least."""

NOWHERE = Location(None, UNKNOWN, "none")


@cache
def regions() -> tuple[str, ...]:
    """Every region slug that a row can have, sorted; `unknown` is one of them."""
    return tuple(sorted({*(entry["region"] for entry in table().values()), UNKNOWN}))


def dateline(paragraph: str) -> str | None:
    """The place in capitals before the first colon of a paragraph, as printed, or None.

    >>> dateline("IMOLA, Italy: The race began.")
    'IMOLA, Italy'
    >>> dateline("KYIV:The race began.")
    'KYIV'
    >>> dateline("Author: Jane Doe") is None
    True
    """
    place, colon, rest = paragraph[:MAX_DATELINE].partition(":")
    if not (colon and rest.strip() and _is_place(place)):
        return None
    apart = rest[0].isspace() or ((rest[0] in '“‘"' or rest[0].isupper()) and is_known(place.strip()))
    return place.strip() if apart else None


@lru_cache(maxsize=1 << 12)
def _is_place(text: str) -> bool:
    """Whether a text is a city in capitals, and what may stand behind its comma.

    With small letters amid the capitals it must be a place that the gazetteer knows; so must what is too short
    for a name that nobody knows.
    """
    city, *behind = map(str.strip, text.split(","))
    capitals = _SMALL.sub("", city)
    letters = sum(c.isalpha() for c in capitals)
    if letters < 2 or len(city) > MAX_NAME or capitals != capitals.upper() or city in COLON_LABELS:
        return False
    if not all(c.isalpha() or c in _SIGNS for c in text) or not all(part[:1].isupper() for part in behind):
        return False
    return (capitals == city and letters > 3) or bool(_countries_of(city))


def is_known(place: str) -> bool:
    """Whether the gazetteer has the place of a dateline."""
    return bool(_countries_of(place))


def opening_dateline(paragraph: str) -> str | None:
    """The dateline of a body's first paragraph: there it may stand without capitals.

    Without them it must be a city that datelines are known to name, no country has the name ("Jordan: .." is
    as good a person), or one with a country behind it, and a sentence must follow it.

    >>> opening_dateline("Amman: The bakers of the valley sent nine carts over the pass.")
    'Amman'
    >>> opening_dateline("Doha, Qatar: The bakers of the valley sent nine carts over the pass.")
    'Doha, Qatar'
    >>> opening_dateline("Reading: The bakers of the valley sent nine carts over the pass.") is None
    True
    """
    if place := dateline(paragraph):
        return place
    place, colon, rest = paragraph[:MAX_DATELINE].partition(": ")
    if not colon or len(rest) < MIN_SENTENCE or not place[:1].isupper():
        return None
    city, comma, country = place.rpartition(",")
    if comma:
        return place if spelling(country) in gazetteer().behind and _countries_of(city.strip()) else None
    known, name = gazetteer(), spelling(place)
    return place if name in known.datelines and name not in known.countries else None


def locate(place: str | None, headline: str, opening: str = "") -> Location:
    """Country and region of an article.

    A dateline that names its country, or a place that only one country has, decides. A place that several
    have is the one whose country the text names, if it names exactly one of them; else the likeliest: what
    the paper means by the name, or the largest city. A ship or a plane is in none.

    Args:
        place: the dateline as printed, without its colon; None where there is none.
        headline: where the dateline tells nothing, it tells the region if it names exactly one country.
        opening: the first paragraph.
    """
    found = _locations_of(place) if place else ()
    if len(found) > 1:
        named = _named(f"{headline} {opening}") & {location.country for location in found}
        if len(named) == 1:
            return _in(named.pop(), "dateline_text")
    if found:
        return found[0]
    named = _named(headline)
    return _in(named.pop(), "headline") if len(named) == 1 else NOWHERE


@lru_cache(maxsize=1 << 12)
def _locations_of(place: str) -> tuple[Location, ...]:
    """What a dateline may mean, the likeliest first."""
    if _ABOARD.match(place):
        return (NOWHERE,)
    return tuple(_in(code, "dateline") for code in _countries_of(place))


@cache
def _in(code: str, source: RegionSource) -> Location:
    return Location(code, gazetteer().regions[code], source)


def _named(text: str) -> set[str]:
    """The countries whose names stand in a text."""
    known = gazetteer()
    return {known.named[name] for name in known.mention.findall(text)}


@lru_cache(maxsize=1 << 14)
def _countries_of(place: str) -> tuple[str, ...]:
    """The countries that a dateline may mean, the likeliest first.

    What the dateline says behind a comma goes before what we know of its city. Of two countries that share a
    name (Georgia, Congo) it is the one that has the city.
    """
    city, *behind = place.split(",")
    names = (city, *_AND.split(city))
    codes = next((found for name in names if (found := countries_with(name))), ())
    for part in reversed(behind):
        if named := gazetteer().behind.get(spelling(part)):
            return (next((code for code in named if code in codes), named[0]),)
    return codes or next((found for part in behind if (found := countries_with(part))), ())
