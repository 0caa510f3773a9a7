"""From the bytes between two starts to the text of a block, or the reason why there is none."""

import re
from codecs import BOM_UTF8
from typing import NamedTuple

from dateline.pipeline.elements import Block, Piece, Reject
from dateline.pipeline.rules.text import WHITE_SPACE


class Limits(NamedTuple):
    """What a block may hold before it is rejected for its size alone."""

    block_bytes: int = 4 << 20
    line_bytes: int = 1 << 20


def trimmed(piece: Piece) -> tuple[int, bytes]:
    """The offset and bytes of a piece's block, without the white space around it; no bytes where it is all that, or too large."""
    data = piece.data or b""
    return piece.start + len(data) - len(data.lstrip(WHITE_SPACE)), data.strip(WHITE_SPACE)


def block_of(piece: Piece, limits: Limits, digest: bytes = b"") -> Block | Reject | None:
    """The block in a piece of a dump, with its digest; None where the piece is white space only.

    White space (ASCII) around the text belongs to no block. A piece over the limit is rejected whole:
    its bytes are not at hand to be trimmed.
    """
    dump, start, end, data, header, _, day, is_common = piece
    if data is None:
        detail = f"{end - start:,} bytes from one article start to the next; a block may have {limits.block_bytes:,}"
        return Reject(dump, start, end - start, "split", "block_too_large", None, detail)
    if is_common and len(data) <= limits.line_bytes:
        return Block(dump, start, len(data), data, (), header, digest, day, True)
    offset, data = trimmed(piece)
    if not data:
        return None
    length = len(data)

    def reject(reason: str, detail: str) -> Reject:
        return Reject(dump, offset, length, "split", reason, None, detail)

    if (nul := data.find(b"\0")) >= 0:
        return reject("nul_byte", f"a NUL at byte {nul} of the block; text has none")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if is_windows_1252(data):
            return Block(
                dump, offset, length, data.decode("cp1252").encode(), ("windows-1252",), None, digest, day
            )
        found = data[error.start : error.start + 4].hex(" ")
        return reject(
            "not_utf8", f"bytes {found} at byte {error.start} of the block are not UTF-8 ({error.reason})"
        )
    if length > limits.line_bytes:
        longest = max(map(len, data.split(b"\n")))
        if longest > limits.line_bytes:
            return reject(
                "line_too_long", f"a line of {longest:,} bytes; a line may have {limits.line_bytes:,}"
            )
    if data.startswith(BOM_UTF8):
        return Block(
            dump, offset, length, data.removeprefix(BOM_UTF8), ("byte-order-mark",), None, digest, day
        )
    return Block(dump, offset, length, data, (), header, digest, day)


_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NOT_1252 = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d]")


def is_windows_1252(data: bytes) -> bool:
    """Whether bytes that are not UTF-8 are text in Windows-1252.

    They are if none of them is a control or undefined there, nothing among them looks like UTF-8 (a mixture is
    damage, not an encoding), and at most a tenth is not ASCII, as in English.
    """
    high = len(data) - len(data.translate(None, bytes(range(128, 256))))
    return not _NOT_1252.search(data) and not _UTF8_SEQUENCE.search(data) and high * 10 <= len(data)
