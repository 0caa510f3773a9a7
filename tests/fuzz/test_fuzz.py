"""Hostile input: no crash, no byte lost. What it costs is held in tests/test_linear.py."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import atheris_containers, containers
from tests.fuzz.target import drive
from tests.pages import LAYOUTS, Article

CORPUS = sorted(Path(__file__).parent.joinpath("corpus").glob("*"))

TOKENS = st.sampled_from(
    [b"Updated ", b"Updated 07 September 2023\n", b"Updated 13 sec ago\n", b"Follow\n", b"Short Url\n", b"\n", b"\r\n",
     b"\r", b"\0", b"\xff", b"\xc2\xa0", "\u200b".encode(), b"  \xe2\x80\xa2 ", b"- ", b"1 / 2\n", b"AFP\n", b"KYIV: ",
     b" date 2022-04-20 ", b"You are here\n", b"Topics: ", b"https://arab.news/ab2cd\n", b"A headline of it\n", b"(AFP)",
     b"x" * 300, b"MOST POPULAR\n", b"{{#bullets}}\n", b"-\n", b"Latest published\n", "By Jane Doe ·\n".encode(), b"quotes ",
     b"17 February 2023\n", b"Enter\n", b"keywords\n", b"Search form\n", b"JANE DOE\n", b"\xef\xbb\xbf", "’".encode(), b"\x93", *(f(Article()).encode() for f in LAYOUTS.values())]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.one_of(TOKENS, st.binary(max_size=12)), max_size=60).map(b"".join))
def test_any_bytes(data):
    drive(data)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_the_fuzzer_found(path):
    drive(path.read_bytes())


def test_there_is_a_corpus():
    assert len(CORPUS) >= 20


SHAPES = {
    "one long line": lambda n: b"x" * n,
    "one long line of words": lambda n: b"word " * (n // 5),
    "only bullets": lambda n: b"  \xe2\x80\xa2 a bullet\n" * (n // 15),
    "only Updated": lambda n: b"Updated\n" * (n // 8),
    "only stamps": lambda n: b"Updated 07 September 2023\n" * (n // 26),
    "stamps and names": lambda n: b"Updated 07 September 2023\nAFP\n\n" * (n // 31),
    "only slots": lambda n: b"Short Url\n" * (n // 10),
    "only empty lines": lambda n: b"\n" * n,
    "only spaces": lambda n: b" " * n,
    "one headline for ever": lambda n: b"A headline of it\n\n" * (n // 18),
    "headline and stamp for ever": lambda n: (
        b"A headline of it\n\nUpdated 07 September 2023\nFollow\n\n" * (n // 52)
    ),
    "nested quotes": lambda n: "“‘".encode() * (n // 12) + "’”".encode() * (n // 12),
    "a headline without end": lambda n: (
        (b"Long " * (n // 10)) + b"\n\nUpdated 07 September 2023\nFollow\n\n" + (b"Long " * (n // 10))
    ),
    "only counters": lambda n: b"1 / 2\nA caption (AFP)\n" * (n // 22),
    "crawler's lines": lambda n: b" date 2022-04-20 You are here\n" * (n // 30),
    "carriage returns": lambda n: b"\r" * n,
    "parentheses": lambda n: (
        b"A headline\n\n" + b"(" * n + b"\nUpdated 07 September 2023\nFollow\n\nA headline\n\nText."
    ),
    "only short URLs": lambda n: b"https://arab.news/ab2cd\n" * (n // 24),
    "headlines and short URLs": lambda n: b"\n\nA headline of it\n\nhttps://arab.news/ab2cd\n" * (n // 45),
    "templates": lambda n: b"A headline of it\n-\n{{#bullets}}\n" * (n // 32),
    "teasers": lambda n: "A headline of it\n\n  • A bullet\nBy Jane Doe ·\n\n\n".encode() * (n // 52),
    "authors": lambda n: b"Jane Doe\nLatest published\n" * (n // 26),
    "doubled for ever": lambda n: b"A headline of it all\nA headline of it all\n- bullet\n" * (n // 51),
    "boxes": lambda n: b"Enter\nkeywords\n" * (n // 15),
    "mojibake": lambda n: "Ã¢â‚¬â„¢".encode() * (n // 20),
}


def steps(data: bytes) -> int:
    """Lines of Python that are run to split and parse it once: unlike seconds, the same on any machine, at any time."""
    count = 0

    def trace(frame, event, arg):
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parsed(data, cuts(data, 0, len(data)))
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_twice_the_input_is_at_most_twice_the_work(shape):
    """Counted in lines run, once past the size of one header's context; a tenth is allowed for edges."""
    once, twice = shape(150_000), shape(300_000)
    assert steps(twice) <= 2.1 * steps(once) + 20_000


CONTAINERS = containers.seeds()


@settings(max_examples=300)
@given(st.sampled_from(sorted(CONTAINERS)), st.randoms(use_true_random=False))
def test_mutated_containers(name, draw):
    """Each is damaged, and says so, or all its records are there, wherever its parts begin."""
    other = CONTAINERS[draw.choice(sorted(CONTAINERS))]
    containers.drive(atheris_containers.mutated(CONTAINERS[name], other, draw))


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_that_are_good(name):
    assert not containers.drive(CONTAINERS[name])[name.startswith("jsonl")]


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parent.joinpath("containers").glob("*")), ids=lambda path: path.name
)
def test_containers_that_the_fuzzer_found(path):
    containers.drive(path.read_bytes())
