from datetime import date

import pytest

from dateline.pipeline.rules import parse
from dateline.pipeline.rules.parse import Failure
from dateline.pipeline.rules.places import dateline, opening_dateline
from tests.helpers.pages import LAYOUTS, Article, compact, full, plain


def parse_block(text, crawl_date):
    found = parse.parse_block(text.encode(), crawl_date)
    if isinstance(found, Failure):
        return found
    record, body = found
    text = body.decode()
    assert record["body"] == text.partition("\n")[0]
    return record | {"body": text}


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
        ("A bridge. REUTERS/Jane Doe", ("A bridge.", "REUTERS/Jane Doe")),
        ("A bridge.  Photo/Shutterstock", ("A bridge.", "Photo/Shutterstock")),
        ("A bridge. Photo/AFP", ("A bridge.", "Photo/AFP")),
        ("A bridge. AFP/File", ("A bridge.", "AFP/File")),
        ("A bridge. Supplied/AN", ("A bridge.", "Supplied/AN")),
        ("A bridge. AN Photo", ("A bridge.", "AN Photo")),
        ("A bridge of Bridge Co. Getty", ("A bridge of Bridge Co.", "Getty")),
        ("Image: Shutterstock", (None, "Image: Shutterstock")),
        ("AFP/Jane Doe", (None, "AFP/Jane Doe")),
        ("Supplied", (None, "Supplied")),
        ("A bridge\n. (Supplied)", ("A bridge", "Supplied")),
        ("A bridge. He works for AFP", ("A bridge. He works for AFP", None)),
        ("AFP building in Paris", ("AFP building in Paris", None)),
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


@pytest.mark.parametrize(
    ("opening", "place"),
    [
        ("Riyadh: The bakers of the valley sent nine carts over the pass.", "Riyadh"),
        ("New York: The bakers of the valley sent nine carts over the pass.", "New York"),
        ("RIYADH: Bread.", "RIYADH"),
        ("Riyadh: bread and salt", None),  # no sentence
        ("riyadh: The bakers of the valley sent nine carts over the pass.", None),
        ("In Riyadh: The bakers of the valley sent nine carts over the pass.", None),
        ("Jordan: I have never seen so many bakers in one place as on Monday.", None),  # a country, or a man
        ("Kuwait: The bakers of the valley sent nine carts over the pass.", None),
        ("Reading: The bakers of the valley sent nine carts over the pass.", None),  # a town, but no dateline
        ("Author: Jane Doe, who was born in the valley and never left it again.", None),
        ("Director: Jane Doe, who was born in the valley and never left it again.", None),
        ("Where: The old harbor, at the end of the road that leads to the lamps.", None),
    ],
)
def test_a_dateline_without_capitals_opens_a_body(opening, place):
    assert opening_dateline(opening) == place
    assert parse_block(plain(Article(place=None, body=(opening, "Text of it."))), None)["place"] == place


def test_a_dateline_without_capitals_opens_nothing_else():
    body = ("Nine carts came.", "Riyadh: The bakers of the valley sent nine carts over the pass.")
    assert parse_block(plain(Article(place=None, body=body)), None)["place"] is None


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


FOOTER = (
    "© 2024 SAUDI RESEARCH & PUBLISHING COMPANY, All Rights Reserved And subject to Terms of Use Agreement."
)


@pytest.mark.parametrize(
    "end",
    [
        ("", "Topics: Ferry Harbor"),
        (FOOTER,),
        ("Topics: Ferry Harbor", "", FOOTER),
        ("", "MORE FROM Saudi Arabia", "", "Another headline"),
        ("", "MOST POPULAR", "Another headline"),
    ],
)
def test_furniture_is_no_body(end):
    assert parse_block(plain(Article(body=("Text of it.", *end))), None)["body"] == "KYIV: Text of it."


def test_a_box_goes_and_the_body_goes_on():
    box = ("A Lamp for All", "The makers and their street", "", "Enter", "", "", "keywords", "", "")
    body = parse_block(plain(Article(body=("Text of it.", "More of it.", "", *box, "The end."))), None)[
        "body"
    ]
    assert body == "KYIV: Text of it.\n\nMore of it.\n\nThe end."
    alone = ("Text of it.", "Enter", "the hall, they said.")
    assert "Enter" in parse_block(plain(Article(body=alone)), None)["body"]


