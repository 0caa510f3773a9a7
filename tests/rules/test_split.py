"""Starts are found from a few lines around them, and are the same however a dump is cut."""

from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.pipeline.elements import Piece
from dateline.pipeline.rules import split
from dateline.pipeline.rules.split import CONTEXT, TOP, cut_range, find_starts, last_sure
from dateline.pipeline.rules.text import WHITE_SPACE
from dateline.pipeline.rules.windows import MAX_WINDOW_BYTES
from tests.helpers.pages import LAYOUTS, Article, compact, doubled, full, plain

GOLDEN = sorted(Path(__file__).parent.parent.joinpath("golden").glob("*.txt"))


def cuts(
    data: bytes, begin: int = 0, stop: int | None = None, limit: int = 1 << 20, chunk: int = 1 << 20
) -> list[Piece]:
    stop = len(data) if stop is None else stop
    pieces = cut_range(lambda at, n: data[at : at + n], begin, lambda start: start < stop, limit, chunk)
    return list(chain.from_iterable(pieces))


def starts(text: str) -> list[str]:
    """The first lines of the articles found in a page."""
    data = TOP + text.encode()
    return [data[start:].decode().lstrip().split("\n")[0] for start in find_starts(data, True)]


@pytest.mark.parametrize("lead", LAYOUTS)
@pytest.mark.parametrize("trailing", LAYOUTS)
@pytest.mark.parametrize("gap", ["", "\n", "\n\n", "\n \n\n\n", "\n\n\n\n"])
def test_lead_and_trailing_articles(lead, trailing, gap):
    second = Article(headline="A second article of its own", stamp="08 May 2021", caption=None, bullets=())
    text = LAYOUTS[lead](Article(slot="")) + gap + LAYOUTS[trailing](second)
    assert starts(text) == ["Ferry returns to the old harbor", "A second article of its own"]


A = plain(Article(slot=""))

FALSE_STARTS = {
    "a sentence that begins with Updated": ("Updated figures are due on Monday.", "They may be late."),
    "a sentence that begins with Follow": ("Follow", "the river to its end, the captain said."),
    "a stamp alone in the body": (
        "The page read:",
        "Updated 07 September 2023",
        "and nothing else of it was true.",
    ),
    "a stamp between empty lines": (
        "It said so.",
        "",
        "Updated 07 September 2023",
        "",
        "Nobody believed it.",
    ),
    "the headline again": (Article().headline, "was what the captain wrote in his log."),
    "the headline twice": ("The log:", Article().headline, Article().headline, "It says no more than that."),
    "a sentence twice": ("It sails on.", "The crew of it sang all night.", "The crew of it sang all night."),
    "a sentence twice, then a list": (
        "It sailed.",
        "The crew of it sang all night.",
        "The crew of it sang all night.",
        "- a song of ropes",
        "KYIV: It was heard there, too.",
    ),
    "a chant twice": (
        "They sang:",
        "Row on and on and on",
        "Row on and on and on",
        "until the lights came in sight.",
    ),
    "a chant twice, at the end": ("They sang:", "", "Row on and on and on", "", "Row on and on and on"),
    "the caption again": ("The ferry at its berth. (AFP/File)", "That was the picture."),
    "short lines without a full stop": (
        "They came",
        "",
        "Jane Doe",
        "",
        "John Roe",
        "",
        "All left again at noon.",
    ),
    "a label of the slot in a sentence": ("Short Url is what the button says.", "Nobody presses it."),
    "a list": ("They brought:", "  • a rope", "  • a lamp", "It was enough for the night."),
    "a short URL in a body": (
        "More of it stands here:",
        "",
        "https://arab.news/q7xvz",
        "",
        "The ferry sails three times a week until the end of October, and then no more.",
    ),
    "a picture in a body": (
        "",
        "",
        "",
        "",
        "The ferry at sea. (Supplied)",
        "",
        "KYIV: That is what the log begins with.",
    ),
    "a subheading above a dateline": ("It was heard of elsewhere", "KYIV: Boats were late there, too."),
    "a subheading behind empty lines": (
        "",
        "",
        "",
        "What they brought along",
        "",
        "A rope, a lamp, and what was left of the bread, which was not much.",
    ),
    "a name twice above a dateline": ("Saleh Fareed", "Saleh Fareed", "KYIV: He was there, too."),
    "an author's line and a label in sentences": (
        "By Jane Doe, it says.",
        "Latest published figures say so.",
        "By noon · as the log has it",
    ),
    "a day, a dash, a button": ("It sailed on", "17 February 2023", "-", "Enter", "and came back at noon."),
    "a label in front of a sentence": ("Special ropes were needed for it.", "quotes of the captain"),
    "a gallery's counter": ("The score was", "3 / 4", "when the lights went out in the hall."),
}


