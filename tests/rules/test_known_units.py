"""Units that are known against those that are looked at: the same cuts, whatever came before and stands around them."""

import runpy
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.pipeline.elements import Piece
from dateline.pipeline.rules import known_units, plain_units, split
from dateline.pipeline.rules.anchors import may_be_stamps
from dateline.pipeline.rules.known_units import KnownUnits
from dateline.pipeline.rules.line_forms import form_of
from dateline.pipeline.rules.line_kinds import line_of
from dateline.pipeline.rules.line_table import LineTable
from dateline.pipeline.rules.lines_above import BEGINNING_BYTES, Beginnings, all_begin_differently
from dateline.pipeline.rules.plain_header import begin_differently, known_parts
from dateline.pipeline.rules.plain_units import PlainUnits
from dateline.pipeline.rules.split import cut_range, find_starts
from dateline.pipeline.rules.text import unify_newlines
from tests.helpers.pages import Article, compact, doubled, full, plain
from tests.rules.headers import header_text

BODY = ("CAIRO: The ferry left at noon.", "It was full.", "The harbor", "All went well, they said. " * 9)
ARTICLES = [
    Article(headline=headline, slot=slot, caption=caption, body=BODY[:size])
    for headline in ("Ferry returns to the old harbor", "The harbor of “old” ferries")
    for slot, caption, size in ((None, None, 2), ("", "All went well, they said.", 3), ("https://arab.news/q7xvz", "A ferry (AFP)", 4))
]  # fmt: skip
BLOCKS = [make(article) for make in (plain, doubled, full, compact) for article in ARTICLES]
ODD = [
    "Ferry returns to the old harbor\n",
    "The harbor of “old” ferries\n\nUpdated 07 May 2021\nFollow\n",
    "A ferry (AFP)\n",
    "date 2022-04-20 You are here\n",
    "Updated 07 May 2021\n",
    "1 / 3\n\nShort Url\n",
    "A line\n\n\nShort Url\n\n\nhttps://arab.news/q7xvz\n",
]
HEADERS = st.composite(lambda draw: header_text(lambda lines: draw(st.sampled_from(lines)), above=False))()


