"""Captions are parted from their credits, however these are written."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dateline.pipeline.rules.credits import has_no_credit, is_credit, split_credit
from dateline.pipeline.rules.line_forms import form_of


@pytest.mark.parametrize(
    ("text", "caption", "credit"),
    [
        ("A bridge at dusk. (AFP/File)", "A bridge at dusk.", "AFP/File"),
        ("A bridge at dusk. [Supplied]", "A bridge at dusk.", "Supplied"),
        ("A bridge at dusk. (AP", "A bridge at dusk.", "AP"),
        ("A bridge at dusk. Reuters", "A bridge at dusk.", "Reuters"),
        ("A bridge at dusk.AFP", "A bridge at dusk.", "AFP"),
        ("A bridge at dusk. AP Photo/Jane Doe/File", "A bridge at dusk.", "AP Photo/Jane Doe/File"),
        ("A bridge at dusk. File/Getty Images", "A bridge at dusk.", "File/Getty Images"),
        ("“A bridge.” Arab News", "“A bridge.”", "Arab News"),
        ("Photo/Jane Doe", None, "Photo/Jane Doe"),
        ("AN photo by Jane Doe", None, "AN photo by Jane Doe"),
        ("AFP photo", None, "AFP photo"),
        ("Photo courtesy: Jane Doe", None, "Photo courtesy: Jane Doe"),
        ("Instagram/@janedoe", None, "Instagram/@janedoe"),
        ("(Supplied)", None, "Supplied"),
        (
            "A bridge at dusk in the year of the flood (1998)",
            "A bridge at dusk in the year of the flood (1998)",
            None,
        ),
        ("The mayor (left) and the guest (right)", "The mayor (left) and the guest (right)", None),
        ("A bridge at dusk. It is new", "A bridge at dusk. It is new", None),
        ("Reuters", "Reuters", None),  # an agency alone signs an article
    ],
)
def test_a_caption_and_its_credit(text, caption, credit):
    assert split_credit(text) == (caption, credit)
    assert is_credit(text) == (caption is None)


@pytest.mark.parametrize("dots", [".", "...", ". ."])
def test_a_line_of_dots_is_text_and_no_credit(dots):
    assert not is_credit("")
    assert form_of(dots).code == "t"


PARTS = (
    "A bridge at dusk. ",
    "Photo by ",
    "AN photo by ",
    "Supplied",
    "(AFP",
    "[",
    ")",
    "AFP",
    "dpa",
    " photos",
    " it is",
    " File",
    "Jane/",
    ".",
    "@jane",
    "word " * 25,
)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5))
@example(["A bridge at dusk. ", "AFP", " photos"])
def test_a_sentence_that_surely_has_no_credit_has_none(parts):
    sentence = "".join(parts).strip() + "."
    if has_no_credit(sentence):
        assert not is_credit(sentence.lstrip(". "))
        assert split_credit(sentence) == (sentence, None)


@pytest.mark.parametrize(
    "sentence", ["A bridge at dusk.", "“It is long,” he said at dusk.", "word " * 30 + "again."]
)
def test_most_sentences_are_told_by_their_last_word(sentence):
    assert has_no_credit(sentence)
