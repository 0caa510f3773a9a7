"""What tests have Beam remember is what Beam works out by itself."""

import pytest
from apache_beam.options.pipeline_options import (
    DebugOptions,
    DirectOptions,
    PipelineOptions,
    PortableOptions,
    SetupOptions,
    StandardOptions,
)

FLAGS = [
    [],
    ["--direct_num_workers=2", "--experiments=a", "--experiments=b"],
    ["--streaming", "--job_endpoint=localhost:1", "--unheard_of=3"],
]
KINDS = [PipelineOptions, StandardOptions, DirectOptions, PortableOptions, SetupOptions]


def by_beam(kind, flags, **overrides) -> PipelineOptions:
    made = kind.__new__(kind)
    PipelineOptions.__init__.__wrapped__(made, flags, **overrides)
    return made


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
@pytest.mark.parametrize("kind", KINDS)
def test_options_are_those_that_beam_makes(kind, flags):
    for overrides in ({}, {"streaming": False, "direct_num_workers": 7}):
        for _ in range(2):  # worked out, and remembered
            made, wanted = kind(flags, **overrides), by_beam(kind, flags, **overrides)
            assert made.__dict__ == wanted.__dict__
            assert made.get_all_options() == wanted.get_all_options()


@pytest.mark.parametrize("time", ["worked out", "remembered"])
def test_views_share_and_options_do_not(time):
    one, other = (PipelineOptions(FLAGS[1]) for _ in range(2))
    one.view_as(DirectOptions).direct_num_workers = 5
    one.view_as(DebugOptions).experiments.append("c")
    assert one.view_as(DirectOptions).direct_num_workers == 5
    assert one.view_as(DebugOptions).experiments == ["a", "b", "c"]
    assert other.view_as(DirectOptions).direct_num_workers == 2
    assert other.view_as(DebugOptions).experiments == ["a", "b"]
