"""The pages of a Parquet file, as far as it takes to know what they unpack to.

The library unpacks whole pages: a few KB may become 500 MB. So their headers are read before it is let at them; and where
they stand is read from the footer, since the library ends the process where a column's facts there are not as they must be.
Both are structs of Thrift's compact protocol, of which only a few numbers count here.
"""

from collections.abc import Collection, Iterator
from typing import IO, NamedTuple

from dateline.pipeline.inputs.streams import Damaged

FOOTER_BYTES = 16 << 20
"""Of a footer, at most: that of a hundred thousand columns of row groups. The library makes it forty times as large."""
HEADER_BYTES = 1 << 12
"""Of a page's header, at most, unless it has long statistics."""
MAX_HEADER_BYTES = 1 << 20
MAX_DEPTH = 16
DICTIONARY = 2
"""The type of a page that holds the values which others name by number."""

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_INTEGERS = (_I16, _I32, _I64)
_KINDS = (5, 7, 8)
"""Fields of a page's header that hold the header of its kind; that one's first field is the number of its values."""


class Page(NamedTuple):
    kind: int
    size: int
    """Bytes, unpacked."""
    values: int


class Chunk(NamedTuple):
    """The pages of one column of a row group."""

    column: str
    start: int
    """The first byte."""
    size: int


def chunks(file: IO[bytes], size: int, names: Collection[str]) -> Iterator[list[Chunk]]:
    """Where the pages of some columns are, row group by row group.

    Args:
        file: a Parquet file.
        size: its bytes.
        names: of the columns; those inside a column that has parts are all of it.

    Raises:
        Damaged: it has no footer that can be read.
    """
    file.seek(max(0, size - 8))
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if size < 12 or tail[4:] != b"PAR1" or length > size - 8:
        raise Damaged("no readable Parquet: it has no footer")
    if length > FOOTER_BYTES:
        raise Damaged(
            f"its footer has {length:,} bytes, and may have {FOOTER_BYTES:,}: write it again with fewer row groups"
        )
    file.seek(size - 8 - length)
    footer = _Thrift(file.read(length))
    try:
        for _ in _structs(footer, 4, "row groups"):
            yield _row_group(footer, names)
    except IndexError as error:
        raise Damaged("no readable Parquet: its footer is cut") from error


def _structs(thrift: "_Thrift", field: int, what: str) -> Iterator[None]:
    """Stop at each struct of the list in a field, to be read before the next; all other fields are skipped.

    Raises:
        Damaged: the list has something else.
    """
    for number, kind in thrift.fields():
        if (number, kind) != (field, _LIST):
            thrift.skip(kind)
            continue
        for inner in thrift.items():
            if inner != _STRUCT:
                raise Damaged(f"no readable Parquet: its footer has {what} that are none")
            yield


def _row_group(footer: "_Thrift", names: Collection[str]) -> list[Chunk]:
    found = []
    for _ in _structs(footer, 1, "columns"):
        chunk = _column(footer)
        if chunk and chunk.column.partition(".")[0] in names:
            found.append(chunk)
    return found


def _column(footer: "_Thrift") -> Chunk | None:
    path: list[str] = []
    numbers: dict[int, int] = {}
    for number, kind in footer.fields():
        if (number, kind) != (3, _STRUCT):
            footer.skip(kind)
            continue
        for inner, of in footer.fields():
            if (inner, of) == (3, _LIST):
                path = [
                    footer.binary().decode("utf-8", "replace") for item in footer.items() if item == _BINARY
                ]
            elif inner in (7, 9, 11) and of in _INTEGERS:
                numbers[inner] = footer.integer()
            else:
                footer.skip(of)
    if not path:
        return None
    first = numbers.get(9, -1)
    start = min(numbers.get(11) or first, first)  # a dictionary stands before the other pages
    if start < 0 or numbers.get(7, -1) < 0:
        raise Damaged(f"no readable Parquet: its footer does not say where the column {path[0]} is")
    return Chunk(".".join(path), start, numbers[7])


def pages(file: IO[bytes], chunk: Chunk) -> Iterator[Page]:
    """The pages of a column of a row group.

    Raises:
        Damaged: what stands there are no pages.
    """
    at, stop = chunk.start, chunk.start + chunk.size
    while at < stop:
        for header_bytes in (HEADER_BYTES, MAX_HEADER_BYTES):
            file.seek(at)
            header = _Thrift(file.read(min(header_bytes, stop - at)))
            try:
                kind, size, packed, values = _header(header)
                break
            except IndexError:
                continue
        else:
            raise Damaged(f"no readable Parquet: a page's header is cut at byte {at:,}")
        if min(kind, size, packed) < 0:
            raise Damaged(f"no readable Parquet: no page's header at byte {at:,}")
        yield Page(kind, size, max(0, values))
        at += header.at + packed


def _header(header: "_Thrift") -> tuple[int, int, int, int]:
    """Of a page's header the type, the bytes unpacked and packed, and the number of values; -1 for what it lacks."""
    numbers = {1: -1, 2: -1, 3: -1}
    values = -1
    for number, kind in header.fields():
        if number in numbers and kind in _INTEGERS:
            numbers[number] = header.integer()
        elif number in _KINDS and kind == _STRUCT:
            for inner, of in header.fields():
                if inner == 1 and of in _INTEGERS:
                    values = header.integer()
                else:
                    header.skip(of)
        else:
            header.skip(kind)
    return numbers[1], numbers[2], numbers[3], values


class _Thrift:
    """Values of Thrift's compact protocol, read one after the other; an IndexError where the bytes end before they do."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def fields(self) -> Iterator[tuple[int, int]]:
        """The number and kind of each field of a struct: whoever takes one reads or skips its value."""
        number = 0
        while head := self._byte():
            step = head >> 4
            number = number + step if step else self.integer()
            yield number, head & 15

    def items(self) -> Iterator[int]:
        """The kind of each item of a list: the same."""
        head = self._byte()
        size, kind = head >> 4, head & 15
        for _ in range(size if size < 15 else self._unsigned()):
            yield kind

    def integer(self) -> int:
        raw = self._unsigned()
        return raw >> 1 ^ -(raw & 1)

    def binary(self) -> bytes:
        size = self._unsigned()
        self._move(size)
        return self._data[self.at - size : self.at]

    def skip(self, kind: int, depth: int = 0, in_list: bool = False) -> None:
        """Pass over a value."""
        if depth > MAX_DEPTH:
            raise Damaged("no readable Parquet: its structs are too deep")
        if kind in (_TRUE, _FALSE):
            self._move(in_list)  # of a field, the kind is the value
        elif kind in (_BYTE, _DOUBLE):
            self._move(1 if kind == _BYTE else 8)
        elif kind in _INTEGERS:
            self._unsigned()
        elif kind == _BINARY:
            self._move(self._unsigned())
        elif kind in (_LIST, _SET):
            for item in self.items():
                self.skip(item, depth + 1, in_list=True)
        elif kind == _STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
        else:
            raise Damaged("no readable Parquet: its structs hold what none does")

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _move(self, size: int) -> None:
        self.at += size
        if self.at > len(self._data):
            raise IndexError

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise Damaged("no readable Parquet: a number is too long")
