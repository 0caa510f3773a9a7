"""The engine's short cuts tell what the tables do: steps that are known, headlines that are numbers, paragraphs passed over."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.pipeline.rules.line_forms import lines_of
from dateline.pipeline.rules.reading import read
from dateline.pipeline.rules.role_evidence import is_edited
from tests.helpers.slow_reading import slow_read

ROWS = (
    *([f"The lamps of street {i} were lit at dusk." for i in range(6)] * 2),
    *("Ferry returns to the harbor", "Ferry returns to harbor of old", "Analysis Ferry returns to the harbor", "A lamp is lit") * 2,
    "the ferry at its berth, by day.", "A ferry " + "of iron " * 90 + "left.", "the ferry at its berth", "A ferry " + "of iron " * 20 + "left",
    "KYIV: The ferry left at noon.", "KYIV: All aboard", "Updated 07 September 2023", "Updated 2 hours ago", "Follow", "Short Url", "https://arab.news/q7xvz",
    "The ferry at its berth. (AFP)", "The ferry at its berth.", "(AFP)", "Jane Doe", "JANE DOE", "Reuters", "Analysis", "World", "• It took two years.",
    "• Home", "date 2022-04-20 You are here", "date 2022-04-20", "You are here", "1 / 9", "00:00", "By Jane Doe ·", "Latest published", "07 May 2021", "{{title}}",
    "© 2024 SAUDI RESEARCH", "鈥檚", "Topics: ferry", "", "", "",
)  # fmt: skip


@settings(max_examples=600)
@given(
    rows=st.lists(st.sampled_from(ROWS), min_size=1, max_size=18),
    before=st.sampled_from(["start", "body", "bullet"]),
    gap=st.integers(0, 3),
    whole=st.booleans(),
    first=st.booleans(),
)
def test_lines_are_read_as_the_tables_tell(rows, before, gap, whole, first):
    lines = lines_of(rows, gap)
    assert read(lines, before, whole, first) == slow_read(lines, before, whole, first)


def test_a_line_is_an_edited_headline_if_half_of_the_words_stay():
    words = ["one", "two", "three", "four", "five", "six"]
    for many in range(1, 19):
        other = [*words[:3], *"abcdefghijklmnop"][:many]
        assert is_edited(" ".join(words), " ".join(other)) == (4 * min(many, 3) >= 6 + many)
