"""What each line of a header can be, and what may follow what: the grammar, as two tables of costs.

A header is read by finding the cheapest way through these tables (see reading.py). A cost says how odd a thing
is; a sum of costs says how odd a whole reading is. A line of text costs next to nothing as body; a stamp as body
costs 14, since no body has one. A header costs something to open, and then its lines cost nothing: so it is read
where several lines speak for it, whichever they are, and no one has to list the combinations.

    Ferry returns to the harbor      headline   0     as body 0.5
    _
    The ferry at its berth. (AFP)    caption    0     as body 0.7
    Updated 07 September 2023        stamp      0     as body 14

To read what a new page has, find its lines in `dateline inspect`, and see which role each should have had. Most
often a line kind is missing (site.py), or a role does not take a form yet, or a step is too dear.
"""

from typing import NamedTuple

NEVER = 99.0
"""The cost of what no reading may have."""

GAPS = 4
"""Empty lines above a line are counted up to one less than this: 0, 1, 2, and 3 or more."""


class Role(NamedTuple):
    name: str
    takes: dict[str, float]
    """Codes of lines (see line_kinds.py and line_forms.py) that can have the role, and what each costs."""
    why: str


class Step(NamedTuple):
    """From one of some roles to one of others."""

    before: str
    after: str
    cost: float
    gaps: tuple[float, float, float, float]
    """What 0, 1, 2, and 3 or more empty lines between the two add."""
    why: str
    starts: bool = False
    """Whether an article, a page or a list starts with the second."""


def _each(codes: str, cost: float) -> dict[str, float]:
    return dict.fromkeys(codes, cost)


