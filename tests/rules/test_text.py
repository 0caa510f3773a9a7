import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.rules.text import normalise, printable, unify_newlines


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Riyadh’s plan", "Riyadh's plan"),
        ("“Green” city", '"green" CITY'),
        ("A – B — C", "A - B - C"),
        ("Two  spaces\u00a0and an end ", "two spaces and an end"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("ﬁnal STRASSE", "final straße"),
    ],
)
def test_headlines_that_are_the_same(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), [("Plan A", "Plan B"), ("10 die", "11 die"), ("cafe", "café")])
def test_headlines_that_differ(one, other):
    assert normalise(one) != normalise(other)


def test_marks_are_put_in_order_in_pieces(monkeypatch):
    """Of any number of them it takes the square."""
    sizes = []
    normal = unicodedata.normalize
    monkeypatch.setattr(
        unicodedata, "normalize", lambda form, text: sizes.append(len(text)) or normal(form, text)
    )
    assert normalise("a" + "\u0316\u0301" * 50_000).startswith("á\u0316")
    assert normalise("x" * 4095 + "é\u2019") == "x" * 4095 + "é'"
    assert max(sizes) == 4096


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b" ", "é".encode()])).map(b"".join))
def test_newlines_are_unified_without_moving_a_byte(data):
    unified = unify_newlines(data)
    assert len(unified) == len(data)
    assert b"\r" not in unified
    assert [line.rstrip() for line in unified.split(b"\n")] == [
        line.rstrip() for line in data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    ]


@given(st.text())
def test_printable_leaves_nothing_that_steers_a_terminal(text):
    assert printable(text).isprintable()


def test_printable_keeps_what_can_be_read():
    assert printable("Riyadh’s \x1b[31mplan\x00\u202e") == "Riyadh’s \\x1b[31mplan\\x00\\u202e"
