import pytest

import schemas
from pipeline.rules.places import gazetteer, locate, regions


@pytest.mark.parametrize(
    ("place", "country", "region"),
    [
        ("KYIV", "UA", "eastern-europe"),
        ("KIEV", "UA", "eastern-europe"),
        ("ALGIERS", "DZ", "northern-africa"),
        ("RIYADH/JEDDAH", "SA", "western-asia"),
        ("KYIV/MOSCOW", "UA", "eastern-europe"),
        ("KABUL, Afghanistan", "AF", "southern-asia"),
        ("NOVODRUZHESK, Ukraine", "UA", "eastern-europe"),
        ("DES MOINES, Iowa", "US", "northern-america"),
        ("TRIPOLI", "LY", "northern-africa"),
        ("TRIPOLI, Lebanon", "LB", "western-asia"),
        ("OCCUPIED JERUSALEM", "PS", "western-asia"),
        ("AL-MUKALLA", "YE", "western-asia"),
        ("COX’S BAZAR", "BD", "southern-asia"),
        ("KUWAIT", "KW", "western-asia"),
    ],
)
def test_dateline_tells(place, country, region):
    assert locate(place, "Some headline about France") == (country, region, "dateline")


@pytest.mark.parametrize(
    ("place", "headline", "expected"),
    [
        (None, "Algeria opens a port", ("DZ", "northern-africa", "headline")),
        ("ATLANTIS", "Greece finds a city", ("GR", "southern-europe", "headline")),
        (None, "France, Algeria to talk", (None, "unknown", "none")),
        (None, "New Jersey votes", ("US", "northern-america", "headline")),
        ("ATLANTIS", "A city is found", (None, "unknown", "none")),
        (None, "Chadwick wins", (None, "unknown", "none")),
    ],
)
def test_headline_tells_where_the_dateline_does_not(place, headline, expected):
    assert locate(place, headline) == expected


def test_every_country_has_one_region_and_a_valid_code():
    table = gazetteer().regions
    assert len(table) >= 240
    assert all(len(code) == 2 and code.isupper() for code in table)
    assert len(regions()) == 23  # M49's 22 with Africa and the Americas parted further, and unknown
    assert set(schemas.load("article")["properties"]) >= {"region", "country"}
