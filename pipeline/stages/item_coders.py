"""Coders of what stands in the batches between read and deduplicate: they tell the size of an item without encoding it.

Beam asks for the size of some batches of each bundle, for its own counters, and to learn it would pickle their items. Runners
keep these stages in one step, so mostly nothing else is ever asked.
"""

from collections.abc import Callable, Mapping
from typing import Any

import apache_beam as beam

from dateline.pipeline.elements import Block, ParsedRecord, Piece, Repeats
from dateline.pipeline.rules.identity_rows import ROW
from dateline.pipeline.versions import SameVersions

_SIZES: Mapping[type, Callable[[Any], int]] = {
    Piece: lambda piece: len(piece.data or b""),
    Block: lambda block: len(block.data),
    ParsedRecord: lambda parsed: len(parsed.body),
    Repeats: lambda repeats: len(repeats) * ROW.itemsize,
}
"""Of each type that has this coder, its size in bytes, about: of what is long in it."""


_AS_BEAM_DOES = beam.coders.PickleCoder()


class ItemCoder(SameVersions, beam.coders.Coder):
    """Pickles an item."""

    def encode(self, item: Any) -> bytes:
        encoded: bytes = _AS_BEAM_DOES.encode(item)
        return encoded

    def decode(self, encoded: bytes) -> Any:
        return _AS_BEAM_DOES.decode(encoded)

    def estimate_size(self, item: Any) -> int:
        """In bytes."""
        return _SIZES[type(item)](item)

    def is_deterministic(self) -> bool:
        return False

    def to_type_hint(self) -> Any:
        return Any


def register_item_coders() -> None:
    """Have Beam take this coder for all items that have a size."""
    for kind in _SIZES:
        beam.coders.registry.register_coder(kind, ItemCoder)
