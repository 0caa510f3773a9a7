"""Plain bodies against body.py, which is the measure."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.pipeline.rules import parse
from dateline.pipeline.rules.body import read_body, without_boxes
from dateline.pipeline.rules.common_text import is_common
from dateline.pipeline.rules.plain_body import plain_body
from tests.helpers.pages import Article, doubled, full, plain

GOLDEN = sorted(Path(__file__).parent.parent.joinpath("golden").glob("*.txt"))
SENTENCE = "The ferry left the old harbor at dawn, with forty passengers."
PARTS = st.sampled_from(
    ["A post shared by ", "(@ferry)", "pic.twitter.com/q7", "Topics: ", "MORE FROM ", "MOST POPULAR", "Enter", "Follow", "0", "© 2024 ",
     "View this post on Instagram", "— Lina (@lina) May 7, 2021", "Updated 07 May 2021", "-", "{{", "•", "(AFP)", "]", "Lina Haddad", "ⓐ", "é",
     "É", "“", "”", "‘", "’", '"', "'", ".", ",", ":", ";", "!", "?", "…", "...", "1. ", "the ferry", "The ferry", "left", " ", " ", SENTENCE, SENTENCE * 2])  # fmt: skip
LINES = st.one_of(
    st.sampled_from(["", "", SENTENCE, f"“{SENTENCE}”"]), st.lists(PARTS, max_size=5).map("".join)
)
BODIES = st.lists(LINES, min_size=1, max_size=6).map(lambda lines: "\n".join(lines).strip())
SHORT = st.one_of(
    st.sampled_from(
        ["The Red Ferry", "WHAT NEXT", "Who pays?", "“The Ferry”", "‘The Ferry: A Life’", "1. The ferry", "Arab News", "AFP", "Lina Haddad",
         "Lina Haddad, captain", "“Who pays?” he asked.", "Enter", "MOST POPULAR", "Latest updates", "Follow", "Live", "© 2024 SAUDI RESEARCH",
         "View this post on Instagram", "— Lina (@lina) May 7, 2021", "(AFP)", "Lina Haddad |", "A" * 80, "A" * 81, f"“{'A' * 80}”", "A" * 101]),
    LINES,
)  # fmt: skip
AFTER = st.sampled_from(
    [SENTENCE, "The writer is a captain.", "“It left.”", f"“{SENTENCE}”", "‘It left’:", "It left."]
)
GAPS = st.sampled_from(["\n", "\n\n", "\n\n", "\n\n\n\n", "\n\n\n\n\n"])
PARTED = st.lists(st.tuples(AFTER, GAPS, SHORT, GAPS), min_size=1, max_size=3).flatmap(
    lambda parts: AFTER.map(lambda last: ("".join(map("".join, parts)) + last).strip())
)

ABOVE = b"pic.twitter.com/q7\nIt left.\n"
"""Lines above a body that are none of it."""


def assert_as_line_by_line(text: str) -> bool:
    """Hold a plain body against what body.py finds; whether it is one."""
    found = plain_body(text.encode())
    assert found == plain_body(ABOVE + text.encode(), len(ABOVE))
    if found is None or not is_common(text.encode()):
        return False
    body = read_body(without_boxes([line.strip() for line in text.split("\n")]))
    assert body.paragraphs == list(filter(None, text.split("\n")))
    assert found == ("\n\n".join(body.paragraphs).encode(), body.subheadings)
    assert body.captions == []
    return True


@settings(max_examples=2000)
@given(BODIES)
def test_a_plain_body_is_what_is_found_line_by_line(text):
    assert_as_line_by_line(text)


@settings(max_examples=2000)
@given(PARTED)
def test_short_lines_are_what_is_found_line_by_line(text):
    assert_as_line_by_line(text)


@pytest.mark.parametrize(
    ("above", "line", "below", "is_head"),
    [
        (SENTENCE, "The Red Ferry", SENTENCE, True),
        (SENTENCE, "“The Ferry”", SENTENCE, True),
        (SENTENCE, "Who pays?", "“Nobody.”", True),
        (SENTENCE, "AFP", SENTENCE, False),
        (SENTENCE, "Lina Haddad", "The writer is a captain.", False),
        (SENTENCE, "Lina Haddad", f"The writer is a captain.\n{SENTENCE}", True),
        ("“It left.”", "Lina Haddad, captain", SENTENCE, False),
        (SENTENCE, "A" * 81, SENTENCE, False),
        (SENTENCE, SENTENCE, SENTENCE, False),
    ],
)
def test_a_short_line_with_an_empty_one_above_it(above, line, below, is_head):
    for gap in ("\n", "\n\n"):
        text = f"{above}\n\n{line}{gap}{below}"
        assert assert_as_line_by_line(text)
        found = plain_body(text.encode())
        assert found
        assert found.subheadings == [line] * is_head


def test_how_a_plain_line_may_begin():
    plain = [
        first
        for first in map(chr, range(0x20, 0x2800))
        if assert_as_line_by_line(f"{SENTENCE}\n{first}{SENTENCE}\n{first}.")
    ]
    others = {*map(chr, range(0x2000, 0x2040)), *"`|}~\x7f"}
    assert {*"AT1“‘—\"'"} <= set(plain) <= {*map(chr, range(0x21, 0x60)), *others} - {"-"}


def test_how_a_plain_line_may_end():
    plain = [
        last
        for last in map(chr, range(0x20, 0x2100))
        if assert_as_line_by_line(f"Who pays.{last}\n{SENTENCE}\nWho pays{last}.\nWho pays.{last}")
    ]
    assert set(plain) == {*".,:;!", *"\"'’”"}


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        f"{SENTENCE}\n{SENTENCE}",
        f"KYIV: It left.\n“It left,” he said.\n‘It left.’\n“At last!”\n12 left.\n{SENTENCE}",
        "He said:\nIt left; it left;",
    ],
)
def test_a_plain_body(text):
    assert assert_as_line_by_line(text)


@pytest.mark.parametrize(
    "line",
    ["\n\n\n", "the ferry left.", "- It left.", "{{name}}.", "Why it left", "Who left?", "It left. (AFP)", "It left [here]", "Enter",
     "Topics: ferries.", "MORE FROM THE HARBOR!", "A post shared by us (@ferry).", "It left pic.twitter.com/q7.", " It left.", "It left. ",
     "Écoles left.", "ⓐ left.", "It left.”“", "It left…"],
)  # fmt: skip
def test_a_line_that_needs_a_closer_look(line):
    for text in (f"{line}\n{SENTENCE}", f"{SENTENCE}\n{line}\n{SENTENCE}", f"{SENTENCE}\n{line}"):
        assert plain_body(text.encode()) is None


def test_most_bodies_are_plain_and_all_records_are_the_same(monkeypatch):
    texts = [make(Article()) for make in (plain, doubled, full)]
    texts += [path.read_text() for path in GOLDEN]
    found = []

    def counted(*args):
        found.append(plain_body(*args))
        return found[-1]

    monkeypatch.setattr(parse, "plain_body", counted)
    records = [parse.parse_block(text.strip().encode(), None) for text in texts]
    assert len(list(filter(None, found))) > len(texts) / 4
    monkeypatch.setattr(parse, "plain_body", lambda data, start: None)
    assert records == [parse.parse_block(text.strip().encode(), None) for text in texts]
