"""Packed streams: all of a file, in bounded pieces, or word of what is wrong with it."""

import bz2
import gzip
import io
import lzma
import random
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.inputs.streams import PIECE_BYTES, Bounds, Damaged, Unpacked, compression_of
from dateline.pipeline.inputs.zstd import BLOCK_BYTES


def zstd(data: bytes, **options) -> bytes:
    """Without the length in its header, as a pipe makes it."""
    packer = zstandard.ZstdCompressor(**options or {"write_checksum": True}).compressobj()
    return packer.compress(data) + packer.flush()


PACK = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd}
SKIPPED = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
EMPTY_SKIPPED = b"\x5f\x2a\x4d\x18\x00\x00\x00\x00"


def unpack(data: bytes, compression: str, step: int = 1 << 20, bounds: Bounds | None = None) -> bytes:
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, step))

    return b"".join(Unpacked(Slow(data), compression, bounds).pieces())


@given(
    st.sampled_from(sorted(PACK)),
    st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    st.integers(1, 99),
)
def test_all_streams_and_padding(compression, texts, step):
    packed = b"".join(PACK[compression](text) + b"\0" * (8 * len(text) % 24) for text in texts)
    assert unpack(packed, compression, step) == b"".join(texts)


@pytest.mark.parametrize("compression", PACK)
def test_a_file_that_is_cut_anywhere_is_damaged(compression):
    one = PACK[compression](b"some text")
    data = one + PACK[compression](b"more of it")
    for end in range(1, len(data)):
        if end == len(one):
            assert unpack(data[:end], compression) == b"some text"
        elif end > len(one) or compression_of(data[:end]):
            with pytest.raises(Damaged):
                unpack(data[:end], compression)


@pytest.mark.parametrize("compression", PACK)
def test_any_flipped_byte_is_damage_or_changes_nothing(compression):
    data = bytearray(PACK[compression](b"some text of a page") * 2)
    for at in range(len(data)):
        data[at] ^= 0x55
        if compression_of(bytes(data)) == compression:
            with suppress(Damaged):
                assert unpack(bytes(data), compression) == b"some text of a page" * 2
        data[at] ^= 0x55


@pytest.mark.parametrize("compression", PACK)
@pytest.mark.parametrize(
    "behind", [b"text", b"\0\0text", gzip.compress(b"x", mtime=0), lzma.compress(b"x"), b"PK\3\4"]
)
def test_what_stands_behind_the_last_stream_is_told(compression, behind):
    if compression_of(behind) != compression:
        with pytest.raises(Damaged, match=f"behind the end of a {compression} stream, is no such stream"):
            unpack(PACK[compression](b"text") + behind, compression)


def test_frames_to_be_skipped_stand_anywhere():
    one = zstd(b"one ")
    packed = SKIPPED + one + EMPTY_SKIPPED + SKIPPED + one + EMPTY_SKIPPED
    for step in (1, 5, 1000):
        assert unpack(packed, "zstd", step) == b"one one "
    assert compression_of(packed) == "zstd"
    with pytest.raises(Damaged, match="does not end"):
        unpack(one + SKIPPED[:-1], "zstd")


def test_a_window_over_the_limit_is_named():
    long = zstd(
        b"text", compression_params=zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    )
    assert unpack(long, "zstd") == b"text"
    with pytest.raises(Damaged, match=r"a window of 134,217,728 bytes; --max-window-bytes allows 1,000,000"):
        unpack(long, "zstd", bounds=Bounds(window_bytes=1_000_000))
    with pytest.raises(Damaged, match="than --max-window-bytes allows"):
        unpack(lzma.compress(b"text", preset=9), "xz", bounds=Bounds(window_bytes=1_000_000))


@pytest.mark.parametrize("compression", PACK)
def test_a_piece_is_bounded_whatever_it_unpacks_to(compression):
    """Of 30 KB that are 2 MB, a quarter of one is held at a time."""
    packed = PACK[compression](b"a line\n" * 300_000)
    file = Unpacked(io.BytesIO(packed), compression)
    longest = 0
    for piece in file.pieces():
        longest = max(longest, len(piece))
    assert longest <= PIECE_BYTES == 2 * BLOCK_BYTES
    assert file.unpacked == 2_100_000


@pytest.mark.parametrize("compression", PACK)
def test_where_streams_begin(compression):
    texts = [b"one", b"", b"three" * 100_000]
    packed = [PACK[compression](text) for text in texts]
    file = Unpacked(io.BytesIO(b"".join(packed)), compression)
    assert io.BufferedReader(file).read() == b"".join(texts)
    assert list(file.streams) == [(0, 0), (3, len(packed[0])), (3, len(packed[0] + packed[1]))]


def test_blocks_of_all_kinds():
    """Raw ones, repeated bytes, and packed ones, in one frame and at every step."""
    text = random.Random(1).randbytes(200_000) + b"\0" * 400_000 + b"some words " * 20_000
    for step in (777, 1 << 20):
        assert unpack(zstd(text), "zstd", step) == text
        assert unpack(zstandard.compress(text), "zstd", step) == text


@pytest.mark.parametrize(
    "head", [b"BZh", b"BZhouse of cards", b"BZh9 and on", b"", b"\x1f", b"(\xb5/", b"text"]
)
def test_what_is_not_packed(head):
    assert compression_of(head) == ""
