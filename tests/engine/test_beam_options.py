"""The options of a pipeline: what Beam asks of them some 500 times is worked out once."""

from copy import deepcopy

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions

from dateline.runners.engine.beam_options import BeamOptions


def options() -> BeamOptions:
    return BeamOptions(["--runner=one"], direct_num_workers=2)


def test_a_view_is_made_once():
    given = options()
    assert given.view_as(DirectOptions) is given.view_as(DirectOptions)
    assert given.view_as(DirectOptions).direct_num_workers == 2


def test_views_share_their_values_with_the_options():
    given = options()
    given.view_as(StandardOptions).runner = "other"
    assert given.view_as(StandardOptions).view_as(StandardOptions).runner == "other"
    assert given.get_all_options()["runner"] == "other"


def test_a_copy_has_values_and_views_of_its_own():
    given = options()
    given.view_as(StandardOptions)
    copy = deepcopy(given)  # a pipeline makes one
    copy.view_as(StandardOptions).runner = "other"
    assert copy.get_all_options()["runner"] == "other"
    assert given.view_as(StandardOptions).runner == "one"


def test_they_tell_what_beams_own_tell():
    own = PipelineOptions(["--runner=one"], direct_num_workers=2)
    assert options().get_all_options(drop_default=True) == own.get_all_options(drop_default=True)
    assert options().to_runner_api() == own.to_runner_api()
