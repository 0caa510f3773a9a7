"""The short ways of the rules against the engine, which is the measure: headers, starts, words, lines."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.pipeline.elements import Block, HeaderParts, Place
from dateline.pipeline.rules import line_table, plain_units
from dateline.pipeline.rules.anchors import is_stamp, may_be_stamps
from dateline.pipeline.rules.blocks import Limits, block_of
from dateline.pipeline.rules.common_text import count_words, is_common, odd_bytes
from dateline.pipeline.rules.header import first_part, header_from
from dateline.pipeline.rules.known_units import KnownUnits
from dateline.pipeline.rules.line_table import SPACE, LineTable, pairs_of
from dateline.pipeline.rules.parse import parse_block
from dateline.pipeline.rules.plain_header import (
    _PLAIN,
    _USUAL,
    PARTS,
    _is_certain,
    begin_differently,
    begins_again,
    match_plain,
    may_stand_above,
    read_plain,
)
from dateline.pipeline.rules.plain_units import PlainUnits
from dateline.pipeline.rules.record import record_of, words_below
from dateline.pipeline.rules.split import TOP, cut_range, find_starts
from dateline.pipeline.rules.text import unify_newlines
from dateline.pipeline.rules.text_repairs import mend
from tests.helpers.pages import Article, doubled, full, plain
from tests.rules.headers import header_text

GOLDEN = sorted(Path(__file__).parent.parent.joinpath("golden").glob("*.txt"))
MANY = settings(max_examples=500)

HEADERS = st.composite(lambda draw: header_text(lambda lines: draw(st.sampled_from(lines)), above=False))()
"""The header of a block, and some body."""
DUMPS = st.composite(
    lambda draw: "".join(
        header_text(lambda lines: draw(st.sampled_from(lines)), above=True)
        for _ in range(draw(st.integers(1, 3)))
    )
)()
"""Some of them with lines above, one after the other."""


@pytest.fixture(autouse=True, scope="module")
def in_columns():
    """However few units a dump has, they are looked at all at once, as those of a large one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_units, "FEW", 0)
        yield


def parts_of(block: bytes) -> HeaderParts | None:
    """The plain header that a block begins with, as the split would find it."""
    match = _PLAIN.match(block)
    if not match or not is_common(block) or begins_again(block, match["headline"], match.end()):
        return None
    match = match_plain(block, 0, match.start("stamp"), True)
    return match and match.group(*PARTS)


def assert_as_the_engine(text: str) -> bool:
    """Hold the plain header of a text against the engine's; whether there is one."""
    block = text.rstrip().encode()
    parts = parts_of(block)
    found = read_plain(block, parts) if parts else None
    if found is None:
        return False
    header, at = found
    lines = text.rstrip().split("\n")
    part = first_part(lines)
    assert part
    assert part.is_headed
    assert replace(header, end=part.end) == header_from(part)
    assert block[at:].decode().split("\n") == lines[part.end :]
    return True


def assert_starts_as_the_engine(data: bytes, at_start: bool = True) -> None:
    """Hold plain headers in a dump against the engine's: where each begins and ends, and all starts."""

    text = TOP + data if at_start else data
    assert list(find_starts(text, at_start)) == list(
        without_plain_headers(lambda: find_starts(text, at_start))
    )


