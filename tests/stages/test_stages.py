"""Each stage alone in a pipeline: what goes on, and what is rejected."""

from concurrent.futures import ThreadPoolExecutor

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.typehints.decorators import TypeCheckError

from dateline.pipeline.config import Config
from dateline.pipeline.dataset.staging import prepare
from dateline.pipeline.elements import Block, Dump, ParsedRecord, Piece, Repeats
from dateline.pipeline.names import progress_folder
from dateline.pipeline.progress import Counts, read_progress
from dateline.pipeline.rules.blocks import Limits
from dateline.pipeline.rules.identity_rows import ROW
from dateline.pipeline.rules.known_units import digest_of
from dateline.pipeline.rules.plain_header import known_parts
from dateline.pipeline.stages.parse import ParseBlocks
from dateline.pipeline.stages.split import CutBlocks, SplitPages
from dateline.pipeline.stages.validate import ValidateRecords
from tests.helpers.flows import pipeline
from tests.helpers.pages import Article, plain
from tests.helpers.records import RECORD

DUMPS = (Dump("/d/a.txt", "a.txt", 1000),)
TEXT = plain(Article())


def config(tmp_path, limits=None):
    prepare(str(tmp_path), "run")
    return Config(DUMPS, str(tmp_path), "run", limits or Limits())


def reasons(batch):
    return [(reject.reason, reject.offset, reject.length) for reject in batch]


def test_split(tmp_path):
    text = TEXT.encode()
    pieces = [
        Piece(0, 0, len(text) + 4, b"\n\n" + text + b" \n"),
        Piece(0, 1000, 1003, b" \n\n"),
        Piece(0, 2000, 2009, b" a \xff b \n\n"),
        Piece(0, 3000, 3006, b"a\0b \n\n"),
        Piece(0, 4000, 9000, None),
    ]
    with pipeline() as p:
        parted = p | beam.Create([pieces]) | SplitPages(config(tmp_path))
        block = Block(0, 2, len(text) - 1, text.rstrip(), (), None, digest_of(text.rstrip()))
        assert_that(parted.good, equal_to([([block], Repeats())]), "good")
        rejects = parted.rejects | beam.Map(reasons)
        expected = [("not_utf8", 2001, 5), ("nul_byte", 3000, 3), ("block_too_large", 4000, 5000)]
        assert_that(rejects, equal_to([expected]), "rejects")
    counts = read_progress(progress_folder(str(tmp_path), "run"))
    assert (counts.bytes_read, counts.rejects) == (len(text) + 4 + 3 + 9 + 6 + 5000, 3)


def test_a_copy_of_what_waits_is_told_in_its_bundle_only(tmp_path):
    """A bundle that fails writes nothing: what waited for it is parsed once more."""
    step = CutBlocks(config(tmp_path))
    step.setup()
    text = TEXT.rstrip().encode()
    digest = digest_of(text)

    def found():
        ((blocks, repeats),) = step.process([Piece(0, 0, len(text), text)])
        return len(blocks), repeats

    new = (1, Repeats())
    step.start_bundle()
    assert found() == new
    step._memo.waiting.add(digest)
    assert found() == (0, Repeats(waiting=[(0, 0, len(text))], digests=[digest]))
    with ThreadPoolExecutor(1) as other:
        assert other.submit(found).result() == new
    step.start_bundle()
    assert found() == new
    step._memo.add([digest], np.zeros(1, ROW))
    assert found() == (0, Repeats(places=[(0, 0, len(text))], rows=[bytes(ROW.itemsize)]))


def test_a_known_unit_has_its_header_where_it_is_parsed(tmp_path):
    step = CutBlocks(config(tmp_path))
    step.setup()
    text = TEXT.rstrip().encode()
    (((block,), _),) = step.process([Piece(0, 0, len(text), text, None, digest_of(text))])
    assert block.header == known_parts(text) is not None


def test_split_rejects_a_long_line(tmp_path):
    piece = Piece(0, 0, 101, b"x" * 100 + b"\n")
    with pipeline() as p:
        parted = p | beam.Create([[piece]]) | SplitPages(config(tmp_path, Limits(line_bytes=99)))
        assert_that(parted.good, equal_to([]), "good")
        assert_that(parted.rejects | beam.Map(reasons), equal_to([[("line_too_long", 0, 100)]]), "rejects")


def test_parse():
    with pipeline() as p:
        blocks = [Block(0, 7, len(TEXT), TEXT.encode()), Block(0, 900, 5, b"Words")]
        parted = p | beam.Create([(blocks, Repeats())]) | ParseBlocks(DUMPS, None, "/nowhere")
        found = parted.good | beam.Map(
            lambda batch: [
                (r.dump, r.record["source"], r.record["source_offset"], r.record["headline"])
                for r in batch[0]
            ]
        )
        assert_that(found, equal_to([[(0, "a.txt", 7, Article().headline)]]), "good")
        assert_that(parted.rejects | beam.Map(reasons), equal_to([[("not_an_article", 900, 5)]]), "rejects")


def test_validate(tmp_path):
    good = ParsedRecord(0, 0, 300, RECORD, b"Text.")
    bad = ParsedRecord(0, 50, 9, RECORD | {"headline": ""}, b"Text.")
    repeats = Repeats([(0, 100, 300)], [bytes(ROW.itemsize)])
    with pipeline() as p:
        parted = p | beam.Create([([good, bad], repeats)]) | ValidateRecords(str(tmp_path))
        assert_that(parted.good, equal_to([([good], repeats)]), "good")
        wrong = parted.rejects | beam.Map(
            lambda batch: [(r.reason, r.stage, r.offset, r.pointer) for r in batch]
        )
        assert_that(wrong, equal_to([[("schema", "validate", 50, "/headline")]]), "rejects")
    assert read_progress(str(tmp_path)) == Counts(records=2, rejects=1)


def test_stages_check_their_input(tmp_path):
    p = pipeline()
    with pytest.raises(TypeCheckError, match="expected"):
        p | beam.Create([1]) | ValidateRecords(str(tmp_path))
