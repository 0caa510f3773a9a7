"""Page furniture: what stands above an article and announces it.

 date 2022-04-20 You are here     the crawler's line
_
  • Home                          the breadcrumb
  • Envoys agree on rules
River talks                       the kicker, twice
River talks
_
Envoys agree on rules             the first line of the header
"""

from collections.abc import Sequence

from pipeline.rules.lines import crawl_day, is_name, kind_of

MAX_FURNITURE_LINES = 15
"""Lines of furniture above a header, at most."""


def furniture_above(lines: Sequence[str], start: int) -> tuple[int, str | None]:
    """What announces the header whose first headline stands on line `start`.

    Returns:
        The first line of the furniture (`start` itself where there is none), and the day in the crawler's
        line, as YYYY-MM-DD, or None.
    """
    first = i = start
    blanks = 0
    while i > 0 and first - i < MAX_FURNITURE_LINES:
        i -= 1
        kind = kind_of(lines[i])
        if kind == "blank":
            blanks += 1
            if blanks > 2:
                break
            continue
        blanks = 0
        if kind == "crawl":
            return i, crawl_day(lines[i])
        if kind == "bullet":
            home = _home_above(lines, i)
            if home is None:
                break
            start = i = home
        elif kind == "here" or (kind == "text" and is_name(lines[i]) and i and _is_kicker(lines, i)):
            start = i
        else:
            break
    return start, None


def _home_above(lines: Sequence[str], i: int) -> int | None:
    """The line "• Home" that heads the breadcrumb ending at line i."""
    for j in range(i, max(-1, i - 4), -1):
        if kind_of(lines[j]) != "bullet":
            return None
        if lines[j].strip()[1:].strip() == "Home":
            return j
    return None


def _is_kicker(lines: Sequence[str], i: int) -> bool:
    """A running theme: printed twice, or directly under a breadcrumb."""
    if lines[i].strip() in (lines[i - 1].strip(), lines[i + 1].strip() if i + 1 < len(lines) else None):
        return True
    above = next((j for j in range(i - 1, max(-1, i - 3), -1) if lines[j].strip()), None)
    return above is not None and (
        kind_of(lines[above]) in ("crawl", "here")
        or (kind_of(lines[above]) == "bullet" and _home_above(lines, above) is not None)
    )
