"""What flows between the stages. Plain values: they are made in one worker and read in another."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple, TypeAlias

HeaderParts: TypeAlias = tuple[Any, ...]
"""A plain header, as plain_header.PARTS says: the whole of it, and each of its parts; None for one that it has not."""


new_tuple = tuple.__new__
"""Makes a NamedTuple of a tuple, at half the cost of naming its fields: where one is made for each block."""

Format = Literal["plain", "text", "utf-16", "jsonl", "parquet", "warc", "rejects"]


class Pin(NamedTuple):
    """The state of an object that a run reads, and no other: as the plan saw it."""

    size: int
    """Bytes."""
    tag: str
    """S3's ETag, GCS's generation."""


class Part(NamedTuple):
    """A share of an input that one task unpacks."""

    format: Format
    compression: str
    """A key of streams.MAGIC, or "" """
    path: str
    start: int
    """The first byte, row group or row of rejects that belongs to the part; `stop` is the first that does not."""
    stop: int
    size: int = 0
    """Bytes of the file."""
    tag: str = ""
    """As of Pin; "" for a file of this machine."""

    @property
    def pin(self) -> Pin | None:
        """The state of the file; None on this machine."""
        return Pin(self.size, self.tag) if self.tag else None


Record = dict[str, Any]
"""A row of the dataset in JSON terms: the fields of schemas/article.schema.json, dates as YYYY-MM-DD."""


class Dump(NamedTuple):
    """One input file."""

    path: str
    source: str
    """Its name in the rows: the path below --source-root, or the base name."""
    size: int
    """In bytes."""
    part: Part | None = None
    """The share of an input that is unpacked into `path` before it is read; None for plain text."""
    tag: str = ""
    """Of plain text in a store as of Pin; else ""."""

    @property
    def pin(self) -> Pin | None:
        """The state of what is read at `path`; None on this machine."""
        return Pin(self.size, self.tag) if self.tag else None

    @property
    def has_records(self) -> bool:
        """Whether it is made of records, each with a place of its own, and not one text."""
        return self.part is not None and self.part.format not in ("text", "utf-16")

    @property
    def origin(self) -> str:
        """The file that the user named."""
        return self.part.path if self.part else self.path


class Piece(NamedTuple):
    """The bytes from one article start of a dump to the next, as the reader cuts them."""

    dump: int
    """Its place in the run's list of dumps, which is sorted by source."""
    start: int
    end: int
    data: bytes | None
    """Its bytes without the white space at their end, newlines unified; None where there are more than a block may have."""
    header: HeaderParts | None = None
    """Its plain header: see rules/plain_header.py. None also where these bytes were read before."""
    digest: bytes = b""
    """Of `data`, where it begins with a plain header and was taken already."""
    page_day: date | None = None
    """The day of the crawl from which its relative stamp counts, where the top of its page tells it."""
    is_common: bool = False
    """Whether it is known to begin with text, and to be UTF-8 and common: see rules/common_text.py."""


class Block(NamedTuple):
    """The lines of one article, without the white space around them."""

    dump: int
    offset: int
    length: int
    """In bytes of the dump."""
    data: bytes
    """UTF-8."""
    repairs: tuple[str, ...] = ()
    """What had to be mended to read it: values of text_repairs in the article schema."""
    header: HeaderParts | None = None
    """The plain header that it begins with."""
    digest: bytes = b""
    """Of its bytes, where they alone decide on its record; else empty."""
    page_day: date | None = None
    is_common: bool = False
    """As of its piece."""

    @property
    def text(self) -> str:
        return self.data.decode()


class Place(NamedTuple):
    """Where a block stands, as its row says it, and what its record's envelope says."""

    source: str
    offset: int
    length: int
    page_url: str | None = None
    crawled: date | None = None
    is_lead: bool = False
    """Whether it is the first block of its page; only known where a record is a page."""
    repairs: tuple[str, ...] = ()


BlockPlace: TypeAlias = tuple[int, int, int]
"""Where a block stands in what was read: the number of its dump, the offset there and its length, both in bytes."""


@dataclass
class Repeats:
    """The blocks of a batch whose bytes this worker has parsed before. They pass the stages as columns, and none of them as
    an object of its own: most of a dump is such blocks."""

    places: list[BlockPlace] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    """For each place the row of the block before, of identity_rows.ROW."""
    waiting: list[BlockPlace] = field(default_factory=list)
    """The places of the others: the record of the block before waits to be written, so it has no row yet."""
    digests: list[bytes] = field(default_factory=list)
    """The digest of each of these."""

    def __len__(self) -> int:
        return len(self.places) + len(self.waiting)

    def __iadd__(self, more: "Repeats") -> "Repeats":
        self.places += more.places
        self.rows += more.rows
        self.waiting += more.waiting
        self.digests += more.digests
        return self

    @property
    def length(self) -> int:
        """Bytes of all blocks."""
        return sum([place[2] for place in self.places]) + sum([place[2] for place in self.waiting])


class ParsedRecord(NamedTuple):
    """A block with the record that was read from it. Identity is not decided yet."""

    dump: int
    offset: int
    length: int
    """Where its block stands in what was read: a dump, or a spool of it. The record says where in the dump."""
    record: Record
    """In a run without its id, and with the first paragraph in place of the body: see rules/record.py."""
    body: bytes
    """The whole of it, in UTF-8."""
    digest: bytes = b""
    """That of its block."""


Blocks: TypeAlias = tuple[list[Block], Repeats]
"""A batch of split: the blocks that are to be parsed, and the others."""
Records: TypeAlias = tuple[list[ParsedRecord], Repeats]
"""A batch of parse and of validate: the records of new blocks, and the blocks that have come before."""


class Reject(NamedTuple):
    """A block that cannot be used."""

    dump: int
    offset: int
    length: int
    stage: str
    reason: str
    """One of schemas.reject_reasons()."""
    pointer: str | None
    detail: str
