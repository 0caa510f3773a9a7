"""The house: which room may import from which, how large a module may be, and that all of it goes by one name."""

import ast
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

MOST_LINES = 300

FLOORS = (
    ("dateline.errors",),
    (
        "dateline.schemas",
        "dateline.pipeline.atomic",
        "dateline.pipeline.names",
        "dateline.pipeline.stop",
        "dateline.pipeline.versions",
    ),
    ("dateline.pipeline.progress", "dateline.pipeline.elements", "dateline.pipeline.samples"),
    ("dateline.pipeline.reject_limit", "dateline.pipeline.rules"),
    ("dateline.pipeline.store",),
    ("dateline.pipeline.inputs",),
    ("dateline.pipeline.dataset", "dateline.pipeline.config"),
    ("dateline.pipeline.ledgers",),
    ("dateline.pipeline.verify",),
    ("dateline.pipeline.stages", "dateline.pipeline.report"),
    ("dateline.pipeline.flow", "dateline.pipeline.run"),
    ("dateline.runners.engine",),
    ("dateline.runners.command",),
    ("dateline",),
)
"""The rooms, and the modules that are in none, from the ground up: each imports from below, none from above or beside."""
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
TOP = {"dateline.open_dataset": "dateline.pipeline.dataset.reader", "dateline.__version__": "dateline.errors"}
"""What the package itself gives to those below, and what that stands for."""


def modules() -> dict[str, Path]:
    """Each module that is packed, by its name; through the links, as an import finds it."""
    found = {}
    for folder, _, names in os.walk(ROOT / "dateline", followlinks=True):
        for path in (Path(folder, name) for name in names if name.endswith(".py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


MODULES = modules()


def imported(name: str, path: Path) -> Iterator[str]:
    """The modules of ours that a module imports, wherever in it; but for what only a type checker reads."""
    tree = ast.parse(path.read_text("utf-8"))
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, ast.If) or ast.unparse(node.test) != "TYPE_CHECKING"
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} has a relative import in line {node.lineno}"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                target = TOP.get(full, full if full in MODULES else node.module)
                if target in MODULES:
                    yield target


ARROWS = {name: {other for other in imported(name, path) if other != name} for name, path in MODULES.items()}


def room_of(name: str) -> str:
    return max((room for room in FLOOR_OF if f"{name}.".startswith(f"{room}.")), key=len)


def test_every_arrow_points_down():
    assert len(ARROWS) > 100
    wrong = [
        f"{name} imports {other}"
        for name, others in ARROWS.items()
        for other in others
        if room_of(other) != room_of(name) and FLOOR_OF[room_of(other)] >= FLOOR_OF[room_of(name)]
    ]
    assert wrong == []


def test_every_room_has_its_floor():
    lost = {name for name in MODULES if room_of(name) == "dateline"} - {
        "dateline", "dateline.__main__", "dateline.pipeline", "dateline.runners",
    }  # fmt: skip
    assert lost == set()
    assert {room for room in FLOOR_OF if room not in {room_of(name) for name in MODULES}} == set()


def test_no_import_goes_in_a_circle():
    assert circles(ARROWS) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"]]


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import each other, however long the way."""
    ends: dict[str, set[str]] = defaultdict(set)
    for name in arrows:
        todo = [name]
        while todo:
            for other in arrows.get(todo.pop(), ()):
                if other not in ends[name]:
                    ends[name].add(other)
                    todo.append(other)
    found = {
        tuple(sorted(other for other in ends[name] if name in ends[other]))
        for name in arrows
        if name in ends[name]
    }
    return sorted(map(list, found))


def test_no_module_is_too_long():
    lines = {name: path.read_text("utf-8").count("\n") for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize(
    "name", sorted(name for name, floor in FLOOR_OF.items() if floor < FLOOR_OF["dateline.pipeline.stages"])
)
def test_beam_is_met_in_stages_only(name):
    """But for the store, which asks Beam's file systems, and that only once a path is in a store."""
    for module, path in MODULES.items():
        if room_of(module) == name and name != "dateline.pipeline.store":
            assert "apache_beam" not in path.read_text("utf-8"), module


def test_the_rules_read_no_file():
    for name, path in MODULES.items():
        if room_of(name) == "dateline.pipeline.rules":
            assert not {other for other in ARROWS[name] if room_of(other) == "dateline.pipeline.store"}, name
            assert "open(" not in path.read_text("utf-8"), name


def test_what_is_imported_goes_by_one_name():
    """`pipeline` and the like stand at the top of a clone, where a script could import them a second time."""
    for path in [*MODULES.values(), *ROOT.glob("tests/**/*.py"), *ROOT.glob("benchmarks/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"pipeline", "runners", "schemas"}, path
