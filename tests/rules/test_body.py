"""What stands among the paragraphs of a body: subheadings, captions, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.rules.body import read_body

ONE = "The ferry left the old harbor at dawn, with forty passengers and one dog."
TWO = "It came back at noon, with forty-one passengers, and the dog was not among them."
SHORT = "Nobody asked for it."
PICTURE = ["", "", "", ""]
"""The empty lines that a picture leaves."""


def subheadings(*lines: str) -> list[str]:
    return read_body(lines).subheadings


def captions(*lines: str) -> list[str]:
    return read_body(lines).captions


@pytest.mark.parametrize(
    "head",
    [
        "The Red Heron",
        "‘Split Wick’",
        "VERY QUIET",
        "Why it matters",
        "Who pays?",
        "1. The heron came first",
        "2) ‘Red’ lamps",
        "‘The Heron: A Life’",
    ],
)
def test_a_line_that_heads_what_follows(head):
    assert subheadings(ONE, "", head, "", TWO) == [head]
    assert subheadings(ONE, "", head, TWO) == [head]
    assert subheadings(ONE, head, TWO) == [head]
    assert subheadings(head, "", ONE, "", "Another Head", "", TWO) == [head, "Another Head"]
    assert read_body([ONE, "", head, "", TWO]).paragraphs == [ONE, head, TWO]


@pytest.mark.parametrize(
    ("first", "rest", "is_head"),
    [
        ("What the lamps cost", ("", ONE), True),
        ("‘Red Heron’", ("", ONE), True),
        ("‘Red Heron’", (ONE,), True),
        (
            "What the lamps cost",
            (ONE,),
            False,
        ),  # a sentence that was broken, a picture's text: nothing parts them
        ("Lina Haddad", ("", ONE), False),  # an author, as far as anybody can tell
        ("THE HERON", ("", ONE), False),
        ("THE HERON", ("", ONE, "", "THE WICK", "", TWO), True),  # but not where others are
        ("Arab News", ("", ONE, "", "THE WICK", "", TWO), False),
        ("What the lamps cost", ("", "Nine at night"), False),  # a list
        ("What the lamps cost", (), False),
    ],
)
def test_the_first_line_of_a_body(first, rest, is_head):
    assert (first in subheadings(first, *rest)) == is_head


@pytest.mark.parametrize(
    "lines",
    [
        (ONE, TWO, "Lina Haddad"),
        (ONE, "", TWO, "", "Lina Haddad"),
        (ONE, "", TWO, "", "Lina Haddad", "", "The writer is a pilot on the lake."),
        (ONE, "", TWO, "", "Dr. Lina Haddad", "", "Dr. Lina Haddad is a columnist. X: @linahaddad"),
        (ONE, TWO, "Lina Haddad", "Lina Haddad is a professor of ferries at the university of the lake."),
        (ONE, "", "Reuters", "", TWO),
        (ONE, "", "“It was a good dog.”", "", "Lina Haddad, pilot", "", TWO),
        (ONE, "They bring:", "A lamp", "A wick", "Some oil", TWO),
        (ONE, "", "Lina Haddad", "", "Omar Tell", "", "Nadim Sorel", "", TWO),
        (ONE, SHORT, "A lamp", SHORT, TWO),  # without empty lines, what is short stands among what is
        ("The ferry left the old harbor at dawn with the mayor of", "Red Heron", TWO),
    ],
)
def test_what_heads_nothing(lines):
    assert subheadings(*lines) == []


@pytest.mark.parametrize(
    "caption",
    [
        "The ferry at its berth. (Supplied)",
        "The ferry at its berth. (AN photo by Omar Tell)",
        "The ferry at its berth. AFP",
        "The ferry at its berth. File/Reuters",
        "(Supplied)",
        "Omar Tell, pilot of the ferry",
        "The ferry at its berth",
    ],
)
def test_a_caption_below_a_picture(caption):
    for gap in PICTURE, [*PICTURE, "", ""]:
        for above in (ONE,), (ONE, "", "The Red Heron", "", TWO):
            body = read_body([*above, *gap, caption, "", TWO])
            assert body.captions == [caption]
            assert caption not in body.subheadings
            assert caption in body.paragraphs  # it also stands in the body, as subheadings do


@pytest.mark.parametrize(
    "caption",
    [
        "The ferry at its berth. (Supplied)",
        "A still from ‘The Ferry.’ (Supplied)",
        "The ferry at its berth on the morning after the storm, seen from the roof of the harbor office. (AFP/File)",
        "The ferry at its berth. [Omar Tell/Reuters]",
        "The ferry at its berth. (AN photo by Omar Tell)",
    ],
)
def test_a_caption_with_its_credit_wherever_it_stands_apart(caption):
    assert captions(ONE, "", caption, "", TWO) == [caption]
    assert captions(ONE, "", TWO, "", caption) == [caption]


def test_a_title_heads_its_part_below_the_signature_of_the_one_above():
    lines = ("‘Red Heron’", "", ONE, "", "Lina Haddad", "", "‘Split Wick’", "", TWO, "", "Omar Tell")
    assert subheadings(*lines) == ["‘Red Heron’", "‘Split Wick’"]


@pytest.mark.parametrize(
    "lines",
    [
        (ONE, *PICTURE, TWO),  # a picture without a caption
        (ONE, *PICTURE, "‘The Red Heron’", "", TWO),  # and a title below it
        (ONE, *PICTURE, "THE RED HERON", "", TWO),
        (ONE, *PICTURE, "2. The Red Heron", "", TWO),
        (ONE, *PICTURE, "Lina Haddad"),  # a signature
        (ONE, "", "", "", "The ferry at its berth", "", TWO),
        (ONE, "", "That is what the Saudi Press Agency (SPA) said of the pilots (AN)", "", TWO),
        (ONE, "", "The dog is well, reported the Saudi Press Agency (SPA).", "", TWO),
        (ONE, "", "The dog is well. (With Reuters)"),
        (ONE, "", "The dog is well. (Reporting by AFP in the harbor)"),
        (ONE, "", "It cost forty coins. (As of Monday)", "", TWO),
        (ONE, "The dog is well. (AFP)", TWO),
    ],
)
def test_what_is_no_caption(lines):
    assert captions(*lines) == []


@pytest.mark.parametrize(
    "post",
    [
        "View this post on Instagram",
        "A post shared by Lina (@lina.haddad)",
        "— Lina Haddad (@linahaddad) September 5, 2023",
        "What a ferry! pic.twitter.com/aB3dE5fG7h",
    ],
)
def test_what_is_left_of_a_post(post):
    body = read_body([ONE, "", post, "", TWO])
    assert (body.captions, body.subheadings) == ([post], [])


def test_a_subheading_behind_a_caption_is_one():
    lines = (ONE, *PICTURE, "The ferry at its berth", "", "The Red Heron", "", TWO)
    assert (subheadings(*lines), captions(*lines)) == (["The Red Heron"], ["The ferry at its berth"])


LINES = st.lists(
    st.sampled_from(
        ["", ONE, TWO, SHORT, "The Red Heron", "Lina Haddad", "(Supplied)", "Topics: A", "a dog and"]
    ),
    max_size=20,
)


@given(LINES)
def test_what_is_told_apart_stands_in_the_body_in_its_order(lines):
    body = read_body(lines)
    for told in body.subheadings, body.captions:
        rest = iter(body.paragraphs)
        assert all(text in rest for text in told)
    assert len(body.subheadings) + len(body.captions) <= len(body.paragraphs)
