"""The winners do not depend on order, on bundles or on how copies were folded before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.pipeline.rules.identity import HEADLINE_GROUP, URL_GROUP, fold, losers, name_urls, resolve
from dateline.pipeline.rules.identity_rows import (
    NO_DATE,
    ROW,
    chain_id,
    concat,
    days,
    fields_of,
    headline_key,
    hexes,
    iso,
    new_rank,
    provisional_id,
    rows_of,
    url_id,
)
from dateline.pipeline.rules.places import regions
from tests.helpers.reference import Copy, articles

COPIES = st.lists(
    st.builds(
        Copy,
        headline=st.integers(1, 4),
        slug=st.sampled_from(["", "", "", "aa", "ab", "b"]),
        day=st.one_of(st.none(), st.integers(0, 12)),
        dated=st.integers(0, 1),
        fields=st.integers(0, 2),
        body=st.integers(1, 3),
        dump=st.integers(0, 1),
        offset=st.integers(0, 99),
    ),
    max_size=25,
    unique_by=lambda copy: (copy.dump, copy.offset),
).map(lambda copies: [c if c.day is not None else c._replace(dated=2) for c in copies])


def rows(copies):
    """The copies as the rows that a worker makes of them."""
    table = np.zeros(len(copies), ROW)
    for row, copy in zip(table, copies, strict=True):
        day = NO_DATE if copy.day is None else copy.day
        row["head_hi"] = row["head_lo"] = copy.headline
        row["slug"] = copy.slug.encode()
        row["updated"] = row["first"] = row["last"] = day
        for name in ("dated", "fields", "body", "dump", "offset"):
            row[name] = getattr(copy, name)
        row["rank"] = copy.dump
        row["copies"] = row["length"] = 1
    return table


def place(row):
    return int(row["rank"]), int(row["offset"])


def folded(parts, by):
    """Fold part by part, then the folded parts together, as runners do."""
    return fold(concat(fold(part, by) for part in parts), by)


@settings(max_examples=400)
@given(COPIES, st.one_of(st.none(), st.integers(0, 6)), st.randoms(use_true_random=False), st.integers(1, 5))
def test_the_reference_agrees(copies, limit, random, bundles):
    expected = articles(copies, limit)
    shuffled = copies.copy()
    random.shuffle(shuffled)
    parts = [rows(shuffled[n::bundles]) for n in range(bundles)]
    found = resolve(folded(parts, HEADLINE_GROUP), limit)
    split = len(found.urls) // 2
    urls = name_urls(folded([found.urls[:split], found.urls[split:]], URL_GROUP))
    winners = concat([found.articles, urls])

    members = {place_of(winner): group for winner, group in expected.items()}
    assert sorted(map(place, winners)) == sorted(members)
    for row in winners:
        group = members[place(row)]
        known = [copy.day for copy in group if copy.day is not None]
        assert row["copies"] == len(group)
        assert (row["first"], row["last"]) == ((min(known), max(known)) if known else (NO_DATE, NO_DATE))

    ids = dict(zip(map(place, winners), hexes(winners, "id_hi", "id_lo"), strict=True))
    assert len(set(ids.values())) == len(ids)
    every = rows(shuffled)
    filled = every["slug"] != b""
    lost = concat(
        [losers(every[~filled], found.answers, HEADLINE_GROUP), losers(every[filled], urls, URL_GROUP)]
    )
    named = dict(zip(map(place, lost), hexes(lost, "id_hi", "id_lo"), strict=True))
    assert named == {
        place_of(copy): ids[place_of(winner)]
        for winner, group in expected.items()
        for copy in group
        if copy != winner
    }


def place_of(copy):
    return copy.dump, copy.offset


RULES = [
    # what it shows, copies as (headline, slug, day, dated, fields, body), limit, winners' places
    ("a filled slot before a later unfilled one", [(1, "aa", 1, 0, 0, 1), (1, "", 9, 0, 2, 3)], None, {0}),
    ("an absolute date before a relative one", [(1, "", 9, 1, 0, 1), (1, "", 1, 0, 0, 1)], None, {1}),
    ("a relative date before none", [(1, "", None, 2, 2, 9), (1, "", 1, 1, 0, 1)], None, {1}),
    ("the latest", [(1, "", 1, 0, 2, 3), (1, "", 2, 0, 0, 1)], None, {1}),
    ("the most fields before the longest body", [(1, "", 1, 0, 1, 9), (1, "", 1, 0, 2, 1)], None, {1}),
    ("the longest body", [(1, "", 1, 0, 1, 1), (1, "", 1, 0, 1, 2)], None, {1}),
    ("the smallest place", [(1, "", 1, 0, 1, 1), (1, "", 1, 0, 1, 1)], None, {0}),
    ("one URL under two headlines is one article", [(1, "aa", 1, 0, 0, 1), (2, "aa", 2, 0, 0, 1)], None, {1}),
    ("two URLs under one headline are two", [(1, "aa", 1, 0, 0, 1), (1, "ab", 2, 0, 0, 1)], None, {0, 1}),
    ("headlines years apart fold", [(1, "", 1, 0, 0, 1), (1, "", 9000, 0, 0, 1)], None, {1}),
    ("headlines further apart than the limit do not", [(1, "", 1, 0, 0, 1), (1, "", 9, 0, 0, 1)], 7, {0, 1}),
    (
        "steps within the limit make one chain",
        [(1, "", 1, 0, 0, 1), (1, "", 8, 0, 0, 1), (1, "", 15, 0, 0, 1)],
        7,
        {2},
    ),
    ("no date is a chain of its own under a limit", [(1, "", 1, 0, 0, 1), (1, "", None, 2, 0, 1)], 7, {0, 1}),
    ("no date folds without a limit", [(1, "", 1, 0, 0, 1), (1, "", None, 2, 0, 1)], None, {0}),
]


@pytest.mark.parametrize(
    ("copies", "limit", "winners"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES]
)
def test_rules(copies, limit, winners):
    table = rows([Copy(*copy, dump=0, offset=n) for n, copy in enumerate(copies)])
    found = resolve(fold(table, HEADLINE_GROUP), limit)
    urls = name_urls(fold(found.urls, URL_GROUP))
    assert {int(row["offset"]) for row in concat([found.articles, urls])} == winners


@pytest.mark.parametrize(
    ("filled", "day", "expected"),
    [
        ([("b", 1), ("a", 9)], 2, "b"),  # the nearest in date
        ([("b", 1), ("a", 9)], 8, "a"),
        ([("b", 1), ("a", 9)], 5, "a"),  # a tie: the smallest URL
        ([("b", 1), ("a", 9)], None, "a"),  # no date: the smallest URL
        ([("b", None), ("c", 9)], 1, "c"),  # a filled copy without a date is near to nothing
        ([("b", None)], 1, "b"),
        ([("b", 4), ("a", 4)], 4, "a"),
    ],
)
def test_where_an_unfilled_record_belongs(filled, day, expected):
    copies = [Copy(1, slug, d, 0 if d is not None else 2, 0, 1, 0, n) for n, (slug, d) in enumerate(filled)]
    copies.append(Copy(1, "", day, 0 if day is not None else 2, 0, 1, 0, 99))
    found = resolve(fold(rows(copies), HEADLINE_GROUP), None)
    assert hexes(found.answers, "id_hi", "id_lo") == [url_id(expected.encode()).hex()]


def test_folding_keeps_no_more_than_the_groups():
    copies = [Copy(1, "", n % 3, 0, 0, 1, 0, n) for n in range(10_000)]
    assert len(fold(rows(copies), HEADLINE_GROUP)) == 3


def test_a_copy_that_was_lost_on_the_way_is_missed():
    table = rows([Copy(1, "", 1, 0, 0, 1, 0, 1), Copy(2, "", 1, 0, 0, 1, 0, 2)])
    answers = resolve(fold(table[:1], HEADLINE_GROUP), None).answers
    with pytest.raises(KeyError, match="1 records belong to no article"):
        losers(table, answers, HEADLINE_GROUP)


def test_ids():
    assert headline_key("Riyadh’s plan") == headline_key("RIYADH'S  PLAN")
    assert url_id(b"ab2cd") != url_id(b"ab2ce")
    assert chain_id(headline_key("A"), 1) != chain_id(headline_key("A"), 2)
    record = {"short_url": None, "headline": "A"}
    assert provisional_id(record) == headline_key("A").hex()
    assert provisional_id({"short_url": "https://arab.news/ab2cd"}) == url_id(b"ab2cd").hex()


def test_ids_stay_what_they_are():
    """They name rows in datasets that people have: a change here is a change of the schema's version."""
    assert headline_key("Ferry returns").hex() == "ad62f10c13fa89e8379cbb8698c74ce2"
    assert url_id(b"ab2cd").hex() == "064c3972bd68cdd8aadda48d087cdfae"
    assert chain_id(headline_key("Ferry returns"), 19000).hex() == "d8c239c7e199083116f5d8b910ed2570"


