"""The kinds of lines: what a kind begins with is said beside its pattern, and all fast ways follow from that."""

import re

import pytest

from dateline.pipeline.rules.line_kinds import kind_of
from dateline.pipeline.rules.site import ANCHOR_CODES, ANCHOR_WORDS, ANY, LINE_KINDS
from tests.helpers.pages import Article, full
from tests.rules.test_plain import assert_as_the_engine

LINES = {
    "stamp": ["Updated 07 September 2023", "Published: 01 May 2020 Updated: 3 days ago", "Publié le mardi 3 mai 2022"],
    "slot": ["Short Url"],
    "short": ["https://arab.news/ab2cd", "http://www.arab.news/AB2cd/"],
    "url": ["https://example.com/ferry", "http://x"],
    "follow": ["Follow", "0"],
    "counter": ["3/12", "12 / 40"],
    "crawl": ["date 2022-04-20 You are here", "date 2022-04-20"],
    "form": ["Search form", "• Search form", "Last updated: 3 min ago"],
    "day": ["07 September 2023", "7 mai 2023"],
    "here": ["You are here"],
    "home": ["• Home", "•  Home"],
    "timeline": ["Click on the number for more info", "1 2 3 4 5"],
    "player": ["12 seconds of 1 minute, 3 secondsVolume 90%", "9 seconds of it", "Volume 90%", "00:12",
               "Press shift question mark to access a list", "View this post on Instagram", "A post shared by Jane",
               "pic.twitter.com/abc", "Next Up", "Live", "Keyboard Shortcuts", "Play/Pause", "Error messageThe page is gone"],
    "topics": ["Topics: Harbor"],
    "footer": ["© 2024 SAUDI RESEARCH & PUBLISHING"],
    "end": ["MOST POPULAR", "Latest updates", "MORE FROM Harbor life"],
    "box": ["Enter", "keywords"],
    "listing": ["Latest published", "By Jane Doe ·", "Stay Connected"],
    "teaser": ["January 05, 2020", "May 31, 2016", "December 01, 2020"],
    "template": ["-", "- {{title}}", "{{#if}} a"],
    "author": ["Jane Doe |", "JANE DOE | ARAB NEWS"],
    "token": ["鈥檚 12", "’ ’"],
    "bullet": ["• It took years", "- It took years", "•\u00a0It took years"],
}  # fmt: skip
"""Of each kind, one line for each way in which it can begin."""
EACH = [(kind, line) for kind in LINE_KINDS for line in LINES.get(kind.name, [""])]
EACH_LINE = pytest.mark.parametrize(("kind", "line"), EACH, ids=lambda value: getattr(value, "name", value))


@EACH_LINE
def test_a_line_begins_as_its_kind_says(kind, line):
    assert line, f"LINES needs a line of the kind {kind.name}"
    assert re.match(kind.pattern, line)
    assert kind.begins == ANY or line.startswith(kind.begins)
    assert kind_of(line) == kind.code


def test_an_anchor_is_a_line_of_these_kinds():
    begins = [word for kind in LINE_KINDS if kind.code in ANCHOR_CODES for word in kind.begins]
    assert [
        word
        for word in ANCHOR_WORDS
        if not any(word.startswith(start) or start.startswith(word) for start in begins)
    ] == []


HEADLINE, CAPTION = Article().headline, Article().caption


@EACH_LINE
def test_the_fast_path_and_the_engine_read_it_alike(kind, line):
    """Wherever text can stand in a plain header."""
    text = full(Article())
    for place in (HEADLINE, CAPTION, "AFP", Article().bullets[0], "KYIV: "):
        assert place in text
        assert_as_the_engine(text.replace(place, line))
    assert_as_the_engine(text.replace("KYIV: ", f"{line}\n\nKYIV: "))
