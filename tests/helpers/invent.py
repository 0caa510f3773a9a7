"""Invented pages: headers put together by chance from parts that real pages have, with what is right of them.

What the golden pages show is a few dozen headers; their parts make millions. `invent(seed)` is one page of these. A
part that would leave a reader without any way to tell is not put beside another that it depends on.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from tests.helpers.sketch import Item, OneOf
from tests.helpers.words import (
    AGENCIES,
    BARE,
    BULLETS,
    CAPTIONS,
    CREDITS,
    DOES,
    LABELS,
    MONTHS,
    MORE,
    NAMES,
    PLACES,
    SENTENCES,
    SUBHEADS,
    TOKENS,
    VIDEO,
    WHO,
)


class Invented(NamedTuple):
    kind: str
    text: str
    """Without an empty line at its ends."""
    want: Sequence[Item]


class _Chance(random.Random):
    def maybe(self, share: float) -> bool:
        return self.random() < share

    def headline(self) -> str:
        return f"{self.choice(WHO)} {self.choice(DOES)}{self.choice(MORE)}"

    def url(self) -> str:
        return "https://arab.news/" + "".join(self.choices("abcdefghjmnpqrstuvwxyz2345679", k=5))

    def stamp(self) -> tuple[str, str]:
        month, day, year = self.randrange(len(MONTHS)), self.randint(1, 28), self.randint(2015, 2025)
        number = ("01", "03", "05", "06", "08", "10", "12")[month]
        return f"{day:02} {MONTHS[month]} {year}", f"{year}-{number}-{day:02}"


def _body(r: _Chance, place: str | None, plain: bool = False) -> tuple[list[str], Item]:
    """The lines of a body, and what is right of it."""
    texts = r.sample(SENTENCES, r.randint(2, 5))
    if place:
        texts[0] = f"{place}: {texts[0]}"
    subheadings = []
    apart = r.maybe(0.5)
    if not plain and len(texts) > 3 and r.maybe(0.3):
        subheadings = [r.choice(SUBHEADS)]
        texts.insert(2, subheadings[0])
        apart = True
    lines = [line for text in texts for line in ((text, "") if apart else (text,))]
    while not lines[-1]:
        lines.pop()
    if not plain and r.maybe(0.1):
        lines.append("Topics: River Lamp makers")
    return lines, {"body": "\n\n".join(texts), "subheadings": subheadings, "place": place, "reason": None}


def _captions(r: _Chance) -> tuple[list[str], Item]:
    """The lines of a picture, or of what stands in its place, and what is right of them."""
    form = r.choice(
        (
            "none",
            "one",
            "one",
            "one",
            "bare",
            "sentence",
            "doubled",
            "credit once",
            "several",
            "gallery",
            "video",
        )
    )
    text, credit = r.choice(CAPTIONS), r.choice(CREDITS)
    whole = f"{text} ({credit})" if r.maybe(0.85) else f"{text} [{credit}]"
    want = {"caption": text, "credit": credit}
    others = [f"{other} ({r.choice(CREDITS)})" for other in r.sample([c for c in CAPTIONS if c != text], 2)]
    if form == "none":
        return [], {"caption": None, "credit": None}
    if form == "bare":
        credit = r.choice(BARE)
        return [f"{text} {credit}"], {"caption": text, "credit": credit}
    if form == "sentence":
        return [text], {"caption": text, "credit": None}
    if form == "video":
        return list(VIDEO), {"caption": None, "credit": None}
    lines = {"one": [whole], "doubled": [whole, whole], "credit once": r.sample([text, whole], 2), "several": [whole, *others],
             "gallery": ["1 / 3", whole, "2 / 3", others[0], "3 / 3", others[1]]}[form]  # fmt: skip
    return lines, want


def _slot(r: _Chance) -> tuple[list[str], Item]:
    form, url = r.choice(("absent", "empty", "empty", "filled", "close", "bare")), r.url()
    lines = {
        "absent": [],
        "empty": ["Short Url"],
        "filled": ["Short Url", "", url, ""],
        "close": ["Short Url", url],
        "bare": [url],
    }[form]
    slot = {"absent": "absent", "empty": "empty"}.get(form, "filled")
    return lines, {"short_url_slot": slot, "short_url": url if slot == "filled" else None}


def _bullets(r: _Chance, most: int = 3) -> tuple[list[str], Item]:
    summary = r.sample(BULLETS, r.choice((0, 0, 1, 2, most)))
    mark = r.choice(("  • ", "  • ", "  • ", "• ", "- "))
    return [mark + text for text in summary], {"summary": summary}


def _top(r: _Chance, headline: str) -> tuple[list[str], Item]:
    """What stands above a page's first headline."""
    form = r.choice(("none",) * 6 + ("token", "form", "crawl", "crumbs"))
    crawl = " date 2026-02-03 You are here"
    lines = {"none": [], "token": [r.choice(TOKENS), ""], "form": ["Search form", "", "You are here", ""], "crawl": [crawl, ""],
             "crumbs": [crawl, "", "  • Home", f"  • {headline}", ""]}[form]  # fmt: skip
    return lines, {"crawled": "2026-02-03" if form in ("crawl", "crumbs") else None}


