"""Work counted instead of timed: the same number on any machine, for what Python runs and what C does for it.

`metered()` imports the package once more, in a form that counts: a call, a turn of a loop and an item of a comprehension
are one each; what is sliced, joined, compared, or handed to a function that is not the package's own counts its
size; an expression counts what it may look at. It runs as the package does, some times slower.
"""

import ast
import importlib
import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import _lru_cache_wrapper
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

LINES = 40
"""Lines that an expression which is matched, not searched for, can look at: more than any header has that one reads."""
CHEAP = frozenset(
    ("len", "isinstance", "range", "enumerate", "zip", "iter", "map", "next", "getattr", "ord", "abs", "int", "id",
     "bisect_left", "bisect_right", "reversed", "type", "hasattr", "callable", "filter", "count", "count_key")
)  # fmt: skip
"""What takes no time that depends on what it is given."""
CHEAP_METHODS = frozenset(
    ("append", "add", "get", "pop", "popitem", "move_to_end", "setdefault", "appendleft", "popleft", "items", "keys", "values",
     "discard", "seek", "tell")
)  # fmt: skip
WHOLE = (
    "dateline.pipeline.rules", "dateline.pipeline.inputs", "dateline.pipeline.stages", "dateline.pipeline.ledgers",
    "dateline.pipeline.dataset.staging", "dateline.pipeline.elements", "dateline.schemas.columns", "dateline.schemas.contract",
)  # fmt: skip
"""Modules whose work is counted, with all below them."""
AGAIN = ("dateline.pipeline.", "dateline.schemas.")
"""What is imported once more."""


SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset)
HASHED = (dict, set, frozenset)
TEXTS = (str, bytes, bytearray)
HOLDERS = (ModuleType, type)
PLAIN = frozenset((int, bool, float, type(None)))
"""What has no size, and is met most often."""


def size_of(value: object) -> int:
    """Of a text or container; 0 of anything else."""
    if (kind := type(value)) in PLAIN:
        return 0
    if kind is str or kind is bytes or isinstance(value, SIZED):
        return len(value)
    size = getattr(value, "size", None) or getattr(value, "nbytes", None)
    return size if isinstance(size, int) else 0


class Meter:
    """The count, and what the package's code calls in its metered form."""

    def __init__(self) -> None:
        self.work = 0

    def forget(self) -> None:
        """Empty what the metered modules keep of earlier calls, so that the next run costs what a first one does."""
        for name in [name for name in sys.modules if name.startswith(WHOLE)]:
            for value in list(vars(sys.modules[name]).values()):
                if isinstance(value, _lru_cache_wrapper) and value.cache_parameters()["maxsize"]:
                    value.cache_clear()

    def tick(self) -> bool:
        self.work += 1
        return True

    def sized(self, value: Any) -> Any:
        self.work += 1 + size_of(value)
        return value

    def grown(self, value: Any) -> None:
        """After `+=`: a text is copied, a list is not."""
        if isinstance(value, str | bytes):
            self.work += len(value)

    def equal(self, one: Any, other: Any) -> Any:
        size = size_of(one)
        self.work += 1 + (size and min(size, size_of(other)))
        return one == other

    def within(self, one: Any, many: Any) -> bool:
        self.work += 1 + (0 if isinstance(many, HASHED) else size_of(many))
        return one in many

    def call(self, function: Any, *args: Any, **options: Any) -> Any:
        result = function(*args, **options)
        self.work += 1
        if type(function) is _lru_cache_wrapper:
            self.work += sum(map(size_of, args))  # hashed
        elif not _is_ours(function) and getattr(function, "__name__", "") not in CHEAP:
            self.work += sum(map(size_of, args)) + size_of(result)
        return result

    def method(self, owner: Any, name: str, *args: Any, **options: Any) -> Any:
        function = getattr(owner, name)
        if isinstance(owner, HOLDERS):
            return self.call(function, *args, **options)
        result = function(*args, **options)
        self.work += 1
        if isinstance(owner, TEXTS):
            self.work += int(_read(owner, name, result, args))
        elif type(owner) is re.Pattern:
            self.work += int(_looked_at(name, result, *args))
        elif name in ("update", "extend"):
            self.work += sum(map(size_of, args))
        elif name not in CHEAP_METHODS and not _is_ours(function):
            self.work += size_of(owner) + sum(map(size_of, args)) + size_of(result)
        return result


def _is_ours(function: Any) -> bool:
    """Whether a function, or a class that is made by calling it, counts its work itself."""
    kind = type(function)
    if kind is BuiltinFunctionType:
        return False
    if kind is MethodType:
        function = function.__func__
        kind = type(function)
    return (kind is FunctionType or isinstance(function, type)) and str(function.__module__).startswith(
        "dateline."
    )


