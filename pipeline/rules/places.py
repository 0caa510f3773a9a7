"""Datelines: which country a place is in, and which region the country is in.

    "KYIV"           -> UA, eastern-europe     (told by the dateline)
    "IMOLA, Italy"   -> IT, southern-europe
    "RIYADH/JEDDAH"  -> SA, western-asia       (the first place that is known)

Countries are ISO 3166-1 alpha-2; regions are the sub-regions of the UN's M49 standard, and its
intermediate regions in Africa and the Americas, as slugs. places.json has one line a country: its
name, region, other names, and the places that datelines name. United Nations counts as New York.
"""

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

from pipeline.rules.lines import MAX_NAME
from pipeline.rules.text import normalise

RegionSource = Literal["dateline", "dateline_text", "headline", "none"]
UNKNOWN = "unknown"


class Location(NamedTuple):
    country: str | None
    region: str
    source: RegionSource


_LABELS = frozenset(("WATCH", "VIDEO", "PHOTOS", "OPINION", "REVIEW", "EXCLUSIVE", "BREAKING", "UPDATE", "ANALYSIS",
                     "INTERVIEW", "EDITORIAL", "FACTBOX", "TIMELINE", "LIVE", "NOTE"))  # fmt: skip
"""What stands before a colon in capitals and is no place."""

MIN_SENTENCE = 40
"""Characters behind the colon of a dateline that is not in capitals, at least."""

NOWHERE = Location(None, UNKNOWN, "none")


@dataclass(frozen=True)
class Gazetteer:
    countries: dict[str, str]
    """Normalised name of a country -> ISO code."""
    places: dict[str, tuple[str, ...]]
    """Normalised name of a place -> ISO codes of the countries that have it, the likeliest first."""
    datelines: frozenset[str]
    """Those of them that are known from datelines (places.json), in the same form."""
    regions: dict[str, str]
    """ISO code -> region slug."""
    names: dict[str, tuple[str, ...]]
    """ISO code -> the country's names, as they stand in a text."""
    mention: re.Pattern[str]
    """Any country's name, as it stands in a headline."""


@cache
def gazetteer() -> Gazetteer:
    """The compiled gazetteer; read once a process, in about 30 ms."""
    folder = files("pipeline.rules")
    table = json.loads(folder.joinpath("places.json").read_text("utf-8"))
    names = {name: code for code, entry in table.items() for name in (entry["name"], *entry["aliases"])}
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    places: dict[str, tuple[str, ...]] = {}
    compiled = folder.joinpath("gazetteer.tsv")
    if compiled.is_file():  # not while it is being built
        for line in compiled.read_text("utf-8").splitlines():
            name, _, codes = line.partition("\t")
            places[name] = tuple(codes.split(" "))
    for code, entry in table.items():
        for place in entry["places"]:  # what the paper means goes before what is larger
            key = normalise(place)
            places[key] = (code, *(other for other in places.get(key, ()) if other != code))
    return Gazetteer(
        countries={normalise(name): code for name, code in names.items()},
        places=places,
        datelines=frozenset(normalise(place) for entry in table.values() for place in entry["places"]),
        regions={code: entry["region"] for code, entry in table.items()},
        names={code: (entry["name"], *entry["aliases"]) for code, entry in table.items()},
        mention=re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b"),
    )


@cache
def regions() -> tuple[str, ...]:
    """Every region slug that a row can have, sorted; `unknown` is one of them."""
    return tuple(sorted({*gazetteer().regions.values(), UNKNOWN}))


def dateline(paragraph: str) -> str | None:
    """The place in capitals before the first colon of a paragraph, as printed, or None.

    >>> dateline("IMOLA, Italy: The race began.")
    'IMOLA, Italy'
    >>> dateline("Author: Jane Doe") is None
    True
    """
    place, colon, rest = paragraph[:120].partition(": ")
    return place if colon and rest.strip() and _is_place(place) else None


@lru_cache(maxsize=1 << 12)
def _is_place(text: str) -> bool:
    """Whether a text is a city in capitals, and what may stand behind its comma."""
    city = text.partition(",")[0]
    letters = sum(c.isalpha() for c in city)
    if letters < 2 or len(city) > MAX_NAME or city != city.upper() or city in _LABELS:
        return False
    return all(c.isalpha() or c in " .,'’-/&" for c in text)


def opening_dateline(paragraph: str) -> str | None:
    """The dateline of a body's first paragraph: there it may stand without capitals.

    Without them it must be a city that datelines are known to name, no country has the name ("Jordan: .." is
    as good a person), and a sentence must follow it.

    >>> opening_dateline("Amman: The bakers of the valley sent nine carts over the pass.")
    'Amman'
    >>> opening_dateline("Reading: The bakers of the valley sent nine carts over the pass.") is None
    True
    """
    if place := dateline(paragraph):
        return place
    place, colon, rest = paragraph[:120].partition(": ")
    known, name = gazetteer(), normalise(place)
    is_city = name in known.datelines and name not in known.countries
    return place if colon and is_city and place[0].isupper() and len(rest) >= MIN_SENTENCE else None


def locate(place: str | None, headline: str, opening: str = "") -> Location:
    """Country and region of an article.

    A dateline that names its country, or a place that only one country has, decides. A place that several
    have is the one whose country the text names, if it names exactly one of them; else the likeliest: what
    the paper means by the name, or the largest city.

    Args:
        place: the dateline as printed, without its colon; None where there is none.
        headline: where the dateline tells nothing, it tells the region if it names exactly one country.
        opening: the first paragraph.
    """
    known = gazetteer()
    if place:
        codes = _countries_of(place)
        if len(codes) > 1:
            text = f"{headline} {opening}"
            named = _named(text) & set(codes) if _may_name(text, codes) else ()
            if len(named) == 1:
                code = named.pop()
                return Location(code, known.regions[code], "dateline_text")
        if codes:
            return Location(codes[0], known.regions[codes[0]], "dateline")
    named = _named(headline)
    if len(named) == 1:
        code = named.pop()
        return Location(code, known.regions[code], "headline")
    return NOWHERE


def _may_name(text: str, codes: tuple[str, ...]) -> bool:
    """Whether a name of one of some countries stands anywhere in a text: most texts need no closer look."""
    names = gazetteer().names
    return any(name in text for code in codes for name in names[code])


def _named(text: str) -> set[str]:
    """The countries whose names stand in a text."""
    known = gazetteer()
    return {known.countries[normalise(name)] for name in known.mention.findall(text)}


@lru_cache(maxsize=1 << 14)
def _countries_of(place: str) -> tuple[str, ...]:
    """The countries that a dateline may mean, the likeliest first."""
    known = gazetteer()
    city, _, country = place.partition(",")
    codes = next((found for name in re.split(r"[/&]| AND ", city) if (found := _places_of(name))), ())
    if country and (code := known.countries.get(normalise(country))):
        # What the dateline says goes before what we know; but Georgia is a state of the US, too.
        return ("US",) if code == "GE" and code not in codes and "US" in codes else (code,)
    return codes


def _places_of(name: str) -> tuple[str, ...]:
    known = gazetteer()
    name = normalise(name)
    if name in known.places:
        return known.places[name]
    return (known.countries[name],) if name in known.countries else ()