@pytest.fixture(autouse=True, scope="module")
def in_columns():
    """However few units a dump has, they are looked at all at once, as those of a large one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_units, "FEW", 0)
        yield


@st.composite
def dumps(draw: st.DrawFn) -> bytes:
    """Some blocks, each many times, in any order and with what might mislead between them."""
    pool = draw(st.lists(st.one_of(st.sampled_from(BLOCKS), HEADERS), min_size=1, max_size=4))
    parts = draw(
        st.lists(
            st.tuples(
                st.one_of(st.sampled_from(pool), st.sampled_from(pool), st.sampled_from(ODD)),
                st.sampled_from(["\n\n", "\n\n", "\n\n\n", "\n", ""]),
            ),
            min_size=2,
            max_size=14,
        )
    )
    return unify_newlines("".join(text.rstrip("\n") + "\n" + gap for text, gap in parts).encode())


def cuts(data: bytes, known: KnownUnits | None) -> list[Piece]:
    pieces = cut_range(lambda at, n: data[at : at + n], 0, lambda start: True, 1 << 20, 1 << 12, (), known)
    return list(chain.from_iterable(pieces))


def assert_the_same(data: bytes, known: KnownUnits) -> int:
    """Hold the cuts against those of a reader that knows nothing; how many were known."""
    found, expected = cuts(data, known), cuts(data, None)
    assert [cut[:4] for cut in found] == [cut[:4] for cut in expected]
    assert [cut.page_day for cut in found] == [cut.page_day for cut in expected]
    many = 0
    for cut, other in zip(found, expected, strict=True):
        if cut.digest and cut.header is None:
            many += 1
            assert other.header
            assert other.digest == cut.digest == known_units.digest_of(cut.data.strip())
            assert known_parts(cut.data) == other.header
        else:
            assert cut.header == other.header
    return many


def test_a_digest_depends_on_each_byte_and_on_a_key_that_nobody_knows():
    block = BLOCKS[0].encode()
    others = [block[:at] + bytes([byte ^ 1]) + block[at + 1 :] for at, byte in enumerate(block)]
    found = {*map(known_units.digest_of, [block, *others, block[:-1], block + b"\0", b""])}
    assert len(found) == len(block) + 4
    assert {*map(len, found)} == {16}
    of_another_process = runpy.run_path(known_units.__file__)["digest_of"]
    assert of_another_process(block) == of_another_process(block) != known_units.digest_of(block)


@settings(max_examples=400)
@given(st.lists(dumps(), min_size=1, max_size=3))
def test_a_unit_that_is_known_is_cut_as_one_that_is_looked_at(texts):
    known = KnownUnits()
    for data in (*texts, *texts):
        assert_the_same(data, known)


@settings(max_examples=25)
@given(dumps())
def test_a_unit_that_is_known_is_cut_so_in_a_dump_of_many_chunks(text):
    """Copies of what stands above, in chunks that begin at a plain header or amid what is none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "CONTEXT", 1 << 12)
        patch.setattr(split, "MAX_WINDOW_BYTES", 1 << 10)
        assert_the_same(text * (1 + 12_000 // len(text)), KnownUnits())


def test_copies_are_known(monkeypatch):
    usual = [
        make(Article(headline=f"Ferry {n} returns")) for n in range(9) for make in (plain, doubled, full)
    ]
    data = "\n\n".join(usual).encode()
    known = KnownUnits()
    assert assert_the_same(data, known) == 0
    assert assert_the_same(data, known) == len(usual) - 1  # nothing stands below the last
    monkeypatch.setattr(known_units, "REMEMBERED", 4)
    few = KnownUnits()
    cuts(data, few)
    assert len(few._units) == 4


def test_a_known_header_ends_where_it_ended():
    """Whatever is read around it stops there."""
    data = (
        b"\n\n\n"
        + "\n\n".join(make(article) for make in (plain, doubled, full) for article in ARTICLES).encode()
    )
    table = LineTable(data, at_start=True)
    known = KnownUnits()
    find_starts(data, True, known)
    new, again = (PlainUnits(data, table, may_be_stamps(table), units) for units in (KnownUnits(), known))
    assert all(unit.header for unit in new.found.values())
    assert sum(unit.header is None for unit in again.found.values()) > 9
    assert [*map(list, again.zones)] == [*map(list, new.zones)]


@pytest.mark.parametrize(
    ("line", "is_known"), [("They went on.", True), ("1 / 3", False), ("Updated 07 May 2021", False)]
)
def test_copies_above_a_page_without_a_plain_header_are_known_if_their_bodies_are_quiet(line, is_known):
    one, other = (
        plain(Article(headline=f"Ferry {n} returns", body=(*BODY[:2], line, BODY[3]))) for n in "12"
    )
    odd = compact(Article(headline="The harbor is full"))
    known = KnownUnits()
    assert_the_same("\n\n".join([one, odd]).encode(), known)
    assert assert_the_same("\n\n".join([one, odd, other, one, other]).encode(), known) == 2 * is_known


def test_what_stands_around_a_known_unit_is_looked_at():
    one, other = plain(ARTICLES[0]), plain(ARTICLES[-1])
    known = KnownUnits()
    cuts("\n\n".join([other, one, other, one]).encode(), known)
    assert known._units
    for above in (
        "Ferry returns to the old harbor",
        "You are here\n\nA label",
        "A caption (AFP)\nA caption (AFP)",
    ):
        assert_the_same("\n\n".join([above + "\n", one, other, one]).encode(), known)
    for below in (
        "Updated 07 May 2021\n",
        "Ferry returns to the old harbor\n\nShort Url\nUpdated 07 May 2021\n",
        "A label\nFerry returns to the old harbor\n\nShort Url\nUpdated 07 May 2021\n",
    ):
        assert_the_same("\n\n".join([other, one, below, other]).encode(), known)
        assert_the_same((other + "\n\n" + one + below + "\n\n" + other).encode(), known)


LINES = st.one_of(
    st.sampled_from([line for text in (*BLOCKS, *ODD) for line in text.split("\n") if line.strip()]),
    st.text("aAbB “”‘'.`()\u00e4\u0308\ufb01\u212b/ ", min_size=1, max_size=9).filter(str.strip),
)


@settings(max_examples=1000)
@given(st.lists(LINES, min_size=2, max_size=6))
def test_lines_that_begin_differently_are_no_copies(lines):
    for one, other in pairwise(lines):
        if begin_differently(one.encode(), other.encode()):
            stems = [form_of(line_of(line.encode()).strip()).stem for line in (one, other)]
            assert stems[0] != stems[1] or not stems[0]


@settings(max_examples=1000)
@given(st.lists(LINES, min_size=2, max_size=6))
def test_many_lines_are_told_apart_as_two_are(lines):
    rows = [line.encode() for line in lines]
    table = LineTable(b"\n".join(rows) + b"\n", True)
    ones = Beginnings(table, table.starts[: len(rows) - 1])
    others = Beginnings(table, table.starts[1 : len(rows)])
    for (one, other), at_once in zip(
        pairwise(rows), all_begin_differently(ones, others).tolist(), strict=True
    ):
        assert begin_differently(one, other) or not at_once
        assert begin_differently(one[:BEGINNING_BYTES], other) == begin_differently(one, other)


@pytest.mark.parametrize(
    ("one", "other", "are_told"),
    [
        ("Ferry", "Harbor", True),
        ("Ferry", "ferry", False),
        ("Ferry", "Far", True),
        ("Ferry", "Ferries", False),
        ("A ferry", "And", True),
        ("“Ferry", "Ferry", True),
        ("“Ferry", "“Harbor", True),
        ("“Ferry", "‘harbor", True),
        ("“Ferry", "‘ferry", False),
        ("“ ferry", "“Harbor", False),
        ("“‘Ferry", "“Harbor", False),
        ("7 ferries", "Harbor", False),
    ],
)
def test_lines_that_begin_differently(one, other, are_told):
    rows = [one.encode(), other.encode()]
    table = LineTable(b"\n".join(rows) + b"\n", True)
    first, second = (Beginnings(table, table.starts[at : at + 1]) for at in (0, 1))
    assert begin_differently(*rows) == begin_differently(*rows[::-1]) == are_told
    assert all_begin_differently(first, second).tolist() == [are_told]


def test_an_empty_line_of_crlf_is_no_stamp_and_makes_no_header_compact():
    paragraph = "KYIV: The ferry left the harbor at dawn."
    one = plain(Article(body=(paragraph, paragraph))).replace("\n", "\r\n")
    assert_the_same(unify_newlines(f"{one}\n\n\n{one}\n\n\n".encode()), known := KnownUnits())
    assert_the_same(unify_newlines(f"{one}\n\n\n{one}\n\n\n".encode()), known)
    table = LineTable(b"A ferry \n \nUpdated 07 May 2021 \n", True)
    assert may_be_stamps(table).tolist() == [2]
