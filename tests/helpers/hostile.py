"""Dumps that are made to cost: what stands in each repeats without end. And the whole of a run's work on one, counted."""

from collections.abc import Callable
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

HEADLINE = "Ferry returns to the old harbor after years"
STAMP = "Updated 07 September 2023\n"
BODY = (
    "KYIV: Traffic crossed it on Monday, and then it went on for a while, as everybody had said it would.\n"
)
CUT = "The ferry left the harbor at dawn with forty passengers on board who had waited for it since the"
PLAIN = f"\n\n\n{HEADLINE}\n\nShort Url\n{STAMP}Follow\n\n{HEADLINE}\n\n{BODY}"


def repeated(part: str, above: str = "", below: str = "") -> Callable[[int], bytes]:
    """Of as many bytes as asked for, about: a part again and again, with something above and below."""

    def shape(size: int) -> bytes:
        characters = size * len(part) // len(part.encode())
        many, rest = divmod(characters, len(part))
        more = (
            part[:rest] if many < 20 else ""
        )  # of a long part some lines, and else none: all dumps end in the same
        text = part * many + more[: more.rfind("\n") + 1]
        return (above + text + below).encode()

    return shape


def numbered(part: str, above: str = "") -> Callable[[int], bytes]:
    """The same, with a number of its own in each."""

    def shape(size: int) -> bytes:
        many = max(1, size // len(part.format(n=100_000, day=10).encode()))
        return (above + "".join(part.format(n=n, day=n % 28 + 1) for n in range(many))).encode()

    return shape


def one_line(part: str, above: str = "", below: str = "") -> Callable[[int], bytes]:
    return repeated(part, f"\n\n\n{HEADLINE}\n\n{above}", f"{below}\n{STAMP}Follow\n\n{HEADLINE}\n\n{BODY}")


def many_urls(size: int) -> bytes:
    """One headline: half of its copies with a short URL of their own, half on a day of their own."""
    return numbered(
        f"\n\n\n{HEADLINE}\n\nShort Url\nhttps://arab.news/a{{n}}\n{STAMP}Follow\n\n{HEADLINE}\n\n{BODY}"
        f"\n\n\n{HEADLINE}\n\nShort Url\nUpdated 0{{day}} May 20{{n}}\nFollow\n\n{HEADLINE}\n\n{BODY}"
    )(size)


SHAPES: dict[str, Callable[[int], bytes]] = {
    "pages as they should be": numbered(PLAIN.replace("Ferry", "Ferry {n}")),
    "galleries": repeated(f"\n\n{HEADLINE}\n\n" + "1 / 9\nA caption of it.\n" * 30 + f"• A bullet\n{STAMP}Follow\n\n{HEADLINE}\n\n{BODY}"),
    "one gallery": repeated("1 / 9\nA caption of it.\n", f"\n\n{HEADLINE}\n\n", f"• A bullet\n{STAMP}Follow\n\n{HEADLINE}\n\n{BODY}"),
    "counters": repeated("1 / 2\nA caption (AFP)\n"),
    "slots": repeated("Short Url\nhttps://arab.news/ab2cd\n", f"{HEADLINE}\n\n{HEADLINE}\n"),
    "slots without URLs": repeated("Short Url\n"),
    "headlines and slots": repeated(f"{HEADLINE}\n\n{HEADLINE}\n" + "Short Url\nhttps://arab.news/ab2cd\n" * 24 + "Follow\n"),
    "short URLs": repeated("https://arab.news/ab2cd\n"),
    "headlines and short URLs": repeated("\n\nA headline of it\n\nhttps://arab.news/ab2cd\n"),
    "short URLs and days of one headline": many_urls,
    "stamps": repeated(STAMP),
    "stamps and names": repeated(f"{STAMP}AFP\n\n"),
    "stamps below one headline": lambda size: repeated(
        STAMP, f"\n\n\n{HEADLINE}\n\n{'A caption of it. ' * (size // 34)}\n"
    )(size // 2),
    "headlines and stamps": repeated(f"A headline of it\n\n{STAMP}Follow\n\n"),
    "a word of a stamp": repeated("Updated\n"),
    "bullets": repeated("  • a bullet\n"),
    "bullets under a headline": repeated("  • a bullet\n", f"\n\n\n{HEADLINE}\n\n{STAMP}Follow\n\n{HEADLINE}\n\n"),
    "dashes under headlines": repeated("A headline of it all\n" + "- a bullet that goes on for some words\n" * 19),
    "a sentence cut again and again": repeated("a\n", PLAIN + CUT + "\n"),
    "sentences cut": repeated(CUT + "\n" + "a\n" * 40, PLAIN),
    "crawler's lines": repeated("date 2022-04-20 You are here\n"),
    "crawler's lines and headlines": repeated("date 2022-04-20 You are here\n\nA headline of it all\nA headline of it all\n- b\n"),
    "furniture": repeated("You are here\n  • Home\n  • World\nSearch form\n1 2 3 4\n"),
    "numbers of a timeline": repeated("Click on the number for more info\n"),
    "mojibake": repeated("Ã¢â‚¬â„¢"),
    "lines of mojibake": repeated("Ã¢â‚¬â„¢ of it\n", PLAIN),
    "one long line": repeated("x"),
    "one long line of words": repeated("word ", PLAIN),
    "one long caption": one_line("word "),
    "a headline without end": lambda size: (
        b"Long " * (size // 10) + f"\n\n{STAMP}Follow\n\n".encode() + b"Long " * (size // 10)
    ),
    "long lines": repeated("word " * 3400 + "\n", PLAIN),
    "long lines below slots": repeated("Short Url\n" + "word " * 3400 + "\n"),
    "a number, then spaces": one_line(" ", above="1", below="x"),
    "marks that combine": one_line("\u0316\u0301"),
    "nested brackets": one_line("("),
    "brackets in brackets": one_line("(a) [b] "),
    "quotes in quotes": repeated("“‘’”", PLAIN),
    "boxes": repeated("Enter\nkeywords\n", PLAIN),
    "boxes behind titles": repeated("A title\n\nEnter\n\nkeywords\n", PLAIN),
    "tags": repeated("Topics: a b c\n\n", PLAIN),
    "subheadings": repeated("A subheading\n\n", PLAIN),
    "templates": repeated("A headline of it\n-\n{{#bullets}}\n"),
    "teasers": repeated("A headline of it\n\n  • A bullet\nBy Jane Doe ·\n\n\n"),
    "authors": repeated("Jane Doe\nLatest published\n"),
    "authors' bars": repeated("Jane Doe | ARAB NEWS\n"),
    "one headline": repeated("A headline of it\n\n"),
    "doubled headlines": repeated("A headline of it all\nA headline of it all\n- bullet\n"),
    "datelines": repeated("KYIV: A paragraph of it.\n", PLAIN),
    "empty lines": repeated("\n"),
    "spaces": repeated(" "),
    "lines of spaces": repeated(" " * 300 + "\n"),
    "no-break spaces": repeated("\u00a0\n"),
    "carriage returns": repeated("\r"),
    "bytes that are no text": lambda size: b"\xff\x00" * (size // 2),
    "blocks of Windows-1252": lambda size: (PLAIN.encode() + b"It\x92s there.\n") * (size // 260 + 1),
}  # fmt: skip


class Run:
    """The stages of a run, one after the other in this process: what flow.py puts together, without an engine."""

    def __init__(self, folder: Path, modules: dict[str, Any]) -> None:
        self._folder = folder
        self._modules = modules
        self._number = 0

    def __call__(self, data: bytes) -> list[str]:
        """Read a dump to its end, and write what it comes to; the reasons of its rejects, and "article" for each row."""
        ours = self._modules
        self._number += 1
        dump = self._folder / f"{self._number:04}.txt"  # of the same length each time: it is counted, too
        dump.write_bytes(data)
        root = str(self._folder)
        run = f"run-{self._number:04}"
        ours["staging"].prepare(root, run)
        config = ours["config"].Config(
            (ours["elements"].Dump(str(dump), dump.name, len(data)),), root, run, keys=1
        )
        rejects: list[Any] = []

        def done(transform: Any, *items: Any) -> dict[str, list[Any]]:
            """What a step gives, by its tag; "" for its main output."""
            found: dict[str, list[Any]] = {}
            transform.setup()
            transform.start_bundle()
            for given in (
                *(each for item in items for each in transform.process(item) or ()),
                *(transform.finish_bundle() or ()),
            ):
                value = getattr(given, "value", given)
                value = value.value if hasattr(value, "windows") else value
                found.setdefault(getattr(given, "tag", ""), []).append(value)
            transform.teardown()
            rejects.extend(found.get("rejected", ()))
            return found

        read, split, parse, validate = (ours[name] for name in ("read", "split", "parse", "validate"))
        deduplicate, write = ours["deduplicate"], ours["write"]
        pieces = done(read.ReadRanges(config), ((0, 0, len(data)),)).get("", [])
        blocks = done(split.CutBlocks(config), *pieces).get("", [])
        records = done(parse.ReadFields(config.dumps, None, f"{root}/_runs/{run}/progress"), *blocks).get(
            "", []
        )
        checked = done(validate.CheckSchema(f"{root}/_runs/{run}/progress"), *records).get("", [])
        keyed = done(deduplicate.KeyRows(config), *checked)
        folded = done(deduplicate.FoldByHeadline(), *keyed.get("", []))
        chains = done(deduplicate.ResolveChains(1, None), *_grouped(folded.get("", [])))
        urls = done(deduplicate.NameUrls(), *_grouped(chains.get("", []))).get("", [])
        joined = {
            name: _under(found)
            for name, found in (("copies", keyed.get("articles", [])), ("answers", chains.get("answers", [])),
                                ("articles", chains.get("articles", [])), ("urls", urls))
        }  # fmt: skip
        keys = sorted({key for found in joined.values() for key in found})
        groups = [(key, {name: found.get(key, []) for name, found in joined.items()}) for key in keys]
        copies = done(deduplicate.NameLosers(1), *groups).get("", [])
        files = done(
            write.WriteArticles(config), *_grouped(done(write.KeyByPartition(config), *copies).get("", []))
        )
        done(write.WriteLedgers(config), *_grouped(done(write.KeyByShard(config), *copies).get("", [])))
        shares = done(write.KeyRejects(config), *rejects).get("", [])
        done(write.WriteRejects(config), *_grouped(shares))
        assert copies or rejects or not data.strip()
        assert not copies or files
        rows = sum(int((batch.rows["copies"] > 0).sum()) for batch in copies)
        return ["article"] * rows + [reject.reason for batch in rejects for reject in batch]


def _under(keyed: list[tuple[int, Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for key, value in keyed:
        found.setdefault(key, []).append(value)
    return found


def _grouped(keyed: list[tuple[int, Any]]) -> list[tuple[int, list[Any]]]:
    return list(_under(keyed).items())


MODULES = ("dataset.staging", "config", "elements", *(f"stages.{name}" for name in ("read", "split", "parse", "validate",
                                                                            "deduplicate", "write")))  # fmt: skip


@contextmanager
def counted(folder: Path, window_bytes: int | None = None):
    """A function that gives the work of a whole run on a dump; and what may be looked at around a header, if not the usual."""
    from tests.helpers.meter import metered

    with metered(*(f"dateline.pipeline.{name}" for name in MODULES)) as (meter, modules):
        if window_bytes:
            windows, split = (
                import_module(f"dateline.pipeline.rules.{name}") for name in ("windows", "split")
            )
            assert (
                split.CONTEXT == 4 * windows.MAX_WINDOW_BYTES
            )  # the modules that are counted, which go at the end
            windows.MAX_WINDOW_BYTES, split.CONTEXT = window_bytes, 4 * window_bytes
        named = {name.rpartition(".")[2]: module for name, module in zip(MODULES, modules, strict=True)}
        run = Run(folder, named)
        for shape in ("pages as they should be", "galleries", "datelines"):
            run(SHAPES[shape](5000))  # what is loaded once is no work of a dump

        def work(data: bytes) -> int:
            meter.forget()
            before = meter.work
            run(data)
            return meter.work - before

        work.run, work.meter = run, meter
        yield work
