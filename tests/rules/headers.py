"""Texts that look like headers, made of lines that could mislead whoever reads them."""

from collections.abc import Callable, Sequence

Pick = Callable[[Sequence[str]], str]
"""Chooses one of some lines, or pieces of a line."""

HEADLINES = (
    "Ferry’s captain returns to the “old” harbor",
    *("Ferry returns to the old harbor",) * 20,
    "Ferry\tand\u00a0captain return, both",
    "A ferry that comes back in time, as its captain said.",
    "A ferry comes back (AFP)",
    "KYIV: A ferry comes back",
    "KYIV opens a bridge",
    "Jane Doe",
    "AFP",
    "Nine",
    "Ab c",
    "12 ferries come back",
    "Special ropes are on sale",
    "quotes of a captain",
    "Short Url of a ferry",
    "Updated figures are due",
    "Following a ferry home",
    "Enter a ferry",
    "MORE FROM the harbor",
    "date 2022-04-20 of a ferry",
    "By Jane Doe on a ferry",
    "Topics: ferry",
    "Café — the ferry’s own",
    "- A ferry comes back",
    "A ferry " + "of its captain " * 18,
    "A ferry " + "of its captain’s " * 17 + "and of his own",
    "A ferry " + "of its captain’s " * 17 + "and so on",
)
GAPS = ("",) * 90 + (" ", "    ", "\t", "\u00a0", "\u3000")
CREDITS = ("The ferry at its berth. (AFP/File)", "The ferry at its berth. (AFP)", "(AFP)", "[Supplied]")
CAPTIONS = (
    *CREDITS,
    "The ferry at its berth.",
    "The ferry at its berth",
    "Jane Doe",
    "A. (AFP) ",
    "Photo/Supplied",
)
SLOTS = (("Short Url",), ("Short Url", "", "https://arab.news/q7xvz", ""), ("Short Url", "https://arab.news/q7xvz"),
         ("Short Url ", "", "", "http://www.arab.news/q7xvz/", "", ""), ("https://arab.news/q7xvz",),
         ("Short Url", "https://example.org/a"))  # fmt: skip
STAMPS = ("Updated 07 September 2023",) * 90 + (
    "Updated 8 May 2021 ", " Updated 07 September 2023", "Updated 07 September 2023\u00a0", "Updated 07 Sept 2023",
    "Updated 07 September 2023 12:30", "Updated 3 days ago", "Published: 06 September 2023 Updated 07 September 2023",
    "Updated: 07 September 2023", "Updated 07 september 2023", "Updated 70 September 0023",
)  # fmt: skip
NAMES = ("AFP", "Reuters", "Arab News", "JANE DOE", "Jane Doe", "Arab News ", "Jane Doe.", "Jane |",
         "MORE FROM Rome", "A Name that goes on and on until it is as long as a name can", "É. Lutin")  # fmt: skip
BULLETS = ("  • It took two years", "• It took two years", "    • It took", "     • It took", "  •", "  • ", "- It took",
           "  •  It took ", "  • Home", "•\u00a0It took", "\t• It took", "  • Search form", "•It took", "  • Home is far",
           "  • 12 000", "  • 1 / 2", "  • مرفأ", "• Home.", "  • Search forms", "  • It took two years. (AFP)", "   • It took\t", "• ")  # fmt: skip
BODIES = ("KYIV: The ferry left the harbor at dawn with forty passengers on board.", "The ferry left the harbor.",
          "“Nobody expected it,” he said.", "Ferry", "(Left at dawn.)", "[Left at dawn.]", "Updated figures came.",
          "Published: all of it.", "    The ferry left.", "0", "Follow", "- The ferry left.", "Follow the ferry.",
          "• It left", "AFP", "(AFP)", "The ferry at its berth. (AFP/File)", "é" * 15, "Another headline of it", "\u00a0Ferry", "x" * 2100, "Special ropes.", "quotes of it", "Ferry\u00a0")  # fmt: skip
