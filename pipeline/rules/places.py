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

from pipeline.rules.text import normalise

RegionSource = Literal["dateline", "headline", "none"]
UNKNOWN = "unknown"


class Location(NamedTuple):
    country: str | None
    region: str
    source: RegionSource


NOWHERE = Location(None, UNKNOWN, "none")


@dataclass(frozen=True)
class Gazetteer:
    countries: dict[str, str]
    """Normalised name of a country -> ISO code."""
    places: dict[str, str]
    """Normalised name of a place -> ISO code."""
    regions: dict[str, str]
    """ISO code -> region slug."""
    mention: re.Pattern[str]
    """Any country's name, as it stands in a headline."""


@cache
def gazetteer() -> Gazetteer:
    """The compiled places.json; read once a process."""
    table = json.loads(files("pipeline.rules").joinpath("places.json").read_text("utf-8"))
    names = {name: code for code, entry in table.items() for name in (entry["name"], *entry["aliases"])}
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return Gazetteer(
        countries={normalise(name): code for name, code in names.items()},
        places={normalise(place): code for code, entry in table.items() for place in entry["places"]},
        regions={code: entry["region"] for code, entry in table.items()},
        mention=re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b"),
    )


@cache
def regions() -> tuple[str, ...]:
    """Every region slug that a row can have, sorted; `unknown` is one of them."""
    return tuple(sorted({*gazetteer().regions.values(), UNKNOWN}))


def locate(place: str | None, headline: str) -> Location:
    """Country and region of an article.

    Args:
        place: the dateline as printed, without its colon; None where there is none.
        headline: looked at only where the dateline tells nothing: it tells the region if it names
            exactly one country.
    """
    known = gazetteer()
    if place:
        code = _country_of(place)
        if code:
            return Location(code, known.regions[code], "dateline")
    named = {known.countries[normalise(name)] for name in known.mention.findall(headline)}
    if len(named) == 1:
        code = named.pop()
        return Location(code, known.regions[code], "headline")
    return NOWHERE


@lru_cache(maxsize=1 << 14)
def _country_of(place: str) -> str | None:
    known = gazetteer()
    city, _, country = place.partition(",")
    if country and (code := known.countries.get(normalise(country))):
        return code  # what the dateline says goes before what we know
    for name in re.split(r"[/&]| AND ", city):
        name = normalise(name)
        if code := known.places.get(name) or known.countries.get(name):
            return code
    return None
