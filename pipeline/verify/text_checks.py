"""Checks of each block against its dump: what its row says must stand there, and between blocks there is white space.

headline "Ferry returns", bytes 10 to 90 of a.txt have no such line     text
bytes 90 to 120 of a.txt, in no block, have letters                     gap
"""

from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterator, Mapping, Sequence

from dateline.pipeline.elements import Block, Dump, Part, Piece, Record
from dateline.pipeline.inputs.blocks import BlockReader
from dateline.pipeline.inputs.find import with_spools
from dateline.pipeline.inputs.parts import unpack_all
from dateline.pipeline.inputs.quota import Quota
from dateline.pipeline.inputs.records import Columns, base_source
from dateline.pipeline.inputs.streams import Bounds
from dateline.pipeline.ledgers.rows import MAX_RAW_BYTES
from dateline.pipeline.rules.blocks import Limits, block_of
from dateline.pipeline.rules.identity_rows import headline_key
from dateline.pipeline.rules.line_kinds import code_of, crawl_line
from dateline.pipeline.rules.text import WHITE_SPACE, normalise, unify_newlines
from dateline.pipeline.rules.text_repairs import mend
from dateline.pipeline.store.files import map_paths, size_of
from dateline.pipeline.verify.finding import Finding, differs
from dateline.pipeline.verify.given_dumps import Span, spans_of

NO_LIMITS = Limits(1 << 62, 1 << 62)
"""What a block may hold was decided when it was read."""
GAP_BYTES = 1 << 20
"""Bytes between blocks that are looked at at one time."""


