"""A dataset grows: any split of the dumps into runs, in any order, ends in the same files as one run."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dateline.pipeline.dataset.version import latest_manifest
from dateline.pipeline.rules import RULES
from dateline.runners.command import cli
from tests.conftest import files_of
from tests.helpers.damage import Dataset
from tests.helpers.flows import of_engine
from tests.helpers.pages import Article, plain


def run(output, *dumps, options=()):
    """A run of the command line, in this process."""
    runner = of_engine() or ["--workers", "1"]
    return cli.main(
        ["run", "--quiet", *runner, "--input", *map(str, dumps), "--output", str(output), *options]
    )


def page(copy) -> str:
    """An article of few headlines, short URLs and days, so that copies meet."""
    tower, edited, slug, day, extra, caption = copy
    headline = f"Tower number {tower} opens" + (" at last" if edited else "")
    return plain(
        Article(
            headline=headline,
            slot=f"https://arab.news/{slug}" if slug else "",
            stamp=(date(2023, 1, 1) + timedelta(day)).strftime("%d %B %Y") if day is not None else "soon",
            caption="A tower at dusk" if caption else None,
            body=(f"SANAA: Tower number {tower} opened.", *["It is tall." for _ in range(extra)]),
        )
    )


COPIES = st.tuples(
    st.integers(0, 19), st.booleans(), st.sampled_from([None] * 10 + [f"t{n:02d}" for n in range(15)]),
    st.sampled_from([0, 1, 2, 3, 10, 11, 30, 31, 40]), st.integers(0, 2), st.booleans(),
)  # fmt: skip
DUMPS = st.lists(st.lists(COPIES, min_size=10, max_size=30), min_size=2, max_size=4)


@st.composite
def splits(draw):
    """Dumps, each a list of copies, and the runs: in which order, and which together."""
    dumps = draw(DUMPS)
    order = draw(st.permutations(range(len(dumps))))
    cuts = sorted(draw(st.sets(st.integers(1, len(dumps) - 1), min_size=1)))
    return dumps, [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]


def write(folder, dumps):
    paths = []
    for number, copies in enumerate(dumps):
        path = folder / f"dump-{number}.txt"
        path.write_text("\n\n\n".join(map(page, copies)))
        paths.append(path)
    return paths


SPLIT_RUNS = settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    "options", [(), ("--same-headline-days", "5", "--date-granularity", "month")], ids=["plain", "chains"]
)
@SPLIT_RUNS
@given(splits())
@example(([[(0, False, None, 0, 0, False)], [(0, False, "t00", 3, 0, False)]], [[0], [1]]))
@example(
    (
        [[(0, False, None, 0, 0, False)], [(0, False, None, 10, 0, False)], [(0, False, None, 3, 0, False)]],
        [[0], [1], [2]],
    )
)
@pytest.mark.slow
def test_any_split_ends_in_the_same_files(tmp_path_factory, options, split):
    dumps, runs = split
    folder = tmp_path_factory.mktemp("growth")
    paths = write(folder, dumps)
    assert run(folder / "once", *paths, options=options) == 0
    for number, part in enumerate(runs):
        assert run(folder / "grown", *(paths[i] for i in part), options=options if not number else ()) == 0
    assert files_of(folder / "grown") == files_of(folder / "once")
    assert latest_manifest(str(folder / "grown"))["version"] == len(runs)


def test_dumps_that_other_rules_read_are_told(tmp_path, capsys):
    paths = write(tmp_path, [[(n, False, None, 0, 0, False)] for n in range(4)])
    output = tmp_path / "news"
    assert run(output, *paths[:2]) == 0
    assert run(output, paths[2]) == 0
    assert "rules" not in capsys.readouterr().err
    older = Dataset(output)
    assert [dump["rules"] for dump in older.manifest["dumps"]] == [RULES] * 3
    older.manifest["dumps"][0]["rules"] = RULES + 1
    del older.manifest["dumps"][1]["rules"]  # as before there was a version of the rules
    older.save()
    assert run(output, paths[0]) == 0
    assert "rules" not in capsys.readouterr().err  # nothing new is read
    assert run(output, paths[3]) == 0
    told = f"2 of the dataset's 3 dumps were read by rules 1 and {RULES + 1}, this run reads by rules {RULES}"
    assert told in capsys.readouterr().err
    read = [dump.get("rules") for dump in latest_manifest(str(output))["dumps"]]
    assert read == [RULES + 1, None, RULES, RULES]