def _full(r: _Chance, lead: bool) -> tuple[list[str], Item]:
    """A header with a stamp, in which the headline comes back (A, B, C), and its body."""
    headline, (stamp, day) = r.headline(), r.stamp()
    alt = r.maybe(0.5)
    above, below = [headline] * (1 + alt), [headline] * (1 + (alt and r.maybe(0.7)))
    if r.maybe(0.2):
        copies = above if r.maybe(0.7) else below
        copies[r.randrange(len(copies))] = f"{r.choice(LABELS)} {headline}"
    picture, want = _captions(r)
    top, more = _top(r, headline) if lead else ([], {"crawled": OneOf((None, "2026-02-03"))})
    slot, slot_want = _slot(r) if lead else ([], {"short_url_slot": "absent", "short_url": None})
    who = r.choice(
        (
            (),
            (),
            ("Follow",),
            ("Follow",),
            r.sample(AGENCIES, 1),
            r.sample(AGENCIES, 1),
            r.sample(NAMES, r.randint(1, 3)),
        )
    )
    names = [name for name in who if name != "Follow"]
    first, under = [], list(who)
    if names and names[0] in AGENCIES and r.maybe(0.2):
        first, under = names, []
    moved = lead and want["credit"] and len(picture) == 2 and r.maybe(0.5)  # once, it could be anything's end
    lines = [
        *top,
        *([*picture, ""] if moved else []),
        above[0],
        "",
        *above[1:],
        *(() if moved else picture),
        *slot,
    ]
    lines += [*first, f"Updated {stamp}", *under, "", below[0], "", *below[1:]]
    bullets, summary = _bullets(r)
    lines += [*bullets]
    if names and r.maybe(0.6):
        lines += [f"Updated {stamp}", *(names if r.maybe(0.7) else [])]
    body, body_want = _body(r, r.choice(PLACES) if r.maybe(0.75) else None)
    lines += [""] if lines[-1] else []
    byline = OneOf(mark.join(names) for mark in (", ", " and ", " & ", "; ", " | ", " ")) if names else None
    return lines + body, want | more | slot_want | summary | body_want | {
        "headline": headline,
        "updated": day,
        "byline": byline,
    }


def _opinion(r: _Chance) -> tuple[list[str], Item]:
    headline = r.headline()
    picture, want = _captions(r)
    if picture == list(VIDEO) or (picture and want["credit"] is None):
        picture, want = [], {"caption": None, "credit": None}
    slot = ["Short Url"] if r.maybe(0.5) else []
    top, more = _top(r, headline)
    body, body_want = _body(r, None, plain=True)
    lines = [*top, headline, "", headline, "", *picture, *slot, *([""] if picture or slot else []), *body]
    slot_want = {"short_url_slot": "empty" if slot else "absent", "short_url": None}
    return lines, want | more | slot_want | body_want | {"headline": headline, "updated": None, "summary": []}


