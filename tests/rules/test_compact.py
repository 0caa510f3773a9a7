"""Compact headers that are read the short way against the engine, which is the measure: starts, headers and records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.pipeline.elements import Block
from dateline.pipeline.rules import plain_units
from dateline.pipeline.rules.anchors import BODY_LINES, NEAR, anchors, is_stamp, may_be_stamps
from dateline.pipeline.rules.blocks import Limits, block_of
from dateline.pipeline.rules.compact_header import COMPACT
from dateline.pipeline.rules.header import first_part, header_from
from dateline.pipeline.rules.known_units import KnownUnits, Unit
from dateline.pipeline.rules.known_windows import KnownWindows
from dateline.pipeline.rules.line_forms import form_of, lines_of
from dateline.pipeline.rules.line_kinds import texts_of
from dateline.pipeline.rules.line_table import MIN_SENTENCE, NO_ZONES, LineTable
from dateline.pipeline.rules.parse import parse_block
from dateline.pipeline.rules.plain_header import _PLAIN, known_parts, read_plain
from dateline.pipeline.rules.reading import read
from dateline.pipeline.rules.split import TOP, cut_range, find_starts
from dateline.pipeline.rules.text import unify_newlines
from dateline.pipeline.rules.windows import USUAL, _Windows
from tests.helpers.pages import Article, doubled, full, plain
from tests.rules.headers import Pick

PARAGRAPHS = (
    "The ferry left the harbor at dawn with forty passengers on board, he said.",
    "“It is what we have been waiting for, and it went well,” she told them at noon.",
    "It was late.",
    "A ferry: it had been here before, and it was the first of the many to come back at last.",
    "Then the captain of the ferry went home, and all of the passengers did so as well.",
    "The harbor is open now.",
    "All of the passengers who had left the old harbor at dawn came back on Monday to Riyadh.",
)
ODD_LINES = (
    "The captain of the ferry was seen with forty passengers on board. AFP.",
    "The captain of the ferry was seen with forty passengers on board (AFP).",
    "Courtesy of the captain of the ferry, who had been there at last.",
    "A " + "long line " * 230 + ".",
    "“Will it come back, as it did in the year before the last one, and at noon?”",
    "KYIV: The ferry left the harbor at dawn with forty passengers on board, he said.",
    "A CORUNA: The ferry left the harbor at dawn with forty passengers on board, he said.",
    "Topics: a ferry that left the harbor at dawn with forty passengers on board, he said.",
    "A post shared by the captain of the ferry that has forty passengers on board.",
    "The <div class=\"field\">ferry left the harbor at dawn with forty passengers on board.",
    "The rest of it", "WHAT COMES NEXT", "CAIRO: The rest of it", "Jane Doe", "AFP", "1 / 3", "https://arab.news/q7xvz", "Short Url",
    "Updated 07 September 2023", "You are here", "date 2022-04-20 You are here", "  • It took two years", "- It took two years", "",
    "By Jane Doe ·", "January 05, 2020", "MOST POPULAR", "Enter", "Ferry returns to the old harbor", "Ferry returns to the old harbor.",
    "Latest published", "{{#bullets}}", "10 seconds of it Volume 90%", "é" * 15, "The harbor is\u00a0open.", "The harbor is open. ", " It is.",
)  # fmt: skip
HEADLINES = (
    *("Ferry returns to the old harbor",) * 30,
    "Ferry’s captain returns to the “old” harbor", "KYIV opens a bridge for the ferry", "KYIV: A ferry comes back at noon", "Nine ferries",
    "Photo by Jane Doe of the ferry", "Ferry comes back at last (AFP)", "Ferry comes back at last.", "Is the ferry back? AFP", "Jane Doe",
    "12 ferries come back at last", "ferry comes back at last to us", "By Jane Doe on a ferry of his", "- A ferry comes back at last",
    "Jane Doe comes back at last with a ferry", "A ferry " + "of its captain " * 9, "Reuters", "Updated figures are due on Monday",
    "date 2022-04-20 A ferry comes back", "Is the ferry back | JANE DOE |", " Ferry returns to the old harbor", "Ferry returns to the\u00a0harbor",
)  # fmt: skip
STAMPS = (*("Updated 07 September 2023",) * 30, "Updated 3 days ago", " Updated 07 September 2023", "Updated 07 September 2023 ",
          "Updated 07 September 2023 12:30", "Updated: 07 September 2023", "Updated figures")  # fmt: skip
NAMES = (
    *("Jane Doe",) * 30,
    "AFP", "Reuters", "JANE DOE", "Arab News", "Arab News ", "Follow", "0", "Jane Doe.", "Jane Doe | ARAB NEWS", "World", "The ferry", "KYIV",
    "Jane Doe of the old harbor in it", "A ferry that comes back at last to us", "É. Lutin", "Updated 07 September 2023", "Analysis",
    "Ferry returns to the old harbor", "Old harbor ferry", "It left at dawn.", "Ferry’s captain", "", "1 / 3", "• Jane Doe", "(AFP)",
)  # fmt: skip
DATED = (
    *("KYIV: The ferry left the harbor at dawn with forty passengers on board, he said.",) * 30,
    "EREWHON: The ferry left the harbor at dawn with forty passengers on board.", "KYIV: No.", "KYIV: A " + "long line " * 230 + ".",
    "The ferry left the harbor at dawn with forty passengers on board, he said.", "Kyiv: The ferry left the harbor at dawn.", "KYIV", "AFP",
    "IMOLA, Italy: The race began, and it was long, and it went on for hours.", "KYIV:“The ferry left the harbor,” he said.", "KYIV: ",
    "AFP: The ferry left the harbor at dawn with forty passengers on board.", "KYIV: <div class=\"field\">The ferry left.", "", "KYIV: Ferries",
    "MOST POPULAR: the ferry of them all, which left the harbor at dawn.",
)  # fmt: skip
BEHIND = (
    "Harbor is full of ferries today",
    "Harbor is full of ferries today",
    "- It took two years",
    "Updated 07 May 2021",
    "Reuters",
)
"""Headers of bodies that stand above them, whole or in part."""


def dump_text(pick: Pick) -> str:
    """Paragraphs, a compact header, and paragraphs, its usual form more often than any other; and what may stand around."""

    def paragraphs(many: str, odd: bool) -> list[str]:
        lines: list[str] = []
        for _ in range(int(pick(many.split()))):
            lines.append(pick([line for line in PARAGRAPHS if odd or line not in lines[-1:]]))
        for _ in range(int(pick("0112")) if odd else 0):
            at = int(float(pick([str(n / 20) for n in range(20)])) * (len(lines) + 1))
            above, below = pick(("00", "10", "10", "20", "11"))
            lines[at:at] = [*[""] * int(above), pick(ODD_LINES), *[""] * int(below)]
        return lines

    odd = pick("00001") == "1"
    lines = []
    top = pick(("nothing", "nothing", "plain", "gallery", "lines", "page"))
    if top == "plain":
        make = {"A": plain, "B": doubled, "C": full}[pick("ABC")]
        lines += make(Article(headline=pick(HEADLINES), body=PARAGRAPHS[: int(pick("123"))])).split("\n")[:-1]
    elif top != "nothing":
        lines += ["date 2022-04-20 You are here"] if top == "page" else []
        lines += [pick(HEADLINES), *[""] * int(pick("01")), "1 / 3"] if top != "lines" else []
        lines += [pick(ODD_LINES) for _ in range(int(pick("0012")))]
    lines += [""] * int(pick("0000123"))
    for _ in range(int(pick("12"))):
        lines += paragraphs("4 5 6 7 7 8 9 10 12", odd)
        lines += [""] * int(pick("222222222223345610"))
        lines += [pick(HEADLINES), pick(STAMPS), pick(NAMES), pick(DATED)]
        lines += paragraphs("5 6 7 7 8 8 9 10 11", odd)
        below = pick(("nothing", "nothing", "behind", "lines"))
        if below == "behind":
            lines += BEHIND[int(pick("01")) : int(pick("12345"))]
        elif below == "lines":
            lines += [""] * int(pick("012")) + [pick(ODD_LINES) for _ in range(int(pick("123")))]
    lines += [""] * int(pick("0123")) + (plain(Article()).split("\n") if pick("01") == "1" else [])
    return "\n".join(lines) + "\n"


DUMPS = st.composite(lambda draw: dump_text(lambda lines: draw(st.sampled_from(lines))))()


@pytest.fixture(autouse=True, scope="module")
def in_columns():
    """However few units a dump has, they are looked at all at once, as those of a large one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_units, "FEW", 0)
        yield


