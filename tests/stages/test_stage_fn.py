"""Beam asks the functions of the stages for states and timers: it has to find what a class has, and need not look at its own."""

import importlib
import pkgutil

import apache_beam as beam
import pytest
from apache_beam.coders import VarIntCoder
from apache_beam.transforms.userstate import CombiningValueStateSpec, get_dofn_specs

from dateline.pipeline import stages
from dateline.pipeline.stages.stage_fn import StageFn

COUNT = CombiningValueStateSpec("count", VarIntCoder(), sum)
OF_COUNT = beam.DoFn.StateParam(COUNT)


class Parent(StageFn):
    def process(self, element, count=OF_COUNT):
        yield element

    def help(self):
        """Whatever."""


class Child(Parent):
    def finish_bundle(self):
        """Whatever."""


def test_methods_of_all_classes_below_are_told():
    told = set(dir(Child()))
    assert {"process", "help", "finish_bundle"} <= told
    assert told.isdisjoint({"start_bundle", "infer_output_type", "with_input_types"})
    assert get_dofn_specs(Child()) == ({COUNT}, set())


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(stages.__path__)])
def test_all_stages_are_of_this_class(name):
    module = importlib.import_module(f"dateline.pipeline.stages.{name}")
    found = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, beam.DoFn)]
    assert all(issubclass(each, StageFn) for each in found)
