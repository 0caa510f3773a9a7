"""What --profile leaves: flame.html for people, trace.json and stacks.txt for the tools that read these.

flame.html    a flame graph, roots above: a box's width is the processor's time in a function and all it called
trace.json    each bundle of each worker on a line of time; open it in https://ui.perfetto.dev or chrome://tracing
stacks.txt    "process;stage;function;... microseconds" a line; speedscope and flamegraph.pl read it
"""

import html
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dateline.runners.engine.stage_metrics import STAGES

GROUPS = (*STAGES, "shuffle", "run", "beam")
"""The boxes below the root, from left to right; what the others than the stages are, ABOUT says."""
ABOUT = (
    "shuffle: rows are packed, unpacked and sorted by key, between the stages. run: what is no stage, such as "
    "adding up the balance, and the commit. beam: Beam itself. Threads that know no Python, of Arrow and gRPC, are not in it."
)
HUES = dict(zip(GROUPS, (10, 30, 48, 75, 130, 200, 170, 225, 265, 310), strict=True))
ROW_PX = 19
LEAST_SHARE = 0.0005
"""Boxes that are narrower, as a share of the whole, are not drawn."""
PLUMBING = ("threading.", "thread.", "<frozen runpy>.", "runpy.", "apache_beam.utils.thread_pool_executor.")
"""What every thread begins with: it is not drawn."""

Stack = tuple[str, ...]
"""A group, then functions, from caller to called."""


class Process(NamedTuple):
    """What was seen of one process."""

    name: str
    stacks: Mapping[Stack, int]
    """Microseconds of the processor's time of each."""
    bundles: Sequence[dict[str, Any]]
    """Of each bundle: pid, tid, begin_ns (since 1970), wall_ns, cpu_ns, its stages and steps."""


_STYLE = """
:root { color-scheme: light dark; --page: #fff; --ink: #1d2329; --soft: #57606a; --line: #d8dce0 }
@media (prefers-color-scheme: dark) { :root { --page: #14181c; --ink: #e6e9ec; --soft: #a5aeb7; --line: #343c44 } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: var(--ink); background: var(--page) }
.scroll { overflow-x: auto } table { border-collapse: collapse; margin: 1rem 0 }
th, td { text-align: right; padding: .15rem .9rem .15rem 0; border-bottom: 1px solid var(--line); font-weight: normal }
th:first-child { text-align: left } p { color: var(--soft); margin: .3rem 0; max-width: 60rem }
#told { font: 13px/1.5 ui-monospace, monospace; color: var(--ink); min-height: 1.5em; overflow-wrap: anywhere }
#flame { position: relative; margin-top: .5rem }
#flame button { position: absolute; box-sizing: border-box; height: 18px; padding: 0 3px; margin: 0; overflow: hidden;
  font: 12px/18px ui-monospace, monospace; text-align: left; white-space: nowrap; text-overflow: ellipsis; color: #14181c;
  border: 0; border-right: 1px solid var(--page); border-radius: 2px; cursor: pointer }
#flame button:hover, #flame button:focus-visible { outline: 2px solid var(--ink); z-index: 1 }
"""

_ZOOM = """
const boxes = [...document.querySelectorAll("#flame button")], told = document.getElementById("told");
for (const box of boxes) { box.x = parseFloat(box.style.left); box.w = parseFloat(box.style.width);
  box.depth = parseFloat(box.style.top); }
const middle = box => box.x + box.w / 2;
const shown = depth => boxes.filter(box => box.depth === depth ? !box.hidden : false).sort((a, b) => a.x - b.x);
const step = boxes.length > 1 ? Math.min(...boxes.filter(box => box.depth > 0).map(box => box.depth)) : 1;
function widen(chosen) {
  for (const box of boxes) {
    const left = Math.max(0, (box.x - chosen.x) / chosen.w * 100);
    const right = Math.min(100, (box.x + box.w - chosen.x) / chosen.w * 100);
    box.hidden = 0.01 > right - left;
    box.style.left = left + "%"; box.style.width = right - left + "%";
  }
}
function go(to) { if (to) { boxes.forEach(box => box.tabIndex = -1); to.tabIndex = 0; to.focus(); } }
function beside(box, by) { const row = shown(box.depth); return row[row.indexOf(box) + by]; }
function above(box) { return shown(box.depth - step).find(up => up.w + 0.01 >= Math.abs(middle(box) - middle(up)) * 2); }
function below(box) {
  const row = shown(box.depth + step).filter(down => box.w + 0.01 >= Math.abs(middle(down) - middle(box)) * 2);
  return row.sort((a, b) => b.w - a.w)[0];
}
const keys = {ArrowUp: above, ArrowDown: below, ArrowLeft: box => beside(box, -1), ArrowRight: box => beside(box, 1),
  Home: () => boxes[0], Escape: () => { widen(boxes[0]); return boxes[0]; }};
for (const box of boxes) {
  box.onclick = () => { widen(box); go(box); };
  box.onfocus = box.onmouseenter = () => told.textContent = box.title;
  box.onkeydown = event => { if (keys[event.key]) { event.preventDefault(); go(keys[event.key](box)); } };
}
"""