class Texts:
    """The blocks of dumps, by the places that rows name."""

    def __init__(self, dumps: Sequence[Dump], columns: Columns, bounds: Bounds, folder: str) -> None:
        """
        Args:
            dumps: what find_dumps() found good.
            columns: what JSON Lines keys and Parquet columns are called.
            bounds: what unpacking may take.
            folder: where what is not plain text is unpacked, and what lies in a store is fetched to.

        Raises:
            OSError: there is no room for it.
        """
        self.dumps = with_spools([_to_be_fetched(dump) for dump in dumps], folder)
        unpack_all(self.dumps, columns, Quota(folder, bounds))
        self._sources = {dump.source for dump in dumps}
        self._blocks = BlockReader(self.dumps)
        self._spans: dict[str, list[Span]] = {}
        for number, dump in enumerate(self.dumps):
            for name, span in spans_of(number, dump):
                self._spans.setdefault(name, []).append(span)
        for spans in self._spans.values():
            spans.sort(key=lambda span: span.base)

    def close(self) -> None:
        self._blocks.close()

    @property
    def plain(self) -> dict[str, bool]:
        """Of each dump, whether it is plain text."""
        return {dump.source: dump.part is None for dump in self.dumps}

    @property
    def size(self) -> int:
        """Bytes of the dumps as they lie there."""
        return sum(map_paths(size_of, {dump.origin for dump in self.dumps}).values())

    def read(self, source: str, offset: int, length: int) -> bytes | None:
        """A block's bytes, UTF-16 made UTF-8; None where its dump has no such place."""
        spans = self._spans.get(source, [])
        at = bisect_right(spans, offset, key=lambda span: span.base) - 1
        if at < 0 or offset + length > spans[at].base + spans[at].size:
            return None
        return self._read(spans[at], offset, length)

    def _read(self, span: Span, offset: int, length: int) -> bytes:
        """Raises OSError if the dump became shorter since its checksum was taken."""
        try:
            data = self._blocks.read(span.dump, span.start + offset - span.base, length)
        except RuntimeError as error:
            raise OSError(str(error)) from error
        return data.decode(span.encoding, "replace").encode("utf-8", "replace") if span.encoding else data

    def check_article(self, row: Record) -> Iterator[Finding]:
        """An article's headline and every paragraph of its body stand in its block, in their order."""
        text = yield from self._text(row)
        if text is None:
            return
        headline, wanted = row["headline"], normalise(row["headline"])
        if not any(line == headline or normalise(line) == wanted for line in _lines(text)):
            yield differs("text", "", None, "its headline", headline, "a line of its block in the dump")
        squeezed, at = " ".join(text.split()), 0
        for number, paragraph in enumerate(row["body"].split("\n\n"), 1):
            wanted = " ".join(paragraph.split())
            place = squeezed.find(wanted, at)
            if place < 0:
                yield differs(
                    "text",
                    "",
                    None,
                    f"paragraph {number} of its body",
                    paragraph,
                    "text of its block in the dump",
                )
            at = place + len(wanted) if place >= 0 else at

    def check_duplicate(self, row: Record) -> Iterator[Finding]:
        """Some line of a duplicate's block has its headline's key."""
        text = yield from self._text(row)
        if text is not None and not any(
            headline_key(line).hex() == row["headline_key"] for line in _lines(text)
        ):
            yield differs(
                "text",
                "",
                None,
                "its headline_key",
                row["headline_key"],
                "that of a line of its block in the dump",
            )

    def check_reject(self, row: Record, raw: bytes) -> Iterator[Finding]:
        """A reject's raw is what its dump holds there."""
        if base_source(row["source"]) not in self._sources:
            return
        length = row["source_length"]
        data = self.read(row["source"], row["source_offset"], min(length, 2 * MAX_RAW_BYTES))
        if data is None or self.read(row["source"], row["source_offset"] + length, 0) is None:
            yield _nowhere(row)
        elif data[: len(raw)] != raw or (len(data) > len(raw) and not row["raw_truncated"]):
            at = next(
                (i for i, (a, b) in enumerate(zip(raw, data, strict=False)) if a != b),
                min(len(raw), len(data)),
            )
            yield differs(
                "text", "", None, f"raw from its byte {at} on", raw[at : at + 40], data[at : at + 40]
            )

    def _text(self, row: Record) -> Generator[Finding, None, str | None]:
        """The mended text of a row's block, as what the generator returns; None where it is not to be had."""
        if base_source(row["source"]) not in self._sources:
            return None
        data = self.read(row["source"], row["source_offset"], row["source_length"])
        if data is None:
            yield _nowhere(row)
            return None
        block = block_of(Piece(0, 0, len(data), unify_newlines(data)), NO_LIMITS)
        if not isinstance(block, Block):
            yield differs("text", "", None, "its block in the dump", data[:40], "text")
            return None
        if block.length != len(data):
            yield differs(
                "text", "", None, "bytes of its block with white space around it", len(data), block.length
            )
        return mend(block.text)[0]

    def check_gaps(self, blocks: Mapping[str, Sequence[tuple[int, int]]]) -> Iterator[Finding]:
        """All bytes between blocks are white space.

        Args:
            blocks: for each source of rows the first byte of each block and the byte behind its last, sorted.
        """
        for name, spans in self._spans.items():
            known = blocks.get(name, ())
            for span in spans:
                at, end = span.base, span.base + span.size
                for start, stop in (
                    *known[bisect_left(known, (at,)) : bisect_left(known, (end,))],
                    (end, end),
                ):
                    if start > at and (text := self._text_in(span, at, start)):
                        where = f"bytes {at} to {start} of {name}, which stand in no block"
                        yield differs("gap", self.dumps[span.dump].origin, None, where, text, "white space")
                    at = max(at, stop)

    def _text_in(self, span: Span, start: int, stop: int) -> bytes:
        """The first text in some bytes between blocks; b"" where all is white space."""
        for at in range(start, stop, GAP_BYTES):
            found = self._read(span, at, min(GAP_BYTES, stop - at)).strip(WHITE_SPACE)
            if found:
                return found[:40]
        return b""


def _to_be_fetched(dump: Dump) -> Dump:
    """A dump; plain text of a store as what has to be unpacked, since its blocks are read in any order."""
    if not dump.pin:
        return dump
    return dump._replace(part=Part("text", "", dump.path, 0, dump.size, *dump.pin), tag="")


def _nowhere(row: Record) -> Finding:
    end = row["source_offset"] + row["source_length"]
    return differs(
        "text",
        "",
        None,
        f"its block in {row['source']}",
        f"bytes {row['source_offset']} to {end}",
        "bytes of the dump",
    )


def _lines(text: str) -> Iterator[str]:
    """What may be a headline in a block: its lines, and what a crawler's line has behind the day."""
    for line in text.split("\n"):
        yield line.strip()
        if code_of(line) == "d":
            yield crawl_line(line)[1]
