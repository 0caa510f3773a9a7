"""Golden pages: invented articles in the layouts of the wild, with all that must be read from them.

After a change that is meant, `python -m tests.test_golden` writes the expectations anew; read the diff.
"""

import json
from pathlib import Path

import pytest

from pipeline.elements import Block, Dump, Piece, Reject
from pipeline.rules import layout, stampless
from pipeline.rules.blocks import Limits, block_of
from pipeline.rules.grammar import COMPILED, COMPILED_STAMPLESS
from pipeline.rules.split import cut_range
from pipeline.stages.parse import record_of
from pipeline.stages.spool import Place

GOLDEN = sorted(Path(__file__).parent.joinpath("golden").glob("*.txt"))
LETTERS = set("ABCDEFGHIJ")


def read_page(path: Path) -> list[dict]:
    """Everything that comes out of one page, in order."""
    data = path.read_bytes()
    dump = Dump(str(path), path.name, len(data))
    found = []
    for cut in cut_range(lambda offset, n: data[offset : offset + n], 0, lambda start: True, 1 << 20):
        block = block_of(Piece(0, *cut), Limits())
        item = record_of(block, Place(dump.source, *block[1:3]), None) if isinstance(block, Block) else block
        if isinstance(item, Reject):
            found.append({name: getattr(item, name) for name in ("reason", "detail", "offset", "length")})
        elif item is not None:
            found.append(item.record)
    return found


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_page(path):
    assert read_page(path) == json.loads(path.with_suffix(".json").read_text("utf-8"))


def test_every_layout_has_a_golden_page():
    assert {path.name[0] for path in GOLDEN} == LETTERS


ENTRIES = [
    *((layout, "COMPILED", entry) for entry in COMPILED),
    *((stampless, "COMPILED_STAMPLESS", entry) for entry in COMPILED_STAMPLESS),
]


@pytest.mark.parametrize(
    ("module", "name", "entry"), ENTRIES, ids=lambda value: getattr(value, "letter", None)
)
def test_every_layout_is_needed_by_a_golden_page(module, name, entry, monkeypatch):
    """Without any one entry of the grammar some page comes out wrong."""
    monkeypatch.setattr(module, name, tuple(other for other in getattr(module, name) if other is not entry))
    assert any(read_page(path) != json.loads(path.with_suffix(".json").read_text("utf-8")) for path in GOLDEN)


if __name__ == "__main__":
    for page in GOLDEN:
        text = json.dumps(read_page(page), indent=1, ensure_ascii=False)
        page.with_suffix(".json").write_text(text + "\n", "utf-8")