def draw(folder: Path, processes: Sequence[Process]) -> None:
    """Write the three files into an existing folder.

    Args:
        folder: where to.
        processes: what was seen.
    """
    lines = sorted(
        f"{process.name};{';'.join(stack)} {count}\n"
        for process in processes
        for stack, count in process.stacks.items()
    )
    folder.joinpath("stacks.txt").write_text("".join(lines), "utf-8")
    folder.joinpath("trace.json").write_text(json.dumps({"traceEvents": list(events(processes))}), "utf-8")
    folder.joinpath("flame.html").write_text(page(processes), "utf-8")


def page(processes: Sequence[Process]) -> str:
    """The flame graph as a page that needs nothing else; it is well-formed XML, too."""
    root = Box("all")
    for process in processes:
        for (group, *stack), count in process.stacks.items():
            while stack and stack[0].startswith(PLUMBING):
                del stack[0]
            root.add([group, *stack], count)
    root.children = {name: root.children[name] for name in GROUPS if name in root.children}
    boxes = list(_boxes(root))
    height = ROW_PX * (1 + max(depth for depth, _ in boxes))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/><title>Dateline: profile</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"/><style>{_STYLE}</style></head>\n'
        "<body><main><h1>Where the time of a run went</h1>\n"
        "<p>Seconds of the processor's time; waiting is not in it. A box is a function with all that it called. Point "
        "at one to read it, click to widen it, click the topmost to go back. With the keyboard: Tab to the boxes, arrows "
        f"from one to the next, Enter to widen, Escape to go back.</p><p>{ABOUT}</p>\n"
        f'{_table(processes)}\n<p id="told" role="status"></p>\n'
        f'<div id="flame" role="group" aria-label="Flame graph" style="height:{height}px">\n'
        + "\n".join(box for _, box in boxes)
        + f"\n</div></main>\n<script>{_ZOOM}</script></body></html>\n"
    )


class Box:
    """A function in the flame graph, in one place that it is called from."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.children: dict[str, Box] = {}

    def add(self, stack: Sequence[str], count: int) -> None:
        """Add a stack of what this one called."""
        at = self
        at.count += count
        for name in stack:
            at = at.children.setdefault(name, Box(name))
            at.count += count


def _boxes(root: Box) -> Iterator[tuple[int, str]]:
    """Each box's depth and its HTML, callers before called."""
    total = root.count or 1
    todo = [(root, 0, 0, "")]
    while todo:
        box, depth, left, group = todo.pop()
        hue = HUES.get(group, 0)
        light = 72 + zlib.crc32(box.name.encode()) % 16  # the same in every picture
        color = f"hsl({hue},{65 if group else 0}%,{light}%)"
        name, text = html.escape(box.name), html.escape(".".join(box.name.split(".")[-2:]))
        yield (
            depth,
            f'<button type="button" tabindex="{-1 if depth else 0}" style="left:{100 * left / total:.3f}%;width:{100 * box.count / total:.3f}%;'
            f'top:{ROW_PX * depth}px;background:{color}" '
            f'title="{name}: {box.count / 1e6:.2f} s, {100 * box.count / total:.1f} %">{text}</button>',
        )
        children = list(box.children.values())
        if depth:  # the groups stand in the flow's order
            children.sort(key=lambda child: -child.count)
        for child in children:
            if child.count >= LEAST_SHARE * total:
                todo.append((child, depth + 1, left, group or child.name))
            left += child.count


def _table(processes: Sequence[Process]) -> str:
    """Seconds by group and process."""
    counts: Counter[tuple[str, str]] = Counter()
    for process in processes:
        for stack, count in process.stacks.items():
            counts[stack[0], process.name] += count
            counts[stack[0], "all"] += count
    names = [*(process.name for process in processes), "all"]
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in ("group", *names))
    rows = "".join(
        f"<tr><th>{group}</th>"
        + "".join(f"<td>{counts[group, name] / 1e6:.2f}</td>" for name in names)
        + "</tr>"
        for group in GROUPS
    )
    label = 'class="scroll" tabindex="0" role="region" aria-label="Seconds by group and process"'
    return f"<div {label}><table><tr>{heads}</tr>{rows}</table></div>"


def events(processes: Sequence[Process]) -> Iterator[dict[str, Any]]:
    """The bundles as Chrome's trace format has them: times in microseconds."""
    first = min((bundle["begin_ns"] for process in processes for bundle in process.bundles), default=0)
    for process in processes:
        for pid in {bundle["pid"] for bundle in process.bundles}:
            yield {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": process.name}}
        for bundle in process.bundles:
            yield {
                "ph": "X", "name": ", ".join(bundle["stages"]) or "beam",
                "pid": bundle["pid"], "tid": bundle["tid"],
                "ts": (bundle["begin_ns"] - first) / 1000, "dur": bundle["wall_ns"] / 1000,
                "args": {"cpu_ms": bundle["cpu_ns"] / 1e6, "steps": bundle["steps"]},
            }  # fmt: skip