@pytest.mark.parametrize("body", FALSE_STARTS.values(), ids=FALSE_STARTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_false_starts(layout, body):
    first = LAYOUTS[layout](
        Article(body=("The ferry left at dawn with forty passengers on board of it.", *body))
    )
    text = first + "\n\n" + A.replace(Article().headline, "Another headline of the page")
    assert starts(text) == [Article().headline, "Another headline of the page"]


@pytest.mark.parametrize(
    "end", ["Updated 16 July 2025", "Updated 16 July 2025\nFollow", "Updated 16 July 2025\nAFP"]
)
@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n\n\n"])
def test_a_header_that_its_page_ends_with_takes_nothing_from_the_next(end, gap):
    tail = f"A lamp is sold at last\n\nA lamp is sold at last\n{end}\n"
    text = A + "\n\n" + tail + gap + doubled(Article(headline="Another headline of the page"))
    assert starts(text) == [Article().headline, "A lamp is sold at last", "Another headline of the page"]


def test_a_feed_is_a_page_of_its_own():
    item = 'Harbor league /Harbor Ferry wins a cup /node/2618215/sport <div class="field-item even"><p> RIYADH: It won.</p>'
    text = A + "\n\n" + item + "\n\n\n" + A.replace(Article().headline, "Another headline of the page")
    assert starts(text) == [Article().headline, item, "Another headline of the page"]


CITIES = ("DUBAI", "CAIRO", "ATHENS", "MUSCAT", "PARIS")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("gap", ["", "\n"], ids=["without empty lines", "with one"])
def test_a_round_up_is_one_article(layout, gap):
    items = [f"{city}: The port counted its boats on Friday.\nIt will count again.\n" for city in CITIES]
    text = LAYOUTS[layout](Article(place=None, body=gap.join(items).split("\n")))
    other = A.replace(Article().headline, "Another headline of the page")
    assert starts(text + "\n\n" + other) == [Article().headline, "Another headline of the page"]


def test_one_more_dateline_is_another_page():
    """A page whose header was dropped: it is rather a reject than foreign text in an article."""
    text = A + "\n\n" + "PARIS: The port counted its boats on Friday.\n\nIt will count again.\n"
    assert starts(text) == [Article().headline, "PARIS: The port counted its boats on Friday."]


@pytest.mark.parametrize("summary", [("It sails at nine",), ("It sails at nine", "Nobody has been told why")])
@pytest.mark.parametrize("gap", ["", "\n", "\n\n"])
def test_a_compact_header_with_a_summary(summary, gap):
    """The lines between its headline and its stamp are no headline, wherever it stands."""
    lines = [
        "Heron is back on its roof",
        *summary,
        "Updated 08 May 2021",
        "Arab News",
        "RIYADH: A heron is back.",
    ]
    assert starts(A + gap + "\n".join(lines) + "\n") == [Article().headline, "Heron is back on its roof"]


def test_the_second_stamp_of_a_header_starts_nothing():
    """In C the headline may stand right above it, and a name and the body right below, as a whole F would."""
    body = "The ferry left the harbor at dawn with forty passengers on board, and came back at noon."
    text = "\n".join(
        ["A headline of it", "", "A caption of it. (AFP)", "Updated 07 September 2023", "AFP", "", "A headline of it",
         "Updated 07 September 2023", "AFP", body, ""]
    )  # fmt: skip
    assert starts(text) == ["A headline of it"]
    assert starts(text * 2) == ["A headline of it"] * 2


def test_one_article_twice_in_a_page_is_two_blocks():
    for layout in LAYOUTS.values():
        assert len(starts(layout(Article()) + "\n\n" + layout(Article()))) == 2


def test_the_same_article_twice_with_a_body_of_one_line():
    article = Article(body=("It sails.",), caption=None, bullets=())
    assert len(starts(plain(article) + "\n" + plain(article))) == 2


def test_a_headline_that_comes_back_with_other_quotes():
    text = A.replace("Ferry returns", "Ferry’s captain returns", 1).replace(
        "\nFerry returns", "\nFerry's captain returns"
    )
    assert starts(text) == ["Ferry’s captain returns to the old harbor"]


@pytest.mark.parametrize("follow", [True, False])
def test_a_headline_that_does_not_come_back(follow):
    text = (
        A
        + "\n\nA headline that stands alone\n\nShort Url\nUpdated 08 May 2021\n"
        + "Follow\n" * follow
        + "\nROME: Text."
    )
    assert starts(text) == [Article().headline, "A headline that stands alone"]


def test_a_crawlers_line_parts_pages_of_any_layout():
    text = (
        A
        + " date 2022-04-28 You are here\n\nA caption. (AFP)\nAFP\n\nKYIV: Text of a page without a headline."
    )
    assert starts(text) == [Article().headline, "date 2022-04-28 You are here"]


def test_furniture_belongs_to_the_article_that_it_announces():
    text = (
        A + "\n\n" + full(Article(headline="Second of the page"), crawled="2022-04-20", kicker="Harbor life")
    )
    assert starts(text) == [Article().headline, "date 2022-04-20 You are here"]


ANNOUNCED = {
    "J": "A second headline of the page\n\nA second headline of the page\n\nA caption of it. (AFP)\n\n",
    "G": "A second headline of the page\n\nA caption of it. (AFP)\n  • A bullet of it\n\nKYIV: Text.\n",
}


@pytest.mark.parametrize("header", ANNOUNCED.values(), ids=ANNOUNCED)
def test_a_crawlers_line_belongs_to_a_header_without_a_stamp_too(header):
    text = A + "\n\n\n" + header + "The first paragraph of it is longer than a name can be, and ends.\n"
    assert starts(text) == [Article().headline, "A second headline of the page"]
    announced = text.replace("A second", " date 2022-04-20 You are here\n\n\nA second", 1)
    assert starts(announced) == [Article().headline, "date 2022-04-20 You are here"]


def test_an_index_is_one_block():
    teaser = "{} of the page\n\n  • A bullet of it\nBy Jane Doe ·\n\n\n"
    text = A + "\n\n" + "".join(teaser.format(f"Teaser number {n}") for n in range(5)) + A
    assert starts(text) == [Article().headline, "Teaser number 0 of the page", Article().headline]


def test_a_body_above_its_header_ends_at_a_crawlers_line():
    text = (
        "The tower opened.\n date 2022-04-20 KYIV: Another tower opened.\nA tower of the winds is open\n"
        "A tower of the winds is open\n- It is high\n"
    )
    assert starts(text) == ["date 2022-04-20 KYIV: Another tower opened."]


def test_crlf_and_lone_cr():
    text = (A + "\n\n" + doubled(Article(headline="Second of the page"))).encode()
    expected = [cut.start for cut in cuts(text)]
    assert len(expected) == 2
    lone = text.replace(b"\n", b"\r")
    assert [cut.start for cut in cuts(lone)] == expected
    crlf = text.replace(b"\n", b"\r\n")
    assert [crlf[cut.start :].split(b"\r\n")[0] for cut in cuts(crlf)] == [
        text[s:].split(b"\n")[0] for s in expected
    ]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_page_read_in_two_ranges_is_the_page_read_in_one(path):
    """For every cut that is unlike the others, those inside a multi-byte character among them."""
    data = (path.read_bytes() + b"\n\n" + A.encode()) * 2
    whole = cuts(data)
    assert_whole(data, whole)
    for middle in middles(data):
        assert cuts(data, 0, middle) + cuts(data, middle) == whole


def assert_whole(data: bytes, pieces: list[Piece]) -> None:
    """Every byte is in one piece, which has it, but for the white space at its end."""
    assert [piece.start for piece in pieces] == [0, *(piece.end for piece in pieces)][: len(pieces)]
    assert not pieces or pieces[-1].end == len(data)
    for piece in pieces:
        assert piece.data == data[piece.start : piece.end].rstrip(WHITE_SPACE)


def middles(data: bytes) -> list[int]:
    """Where data is cut in two: at the edges of all lines, in their first and last bytes, and in and around characters of
    several bytes. In the midst of a line one byte is like another: each line has one of them."""
    found = {len(data)}
    at = 0
    for line in data.splitlines(keepends=True):
        found |= {
            at + i for i in (0, 1, 2, len(line) // 2, len(line) - 2, len(line) - 1) if 0 <= i < len(line)
        }
        found |= {at + i for i in range(len(line)) if max(line[max(0, i - 1) : i + 2]) > 0x7F}
        at += len(line)
    return sorted(found - {0})


WORDS = st.sampled_from(
    ["Updated 07 September 2023", "Updated", "Follow", "Short Url", "", " ", "\u00a0", "1 / 2", "  • A bullet of it",
     "A headline of some words", "Another headline here", "AFP", "Arab News", "KYIV: The body of it is a paragraph of words.",
     "A body line that ends in a full stop and is longer than any name.", "Topics: a b", " date 2022-04-20 You are here",
     "You are here", "  • Home", "https://arab.news/ab2cd", "- dash", "-", "{{#bullets}}", "Latest published", "By Jane Doe ·",
     "quotes A headline of some words", "17 February 2023", "JANE DOE", "A caption of it. (AFP)", "Search form", "Enter", "keywords", "é" * 30, "x" * 2500]
)  # fmt: skip
PAGES = st.sampled_from([layout(Article(slot=slot)) for layout in LAYOUTS.values() for slot in (None, "")])
DUMPS = st.lists(st.one_of(WORDS.map(lambda line: line + "\n"), PAGES), max_size=40).map("".join)


@settings(max_examples=150)
@given(DUMPS, st.data())
def test_any_text_in_any_ranges(text, data):
    dump = text.encode()
    whole = cuts(dump)
    assert_whole(dump, whole)
    edges = data.draw(st.lists(st.integers(0, len(dump)), max_size=4))
    edges = sorted({0, len(dump), *edges})
    parts = [cut for begin, stop in pairwise(edges) for cut in cuts(dump, begin, stop)]
    assert parts == whole


@pytest.mark.slow
@settings(max_examples=25)
@given(DUMPS, st.integers(1, 3 * CONTEXT), st.integers(0, 3000))
def test_any_chunk_and_any_distance_from_the_start(text, chunk, filler):
    """Chunks and the context around a cut change nothing, also in dumps much longer than both."""
    paragraph = "A line of the body that goes on and on until its end comes.\n"
    dump = (text + paragraph * filler + text).encode()
    # Each chunk looks at all the context anew: with more of them than that it takes minutes.
    chunk = max(chunk, len(dump) // 60)
    assert cuts(dump, chunk=chunk) == cuts(dump)
    middle = len(dump) // 2
    assert cuts(dump, 0, middle, chunk=chunk) + cuts(dump, middle, chunk=chunk) == cuts(dump)


LONG = [*("The port counted its boats on Friday, and will do so again. " * 40,) * 5, "It will count again."]
SHIPS = ("Ferry", "Barge", "Raft", "Dhow")
ARTICLES = [
    layout(Article(headline=f"{ship} returns to the old harbor", slot=slot, body=body))
    for layout in LAYOUTS.values()
    for ship, slot, body in zip(SHIPS, (None, "", "https://arab.news/q7xvz", None), (LONG, LONG, Article().body, ("It sails.",)), strict=True)
]  # fmt: skip
TEXTS = [*ARTICLES * 3, "Updated 07 September 2023\nFollow\n", "A headline of some words\n\nShort Url\n", " date 2022-04-20 You are here\n",
         "Another headline here\nUpdated 07 September 2023\nAFP\n", "Ferry returns to the old harbor\n", "A caption of it. (AFP)\n"]  # fmt: skip
PARTS = st.tuples(st.integers(0, len(TEXTS) - 1), st.sampled_from(["\n\n", "\n\n", "\n", ""]))


def test_bytes_below_do_not_change_a_sure_start():
    """A headline that stands again below its unit, with no empty line above, takes the plain header from it."""
    short = plain(Article(body=("It sails.",), caption=None, bullets=()))
    other = A.replace("Ferry", "Barge") + "\n\n"
    data = TOP + (other + short + "\n\nA label\n" + short + "\n".join(LONG) + "\n\n\n").encode() * 4
    whole = find_starts(data, True)
    assert sum(unit is not None for unit in whole.values()) == 4
    assert sum(unit is None for unit in whole.values()) >= 4
    sure = {
        last_sure(find_starts(data[:end], True), end)
        for end in [*range(len(TOP), 2000, 7), *range(2000, len(data), 301)]
    }
    assert len(sure) > 2
    assert all(whole[start] for start in sure - {None})


def looked_at(patch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the texts that starts are found in from now on."""
    sizes = []

    def counted(text: bytes, *args: Any) -> Any:
        sizes.append(len(text))
        return find_starts(text, *args)

    patch.setattr(split, "find_starts", counted)
    return sizes


@settings(max_examples=25)
@given(
    st.lists(PARTS, min_size=4, max_size=12),
    st.sampled_from([1 << 15, 1 << 16, 100_000]),
    st.floats(0, 1),
    st.booleans(),
)
def test_a_plain_header_parts_what_is_read_before_from_what_is_read_after(parts, chunk, share, is_crlf):
    """Chunk by chunk, from the last plain header of each on: the pieces are those of a dump that is looked at as a whole."""
    text = "".join(TEXTS[number] + gap for number, gap in parts)
    text *= 1 + 150_000 // len(text)
    dump = (text.replace("\n", "\r\n") if is_crlf else text).encode()
    begin = int(share * len(dump))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "last_sure", lambda *args: None)
        whole = cuts(dump, chunk=1 << 22)
    assert cuts(dump, chunk=chunk) == whole
    assert cuts(dump, begin, chunk=chunk) == [piece for piece in whole if piece.start >= begin]


def test_a_dump_is_looked_at_once(monkeypatch):
    data = "\n\n".join(plain(Article(headline=f"Ferry {n} returns", body=LONG)) for n in range(80)).encode()
    sizes = looked_at(monkeypatch)
    assert len(cuts(data, chunk=1 << 18)) == 80
    assert len(sizes) == len(data) // (1 << 18) + 2  # with the rest, and once more at the end
    assert sum(sizes) < len(data) + len(sizes) * (MAX_WINDOW_BYTES + 2 * len(plain(Article(body=LONG))))


def test_an_article_over_the_limit_is_cut_without_its_bytes():
    data = (A + "A very long line. " * 1000 + "\n\n\n" + A.replace("Ferry", "Barge")).encode()
    found = cuts(data, limit=5000, chunk=700)
    assert [cut.data is None for cut in found] == [True, False]
    assert (found[0].end, found[1].end) == (found[1].start, len(data))


def test_nothing_in_an_empty_dump():
    assert cuts(b"") == []


def test_compact_articles_one_after_the_other():
    body = ("The first paragraph of it is longer than a name can be, and ends.",)
    pages = [
        compact(Article(headline=f"Headline number {n} of them", bullets=(), body=body)) for n in range(5)
    ]
    assert starts("".join(pages)) == [f"Headline number {n} of them" for n in range(5)]


def test_the_starts_of_a_chunk_are_claimed_at_once():
    data = "\n\n\n".join(plain(Article(f"Ferry {n} returns to the old harbor")) for n in range(5)).encode()
    begins = [piece.start for piece in cuts(data)]
    asked = []
    for stop in (len(data), begins[3]):

        def claim(start, stop=stop):
            asked.append(start)
            return start < stop

        assert sum(map(len, cut_range(lambda at, n: data[at : at + n], 0, claim, 1 << 20))) == begins.index(
            asked[-1]
        ) + (stop == len(data))
    assert asked == [begins[-1], begins[-1], *begins[:4]]
