from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline import schemas
from dateline.pipeline.rules.gazetteer import MAX_BYTES, MAX_ROWS, gazetteer, line_of, spelling, table
from dateline.pipeline.rules.places import dateline, locate, opening_dateline, regions
from dateline.pipeline.rules.text import normalise


def printed() -> list[tuple[str, str | None, str]]:
    """The rows of datelines.txt: a dateline, its country and its region."""
    found = []
    for line in Path(__file__).with_name("datelines.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            head, _, places = line.partition(": ")
            code, region = head.split(" ")
            found += [(place, None if code == "--" else code, region) for place in places.split("; ")]
    return found


def test_datelines_as_they_are_printed():
    rows = printed()
    assert len(rows) > 2_000
    wrong = []
    for place, country, region in rows:
        opening = f"{place}: A bridge was opened on Monday."
        found = locate(place, "A bridge is opened", opening)
        if (found.country, found.region) != (country, region) or dateline(opening) != place:
            wrong.append((place, country, found.country, dateline(opening)))
    assert wrong == []


@pytest.mark.parametrize(
    ("place", "headline", "expected"),
    [
        (None, "Algeria opens a port", ("DZ", "northern-africa", "headline")),
        ("PORT MERIDIAN", "Greece finds a city", ("GR", "southern-europe", "headline")),
        (None, "France, Algeria to talk", (None, "unknown", "none")),
        (None, "New Jersey votes", ("US", "northern-america", "headline")),
        (None, "Kosovo votes", ("XK", "southern-europe", "headline")),
        ("PORT MERIDIAN", "A city is found", (None, "unknown", "none")),
        (None, "Chadwick wins", (None, "unknown", "none")),
        ("KYIV", "Some headline about France", ("UA", "eastern-europe", "dateline")),
        ("KATMANDU", "Some headline about India", ("NP", "southern-asia", "dateline")),
        ("ABOARD THE CHARLES DE GAULLE", "France sends a ship", (None, "unknown", "none")),
    ],
)
def test_headline_tells_where_the_dateline_does_not(place, headline, expected):
    assert locate(place, headline) == expected


@pytest.mark.parametrize(
    ("place", "headline", "opening", "expected"),
    [
        ("TRIPOLI", "A port opens", "TRIPOLI: The port opened.", ("LY", "northern-africa", "dateline")),
        (
            "TRIPOLI",
            "A port opens",
            "TRIPOLI: A port in Lebanon opened.",
            ("LB", "western-asia", "dateline_text"),
        ),
        ("TRIPOLI", "Lebanon opens a port", "TRIPOLI: It opened.", ("LB", "western-asia", "dateline_text")),
        ("TRIPOLI", "Lebanon and Libya talk", "TRIPOLI: They talk.", ("LY", "northern-africa", "dateline")),
        (
            "VALENCIA",
            "A port opens",
            "VALENCIA: It is in Venezuela.",
            ("VE", "south-america", "dateline_text"),
        ),
        ("TRIPOLI", "France opens a port", "TRIPOLI: It opened.", ("LY", "northern-africa", "dateline")),
        ("KASHMIR", "Snow falls", "KASHMIR: It snows in Pakistan.", ("PK", "southern-asia", "dateline_text")),
        ("KASHMIR", "Snow falls", "KASHMIR: It snows.", ("IN", "southern-asia", "dateline")),
        ("HANOVER", "A fair opens", "HANOVER: It opened.", ("DE", "western-europe", "dateline")),
        ("SAIDA", "A fair opens", "SAIDA: It is in Algeria.", ("DZ", "northern-africa", "dateline_text")),
    ],
)
def test_places_that_several_countries_have(place, headline, opening, expected):
    assert locate(place, headline, opening) == expected


@pytest.mark.parametrize(
    ("place", "country"),
    [
        ("BASSE-TERRE", "GP"),
        ("BASSETERRE", "KN"),
        ("SAN JOSÉ", "CR"),
        ("SAN JOSE", "US"),
        ("SAÏDA", "DZ"),
        ("SAIDA", "LB"),
        ("EAST LONDON", "ZA"),
        ("CANTON", "US"),  # Guangzhou was called so, but a city that is called so today goes before
        ("JORDAN", "JO"),  # a country before the cities of its name
        ("GEORGIA", "GE"),
    ],
)
def test_what_goes_before_what(place, country):
    assert locate(place, "A bridge is opened").country == country


@pytest.mark.parametrize(
    "text",
    [
        "Author: Jane Doe wrote it",
        "Director: Jane Doe",
        "Topics: Bridges Rivers",
        "AUTHOR: Jane Doe",
        "TOPICS: Bridges Rivers",
        "ARAB NEWS: What do you think?",
        "Q&A: What do you think?",
        "CEO: What do you think?",
        "EDITOR’S NOTE: This was changed.",
        "UPDATE 2: The bridge opens.",
        "CEO of ARAMCO: The bridge opens.",
        "A: The bridge opens.",
        "RIYADH: ",
        "RIYADH, the bridge: It opens (2).",
        "THE BRIDGE THAT NOBODY WANTED AND EVERYBODY CROSSED IN THE END OF IT: It opens.",
    ],
)
def test_what_is_no_dateline(text):
    assert dateline(text) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("RIYADH : The bridge opens.", "RIYADH"),
        ("RIYADH:  The bridge opens.", "RIYADH"),
        ("PORT MERIDIAN: The bridge opens.", "PORT MERIDIAN"),
        ("AÑÉ-D’OR: The bridge opens.", "AÑÉ-D’OR"),
        ("UN: The bridge opens.", "UN"),
        ("UAE: The bridge opens.", "UAE"),
        ("HUE: The bridge opens.", "HUE"),
        ("LONDON and CAIRO: The bridge opens.", "LONDON and CAIRO"),
        ("Amman: The bakers of the valley sent nine carts over the pass.", "Amman"),
        ("Jordan: The bakers of the valley sent nine carts over the pass.", None),
        ("Amman: The bakers sent carts.", None),
    ],
)
def test_what_opens_a_body(text, place):
    assert opening_dateline(text) == place


