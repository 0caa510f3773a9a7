"""Identity: which records are one article. Which of them wins is said in winner.py.

    short URL   headline   updated        article
    /ab2cd      H1         2023-09-07     url ab2cd
    /ab2cd      H1 edited  2023-09-09     url ab2cd     wins: the later of two filled ones
    -           H1         2023-09-07     url ab2cd     nearest in date among the filled of its headline
    -           H2         2023-09-08     headline H2

Records are rows (see identity_rows.py). Folding them is associative and commutative and depends on no order, so any
bundle of any runner may fold.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dateline.pipeline.rules.identity_rows import LATE, NO_DATE, Rows, chain_id, concat, set_ids, set_url_ids
from dateline.pipeline.rules.winner import best_first

HEADLINE_GROUP = ("head_hi", "head_lo", "slug", "updated")
"""Records that the rules of one headline cannot tell apart: those folded before the rules look."""
URL_GROUP = ("slug",)


def _first_of_each(rows: Rows, by: Sequence[str]) -> npt.NDArray[np.intp]:
    """Where, in rows sorted by these columns, each group begins."""
    if not len(rows):
        return np.empty(0, np.intp)
    differs = np.zeros(len(rows), bool)
    differs[0] = True
    for name in by:
        differs[1:] |= rows[name][1:] != rows[name][:-1]
    return np.flatnonzero(differs)


def fold(rows: Rows, by: Sequence[str]) -> Rows:
    """One row for each group of equal columns: the best one's, with the copies of all."""
    # Brackets would take each row field by field, at ten times the cost.
    rows = rows.take(best_first(rows, by))
    return _fold_sorted(rows, _first_of_each(rows, by))


def _fold_sorted(rows: Rows, starts: npt.NDArray[np.intp]) -> Rows:
    """The row at each start, with the copies and the span of dates of all rows up to the next start."""
    if not len(starts):
        return rows
    best = rows.take(starts)
    best["copies"] = np.add.reduceat(rows["copies"], starts)
    best["last"] = np.maximum.reduceat(rows["last"], starts)
    best["first"] = _undated(np.minimum.reduceat(_late(rows["first"]), starts))
    return best


