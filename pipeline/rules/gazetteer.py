"""The gazetteer: which countries have a place of a name, however it is spelled.

    "AL-KHOBAR", "Al Khobar"    -> SA
    "KATMANDU"                  -> NP
    "NORTHERN SYRIA"            -> SY     (what is left without "NORTHERN")
    "TRIPOLI"                   -> LY, LB

places.json has one line a country: its name, region, other names, the places that datelines name, and, as "parts",
what may stand behind a city's comma instead of the country. gazetteer.tsv has the names of all other places: 3 MB
that are never taken apart, but searched as they lie, so that they cost a process no more time or memory than the
file. GAZETTEER.md tells where it comes from.
"""

import json
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from typing import Any

from dateline.pipeline.rules.text import normalise

ARTICLE = re.compile(r"^(?:al|el|ar|as|ash|at|ad|az|an|ed|es|ez)[ -]")
"""The Arabic article before a normalised name."""
_BEFORE = re.compile(
    r"^(?:(?:(?:indian|pakistani?|israeli|turkish|russian|rebel)[ -])?(?:occupied|annexed|administered|controlled|held)"
    r"|(?:north|south)[ -]?(?:east|west)(?:ern)?|(?:north|south|east|west)(?:ern)?|central|rural|greater|downtown"
    r"|near|outside)(?: of)? "
)
_BEHIND = re.compile(
    r" (?:city|town|village|province|region|district|governorate|state|county|oblast|countryside|suburbs"
    r"|(?:refugee )?camp|airport|(?:air|naval|military) base|headquarters|border|border crossing|crossing"
    r"|valley|strip|coast|islands?|peninsula)$"
)
"""What stands around a place's name in a dateline: "NORTHERN GAZA", "JENIN REFUGEE CAMP"."""
_NO_COUNTRY = re.compile(
    r"(?:africa|america|asia|atlantic|europe|pacific|middle east|(?:.* )?(?:sea|ocean|gulf))$"
)
"""What no country has, with a point of the compass or without; but for what places.json names ("DEAD SEA")."""

MAX_ROWS, MAX_BYTES = 260_000, 4_000_000
"""Of gazetteer.tsv; what builds it refuses more."""

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "ı": "i", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ə": "a"}
)


def spelling(name: str) -> str:
    """A name of which only letters and digits are left, without accents: how it is looked up.

    >>> spelling("AL-KHOBAR") == spelling("Al Khobar") == "alkhobar", spelling("Łódź"), spelling("Sana‘a")
    (True, 'lodz', 'sanaa')
    """
    folded = name.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded.translate(_LETTERS))
        return "".join(c for c in folded if c.isalnum() and unicodedata.category(c) != "Lm")
    return "".join(filter(str.isalnum, folded))


@dataclass(frozen=True)
class Gazetteer:
    countries: dict[str, str]
    """Spelling of a country's names -> ISO code."""
    behind: dict[str, tuple[str, ...]]
    """The same of its parts, too, as they stand behind a comma -> ISO codes: two countries share a few."""
    datelines: dict[str, tuple[str, ...]]
    """A place that places.json names, normalised, and its spelling -> ISO codes of the countries that do."""
    others: bytes
    """gazetteer.tsv, sorted by its bytes: a name, a tab, ISO codes parted by spaces, the likeliest first."""
    regions: dict[str, str]
    """ISO code -> region slug."""
    named: dict[str, str]
    """A country's name, as it stands in a text -> ISO code."""
    mention: re.Pattern[str]
    """Any country's name, as it stands in a headline."""


@cache
def table() -> dict[str, Any]:
    """places.json."""
    loaded: dict[str, Any] = json.loads(
        files("dateline.pipeline.rules").joinpath("places.json").read_text("utf-8")
    )
    return loaded


@cache
def gazetteer() -> Gazetteer:
    """The gazetteer; read once a process, in about 20 ms."""
    behind: dict[str, tuple[str, ...]] = {}
    datelines: dict[str, tuple[str, ...]] = {}
    names = {code: (entry["name"], *entry["aliases"]) for code, entry in table().items()}
    for code, entry in table().items():
        for spelled, found in (
            (datelines, entry["places"]),
            (behind, (*names[code], *entry.get("parts", ()))),
        ):
            for key in dict.fromkeys((*map(normalise, found), *map(spelling, found))):
                spelled[key] = (*spelled.get(key, ()), code)
    named = {name: code for code, all_names in names.items() for name in all_names}
    return Gazetteer(
        countries={spelling(name): code for name, code in named.items()},
        behind=behind,
        datelines=datelines,
        others=files("dateline.pipeline.rules").joinpath("gazetteer.tsv").read_bytes(),
        regions={code: entry["region"] for code, entry in table().items()},
        named=named,
        mention=_any_of(named),
    )


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """An expression that finds any of some names, as words, and where several begin at the same place the longest.

    The names are put together by their first letters: a search then stops at these letters only, and asks for few names.
    """
    sorted_names = sorted(names, key=lambda name: (name[0], -len(name), name))
    of_letters = (
        rf"{re.escape(letter)}(?<!\w.)(?:{'|'.join(re.escape(name[1:]) for name in group)})"
        for letter, group in groupby(sorted_names, key=itemgetter(0))
    )
    return re.compile(rf"(?:{'|'.join(of_letters)})\b")


def countries_with(name: str) -> tuple[str, ...]:
    """The ISO codes of the countries that have a place of a name, the likeliest first; none where nobody knows it.

    A city of exactly this name goes first, then what the paper means by its spelling, then the country of the
    name, then all other names.

    >>> countries_with("SOUTHERN LEBANON"), countries_with("KASHMIR"), countries_with("PORT MERIDIAN")
    (('LB',), ('IN', 'PK'), ())
    """
    known = gazetteer()
    for form in _forms(normalise(name)):
        key = spelling(form)
        exact, ours, country = (
            line_of(known.others, form),
            known.datelines.get(form),
            known.countries.get(key),
        )
        if not ours and not country:
            if _NO_COUNTRY.match(form):
                return ()
            if exact:
                return exact
        others = exact or line_of(known.others, key)
        if ours := ours or known.datelines.get(key):
            return (*ours, *(code for code in others if code not in ours))
        if country or others:
            return (country,) if country else others
    return ()


def _forms(name: str) -> Iterator[str]:
    """A normalised name, and what else it may stand under, the nearest first."""
    while True:
        yield name
        bare = ARTICLE.sub("", name)
        if bare != name:
            yield bare
        if bare.endswith(("a", "ah")):  # Hodeida, Hodeidah
            yield bare.removesuffix("h") if bare.endswith("h") else f"{bare}h"
        less = _BEFORE.sub("", name)
        less = _BEHIND.sub("", name) if less == name else less
        if less == name or len(less) < 3 or _NO_COUNTRY.match(less):
            return
        name = less


def line_of(names: bytes, name: str) -> tuple[str, ...]:
    """The codes behind a name in gazetteer.tsv, or none.

    Args:
        names: the file.
    """
    wanted = name.encode("utf-8", "replace") + b"\t"

    def from_line(at: int) -> bytes:
        """The line that a byte is in, from its start."""
        start = names.rfind(b"\n", 0, at) + 1
        return names[start : start + len(wanted)]

    at = bisect_left(range(len(names)), wanted, key=from_line)
    if not names.startswith(wanted, at):
        return ()
    return tuple(names[at + len(wanted) : names.index(b"\n", at)].decode().split(" "))
