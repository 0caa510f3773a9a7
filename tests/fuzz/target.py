"""What the fuzzer drives: any bytes through split and parse, with nothing lost and nothing depending on cuts.

See atheris_run.py.
"""

from dateline.pipeline.elements import Block, Piece, Reject
from dateline.pipeline.inputs.spool import Place
from dateline.pipeline.rules.blocks import Limits, block_of
from dateline.pipeline.rules.split import CHUNK, Cut, cut_range
from dateline.pipeline.rules.text import WHITE_SPACE
from dateline.pipeline.stages.parse import record_of
from dateline.pipeline.stages.validate import check
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


def cuts(data: bytes, begin: int, stop: int) -> list[Cut]:
    chunk = 4096 if len(data) < 20_000 else CHUNK
    limit = LIMITS.block_bytes
    return list(cut_range(lambda at, n: data[at : at + n], begin, lambda start: start < stop, limit, chunk))


def parsed(data: bytes, whole: list[Cut]) -> list:
    """What the blocks of all cuts are, which leave nothing out but white space."""
    found = []
    at = 0
    for cut in whole:
        assert cut.start == at
        at = cut.end
        block = block_of(Piece(0, *cut), LIMITS)
        if block is None:
            assert not data[cut.start : cut.end].strip(WHITE_SPACE)
            continue
        assert not data[cut.start : block.offset].strip(WHITE_SPACE)
        assert not data[block.offset + block.length : cut.end].strip(WHITE_SPACE)
        item = record_of(block, Place("dump", *block[1:3]), None) if isinstance(block, Block) else block
        found.append(item if isinstance(item, Reject) else check(item, contract("article")))
    assert at == len(data)
    return found
