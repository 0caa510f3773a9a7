"""What the fuzzer drives: any bytes through split and parse, with nothing lost and nothing depending on cuts.

See atheris_run.py.
"""

from pipeline.elements import Block, Piece, Reject
from pipeline.rules.blocks import Limits, block_of
from pipeline.rules.contract import contract
from pipeline.rules.split import CHUNK, cut_range
from pipeline.rules.text import WHITE_SPACE
from pipeline.stages.parse import record_of
from pipeline.stages.spool import Place
from pipeline.stages.validate import check

LIMITS = Limits(block_bytes=1 << 16, line_bytes=1 << 15)


def drive(data: bytes) -> list:
    """Split and parse a dump.

    Raises:
        AssertionError: a byte is lost or doubled, or the blocks depend on where the dump is cut.
    """

    def cuts(begin: int, stop: int) -> list:
        chunk = 4096 if len(data) < 20_000 else CHUNK
        limit = LIMITS.block_bytes
        return list(
            cut_range(lambda at, n: data[at : at + n], begin, lambda start: start < stop, limit, chunk)
        )

    whole = cuts(0, len(data))
    middle = len(data) // 2
    assert not middle or cuts(0, middle) + cuts(middle, len(data)) == whole
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