def without_plain_headers(call: Callable[[], Any]) -> Any:
    """What a call comes to where the engine reads every header."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_units, "match_plain", lambda *args: None)
        patch.setattr(plain_units, "match_compact", lambda *args: None)
        return call()


# --- headers -------------------------------------------------------------------------------------------


@MANY
@given(HEADERS)
def test_a_plain_header_is_the_engines(text):
    assert_as_the_engine(text)
    assert_as_the_engine(mend(text)[0])


@MANY
@given(DUMPS)
@pytest.mark.slow
def test_starts_with_and_without_plain_headers(text):
    data = unify_newlines(text.encode())
    for at_start in (True, False):
        assert_starts_as_the_engine(data, at_start)


@MANY
@given(HEADERS)
@pytest.mark.slow
def test_records_with_and_without_plain_headers(text):
    block = text.rstrip().encode()
    assert parse_block(block, None, (), parts_of(block)) == parse_block(block, None)


URL = "https://arab.news/q7xvz"
ARTICLES = [
    Article(slot=slot, caption=caption, bullets=bullets, headline=headline)
    for slot in (None, "", URL)
    for caption in (None, "The ferry at its berth. (AFP/File)", "A ferry")
    for bullets in ((), ("It took two years",), ("It took two years", "It is “high”", "12 boats are left"))
    for headline in ("Ferry returns to the old harbor", "Ferry’s “captain” — back at noon")
]
USUAL = [make(article) for make in (plain, doubled, full) for article in ARTICLES]
CRLF = [unify_newlines(text.replace("\n", "\r\n").encode()).decode() for text in USUAL]


@pytest.mark.parametrize("texts", [USUAL, CRLF], ids=["LF", "CRLF"])
def test_usual_headers_are_read_the_short_way(texts, monkeypatch):
    """All of them, in blocks and in dumps; so the tests above are about something."""
    assert all(map(assert_as_the_engine, texts))
    zones = []

    def counted(*args):
        zones.append(match_plain(*args))
        return zones[-1]

    monkeypatch.setattr(plain_units, "match_plain", counted)
    data = TOP + "\n\n".join(texts).encode()
    found = find_starts(data, True)
    assert list(found) == list(without_plain_headers(lambda: find_starts(data, True)))
    assert len(found) == len(texts)
    assert len(list(filter(None, zones))) > 0.9 * len(texts)


def read_whole() -> list[tuple[int, int, object]]:
    found = []
    for path in GOLDEN:
        data = path.read_bytes() + b"\n\n\n" + USUAL[0].encode() + b"\n\n" + path.read_bytes()
        cuts = cut_range(lambda at, n, data=data: data[at : at + n], 0, lambda start: True, 1 << 20)
        for cut in chain.from_iterable(cuts):
            block = block_of(cut, Limits())
            fields = (
                parse_block(block.data, None, block.repairs, block.header)
                if isinstance(block, Block)
                else block
            )
            found.append((cut.start, cut.end, fields))
    return found


def test_golden_pages_with_and_without_plain_headers():
    assert read_whole() == without_plain_headers(read_whole)


def test_a_block_that_is_cut_short_is_left_to_the_engine():
    block = USUAL[0].encode()
    parts = parts_of(block)
    assert read_plain(block[: len(parts[0])], parts) is None
    assert read_plain(block[: len(parts[0]) + 1], parts) is not None


HEAD = "Ferry returns to the old harbor"
BODY = "KYIV: The ferry left the harbor at dawn with forty passengers on board.\nIt came back at noon.\n"


def page(*lines: str, alt: str = "", below: str = "") -> str:
    return "\n".join(
        [HEAD, "", *([alt] if alt else []), "Updated 07 September 2023", *lines, "", HEAD, below + BODY]
    )


ODD_PAGES = {
    "no slot's label": page(alt="A boat. (AFP)\nShort U"),
    "a sentence right below the name": page("AFP").replace("AFP\n\n", "AFP\n").replace(HEAD, "It left at dawn."),
    "a headline that goes on": page().replace(HEAD + "\nKYIV", HEAD + " once more\nKYIV"),
    "bullets three lines below": page(below="\n\n\n  • It took two years\n"),
    "a bullet without a space": page(below="\n  •It took two years\n"),
    "a sentence below the second stamp": page("AFP", below="\nUpdated 07 September 2023\nIt left at dawn.\n"),
    "a copy in wider spaces below": page(below="\n" + HEAD.replace(" ", "  ") + "\n"),
    "a credit in brackets below": page(below="\n[AFP]\n"),
    "a button below the second stamp": page("AFP", below="\nUpdated 07 September 2023\nAFP\nFollow\n"),
    "a count below the second stamp": page("AFP", below="\nUpdated 07 September 2023\nAFP\n0\n"),
    "an odd space below": page(below="\n\u00a0\n"),
    "a dash for a bullet": page(below="\n- It took two years\n"),
    "no month": page().replace("September", "Lamps"),
    "a bullet without a letter": page(below="\n  • 12 000\n"),
    "a lone glyph": page(below="\n  • \n"),
    "a crumb": page(below="\n  • Home\n"),
    "a search form": page(below="\n• Search form\n"),
    "a second stamp two lines below": page("AFP", below="\n\nUpdated 07 September 2023\nAFP\n"),
    "a caption that is the name": page("JANE DOE").replace("Updated", f"{HEAD}\nJane Doe\nUpdated", 1),
    "a caption that comes again": page().replace("Updated", f"{HEAD}\nA boat. (AFP)\nUpdated", 1).replace("KYIV", "A boat. (AFP)\n\nKYIV"),
    "a label": page().replace(HEAD, "Special " + HEAD, 1),
    "a labelled copy below": page(below=f"Special {HEAD}\n"),
    "a copy in capitals below": page(below=f"\n{HEAD.upper()}\n"),
    "a copy in capitals for a caption": page(alt=HEAD.upper()),
    "a copy in capitals for a name": page(HEAD.upper()),
    "a credit below": page(below="\n(AFP)\n"),
    "a stamp of another kind below": page("AFP", below="\nPublished: 06 September 2023 Updated 07 September 2023\n"),
    "a button below": page(below="\nFollow\n"),
    "a count below": page(below="0\n"),
    "a counter for a caption": page(alt="1 / 2"),
    "a day for a caption": page(alt="17 February 2023"),
    "another stamp for a caption": page(alt="Published: 06 September 2023 Updated 07 September 2023"),
    "a crawler's line for a caption": page(alt="date 2022-04-20 You are here"),
    "tags for a name": page("Topics: ferry"),
    "a sentence for a name": page("It left at dawn."),
    "a title in a list's body": page(below="\n  • Ferry\n\n    It left.\n"),
    "an odd space under the headline": page().replace(HEAD + "\n", HEAD + "\u2028\n", 1),
}  # fmt: skip


@pytest.mark.parametrize("text", ODD_PAGES.values(), ids=ODD_PAGES)
def test_odd_headers_are_left_to_the_engine(text):
    """Found by breaking the expression and its conditions one by one; each of these once made a difference."""
    assert_as_the_engine(text)
    for above in ("", "A line.\n\n\n", "It goes on.\n\n\n\n", f"{HEAD}\n\n\n", "A boat. (AFP)\n\n\n"):
        data = f"{above}{text}\n\n\n{text}".encode()
        assert_starts_as_the_engine(data)


ABOVE = ("Updated 07 September 2023", "date 2022-04-20 You are here", "You are here", "You are here\n\nHarbor life", "Harbor life\nHarbor life", "  • Home", "  • A bullet", "é" * 15,
         "Follow", "1 / 2", "Jane Doe", "Harbor life", "A boat. (AFP)", "A sentence.", "x" * 2100, " ", "", HEAD, "17 February 2023",
         "1 2 3 4", "Search form", "Short Url", "https://arab.news/q7xvz", "Topics: a", "MOST POPULAR", "-", "quotes of it")  # fmt: skip


@pytest.mark.parametrize("above", ABOVE)
@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n\n\n", "\n \n\n\n"])
def test_lines_above_a_plain_header(above, gap):
    for text in (*USUAL[:4], *doubled_with("A boat. (AFP)"), *CRLF[:1]):
        data = f"A body of it. It ends here.\n{above}{gap}{text}".encode()
        assert_starts_as_the_engine(data)


def doubled_with(caption: str) -> list[str]:
    return [make(Article(caption=caption)) for make in (doubled, full)]


# --- words and lines -----------------------------------------------------------------------------------

CHARACTERS = st.one_of(
    st.sampled_from("  \n\n aZ’“é—٣\t\x0b\x0c\r\x1c\x1f\x85\u00a0\u00ad\u1680\u2000\u2007\u200b\u200f\u2028\u2029\u202f\u205f"
                    "\u2060\u3000\ufeffÂÃâ€™‚\x80\x9d"),
    st.characters(exclude_categories=["Cs"]),
)  # fmt: skip
TEXTS = st.text(CHARACTERS, max_size=60) | st.text("  aZé’\n", max_size=60)


@settings(max_examples=2000)
@given(TEXTS)
def test_a_common_text_needs_no_mending(text):
    if is_common(text.encode()):
        assert mend(text) == (text, [])
        assert set(filter(str.isspace, text)) <= {" ", "\n"}


@pytest.mark.parametrize("number", range(0x110000 >> 12))
def test_no_white_space_is_common(number):
    """Nor is any control, or character that is mended: a look at all there are."""
    for point in range(number << 12, number + 1 << 12):
        character = chr(point)
        if 0xD800 <= point < 0xE000 or character in " \n":
            continue
        if point < ord(" ") or character.isspace() or mend(character) != (character, []):
            assert not is_common(character.encode()), hex(point)


@settings(max_examples=1000)
@given(
    st.lists(TEXTS.map(lambda text: " ".join(text.split("\n")).strip()).filter(bool), min_size=1, max_size=4)
)
def test_words_are_counted_as_split_does(paragraphs):
    body = "\n\n".join(paragraphs).encode()
    for data in (body, b"\n" + body + b" \n"):
        assert not is_common(data) or count_words([data], [0]) == [len(data.decode().split())]


def test_words_of_many_texts_are_counted_apart():
    texts = [b"Ferries left", b"", b" \n", b"at last.\n\nAll  of them\n", b"The end"]
    assert count_words(texts, [0, 0, 0, 9, 3]) == [2, 0, 0, 3, 1]
    assert count_words([], []) == []
    assert count_words([b"left", b"a b", b"at last"], [6, 3, 9]) == [0, 0, 0]


def test_words_below_plain_headers_are_counted_for_many_blocks_at_once():
    place = Place("monday.txt", 0, 1)
    blocks = [
        Block(0, 0, len(data), data, (), parts_of(data), is_common=is_common(data))
        for data in (text.strip().encode() for text in (*USUAL, "Ferry\n\n\nIt left."))
    ]
    counted = words_below(blocks)
    assert [bool(words) for words in counted] == [True] * len(USUAL) + [False]
    for block, words in zip(blocks, counted, strict=True):
        assert record_of(block, place, None, words) == record_of(block, place, None)
    first = blocks[0]
    cut_short, not_known = first._replace(data=first.data[:40]), first._replace(is_common=False)
    assert words_below([cut_short, not_known]) == [0, 0]


LINES = st.lists(
    st.sampled_from([b"", b" ", b"\t", b"\xc2\xa0", b" \xc2\xa0\t", b"\xa0", b"\xc2", b"- a", b"a", b"ab", b"abc", b" ab", b"\xc2\xa0ab",
                     b"ab ", b"\xc3\xa0", b"\xe2\x80\xa2 a", b"\xc2\xa9", b"a" * 300, b"\x0b", b"\r", b" \xc2", b"Updated 07 May 2021", b" Updated", b"\tabc", b"\xc2\xa0- a"]),
    max_size=8,
)  # fmt: skip


@settings(max_examples=1000)
@given(LINES, st.booleans(), st.sampled_from([1, 7, 1 << 17]))
def test_a_line_table_is_the_lines(lines, at_start, block):
    text = b"\n".join(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_table, "BLOCK", block)
        table = LineTable(text, at_start)
    rows, starts = [], []
    at = 0
    for line in text.split(b"\n"):
        rows.append(line)
        starts.append(at)
        at += len(line) + 1
    if not at_start:
        del rows[0], starts[0]
    assert table.starts.tolist() == starts
    assert table.lengths.tolist() == [len(row) for row in rows]
    empty = [re.fullmatch(SPACE, row) is not None for row in rows]
    assert table.empty.tolist() == empty
    for many in (1, 2, 3):
        assert table.behind_empty(many).tolist() == [
            i for i in range(many, len(rows)) if not empty[i] and all(empty[i - many : i])
        ]
    words = (b"abc", b"- a", b"Updated")
    for any_space in (True, False):
        found = table.beginning(pairs_of(words, any_space)).tolist()
        bare = [row.lstrip(b" \t\xc2\xa0") if any_space else row for row in rows]
        assert set(found) >= {i for i, row in enumerate(bare) if row.startswith(words)}
        assert all(
            rows[i][:2] in (b"ab", b"- ", b"Up")
            or (any_space and rows[i][:1] in (b" ", b"\t", b"\xc2", b"\xa0"))
            for i in found
        )


@MANY
@given(HEADERS)
def test_a_usual_header_is_a_plain_one(text):
    """What the stricter pattern finds, the other finds as well, and the questions to it are answered."""
    block = text.rstrip().encode()
    usual, found = _USUAL.match(block), _PLAIN.match(block)
    if usual and is_common(block):
        assert found
        assert usual.regs == found.regs
        assert _is_certain(found)


def test_most_usual_headers_are_usual():
    articles = [article for article in ARTICLES[::2] if article.caption != "A ferry"]
    assert all(_USUAL.match(make(article).encode()) for make in (plain, full) for article in articles)


PARAGRAPHS = (
    "The ferry left the harbor at dawn with forty passengers on board, its captain said.",
    "“The ferry left the harbor at dawn with forty passengers on board, and with two cats.”",
    "A ferry left the harbor at dawn with forty passengers on board, its captain said.",
    "A ferry (AFP)",
    "“A ferry left the harbor at dawn with forty passengers on board, and with two cats (AFP).”",
    "Ferry returns to the old harbor, which it had left at dawn with forty passengers (AFP).",
    "By noon the ferry had left the harbor, and the next one was not due for an hour, they said.",
    "Updated figures are due on Monday, and so is the ferry that left at dawn, as its captain said.",
    "date 2022-04-20 You are here",
    "You are here",
    "",
    " The ferry left the harbor at dawn with forty passengers on board, its captain said.",
)


@MANY
@given(st.lists(st.sampled_from(PARAGRAPHS), max_size=5), st.integers(0, 26), st.sampled_from(ARTICLES))
def test_what_stands_above_is_told_at_once_as_line_by_line(above, gap, article):
    text = "\n".join([*above, *[""] * gap, *plain(article).split("\n")]).encode()
    table = LineTable(text, True)
    units = PlainUnits(text, table, may_be_stamps(table), KnownUnits())
    for place, at in enumerate(units._above._paragraphs.tolist()):
        if at >= 0:
            line = units._above._line_above(int(units._tops[place]))
            assert line == text[at:].split(b"\n")[0]
            assert may_stand_above(line, article.headline.encode(), b"")


@MANY
@given(
    st.sampled_from(PARAGRAPHS),
    st.sampled_from(PARAGRAPHS).filter(bool),
    st.sampled_from(["", "- ", "“", "1. "]),
)
def test_what_stands_above_a_caption_is_told_at_once_as_line_by_line(above, caption, sign):
    article = Article(caption=sign + caption)
    text = "\n".join([TOP.decode(), above, "", "", *plain(article).split("\n")]).encode()
    table = LineTable(text, True)
    units = PlainUnits(text, table, may_be_stamps(table), KnownUnits())
    at = text.index(article.headline.encode()) + len(article.headline) + 2
    if units._above.all_may_start(np.array([len(units._tops) - 1]), np.array([at])):
        assert begin_differently(above.encode(), article.caption.encode())


@MANY
@given(DUMPS, st.sampled_from([b"", b"\n\xff", b"\n\xe2\x80"]), st.booleans())
def test_few_units_are_looked_at_one_by_one(text, end, at_start):
    data = b"\n\n\n" + text.encode() + end
    table = LineTable(data, at_start)
    found = []
    for few in (0, 99):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(plain_units, "FEW", few)
            units = PlainUnits(data, table, may_be_stamps(table), KnownUnits())
        found.append((units.found, units.other_stamps))
    assert found[0] == found[1]


NO_STAMPS = ("Updated figures of 2021", "Updated", "Publisher of 7", " Updated 7 times so")
STAMPED = (*(plain(article) for article in ARTICLES[:4]), *(f"{line}\n" for line in NO_STAMPS),
           "Updated 07 May 2021\n", " Updated 2 hours ago\n", "\n\n", "A line\n\n")  # fmt: skip


@MANY
@given(st.lists(st.sampled_from(STAMPED), max_size=8).map("\n\n".join))
def test_a_stamp_may_be_told_late(text):
    """Lines that only begin and end as stamps do change nothing."""
    data = b"\n\n\n" + text.encode()
    table = LineTable(data, True)
    lines = may_be_stamps(table)
    stamps = [i for i, at in enumerate(table.starts.tolist()) if is_stamp(data, at)]
    assert set(stamps) <= set(lines.tolist())
    assert not {table.line(i).decode() for i in stamps} & set(NO_STAMPS)
    sure, late = (PlainUnits(data, table, of, KnownUnits()) for of in (np.array(stamps, np.int64), lines))
    assert late.found == sure.found
    assert late.other_stamps == sure.other_stamps


ODD_TEXT = st.lists(
    st.sampled_from(["a ", "é", "“", "\n", "\n", "\t", "\x00", "\u0085", "\u00a0", "\u00ad", "Â", "Ã", "â", "\u1680", "\u2003", "\u2029", "‰",
                     "\u205f", "\u2060", "\u3000", "\ufeff", "鈥", "聽", "\U0001f600"]),
    max_size=12,
)  # fmt: skip


@MANY
@given(ODD_TEXT, st.sampled_from([b"", b"\n", b"\xe2\x80", b"\xff"]), st.sampled_from([b"", b"\x80\x9d"]))
def test_odd_bytes_are_told_at_once_as_line_by_line(parts, end, begin):
    text = begin + "".join(parts).encode() + end
    table = LineTable(text, not begin)
    found = odd_bytes(text, table)
    lines = [table.line(number) for number in range(len(table.starts))]
    if b"\xff" in end or found is None:
        assert found is None or b"\n" not in text or lines[-1].endswith(end)
        return
    for start, line in zip(table.starts.tolist(), lines, strict=True):
        is_clean = not any(start <= at < start + len(line) + 1 for at in found.tolist())
        if line != lines[-1] or line.isascii():
            assert is_clean == is_common(line)
        else:
            assert not is_clean
