"""What Beam is told without working it out is what it would have worked out."""

import importlib
import inspect
import pkgutil
from collections import Counter

import apache_beam as beam
import pytest
from apache_beam.coders import VarIntCoder
from apache_beam.runners.common import DoFnSignature
from apache_beam.transforms import core, userstate
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from dateline.pipeline import stages
from dateline.runners.engine import beam_shortcuts, own_process
from dateline.runners.engine.beam_shortcuts import (
    arguments_of,
    mixes_yield_and_return,
    specs_of,
    take_shortcuts,
)


class Counts(beam.DoFn):
    STATE = ReadModifyWriteStateSpec("count", VarIntCoder())
    PARAMETER = beam.DoFn.StateParam(STATE)

    def process(self, element, count=PARAMETER, *rest, more=7):
        yield element


class CountsNot(Counts):
    def process(self, element, count=3):
        yield element


FUNCTIONS = [
    Counts().process, CountsNot().process, Counts.process, Counts().finish_bundle, core.CallableWrapperDoFn(len).process,
    lambda one, two=2: one, len, "".join,
]  # fmt: skip


@pytest.fixture(autouse=True)
def shortcuts():
    take_shortcuts()


@pytest.mark.parametrize("function", FUNCTIONS, ids=range(len(FUNCTIONS)))
def test_arguments_are_those_that_beam_finds(function):
    for _ in range(2):  # worked out, and remembered
        names, defaults = core.get_function_args_defaults(function)
        assert (names, defaults) == arguments_of(function)
        names.clear(), defaults.clear()  # nobody else sees it


@pytest.mark.parametrize("of", [Counts, CountsNot, lambda: beam.Map(len).fn])
def test_states_are_those_that_beam_finds(of):
    dofn = of()
    for _ in range(2):
        states, timers = userstate.get_dofn_specs(dofn)
        assert (states, timers) == specs_of(dofn)
        states.clear()
    assert userstate.is_stateful_dofn(dofn) == (type(dofn) is Counts)


def test_a_signature_is_taken_once(monkeypatch):
    taken = Counter()

    def counting(function):
        taken[getattr(function, "__func__", function)] += 1
        return arguments_of(function)

    monkeypatch.setattr(beam_shortcuts, "_arguments", {})
    monkeypatch.setattr(beam_shortcuts, "arguments_of", counting)
    dofns = [CountsNot(), CountsNot(), Counts()]
    for dofn in dofns:
        for _ in range(2):
            assert DoFnSignature(dofn).is_stateful_dofn() == (type(dofn) is Counts)
    assert taken
    assert set(taken.values()) == {1}


def test_a_run_does_not_keep_the_functions_of_another():
    userstate.get_dofn_specs(Counts())
    take_shortcuts()
    assert not beam_shortcuts._specs


@pytest.mark.parametrize("is_ours", [True, False])
def test_who_called_the_function_for_a_run_is_warned_by_beam(monkeypatch, is_ours):
    monkeypatch.setattr(own_process, "is_ours", is_ours)
    monkeypatch.setattr(core, "_check_fn_use_yield_and_return", mixes_yield_and_return)
    take_shortcuts()
    assert core._check_fn_use_yield_and_return(mixes) == (not is_ours)


def mixes(element):
    yield element
    return [element]


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(stages.__path__)])
def test_no_stage_mixes_yield_and_return(name):
    assert mixes_yield_and_return(mixes)
    module = importlib.import_module(f"dateline.pipeline.stages.{name}")
    found = [
        each.process
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, beam.DoFn)
    ]
    assert not any(map(mixes_yield_and_return, found))
