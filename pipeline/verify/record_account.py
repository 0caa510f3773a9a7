"""The account of the containers: each record that a WARC, JSON Lines, Parquet or file of rejects holds is a page that was
read, or was put aside for a reason.

    a.jsonl of 5 lines, 3 with a block, 1 put aside    "5 records are in it, and 4 were read": the run fails

What a container holds is counted from its bytes or its footer, apart from the reading of its records (see rules/records.py).
What became of them follows from what was written: each record has a block in a row, a duplicate or a reject. So a record that
is dropped anywhere between the two makes the run fail, though all bytes that were unpacked are accounted for.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dateline.pipeline.dataset.tally import Places
from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs.find import Unreadable
from dateline.pipeline.inputs.records import Account, Columns, named
from dateline.pipeline.inputs.rejects import CUT
from dateline.pipeline.inputs.spool_index import Index
from dateline.pipeline.inputs.warc import NO_TEXT, OF_HTML
from dateline.pipeline.store.files import size_of
from dateline.pipeline.verify.settled import PartsFound

MAX_FINDINGS = 10
WITH_COLUMNS = ("jsonl", "parquet")
NO_DAY = (
    "{origin}: {count:,} records say a day of the crawl that is none, or none from 1996 until tomorrow, such as {example}; "
    "they are read without one"
)
NO_COLUMN = "no record has the column {names} that --{role}-column names"


class Records(NamedTuple):
    """Records of containers. The pages and the rejected ones come to those held if there are no findings."""

    held: int
    pages: int
    rejected: dict[str, int]
    """By reason; of records that hold no page, by what they are."""
    findings: list[str]
    """Where it does not come out: dump, and what is wrong there."""


class InputFindings(NamedTuple):
    """What was found out while inputs were unpacked."""

    records: Records
    problems: list[Unreadable]
    """What could not be read, or not all of it."""
    notes: list[str]
    """Warnings: days that are none, columns that no record has."""
    lost: set[str]
    """The sources that gave nothing at all: those count as not read, so that a mended file is welcome."""


def settle_parts(dumps: Sequence[Dump], first: int, places: Places) -> PartsFound:
    """Hold what the containers of a group of dumps held against what became of it.

    Args:
        dumps: those of the group.
        first: the number of the first of them.
        places: of their blocks, in any order.
    """
    found = PartsFound()
    blocks = _blocks(dumps, first, places)
    rejected: Counter[str] = Counter()
    problems: dict[tuple[str, str], None] = {}
    empty: dict[str, bool] = {}
    others: dict[str, Counter[str]] = {}
    days: dict[str, tuple[int, str]] = {}
    seen: set[str] = set()
    for number, starts in blocks.items():
        dump = dumps[number]
        index = Index(f"{dump.path}.index")
        problem, account = index.facts.problem, index.facts.account
        if problem:
            problems[dump.origin, problem] = None
        nothing = (bool(problem) or _only_others(account)) and not size_of(dump.path)
        empty[dump.source] = empty.get(dump.source, True) and nothing
        if account is None:
            continue
        reasons = Counter(filter(None, index.reasons()))
        found.held += account.held
        found.pages += len(index.starts) - reasons.total()
        rejected += reasons + account.others
        others.setdefault(dump.origin, Counter()).update(account.others)
        seen.update(account.seen)
        if account.no_days:
            count, example = days.get(dump.origin, (0, account.no_day))
            days[dump.origin] = count + account.no_days, example
        found.findings += _compared(dump, account, index, starts)
    found.rejected = dict(rejected)
    found.problems = list(problems)
    found.others = [(origin, dict(kinds)) for origin, kinds in others.items() if kinds]
    found.days = [(origin, *told) for origin, told in days.items()]
    found.seen = sorted(seen)
    found.lost = [source for source, nothing in empty.items() if nothing]
    return found


def account_for(dumps: Sequence[Dump], groups: Sequence[PartsFound], columns: Columns) -> InputFindings:
    """Add up what was found out about the parts of all groups.

    Args:
        dumps: those that the run read.
        groups: what came of the parts of each group, in the order of the dumps.
        columns: what JSON Lines keys and Parquet columns are called.
    """
    rejected: Counter[str] = Counter()
    problems: dict[tuple[str, str], None] = {}
    others: dict[str, Counter[str]] = {}
    days: dict[str, tuple[int, str]] = {}
    formats = {part.format for dump in dumps if (part := dump.part)}
    missing = named(columns) if formats.intersection(WITH_COLUMNS) else []
    for found in groups:
        rejected.update(found.rejected)
        problems |= dict.fromkeys((path, why) for path, why in found.problems)
        missing = [role for role in missing if role not in found.seen]
        for path, kinds in found.others:
            others.setdefault(path, Counter()).update(kinds)
        for path, count, example in found.days:
            before, first = days.get(path, (0, example))
            days[path] = before + count, first
    for path, kinds in others.items():
        for text, count in ((NO_TEXT, sum(kinds[kind] for kind in OF_HTML)), (CUT, kinds["cut"])):
            if count:
                problems[path, text.format(count=count)] = None
    records = Records(
        sum(found.held for found in groups),
        sum(found.pages for found in groups),
        dict(sorted(rejected.items())),
        [finding for found in groups for finding in found.findings][:MAX_FINDINGS],
    )
    notes = [
        NO_DAY.format(origin=path, count=count, example=example) for path, (count, example) in days.items()
    ]
    notes += [NO_COLUMN.format(names=" or ".join(getattr(columns, role)), role=role) for role in missing]
    lost = {source for found in groups for source in found.lost}
    return InputFindings(records, [Unreadable(*problem) for problem in problems], notes, lost)


def _only_others(account: Account | None) -> bool:
    """Whether a part has records, and none of them is to be read."""
    return account is not None and sum(account.others.values()) > 0


def _compared(dump: Dump, account: Account, index: Index, blocks: npt.NDArray[np.int64]) -> list[str]:
    """What is wrong with a part."""
    starts = np.array(index.starts, np.int64)
    known = len(starts) + account.others.total()
    size = int(index.sizes().sum()) + account.others_size + account.blank
    with_blocks = len(np.unique(np.searchsorted(starts, blocks, "right")))
    return [
        f"{dump.source}: {what}"
        for what, wrong in (
            (f"{account.held:,} records are in it, and {known:,} were read", known != account.held),
            (f"{account.size:,} bytes or rows are in it, and {size:,} were read", size != account.size),
            (f"{len(starts):,} records were read, and {with_blocks:,} written", with_blocks != len(starts)),
        )
        if wrong
    ]


def _blocks(dumps: Sequence[Dump], first: int, places: Places) -> dict[int, npt.NDArray[np.int64]]:
    """Where the blocks of each part begin, by its place among the dumps."""
    numbers = [number for number, dump in enumerate(dumps) if dump.part]
    if not numbers:
        return {}
    order = np.argsort(places["dump"], kind="stable")
    owner, begin = places["dump"][order] - first, places["offset"][order]
    edges = np.searchsorted(owner, [numbers, [each + 1 for each in numbers]])
    return {each: begin[lo:hi] for each, lo, hi in zip(numbers, *edges, strict=True)}