ROLES = (
    Role("body", {
        **_each("txpzeqD", 0), "h": 0.5, "n": 0.7, "g": 0.7, "k": 0.7, "r": 2, "N": 2, "b": 0.4, "P": 1, "K": 11, "Q": 4,
        "S": 14, "d": 12, "y": 8, "o": 8, "v": 8, "s": 9, "U": 12, "i": 12, "I": 0.3, "F": 6, "f": 5, "V": 4, "m": 4, "L": 4, "a": 4,
        "c": 3, "w": 3, "j": 2, "u": 1.5,
    }, "text of an article; K and Q are known places in capitals at a paragraph's start, which only a first one has"),
    Role("bare", {"K": -2, "Q": -2, "P": -1, "t": -0.3, "x": -0.3, "D": 0, "b": 1.5}, "the first paragraph of a page whose header was dropped"),
    Role("first", {
        "q": 0, "h": 0.8, "n": 0.8, "k": 0.8, "D": 0.8, "g": 1.5, "r": 3, "N": 2, "b": 2, "u": 2, "L": 4, "e": 4, "p": 4, "z": 4, "c": 4, "w": 4,
        "V": 4, "m": 6, "a": 6, "j": 3, "f": 6, "U": 8, "S": 14, "d": 12, "y": 9, "o": 9, "v": 9, "s": 9, "i": 12, "I": 1, "F": 6,
    }, "short lines at the head of a body, above its first sentence"),
    Role("opening", _each("tx", -0.3), "the first sentence"),
    Role("dated", _each("PKQ", -2), "the first sentence, with its dateline, which speaks for the header above"),
    Role("dated2", _each("PKQ", 1), "the second sentence, if the dateline stands there"),
    Role("late", {**_each("tx", -0.3), **_each("PKQ", -0.5)}, "the first sentence, below short lines"),
    # --- the top of a page
    Role("top", {**_each("dyovm", 0), "w": 0.5}, "the crawler's line, the search form, the breadcrumb's label, a mirror's token"),
    Role("crumb", {"b": 0, "B": 0}, "a line of the breadcrumb"),
    Role("kicker", {"k": 0.2, "n": 0.8, "N": 2}, "a running theme or a section, under the page's top"),
    Role("page_url", {"U": 0, "u": 3}, "a page that begins with its own short URL"),
    Role("lone", {"n": 1.5, "h": 2.5, "k": 1, "t": 1.2, "g": 2, "r": 2, "N": 2, "j": 1, "c": 1, "b": 0.3, "D": 2.5, "L": 1, "a": 2, "f": 2, "m": 1},
         "what is left of a header whose headline the extractor dropped"),
    Role("alt", {"g": 0.7, "r": 0.7, "t": 1.5, "h": 4, "n": 4}, "the picture's alt text, its caption, above the headline"),
    # --- the headline, down to the stamp
    Role("headline", {"h": 0, "n": 0.3, "k": 0.8, "t": 4, "N": 3.5, "P": 6, "K": 6, "Q": 6, "x": NEVER},
         "no full stop, no credit: a line that ends in one is no headline"),
    Role("top_headline", {"h": 0, "n": 0.3, "k": 0.8, "t": 4, "N": 3.5, "P": 6, "K": 6, "Q": 6, "x": NEVER}, "the same, right below the top of a page: what follows it at once is rather a caption below a kicker"),
    Role("crawl_headline", {"D": 0}, "the headline on the crawler's line"),
    Role("alt_headline", _each("hnktNPKQDg", 0), "the headline again: the picture's alt text"),
    Role("label", {"n": 0.5, "h": 2, "N": 2}, "a word such as Analysis between two copies of the headline"),
    Role("caption", {"g": 0, "r": 0.2, "t": 0.8, "h": 1, "k": 1, "n": 1.2, "N": 2.5, "P": 6, "K": 14, "Q": 14}, "what the picture shows"),
    Role("caption2", {"g": 0.2, "r": 0.2, "t": 5, "h": 5, "k": 5, "n": 5, "N": 5}, "one more picture; without a credit, hardly"),
    Role("brief", {"h": 0.9, "t": 0.8, "n": 1.2, "k": 1}, "a line of the summary above the stamp, in a header without empty lines"),
    Role("cut_caption", {"g": 0, "r": 0.5}, "a caption at a page's top: its headline was cut off"),
    Role("counter", {"c": 0}, "a picture's place in a gallery"),
    Role("picture", {"g": 0, "r": 0, "t": 0.2, "h": 0.2, "n": 0.2, "k": 0.2, "N": 0.5}, "a caption of a gallery, under its counter"),
    Role("player", {"L": 0, "c": 0.5, "u": 1}, "a video player's words, where the caption would be"),
    Role("title", {"n": 0.3, "h": 0.5, "k": 0.3, "t": 1, "N": 0.6, "f": 1}, "the title of a video, above its player"),
    Role("next", {"n": 0.3, "h": 0.5, "k": 0.3, "t": 1, "N": 0.6, "f": 1}, "the title of the video or of the next, amid the player's words"),
    Role("day", {"j": 0}, "the day that an opinion first appeared"),
    Role("writer", {"N": 0.2, "a": 0, "n": 1.3}, "author or agency above the stamp"),
    Role("slot", {"s": 0}, "the label of the short URL"),
    Role("url", {"U": 0, "u": 0.5}, "the short URL below its label"),
    Role("bare_url", {"U": 0.5}, "the short URL without its label"),
    Role("stamp", {"S": 0}, "the day of the article"),
    Role("button", {"f": 0}, "Follow"),
    Role("name", {"N": 0, "n": 0.5, "k": 0.3, "a": 0}, "author or agency under the stamp"),
    # --- below the stamp, or without one
    Role("again", _each("hnktNPKQg", 0), "the headline once more"),
    Role("found", {"h": 0, "n": 0.5, "N": 5, "t": 4, "P": 7, "K": 7, "Q": 7}, "the headline, for the first time where the lines above the stamp are cut off"),
    Role("label2", {"n": 0.5, "N": 2}, "a label between two copies of the headline, below the stamp"),
    Role("edited", {"h": 0, "n": 0.3, "t": 1}, "the headline in other words"),
    Role("echo", {"g": 0.2, "r": 0.3, "t": 1, "h": 1, "n": 1, "k": 1}, "a caption or its credit once more"),
    Role("bullet", {"b": 0}, "a line of the summary"),
    Role("lead_bullet", {"b": 0}, "the same, right below a headline that has no stamp: a dateline below vouches for it"),
    Role("point", {"h": 0.3, "n": 0.3}, "a line of the summary that has no glyph"),
    Role("late_slot", {"s": 0}, "the slot below a headline that stands twice"),
    Role("late_url", {"U": 0, "u": 0.5}, "and its URL"),
    Role("stamp2", {"S": 0}, "the stamp once more, below the bullets"),
    Role("name2", {"N": 0, "n": 0.3, "k": 0.3, "h": 1.2, "a": 0}, "and what stood under it"),
    Role("button2", {"f": 0}, "and the button"),
    # --- a body that stands above its own header
    Role("before", {"t": 0, "x": 0, "P": 0, "K": 0, "Q": 1, "h": 0.5, "n": 0.7, "g": 0.7, "r": 2, "N": 2, "D": 0, "u": 1.5, "k": 0.7},
         "a paragraph of a body whose header stands below it"),
    Role("behind", {"h": 0, "n": 0.3, "k": 0.5}, "the headline below its own body"),
    Role("behind_again", _each("hnktPKQ", 0), "and once more"),
    Role("behind_slot", {"s": 0}, "its slot"),
    Role("behind_url", {"U": 0, "u": 1}, "its short URL"),
    Role("behind_stamp", {"S": 0}, "its stamp"),
    Role("behind_name", {"N": 0, "n": 2, "a": 0}, "the agency under it"),
    Role("behind_form", {"V": 0}, "a template that nobody filled in, where the bullets would be"),
    Role("behind_bullet", {"b": 0}, "its summary"),
    Role("behind_text", {"t": 5, "P": 0.5, "K": 0.5, "Q": 0.5, "x": 5}, "the first paragraph once more, or the end of the body"),
    # --- a list of articles
    Role("listed", {"h": 0.4, "n": 0.4, "g": 0.7, "t": 0.5, "r": 0.8, "N": 0.8, "b": 0.3, "k": 0.5, "L": 1}, "a line of an author's, a tag's or an index page"),
    Role("sign", {"i": 0, "I": 0.2}, "what only a list has: an author and a dot, Latest published"),
    Role("feed", {"F": 0}, "an item of a feed"),
    Role("list", {"F": 0, **_each("txhngkrNPbpzeqjumcwLD", 0.6), "V": 4, "i": 0.3, "I": 0.3, "K": 9, "Q": 4, "S": 14, "d": 12, "y": 8, "o": 8, "v": 8, "s": 8, "U": 8, "f": 5, "a": 4}, "the rest of such a page"),
)  # fmt: skip

