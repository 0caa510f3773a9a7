"""Synthetic dumps of any size: invented words in the real layouts, with copies, always the same for the same options.

    python -m benchmarks.dumps --out DIR [--mb 100 | --pages 100000] [--files 4] [--copies 0.5] [--hot 0]
                               [--layouts AABCF] [--compress gz] [--seed 1]

A page is a lead article and one to three trailing ones. Of all blocks, the share --copies are articles that were
there before: leads crawled again (now and then under an edited headline, a day later), and trailing ones, without
their short URL. --hot adds that many blocks that share one headline, and nothing else but their place: each has
a text of its own and a day of its own in a year, as the column of a paper has. --layouts is letters of A to J (see
pages.py), and weighs by repetition.

--pages makes so many pages in place of --mb; with as many --files, each holds one page. DIR/truth.json tells
what a run must come to: the bytes (unpacked, and as they lie there), the blocks, how many of them are rejects for
want of a headline, and the distinct articles among the others.
"""

import argparse
import gzip
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

from benchmarks.pages import LAYOUTS, Article, block_of, form_of

PLACES = b"KYIV ALGIERS CAIRO RIYADH DUBAI LONDON PARIS LAGOS NAIROBI BEIJING LIMA TOKYO EREWHON".split()
CREDITS = b"AFP AP Reuters SPA AFP/File Supplied".split()
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
COUNTRIES = {"belize", "gaza", "kiribati", "mali", "nevada", "panama", "peru", "suriname", "togo", "tuvalu"}
"""What the syllables must not spell: it would tell a region."""
SMALL_WORDS = [
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
SLUG = b"abcdefghjmnpqrstuvwxyz2345679"
REMEMBERED = 5000
"""Articles that may come back: the site's newest."""


@dataclass(frozen=True)
class Recipe:
    """What dumps to make. The same recipe gives the same bytes."""

    mb: float = 100.0
    """Unpacked, without the hot blocks, which come on top."""
    pages: int = 0
    """That many pages in place of `mb`."""
    files: int = 4
    copies: float = 0.5
    hot: int = 0
    layouts: str = "AABCF"
    compress: str = "none"
    seed: int = 1

    def __post_init__(self) -> None:
        strangers = set(self.layouts) - set(LAYOUTS)
        if strangers or not self.layouts:
            raise ValueError(
                f"layouts {self.layouts!r}: expected one or more letters of {''.join(LAYOUTS)}, each as often as it weighs"
            )


class Maker:
    """Makes pages, one after the other, out of parts that were made before."""

    def __init__(self, seed: int, copies: float, layouts: str) -> None:
        self.random = random.Random(seed)
        self.copies = copies
        self.layouts = layouts
        self.number = 0
        """Articles so far."""
        self.nameless = self.rejects = 0
        """Articles without a headline, and the blocks of such."""
        self.blocks = self.pages = self.size = self.hot = self.hot_rejects = 0
        """Blocks and pages so far, the bytes of the pages, and the hot blocks, which are not among these."""
        self.articles: list[Article] = []
        self.shown: set[bytes] = set()
        """Slugs that stood under their article's own headline: only then may an edited one follow."""
        invented = ["".join(self.random.choices(SYLLABLES, k=self.random.randint(1, 4))) for _ in range(900)]
        self.words = [word for word in invented if word not in COUNTRIES] + SMALL_WORDS * 30
        self.paragraphs = [self.paragraph() for _ in range(12_000)]
        self.headlines = [self.sentence(5, 9) for _ in range(3000)]
        self.bullets = [b"  \xe2\x80\xa2 %s\n" % self.sentence(10, 18) for _ in range(2000)]
        self.subheadings = [b"\n%s" % self.sentence(2, 4).upper() for _ in range(300)]

    @property
    def distinct(self) -> int:
        """Articles so far that have a headline; all hot blocks are one."""
        return self.number - self.nameless + (self.hot > self.hot_rejects)

    def sentence(self, least: int, most: int) -> bytes:
        words = self.random.choices(self.words, k=self.random.randint(least, most))
        return " ".join(words).capitalize().encode()

    def paragraph(self) -> bytes:
        text = b". ".join(self.sentence(10, 22) for _ in range(self.random.randint(1, 3)))
        return b"\xe2\x80\x9c%s,\xe2\x80\x9d he said." % text if self.random.random() < 0.3 else text + b"."

    def day(self) -> int:
        """When the article of self.number appeared: any day of seven years."""
        return self.random.randrange(7 * 336)

    def article(self) -> Article:
        """A new one, which may come back."""
        pick = self.random
        self.number += 1
        body = pick.choices(self.paragraphs, k=pick.randint(8, 18))
        if pick.random() < 0.3:
            body.insert(4, pick.choice(self.subheadings))
        article = Article(
            headline=b"%s %d" % (pick.choice(self.headlines), self.number),
            day=self.day(),
            caption=b"%s (%s)\n" % (pick.choice(self.paragraphs), pick.choice(CREDITS)),
            slug=bytes(SLUG[self.number // len(SLUG) ** n % len(SLUG)] for n in range(5))
            if pick.random() < 0.4
            else b"",
            bullets=b"".join(pick.choices(self.bullets, k=pick.randint(1, 3))),
            text=b"%s: %s" % (pick.choice(PLACES), b"\n".join(body)),
            form=form_of(pick.choice(self.layouts), self.number),
        )
        if len(article.headline) < article.form.min_headline:
            article = article._replace(headline=article.headline + b" and nothing else")
        self.nameless += not article.form.has_headline
        if len(self.articles) < REMEMBERED:
            self.articles.append(article)
        else:
            old = self.articles[self.number % REMEMBERED]
            self.shown.discard(old.slug)
            self.articles[self.number % REMEMBERED] = article
        return article

    def block(self, article: Article, lead: bool) -> bytes:
        self.blocks += 1
        self.rejects += not article.form.has_headline
        return block_of(article, lead)

    def lead(self) -> bytes:
        """The block of a lead, new or crawled again."""
        pick = self.random
        if not self.articles or pick.random() >= self.copies:
            article = self.article()
        else:
            article = pick.choice(self.articles)
            if article.slug in self.shown and pick.random() < 0.1:
                article = article._replace(headline=article.headline + b" again", day=article.day + 1)
        if article.slug and article.form.has_url:
            self.shown.add(article.slug)
        return self.block(article, lead=True)

    def page(self) -> bytes:
        """A page; like each of its blocks it ends in a newline and two empty lines."""
        pick = self.random
        blocks = [self.lead()]
        for _ in range(pick.randint(1, 3)):
            copy = pick.random() < self.copies
            blocks.append(self.block(pick.choice(self.articles) if copy else self.article(), lead=False))
        page = b"\n\n".join(blocks) + b"\n\n"
        self.pages += 1
        self.size += len(page)
        return page

    def hot_block(self) -> bytes:
        """One more block of the headline that many share."""
        pick = self.random
        self.hot += 1
        text = b"CAIRO: " + b"\n".join(pick.choices(self.paragraphs, k=3))
        bullets, form = pick.choice(self.bullets), form_of(pick.choice(self.layouts), self.hot)
        article = Article(b"The news of the day in short", pick.randrange(336), b"", b"", bullets, text, form)
        self.hot_rejects += not form.has_headline
        return self.block(article, lead=False) + b"\n\n"


def pages(recipe: Recipe, maker: Maker, share: float) -> Iterator[bytes]:
    """The pages from where the maker is to a share of the whole; the hot blocks are spread evenly among them."""

    def done() -> float:
        return maker.pages / recipe.pages if recipe.pages else maker.size / (recipe.mb * 1e6)

    while done() < share:
        page = maker.page()
        while maker.hot < recipe.hot * min(1, done()):
            page += maker.hot_block()
        yield page


@contextmanager
def opened(path: Path, compress: str) -> Iterator[Any]:
    """A new file to write bytes to, which are packed on the way."""
    with path.open("wb", buffering=1 << 20) as file:
        if compress == "gz":
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:  # neither name nor time in the bytes
                yield packed
        elif compress == "zst":
            with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as packed:
                yield packed
        else:
            yield file


def make(out: Path, recipe: Recipe) -> dict[str, int]:
    """Write the dumps into a folder, in bounded memory; the truth about them."""
    out.mkdir(parents=True, exist_ok=True)
    maker = Maker(recipe.seed, recipe.copies, recipe.layouts)
    ending = "" if recipe.compress == "none" else f".{recipe.compress}"
    size = packed = 0
    for number in range(recipe.files):
        path = out / f"dump-{number:06d}.txt{ending}"
        with opened(path, recipe.compress) as file:
            for page in pages(recipe, maker, (number + 1) / recipe.files):
                size += file.write(page)
        packed += path.stat().st_size
    truth = {
        "bytes": size,
        "packed": packed,
        "files": recipe.files,
        "blocks": maker.blocks,
        "rejects": maker.rejects,
        "distinct": maker.distinct,
    }
    (out / "truth.json").write_text(json.dumps(truth) + "\n")
    return truth


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--mb", type=float, default=Recipe.mb)
    parser.add_argument("--pages", type=int, default=Recipe.pages)
    parser.add_argument("--files", type=int, default=Recipe.files)
    parser.add_argument("--copies", type=float, default=Recipe.copies)
    parser.add_argument("--hot", type=int, default=Recipe.hot)
    parser.add_argument("--layouts", default=Recipe.layouts)
    parser.add_argument("--compress", choices=["none", "gz", "zst"], default=Recipe.compress)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    options = vars(parser.parse_args())
    out = options.pop("out")
    try:
        recipe = Recipe(**options)
    except ValueError as error:
        parser.error(str(error))
    print(json.dumps(make(out, recipe)))


if __name__ == "__main__":
    main()
