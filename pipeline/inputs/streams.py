"""Packed streams: gzip, bzip2, xz and zstd, read by one loop, in bounded pieces.

A packed file is one stream or several, one after the other, with zeros between or behind them: that is padding. A
stream that does not end, that is damaged, or what is neither a stream nor zeros, makes the file a damaged one. None of
it is ever passed over, and nothing is held beyond a piece and the window that a stream asks for.
"""

import bz2
import io
import lzma
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date
from typing import IO, NamedTuple, Protocol, TypeAlias

import zstandard

from dateline.pipeline.inputs.zstd import WindowTooLarge, ZstdFrame

READ_BYTES = 1 << 17
"""Packed bytes that are read at once."""
PIECE_BYTES = 1 << 18
"""Unpacked bytes that are made at once, at most; of zstd two blocks."""

MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90|.{0,5}\Z)", re.S),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # a frame, or one to be skipped
}
"""How a stream of each kind begins."""
MAGIC_BYTES = 10


_ERRORS = (EOFError, OSError, ValueError, MemoryError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
"""What the libraries raise on bytes that are not theirs."""


Tell: TypeAlias = Callable[[int], object]
"""Is called as a file is read, with the bytes that were read since the last time."""


def tell_nobody(size: int) -> None:
    """What is told where nobody watches."""


class Damaged(Exception):
    """A file cannot be read to its end: it is cut off, its bytes are not what they should be, or it goes over a limit."""


class Bounds(NamedTuple):
    """What unpacking may take."""

    record_bytes: int = 8 << 20
    """A longer record is a reject: twice a block, since a page holds several, and JSON writes some letters as six."""
    dump_bytes: int = 64 << 30
    """Unpacked bytes of one dump."""
    run_bytes: int = 4 << 40
    """Of all dumps of a run."""
    ratio: int = 1000
    """Unpacked bytes for each byte of the file: gzip comes to 1032 at most, text of copies to some hundreds."""
    latest: date | None = None
    """The last day that a crawl can be of; None for any. That of the run's start, and one more: zones differ."""
    window_bytes: int = 128 << 20
    """Of memory that a stream may ask for: what zstd's --long=27 needs, and twice what xz -9 does."""


RATIO_FLOOR_BYTES = 64 << 20
"""Less than this is no bomb, whatever the ratio."""


def compression_of(head: bytes) -> str:
    """What a file that begins so is packed with: a key of MAGIC, or ""."""
    return next((name for name, magic in MAGIC.items() if magic.match(head)), "")


class _Codec(Protocol):
    """One stream of a kind, as bz2 and lzma have it."""

    eof: bool
    unused_data: bytes
    needs_input: bool

    def decompress(self, data: bytes, size: int, /) -> bytes: ...


class _Gzip:
    """zlib's way made that of bz2 and lzma; it holds the checksum and the length against what the stream says."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, size: int) -> bytes:
        rest = self._stream.unconsumed_tail
        out = self._stream.decompress(rest + data if rest else data, size)
        self.needs_input = not self._stream.unconsumed_tail and len(out) < size
        return out


def _codec(compression: str, bounds: Bounds) -> _Codec:
    made: dict[str, Callable[[], object]] = {
        "gzip": _Gzip,
        "bzip2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=bounds.window_bytes),
        "zstd": lambda: ZstdFrame(bounds.window_bytes),
    }
    return made[compression]()  # type: ignore[return-value]


class Unpacked(io.RawIOBase):
    """A file, unpacked as it is read; closed with it.

    Raises (when read):
        Damaged: see there.
        StoreError: its store failed.
    """

    def __init__(
        self,
        file: IO[bytes],
        compression: str,
        bounds: Bounds | None = None,
        tell: Tell = tell_nobody,
    ) -> None:
        self._file = file
        self._tell = tell
        self.compression = compression
        self._bounds = bounds or Bounds()
        self._codec: _Codec | None = None
        self._data = b""
        self._packed = 0
        self._rest = memoryview(b"")
        self.unpacked = 0
        """Bytes that were given so far."""
        self.streams: deque[tuple[int, int]] = deque()
        """Where each stream begins, in unpacked bytes and in the file's; who needs them takes those that are past away."""

    def readable(self) -> bool:
        return True

    def pieces(self) -> Iterator[bytes]:
        """All that is left, in pieces that are not empty."""
        while piece := self._piece():
            yield piece

    def readinto(self, buffer: object, /) -> int:
        out = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if not self._rest:
            self._rest = memoryview(self._piece())
        size = min(len(out), len(self._rest))
        out[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _piece(self) -> bytes:
        """The next unpacked bytes, at most about PIECE_BYTES; b"" at the end of the file."""
        if not self.compression:
            piece = self._read(PIECE_BYTES)
            self.unpacked += len(piece)
            return piece
        while True:
            if self._codec is None and not self._begin():
                return b""
            assert self._codec is not None
            if self._codec.needs_input and not self._data:
                self._data = self._read(READ_BYTES)
                if not self._data:
                    raise Damaged(f"cut off or damaged: its last {self.compression} stream does not end")
            piece = self._decompress(self._codec)
            if self._codec.eof:
                self._data = self._codec.unused_data
                self._codec = None
            if piece:
                self.unpacked += len(piece)
                return piece

    def _decompress(self, codec: _Codec) -> bytes:
        data, self._data = self._data, b""
        try:
            return codec.decompress(data, PIECE_BYTES)
        except WindowTooLarge as error:
            raise Damaged(str(error)) from error
        except _ERRORS as error:
            if "Memory usage limit" in str(error):
                limit = f"{self._bounds.window_bytes:,}"
                raise Damaged(
                    f"unpacking its xz takes more memory than --max-window-bytes allows ({limit})"
                ) from error
            raise Damaged(f"cut off or damaged: {error or type(error).__name__}") from error

    def _begin(self) -> bool:
        """Begin the next stream; False where the file ends."""
        while True:
            if self.streams:
                self._data = self._data.lstrip(b"\0")  # padding
            if len(self._data) >= MAGIC_BYTES:
                break
            more = self._read(READ_BYTES)
            if not more:
                break
            self._data += more
        if not self._data:
            return False
        at = self._packed - len(self._data)
        if compression_of(self._data[:MAGIC_BYTES]) != self.compression:
            raise Damaged(
                f"what stands from byte {at:,} on, behind the end of a {self.compression} stream, is no such stream; "
                "cut it off, or give it as a file of its own"
            )
        self.streams.append((self.unpacked, at))
        self._codec = _codec(self.compression, self._bounds)
        return True

    def _read(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
        except OSError as error:
            raise Damaged(f"cannot be read: {error.strerror or error}") from error
        self._packed += len(data)
        self._tell(len(data))
        return data
