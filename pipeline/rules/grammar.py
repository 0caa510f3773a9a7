"""The layouts, as data: each a pair of regular expressions over line codes, with its reason.

A header is found from its stamp. The lines above the stamp, and those below it, are written as strings of
codes, a letter a line (see lines.py); on top of those codes stand, where a headline is looked for,

    H  a line that equals the headline (quotes, case and white space aside)
    B  a crumb that does
    C  a line that equals a caption of the header, where pictures' alt texts are doubled
    r  a line that is a credit and nothing else
    k  a short line that stands twice in a row: a kicker
    l  a bullet that is the title in a list article's body: indented text follows it

`above` must match up to the stamp, and its leftmost match is the header; `below` must match from the line
after the stamp on, and where it ends the body starts. The groups that matter are named: `head` begins at the
first headline, `below` may have `name`, `bullets`, `edited`. Layouts are tried in the order of LAYOUTS.

To read a new layout, add an entry, and a golden page in tests/golden named by its letter.
"""

import re
from typing import NamedTuple


class Layout(NamedTuple):
    letter: str
    """As in the catalogue of layouts; the golden pages are named by it."""
    headline: str
    """Which line is the headline: "below", the first text under the stamp (under a name, the one under that);
    "below, unpunctuated", the same if no full stop ends it; "above", the first line of the group `head`."""
    above: str
    below: str
    since: str
    why: str


TEXT = "[nhgt]"

_CRUMBS = r"(?:[dy]_{0,2})+(?:o[bB]{0,3}_{0,2})?|o[bB]{0,3}_{0,2}"
FURNITURE = rf"(?:w_{{1,2}})?(?:m_{{0,2}})*(?:(?:{_CRUMBS})(?:m_{{0,2}})*(?:[kn]{{1,2}}_{{0,2}})?|kk_{{0,2}})?(?:m_{{0,2}})*"
"""What announces an article: the crawler's line, the breadcrumb, a kicker (twice, or under a breadcrumb), a
timeline's numbers, a mirror's token."""

_UNDER_A_STAMP = [stamp + repeat for stamp in ("S", "S_", "Sf", "Sf_", "Sn", "Sn_", "S__", "Sf__", "Snf_", "Sfn_")
                  for repeat in ("", "H", "H_")]  # fmt: skip
_FIRST_HEADLINE = "".join(f"(?<!{codes})" for codes in _UNDER_A_STAMP) + "H"
"""A headline that is not the one that comes back under an earlier stamp."""

_GALLERY = rf"(?:(?:_?[Hk]|_?{TEXT})?_?c(?:_?(?:k|{TEXT})){{0,2}})*"
_PICTURE = rf"(?:_?(?:[Hk]|{TEXT})){{0,4}}"
SLOT = r"(?:_?s(?:_{0,2}u)?)?"

_REPEATED = (
    rf"(?P<furniture>{FURNITURE})(?P<head>{_FIRST_HEADLINE}(?:_?H)*{_GALLERY}{_PICTURE}{SLOT}_{{0,2}})\Z"
)
_SUMMARY = r"(?P<bullets>(?:_{0,2}b)*)"

