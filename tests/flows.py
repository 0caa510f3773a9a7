"""The runner that tests use: the local one, named as the command line names it.

Types are checked as a pipeline is built. Beam's checks while it runs hold every tagged output against the
type of the main one, so they cannot be used for stages that reject.
"""

from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline


def pipeline() -> TestPipeline:
    return TestPipeline(runner=FnApiRunner())
