"""One frame of Zstandard, unpacked in bounded pieces.

The library unpacks all that it is given at once: 30 KB may become 1 GB. So it is given whole blocks, a few at a time; a
block is no more than BLOCK_BYTES unpacked. Where a frame ends, and that one is to be skipped, its headers tell (RFC 8878,
3.1), which are all that is read here.
"""

import zstandard

BLOCK_BYTES = 1 << 17
"""A block unpacked, at most."""
_SKIPPED = b"\x2a\x4d\x18"
_DICTIONARY_BYTES, _CONTENT_BYTES = (0, 1, 2, 4), (0, 2, 4, 8)


class WindowTooLarge(Exception):
    """A frame asks for more memory than it may; the message says how much, and what allows it."""


class ZstdFrame:
    """A frame that is fed its bytes, as bz2.BZ2Decompressor has it.

    Raises (by decompress()):
        zstandard.ZstdError: it is damaged.
        WindowTooLarge: it asks for a window of more bytes than are allowed.
    """

    def __init__(self, window_bytes: int) -> None:
        self._window_bytes = window_bytes
        self._frame = zstandard.ZstdDecompressor(max_window_size=window_bytes).decompressobj()
        self._data = b""
        self._begun = False
        self._skip: int | None = None
        self._checksum_bytes = 0
        self.eof = False
        self.needs_input = True
        self.unused_data = b""

    def decompress(self, data: bytes, size: int) -> bytes:
        """Feed it; about `size` unpacked bytes, and no less than a block."""
        data = self._data + data if self._data else data
        at, blocks = 0, max(1, size // BLOCK_BYTES)
        if not self._begun:
            at = self._begin(data)
        if self._skip is not None:
            return self._skipped(data[at:])
        while self._begun and blocks and not self.eof:
            blocks -= 1
            end = self._block_end(data, at)
            if not end:
                break
            at = end
        self._data = data[at:]
        self.needs_input = not self.eof and not (self._begun and self._block_end(self._data, 0, look=True))
        if self.eof:
            self.unused_data, self._data = self._data, b""
        out = self._frame.decompress(data[:at]) if at else b""
        if self.eof and not self._frame.eof:
            raise zstandard.ZstdError("a frame goes on behind its last block")
        return out

    def _begin(self, data: bytes) -> int:
        """The length of the frame's header; 0 where it is not whole yet."""
        if len(data) < 5:
            return 0
        if data[1:4] == _SKIPPED:
            if len(data) < 8:
                return 0
            self._skip, self._begun = int.from_bytes(data[4:8], "little"), True
            return 8
        facts = data[4]
        single = facts >> 5 & 1
        content = _CONTENT_BYTES[facts >> 6] or single
        begin = 5 + (not single) + _DICTIONARY_BYTES[facts & 3]
        if len(data) < begin + content:
            return 0
        if single:
            window = int.from_bytes(data[begin : begin + content], "little") + 256 * (content == 2)
        else:
            base = 1 << 10 + (data[5] >> 3)
            window = base + base // 8 * (data[5] & 7)
        if window > self._window_bytes:
            raise WindowTooLarge(
                f"it asks for a window of {window:,} bytes; --max-window-bytes allows {self._window_bytes:,}"
            )
        self._begun, self._checksum_bytes = True, 4 * (facts >> 2 & 1)
        return begin + content

    def _block_end(self, data: bytes, at: int, look: bool = False) -> int:
        """Where the block at a byte ends, with the checksum behind the last; 0 where it is not whole yet."""
        if len(data) < at + 3:
            return 0
        header = int.from_bytes(data[at : at + 3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        end = at + 3 + (1 if kind == 1 else size) + (self._checksum_bytes if last else 0)
        if kind == 3 or size > BLOCK_BYTES:
            raise zstandard.ZstdError(f"a block of {size:,} bytes, kind {kind}")
        if len(data) < end:
            return 0
        self.eof = self.eof or (bool(last) and not look)
        return end

    def _skipped(self, data: bytes) -> bytes:
        """Pass over bytes of a frame that holds nothing of the text."""
        assert self._skip is not None
        self._data = b""
        self.eof = len(data) >= self._skip
        self.unused_data = data[self._skip :] if self.eof else b""
        self._skip -= min(self._skip, len(data))
        return b""