def test_a_sentence_with_an_odd_end_is_no_subheading():
    body = ("Text of it.", "", "It was very bright.Ìę", "", "The end of it came soon.")
    assert parse_block(plain(Article(body=body)), None)["subheadings"] == []


LONE = {
    "a credit": ("(Supplied)", ""),
    "a caption with a credit": ("The ferry at its berth. (AFP)", ""),
    "a short URL": ("https://arab.news/q7xvz", ""),
    "a slot": ("The ferry at its berth. (AFP)", "Short Url", "https://arab.news/q7xvz", ""),
    "an author in capitals": ("The ferry at its berth.", "JANE DOE", ""),
    "an agency": ("AFP", ""),
}


@pytest.mark.parametrize("evidence", LONE.values(), ids=LONE)
def test_a_lone_headline_under_the_breadcrumb(evidence):
    lines = (
        " date 2022-04-28 You are here",
        "",
        Article().headline,
        "",
        *evidence,
        "KYIV: It sailed.",
        "All day.",
    )
    record = parse_block("\n".join(lines), None)
    assert (record["headline"], record["body"]) == (Article().headline, "KYIV: It sailed.\n\nAll day.")
    assert record["crawled"] == "2022-04-28"


NOT_HEADLINES = {
    "a kicker": ("Harbor life", "", "The ferry at its berth. (AFP)", "AFP"),
    "a kicker twice": ("Harbor life", "Harbor life", "The ferry at its berth. (AFP)"),
    "a caption": ("The ferry at its berth on Monday",),
    "a caption with a credit": ("The ferry at its berth. (AFP)", "AFP"),
    "a line and a person, not in capitals": ("The ferry at its berth on Monday", "", "Jane Doe"),
    "a line and a sentence": ("The ferry at its berth on Monday", "", "It is an old one."),
    "a sentence": ("The ferry was at its berth on Monday.", "", "It is an old one. (AFP)"),
}


@pytest.mark.parametrize("lines", NOT_HEADLINES.values(), ids=NOT_HEADLINES)
def test_no_headline_under_the_breadcrumb(lines):
    text = "\n".join((" date 2022-04-28 You are here", "", *lines, "", "KYIV: It sailed.", "All day."))
    failure = parse_block(text, None)
    assert isinstance(failure, Failure)
    assert failure.reason == "no_headline"


@pytest.mark.parametrize("url", ["https://example.com/x", "https://arab.news/ab_cd"])
def test_a_slot_with_no_short_url_keeps_it_for_the_schema_to_refuse(url):
    assert parse_block(full(Article(slot=url)), None)["short_url"] == url


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Only some words", "not_an_article"),
        (" date 2022-04-28 You are here\n\nA caption. (AFP)\nAFP\n\nKYIV: Text.", "no_headline"),
        (" date 2022-02-15 KYIV: A body behind the crawler's day.", "no_headline"),
        (
            " date 2022-02-15 KYIV: A body behind the crawler's day, and\n\nits second paragraph.",
            "no_headline",
        ),
        (" date 2022-02-15 The ferry sailed on Monday.\n\nIt came back at noon.", "no_headline"),
        ("Jane Doe\n\nJane Doe writes. (She does.)\n\nLatest published\n\nKYIV: A teaser.", "not_an_article"),
        ("A headline of it\n\n  • A bullet\nBy Jane Doe ·\n\nKYIV: A teaser.", "not_an_article"),
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


@pytest.mark.parametrize("headline", ["FaceOf: Jane Doe, captain of the ferry", "Ferry sails again"])
def test_a_headline_on_the_crawlers_line(headline):
    record = parse_block(f" date 2022-02-15 {headline}\n\nThe ferry sailed.\nIt came back at noon.", None)
    assert (record["headline"], record["crawled"]) == (headline, "2022-02-15")


@pytest.mark.parametrize("label", ["quotes ", "Special "])
def test_a_label_in_front_of_the_headline(label):
    text = plain(Article(caption=None, slot=""))
    assert parse_block(label + text, None)["headline"] == Article().headline
    once = text.replace(f"\n{Article().headline}\n", "\n")
    assert parse_block(label + once, None)["headline"] == label + Article().headline


def test_compact_with_a_summary_that_is_a_sentence():
    record = parse_block(compact(Article(bullets=("It had been closed for a decade.",))), None)
    assert record["headline"] == Article().headline
    assert record["summary"] == ["It had been closed for a decade."]
