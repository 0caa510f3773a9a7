"""Checks across all files: ids, keys, identity, copies, and that each byte of a dump stands in one block.

two articles of one id                       id_twice
an article without a row in _keys            keys
3 duplicates of an article with copies 2     copies
a duplicate that the rules make an article   identity
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dateline.pipeline.elements import Record
from dateline.pipeline.rules.identity import HEADLINE_GROUP, URL_GROUP, fold, losers, name_urls, resolve
from dateline.pipeline.rules.identity_rows import OLDER_ARTICLE, Rows, concat
from dateline.pipeline.verify.finding import Finding, differs
from dateline.pipeline.verify.row_checks import ARTICLE, BLOCK, KEYS_SHARED, Gathered

Table = npt.NDArray[Any]
"""Of dtype ARTICLE, BLOCK or identity_rows.ROW."""


def incomplete_kinds(gathered: Gathered, *kinds: str) -> str:
    """Which of some kinds are incomplete, as words; "" for none."""
    return " and ".join(kind for kind in kinds if kind in gathered.incomplete)


class CrossChecks:
    """All that was gathered, as one table each."""

    def __init__(self, gathered: Gathered) -> None:
        self._files = gathered.files
        self.articles = np.concatenate([np.empty(0, ARTICLE), *gathered.articles["articles"]])
        self.keys = np.concatenate([np.empty(0, ARTICLE), *gathered.articles["keys"]])
        self.records = concat(gathered.records)
        self.sources = list(gathered.sources)
        kinds = ("articles", "duplicates", "rejected")  # the keys are the articles once more
        self.blocks = np.concatenate(
            [np.empty(0, BLOCK), *(blocks for kind in kinds for blocks in gathered.blocks[kind])]
        )
        self.blocks.sort(order=("source", "offset", "length"))
        shifted = [blocks for kind in ("keys", "duplicates") for blocks in gathered.blocks[kind]]
        self._ledger_blocks = np.concatenate([np.empty(0, BLOCK), *shifted])

    def _place(self, row: Any) -> tuple[str, int]:
        """File and row of a row of any of the tables."""
        return self._files[int(row["file"])], int(row["row"])

    def _recorded(self, was: int) -> tuple[str, int]:
        """File and row of a record."""
        return self._files[int(was) >> 40], int(was) & (1 << 40) - 1

    def check_ids(self) -> Iterator[Finding]:
        """No two articles have one id."""
        by_id = self.articles[np.argsort(self.articles["id"], kind="stable")]
        for i in np.flatnonzero(by_id["id"][1:] == by_id["id"][:-1]):
            first = "{} row {}".format(*self._place(by_id[i]))
            yield differs(
                "id_twice",
                *self._place(by_id[i + 1]),
                "its id",
                f"that of {first}, {_hex(by_id[i]['id'])}",
                "an id of its own",
            )

    def check_keys(self, row_of: Callable[[str, int], Record]) -> Iterator[Finding]:
        """Each article has one row of keys, which says what the article's row says.

        Args:
            row_of: reads one row, by file and number.
        """
        articles = self.articles[np.argsort(self.articles["id"], kind="stable")]
        keys = self.keys[np.argsort(self.keys["id"], kind="stable")]
        for i in np.flatnonzero(~np.isin(articles["id"], keys["id"])):
            yield differs("keys", *self._place(articles[i]), "rows in _keys for its id", 0, 1)
        for i in np.flatnonzero(~np.isin(keys["id"], articles["id"])):
            yield differs("keys", *self._place(keys[i]), "an article of its id", 0, 1)
        for i in np.flatnonzero(keys["id"][1:] == keys["id"][:-1]):
            first = "{} row {}".format(*self._place(keys[i]))
            yield differs("keys", *self._place(keys[i + 1]), "its id", f"that of {first}", "an id of its own")
        if not len(articles):
            return
        at = np.minimum(np.searchsorted(articles["id"], keys["id"]), len(articles) - 1)
        wrong = (articles["id"][at] == keys["id"]) & (articles["digest"][at] != keys["digest"])
        for i in np.flatnonzero(wrong):
            article, key = self._place(articles[at[i]]), self._place(keys[i])
            found, expected = row_of(*key), row_of(*article)
            for name in KEYS_SHARED:
                if found[name] != expected[name]:
                    yield differs(
                        "keys",
                        *key,
                        name,
                        found[name],
                        f"{expected[name]!r}, as {article[0]} row {article[1]} has it",
                    )

    def check_copies(self) -> Iterator[Finding]:
        """Each duplicate is one of an article; each article counts its own, and itself."""
        duplicates = self.records[self.records["dump"] != OLDER_ARTICLE]
        ids = _ids(duplicates)
        for i in np.flatnonzero(~np.isin(ids, self.articles["id"])):
            yield differs(
                "copies",
                *self._recorded(duplicates["was"][i]),
                "an article of its id",
                f"none of {_hex(ids[i])}",
                "one",
            )
        unique, counts = np.unique(ids, return_counts=True)
        expected = np.ones(len(self.articles), np.int64)
        if len(unique):
            at = np.minimum(np.searchsorted(unique, self.articles["id"]), len(unique) - 1)
            expected += np.where(unique[at] == self.articles["id"], counts[at], 0)
        for i in np.flatnonzero(self.articles["copies"] != expected):
            article = self.articles[i]
            yield differs("copies", *self._place(article), "copies", int(article["copies"]), int(expected[i]))

    def check_identity(self, same_headline_days: int | None) -> Iterator[Finding]:
        """The rules of identity over all records give these articles, with these ids and these duplicates."""
        records = self.records[
            np.unique(self.records[["rank", "offset"]], return_index=True)[1]
        ]  # a doubled one is an overlap, too
        records["was"], places = np.arange(len(records)), records["was"].copy()
        won, ids = decide(records, same_headline_days)
        were, found = records["dump"] == OLDER_ARTICLE, _ids(records)
        for i in np.flatnonzero((won != were) | (ids != found)):
            place = self._recorded(places[i])
            if were[i] and not won[i]:
                yield differs(
                    "identity",
                    *self._article(found[i], place),
                    "an article",
                    _hex(found[i]),
                    f"a duplicate of {_hex(ids[i])}",
                )
            elif won[i] and not were[i]:
                yield differs(
                    "identity", *place, "a duplicate", f"of {_hex(found[i])}", f"the article {_hex(ids[i])}"
                )
            else:
                what = "its id" if won[i] else "the article that it is a duplicate of"
                yield differs("identity", *place, what, _hex(found[i]), _hex(ids[i]))

    def _article(self, name: bytes, otherwise: tuple[str, int]) -> tuple[str, int]:
        """File and row of the article of an id."""
        at = np.flatnonzero(self.articles["id"] == name)
        return self._place(self.articles[at[0]]) if len(at) else otherwise

    def check_overlaps(self) -> Iterator[Finding]:
        """No two blocks share a byte. Where several do, some neighbours do."""
        blocks = self.blocks
        ends = blocks["offset"] + blocks["length"]
        same = blocks["source"][1:] == blocks["source"][:-1]
        for i in np.flatnonzero(same & (blocks["offset"][1:] < ends[:-1])):
            source = self.sources[int(blocks["source"][i])]
            other = "{} row {}".format(*self._place(blocks[i]))
            yield differs(
                "overlap", *self._place(blocks[i + 1]), f"its block in {source}",
                f"bytes {blocks['offset'][i + 1]} to {ends[i + 1]}", f"none of bytes {blocks['offset'][i]} to {ends[i]}, those of {other}",
            )  # fmt: skip

    def check_ends(self, dumps: Sequence[dict[str, Any]], plain: Mapping[str, bool]) -> Iterator[Finding]:
        """Blocks of plain text end within their dump.

        Args:
            dumps: of the manifest.
            plain: of each dump that is at hand, whether it is plain text. A dump that is not counts as plain where
                some record shows that its offsets are those in what was read, and all blocks together are not more
                than the dump.
        """
        numbers = {name: number for number, name in enumerate(self.sources)}
        ledger = self._ledger_blocks
        shifted = set(np.unique(ledger["source"][ledger["shifted"]]).tolist())
        unshifted = set(np.unique(ledger["source"][ledger["offset"] > 0]).tolist()) - shifted
        for dump in dumps:
            number, size = numbers.get(dump["source"], -1), dump["bytes"]
            lo, hi = np.searchsorted(self.blocks["source"], [number, number + 1])
            mine = self.blocks[lo:hi]
            likely = number in unshifted and int(mine["length"].sum()) <= size
            if plain.get(dump["source"], likely):
                for block in mine[mine["offset"] + mine["length"] > size]:
                    end = int(block["offset"] + block["length"])
                    yield differs(
                        "beyond",
                        *self._place(block),
                        f"the end of its block in {dump['source']}",
                        f"byte {end}",
                        f"at most {size}, where the dump ends",
                    )

    def blocks_by_source(self) -> dict[str, list[tuple[int, int]]]:
        """For each source the first byte of each block, and the one behind its last, sorted."""
        edges = np.flatnonzero(np.diff(self.blocks["source"], prepend=-1)).tolist()
        starts, stops = (
            self.blocks["offset"].tolist(),
            (self.blocks["offset"] + self.blocks["length"]).tolist(),
        )
        return {
            self.sources[int(self.blocks["source"][lo])]: list(zip(starts[lo:hi], stops[lo:hi], strict=True))
            for lo, hi in zip(edges, [*edges[1:], len(starts)], strict=False)
        }


def decide(
    records: Rows, same_headline_days: int | None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bytes_]]:
    """Which of all records are articles, and the id of each one's article: as stages/deduplicate.py composes it.

    Args:
        records: single records; in `was` the place of each among them.
    """
    found = resolve(fold(records, HEADLINE_GROUP), same_headline_days)
    urls = name_urls(fold(found.urls, URL_GROUP))
    filled = records["slug"] != b""
    lost = concat(
        (losers(records[~filled], found.answers, HEADLINE_GROUP), losers(records[filled], urls, URL_GROUP))
    )
    won, ids = np.zeros(len(records), bool), np.zeros(len(records), "S16")
    for rows, wins in ((concat((found.articles, urls)), True), (lost, False)):
        at = rows["was"].astype(np.int64)
        won[at], ids[at] = wins, _ids(rows)
    return won, ids


def _ids(rows: Rows) -> npt.NDArray[np.bytes_]:
    """The ids of rows, 16 bytes each."""
    pairs = np.stack([rows["id_hi"], rows["id_lo"]], axis=1).astype("<u8")
    return np.frombuffer(pairs.tobytes(), "S16")


def _hex(name: bytes) -> str:
    """An id as rows have it; numpy drops zero bytes from its end."""
    return bytes(name).ljust(16, b"\0").hex()
