"""The pages of a Parquet file, as far as it takes to know what they unpack to.

The library unpacks whole pages: a few KB may become 500 MB. So their headers are read before it is let at them. They are
structs of Thrift's compact protocol, of which only three numbers count here.
"""

from collections.abc import Iterator
from typing import IO, NamedTuple

from pipeline.rules.streams import Damaged

HEADER_BYTES = 1 << 12
"""Of a page's header, at most, unless it has long statistics."""
MAX_HEADER_BYTES = 1 << 20
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, 7, 8, 12
DICTIONARY = 2
"""The type of a page that holds the values which others name by number."""
_VALUES = {0: 5, 2: 7, 3: 8}
"""The field of a page's header that holds the header of its kind; that one's first field is the number of its values."""
MAX_DEPTH = 16


class Page(NamedTuple):
    kind: int
    size: int
    """Bytes, unpacked."""
    values: int


def pages(file: IO[bytes], start: int, size: int) -> Iterator[Page]:
    """The pages of a column chunk.

    Args:
        file: the Parquet file.
        start: the chunk's first byte.
        size: its bytes.

    Raises:
        Damaged: what stands there are no pages.
    """
    at, stop = start, start + size
    while at < stop:
        for header_bytes in (HEADER_BYTES, MAX_HEADER_BYTES):
            file.seek(at)
            try:
                fields, length = _struct(file.read(min(header_bytes, stop - at)), 0)
                break
            except IndexError:
                continue
        else:
            raise Damaged(f"no readable Parquet: a page's header is cut at byte {at:,}")
        kind, unpacked, packed = (
            value if isinstance(value := fields.get(number), int) else -1 for number in (1, 2, 3)
        )
        if min(kind, unpacked, packed) < 0:
            raise Damaged(f"no readable Parquet: no page's header at byte {at:,}")
        inner = fields.get(_VALUES.get(kind, 0))
        values = inner.get(1) if isinstance(inner, dict) else None
        yield Page(kind, unpacked, values if isinstance(values, int) else 0)
        at += length + packed


def _struct(data: bytes, at: int, depth: int = 0) -> tuple[dict[int, object], int]:
    """A struct's fields by their numbers, those that are integers or structs, and where it ends.

    Raises:
        IndexError: the bytes end before it does.
    """
    if depth > MAX_DEPTH:
        raise Damaged("no readable Parquet: a page's header is too deep")
    fields: dict[int, object] = {}
    number = 0
    while head := data[at]:
        kind, step, at = head & 15, head >> 4, at + 1
        if step:
            number += step
        else:
            raw, at = _varint(data, at)
            number = raw >> 1 ^ -(raw & 1)
        fields[number], at = _value(data, at, kind, depth)
    return fields, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[object, int]:
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind == _BYTE:
        return None, at + 1
    if kind == _DOUBLE:
        return None, at + 8
    if kind == _BINARY:
        size, at = _varint(data, at)
        return None, at + size
    if kind == _STRUCT:
        return _struct(data, at, depth + 1)
    if kind in (4, 5, 6):
        raw, at = _varint(data, at)
        return raw >> 1 ^ -(raw & 1), at
    raise Damaged("no readable Parquet: a page's header holds what none does")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise Damaged("no readable Parquet: a page's header has a number that is too long")