def _read(text: Any, name: str, result: Any, args: Sequence) -> int:
    """Characters that a method of a text reads and makes."""
    if name in ("startswith", "endswith", "isspace", "isalpha", "isupper", "islower", "isdigit"):
        return len(text) if name.startswith("is") else size_of(args[0])
    if name in ("find", "index", "rfind", "rindex", "count"):
        first = args[1] if len(args) > 1 else 0
        end = min(len(text), args[2]) if len(args) > 2 else len(text)
        if name == "count" or result < 0:
            return max(0, end - first)
        return max(0, end - result if name.startswith("r") else result - first)
    return len(text) + size_of(result)


def _looked_at(name: str, result: Any, *args: Any) -> int:
    """Characters that an expression may look at in a call."""
    if name in ("sub", "subn"):
        return len(args[1]) + size_of(result)
    text = args[0]
    first = args[1] if len(args) > 1 and name != "split" else 0
    end = min(len(text), args[2]) if len(args) > 2 else len(text)
    if name == "search" and result is not None:
        return result.start() - first + _lines_from(text, result.start(), end)
    if name in ("match", "fullmatch"):
        return _lines_from(text, first, end)
    return max(0, end - first)


def _lines_from(text: Any, first: int, end: int) -> int:
    newline = b"\n" if isinstance(text, bytes | bytearray) else "\n"
    at = first
    for _ in range(LINES):
        at = text.find(newline, at, end) + 1
        if not at:
            return max(0, end - first)
    return at - first


class _Counting(ast.NodeTransformer):
    """Code -> the same code, which counts."""

    def __init__(self) -> None:
        self._depth = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._depth += 1
        body = [self.visit(part) for part in node.body]
        self._depth -= 1
        has_text = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
        body.insert(1 if has_text else 0, _tick())
        node.body = [each for part in body for each in (part if isinstance(part, list) else [part])]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value:
            node.value = self.visit(node.value)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        if self._depth:
            node.body.insert(0, _tick())
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        if self._depth:
            node.body.insert(0, _tick())
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        if self._depth:
            node.ifs.insert(0, _call("tick"))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not self._depth or (isinstance(node.func, ast.Name) and node.func.id in ("super", "cast")):
            return node
        if isinstance(node.func, ast.Attribute):
            name = ast.Constant(node.func.attr)
            return _call("method", node.func.value, name, *node.args, keywords=node.keywords)
        return _call("call", node.func, *node.args, keywords=node.keywords)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        is_slice = isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load)
        return _call("sized", node) if self._depth and is_slice else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        is_joining = isinstance(node.op, ast.Add | ast.Mult | ast.Mod)
        return _call("sized", node) if self._depth and is_joining else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return _call("sized", node) if self._depth else node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        self.generic_visit(node)
        if not self._depth or not isinstance(node.op, ast.Add):
            return node
        read = ast.parse(ast.unparse(node.target), mode="eval").body
        return [node, ast.Expr(_call("grown", read))]

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if not self._depth or len(node.ops) > 1:
            return node
        how = {ast.Eq: "equal", ast.In: "within", ast.NotIn: "within"}.get(type(node.ops[0]))
        if how is None:
            return node
        found = _call(how, node.left, node.comparators[0])
        return ast.UnaryOp(ast.Not(), found) if isinstance(node.ops[0], ast.NotIn) else found


def _tick() -> ast.stmt:
    """What tick() does, as a statement: where one may stand, it spares a call."""
    return ast.parse("_meter_.work += 1").body[0]


def _call(name: str, *args: ast.expr, keywords: Sequence[ast.keyword] = ()) -> ast.Call:
    function = ast.Attribute(ast.Name("_meter_", ast.Load()), name, ast.Load())
    return ast.Call(function, list(args), list(keywords))


def counting(source: str, name: str) -> Any:
    """The code of a module that counts; its names must have a Meter under `_meter_`."""
    return compile(ast.fix_missing_locations(_Counting().visit(ast.parse(source))), name, "exec")


class _Loader(importlib.machinery.SourceFileLoader):
    meter: Meter

    def get_code(self, fullname: str) -> Any:
        return counting(str(self.get_source(fullname)), self.path)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["_meter_"] = self.meter
        super().exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if not name.startswith(WHOLE):
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        if found and isinstance(found.loader, importlib.machinery.SourceFileLoader):
            found.loader = _Loader(name, found.loader.path)
            found.loader.meter = self._meter
        return found


@contextmanager
def metered(*names: str) -> Iterator[tuple[Meter, list[ModuleType]]]:
    """A meter, and some modules whose work it counts. Within, the package is the metered one for whoever imports it."""
    meter = Meter()
    finder = _Finder(meter)
    before = {name: module for name, module in sys.modules.items() if f"{name}.".startswith(AGAIN)}
    for name in before:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield meter, [importlib.import_module(name) for name in names]
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if f"{name}.".startswith(AGAIN)]:
            del sys.modules[name]
        sys.modules.update(before)
        for name, module in before.items():
            package, _, last = name.rpartition(".")
            setattr(sys.modules[package], last, module)
