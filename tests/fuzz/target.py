"""What the fuzzer drives: any bytes through split and parse, with nothing lost and nothing depending on cuts.

See atheris_run.py.
"""

from itertools import chain

from dateline.pipeline.elements import Dump, Piece
from dateline.pipeline.inputs.spool import Locator
from dateline.pipeline.rules.blocks import Limits
from dateline.pipeline.rules.record import record_of_piece
from dateline.pipeline.rules.split import CHUNK, cut_range
from dateline.pipeline.rules.text import WHITE_SPACE
from dateline.schemas.contract import contract

LIMITS = Limits(block_bytes=1 << 16, line_bytes=1 << 15)


def drive(data: bytes) -> list:
    """Split and parse a dump.

    Raises:
        AssertionError: a byte is lost or doubled, or the blocks depend on where the dump is cut.
    """
    whole = cuts(data, 0, len(data))
    middle = len(data) // 2
    assert not middle or cuts(data, 0, middle) + cuts(data, middle, len(data)) == whole
    return parsed(data, whole)


def cuts(data: bytes, begin: int, stop: int) -> list[Piece]:
    chunk = 4096 if len(data) < 20_000 else CHUNK
    limit = LIMITS.block_bytes
    pieces = cut_range(lambda at, n: data[at : at + n], begin, lambda start: start < stop, limit, chunk)
    return list(chain.from_iterable(pieces))


def parsed(data: bytes, whole: list[Piece]) -> list:
    """What the blocks of all cuts are, which leave nothing out but white space."""
    found = []
    places = Locator([Dump("dump", "dump", len(data))])
    at = 0
    for cut in whole:
        assert cut.start == at
        at = cut.end
        outcome = record_of_piece(cut, LIMITS, places, None, contract("article"))
        if outcome is None:
            assert not data[cut.start : cut.end].strip(WHITE_SPACE)
            continue
        _, offset, length, *_ = outcome.place
        assert not data[cut.start : offset].strip(WHITE_SPACE)
        assert not data[offset + length : cut.end].strip(WHITE_SPACE)
        found.append(outcome.result)
    assert at == len(data)
    return found
