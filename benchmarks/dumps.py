"""A synthetic dump of any size: invented words in the real layouts, with copies, always the same for a seed.

    python -m benchmarks.dumps --mb 100 --out DIR [--files 4] [--copies 0.5] [--layouts ABCF] [--seed 1]

A page is a lead article and one to three trailing ones. Of all blocks, the share --copies are articles that
were there before: leads crawled again, and trailing ones, without their short URL. One in a hundred blocks is
a copy of one single article, the hot one.
"""

import argparse
import random
from collections import deque
from pathlib import Path

PLACES = [
    "KYIV",
    "ALGIERS",
    "CAIRO",
    "RIYADH",
    "DUBAI",
    "LONDON",
    "PARIS",
    "LAGOS",
    "NAIROBI",
    "BEIJING",
    "LIMA",
    "TOKYO",
    "ATLANTIS",
]
CREDITS = ["AFP", "AP", "Reuters", "SPA", "AFP/File", "Supplied"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
SLUG = "abcdefghjmnpqrstuvwxyz2345679"
REMEMBERED = 5000
"""Articles that may come back: the site's newest."""


class Maker:
    """Makes pages, one after the other."""

    def __init__(self, seed: int, copies: float, layouts: str) -> None:
        self.random = random.Random(seed)
        self.copies = copies
        self.layouts = layouts
        self.number = 0
        self.articles: deque[dict] = deque(maxlen=REMEMBERED)
        words = ["".join(self.random.choices(SYLLABLES, k=self.random.randint(1, 4))) for _ in range(900)]
        self.words = (
            words
            + [
                "the",
                "of",
                "to",
                "in",
                "and",
                "a",
                "that",
                "for",
                "on",
                "was",
                "with",
                "by",
                "said",
                "from",
                "is",
            ]
            * 30
        )
        self.paragraphs = [self.paragraph() for _ in range(4000)]

    def sentence(self, least: int, most: int) -> str:
        return " ".join(self.random.choices(self.words, k=self.random.randint(least, most))).capitalize()

    def paragraph(self) -> str:
        text = ". ".join(self.sentence(10, 22) for _ in range(self.random.randint(1, 3))) + "."
        return f"“{text[:-1]},” he said." if self.random.random() < 0.3 else text

    def article(self) -> dict:
        pick = self.random
        self.number += 1
        day = f"{pick.randint(1, 28):02d} {pick.choice(MONTHS)} {pick.randint(2019, 2025)}"
        slug = "".join(SLUG[self.number // len(SLUG) ** n % len(SLUG)] for n in range(5))
        body = pick.choices(self.paragraphs, k=pick.randint(8, 18))
        if pick.random() < 0.3:
            body.insert(4, "\n" + self.sentence(2, 4).upper())
        article = {
            "headline": f"{self.sentence(5, 9)} {self.number}",
            "caption": f"{pick.choice(self.paragraphs)} ({pick.choice(CREDITS)})",
            "slug": slug if pick.random() < 0.4 else "",
            "stamp": f"Updated {day}",
            "bullets": [f"  • {self.sentence(10, 18)}" for _ in range(pick.randint(0, 3))],
            "text": f"{pick.choice(PLACES)}: " + "\n".join(body),
            "layout": pick.choice(self.layouts),
        }
        self.articles.append(article)
        return article

    def block(self, article: dict, lead: bool) -> str:
        headline, stamp, bullets = article["headline"], article["stamp"], article["bullets"]
        layout = article["layout"]
        above = [headline, ""]
        if layout == "F":
            return "\n".join([headline, stamp, "Layla Haddad", article["text"]])
        if layout in "BC":
            above.append(headline)
        if lead:
            above += [article["caption"], "Short Url"]
            above += ["", f"https://arab.news/{article['slug']}", ""] if article["slug"] else []
        above += [stamp, "Reuters" if layout == "C" else "Follow", "", headline]
        above += [""] if layout == "A" else ["", headline]
        below = [stamp, "Reuters", ""] if layout == "C" else [""]
        return "\n".join(above + bullets + below + [article["text"]])

    def page(self) -> str:
        pick = self.random
        blocks = []
        for n in range(pick.randint(2, 4)):
            if self.articles and pick.random() < self.copies:
                hot = pick.random() < 0.01 / max(self.copies, 0.01)
                article = self.hot if hot else pick.choice(self.articles)
            else:
                article = self.article()
                if self.number == 1:
                    self.hot = article
            blocks.append(self.block(article, lead=n == 0))
        return "\n\n\n".join(blocks)


def make(
    out: Path, megabytes: float, files: int = 4, copies: float = 0.5, layouts: str = "AABCF", seed: int = 1
) -> int:
    """Write the dumps into a folder; the bytes written."""
    out.mkdir(parents=True, exist_ok=True)
    maker = Maker(seed, copies, layouts)
    total = 0
    for number in range(files):
        size = 0
        with (out / f"dump-{number:03d}.txt").open("w", encoding="utf-8") as file:
            while size < megabytes * 1e6 / files:
                page = maker.page() + "\n\n\n"
                file.write(page)
                size += len(page.encode())
        total += size
    return total


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mb", type=float, default=100)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--copies", type=float, default=0.5)
    parser.add_argument("--layouts", default="AABCF")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(f"{make(args.out, args.mb, args.files, args.copies, args.layouts, args.seed):,} bytes")


if __name__ == "__main__":
    main()
