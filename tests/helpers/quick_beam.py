"""What Beam works out anew some hundred times a run, worked out once: for the many runs in the tests' own process.

A run of one small dump takes half of the processor's time then. What is remembered depends on nothing but its arguments;
runs that are processes of their own have Beam as it is.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import wraps
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions

from dateline.runners.engine.beam_shortcuts import take_shortcuts


def quicken() -> None:
    """Have Beam remember, in this process and those that it forks."""
    PipelineOptions.__init__ = _remembering(PipelineOptions.__init__)
    take_shortcuts()


def _remembering(init: Callable[..., None]) -> Callable[..., None]:
    """Options of a class and some flags are parsed once: each view of them makes a parser of its own otherwise."""
    known: dict[tuple[type, tuple[str, ...]], Any] = {}

    @wraps(init)
    def quick(self: Any, flags: Sequence[str] | None = None, **overrides: Any) -> None:
        if flags is None or isinstance(flags, str):  # of the command line; or refused
            init(self, flags, **overrides)
            return
        key = (type(self), tuple(flags))
        if key not in known:
            init(self, flags, **overrides)
            known[key] = deepcopy(self._visible_options)
            return
        self._flags = flags
        self._visible_options = deepcopy(known[key])
        self._all_options = vars(self._visible_options) | overrides

    return quick