NEAR = (0.0, 0.0, 1.5, 3.0)
ANY = (0.0, 0.0, 0.0, 0.0)
CLOSE = (0.0, 3.0, 6.0, 9.0)
ONE = (0.0, NEVER, NEVER, NEVER)
OPEN = (9.0, 7.0, 5.0, 5.0)
OPEN_APART = (NEVER, 7.0, 5.0, 5.0)
TOP = (3.0, 2.0, 1.0, 1.0)

NO_STAMP, NO_AGAIN, NO_HEADLINE, NO_BODY = 3.0, 2.0, 2.0, 3.0

_ABOVE = "headline top_headline alt_headline label caption caption2 counter picture day writer"
_SLOT = "slot url bare_url"
_PICTURES = "caption caption2 counter picture day writer"
_UNDER = "stamp button name"
_ENDS = "body bare list sign feed first opening dated dated2 late behind_text"
"""What an article or a list can end with."""
_BEHIND = "behind_again behind_url behind_stamp behind_name behind_form behind_bullet"
"""What a header can end with whose body stands above it."""


def _start(before: str, after: str, cost: float, gaps: tuple[float, float, float, float], why: str) -> Step:
    """A step with which an article, a page or a list starts."""
    return Step(before, after, cost, gaps, why, starts=True)


