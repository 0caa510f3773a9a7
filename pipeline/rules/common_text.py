"""Common text: of controls and white space it has space and newline only, and nothing in it is to be mended.

Most text of most dumps is common; then the rules may take short ways. Whether a text is common is asked of one block, or
of all lines of a piece of a dump at once.
"""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from dateline.pipeline.rules.line_table import LineTable, Places

_COMMON = bytes((0x0A, *range(0x20, 0x7F)))
_PRINT_ENDS = "–—‘’“”•…".encode().replace(b"\xe2\x80", b"")
"""The last bytes of the quotes, dashes, bullets and dots of print; the first two of each are E2 80."""
_ODD = re.compile(
    rb"[\x00-\x09\x0b-\x1f]|\xc2[\x85\xa0\xad]|\xc3[\x82\x83\xa2]|\xe1\x9a\x80|\xe2\x80[\x80-\x8f\xa8-\xaf]"
    rb"|\xe2\x81[\x9f\xa0]|\xe3\x80\x80|\xef\xbb\xbf|\xe9\x88\xa5|\xe8\x81\xbd"
)
"""In UTF-8: controls, white space other than space and newline, and the first of what mend() looks for."""


def is_common(data: bytes) -> bool:
    """Whether nothing in a text is to be mended, and of controls and white space it has space and newline only.

    Args:
        data: UTF-8.

    >>> is_common("Riyadh’s plan".encode()), is_common("Riyadh’s\u00a0plan".encode())
    (True, False)
    """
    rest = data.translate(None, _COMMON)
    # Most have print's signs and nothing else: then no search is needed.
    return not rest.translate(None, _PRINT_ENDS).replace(b"\xe2\x80", b"") or _ODD.search(rest) is None


_LAST_SPACE = np.array(ord(" "), np.uint8)
"""The last of the bytes that are white space in a common text: numpy makes no array of it each time."""


def count_words(texts: Sequence[bytes], starts: Sequence[int]) -> list[int]:
    """How many words stand in each of some texts from a byte on: what len(text[start:].split()) is, for many at once.

    Args:
        texts: common ones.
        starts: for each the byte, no word's second or later one.

    >>> count_words([b"Two words,\\n\\nthen  three more.\\n", b"Ferries\\nleft"], [0, 8])
    [5, 1]
    """
    if not texts:
        return []
    is_space = np.frombuffer(b"\n".join((*texts, b"", b"")), np.uint8) <= _LAST_SPACE
    ends_word = is_space[:-1] < is_space[1:]
    bounds: list[int] = []
    at = 0
    for text, start in zip(texts, starts, strict=True):
        end = at + len(text)
        bounds += (at + start if at + start < end else end, end)
        at = end + 1
    # What is between two texts is added up, too. For no bytes the one behind them is taken: a newline, which ends no word.
    counts: list[int] = np.add.reduceat(ends_word, bounds, dtype=np.uint32)[::2].tolist()
    return counts


_ODD_PAIRS = np.zeros(1 << 16, bool)
for _pair in (0xC285, 0xC2A0, 0xC2AD, 0xC382, 0xC383, 0xC3A2, 0xE19A, 0xE281, 0xE380, 0xEFBB, 0xE988, 0xE881):
    _ODD_PAIRS[_pair] = True
_ODD_DASHES = np.zeros(256, bool)
_ODD_DASHES[[*range(0x80, 0x90), *range(0xA8, 0xB0)]] = True


def odd_bytes(text: bytes, table: LineTable) -> Places | None:
    """Where text stands that is not common, rising, in bytes; None where not all of it is UTF-8.

    Args:
        text: a piece of a dump.
        table: its lines; what is in none of them is not looked at.
    """
    end = text.rfind(b"\n") + 1
    begin = min(int(table.starts[0]), end) if len(table.starts) else end
    if not _is_utf8(text, begin, end):
        return None
    signs, bytes_ = table.signs, table.of_signs
    are_high = (bytes_ >= 0xC2).nonzero()[0]
    high = signs.take(are_high)
    first, second, third = bytes_.take(are_high).astype(np.int32), table.at(high + 1), table.at(high + 2)
    of_dashes = (first == 0xE2) & (second == 0x80)
    is_odd = _ODD_PAIRS.take(first << 8 | second) | of_dashes & _ODD_DASHES.take(third)
    odd: Places = high[is_odd]
    controls = ((bytes_ < ord(" ")) & (bytes_ != ord("\n"))).nonzero()[0]
    if len(controls):
        odd = np.union1d(odd, signs.take(controls))
    if not text[end:].isascii():
        odd = np.union1d(odd, [end])  # a character may be cut in two there
    return odd


def _is_utf8(text: bytes, begin: int, end: int) -> bool:
    """Whether text[begin:end] is UTF-8: pyarrow tells it at a tenth of what decoding costs."""
    buffers = [None, pa.py_buffer(np.array([begin, end], np.int64)), pa.py_buffer(text)]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, buffers).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
