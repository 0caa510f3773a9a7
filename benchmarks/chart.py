"""Bar charts as SVG, written by hand: a panel for each figure, a bar for each contender."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, LABELS, BAR, GAP = 900, 300, 18, 30
COLORS = ("#3a7ca5", "#81c3d7", "#d9a441", "#ecd09a", "#7d9d6e", "#b6546b")


class Panel(NamedTuple):
    title: str
    bars: Sequence[tuple[str, str, float]]
    """Group, name and value of each; a name has its colour in all panels."""


def svg(title: str, panels: Sequence[Panel]) -> str:
    names = list(dict.fromkeys(name for panel in panels for _, name, _ in panel.bars))
    parts, y = [f'<text x="10" y="24" font-size="17">{escape(title)}</text>'], 30
    for panel in panels:
        y += GAP
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{escape(panel.title)}</text>')
        most = max(value for _, _, value in panel.bars) or 1
        before = None
        for group, name, value in panel.bars:
            y += BAR if group == before or before is None else BAR + 8
            before = group
            length = (WIDTH - LABELS - 90) * value / most
            label = f"{group}: {name}" if group else name
            color = COLORS[names.index(name) % len(COLORS)]
            parts += [
                f'<text x="{LABELS - 8}" y="{y}" text-anchor="end">{escape(label)}</text>',
                f'<rect x="{LABELS}" y="{y - 11}" width="{length:.1f}" height="{BAR - 4}" fill="{color}"/>',
                f'<text x="{LABELS + length + 6:.1f}" y="{y}">{value:,.1f}</text>',
            ]
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 20}" font-family="sans-serif" '
        f'font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )
