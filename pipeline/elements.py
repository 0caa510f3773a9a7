"""What flows between the stages. Plain values: they are made in one worker and read in another."""

from typing import Any, Literal, NamedTuple

Stage = Literal["split", "parse", "validate"]

Record = dict[str, Any]
"""A row of the dataset in JSON terms: the fields of schemas/article.schema.json, dates as YYYY-MM-DD."""


class Dump(NamedTuple):
    """One input file."""

    path: str
    source: str
    """Its name in the rows: the path below --source-root, or the base name."""
    size: int
    """In bytes."""


class Piece(NamedTuple):
    """The bytes from one article start of a dump to the next, as the reader cuts them."""

    dump: int
    """Its place in the run's list of dumps, which is sorted by source."""
    start: int
    end: int
    data: bytes | None
    """Newlines unified; None where there are more bytes than a block may have."""


class Block(NamedTuple):
    """The lines of one article, without the white space around them."""

    dump: int
    offset: int
    length: int
    """In bytes of the dump."""
    text: str


class Parsed(NamedTuple):
    """A block with the record that was read from it. Identity is not decided yet."""

    dump: int
    record: Record


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
