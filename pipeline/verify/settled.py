"""Settled: what a task found out about a group of dumps, as it leaves it for the end of the run.

    _runs/20261129T000000-0123abcd/receipts/settled-12.json    of group 12: checksums, blocks by dump, what does not come out

The name follows from the group, and the bytes from its dumps and blocks: a task that is done again leaves the same file.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dateline.errors import DamagedFile
from dateline.pipeline.dataset.safe_files import parse_json, require_shape
from dateline.pipeline.dataset.tally import KINDS, Tally
from dateline.pipeline.elements import Dump
from dateline.pipeline.names import RECEIPTS
from dateline.pipeline.store.address import in_store
from dateline.pipeline.store.bucket import in_parallel
from dateline.pipeline.store.scratch import find, write
from dateline.pipeline.verify.groups import Groups


@dataclass
class PartsFound:
    """What came of the parts among a group's dumps; see record_account.py. A file is named by its path."""

    held: int = 0
    pages: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    """Records by the reason why they are no page."""
    findings: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    """Files that cannot be read, or not whole, and why."""
    others: list[tuple[str, dict[str, int]]] = field(default_factory=list)
    """Files with records that hold no page, and what these are."""
    days: list[tuple[str, int, str]] = field(default_factory=list)
    """Files with records whose day of the crawl is none that can be, how many, and the first."""
    seen: list[str] = field(default_factory=list)
    """Of the columns that were named by option, those that any record has."""
    lost: list[str] = field(default_factory=list)
    """Sources that gave nothing at all."""


@dataclass
class Settled:
    """What came of a group of dumps."""

    read: int
    """Bytes of its dumps, or of what they were unpacked to."""
    white_space: int
    """Bytes of it between the blocks."""
    tallies: list[Tally]
    """Of its blocks, for each of KINDS."""
    blocks: list[list[int]]
    """For each of KINDS, how many blocks each of its dumps has."""
    checksums: list[str]
    """The SHA-256 of each of its own_files(), in hexadecimal."""
    findings: list[str]
    """Where it does not come out: dump, offset, and what is wrong there."""
    parts: PartsFound = field(default_factory=PartsFound)


def own_files(dumps: Sequence[Dump], groups: Groups) -> list[list[str]]:
    """The files of which each group takes the checksums; a file of rejects of several dumps is the first's."""
    owned: set[str] = set()
    found: list[list[str]] = []
    for group in range(len(groups)):
        files = dict.fromkeys(dump.origin for dump in dumps[slice(*groups.span(group))])
        found.append([path for path in files if path not in owned])
        owned.update(files)
    return found


def checksums_of(dumps: Sequence[Dump], groups: Groups, settled: Sequence[Settled | None]) -> dict[str, str]:
    """The SHA-256 of each file that was read, by its path; of a group that nobody told of, none."""
    return {
        path: digest
        for paths, group in zip(own_files(dumps, groups), settled, strict=True)
        if group
        for path, digest in zip(paths, group.checksums, strict=True)
    }


def leave(scratch: str, group: int, settled: Settled) -> None:
    """Leave word of a group in a run's scratch."""
    write(_path(scratch, group), json.dumps(asdict(settled), sort_keys=True).encode())


def read_settled(scratch: str, dumps: Sequence[Dump], groups: Groups) -> list[Settled | None]:
    """What was left in a run's scratch of each group of its dumps; None where nothing was.

    Raises:
        DamagedFile: it is not what a task leaves.
    """
    own = own_files(dumps, groups)
    found: list[Settled | None] = [None] * len(groups)

    def read_group(group: int) -> None:
        path = _path(scratch, group)
        if (data := find(path)) is not None:
            found[group] = _settled(path, data, groups.size(group), len(own[group]))

    if in_store(scratch):
        in_parallel(read_group, range(len(groups)))
    else:
        for group in range(len(groups)):
            read_group(group)
    return found


def _settled(path: str, data: bytes, dumps: int, files: int) -> Settled:
    found: Any = parse_json(path, data, texts=False)
    require_shape(path, found, "settled")
    if any(len(counts) != dumps for counts in found["blocks"]) or len(found["checksums"]) != files:
        raise DamagedFile(f"{path} is of other dumps than those of its group")
    tallies = [Tally(*tally) for tally in found["tallies"]]
    return Settled(**found | {"tallies": tallies, "parts": PartsFound(**found["parts"])})


def _path(scratch: str, group: int) -> str:
    return f"{scratch}/{RECEIPTS}/settled-{group}.json"


def blocks_by_dump(settled: Sequence[Settled | None]) -> dict[str, npt.NDArray[np.int64]]:
    """How many blocks of each of KINDS each of a run's dumps has, by its number; of all groups, none of which is missing."""
    return {
        kind: np.array([count for one in settled if one for count in one.blocks[number]], np.int64)
        for number, kind in enumerate(KINDS)
    }
