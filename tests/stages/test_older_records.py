"""Which older records the new ones touch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.config import Config
from dateline.pipeline.dataset import version
from dateline.pipeline.dataset.open import open_version
from dateline.pipeline.names import shard_in
from dateline.pipeline.rules.identity_rows import ROW
from dateline.pipeline.stages.older_records import LOWEST_BITS, ByHeadline, ByUrl, places_among

HASHES = st.lists(
    st.builds(lambda high, low: high << 60 | low, st.integers(0, 3), st.integers(0, 3)), max_size=12
)
"""Many of them with the same lowest bits."""


@given(HASHES, HASHES)
def test_places_among(values, wanted):
    assert LOWEST_BITS < 60
    values, wanted = np.array(values, np.uint64), np.unique(np.array(wanted, np.uint64))
    assert places_among(values, wanted).tolist() == np.flatnonzero(np.isin(values, wanted)).tolist()


@pytest.mark.parametrize(("workers", "asked_again"), [(2, False), (0, True)])
def test_workers_of_one_machine_take_each_others_word_for_a_checksum(
    grown, monkeypatch, workers, asked_again
):
    """Of two that read a ledger in turn. Elsewhere each process looks for itself."""
    asked = []
    monkeypatch.setattr(version, "_require_checksum", lambda path, *_: asked.append(path))
    config = Config(dumps=(), output=str(grown / "after-1"), run="run", base=2, workers=workers)
    found = open_version(config.output, config.base)
    shards = {shard_in(file["path"]) for file in found.files("keys")}
    hashes = np.empty(0, np.uint64)
    for reader, more in ((ByHeadline(config), ()), (ByUrl(config), (np.empty(0, ROW["slug"]),))):
        open_version.cache_clear()  # as in another process
        reader.setup()
        before = len(asked)
        for shard in shards:
            assert list(reader.process(shard, hashes, *more)) == []
    assert before
    assert (len(asked) > before) == asked_again
    open_version.cache_clear()
