"""The page of a report: what it says, and that no text of a dump is more than text on it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.report import page as page_module
from dateline.pipeline.report.forms import short
from dateline.pipeline.report.page import DUMPS_SHOWN, page
from dateline.pipeline.rules.text import printable
from dateline.schemas.contract import require_valid
from tests.helpers.reports import HOSTILE, done, failed, hostile, many_dumps, pages


class Reader(HTMLParser):
    """What a browser makes of a page: its elements, their attributes, and its text."""

    VOID = frozenset(("meta", "br", "polyline", "circle"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert tag == self._open.pop()

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.text += data


PLAIN = Reader(page(hostile("plain"), [done(), done()]))


def words(text: str) -> str:
    return " ".join(Reader(text).text.split())


@pytest.mark.parametrize("name", pages())
def test_every_page_is_well_formed_and_asks_for_nothing(name):
    text = pages()[name]
    found = Reader(text)
    assert not set(found.tags) & {"script", "img", "iframe", "link", "object", "form", "input", "a", "base"}
    assert not {
        name for name in found.attributes if name.startswith("on") or name in ("src", "href", "action")
    }
    assert found.tags.count("h1") == found.tags.count("title") == found.tags.count("main") == 1
    assert re.findall(r"(?:url\(|@import|https?:)", text) == []


@pytest.mark.parametrize("report", [done(), hostile("x"), many_dumps(20)])
def test_the_invented_reports_are_what_a_run_writes(report):
    require_valid(report, "report")


def test_the_invented_failure_is_what_a_run_writes():
    require_valid(failed(), "failure")


@given(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=200)))
def test_no_text_is_more_than_text(text):
    text = text.encode("utf-8", "replace").decode()
    found = Reader(page(hostile(text), [done(), done()]))
    assert found.tags == PLAIN.tags
    assert found.attributes - {"title"} == PLAIN.attributes - {"title"}
    assert found.text.count(short(text, 80)) >= 4
    assert found.text.replace("\n", "").isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_long_text_does_not_make_a_long_page(text):
    assert len(page(hostile(text))) < 60_000


def test_many_dumps_are_a_page_that_opens():
    text = page(many_dumps())
    assert len(text) < 150_000
    assert text.count("crawl/2022/part-") <= DUMPS_SHOWN + 5
    assert "all 10,000" in words(text)
    assert text.index("part-09900") < text.index("part-09999")  # those without an article come first


def test_the_outcome_comes_first():
    text = words(page(done(8, 1_200), [done(number) for number in range(1, 8)]))
    begin = text.index("1,200 articles from 2 dumps went into version 8")
    assert begin < text.index("The balance holds") < text.index("Version 8 is what readers see")
    assert (
        text.index("Version 8 is what") < text.index("What stands out") < text.index("Where the bytes went")
    )


def test_an_older_run_says_what_readers_see_now():
    assert "Readers see version 9 by now" in words(page(done(3), newest=9))


def test_inputs_that_were_left_out_are_in_the_verdict():
    text = words(page(done(unreadable=[{"path": "gone.txt", "error": "no such file"}])))
    assert (
        text.index("1 input could not be read") < text.index("What stands out") < text.index("no such file")
    )


def test_a_failed_run_says_why_and_what_readers_have():
    text = words(page(failed()))
    assert text.index("The run failed; nothing was committed") < text.index("some are lost or doubled")
    assert "part-0.txt: 12 bytes" in text
    assert "the dataset is still at version 8" in text
    assert "What stands out" not in text
    assert "there is no dataset yet" in words(page(failed(version=None)))


def test_months_are_shaded_by_the_largest():
    months = page_module._months({"2022-01": 1, "2022-02": 50, "2023-12": 100, "": 3})
    assert [(year["name"], year["all"]) for year in months["years"]] == [("2023", 100), ("2022", 51)]
    assert [cell["level"] for cell in months["years"][1]["cells"][:3]] == [1, 2, 0]
    assert months["years"][0]["cells"][11]["level"] == 4
    assert "3 articles have no date" in months["note"]


def test_runs_are_drawn_from_the_oldest_to_this_one():
    (articles, *_) = page_module._history(done(3, 300), [done(1, 100), done(2, 200)])
    assert articles["points"] == "4.0,28.0 72.0,16.0 140.0,4.0"
    assert articles["label"] == "articles: 100, 200, 300"
    assert (articles["usual"], articles["now"]) == ("150", "300")
    assert page_module._history(done(1), []) == []


def test_reports_of_an_older_dateline_are_read():
    older = {name: value for name, value in done().items() if name not in ("new", "all", "dumps", "partitions",
             "rejects_shown", "largest_groups", "memory")}  # fmt: skip
    require_valid(older, "report")
    assert "went into version 1" in words(page(older, [older, older, older]))


def test_what_steers_a_screen_is_shown():
    assert short("a\u202eb\x1b", 80) == printable("a\u202eb\x1b") == "a\\u202eb\\x1b"
