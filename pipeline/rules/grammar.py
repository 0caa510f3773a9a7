"""The layouts, as data: each a pair of regular expressions over line codes, with its reason.

A header is found from its stamp. The lines above the stamp, and those below it, are written as strings of
codes, a letter a line (see lines.py); on top of those codes stand, where a headline is looked for,

    H  a line that equals the headline (quotes, case and white space aside)
    B  a crumb that does
    C  a line that equals a caption of the header, where pictures' alt texts are doubled
    r  a line that is a credit and nothing else
    k  a short line that stands twice in a row: a kicker; under a stamp, an agency's name that comes again
    l  a bullet that is the title in a list article's body: indented text follows it

and, where no stamp is looked for,

    D  a crawler's line with the headline on it
    N  an author's line: a known agency, or a name in capitals
    P  a paragraph that a dateline opens

`above` must match up to the stamp, and its leftmost match is the header; `below` must match from the line
after the stamp on, and where it ends the body starts. The groups that matter are named: `head` begins at the
first headline, `below` may have `name`, `again` (the name under the second stamp), `bullets`, `edited`. Layouts are tried in the order of LAYOUTS.

No expression can backtrack without bound: what repeats does so in one way only, is possessive where what follows
could take it back, and ends after so many times where the expression is searched for. See tests/test_linear.py.

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

_CRUMBS = r"(?:[dyv]_{0,2}){1,16}+(?:o[bB]{0,3}_{0,2})?|o[bB]{0,3}_{0,2}"
_NUMBERS = r"(?:m_{0,2}){0,16}+"
FURNITURE = (
    rf"(?:w_{{1,2}})?{_NUMBERS}(?:(?:{_CRUMBS}){_NUMBERS}(?:[kn]{{1,2}}_{{0,2}})?|kk_{{0,2}})?{_NUMBERS}"
)
"""What announces an article: the crawler's line, the breadcrumb, a kicker (twice, or under a breadcrumb), a
timeline's numbers, a mirror's token."""
_ANNOUNCED = rf"(?:w_{{1,2}})?(?:{_CRUMBS}){_NUMBERS}(?:kk_{{0,2}}|n_{{1,2}})?"
"""The same where it must be there: what follows it is the top of a page."""

_UNDER_A_STAMP = [stamp + repeat for stamp in ("S", "S_", "Sf", "Sf_", "Sn", "Sn_", "S__", "Sf__", "Snf_", "Sfn_", "Skk", "Skk_")
                  for repeat in ("", "H", "H_")]  # fmt: skip
_FIRST_HEADLINE = "".join(f"(?<!{codes})" for codes in _UNDER_A_STAMP) + "H"
"""A headline that is not the one that comes back under an earlier stamp."""

_NEXT = r"(?:_?[knhgt](?:_?[knhgt](?:_?[Hknhgt])?|_?H)?|_?H)?_?c"
"""Up to two captions of a picture, a line above the next one's counter, and that."""
_GALLERY = rf"(?:(?:_?[Hknhgt])?_?c(?:{_NEXT}){{0,60}}+(?:_?[knhgt]){{0,2}})?"
_PICTURE = rf"(?:_?H_?{TEXT}){{0,60}}+(?:_?[Hknhgt]){{0,4}}(?:_?j)?"
SLOT = r"(?:_?s(?:_{0,2}[uU])?|_{0,2}U)?"

_REPEATED = rf"(?=[wmdyvokH])(?P<furniture>{FURNITURE})(?P<head>{_FIRST_HEADLINE}(?:_?H){{0,60}}{_GALLERY}{_PICTURE}{SLOT}_{{0,2}})\Z"
_SUMMARY = r"(?P<bullets>(?:_{0,2}b)*)"
_AGAIN = r"(?:_?S(?:f|(?P<again>n)f?)?)?_*"
"""The stamp once more, behind the bullets, and what stands under it."""

