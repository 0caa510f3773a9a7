"""Whole dumps: the parts of a dump come together once all are unpacked, and it is read as a whole or not at all.

A part of a WARC begins where a record seems to: a page may quote a record's header. So the parts are held against each
other: each has to begin where the one before it ended. Where one does not, the file is read again, in one go.
"""

from collections.abc import Sequence
from typing import Any

from dateline.pipeline.elements import Dump
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.inputs.spool import MAX_PROBLEM, Report, leave_nothing, unpack
from dateline.pipeline.inputs.spool_index import Facts

CHAINED = ("jsonl", "warc")
"""The formats whose parts have to follow each other byte by byte."""


def unpack_all(dumps: Sequence[Dump], columns: Columns, quota: Quota) -> None:
    """Unpack dumps on this machine, one after the other, as a run does it."""
    groups: dict[str, list[Dump]] = {}
    for dump in dumps:
        if dump.part:
            groups.setdefault(dump.source, []).append(dump)
    for group in groups.values():
        reports = [unpack(dump.part, dump.path, columns, quota) for dump in group if dump.part]
        whole(group, reports, columns, quota)


def whole(dumps: Sequence[Dump], reports: Sequence[Report], columns: Columns, quota: Quota) -> list[int]:
    """The bytes of each spool of a dump, once its parts are held against each other; 0 for all of a damaged one.

    Args:
        dumps: its parts, in order.
        reports: what was told of each.
        columns: what JSON Lines keys and Parquet columns are called.
        quota: for what has to be unpacked again.
    """
    parts: list[Any] = [dump.part for dump in dumps]
    problem = next((report.problem for report in reports if report.problem), None)
    if len(parts) > 1 and parts[0].format in CHAINED:
        expected = 0
        for part, report in zip(parts, reports, strict=True):
            if report.first != expected and (report.first is not None or expected < part.stop):
                return _again(dumps, columns, quota)
            if report.problem:
                break  # where it is, a record does start
            expected = expected if report.first is None else report.end
    sizes = [report.size for report in reports]
    if not problem and sum(sizes) > quota.of_dump(parts[0]):
        problem = quota.too_much(parts[0])
    return _nothing(dumps, problem, sizes, quota) if problem else sizes


def _again(dumps: Sequence[Dump], columns: Columns, quota: Quota) -> list[int]:
    """Unpack all of a dump into the first of its spools."""
    first: Any = dumps[0].part
    report = unpack(first._replace(start=0, stop=first.size), dumps[0].path, columns, quota)
    if report.problem:
        return _nothing(dumps, report.problem, [], quota)
    for dump in dumps[1:]:
        leave_nothing(dump.path, Facts(first.format))
    return [report.size, *(0 for _ in dumps[1:])]


def _nothing(dumps: Sequence[Dump], problem: str, sizes: Sequence[int], quota: Quota) -> list[int]:
    for dump in dumps:
        assert dump.part
        leave_nothing(dump.path, Facts(dump.part.format, problem[:MAX_PROBLEM]))
    quota.give_back(sum(sizes))
    return [0 for _ in dumps]
