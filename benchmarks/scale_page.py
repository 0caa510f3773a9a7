"""docs/scale.md, out of the facts of benchmarks/scale.json: what was measured, what was fitted to it and how far off
that is, and what it comes to at internet scale. Every figure of the page is computed here or is a constant that is
named here: the template has none.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.fit import ONCE, Fit, fit
from dateline.pipeline.config import FILE_BYTES, MAX_RANGE_BYTES, Config
from dateline.pipeline.dataset.tally import PLACE
from dateline.pipeline.elements import Dump
from dateline.pipeline.ledgers.shards import SHARDS
from dateline.pipeline.rules.identity_rows import ROW
from dateline.pipeline.rules.places import regions
from dateline.pipeline.stages.block_memo import REMEMBERED
from dateline.pipeline.stages.deduplicate import FLUSH_ROWS
from dateline.pipeline.verify.groups import MAX_GROUPS

TEMPLATE = Path(__file__).with_name("scale.template.md")

BYTES, RECORDS, ARTICLES = 10e12, 3e9, 200e6
"""Internet scale: of dumps, of copies, and of articles among them."""
YEARS, DAYS_OF_A_YEAR, MONTHS = 20, 365.25, 12
"""That the articles are spread over."""
DUMP_BYTES = 1e9
HOT = 0.01
"""Share of all records that have the hottest headline."""
WORKER_BYTES = 2e9
"""What a worker may take for one task, where a remedy is reckoned."""
LEDGER_READS = 2
"""Times that a daily run reads the ledgers' columns of keys: by headline, and by short URL."""
HEX_DIGITS, STRING_BYTES = 32, 2**31
"""Of an id; and what one Arrow string column of 32-bit offsets may hold."""

FITS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cpu": ("CPU, s", (ONCE, "bytes", "parsed_input")),
    "peak_mb": ("peak memory, MB", (ONCE, "bytes")),
    "read": ("read by calls, bytes", (ONCE, "bytes")),
    "shuffled": ("shuffled, bytes", ("records", "articles")),
    "parsed_bytes": ("put aside, bytes", ("parsed_input",)),
    "article_bytes": ("articles' files, bytes", ("article_input", "files")),
    "ledger_bytes": ("ledgers, bytes", ("records",)),
    "manifest_bytes": ("manifest, bytes", ("entries",)),
    "hot_rows": ("copies of the hot headline", ("records",)),
}
"""Figure -> its name on the page, and the facts that it is fitted to."""
PART_FITS = {
    "ledger": ("cpu", "peak_mb"),
    "settle": ("cpu", "peak_mb"),
    "driver": ("peak_mb",),
    "hot": ("cpu", "peak_mb"),
    "chains": ("peak_mb",),
}
PART_NAMES = {
    "ledger cpu": "one shard's ledgers, CPU, s",
    "ledger peak_mb": "one shard's ledgers, memory, MB",
    "settle cpu": "dumps settled, CPU, s",
    "settle peak_mb": "dumps settled, memory, MB",
    "driver peak_mb": "the driver's end of a run, memory, MB",
    "hot peak_mb": "a hot headline, memory, MB",
    "chains peak_mb": "one key's headlines, memory, MB",
    "hot cpu": "a hot headline, CPU, s",
}
WORDS = {
    ("", ONCE): "once", ("", "bytes"): "a byte", ("", "records"): "a record", ("", "articles"): "an article",
    ("", "files"): "a file", ("", "entries"): "a file", ("", "count"): "a row",
    ("", "parsed_input"): "a byte of the parsed", ("", "article_input"): "a byte of the articles",
    ("settle cpu", "count"): "a block", ("settle peak_mb", "count"): "a block", ("driver peak_mb", "count"): "a dump and file",
}  # fmt: skip
"""What a term counts, where need be of one figure."""


def number(value: float) -> str:
    """Three digits that count."""
    if value == 0:
        return "0"
    if abs(value) < 0.01:
        return f"{value:.2g}"
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    text = f"{value:.{3 - len(str(int(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def size(value: float) -> str:
    """Bytes in a unit that fits."""
    for unit, one in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if abs(value) >= one:
            return f"{number(value / one)} {unit}"
    return f"{number(value)} B"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [heads, ["---"] * len(heads), *rows]).rstrip(
        "\n"
    )


