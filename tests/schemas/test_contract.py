"""The fast validator and the one that explains agree, over records broken in every way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline import schemas
from dateline.schemas.contract import Contract, contract, require_valid
from tests.helpers.records import RECORD

ARTICLE = Contract("article")
FIELDS = list(schemas.load("article")["properties"])
TEXTS = ["", "2023-02-29", "2024-02-29", "2023-13-01", "0000-01-01", "2023-9-7", "absent", "stamp", "UA", "ua",
         "https://arab.news/ab2cd", "https://arab.news/ab2cd\n", "x" * 501, "a" * 32, "é" * 2001]  # fmt: skip
EDGES = [-1, 0, 1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64]
APART = [("short_url", "https://arab.news/ab2cd\n"), ("updated", "0000-01-01"), ("crawled", "0000-01-01")]
"""Where they do not, on what no rule gives: to Python `$` also stands before a last line feed, and there is no year 0."""
OTHERS = [None, True, False, 0.5, 1.0, -1e300, [], {}, [None], [[]], {"a": []}]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20) | st.sampled_from(EDGES + TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


def agree(record) -> None:
    assert ARTICLE.is_valid(record) == ARTICLE._full.is_valid(record), record
    assert ARTICLE.is_valid(record) == ARTICLE.are_valid([RECORD, record, RECORD]), record
    if not ARTICLE.is_valid(record):
        violation = ARTICLE.violation(record)
        assert violation.message
        assert violation.pointer == "" or violation.pointer.startswith("/")


@pytest.mark.parametrize("field", FIELDS)
def test_both_validators_agree_on_each_field(field):
    """With each value at the edge of what some field takes, alone and in a list, and without the field."""
    values = [*TEXTS, *EDGES, *OTHERS]
    for value in values + [[value] for value in values]:
        if (field, value) not in APART:
            agree(RECORD | {field: value})
    agree({name: value for name, value in RECORD.items() if name != field})


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3),
    st.sets(st.sampled_from(FIELDS), max_size=2),
    st.dictionaries(st.text(max_size=8), JSON, max_size=1),
)
def test_both_validators_agree(changed, missing, added):
    agree({name: value for name, value in (RECORD | changed).items() if name not in missing} | added)


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({"headline": ""}, "/headline", "non-empty"),
        ({"headline": "x" * 501}, "/headline", "too long"),
        ({"short_url": "https://example.com/a"}, "/short_url", "does not match"),
        ({"updated": "2023-02-31"}, "/updated", "is not a 'date'"),
        ({"summary": ["a", ""]}, "/summary/1", "non-empty"),
        ({"copies": 0}, "/copies", "minimum"),
        ({"copies": 2**31}, "/copies", "maximum"),
        ({"region": "Eastern Europe"}, "/region", "does not match"),
        ({"short_url_slot": "full"}, "/short_url_slot", "is not one of"),
        ({"a/b~": 1}, "", "a/b~"),
        ({"body": None}, "/body", "is not of type"),
    ],
)
def test_what_is_wrong_and_where(change, pointer, says):
    record = RECORD | change
    assert not ARTICLE.is_valid(record)
    violation = ARTICLE.violation(record)
    assert violation.pointer == pointer
    assert says in violation.message


def test_the_first_paragraph_decides_on_a_body():
    """So a run may ask no more of the schema: see parse_block()."""
    asked = schemas.load("article")["properties"]["body"]
    assert {name: asked[name] for name in asked.keys() - {"description", "examples"}} == {
        "type": "string",
        "minLength": 1,
    }


def test_the_record_is_valid():
    assert ARTICLE.is_valid(RECORD)


def test_a_long_value_is_not_quoted_whole():
    assert len(ARTICLE.violation(RECORD | {"headline": "x" * 10_000}).message) < 400


def test_what_is_not_valid_is_not_written():
    with pytest.raises(ValueError, match=r"a article that is not valid.*/copies"):
        require_valid(RECORD | {"copies": 0}, "article")


def test_a_schema_is_compiled_once_a_process():
    assert contract("article") is contract("article")
