"""Forms: how numbers, sizes, times and texts of a report are written for people."""

from dateline.pipeline.rules.text import printable


def number(value: float) -> str:
    """A number as people write it.

    >>> number(1234567), number(0.123)
    ('1,234,567', '0.12')
    """
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def brief(value: int) -> str:
    """A number in a cell of four characters or so.

    >>> brief(999), brief(1234), brief(56_789), brief(1_234_567)
    ('999', '1.2k', '57k', '1.2M')
    """
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= unit:
            return f"{value / unit:.1f}{letter}" if value < 9.95 * unit else f"{value / unit:.0f}{letter}"
    return str(value)


def size(value: float) -> str:
    """Bytes, in the unit that fits.

    >>> size(999), size(12_345), size(3_210_000_000)
    ('999 B', '12.3 kB', '3.2 GB')
    """
    if value < 1000:
        return f"{value:.0f} B"
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if value >= 0.9995 * unit:
            return f"{value / unit:,.1f} {name}"
    raise AssertionError(value)


def share(part: float, whole: float) -> str:
    """A share in percent; what is there, but less than a tenth of one, says so.

    >>> share(1, 3), share(1, 10_000), share(0, 5)
    ('33.3 %', '< 0.1 %', '0 %')
    """
    if not part:
        return "0 %"
    percent = 100 * part / whole
    return f"{percent:.1f} %" if percent >= 0.1 else "< 0.1 %"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours.

    >>> duration(3.21), duration(75), duration(7322)
    ('3.2 s', '1 min 15 s', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def short(text: str, most: int) -> str:
    """A text that is no longer than so many characters, with what could steer a reader's screen as an escape."""
    text = printable(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
