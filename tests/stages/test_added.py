"""What the report says of the new articles of a task: the most copied ones, whatever batches they come in."""

from dateline.pipeline.samples import MOST_COPIES
from dateline.pipeline.stages.added import Added
from dateline.schemas.columns import arrow_schema, to_batch
from tests.helpers.records import RECORD


def test_articles_with_the_most_copies():
    articles = [
        RECORD | {"id": f"{id:032x}", "headline": f"Of {id}", "copies": copies, "country": country}
        for id, copies, country in [(9, 1, None), *((n, 2 + n % 3, "UA") for n in range(8, -1, -1)), (10, 2, "YE"),
                                    (30, 4, "YE"), (20, 4, "UA")]
    ]  # fmt: skip
    expected = sorted((-row["copies"], row["id"]) for row in articles if row["copies"] > 1)[:MOST_COPIES]
    for size in (1, 5, len(articles)):
        added = Added()
        for at in range(0, len(articles), size):
            added.count(to_batch(articles[at : at + size], arrow_schema("article")))
        facts = added.facts()
        assert [(-each["copies"], each["id"]) for each in facts["groups"]] == expected
        assert facts["groups"][0]["headline"] == f"Of {int(expected[0][1], 16)}"
        assert facts["countries"] == {"": 1, "UA": 10, "YE": 2}
