"""No expression of the rules can be made to work more than its text is long: each is searched for strings that would."""

import random
import re

import pytest

from dateline.pipeline import inputs, rules
from tests.helpers.automaton import Automaton
from tests.helpers.expressions import collected, grown, pumped, searched, written_in_place
from tests.helpers.matcher import Matcher

EXPRESSIONS = [*collected(rules), *collected(inputs)]
SEARCHED = searched(rules, EXPRESSIONS) | searched(inputs, EXPRESSIONS)

CODES = "[nhgt]"
GALLERY = rf"(?:(?:_?[Hk]|_?{CODES})?_?c(?:_?(?:k|{CODES})){{0,2}})*"
PICTURE = rf"(?:_?H_?{CODES})*(?:_?(?:[Hk]|{CODES})){{0,4}}(?:_?j)?"
ONCE_OURS = {
    "a gallery's captions, above or below": (rf"H(?:_?H)*{GALLERY}{PICTURE}\Z", False),
    "a slot's URL, or one of its own": (
        r"\AH_{1,2}H(?:_{0,2}(?:H|s(?:_{0,2}[uU])?|U))*_*(?:b_*)*(?=[nhgt])",
        False,
    ),
    "headlines, or more of them": (r"H(?:_?H)*(?:_{0,2}(?:H|s))*b", False),
    "numbers, or more of them": (r"(?:m_{0,2})*(?:d_{0,2})?(?:m_{0,2})*\Z", False),
    "breadcrumbs, from each of them": (r"(?:[dyv]_{0,2})+H\Z", True),
    "spaces of the digits, or behind": (r"[0-9][0-9 /]*(?:May)?[^\x21-\x7e\n]*\n", False),
    "digits, from each of them": (r"(\d+) ([a-z]+)", True),
}
OTHERS = {
    "(?:a|a)*b": False, "(?:a*)*b": False, "(?:a|aa)*b": False, "(?:a?a)*b": False, "a*a*b": False, "a*?[ab]*?c": False,
    "(?:(?=.*x)a)*": False, "a+b": True, "x*+y": True, "(a)(?:\\1|a)*b": False, "(?i:ab|AB)*c": False, "(?:.|\n)*x": True,
}  # fmt: skip
FINE = {
    "a+b": False, "(?:aa?)*+b": False, "(?>a*)b": False, "(?:a_?)*b": False, "[^\n]{10,300}b": True, "(?:_*b)*": False,
    r"(?<!a)a{1,9}b": True, r"\bab\b": True, "(?:[ab]c)*c": False,
}  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda expression: expression.places[0])
def test_no_expression_can_be_pumped(expression):
    assert not [*pumped(expression.pattern, expression.is_among(SEARCHED))]


PAGE = """
A ferry comes back to its harbor

The ferry at its berth, as seen. (AFP/File)
Short Url

https://arab.news/ab2cd

Updated 07 September 2023
AFP

A ferry comes back to its harbor

  • It took two years
  • It cost much

Updated 07 September 2023
AFP


KYIV: Traffic crossed it on Monday.
"""
INSERTED = (" ", "\n", "a", "0", "(", ") ", "A.", "• x\n", "- x\n", "\n ", "a (b)", "é")


@pytest.mark.parametrize(
    "name", ["dateline.pipeline.rules.plain_header._PLAIN", "dateline.pipeline.rules.plain_header._USUAL"]
)
def test_a_page_with_more_and_more_in_it(name):
    """What an automaton knows nothing of, a headline that must come again, is in a page; so this is tried there."""
    found = [expression.pattern for expression in EXPRESSIONS if name in expression.places]
    for pattern in found:  # none, once the headers are read in another way
        matcher = Matcher(pattern)
        page = PAGE[1:]
        for at in [m.start() for m in re.finditer(r"\b|\n|$", page)]:
            for more in INSERTED:
                pages = (page[:at] + more * many + page[at:] for many in (150, 300, 600, 1200))
                assert grown(matcher, [text.encode() for text in pages], False) <= 2.2, (at, more)


@pytest.mark.parametrize(("text", "is_search"), [*ONCE_OURS.values(), *OTHERS.items()])
@pytest.mark.slow
def test_one_that_can_is_found(text, is_search):
    assert next(pumped(re.compile(text), is_search), None)


@pytest.mark.parametrize(("text", "is_search"), FINE.items())
def test_one_that_cannot_is_not(text, is_search):
    assert not [*pumped(re.compile(text), is_search)]


def test_every_expression_is_looked_at():
    """Those that are made where they are used would not be."""
    assert [*written_in_place(rules), *written_in_place(inputs)] == []
    places = {place for expression in EXPRESSIONS for place in expression.places}
    for module in (
        "blocks",
        "body",
        "dates",
        "formats",
        "line_kinds",
        "parse",
        "places",
        "plain_header",
        "records",
        "credits",
        "text_repairs",
        "text",
    ):
        assert any(re.match(rf"dateline\.pipeline\.(rules|inputs)\.{module}\.", place) for place in places), (
            module
        )
    assert any(place.endswith(".gazetteer().mention") for place in places)
    assert "mention" in SEARCHED


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda expression: expression.places[0])
@pytest.mark.slow
def test_the_matcher_matches_as_python_does(expression):
    """Its steps are of use only if it goes the same ways."""
    pattern = expression.pattern
    automaton, matcher = Automaton(pattern, False), Matcher(pattern)
    pick = random.Random(expression.places[0])
    for _ in range(60):
        text = automaton.walk(pick)
        subject = text.encode("latin-1") if isinstance(pattern.pattern, bytes) else text
        for is_search in False, True:
            match = pattern.search(subject) if is_search else pattern.match(subject)
            assert matcher.end(text, is_search) == (match and match.end()), text