LAYOUTS = (
    Layout(
        "C", "below",
        _REPEATED, rf"\Af?(?P<name>n)k?f?_{{1,2}}H(?:_{{0,2}}[HCr])*{_SUMMARY}{_AGAIN}",
        "2018", "an agency under the stamp, an empty line, the headline; the stamp may come again behind the bullets",
    ),
    Layout(
        "C", "below, unpunctuated",
        _REPEATED, rf"\Af?(?P<name>n)k?H(?:_{{0,2}}[HCr])*{_SUMMARY}{_AGAIN}",
        "2018", "the same without the empty line: there a sentence is body text, also where it equals the caption",
    ),
    Layout(
        "A", "below",
        _REPEATED, rf"\Af*_{{0,3}}H(?:_{{0,2}}[HCr])*{_SUMMARY}(?:_?S(?P<again>n)f?)?_*",
        "2014", "no agency: the headline comes back under stamp and button; B is this with a doubled alt text, "
        "C with an agency under a second stamp",
    ),
    Layout(
        "C", "below",
        rf"(?P<furniture>{FURNITURE})(?P<head>)\Z", rf"\A(?P<name>n)k?_?H_?H(?:_{{0,2}}[HCr])*{_SUMMARY}{_AGAIN}",
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
        rf"(?:\A|(?<=_))(?P<head>[nhk]_{{1,2}}(?:(?:k|{TEXT})_?){{0,3}}(?:j_?)?s(?:_{{0,2}}[uU])?_?)\Z",
        rf"\Af*_*(?P<edited>[nhk]_+(?=[bnhgtx]))?{_SUMMARY}_*",
        "2019-12", "the headline does not come back, or comes back edited; the slot vouches for the header",
    ),
    Layout(
        "A", "above",
        r"(?:\A|(?<=_))(?P<head>[nhk]_{1,2})\Z",
        rf"\Af+_*(?P<edited>[nhk]_+(?=[bnhgtx]))?{_SUMMARY}_*",
        "2019", "the same without a slot: the button vouches",
    ),
    Layout(
        "F", "above",
        rf"(?=[wdyvonhk])(?:(?P<furniture>{_ANNOUNCED})|\A|(?<=_))(?P<head>[nhk]_{{1,2}})\Z", r"\Af?(?P<name>n)f?_*(?=[bnhgtx])",
        "2019", "the same without a button: the name under the stamp vouches",
    ),
    Layout(
        "D", "above",
        rf"(?=[wdyvo])(?P<furniture>{_ANNOUNCED})(?P<head>[nhk]_{{1,2}}g_?)\Z", rf"\A(?P<name>n)?{_SUMMARY}_*(?=[nhgtx])",
        "2020", "under a breadcrumb, a headline and a caption: its credit and the stamp vouch",
    ),
)  # fmt: skip


class Stampless(NamedTuple):
    letter: str
    pattern: str
    """Matches the block's codes from its first line; the group `headline` is one line, and the groups
    `caption`, `author`, `bullets`, `stamp` and `before` (a body that stands above its header) are what they say."""
    since: str
    why: str


LINE = "[nhgtrN]"
"""A line of text in a header without a stamp."""
BODY = "[nhgtxrNP]"
"""A paragraph."""
_BULLETS = r"_*+(?P<bullets>(?:b_*+)*+)"
_TWICE = rf"\A{FURNITURE}(?P<headline>H)_{{1,2}}H(?:_?H)*+"