SIGNS = st.text(alphabet=" '’‘`-.", max_size=1)


@given(st.lists(SIGNS, min_size=8, max_size=8))
def test_signs_between_letters_do_not_matter(signs):
    letters = "HODEIDAH"
    place = "".join(letter + sign for letter, sign in zip(letters, signs, strict=True))
    assert locate(place, "A bridge is opened").country == "YE"


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_somewhere_or_nowhere(place, headline):
    found = locate(place, headline)
    assert found.region in regions()
    assert (found.country is None) == (found.region == "unknown")
    assert (found.source == "none") == (found.country is None)


def test_the_gazetteer_is_sorted_whole_and_small():
    text = gazetteer().others
    assert len(text) <= MAX_BYTES
    names = []
    for line in text.decode().splitlines():
        name, codes = line.split("\t")
        assert name
        assert set(codes.split(" ")) <= table().keys()
        names.append(name.encode())
    assert MAX_ROWS >= len(names) > 200_000
    assert names == sorted(set(names))


def test_every_line_is_found():
    text = gazetteer().others
    lines = text.decode().splitlines()
    for line in (lines[0], lines[-1], *lines[::997]):
        name, codes = line.split("\t")
        assert line_of(text, name) == tuple(codes.split(" "))
        assert line_of(text, f"{name}\x7f") == () == line_of(text, name[:-1] + "\x08")


def test_places_of_a_country_are_told_once():
    for entry in table().values():
        keys = [normalise(place) for place in entry["places"]]
        assert len(keys) == len(set(keys))
        assert all(map(spelling, keys))


def test_every_country_has_one_region_and_a_valid_code():
    known = gazetteer().regions
    assert len(known) >= 240
    assert all(len(code) == 2 and code.isupper() for code in known)
    assert len(regions()) == 23  # M49's 22 with Africa and the Americas parted further, and unknown
    assert set(schemas.load("article")["properties"]) >= {"region", "country"}


@pytest.mark.parametrize(
    ("paragraph", "place"),
    [
        ("KARACHI:The port was opened on Monday.", "KARACHI"),
        ("KARACHI : The port was opened on Monday.", "KARACHI"),
        ("KARACHI:“It is open,” the mayor said.", "KARACHI"),
        (
            "MERIDIANA:The port was opened.",
            None,
        ),  # nobody knows the place, and nothing parts it from a sentence
        ("KARACHI:9 ports were opened.", None),
        ("AT 9:30 The port was opened.", None),
    ],
)
def test_no_space_behind_the_colon(paragraph, place):
    assert dateline(paragraph) == place


def test_a_country_makes_a_dateline_of_small_letters():
    rest = ": The bakers of the valley sent nine carts over the pass."
    assert opening_dateline("Doha, Qatar" + rest) == "Doha, Qatar"
    assert opening_dateline("Lina Haddad, baker" + rest) is None
    assert opening_dateline("Bakers, Qatar" + rest) is None
