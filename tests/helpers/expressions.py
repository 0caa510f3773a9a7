"""How much work a regular expression can be made to do, found by looking at it and counting.

`collected` gives every compiled expression of a package. `pumped` takes from automaton.py the strings that could make
one backtrack, a prefix that leads to a loop and a pump that goes round it in two ways, and tells by the steps of
matcher.py which of them do.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.helpers.automaton import Automaton
from tests.helpers.matcher import Endless, Matcher

SEARCHES = frozenset(("search", "finditer", "findall", "sub", "subn", "split"))


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


class Expression(NamedTuple):
    pattern: re.Pattern
    places: list[str]
    """Where it stands: "dateline.pipeline.rules.grammar.COMPILED[0].above"."""

    def is_among(self, names: set[str]) -> bool:
        """Whether a name, or a module, is part of one of its places."""
        return any(
            place.rpartition(".")[0] in names or {*re.findall(r"\w+", place)} & names for place in self.places
        )


def collected(package: ModuleType) -> list[Expression]:
    """Every compiled expression that a module of a package holds, in whatever it holds it.

    What a function without arguments makes once and keeps is looked at, too.
    """
    found: dict[int, Expression] = {}

    def look(value: object, name: str, depth: int = 0) -> None:
        if isinstance(value, re.Pattern):
            found.setdefault(id(value), Expression(value, [])).places.append(name)
        elif depth > 4 or isinstance(value, str | bytes):
            pass
        elif isinstance(value, Mapping):
            for key, item in value.items():
                look(item, f"{name}[{key!r}]", depth + 1)
        elif isinstance(value, tuple) and hasattr(value, "_fields"):
            for field in value._fields:
                look(getattr(value, field), f"{name}.{field}", depth + 1)
        elif isinstance(value, tuple | list | set | frozenset):
            for number, item in enumerate(value):
                look(item, f"{name}[{number}]", depth + 1)
        elif is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                look(getattr(value, field.name), f"{name}.{field.name}", depth + 1)
        elif isinstance(value, type) and value.__module__.startswith(package.__name__):
            for key, item in vars(value).items():
                look(item, f"{name}.{key}", depth + 1)

    for module in modules_of(package):
        for name, value in vars(module).items():
            if hasattr(value, "cache_info") and value.__module__ == module.__name__:
                if not value.__wrapped__.__code__.co_argcount:
                    look(value(), f"{module.__name__}.{name}()")
            else:
                look(value, f"{module.__name__}.{name}")
    return list(found.values())


def searched(package: ModuleType, expressions: Sequence[Expression]) -> set[str]:
    """The names that expressions are searched by, not only matched, in the sources of a package. Where a module searches
    by another name, one of a function's own, it may be any of the module's: then the module is among them."""
    names = set()
    for module in modules_of(package):
        tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in SEARCHES
            ):
                owner = node.func.value
                while isinstance(owner, ast.Subscript):
                    owner = owner.value
                name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                is_known = any(expression.is_among({name}) for expression in expressions)
                if is_known or node.func.attr not in ("split", "sub"):  # which strings have, too
                    names.add(name if is_known else module.__name__)
    return names


def written_in_place(package: ModuleType) -> list[str]:
    """Where a function of re is called with an expression, which `collected` does not find then."""
    found = []
    for module in modules_of(package):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and getattr(node.func.value, "id", "") == "re"
                and node.func.attr not in ("compile", "escape")
            ):
                found.append(f"{module.__name__}:{node.lineno}: re.{node.func.attr}")
    return found


SUFFIXES = ("\x01", "\n", "")
"""What may end a pumped text, so that the expression does not match, and has to go back."""
MOST = 2.2
STEPS_A_CHARACTER = 4000
"""What takes more is not waited for."""


def pumped(pattern: re.Pattern, is_search: bool, n: int = 150) -> Iterator[str]:
    """The suspects that do make an expression work more than MOST times as much for twice as many pumps."""
    matcher = Matcher(pattern)
    for prefix, pump, exits in dict.fromkeys(Automaton(pattern, is_search).suspects()):
        for suffix in (*SUFFIXES, *exits[:3]):
            texts = [prefix + pump * ((n // len(pump) + 1) << doubled) + suffix for doubled in range(4)]
            growth = grown(matcher, texts, is_search)
            if growth > MOST:
                yield f"{prefix!r} + n * {pump!r} + {suffix!r}: {growth:.1f} times the steps for 2n"
                break


def grown(matcher: Matcher, texts: Sequence[str | bytes], is_search: bool) -> float:
    """How many times the steps a text takes that has twice as many pumps as the one before.

    What is bounded by a number may grow until it is reached: so growth counts only if it goes on through all texts.
    """
    growth = 0.0
    try:
        before = matcher.steps(texts[0], is_search, STEPS_A_CHARACTER * len(texts[0]))
        for text in texts[1:]:
            steps = matcher.steps(text, is_search, STEPS_A_CHARACTER * len(text))
            growth, before = steps / before, steps
            if growth <= MOST:
                break
    except Endless:
        return float("inf")
    return growth