STAMPLESS = (
    Stampless(
        "H", rf"\A{_ANNOUNCED}(?P<headline>[nhgt])_*(?P<author>a)(?:_?(?P<caption>[gr]|[nht](?=_*P)))?_*",
        "2016", "the search form, the breadcrumb, the section, the headline, the author and a bar",
    ),
    Stampless(
        "D", rf"\A(?P<headline>D)_+(?={BODY})",
        "2023", "the headline behind the crawler's day, on its line; then the body",
    ),
    Stampless(
        "D",
        rf"\A{_ANNOUNCED}(?P<headline>h)_{{1,2}}(?=[grNU]|[ht]_?[NU])"
        rf"(?P<caption>[gr]|[ht](?=_?[NU]))?_?(?P<author>N)?{SLOT}{_BULLETS}(?:N_)?_*(?={BODY})",
        "2019", "a lone headline under the breadcrumb: a credit, an author or the short URL vouches",
    ),
    Stampless(
        "E", rf"\A(?P<before>{BODY}*)(?P<headline>H)(?:s?_{{0,2}}[uU]|s)?H(?P<bullets>b*)",
        "2019", "no empty lines, and the header behind its own body; the short URL may part the headlines",
    ),
    Stampless(
        "E", rf"\A(?P<before>{BODY}+)(?P<headline>[nh])(?:(?P<stamp>S)|s?U)_*\Z",
        "2019", "the same with a stamp or short URL in place of the second headline, and nothing behind it",
    ),
    Stampless(
        "E", rf"\A(?P<before>{BODY}+)(?P<headline>[nh])V+_*",
        "2017", "the same with a template in place of the second headline",
    ),
    Stampless(
        "E", rf"\A(?P<headline>[nhk])(?P<bullets>b+)(?={BODY})",
        "2019", "a trailing article of such a page: headline, bullets, dateline",
    ),
    Stampless(
        "E", r"\A(?P<headline>h)(?=P)",
        "2024", "the same without bullets: the dateline vouches",
    ),
    Stampless(
        "G", rf"\A(?P<headline>[nhk])_{{1,2}}(?P<caption>{LINE})(?:_?{LINE}){{0,2}}_?s(?:_{{0,2}}[uU])?{_BULLETS}",
        "2020", "an amp page: caption and slot, but neither stamp nor repeated headline",
    ),
    Stampless(
        "G", rf"\A(?P<headline>[nhk])_{{1,2}}(?:U|s(?:_{{0,2}}[uU])?){_BULLETS}(?={BODY})",
        "2025", "the same without a caption",
    ),
    Stampless(
        "G",
        r"\A(?P<headline>[nhk])_{1,2}(?:[nht](?=[gr]{1,3}_*[bP]))?(?P<caption>[gr])(?:[gr]{1,2}(?=_*[bP]))?"
        rf"(?:_?(?P<author>N))?{_BULLETS}(?={BODY})",
        "2020", "the same without a slot: the caption's credit vouches; the caption may come twice",
    ),
    Stampless(
        "G", rf"\A(?P<headline>[nhk])_{{1,2}}(?P<bullets>(?:b_*)+)(?={BODY})",
        "2020", "the same without a caption: the bullets vouch",
    ),
    Stampless(
        "G", r"\A(?P<headline>h)_{1,2}(?=P)",
        "2020", "the same without bullets: the dateline vouches",
    ),
    Stampless(
        "C",
        rf"{_TWICE}(?:_?(?P<caption>[gr])(?:_?H_?[gr])*)?{SLOT}_?(?P<author>[Nn])(?:_{{0,2}}H)+{_BULLETS}"
        rf"(?:[Nn]_{{1,2}})?(?={BODY})",
        "2021", "all of it but the stamps: the author stands where they would",
    ),
    Stampless(
        "J",
        rf"{_TWICE}(?:_{{0,2}}(?:s(?:_{{0,2}}[uU])?|U))?(?:_{{0,2}}(?P<caption>[gr])(?=_*[bPsUH]|_))?"
        rf"(?:_{{0,2}}(?:H|s(?:_{{0,2}}[uU])?+|U))*+{_BULLETS}(?={BODY})",
        "2020", "the headline twice, without author or stamp; a slot, a caption, bullets below it where there are any",
    ),
)  # fmt: skip
"""Layouts without a stamp. They are looked for only where a block starts that has no stamped header."""


LISTING = re.compile(r"[^S]{0,14}i")
"""An author's page or an index, at its top: teasers, none of which is an article."""


class Compiled(NamedTuple):
    layout: Layout
    above: re.Pattern[str]
    below: re.Pattern[str]
    named: bool
    """Whether a name must stand under the stamp."""

    def possible(self, above: str) -> bool:
        """A look that is cheaper than the pattern: a layout whose headline repeats needs a copy above."""
        return "H" in above or self.layout.above is not _REPEATED


COMPILED = tuple(
    Compiled(layout, re.compile(layout.above), re.compile(layout.below), "(?P<name>" in layout.below)
    for layout in LAYOUTS
)
COMPILED_STAMPLESS = tuple((layout, re.compile(layout.pattern)) for layout in STAMPLESS)
