"""From a piece of a dump to a record or a reject, in the three steps that the stages of a run take.

    piece  -> block_of_piece -> Block     split: the bytes are text, and their record can be used
    block  -> record_of      -> record    parse: a headline and a body were found
    record -> checked        -> record    validate: the record keeps the JSON Schema

Each step gives a reject instead, with its stage and reason. A run takes the steps in three stages, for many pieces at a time;
record_of_piece() takes them all, for whoever looks at one piece: `dateline inspect`, the tests, the fuzzer.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, Protocol

from dateline.pipeline.elements import Block, ParsedRecord, Piece, Place, Reject, new_tuple
from dateline.pipeline.rules.blocks import Limits, block_of
from dateline.pipeline.rules.common_text import count_words
from dateline.pipeline.rules.identity_rows import provisional_id
from dateline.pipeline.rules.parse import Failure, node_of, parse_block
from dateline.pipeline.rules.short_urls import short_url
from dateline.schemas.contract import Contract

MAX_DETAIL = 1000
"""Characters of a reject's detail that come from a record's error."""


class Places(Protocol):
    """Where blocks stand: what a Locator tells."""

    def place(self, dump: int, offset: int, length: int) -> Place:
        """The place of the bytes [offset, offset + length) of what was read."""

    def error(self, dump: int, offset: int) -> tuple[str, str] | None:
        """Why the record that a byte is in cannot be used: the reason, and what was found; None where it can."""


class Outcome(NamedTuple):
    """What a piece of a dump comes to."""

    place: Place
    text: str | None
    """Of its block; None where the block is none that can be read."""
    result: ParsedRecord | Reject


def record_of_piece(
    piece: Piece, limits: Limits, places: Places, crawl_date: date | None, schema: Contract
) -> Outcome | None:
    """What a piece comes to if nothing else is of the same article; None where it is white space only.

    Args:
        piece: the bytes from one article start to the next.
        limits: what a block may hold.
        places: where the blocks of its dump stand.
        crawl_date: the day of the crawl, for pages that nothing else dates.
        schema: of articles.
    """
    block = block_of_piece(piece, limits, places)
    if block is None:
        return None
    place = places.place(block.dump, block.offset, block.length)
    if isinstance(block, Reject):
        return Outcome(place, None, block)
    record = completed(record_of(block, place, crawl_date))
    return Outcome(place, block.text, checked(record, schema))


def block_of_piece(piece: Piece, limits: Limits, places: Places) -> Block | Reject | None:
    """The block in a piece; a reject if it is no text, or its record cannot be used; None for white space only."""
    block = block_of(piece, limits)
    error = block and places.error(block.dump, block.offset)
    if block and error:
        return Reject(*block[:3], "split", error[0], None, error[1][:MAX_DETAIL])
    return block


def words_below(blocks: Sequence[Block]) -> list[int]:
    """Of each block the words below its plain header, 0 where it has none: to count them for many at once costs a third."""
    texts, starts = [], []
    for block in blocks:
        header = block.header if block.is_common else None
        texts.append(block.data if header else b"")
        starts.append(len(header[0]) if header else 0)  # the whole header
    return count_words(texts, starts)


def record_of(block: Block, place: Place, crawl_date: date | None, words: int = 0) -> ParsedRecord | Reject:
    """The record of a block as it would be written if no other were of the same article, but for its id and most of its body: see
    completed().

    Args:
        block: the block, placed in what was read.
        place: where it stands in its dump, and what its page's envelope says.
        crawl_date: the day of the crawl, for pages that nothing else dates.
        words: of its body, from words_below().
    """
    dump, at, size, data, repairs, header, digest, page_day, is_common = block
    source, offset, length, page_url, crawled, is_lead, page_repairs = place
    day = page_day or crawled or crawl_date
    found = parse_block(data, day, page_repairs + repairs, header, is_common, words)
    if isinstance(found, Failure):
        return Reject(dump, at, size, "parse", found.reason, None, found.detail)
    fields, body = found
    fields["source"] = source
    fields["source_offset"] = offset
    fields["source_length"] = length
    fields["page_url"] = page_url
    if is_lead and page_url:
        fields["node"] = node_of(page_url)
        fields["short_url"] = fields["short_url"] or short_url(page_url)
    return new_tuple(ParsedRecord, (dump, at, size, fields, body, digest))


def completed(parsed: ParsedRecord | Reject) -> ParsedRecord | Reject:
    """The record itself, now with its whole body and the id that it has if no other is of its article; a reject as it is."""
    if isinstance(parsed, ParsedRecord):
        parsed.record["id"] = provisional_id(parsed.record)
        parsed.record["body"] = parsed.body.decode()
    return parsed


def checked(parsed: ParsedRecord | Reject, schema: Contract) -> ParsedRecord | Reject:
    """The record itself if it is valid, or a reject that says which field is not, and why; a reject as it is."""
    if isinstance(parsed, Reject) or schema.is_valid(parsed.record):
        return parsed
    pointer, message = schema.violation(parsed.record)
    return Reject(parsed.dump, parsed.offset, parsed.length, "validate", "schema", pointer, message)


def all_checked(batch: Sequence[ParsedRecord], schema: Contract) -> Sequence[ParsedRecord | Reject]:
    """The same of many records: mostly all are valid."""
    if schema.are_valid([parsed.record for parsed in batch]):
        return batch
    return [checked(parsed, schema) for parsed in batch]