def with_input(run: dict[str, float]) -> dict[str, float]:
    """A run's facts, with the input bytes of the blocks that were parsed, and of one block of each article."""
    block = run["bytes"] / run["records"]
    return run | {"parsed_input": run["parsed"] * block, "article_input": run["articles"] * block}


def runs_of(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs, the largest last."""
    return [with_input(run) for run in sorted(facts["runs"], key=lambda run: (run["gb"], run["copies"]))]


def fits(facts: dict[str, Any]) -> dict[str, Fit]:
    """All fits: of the runs by figure, of the parts by part and figure."""
    runs = runs_of(facts)
    found = {figure: fit(figure, names, runs) for figure, (_, names) in FITS.items()}
    for part, figures in PART_FITS.items():
        measured = [one for one in facts["parts"] if one["part"] == part]
        found |= {f"{part} {figure}": fit(figure, (ONCE, "count"), measured) for figure in figures}
    return found


def _measured(facts: dict[str, Any]) -> str:
    figures: dict[str, Callable[[dict[str, Any]], str]] = {
        "dumps": lambda run: size(run["bytes"]),
        "copies": lambda run: f"{100 * (1 - run['articles'] / run['records']):.0f} %",
        "records": lambda run: f"{run['records']:,}",
        "parsed": lambda run: f"{run['parsed']:,}",
        "wall": lambda run: f"{run['wall']:.1f} s",
        "CPU": lambda run: f"{run['cpu']:.1f} s",
        "peak memory": lambda run: f"{run['peak_mb']:,.0f} MB",
        "read": lambda run: size(run["read"]),
        "shuffled": lambda run: size(run["shuffled"]),
        "for an input byte": lambda run: f"{run['shuffled'] / run['bytes']:.3f}",
        "put aside": lambda run: size(run["parsed_bytes"]),
        "articles' files": lambda run: f"{size(run['article_bytes'])} in {run['files']:,}",
        "ledgers": lambda run: size(run["ledger_bytes"]),
        "largest of the keys": lambda run: f"{run['largest_key']:,} of {run['keys']}",
    }
    return table(list(figures), [[show(run) for show in figures.values()] for run in runs_of(facts)])


def _fitted(found: dict[str, Fit]) -> str:
    rows = []
    for name, one in found.items():
        label = FITS[name][0] if name in FITS else PART_NAMES[name]
        terms = " + ".join(
            f"{each:.3g} {WORDS.get((name, term)) or WORDS['', term]}" for term, each in one.terms.items()
        )
        rows.append(
            [label, terms, ", ".join(f"{100 * off:+.1f}" for off in one.off), f"{100 * one.told:+.1f}"]
        )
    return table(["figure", "fit", "off each run, %", "largest run, told by the others, off %"], rows)


def _days(facts: dict[str, Any]) -> str:
    rows = [
        [f"{day['articles']:,}", f"{day['wall']:.1f} s", f"{day['cpu']:.1f} s", f"{day['peak_mb']:,.0f} MB",
         f"{day['files']:,.0f}", size(day["bytes"]), size(day["ledger_bytes"])]
        for day in facts["days"]
    ]  # fmt: skip
    return table(
        ["articles before", "wall", "CPU", "peak memory", "files written", "their bytes", "ledgers'"], rows
    )


def reckoned(facts: dict[str, Any], found: dict[str, Fit]) -> dict[str, str]:
    """Every figure of the page that is not in a table, by its name in the template."""
    config = Config((Dump("", "", int(BYTES)),), "", "")
    keys = config.shuffle_keys
    least, most = (
        with_input({"bytes": BYTES, "records": RECORDS, "articles": ARTICLES, "parsed": parsed})
        for parsed in (ARTICLES, RECORDS)
    )
    largest = max(facts["runs"], key=lambda run: run["bytes"])
    by_keys = sorted((one for one in facts["parts"] if one["part"] == "keys"), key=lambda one: one["count"])
    near = min(by_keys, key=lambda one: abs(one["count"] - largest["keys"]))
    many = min(by_keys, key=lambda one: abs(one["count"] - keys))
    thinner = (many["packed"] / many["rows"]) / (near["packed"] / near["rows"])
    packing = many["cpu"] / many["rows"] - near["cpu"] / near["rows"]
    shuffled = found["shuffled"].at(most)
    shuffled_thin = shuffled * thinner
    aside = [found["parsed_bytes"].at(case) for case in (least, most)]
    ledgers = found["ledger_bytes"].at(most)
    text_bytes = found["article_bytes"].terms["article_input"] * most["article_input"]
    file_bytes = found["article_bytes"].terms["files"]
    periods = {"day": YEARS * DAYS_OF_A_YEAR, "month": YEARS * MONTHS, "year": YEARS}
    files = {name: count * len(regions()) for name, count in periods.items()}
    entry = found["manifest_bytes"].terms["entries"]
    granular = table(
        ["`--date-granularity`", "files", "articles of a file", "bytes of a file", "manifest"],
        [
            [f"`{name}`", number(count), number(ARTICLES / count), size(text_bytes / count + file_bytes),
             size(entry * count)]
            for name, count in files.items()
        ],
    )  # fmt: skip
    shard = {"count": RECORDS / SHARDS}
    shard_memory = found["ledger peak_mb"].at(shard) * 1e6
    driver = found["driver peak_mb"].at({"count": files["day"]}) * 1e6
    hot = RECORDS * HOT
    key_bytes = sum(run["key_bytes"] for run in facts["runs"]) / sum(run["records"] for run in facts["runs"])
    cpu = [found["cpu"].at(case) + packing * RECORDS for case in (least, most)]
    written = [one + shuffled_thin + text_bytes + file_bytes * files["month"] + ledgers for one in aside]
    shards = found["ledger peak_mb"].terms["count"] * 1e6 * RECORDS / WORKER_BYTES
    group_bytes = max(BYTES / MAX_GROUPS // DUMP_BYTES, 1) * DUMP_BYTES
    group = {"count": RECORDS / BYTES * group_bytes}
    later = sorted({(one["measured"], one["part"]) for one in facts["parts"] if "measured" in one})
    worst = max(found, key=lambda name: abs(found[name].told))
    largest_bytes = max(run["bytes"] for run in facts["runs"])
    return {
        "bytes": size(BYTES), "records": f"{RECORDS / 1e9:.0f} billion", "articles": f"{ARTICLES / 1e6:.0f} million",
        "record_bytes": number(BYTES / RECORDS), "copies": f"{100 * (1 - ARTICLES / RECORDS):.1f} %",
        "measured_record_bytes": number(largest["bytes"] / largest["records"]),
        "times": number(BYTES / largest_bytes), "largest": size(largest_bytes),
        "years": str(YEARS), "regions": str(len(regions())), "dump_bytes": size(DUMP_BYTES), "hot_share": f"{100 * HOT:.0f} %",
        "remembered": f"{REMEMBERED:,}", "row_bytes": str(ROW.itemsize), "keys": f"{keys:,}", "shards": str(SHARDS),
        "read": size(found["read"].at(most)), "read_times": f"{found['read'].terms['bytes']:.2f}",
        "shuffled": size(shuffled_thin), "shuffled_share": f"{shuffled_thin / BYTES:.3f}",
        "shuffled_thick": size(shuffled), "shuffled_thick_share": f"{shuffled / BYTES:.3f}", "thinner": f"{thinner:.2f}",
        "batch_rows": number(FLUSH_ROWS / keys), "batches": f"{RECORDS / (FLUSH_ROWS / keys) / 1e6:,.0f} million",
        "flush_rows": f"{FLUSH_ROWS:,}", "packing_hours": number(packing * RECORDS / 3600),
        "packed_near": number(near["packed"] / near["rows"]), "near_keys": str(near["count"]),
        "packed_many": number(many["packed"] / many["rows"]),
        "aside_least": size(aside[0]), "aside_most": size(aside[1]),
        "aside_files_least": number(aside[0] / FILE_BYTES), "aside_files_most": number(aside[1] / FILE_BYTES),
        "written_least": size(written[0]), "written_most": size(written[1]),
        "text_bytes": size(text_bytes), "ledgers": size(ledgers), "ledger_row": number(found["ledger_bytes"].terms["records"]),
        "cpu_least": number(cpu[0] / 3600), "cpu_most": number(cpu[1] / 3600),
        "tasks": number(BYTES / MAX_RANGE_BYTES), "granular": granular,
        "key_input": size(BYTES / keys), "key_rows": number(RECORDS / keys), "key_row_bytes": size(RECORDS / keys * ROW.itemsize),
        "key_memory": size(found["chains peak_mb"].at({"count": RECORDS / keys}) * 1e6),
        "key_winners": number(ARTICLES / keys),
        "shard_rows": f"{RECORDS / SHARDS / 1e6:.1f} million", "shard_bytes": size(ledgers / SHARDS),
        "shard_memory": size(shard_memory), "shard_row_memory": number(found["ledger peak_mb"].terms["count"] * 1e6),
        "shard_minutes": number(found["ledger cpu"].at(shard) / 60),
        "shards_wanted": number(shards), "worker_bytes": size(WORKER_BYTES),
        "string_share": f"{100 * RECORDS / SHARDS * HEX_DIGITS / STRING_BYTES:.0f} %", "string_bytes": size(STRING_BYTES),
        "source_letters": str(int(STRING_BYTES / (RECORDS / SHARDS))),
        "driver": size(driver), "driver_entry": size(found["driver peak_mb"].terms["count"] * 1e6),
        "driver_files": number(files["day"]),
        "group_bytes": size(group_bytes), "group_blocks": number(group["count"]),
        "group_memory": size(found["settle peak_mb"].at(group) * 1e6), "group_seconds": number(found["settle cpu"].at(group)),
        "block_memory": number(found["settle peak_mb"].terms["count"] * 1e6), "place_bytes": str(PLACE.itemsize),
        "places": size(PLACE.itemsize * RECORDS), "groups": f"{MAX_GROUPS:,}",
        "later": " and ".join(f"`{part}` ({day})" for day, part in later),
        "hot_rows": f"{hot / 1e6:.0f} million", "hot_bytes": size(hot * ROW.itemsize),
        "hot_seconds": number(found["hot cpu"].at({"count": hot})),
        "hot_memory": size(found["hot peak_mb"].at({"count": hot}) * 1e6),
        "hot_times": number(hot / (RECORDS / keys)),
        "key_bytes": number(key_bytes), "key_read": size(key_bytes * RECORDS), "key_read_all": size(LEDGER_READS * key_bytes * RECORDS),
        "day_first": number(facts["days"][0]["articles"]), "day_last": number(facts["days"][-1]["articles"]),
        "day_times": f"{facts['days'][-1]['cpu'] / facts['days'][0]['cpu']:.2f}",
        "day_more": number(facts["days"][-1]["articles"] / facts["days"][0]["articles"]),
        "told_worst": f"{100 * abs(found[worst].told):.0f} %",
        "told_figure": FITS[worst][0] if worst in FITS else PART_NAMES[worst],
        "command": facts["command"], "commit": facts["commit"], "conditions": facts["conditions"], "workers": str(facts["workers"]),
        "cores": str(facts["cores"]), "python": facts["python"], "beam": facts["beam"],
        "load": number(max(run["load_before"] for run in facts["runs"])),
        "peak_slope": number(found["peak_mb"].terms["bytes"] * 1e9),
    }  # fmt: skip


def page(facts: dict[str, Any]) -> str:
    """The whole page."""
    found = fits(facts)
    tables = {"measured": _measured(facts), "fitted": _fitted(found), "days": _days(facts)}
    return TEMPLATE.read_text("utf-8").format_map(reckoned(facts, found) | tables)