def _late(days: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """NO_DATE is the smallest number; where the earliest date is asked, it must be the largest."""
    return np.where(days == NO_DATE, LATE, days)


def _undated(days: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The inverse of _late()."""
    return np.where(days == LATE, NO_DATE, days)


class Resolution(NamedTuple):
    """What the records of some headlines come to."""

    urls: Rows
    """Filled rows, with the copies of the unfilled ones that belong to them: still to be folded by URL."""
    articles: Rows
    """The winners among articles without a short URL, with their ids."""
    answers: Rows
    """For each unfilled group, its columns HEADLINE_GROUP, its article's id, and, in rank and offset, the
    winner; rank is -1 where the winner is one of a short URL, which no unfilled record can be."""


def resolve(groups: Rows, same_headline_days: int | None) -> Resolution:
    """Apply the rules of identity to all records of some headlines.

    Args:
        groups: rows folded by HEADLINE_GROUP; every record of each headline among them.
        same_headline_days: the longest gap in a chain, or None for no limit.
    """
    groups = groups.take(best_first(groups, ("head_hi", "head_lo", "updated")))
    starts = _chain_starts(groups, same_headline_days)
    chain = np.zeros(len(groups), np.intp)
    chain[starts] = 1
    chain = np.cumsum(chain) - 1
    filled = groups["slug"] != b""
    mixed = np.zeros(len(starts), bool)
    mixed[chain[filled]] = True  # the chains that have filled copies

    plain = groups.compress(~mixed[chain])
    plain_chain = chain[~mixed[chain]]
    articles, plain_answers = _plain(plain, plain_chain, same_headline_days is not None)

    urls = groups.compress(filled)
    unfilled = np.flatnonzero(~filled & mixed[chain])
    assigned = _assign(groups, chain, filled, unfilled)  # places among the filled rows
    np.add.at(urls["copies"], assigned, groups["copies"][unfilled])
    np.maximum.at(urls["last"], assigned, groups["last"][unfilled])
    first = _late(urls["first"])
    np.minimum.at(first, assigned, _late(groups["first"][unfilled]))
    urls["first"] = _undated(first)
    answers = groups.take(unfilled)
    answers["rank"] = -1
    set_url_ids(answers, urls["slug"][assigned])
    return Resolution(urls, articles, concat([plain_answers, answers]))


def _chain_starts(groups: Rows, limit: int | None) -> npt.NDArray[np.intp]:
    """Where each chain begins, in groups sorted by headline and date."""
    starts = _first_of_each(groups, ("head_hi", "head_lo"))
    if limit is None or not len(groups):
        return starts
    day = groups["updated"].astype(np.int64)
    gap = np.zeros(len(groups), bool)
    gap[1:] = day[1:] - day[:-1] > limit  # from NO_DATE to any day is a gap, too
    gap[starts] = True
    return np.flatnonzero(gap)


def _plain(groups: Rows, chain: npt.NDArray[np.intp], named_by_date: bool) -> tuple[Rows, Rows]:
    """Articles and answers of chains without filled copies."""
    if not len(groups):
        return groups, groups
    best = best_first(groups, ())
    best = best[np.argsort(chain[best], kind="stable")]  # by chain, and in each chain the best first
    groups, chain = groups.take(best), chain[best]
    starts = np.flatnonzero(np.diff(chain, prepend=-1))
    articles = _fold_sorted(groups, starts)
    if named_by_date:
        keys = np.stack([articles["head_hi"], articles["head_lo"]], axis=1)
        ids = [chain_id(key.tobytes(), int(day)) for key, day in zip(keys, articles["first"], strict=True)]
        set_ids(articles, ids)
    else:
        articles["id_hi"], articles["id_lo"] = articles["head_hi"], articles["head_lo"]
    answers = groups.copy()
    which = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(groups)))
    for column in ("id_hi", "id_lo", "rank", "offset"):
        answers[column] = articles[column][which]
    return articles, answers


def _assign(
    groups: Rows, chain: npt.NDArray[np.intp], filled: npt.NDArray[np.bool_], unfilled: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """For each unfilled row, the filled row of its chain that is nearest in date.

    Ties, and rows without a date, go to the smallest short URL.
    """
    slug, day = groups["slug"], groups["updated"].astype(np.int64)
    urls = np.flatnonzero(filled)
    found = _smallest(urls, slug, chain)
    found = found[np.searchsorted(chain[found], chain[unfilled])]
    of_day = (chain.astype(np.int64) << 32) + (day - NO_DATE)  # a number for each day of each chain, rising
    daily = _smallest(urls[day[urls] != NO_DATE], slug, of_day)
    dated = day[unfilled] != NO_DATE
    if len(daily) and dated.any():
        asked = unfilled[dated]
        later = np.searchsorted(of_day[daily], of_day[asked])
        near = daily[np.clip([later - 1, later], 0, len(daily) - 1)]  # the URL's row before and after each
        gaps = np.where(chain[near] == chain[asked], np.abs(day[near] - day[asked]), LATE * 4)
        is_later = (gaps[1] < gaps[0]) | ((gaps[1] == gaps[0]) & (slug[near[1]] < slug[near[0]]))
        is_near = gaps.min(axis=0) < LATE * 4  # the chain has a URL with a date
        found[dated] = np.where(is_near, np.where(is_later, near[1], near[0]), found[dated])
    place = np.cumsum(filled) - 1  # row -> its place among the filled rows
    return np.asarray(place[found], np.intp)


def _smallest(
    urls: npt.NDArray[np.intp], slug: npt.NDArray[np.bytes_], of: npt.NDArray[np.int64] | npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Of some rows the one with the smallest short URL for each number in `of`, in the order of these."""
    urls = urls[np.lexsort((slug[urls], of[urls]))]
    return urls[np.flatnonzero(np.diff(of[urls], prepend=-1))]


def name_urls(urls: Rows) -> Rows:
    """The winners of rows folded by URL_GROUP, with their ids."""
    winners = urls.copy()
    set_url_ids(winners, winners["slug"])
    return winners


def losers(copies: Rows, answers: Rows, by: Sequence[str]) -> Rows:
    """The copies that did not win, each with the id of its article, and 0 in `copies`.

    Args:
        copies: rows of single records.
        answers: one row for each group of equal columns `by` among them, with id, and the winner in rank
            and offset.

    Raises:
        KeyError: a copy's group has no answer: a record was lost on the way.
    """
    both = concat([copies, answers])
    by_group = np.lexsort([both[name] for name in reversed(by)])
    begins = np.zeros(len(both), np.intp)
    begins[_first_of_each(both.take(by_group), by)] = 1
    number = np.empty(len(both), np.intp)  # of the group that each row is in
    number[by_group] = np.cumsum(begins) - 1
    answer = np.full(number.max(initial=-1) + 1, -1)
    answer[number[len(copies) :]] = np.arange(len(answers))
    which = answer[number[: len(copies)]]
    if (which < 0).any():
        raise KeyError(f"{int((which < 0).sum())} records belong to no article that was resolved")
    won = (answers["rank"][which] == copies["rank"]) & (answers["offset"][which] == copies["offset"])
    lost: Rows = copies.compress(~won)
    lost["id_hi"], lost["id_lo"] = answers["id_hi"][which[~won]], answers["id_lo"][which[~won]]
    lost["copies"] = 0
    return lost
