from datetime import date

import pytest

from pipeline.rules.parse import Failure, dateline, parse_block, short_url
from tests.pages import LAYOUTS, Article, compact, full, plain


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fields_of_each_layout(layout):
    article = Article(slot="" if layout in "AB" else None)
    record = parse_block(LAYOUTS[layout](article), None)
    assert record["headline"] == article.headline
    assert record["updated"] == "2023-09-07"
    assert record["updated_text"] == "07 September 2023"
    assert record["updated_source"] == "stamp"
    assert record["summary"] == list(article.bullets)
    assert (record["place"], record["country"], record["region"]) == ("KYIV", "UA", "eastern-europe")
    assert record["body"] == "KYIV: " + "\n\n".join(article.body)
    assert record["word_count"] == len(record["body"].split())
    if layout == "F":
        assert (record["caption"], record["credit"]) == (None, None)
    else:
        assert (record["caption"], record["credit"]) == ("The ferry at its berth.", "AFP/File")
    assert record["byline"] == ("AFP" if layout in "CF" else None)
    assert record["short_url_slot"] == ("empty" if layout in "AB" else "absent")


def test_a_byte_order_mark_is_no_part_of_a_headline():
    assert parse_block("\ufeff" + plain(Article()), None)["headline"] == Article().headline


def test_filled_slot():
    record = parse_block(full(Article(slot="http://www.arab.news/AB2cd/")), None)
    assert (record["short_url"], record["short_url_slot"]) == ("https://arab.news/ab2cd", "filled")


def test_url_elsewhere_is_no_slot():
    body = ("See https://arab.news/zzzzz for more of it.", "https://arab.news/yyyyy")
    record = parse_block(plain(Article(slot="", body=body)), None)
    assert (record["short_url"], record["short_url_slot"]) == (None, "empty")


def test_crawlers_line_dates_a_relative_stamp():
    text = full(Article(stamp="13 sec ago"), crawled="2022-04-20", kicker="Harbor life")
    record = parse_block(text, date(2001, 1, 1))
    assert (record["updated"], record["updated_source"], record["crawled"]) == (
        "2022-04-20",
        "crawl",
        "2022-04-20",
    )


def test_crawl_date_of_the_run_dates_a_relative_stamp():
    record = parse_block(plain(Article(stamp="2 days 1 hour ago")), date(2022, 4, 20))
    assert (record["updated"], record["updated_source"]) == ("2022-04-18", "crawl")


def test_a_stamp_that_cannot_be_is_kept_as_text_only():
    record = parse_block(plain(Article(stamp="31 February 2022")), None)
    assert (record["updated"], record["updated_text"], record["updated_source"]) == (
        None,
        "31 February 2022",
        "none",
    )


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A bridge. (AFP)", ("A bridge.", "AFP")),
        ("A bridge (File photo: AFP)", ("A bridge", "File photo: AFP")),
        ("A bridge. [Jane Doe/Reuters]", ("A bridge.", "Jane Doe/Reuters")),
        ("A bridge. Shutterstock.", ("A bridge.", "Shutterstock")),
        ("A bridge. File/AFP", ("A bridge.", "File/AFP")),
        ("(Shutterstock)", (None, "Shutterstock")),
        ("Photo/Supplied", (None, "Photo/Supplied")),
        ("Two ministers, Jane Doe (left)", ("Two ministers, Jane Doe (left)", None)),
        ("A plain sentence", ("A plain sentence", None)),
    ],
)
def test_credit(caption, expected):
    record = parse_block(plain(Article(caption=caption)), None)
    assert (record["caption"], record["credit"]) == expected


@pytest.mark.parametrize(
    ("paragraph", "place"),
    [
        ("KYIV: Text", "KYIV"),
        ("KYIV:  Two spaces", "KYIV"),
        ("IMOLA, Italy: Text", "IMOLA, Italy"),
        ("KYIV/MOSCOW: Text", "KYIV/MOSCOW"),
        ("N’DJAMENA: Text", "N’DJAMENA"),
        ("Author: Jane Doe", None),
        ("WATCH: A video", None),
        ("Q: What?", None),
        ("A body without one.", None),
        ("KYIV:", None),
        ("2023: The year", None),
    ],
)
def test_dateline(paragraph, place):
    assert dateline(paragraph) == place


def test_subheadings_stand_in_the_body_too():
    body = (
        "First paragraph.",
        "",
        "’VERY QUIET’",
        "Second paragraph.",
        "",
        "Not a heading.",
        "",
        "Last line",
    )
    record = parse_block(plain(Article(body=body)), None)
    assert record["subheadings"] == ["’VERY QUIET’"]
    assert "\n\n’VERY QUIET’\n\nSecond" in record["body"]
    assert record["body"].endswith("\n\nLast line")


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("The ferry left the harbor at dawn, with forty passengers and one", "dog on board of it.", True),
        ("The ferry left the harbor at dawn, with forty passengers and one", "Dog on board of it.", False),
        (
            "The ferry left the harbor at dawn, with forty passengers and a dog.",
            "iPhones were not allowed.",
            False,
        ),
        ("The ferry left at dawn with", "dog on board of it.", False),
        ("The ferry left the harbor at dawn, with forty passengers and one\n", "dog on board of it.", False),
    ],
)
def test_a_sentence_that_was_broken_in_two(first, second, joined):
    body = parse_block(plain(Article(place=None, body=(first, second))), None)["body"]
    assert body == (f"{first} {second}" if joined else f"{first.strip()}\n\n{second}")


def test_a_list_of_short_lines_has_no_subheadings():
    body = ("They came:", "", "Jane Doe", "", "John Roe", "", "All of them left again by the evening.")
    assert parse_block(plain(Article(body=body)), None)["subheadings"] == []


def test_furniture_is_no_body():
    record = parse_block(plain(Article(body=("Text of it.", "", "Topics: Ferry Harbor"))), None)
    assert record["body"] == "KYIV: Text of it."


def test_short_url_that_is_none_of_the_site_stays_for_the_schema_to_refuse():
    assert short_url("https://example.com/x") == "https://example.com/x"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Only some words", "not_an_article"),
        (" date 2022-04-28 You are here\n\nA caption. (AFP)\nAFP\n\nKYIV: Text.", "no_headline"),
        (" date 2022-02-15 KYIV: A body behind the crawler's day.", "no_headline"),
        ("Updated 07 September 2023", "no_headline"),
        ("KYIV: A body only, with its dateline.", "no_headline"),
        (plain(Article(body=("",), place=None)), "no_body"),
    ],
)
def test_failures(text, reason):
    failure = parse_block(text, None)
    assert isinstance(failure, Failure)
    assert failure.reason == reason
    assert failure.detail


def test_compact_with_a_summary_that_is_a_sentence():
    record = parse_block(compact(Article(bullets=("It had been closed for a decade.",))), None)
    assert record["headline"] == Article().headline
    assert record["summary"] == ["It had been closed for a decade."]