LAYOUTS = (
    Layout(
        "C", "below",
        _REPEATED, rf"\Af?(?P<name>n)f?_{{1,2}}H(?:_{{0,2}}[HCr])*{_SUMMARY}(?:_?S[nf]?)?_*",
        "2018", "an agency under the stamp, an empty line, the headline; the stamp may come again behind the bullets",
    ),
    Layout(
        "C", "below, unpunctuated",
        _REPEATED, rf"\Af?(?P<name>n)H(?:_{{0,2}}[HCr])*{_SUMMARY}(?:_?S[nf]?)?_*",
        "2018", "the same without the empty line: there a sentence is body text, also where it equals the caption",
    ),
    Layout(
        "A", "below",
        _REPEATED, rf"\Af*_{{0,3}}H(?:_{{0,2}}[HCr])*{_SUMMARY}_*",
        "2014", "no agency: the headline comes back under stamp and button; B is this with a doubled alt text",
    ),
    Layout(
        "C", "below",
        rf"(?P<furniture>{FURNITURE})(?P<head>)\Z", rf"\A(?P<name>n)_?H_?H(?:_{{0,2}}[HCr])*{_SUMMARY}(?:_?S[nf]?)?_*",
        "2018", "one copy begins at the stamp: agency, and the headline twice below it",
    ),
    Layout(
        "F", "above",
        r"(?:\A|(?<=[^nhk]))(?P<head>[nhk])\Z", r"\A(?P<name>n)(?=[thgx])",
        "2016", "no empty line at all: an unpunctuated line, the stamp, a name, the body",
    ),
    Layout(
        "F", "above",
        r"(?P<head>[nhk][nhgtk])\Z", r"\A(?P<name>n)(?=[thgx])",
        "2016", "the same with a summary under the headline, which has no glyph",
    ),
    Layout(
        "A", "above",
        rf"(?:\A|(?<=_))(?P<head>[nhk]_{{1,2}}(?:(?:k|{TEXT})_?){{0,3}}s(?:_{{0,2}}u)?_?)\Z",
        rf"\Af*_*(?P<edited>[nhk]_+(?=[bnhgtx]))?{_SUMMARY}_*",
        "2019-12", "the headline does not come back, or comes back edited; the slot vouches for the header",
    ),
    Layout(
        "A", "above",
        r"(?:\A|(?<=_))(?P<head>[nhk]_{1,2})\Z",
        rf"\Af+_*(?P<edited>[nhk]_+(?=[bnhgtx]))?{_SUMMARY}_*",
        "2019", "the same without a slot: the button vouches",
    ),
)  # fmt: skip


class Stampless(NamedTuple):
    letter: str
    pattern: str
    """Matches the block's codes from its first line; the group `headline` is one line, and the groups
    `caption`, `author`, `bullets`, `stamp` and `before` (a body that stands above its header) are what they say."""
    since: str
    why: str


STAMPLESS = (
    Stampless(
        "H", rf"\Ad_*(?:n_+)?(?P<headline>[nhgt])_*(?P<author>a)(?P<caption>_?{TEXT}(?=_*{TEXT}))?_*",
        "2017", "the crawler's line with the search form, the section, the headline, the author and a bar",
    ),
    Stampless(
        "D", r"\A(?P<headline>d)_+(?=[nhgtx])",
        "2023", "the headline behind the crawler's day, on its line; then the body",
    ),
    Stampless(
        "E", r"\A(?P<before>[nhgtx]*)(?P<headline>H)H(?P<bullets>b*)",
        "2019", "no empty lines, and the header behind its own body",
    ),
    Stampless(
        "E", r"\A(?P<before>[nhgtx]+)(?P<headline>[nh])(?P<stamp>S)_*\Z",
        "2019", "the same with a stamp in place of the second headline, and nothing behind it",
    ),
    Stampless(
        "E", r"\A(?P<headline>[nhk])(?P<bullets>b+)(?=[thgx])",
        "2019", "a trailing article of such a page: headline, bullets, dateline",
    ),
    Stampless(
        "G", rf"\A(?P<headline>[nhk])_{{1,2}}(?P<caption>{TEXT})(?:_?{TEXT}){{0,2}}_?s_*(?P<bullets>(?:b_*)*)",
        "2020", "an amp page: caption and slot, but neither stamp nor repeated headline",
    ),
    Stampless(
        "G", r"\A(?P<headline>[nhk])_{1,2}(?P<caption>g)_*(?P<bullets>(?:b_*)*)(?=[thgx])",
        "2020", "the same without a slot: the caption's credit vouches",
    ),
    Stampless(
        "G", r"\A(?P<headline>[nhk])_{1,2}(?P<bullets>(?:b_*)+)(?=[thgx])",
        "2020", "the same without a caption: the bullets vouch",
    ),
    Stampless(
        "J", r"\A(?P<headline>H)_{1,2}H_{1,2}(?=[nhgtx])",
        "2020", "an opinion page without author or stamp: the headline twice, each between empty lines",
    ),
)  # fmt: skip
"""Layouts without a stamp. They are looked for only where a block starts that has no stamped header."""


class Compiled(NamedTuple):
    layout: Layout
    above: re.Pattern[str]
    below: re.Pattern[str]

    def possible(self, above: str) -> bool:
        """A look that is cheaper than the pattern: a layout whose headline repeats needs a copy above."""
        return "H" in above or self.layout.above is not _REPEATED


COMPILED = tuple(Compiled(layout, re.compile(layout.above), re.compile(layout.below)) for layout in LAYOUTS)
COMPILED_STAMPLESS = tuple((layout, re.compile(layout.pattern)) for layout in STAMPLESS)