def _amp(r: _Chance) -> tuple[list[str], Item]:
    headline, (text, credit) = r.headline(), (r.choice(CAPTIONS), r.choice(CREDITS))
    bullets, summary = _bullets(r)
    body, body_want = _body(r, r.choice(PLACES), plain=True)
    slot = ["Short Url"] if r.maybe(0.7) else []
    lines = [
        headline,
        "",
        *[f"{text} ({credit})"] * r.choice((1, 1, 2)),
        *slot,
        "",
        *bullets,
        *([""] if bullets else []),
        *body,
    ]
    slot_want = {"short_url_slot": "empty" if slot else "absent", "short_url": None}
    return lines, slot_want | summary | body_want | {
        "headline": headline,
        "caption": text,
        "credit": credit,
        "updated": None,
    }


def _body_first(r: _Chance) -> tuple[list[str], Item]:
    headline, (stamp, day), url = r.headline(), r.stamp(), r.url()
    form = r.choice(("twice", "stamp", "slot and stamp", "slot between"))
    texts = r.sample(SENTENCES, r.randint(2, 4))
    place = r.choice(PLACES)
    texts[0] = f"{place}: {texts[0]}"
    tail = {"twice": [headline], "stamp": [f"Updated {stamp}"], "slot and stamp": ["Short Url", url, f"Updated {stamp}"],
            "slot between": ["Short Url", url, headline]}[form]  # fmt: skip
    summary = _bullets(r, 2)[1] if form in ("twice", "slot between") else {"summary": []}
    want = summary | {"headline": headline, "updated": day if "stamp" in form else None, "short_url": url if "slot" in form else None,
                      "place": place, "body": "\n\n".join(texts), "reason": None}  # fmt: skip
    return [*texts, headline, *tail, *[f"- {text}" for text in summary["summary"]]], want


def _stamp_first(r: _Chance) -> tuple[list[str], Item]:
    headline, (stamp, day) = r.headline(), r.stamp()
    agency = r.choice(("", "", r.choice(AGENCIES)))
    bullets, summary = _bullets(r)
    body, body_want = _body(r, r.choice(PLACES) if r.maybe(0.5) else None)
    lines = [
        f"Updated {stamp}",
        *([agency] if agency else r.choice(([], ["Follow"]))),
        "",
        headline,
        "",
        *bullets,
    ]
    lines += [""] if lines[-1] else []
    return lines + body, summary | body_want | {
        "headline": headline,
        "updated": day,
        "byline": agency or None,
        "caption": None,
    }


def _teaser(r: _Chance) -> list[str]:
    return [r.headline(), "", *[f"  • {text}" for text in r.sample(BULLETS, 2)], f"By {r.choice(NAMES)} ·"]


def invent(seed: int) -> Invented:
    """The page of that number."""
    r = _Chance(seed)
    kind = r.choice(
        ("full",) * 12
        + ("opinion", "opinion", "amp", "body first", "stamp first", "body only", "url first", "tag page")
    )
    if kind == "full":
        lines, want = _full(r, True)
        wants = [want]
        for _ in range(r.choice((0, 0, 1, 2))):
            more, want = _full(r, False)
            lines += [*r.choice((["", ""], ["", ""], ["\u00a0", "", ""])), *more]
            wants.append(want)
        return Invented(kind, "\n".join(lines), wants)
    one = {"opinion": _opinion, "amp": _amp, "body first": _body_first, "stamp first": _stamp_first}
    if kind in one:
        lines, want = one[kind](r)
        return Invented(kind, "\n".join(lines), [want])
    if kind == "tag page":
        lines = [r.choice(WHO), "", *_teaser(r), *([] if r.maybe(0.5) else ["", "", *_teaser(r)])]
        return Invented(kind, "\n".join(lines), [{"reason": "not_an_article"}])
    body, _ = _body(r, r.choice(PLACES), plain=True)
    top = (
        [r.url(), *[f"- {text}" for text in r.sample(BULLETS, r.randint(0, 2))]]
        if kind == "url first"
        else []
    )
    return Invented(kind, "\n".join([*top, *body]), [{"reason": "no_headline"}])
