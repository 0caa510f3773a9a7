"""Which older records the new ones touch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.stages.older_records import LOWEST_BITS, places_among

HASHES = st.lists(
    st.builds(lambda high, low: high << 60 | low, st.integers(0, 3), st.integers(0, 3)), max_size=12
)
"""Many of them with the same lowest bits."""


@given(HASHES, HASHES)
def test_places_among(values, wanted):
    assert LOWEST_BITS < 60
    values, wanted = np.array(values, np.uint64), np.unique(np.array(wanted, np.uint64))
    assert places_among(values, wanted).tolist() == np.flatnonzero(np.isin(values, wanted)).tolist()