def without_compact_headers(call: Callable[[], Any]) -> Any:
    """What a call comes to where the engine reads every compact header."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_units, "match_compact", lambda *args: None)
        return call()


def records(data: bytes, known: KnownUnits | None = None) -> list[Any]:
    """The places of the articles of a dump, and what each is."""
    found = []
    cuts = cut_range(lambda at, n: data[at : at + n], 0, lambda start: True, 1 << 20, known=known)
    for cut in chain.from_iterable(cuts):
        block = block_of(cut, Limits())
        if isinstance(block, Block):
            header = block.header or (known_parts(block.data) if cut.digest else None)
            found.append((cut.start, cut.end, parse_block(block.data, None, block.repairs, header)))
        else:
            found.append((cut.start, cut.end, block))
    return found


def assert_as_the_engine(data: bytes) -> int:
    """Hold what is found in a dump against what the engine finds; how many compact headers were read the short way."""
    for at_start, text in ((False, data), (True, TOP + data)):
        found = find_starts(text, at_start)
        assert list(found) == list(without_compact_headers(lambda t=text, a=at_start: find_starts(t, a)))
        assert_read_alone(text, at_start, found)
    units = [unit for unit in found.values() if unit and unit.header and COMPACT.match(unit.data)]
    for unit in units:
        header, at = read_plain(unit.data, unit.header)
        part = first_part(unit.data.decode().split("\n"))
        assert replace(header, end=part.end) == header_from(part)
        assert unit.data.count(b"\n", 0, at) == part.end
    whole = records(data)
    assert whole == without_compact_headers(lambda: records(data))
    known = KnownUnits()
    assert records(data, known) == records(data, known) == whole
    return len(units)


def assert_read_alone(text: bytes, at_start: bool, found: Mapping[int, Unit | None]) -> None:
    """What compact_header.py promises of a header amid paragraphs: the engine reads its stamp with paragraphs, and nothing else."""
    table = LineTable(text, at_start)
    starts = table.starts.tolist()
    windows = _Windows(text, table, NO_ZONES, at_start, KnownWindows())
    stamps = [number for number in may_be_stamps(table).tolist() if is_stamp(text, starts[number])]
    worth_a_look = sorted({*stamps, *anchors(text, table)})
    for start, unit in found.items():
        if not (unit and unit.header and COMPACT.match(unit.data)):
            continue
        stamp = starts.index(start) + 1
        assert [line for line in worth_a_look if abs(line - stamp) <= NEAR] == [stamp]
        top, _ = windows._window(stamp, stamp, USUAL, 0, -1)
        assert top > 3
        above = [form_of(line) for line in texts_of(text[starts[top] : starts[stamp - 1]]) if line]
        assert len(above) >= BODY_LINES - (
            len(starts) > stamp and starts[stamp] - starts[stamp - 1] > MIN_SENTENCE
        )
        assert {form.code for form in above} <= {"t", "x"}
        assert not any(table.empty[top : stamp - 1].tolist()[: len(above)])
        for line in worth_a_look:
            if line > stamp:
                assert windows._window(line, line, USUAL, 0, -1)[0] > stamp + 2
            elif line < stamp:
                assert windows._window(line, line, USUAL, 0, -1)[1] < stamp - 1


@settings(max_examples=500)
@given(DUMPS)
@pytest.mark.slow
def test_with_and_without_compact_headers(text):
    assert_as_the_engine(unify_newlines(text.encode()))


LONG = [line for line in PARAGRAPHS if len(line) >= 60]
SHORT = [line for line in PARAGRAPHS if len(line) < 60]
TWIN = "Ferry returns to the old harbor with forty passengers on board"


def some(many: int) -> list[str]:
    usual = [SHORT[0], *LONG, SHORT[1]]
    return [usual[n % len(usual)] for n in range(many)]


USUAL_LINES = ["Ferry returns to the old harbor", "Updated 07 September 2023", "Jane Doe", DATED[0]]
END = ["", "", "Another headline of it", ""]


def page(
    above: Sequence[str] = (), header: Sequence[str] = (), below: Sequence[str] = (), gap: int = 2
) -> bytes:
    lines = [*(above or some(9)), *[""] * gap, *(header or USUAL_LINES), *(below or some(9)), *END]
    return "\n".join(lines).encode()


def with_line(place: int, line: str) -> list[str]:
    return [line if i == place else usual for i, usual in enumerate(USUAL_LINES)]


USUAL_PAGES = {
    "usual": page(),
    "three empty lines": page(gap=3),
    "five empty lines": page(gap=5),
    "an agency": page(header=with_line(2, "Reuters")),
    "capitals": page(header=with_line(2, "JANE DOE")),
    "a name in other letters": page(header=with_line(2, "É. Lutin")),
    "a place that nobody knows": page(header=with_line(3, DATED[30])),
    "a headline with quotes": page(header=with_line(0, HEADLINES[30])),
    "spaces at the ends": page(header=[f"{line} " for line in USUAL_LINES[:3]] + USUAL_LINES[3:]),
    "a headline that may be a paragraph": page(header=with_line(0, TWIN + "?")),
    "a subheading below": page(below=[*some(3), "", "WHAT COMES NEXT", *some(5)]),
    "a subheading above": page(above=[*some(4), "", "WHAT COMES NEXT", *LONG[:4]]),
    "sentences that end in a name": page(above=[*LONG[:2], PARAGRAPHS[-1], *LONG[:2], PARAGRAPHS[-1], *LONG[:3]]),
    "many short lines above": page(above=[*some(4), *LONG[:4], *SHORT, *SHORT, *SHORT, *SHORT]),
}  # fmt: skip


@pytest.mark.parametrize("data", USUAL_PAGES.values(), ids=USUAL_PAGES)
def test_usual_compact_headers_are_read_the_short_way(data):
    assert assert_as_the_engine(data) == 1


GALLERY = ["You are here", "Harbor life in pictures", "1 / 3"]
E_PAGE = [*BEHIND[:3], "", "", "Another headline of it", "CAIRO: The rest of it"]
ODD_PAGES = {
    "a caption for a headline": page(header=with_line(0, "Ferry comes back at last (AFP)")),
    "a sentence for a headline": page(header=with_line(0, "Ferry comes back at last.")),
    "a bullet for a headline": page(header=with_line(0, "- A ferry comes back at last")),
    "a dateline for a headline": page(header=with_line(0, "KYIV: A ferry comes back at noon")),
    "a headline that is no UTF-8": page().replace(b"old", b"\xff"),
    "a headline with an odd space": page(header=with_line(0, "Ferry returns to the\u00a0harbor")),
    "a sentence for a name": page(header=with_line(2, "It left at dawn.")),
    "a headline for a name": page(header=with_line(2, "A ferry that comes back at last to us")),
    "the headline in other words for a name": page(header=["The old harbor ferry returns", USUAL_LINES[1], "Old harbor ferry", DATED[0]]),
    "two names": page(header=[*USUAL_LINES[:3], "AFP"]),
    "two names of capitals": page(header=[*USUAL_LINES[:3], "KYIV"]),
    "an item of a feed for a body": page(header=with_line(3, 'KYIV: <div class="field">The ferry left.')),
    "an item of a feed above": page(above=[*some(3), ODD_LINES[9], *LONG[:4]]),
    "an item of a feed below": page(below=[*some(3), ODD_LINES[9], *LONG[:5]]),
    "pictures right above": page(above=[*GALLERY, *LONG[:4], LONG[0]]),
    "pictures as near as can be": page(above=[*GALLERY, *LONG[:4], *LONG[:2]]),
    "pictures and short lines": page(above=[*LONG, "", "", *GALLERY, *SHORT, *SHORT, *SHORT, SHORT[0]]),
    "pictures and three paragraphs": page(above=[*GALLERY, *SHORT, *SHORT, *LONG[:3]]),
    "pictures above a paragraph that stands alone": page(above=[*GALLERY, "", "", LONG[0], "", "WHAT COMES NEXT", *LONG[:4]]),
    "pictures above a paragraph with a bullet below": page(
        above=[*GALLERY, "", "", LONG[0], "• It took two years.", *LONG[:4], LONG[0]]
    ),
    "a day amid paragraphs": page(above=[*some(3), "", "CAIRO: The rest of it", *LONG[:4]]),
    "a list amid paragraphs": page(above=[*some(3), "", "Latest published", *LONG[:4]]),
    "a list right amid paragraphs": page(above=[*some(3), "Latest published", *LONG[:4]]),
    "a crawler's line above": page(above=[*some(3), "date 2022-04-20 It left the harbor.", *LONG[:4]]),
    "a crawler's line below": page(below=[*some(3), "date 2022-04-20 It left the harbor.", *LONG[:5]]),
    "a dateline below": page(below=[*some(3), "", "CAIRO: The rest of it", *LONG[:5]]),
    "a slot below": page(below=[*some(3), "", "Short Url", *LONG[:5]]),
    "a paragraph twice above": page(above=[*some(4), LONG[0], LONG[0], *LONG[:4]]),
    "a paragraph twice below": page(below=[*LONG[:4], SHORT[0], SHORT[0], *some(5)]),
    "a paragraph twice, with a space": page(below=[*some(7), "", some(7)[-1] + "  ", *some(5)]),
    "the top of a dump": page(above=[LONG[0], TWIN + ".", LONG[0], LONG[1]], header=with_line(0, TWIN), gap=5),
    "captions above": page(above=[*some(5), ODD_LINES[1][:-1] + ".", LONG[0], ODD_LINES[1][:-1] + ".", LONG[1]]),
    "credits above": page(above=[*some(3), ODD_LINES[0], LONG[0], ODD_LINES[0], LONG[1]]),
    "questions above": page(above=[*some(5), ODD_LINES[4], LONG[0], ODD_LINES[4], LONG[1]]),
    "tags above": page(above=[*some(5), LONG[0], LONG[1], ODD_LINES[7], LONG[2]]),
    "a dateline of two words above": page(above=[*some(5), LONG[0], LONG[1], ODD_LINES[6], LONG[2]]),
    "many short lines": page(above=[*LONG, *SHORT * 12]),
    "short lines below": page(below=[*(SHORT * 15)[:29], *E_PAGE]),
    "six paragraphs below": page(below=[*LONG[:4], *SHORT[:2], *E_PAGE]),
    "seven paragraphs and a headline below": page(below=[*some(7), *E_PAGE]),
    "a body that stands above its header": page(below=[*some(9), *E_PAGE]),
    "a body above a stamp": page(below=[*some(9), BEHIND[0], "Updated 07 May 2021", "", ""]),
}  # fmt: skip


@pytest.mark.parametrize("data", ODD_PAGES.values(), ids=ODD_PAGES)
def test_odd_compact_headers_are_left_to_the_engine(data):
    """Each condition makes a difference, or what is promised false, in one of these."""
    assert_as_the_engine(data)
    assert_as_the_engine(b"A line of it\n\n\n" + data + b"\n\n" + data)


@pytest.mark.parametrize(("above", "gap"), [*product(ODD_LINES, range(5))])
def test_lines_above_a_compact_header(above, gap):
    assert_as_the_engine(page(above=[*some(7), above], gap=gap))


def test_the_engine_reads_nothing_else_below_paragraphs():
    """From each state that a window amid a body, or right below a plain header, can begin with."""
    texts = [*PARAGRAPHS, ODD_LINES[3], HEADLINES[0] + ".", TWIN + "."]
    for n, (before, gap, many) in enumerate(product(("body", "bullet"), range(4), range(3, 9))):
        for step in range(1, 8):
            lines = [texts[(n + step * i) % len(texts)] for i in range(many)]
            for empty, headline, name, dated in product(
                (2, 3), (HEADLINES[0], TWIN), NAMES[29:34], DATED[29:32]
            ):
                rows = [*lines, *[""] * empty, headline, USUAL_LINES[1], name, dated, *lines[:3]]
                roles = read(lines_of(rows, gap), before, whole=False).roles
                assert roles[many : many + 4] == ["headline", "stamp", "name", "dated"]


def test_a_compact_header_has_the_groups_of_a_plain_one():
    assert COMPACT.groupindex == _PLAIN.groupindex


def test_copies_of_compact_headers_are_known():
    data = "\n\n".join(
        "\n".join([*with_line(0, f"Ferry {n} returns to the old harbor"), *some(9), ""]) for n in range(9)
    ).encode()
    known = KnownUnits()
    first, again = (
        [
            *chain.from_iterable(
                cut_range(lambda at, n: data[at : at + n], 0, lambda start: True, 1 << 20, known=known)
            )
        ]
        for _ in "12"
    )
    assert [piece[:4] for piece in first] == [piece[:4] for piece in again]
    assert sum(piece.header is not None for piece in first) == 8  # nothing stands above the first
    assert [piece.digest for piece in again] == [piece.digest for piece in first]
    assert sum(piece.header is None and piece.digest != b"" for piece in again) == 7  # nor below the last
