"""Copies: rows of rows.COPY as one element of a PCollection."""

from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipeline.rules.rows import COPY, Rows, concat
from pipeline.stages.counts import count


@dataclass(eq=False)
class Copies:
    """A batch of records, or of groups of them, without their text."""

    rows: Rows


class CopiesCoder(beam.coders.Coder):
    """Column after column, zstd: a sixth of the rows' bytes, since dumps, lengths and dates repeat."""

    def encode(self, copies: Copies) -> bytes:
        columns = b"".join(copies.rows[name].tobytes() for name in COPY.names or ())
        encoded = len(copies.rows).to_bytes(4, "little") + bytes(pa.compress(columns, "zstd", asbytes=True))
        count(shuffled_bytes=len(encoded))
        return encoded

    def decode(self, encoded: bytes) -> Copies:
        count = int.from_bytes(encoded[:4], "little")
        rows = np.empty(count, COPY)
        columns = pa.decompress(encoded[4:], count * COPY.itemsize, "zstd", asbytes=True)
        at = 0
        for name in COPY.names or ():
            rows[name] = np.frombuffer(columns, COPY[name], count, at)
            at += count * COPY[name].itemsize
        return Copies(rows)

    def estimate_size(self, copies: Copies) -> int:
        """In bytes, before they are packed. (Beam would encode an element to learn its size, and throw that away.)"""
        return 4 + copies.rows.nbytes

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> type[Copies]:
        return Copies


class AccumulatorCoder(beam.coders.Coder):
    """The same for what FoldCopies accumulates: a list of arrays."""

    _copies = CopiesCoder()

    def encode(self, accumulator: list[Rows]) -> bytes:
        return self._copies.encode(Copies(concat(accumulator)))

    def estimate_size(self, accumulator: list[Rows]) -> int:
        return sum(rows.nbytes for rows in accumulator)

    def decode(self, encoded: bytes) -> list[Rows]:
        return [self._copies.decode(encoded).rows]


beam.coders.registry.register_coder(Copies, CopiesCoder)
