"""What is plainly no dump: told once, with what to do, instead of as so many rejects."""

import re

_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*+<(?:!doctype\s++html|html|head|body|\?xml)\b", re.I)
_TABLE = re.compile(rb"(?:\xef\xbb\xbf)?[\"'\w .-]++(?:([,;\t])[\"'\w .-]++)++\r?\n")
_NAMES = re.compile(
    rb"\b(?:text|content|raw_text|body|url|page_url|title|headline|date|timestamp|id)\b", re.I
)
_KNOWN = {
    "a ZIP archive (or what is made of one, such as .docx)": rb"PK\x03\x04|PK\x05\x06",
    "a PDF": rb"%PDF-",
    "a 7z archive": rb"7z\xbc\xaf\x27\x1c",
    "a RAR archive": rb"Rar!\x1a\x07",
    "an lz4 file": rb"\x04\x22\x4d\x18",
    "an lzip file": rb"LZIP\x01",
    "a .Z file": rb"\x1f\x9d",
    "a program": rb"\x7fELF|MZ\x90\x00",
    "a picture": rb"\x89PNG|\xff\xd8\xff|GIF8[79]a",
    "an SQLite database": rb"SQLite format 3\x00",
    "an Avro file": rb"Obj\x01",
    "an ORC file": rb"ORC\x00?[\x00-\x1f]",
    "a Feather file of version 1": rb"FEA1",
    "a Parquet file that is encrypted": rb"PARE",
    "text in UTF-32": rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff",
}
_MAGIC = {name: re.compile(magic) for name, magic in _KNOWN.items()}
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
"""Bytes that text has none of, but by damage."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
MIN_BYTES = 64
"""Fewer do not tell whether a file is a binary one."""


def what_it_is(head: bytes, name: str) -> str | None:
    """What a file is that is plainly no dump, and what to do with it; None where it may be one.

    Args:
        head: its first bytes, unpacked.
        name: of the file, in small letters.
    """
    kind = next((what for what, magic in _MAGIC.items() if magic.match(head)), None)
    if kind is None and head[257:262] == b"ustar":
        kind = "a tar archive"
    if kind:
        return f"is {kind}, and no dump: take the text out of it first"
    if _HTML.match(head):
        return "is HTML, and no dump: make JSON Lines of its text first, see docs/inputs.md"
    if _is_table(head, name):
        return "is a table as CSV has it, and no dump: make JSON Lines or Parquet of it, with a column text"
    if head[:2] in UTF_16:  # half of it is NULs
        return None
    if len(head) >= MIN_BYTES and 10 * (len(head) - len(head.translate(None, _NO_TEXT))) >= 3 * len(head):
        return "is a binary file, and no dump: give text, or a format that docs/inputs.md tells of"
    return None


def _is_table(head: bytes, name: str) -> bool:
    """Whether the first line names columns, and the others have as many; by its name, two columns are enough."""
    match = _TABLE.match(head)
    if not match:
        return False
    mark, first = match[1], match[0]
    columns = first.count(mark)
    if name.endswith((".csv", ".tsv")):
        return True
    lines = head.split(b"\n")[1:4]
    return (
        columns >= 2
        and bool(_NAMES.search(first))
        and all(line.count(mark) >= columns for line in lines if line)
    )
