"""The form of a short URL stands in one place."""

import re

import pytest

from dateline import schemas
from dateline.pipeline.rules.identity_rows import ROW
from dateline.pipeline.rules.line_kinds import code_of
from dateline.pipeline.rules.short_urls import PATTERN, short_url, slug_of
from dateline.pipeline.rules.site import LEAD_LINES, MAX_SLUG


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arab.news/ab2cd", "https://arab.news/ab2cd"),
        ("http://www.arab.news/AB2cd/", "https://arab.news/ab2cd"),
        ("https://arab.news/" + "x" * MAX_SLUG, "https://arab.news/" + "x" * MAX_SLUG),
        ("https://arab.news/" + "x" * (MAX_SLUG + 1), None),
        ("https://arab.news/", None),
        ("https://arab.news/ab_cd", None),
        ("https://arabxnews/ab2cd", None),
        ("https://example.com/ab2cd", None),
    ],
)
def test_the_one_form(url, expected):
    assert short_url(url) == expected
    assert (expected is None) or re.search(PATTERN, expected)
    if expected:
        assert slug_of(expected).decode() == expected.rpartition("/")[2]
        assert code_of(url) == "U"
        assert re.match(LEAD_LINES, url)


@pytest.mark.parametrize("name", ["article", "duplicate"])
def test_the_schemas_repeat_it(name):
    assert schemas.load(name)["properties"]["short_url"]["pattern"] == PATTERN


def test_a_row_has_room_for_every_slug():
    assert ROW["slug"].itemsize == MAX_SLUG
