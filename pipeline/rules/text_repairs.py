"""Undoing what extractors and mirrors did to a text: wrong encodings, invisible and no-break characters.

    "Riyadhâ€™s plan"     -> "Riyadh’s plan"      UTF-8 that was read as Windows-1252
    "Riyadh鈥檚 plan"      -> "Riyadh’s plan"      UTF-8 that was read as GBK
    "鈥渕ost horrible鈥 "   -> "“most horrible” "   the same, where a byte was lost: the quotes around it tell which

Each run of garbled characters is mended by itself, since a mirror's token beside one would keep a whole line from it.
"""

import re

_LATIN = re.compile("[ÂÃâ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_LATIN_RUN = re.compile("(?:[ÂÃâ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{1,2})+")
_GBK_SIGN = re.compile("[鈥聽]")
"""What the first bytes of quotes, dashes, bullets and of the no-break space are in GBK; no English page has these."""
_GBK_RUN = re.compile("[\u4e00-\u9fff\ue000-\uf8ff]+(?:\\?|(?= |$|[^\u4e00-\u9fff]))")
_LOST = "\ufffc"
"""Stands for a quote, dash or bullet whose last byte is gone."""
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_NO_BREAK = re.compile("[\u00a0\u2007\u202f]")


def mend(text: str) -> tuple[str, list[str]]:
    """A text without these, and the names of what was mended.

    >>> mend("Riyadh\u00e2\u20ac\u2122s\u00a0plan")
    ('Riyadh’s plan', ['mojibake', 'no-break-space'])
    """
    if text.isascii():
        return text, []
    repairs = []
    has_no_break = _NO_BREAK.search(text) is not None  # those that were garbled are mended with the rest
    fixed = mend_encoding(text)
    if fixed != text:
        text = fixed
        repairs.append("mojibake")
    if _ZERO_WIDTH.search(text):
        text = _ZERO_WIDTH.sub("", text)
        repairs.append("zero-width")
    if _NO_BREAK.search(text):
        text = _NO_BREAK.sub(" ", text)
        if has_no_break:
            repairs.append("no-break-space")
    return text, repairs


def mend_encoding(text: str) -> str:
    """A text whose UTF-8 was read in another encoding, as it was.

    >>> mend_encoding("The mill鈥檚 鈥渨et flour鈥.")
    'The mill’s “wet flour”.'
    """
    if ("Â" in text or "Ã" in text or "â" in text) and _LATIN.search(text):
        import ftfy  # takes 30 ms, and most texts need nothing of it

        text = "\n".join(ftfy.fix_encoding(line) for line in text.split("\n"))
        text = _LATIN_RUN.sub(lambda run: ftfy.fix_encoding(run[0]), text)
    if "鈥" in text or "聽" in text:
        text = "\n".join(_of_gbk(line) if _GBK_SIGN.search(line) else line for line in text.split("\n"))
    return text


def _of_gbk(line: str) -> str:
    """A line whose UTF-8 was read as GBK, as it was."""
    found = _GBK_RUN.sub(lambda run: _decoded(run[0]), line)
    if _LOST not in found:
        return found
    parts: list[str] = []
    is_open = False
    for character in found:
        if character == _LOST:
            at_start = not "".join(parts[:8]).strip()
            character = "•" if at_start else "”" if is_open else "’"
            is_open = False
        elif character in "“”":
            is_open = character == "“"
        parts.append(character)
    return "".join(parts)


def _decoded(run: str) -> str:
    """A run of characters of GBK, read as UTF-8; as it is where that cannot be what it was."""
    try:
        data = run.removesuffix("?").encode("gb18030")
    except UnicodeEncodeError:
        return run
    found, at = [], 0
    while at < len(data):
        first = data[at]
        size = 1 if first < 0x80 else 2 if first in (0xC2, 0xC3) else 3 if first in (0xE2, 0xEF) else 0
        if not size:
            return run
        piece = data[at : at + size]
        at += size
        if len(piece) < size or (size == 3 and not all(0x80 <= byte < 0xC0 for byte in piece[1:])):
            if piece[:2] == b"\xe2\x80":
                found.append(_LOST)
                at -= len(piece) - 2
            elif piece[:1] == b"\xc2":
                found.append("\u00a0")
                at -= len(piece) - 1
            else:
                return run
            continue
        try:
            found.append(piece.decode())
        except UnicodeDecodeError:
            return run
    return "".join(found)
