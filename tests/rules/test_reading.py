"""The engine's short cut tells what the tables do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.rules import reading
from dateline.pipeline.rules.line_forms import lines_of

ROWS = (
    *([f"The lamps of street {i} were lit at dusk." for i in range(6)] * 2),
    "the ferry at its berth, by day.",
    "A ferry " + "of iron " * 90 + "left.",
    "Ferry returns to the harbor",
    "KYIV: The ferry left at noon.",
    "Updated 07 September 2023",
    "The ferry at its berth. (AFP)",
    "Jane Doe",
    "• It took two years.",
    "",
)


@given(
    rows=st.lists(st.sampled_from(ROWS), min_size=1, max_size=14),
    before=st.sampled_from(["start", "body", "bullet"]),
    gap=st.integers(0, 3),
)
def test_a_paragraph_below_another_is_read_as_the_tables_tell(rows, before, gap):
    lines = lines_of(rows, gap)
    short = reading.read(lines, before, whole=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_UNDER_WAY", set())
        assert short == reading.read(lines, before, whole=False)
