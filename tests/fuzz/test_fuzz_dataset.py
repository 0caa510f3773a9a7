"""Hostile manifests, journals, receipts and their like: whatever they say, nothing beside the dataset is touched."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.dataset_target import RUN, Target

CORPUS = sorted(Path(__file__).parent.joinpath("corpus_dataset").glob("*"))


@pytest.fixture(scope="module")
def target(tmp_path_factory) -> Target:
    return Target(tmp_path_factory.mktemp("target") / "all")


def test_a_good_one_of_each_kind_is_taken(target):
    """Else nothing of what follows tells anything: each is refused once a letter of it is another's."""
    for seed in target.seeds():
        target._fresh()
        target._kinds[seed[0]](seed[1:])


HOSTILE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}),
    st.sampled_from(["../beside/precious", "/etc/passwd", "_lock", "", "\0", "\ud800", "..", "a\n", -1, 2**63, 10**40, 1.0]),
    st.sampled_from([f"date=2023-01-01/region=../../../beside/part-{'0' * 32}.arrow", f"_keys/part-00-{'0' * 32}.arrow"]),
)  # fmt: skip


@st.composite
def changed_json(draw, text: str) -> bytes:
    """JSON of which some values are others, or gone, or there twice."""
    said = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        holder, key = None, None
        value = said
        while isinstance(value, (dict, list)) and value and (holder is None or draw(st.booleans())):
            holder = value
            key = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
            value = holder[key]
        if holder is None:
            return json.dumps(draw(HOSTILE)).encode()
        what = draw(st.sampled_from(["other", "other", "other", "gone", "more"]))
        if what == "other":
            holder[key] = draw(HOSTILE)
        elif what == "gone":
            del holder[key]
        elif isinstance(holder, dict):
            holder[draw(st.text(max_size=4))] = value
        else:
            holder.append(value)
    return json.dumps(said).encode()


@st.composite
def changed_bytes(draw, data: bytes) -> bytes:
    """Bytes of which some are others, or gone."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        if changed:
            at = draw(st.integers(0, len(changed) - 1))
            how = draw(st.sampled_from(["flip", "flip", "cut", "put"]))
            if how == "flip":
                changed[at] ^= 1 << draw(st.integers(0, 7))
            elif how == "cut":
                del changed[at : at + draw(st.integers(1, 64))]
            else:
                changed[at:at] = draw(st.binary(min_size=1, max_size=8))
    return bytes(changed)


@settings(max_examples=300)
@given(st.data())
@pytest.mark.slow
def test_whatever_they_say(target, data):
    seed = data.draw(st.sampled_from(target.seeds()))
    is_json = seed[1:2] == b"{" and data.draw(st.booleans())
    text = data.draw(changed_json(seed[1:].decode()) if is_json else changed_bytes(seed[1:]))
    target.drive(seed[:1] + text)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_the_fuzzer_found(target, path):
    """The run's name in them is the target's."""
    target.drive(path.read_bytes())


def test_there_is_a_corpus():
    assert len(CORPUS) >= 20
    assert any(RUN.encode() in path.read_bytes() for path in CORPUS)
