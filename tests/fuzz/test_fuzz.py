"""Hostile input: no crash, no byte lost. What it costs is held in tests/rules/test_linear.py."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import atheris_containers, containers
from tests.fuzz.target import drive
from tests.helpers.pages import LAYOUTS, Article

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


CONTAINERS = containers.seeds()


@settings(max_examples=300)
@given(st.sampled_from(sorted(CONTAINERS)), st.randoms(use_true_random=False))
@pytest.mark.slow
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
