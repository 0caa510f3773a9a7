"""The coders of what stands in batches: Beam learns sizes from them, and encodes nothing to learn them."""

import pytest

from dateline.pipeline.elements import Block, ParsedRecord, Piece, Repeats
from dateline.pipeline.rules.identity_rows import ROW
from dateline.pipeline.stages.item_coders import ItemCoder

PLACE = (0, 0, 1000)
ITEMS = [
    (Piece(*PLACE, b"p" * 1000), 1000),
    (Piece(*PLACE, None), 0),
    (Block(*PLACE, b"b" * 900), 900),
    (ParsedRecord(*PLACE, {"headline": "A ferry"}, b"r" * 800), 800),
    (Repeats([PLACE], [b"row"], [PLACE], [b"digest"]), 2 * ROW.itemsize),
]


@pytest.mark.parametrize(("item", "size"), ITEMS)
def test_an_item_comes_back_as_it_was_and_tells_its_size(item, size):
    coder = ItemCoder()
    assert coder.decode(coder.encode(item)) == item
    assert coder.estimate_size(item) == size
