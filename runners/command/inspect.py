"""`dateline inspect`: what is found in one file, block by block, without writing anything."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

from dateline.pipeline.elements import Dump, Reject
from dateline.pipeline.inputs.find import find_inputs, with_spools
from dateline.pipeline.inputs.parts import unpack_all
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.records import Columns
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.inputs.streams import Bounds
from dateline.pipeline.rules.blocks import Limits
from dateline.pipeline.rules.header import Part, first_part, header_from
from dateline.pipeline.rules.line_forms import lines_of
from dateline.pipeline.rules.record import record_of_piece
from dateline.pipeline.rules.split import cut_range
from dateline.pipeline.rules.text import printable, to_json
from dateline.pipeline.rules.text_repairs import mend
from dateline.pipeline.store.files import open_file
from dateline.runners.command.colour import BOLD, CYAN, RED, in_colour
from dateline.runners.command.table import shortened
from dateline.schemas.contract import contract

LINES_SHOWN = 12
"""Lines of a reject that are shown: those that a header would stand in."""
VALUE_SHOWN = 160
"""Characters of a field that are shown, unless all is asked for; on a terminal as many as fit."""
BEFORE_VALUE = len(f"    {'':>14} | ")
"""Characters that stand in a line before a text."""


class Found(NamedTuple):
    """One block: `record` or, where it is rejected, the other fields below."""

    source: str
    offset: int
    length: int
    layout: str | None
    record: dict[str, Any] | None
    reason: str | None = None
    pointer: str | None = None
    detail: str | None = None
    lines: Sequence[tuple[str, str]] = ()
    """The lines of the header, or the first ones of a reject, each with the role that it was read in."""


def inspect(
    path: str, offset: int | None, crawl_date: date | None, columns: Columns, bounds: Bounds | None = None
) -> Iterator[Found]:
    """Every block of a file, in order; with an offset only the one that it is in.

    Raises:
        OSError: the file cannot be read, or not to its end.
    """
    inputs = find_inputs([path], None, option="FILE")
    for _, error in inputs.unreadable:
        raise OSError(f"{path}: {error}")
    with tempfile.TemporaryDirectory() as folder:
        dumps = with_spools(inputs.dumps, folder)
        unpack_all(dumps, columns, Quota(folder, bounds or Bounds()))
        with closing(Locator(dumps)) as locator:
            for number, dump in enumerate(dumps):
                if dump.part and (problem := locator.index(number).facts.problem):
                    raise OSError(f"{path}: {problem}")
                for found in _blocks(number, dump, locator, crawl_date):
                    if offset is None or found.offset <= offset < found.offset + found.length:
                        yield found


def _blocks(number: int, dump: Dump, locator: Locator, crawl_date: date | None) -> Iterator[Found]:
    limits = Limits()
    with open_file(dump.path, dump.pin) as file:

        def read(at: int, size: int) -> bytes:
            file.seek(at)
            return file.read(size)

        pieces = cut_range(
            read, 0, lambda start: True, limits.block_bytes, records=locator.records(number), dump=number
        )
        for piece in chain.from_iterable(pieces):
            outcome = record_of_piece(piece, limits, locator, crawl_date, contract("article"))
            if outcome is None:
                continue
            place, result = outcome.place, outcome.result
            text = mend(outcome.text or "")[0]
            part = first_part(text.split("\n"))
            layout = header_from(part).layout if part and part.is_headed else None
            shown = _roles(part, text)
            if isinstance(result, Reject):
                yield Found(*place[:3], layout, None, result.reason, result.pointer, result.detail, shown)
            else:
                yield Found(*place[:3], layout, result.record, lines=shown)


def _roles(part: Part | None, text: str) -> list[tuple[str, str]]:
    """The lines of a header, each with its role; those below a header without a headline, too."""
    lines = part.lines if part else ()
    shown = [
        ("text" if role == "bare" else role, line.text)
        for line, role in zip(lines, part.roles if part else (), strict=True)
    ]
    if part and part.is_headed:
        return shown
    rest = lines_of(text.split("\n")[:LINES_SHOWN])[len(shown) :]
    return [*shown, *(("text", line.text) for line in rest)]


def as_json(found: Found) -> str:
    """One line of JSON."""
    return to_json({name: value for name, value in found._asdict().items() if value not in (None, ())})


def as_text(found: Found, colour: bool, full: bool, width: int | None = None) -> str:
    """A block for a person; text of the file is made harmless for a terminal.

    Args:
        found: the block.
        colour: whether it is coloured.
        full: whether all of each text is shown.
        width: the most characters of a line, unless all is shown; None for VALUE_SHOWN of each text.
    """
    room = None if width is None else max(width - BEFORE_VALUE, 1)

    def paint(code: str, text: str) -> str:
        return in_colour(text, code) if colour else text

    end = found.offset + found.length
    head = f"{printable(found.source)}  bytes {found.offset:,} to {end:,}"
    lines = [f"    {role:>14} | {_short(line, full, room)}" for role, line in found.lines]
    if found.record is None:
        title = paint(RED, f"{head}  rejected: {found.reason}")
        pointer = f" at {found.pointer}" if found.pointer else ""
        return "\n".join([title, f"  {printable(found.detail or '')}{pointer}", *lines])
    rows = [*lines, ""]
    for name, value in found.record.items():
        if name in ("source", "source_offset", "source_length", "copies") or value in (None, []):
            continue
        texts = value if isinstance(value, list) else [value]
        for text in texts:
            rows.append(f"  {paint(CYAN, f'{name:<14}')}  {_short(str(text), full, room)}")
    return "\n".join([paint(BOLD, f"{head}  layout {found.layout}"), *rows])


def _short(text: str, full: bool, room: int | None) -> str:
    text = printable(text)
    if full:
        return text
    if room is not None and " " in text:  # an id or a URL is to be copied
        return shortened(text, room)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]} … ({len(text):,} characters)"
