"""No input, however made, costs more than its size: twice the bytes are at most 2.2 times the work, through split,
parse, identity and write.

Work is counted, not timed: see meter.py. Here the dumps are of 48 and 96 KB, for the sake of time, and a header is looked for
in a fourth of the usual window: so the dumps are many times that window, and several times what is read once more at the
end of a dump, and what takes the square shows. `python -m benchmarks.linear` does the same with 1 and 2 MB and the usual
window.
"""

import re
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.pipeline.rules.identity_rows import ROW
from tests.fuzz.target import drive
from tests.helpers.hostile import BODY, CUT, HEADLINE, PLAIN, SHAPES, STAMP, counted, repeated
from tests.helpers.meter import Meter, counting

SIZE = 48_000
WINDOW_BYTES = 4 * 1024
MOST = 2.2


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The work of a run on a dump."""
    with counted(tmp_path_factory.mktemp("dumps"), WINDOW_BYTES) as counting_run:
        yield counting_run


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.slow
def test_twice_the_dump_is_twice_the_work(work, shape):
    assert_linear(work, SHAPES[shape])


def assert_linear(work, shape):
    """Twice the dump, or as much more as whole lines of the shape allow."""
    small, large = (shape(size) for size in (SIZE, 2 * SIZE))
    assert work(large) / work(small) <= MOST / 2 * (len(large) / len(small))


LINES = st.sampled_from(
    ("", "", " ", "Short Url", "https://arab.news/ab2cd", STAMP.strip(), "Updated 3 days ago", "Follow", "AFP", "1 / 9", "A caption (AFP)",
     HEADLINE, HEADLINE, "Another headline of it", "  • a bullet", "- a bullet", "date 2022-04-20 You are here", "You are here",
     "  • Home", "Search form", "1 2 3", BODY.strip(), CUT, "a", "Topics: a b", "Enter", "keywords", "-", "{{#bullets}}", "Jane Doe",
     "Jane Doe |", "By Jane Doe ·", "Latest published", "Ã¢â‚¬â„¢", "é" * 15, "word " * 300, "(" * 300, "17 February 2023",
     "MOST POPULAR", "© 2024 SAUDI RESEARCH", "quotes of it", "12 000 " + " " * 300)
)  # fmt: skip
TEXTS = st.lists(LINES, max_size=5).map(lambda lines: "".join(f"{line}\n" for line in lines))
PUMPS = st.lists(LINES, min_size=1, max_size=6).map(lambda lines: "".join(f"{line}\n" for line in lines))


@settings(max_examples=10)
@given(TEXTS, PUMPS, TEXTS)
@pytest.mark.slow
def test_whatever_is_repeated(work, above, part, below):
    assert_linear(work, repeated(part, above, below))


ONCE_WITHOUT_END = {
    "a gallery, a bullet under it": "\n\n"
    + HEADLINE
    + "\n\n"
    + "".join(f"{number} / 24\nA caption of picture {number}.\n" for number in range(1, 25))
    + f"• A bullet\n{STAMP}Follow\n\n{HEADLINE}\n\n{BODY}",
    "many slots": f"{HEADLINE}\n\n{HEADLINE}\n" + "Short Url\nhttps://arab.news/ab2cd\n" * 24 + "Follow\n",
    "a number, spaces": f"\n\n{HEADLINE}\n\n1" + " " * 100_000 + f"x\n{STAMP}Follow\n",
    "marks that combine": f"{PLAIN}{STAMP}" + "\u0316\u0301" * 100_000 + f"\n{STAMP}",
}


@pytest.mark.parametrize("text", ONCE_WITHOUT_END.values(), ids=ONCE_WITHOUT_END)
def test_what_once_took_for_ever(text):
    drive(text.encode())


SQUARE = {
    "a text that grows": """
        text = ""
        for _ in range(n):
            text += "word "
        """,
    "a text in a list that grows": """
        texts = [""]
        for _ in range(n):
            texts[-1] += "word "
        """,
    "the rest of a text, each time": """
        text = "word\\n" * n
        while text:
            line, _, text = text.partition("\\n")
        """,
    "slices to the end": """
        text = b"word\\n" * n
        [text[at:] for at in range(0, len(text), 5)]
        """,
    "a line looked at from each before": """
        text = b"\\n" * n + b"x" * n
        [SOME.search(text, at) for at in range(n)]
        """,
    "the same long line, matched again": """
        text = b"x" * n
        [SOME.match(text) for _ in range(n)]
        """,
    "what is nowhere, looked for from each place": """
        text = b"x" * n
        [text.find(b"y", at) for at in range(n)]
        """,
    "a list searched for each of its items": """
        items = [str(i) for i in range(n)]
        [item in items for item in items]
        """,
    "two loops": """
        for i in range(n):
            for j in range(i):
                pass
        """,
    "sums over all for each": """
        parts = []
        for i in range(n):
            parts.append(i)
            sum(parts)
        """,
}
STRAIGHT = {
    "joined": """
        "".join(["word "] * n)
        """,
    "near": """
        text = b"word\\n" * n
        [text.find(b"\\n", at, at + 80) for at in range(0, len(text), 5)]
        """,
    "a line each": """
        text = b"word\\n" * n
        [SOME.match(text, at) for at in range(0, len(text), 5)]
        """,
    "a set": """
        items = {f"{i:09}" for i in range(n)}
        [item in items for item in items]
        """,
}


def work_of(body: str, n: int) -> int:
    meter = Meter()
    names = {"_meter_": meter, "SOME": re.compile(rb"x+y")}
    exec(counting(f"def run(n):\n    if n:{body}", "<test>"), names)
    names["run"](n)
    return meter.work


@pytest.mark.parametrize("body", SQUARE.values(), ids=SQUARE)
def test_the_meter_sees_what_takes_the_square(body):
    assert work_of(body, 800) > 3 * work_of(body, 400)


@pytest.mark.parametrize("body", STRAIGHT.values(), ids=STRAIGHT)
def test_the_meter_sees_what_does_not(body):
    assert work_of(body, 2000) < 2.1 * work_of(body, 1000)


@pytest.mark.slow
def test_short_urls_and_days_of_one_headline(work):
    """Of a dump they are a small part; so the rules of identity alone, on rows: half with a URL each, half with a day."""
    identity = import_module("dateline.pipeline.rules.identity")  # the one whose work is counted

    def cost(many: int) -> int:
        table = np.zeros(2 * many, ROW)
        table["slug"][:many] = [f"a{number:05}".encode() for number in range(many)]
        table["updated"] = np.arange(2 * many) * 7919 % 100_003
        before = work.meter.work
        assert len(identity.resolve(table, None).answers) == many
        return work.meter.work - before

    assert cost(2000) <= MOST * cost(1000)


@pytest.mark.slow
def test_a_dump_costs_the_same_each_time(work):
    data = SHAPES["galleries"](SIZE // 4)
    assert work(data) == work(data)


@pytest.mark.slow
def test_the_shapes_reach_all_stages(work):
    """A dump that is rejected whole says little of the stages behind."""
    found = {name: set(work.run(shape(10_000))) for name, shape in SHAPES.items()}
    assert sum("article" in reasons for reasons in found.values()) >= 15
    assert len(SHAPES) >= 50