ODD = (
    "", "", " ", "\u00a0", "\t", "Follow", "0", "1 / 2", "date 2022-04-20 You are here", " date 2022-04-20 of it",
    "You are here", "  • Home", "• Search form", "Search form", "Last updated: 3 min ago", "17 February 2023",
    "Click on the number for more info", "1 2 3 4", "Topics: a b", "MOST POPULAR", "© 2024 SAUDI RESEARCH", "Enter",
    "keywords", "-", "{{#bullets}}", "é" * 15, "x" * 2100, "KYIV: A paragraph of it.",
    "AFP", "Jane Doe", "JANE DOE", "Short Url", "https://arab.news/q7xvz", "Another headline of the page", "A sentence.",
    "A sentence that ends in a full stop and is longer than any name could be.", "(AFP)", "Updated 07 September 2023",
    "Special ", "quotes of it", "  • It took two years", "Jane | ARAB NEWS", "\u200b", "\u2028", "\x1c", "\x85",
)  # fmt: skip


def variants(headline: str) -> list[str]:
    """A line as it is, most of all; and what may be the same to a reader, or nearly."""
    other = headline.replace("’", "'").replace("“", '"').replace("”", '"').replace("—", "-")
    return [
        *[headline] * 400, other, headline + " ", headline + "   ", " " + headline, headline.upper(), headline + "\u00a0",
        headline.replace(" ", "  ", 1), headline.replace(" ", "\u00a0", 1), headline + "\t", "quotes " + headline,
        "Special " + headline, headline + "\u200b", headline + ".", headline[:-1], "  • " + headline, "- " + headline,
        headline.replace("captain", "sailor"), headline + " (AFP)",
    ]  # fmt: skip


def header_text(pick: Pick, above: bool) -> str:
    """The header of one article, its usual form more often than any other, and some of its body.

    Args:
        pick: makes the choices.
        above: whether lines that belong to something else may stand above it.
    """

    def some(lines: Sequence[str], odd: Sequence[str] = ODD) -> list[str]:
        """One of the lines, hardly ever an odd one."""
        return [pick([*lines] * (1 + 40 * len(odd) // len(lines)) + [*odd])]

    def often(*parts: list[str], times: str = "0111") -> list[str]:
        return [line for part in parts for line in part] * int(pick(times))

    headline = pick(HEADLINES)
    copies = variants(headline)
    caption = some([*CAPTIONS[:3] * 6, *CAPTIONS, *copies[395:]])
    name = some([*NAMES[:5] * 8, *NAMES])
    lines = often([*some(ODD, ()), *some(ODD, ()), "", ""], times="0001111") if above else []
    lines += often(some(["", " "]), times="0001") if above else []
    lines += [*some(copies), *some(GAPS)]
    lines += often(some(copies), times="0001") + often(caption)
    lines += list(SLOTS[int(pick("012345"))]) if pick("0001") == "1" else []
    stamp = some(STAMPS)
    lines += stamp + often(some(["Follow", "Follow ", *name * 2]))
    lines += [*some(GAPS), *some(copies), *often([*some(GAPS), *some(copies)], times="0001")]
    lines += often(some(GAPS)) + [
        line for _ in range(int(pick("0011233457"))) for line in some([*BULLETS[:2] * 40, *BULLETS])
    ]
    lines += often(
        [*often(some(GAPS)), *some([*stamp, *STAMPS]), *some(name * 4 + ["Reuters"])], times="0001"
    )
    lines += often(some(GAPS)) + often(some(GAPS), times="0001")
    lines += some([*BODIES[:2] * 30, *BODIES, *copies[399:], *caption])
    for _ in range(int(pick("000000112"))):
        at = int(float(pick([str(n / 40) for n in range(40)])) * (len(lines) + 1))
        change = pick(["blank", "double", "delete", "insert"])
        if change == "insert":
            lines.insert(at, *some([*ODD, *copies[400:], *caption], ()))
        elif change == "blank":
            lines.insert(at, "")
        elif change == "double":
            lines[at:at] = lines[at : at + 1]
        else:
            del lines[at : at + 1]
    lines += [line for _ in range(int(pick("0123"))) for line in some(BODIES)]
    newline = pick(["\n"] * 9 + [" \n"])  # what is left of CRLF
    return newline.join(lines) + pick(["", "\n", "\n\n", "\n\n\n", "\n \n\n\n"])
