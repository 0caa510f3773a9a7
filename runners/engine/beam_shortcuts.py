"""Shortcuts: what Beam works out again and again while a flow is built and begun, worked out once.

For each function of a stage Beam asks six times which states and timers it has. Each time it takes the signatures of 30
methods, nearly all of which stand in Beam's own class: 7,000 signatures a run, a tenth of a second before anything is read.
"""

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from apache_beam.transforms import core, userstate

from dateline.runners.engine import own_process

Arguments = tuple[list[str], list[Any]]
"""The names of a function's arguments, and the values of those that have a default."""
Specs = tuple[set[Any], set[Any]]
"""The states and the timers of a DoFn."""

arguments_of: Callable[[Any], Arguments] = core.get_function_args_defaults
specs_of: Callable[[Any], Specs] = userstate.get_dofn_specs
mixes_yield_and_return: Callable[[Any], bool] = core._check_fn_use_yield_and_return
"""These three are Beam's own."""

_arguments: dict[FunctionType, Arguments] = {}
_specs: dict[int, tuple[Any, Specs]] = {}
"""By a DoFn's id(), which is its own for as long as it is kept here."""


def take_shortcuts() -> None:
    """Have Beam remember, in this process and those forked from it, for the run that begins."""
    _specs.clear()
    core.get_function_args_defaults = _arguments_once
    userstate.get_dofn_specs = _specs_once
    if own_process.is_ours:  # Beam reads the source of each stage to warn of that; a test sees that none does
        core._check_fn_use_yield_and_return = lambda function: False


def _arguments_once(function: Any) -> Arguments:
    """What arguments_of() says: of a method that many DoFns share it is the same for each."""
    if not isinstance(function, MethodType) or not isinstance(function.__func__, FunctionType):
        return arguments_of(function)
    shared = function.__func__
    if shared not in _arguments:
        _arguments[shared] = arguments_of(function)
    names, defaults = _arguments[shared]
    return names.copy(), defaults.copy()


def _specs_once(dofn: Any) -> Specs:
    """What specs_of() says."""
    if id(dofn) not in _specs:
        _specs[id(dofn)] = dofn, specs_of(dofn)
    states, timers = _specs[id(dofn)][1]
    return states.copy(), timers.copy()