@pytest.mark.parametrize(("text", "day"), [("1970-01-01", 0), ("2023-09-07", 19607), (None, NO_DATE)])
def test_days(text, day):
    assert (days(text), iso(day)) == (day, text)


def test_rows_hold_what_the_rules_look_at():
    filled = {
        "headline": "A", "short_url": "https://arab.news/ab2cd", "updated": "2023-09-07", "updated_source": "crawl",
        "caption": "x", "credit": None, "byline": None, "summary": [], "place": None, "country": "UA",
        "region": "eastern-europe", "subheadings": [], "page_url": None, "node": None, "crawled": None,
    }  # fmt: skip
    bare = filled | {
        "headline": "B",
        "short_url": None,
        "updated": None,
        "updated_source": "none",
        "summary": ["a", "b"],
    }
    columns = {name: [filled[name], bare[name]] for name in filled}
    rows = rows_of([(3, 2**40, 7), (4, 0, 8)], [3, 5], columns)
    assert rows["slug"].tolist() == [b"ab2cd", b""]
    assert rows["updated"].tolist() == [19607, NO_DATE] == rows["first"].tolist() == rows["last"].tolist()
    assert rows["dated"].tolist() == [1, 2]
    assert rows["fields"].tolist() == [4, 3] == [fields_of(filled), fields_of(bare)]
    assert rows["body"].tolist() == [3, 5]
    assert rows["region"].tolist() == [regions().index("eastern-europe")] * 2
    assert rows["rank"].tolist() == [new_rank(3), new_rank(4)]
    assert hexes(rows, "head_hi", "head_lo") == [headline_key("A").hex(), headline_key("B").hex()]
    assert rows[["dump", "offset", "length", "copies"]].tolist() == [(3, 2**40, 7, 1), (4, 0, 8, 1)]
