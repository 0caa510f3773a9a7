"""Windows that are known against those that are read: the same headers, whatever text stands above them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.pipeline.rules import known_windows
from dateline.pipeline.rules.known_windows import KnownWindows
from dateline.pipeline.rules.windows import _read, found_in
from tests.rules.headers import header_text

TEXT = (
    "The ferry left the harbor at dawn with forty passengers on board, its captain said.",
    "“It was full,” he said.",
    "It sails daily " + "and daily " * 210 + "and daily.",
)
ODD = (
    "KYIV: The ferry left the harbor at dawn.", "CAIRO: Another one came.", "KYIV", "Ferry returns to the old harbor", "A ferry (AFP)",
    "(AFP)", "Updated 07 May 2021", "Jane Doe", "Short Url", "• It took two years", "date 2022-04-20 You are here", "1 / 9", "",
    "The ferry left the harbor at dawn with forty passengers on board, its captain said", "quotes of it",
)  # fmt: skip
COMPACT = "\nFerry returns to the old harbor\nUpdated 07 September 2023\nJane Doe\nKYIV: The ferry left.\nAll went well.\n"
BEHIND = "\nFerry returns to the old harbor\n\nFerry returns to the old harbor\nShort Url\nhttps://arab.news/q7xvz\n"
ABOVE = st.lists(st.one_of(st.sampled_from(TEXT), st.sampled_from(ODD)), min_size=1, max_size=5)
HEADERS = st.composite(lambda draw: header_text(lambda lines: draw(st.sampled_from(lines)), above=False))()
LINES = st.lists(st.one_of(st.sampled_from(TEXT), st.sampled_from(ODD)), max_size=6).map("\n".join)
BELOW = st.one_of(st.sampled_from([COMPACT, BEHIND]), LINES, HEADERS)


@settings(max_examples=1000)
@given(
    st.lists(BELOW, min_size=1, max_size=2),
    st.lists(
        st.tuples(ABOVE, st.integers(0, 1), st.sampled_from((0, 0, 0, 1)), st.sampled_from(("body", "body", "start"))),
        min_size=2,
        max_size=6,
    ),
)  # fmt: skip
def test_what_is_known_is_what_is_read(belows, windows):
    known = KnownWindows()
    for above, which, gap, before in windows:
        data = ("\n".join(above) + "\n\n\n" + belows[which % len(belows)]).encode()
        assert found_in(data, gap, before, known) == _read(data, gap, before)[2]


@pytest.fixture
def many_reads(monkeypatch):
    """How many windows are read."""
    reads = []
    monkeypatch.setattr("dateline.pipeline.rules.windows._read", lambda *of: reads.append(of) or _read(*of))
    return reads


def window(above: str, below: str = COMPACT) -> tuple[bytes, int, str]:
    return f"{above}\n\n\n{below}".encode(), 0, "body"


def test_a_window_is_read_once(many_reads):
    known = KnownWindows()
    rows = [found_in(*window("\n".join(TEXT[:many])), known) for many in (1, 2, 3, 1)]
    assert len(many_reads) == 1
    assert rows == [((many + 3, many + 6, 0),) for many in (1, 2, 3, 1)]


@pytest.mark.parametrize(
    "above", ["All went well.", "KYIV: The ferry left.", "A ferry (AFP)", f"{TEXT[0]}\n{TEXT[0]}", f"{TEXT[0]}\n\n{TEXT[1]}"]
)  # fmt: skip
@pytest.mark.parametrize("is_first", [False, True])
def test_what_may_matter_is_read(many_reads, above, is_first):
    """A line that stands below as well, a dateline, a caption, a line twice, an empty one."""
    known = KnownWindows()
    for lines in (above, TEXT[0]) if is_first else (TEXT[0], above):
        assert found_in(*window(lines), known) == _read(*window(lines))[2]
    assert len(many_reads) == 2


def test_windows_that_do_not_begin_amid_a_body_are_read(many_reads):
    known = KnownWindows()
    data = window(TEXT[0])[0]
    for gap, before in ((0, "body"), (1, "body"), (0, "start"), (0, "body")):
        found_in(data, gap, before, known)
    assert [of[1:] for of in many_reads] == [(0, "body"), (1, "body"), (0, "start")]


def test_a_body_above_its_header_is_read_with_it(monkeypatch):
    """It starts above what the digest is of."""
    lines, roles, found = _read(*window(TEXT[0]))
    known = KnownWindows()
    monkeypatch.setattr(
        "dateline.pipeline.rules.windows._read", lambda *_: (lines, ["before", *roles[1:]], ((0, 6, 3),))
    )
    found_in(*window(TEXT[0]), known)
    monkeypatch.setattr("dateline.pipeline.rules.windows._read", _read)
    assert found_in(*window(TEXT[0]), known) == found


def test_the_oldest_windows_are_forgotten(many_reads, monkeypatch):
    monkeypatch.setattr(known_windows, "REMEMBERED", 2)
    known = KnownWindows()
    for number in (1, 2, 3, 3, 1):
        found_in(*window(TEXT[0], f"{COMPACT}{number}"), known)
    assert [of[0][-1:] for of in many_reads] == [b"1", b"2", b"3", b"1"]