STEPS = (
    Step("body", "body", 0, (0, 0, 0.5, 0.5), "paragraphs; two empty lines are a box, a picture, or the end of a page"),
    _start(_ENDS, "headline", 0, OPEN, "a page starts rather behind empty lines"),
    _start(_ENDS, "stamp", 0, (12, 9.5, 5.5, 5), "hardly at its stamp"),
    _start("body bare list sign feed opening dated dated2 late behind_text", "alt before listed", 0, OPEN_APART, "never without one"),
    _start(_ENDS, "page_url", 4, OPEN_APART, "or with its own short URL"),
    _start(_ENDS, "top", 0, TOP, "the top of a page is no body's"),
    _start(_ENDS, "kicker", 4, OPEN_APART, "a running theme opens a page only where it stands twice"),
    _start("start", "headline alt stamp before page_url", 1, ANY, "a block or a dump starts with an article"),
    _start("start", "slot cut_caption", 2, ANY, "or amid its header, whose top is cut off"),
    _start(_ENDS, "slot cut_caption", 3, OPEN_APART, "the same"),
    Step("top crumb kicker", "slot cut_caption", 2, ANY, "the same"),
    Step("cut_caption", "slot stamp counter", 0, NEAR, "what stands below a caption"),
    Step("cut_caption", "bare", NO_HEADLINE, NEAR, "or the body, if a dateline tells it"),
    _start("start", "top", 0, ANY, "or with the top of a page"),
    _start("start", "listed kicker", 1.5, ANY, "or with a list"),
    _start("body bare list sign opening dated dated2 late behind_text", "feed", -1, OPEN_APART, "or with a feed"),
    _start("start", "feed", 0, ANY, "the same"),
    _start("start", "bare", NO_HEADLINE + 1, ANY, "or with a body that its dateline tells"),
    Step("start", "first opening dated", 6, ANY, "or with a body whose header was dropped"),
    _start("body bare list sign feed dated dated2 late behind_text", "bare", NO_HEADLINE, OPEN_APART, "a body whose header was dropped, known by its dateline"),
    Step("first", "first late", 0, (0, 0, 0.5, 0.5), "short lines above the first sentence"),
    Step("opening", "dated2", 0, (0, 0, 5, 5), "its dateline below the first sentence"),
    _start("opening", "bare", NO_HEADLINE + 1, OPEN_APART, "or the next page"),
    Step("opening dated dated2 late bare", "body", 0, (0, 0, 0.5, 0.5), "the rest of the body"),
    # top of a page
    Step("top crumb kicker", "top", 0, NEAR, "furniture"),
    Step("top crumb", "crumb", 0, NEAR, "the breadcrumb"),
    Step("top crumb kicker", "kicker", 0, NEAR, "a section, a theme"),
    Step("top crumb kicker", "top_headline alt", 0, ANY, "what the top announces"),
    Step("top crumb kicker page_url", "stamp", 1, ANY, "the headline above the stamp was dropped"),
    Step("top crumb kicker page_url", "lone", 0, ANY, "a header without its headline"),
    Step("top crumb kicker page_url", "bare", NO_HEADLINE, ANY, "nothing of a header"),
    Step("lone", "bare", NO_HEADLINE, (0, 0, 3, 5), "its body"),
    Step("top", "before", 1, (0, 4, 6, 6), "a body that begins on the crawler's line"),
    Step("top crumb kicker", "listed", 2, ANY, "a list under a page's top"),
    Step("page_url", "headline", 1, NEAR, "a page that begins with its own short URL"),
    Step("lone", "lone", 0, (0, 0, 3, 6), "more of it"),
    Step("alt", "alt", 0, NEAR, "two of them"),
    Step("alt", "headline", 0, (0, 0, 2, NEVER), "the headline comes below"),
    Step("top", "crawl_headline", 0, CLOSE, "the headline on the crawler's line"),
    Step("crawl_headline", "first opening dated bullet", 2, ANY, "the body below it"),
    Step("crawl_headline", "again alt_headline", 1, NEAR, "the headline once more"),
    Step("crawl_headline", "caption", 4, NEAR, "a caption"),
    # headline to stamp
    Step(_ABOVE, "alt_headline", 0, NEAR, "alt text"),
    Step("headline top_headline alt_headline", "label", 0, NEAR, "a label"),
    Step(_ABOVE.replace(" caption caption2", "").replace(" top_headline", "") + " player", "caption", 0, NEAR, "a caption"),
    Step("top_headline", "caption", 0, (2.5, 0, 1.5, 3), "a caption"),
    Step("caption caption2 picture", "caption2", 0, NEAR, "one more"),
    Step("slot", "caption", 2.5, NEAR, "a caption under the slot"),
    Step(_ABOVE, "counter", 0, NEAR, "a gallery"),
    Step("counter", "picture", 0, NEAR, "its picture's caption"),
    Step("picture", "picture", 0.3, NEAR, "which may be long"),
    Step(_ABOVE + " player", "player", 0, NEAR, "a video"),
    Step(_ABOVE, "title", 0.3, NEAR, "a video's title above its player"),
    Step("title", "title", 0.3, NEAR, "more of it"),
    Step("title", "player", 0, NEAR, "the player"),
    Step("player", "next", 0, NEAR, "more titles amid its words"),
    Step("next", "next", 0.3, NEAR, "more of them"),
    Step("next", "player", 0, NEAR, "the player again"),
    Step("next", "slot stamp", 0.5, NEAR, "the last of it"),
    Step(_ABOVE + " slot", "day", 0, NEAR, "an opinion's day"),
    Step(_ABOVE, "writer", 0, NEAR, "an author above the stamp"),
    Step(_SLOT, "writer", 0.3, NEAR, "or below the slot"),
    Step(_ABOVE + " player", "slot", 0, (0, 0, 0.5, 2), "the slot"),
    Step("slot", "url", 0, (0, 0, 0, 2), "its URL"),
    Step(_ABOVE, "bare_url", 0.5, (0, 0, 0, 2), "or the URL alone"),
    Step(_ABOVE + " player " + _SLOT, "stamp", 0, (0, 0, 0, 2), "the stamp"),
    Step(_UNDER, "button", 0, NEAR, "the button"),
    Step("stamp button", "name", 0, (0, 2, 4, 6), "an author under the stamp"),
    Step("name", "name", 0.8, (0, 3, 6, 6), "up to three of them"),
    # headline below
    Step(_UNDER, "again", 0, NEAR, "the headline comes again below the stamp"),
    Step(_UNDER, "edited", NO_AGAIN, NEAR, "or in other words"),
    Step(_UNDER, "found", 1, (0, 0, 1.5, NEVER), "or for the first time"),
    Step("stamp name", "stamp2", 2, NEAR, "a stamp twice in a row"),
    Step(_ABOVE + " player " + _SLOT, "again", NO_STAMP, NEAR, "no stamp: the headline comes again below the picture or slot"),
    Step("again found edited echo", "again", 0, (0, 0, 1.5, 3), "alt text once more"),
    Step("again found edited echo", "echo", 0.3, NEAR, "caption or credit once more"),
    Step("again stamp button", "label2", 0.5, NEAR, "a label"),
    Step("label2", "again", 0, NEAR, "between two copies of the headline"),
    Step("again found edited echo", "bullet", 0, (0, 0, 0.5, 2), "the summary"),
    Step("headline brief", "brief", 0.3, ONE, "a summary above the stamp"),
    Step("brief", "stamp", 0, ONE, "the stamp"),
    Step("again found edited echo", "point", 1.5, (0, 0, 4, 6), "the summary, its glyph lost"),
    Step("point", "point", 0.5, CLOSE, "more of it"),
    Step("again echo", "late_slot", 0.3, NEAR, "a slot below the second headline"),
    Step("late_slot", "late_url", 0, (0, 0, 0, 2), "its URL"),
    Step("again echo", "late_url", 0.5, (0, 0, 0, 2), "or that alone"),
    Step("late_slot late_url", "echo bullet", 0.3, NEAR, "caption and summary below it"),
    Step("bullet", "bullet", 0, NEAR, "more of it"),
    Step("bullet", "echo", 1.5, NEAR, "the caption below the summary"),
    Step("name2", "bullet point", 1, NEAR, "a summary below the author"),
    Step(_UNDER, "bullet", NO_AGAIN, NEAR, "the headline does not come again"),
    Step(_ABOVE, "bullet", NO_STAMP + NO_AGAIN, NEAR, "neither stamp nor second headline"),
    Step("headline alt_headline", "lead_bullet", NO_STAMP + NO_AGAIN, NEAR, "the same"),
    Step("lead_bullet", "lead_bullet", 0, NEAR, "more of it"),
    Step("lead_bullet", "dated", -6.5, NEAR, "headline, summary, dateline: that is no list in a body"),
    Step(_SLOT, "bullet", NO_STAMP, NEAR, "the same; the slot vouches"),
    Step("again found edited echo bullet point", "stamp2", 0.3, NEAR, "the stamp once more"),
    Step("again echo bullet point", "name2", 1.5, (0, 0.5, 3, 6), "the agency once more, without the stamp"),
    Step("stamp2", "name2", 0, (0, 1.5, 4, 6), "the agency under it"),
    Step("name2", "name2", 0.5, (0, 1.5, 6, 6), "one more name"),
    Step("stamp2 name2", "button2", 0, (0, 1.5, 4, 6), "the button"),
    # to the body
    Step("again found edited echo bullet point stamp2 name2 button2 late_slot late_url", "first opening dated", 0, ANY, "the body"),
    Step(_UNDER, "first opening dated", NO_AGAIN, ANY, "the body at once"),
    Step("headline top_headline alt_headline label", "first opening dated", NO_STAMP + NO_AGAIN, (0, 0, 3, 5), "the body, with neither stamp nor second headline"),
    Step(_PICTURES, "dated", NO_STAMP + NO_AGAIN, ANY, "a dateline, with neither stamp nor second headline"),
    Step(_PICTURES, "first opening", NO_STAMP + NO_AGAIN, NEAR, "the body, with neither stamp nor second headline"),
    Step(_SLOT, "first opening dated", NO_STAMP, ANY, "the same; the slot vouches"),
    _start("again found edited echo bullet point stamp2 name2 button2 stamp button name", "headline alt stamp page_url top listed", NO_BODY, OPEN, "an article without a body"),
    Step("again found edited echo bullet point stamp2 name2 button2 stamp button name", "end", NO_BODY, ANY, "the same, at the end"),
    Step("headline top_headline alt_headline caption slot url bare_url", "end", NO_BODY + NO_STAMP + NO_AGAIN, ANY, "a header that is cut short"),
    # body first
    Step("before", "before", 0, (0, 9, 14, 16), "such a body has no empty lines"),
    Step("before", "behind", 0, (0, 4, 10, 14), "its headline"),
    Step("behind", "behind_again", 0, CLOSE, "twice"),
    Step("behind behind_again", "behind_slot", 0, CLOSE, "with a slot between the two, or below"),
    Step("behind behind_again behind_slot", "behind_url", 0, (0, 0, 1, 4), "and a short URL"),
    Step("behind behind_slot behind_url", "behind_stamp", 0, CLOSE, "or a stamp"),
    Step("behind_stamp", "behind_name", 0, (0, 3, 6, 9), "the agency under it"),
    Step("behind_slot behind_url", "behind_again", 0, CLOSE, "the slot parts the headlines"),
    Step("behind behind_again behind_form", "behind_form", 0, CLOSE, "a template"),
    Step("behind_again behind_bullet", "behind_bullet", 0, CLOSE, "its summary"),
    Step("behind_again behind_bullet", "behind_text", 0, CLOSE, "the first paragraph comes again"),
    Step("behind_text", "body end", 0, ANY, "and more"),
    _start(_BEHIND, "headline", 1, (0, 2, 2, 2), "a trailing article, at once"),
    _start(_BEHIND, "alt stamp page_url top listed before", 1, (6, 3, 2, 2), "the next page"),
    _start(_BEHIND, "bare", NO_HEADLINE + 1, (NEVER, 4, 2, 2), "the next page, whose header was dropped"),
    Step(_BEHIND, "body", 4, ANY, "a rest of the body"),
    Step(_BEHIND, "end", 0, ANY, "the end of the page"),
    # lists
    Step("listed", "listed", 0, (0, 0, 0.5, 0.5), "more of it"),
    Step("listed sign", "sign", 0, ANY, "what shows that it is one"),
    Step("sign feed list", "list", 0, ANY, "the rest"),
    Step("list", "sign", 0, ANY, "one more"),
    Step("sign feed list", "end", 0, ANY, "to the end"),
    Step("body bare opening dated dated2 late", "end", 0, ANY, "to the end"),
    Step("first", "end", 2, ANY, "a body of short lines"),
)  # fmt: skip
